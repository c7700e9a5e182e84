//! The balance of a model that was trained in batches (docs/theory.md#mini-batches).

use super::AuditInput;
use super::memory::check_batches;
use super::pass::tally;
use super::record::{Measured, StationaryVerdict};
use crate::balance::{BatchError, BatchLaw, LedgerEntry, NORMAL_999, SimulatedBalance};
use crate::data::DataError;
use crate::loss::{Inr, Link, LossSpec, Targets};
use crate::numeric::{largest_magnitude, significant};
use serde::Serialize;

/// Seed of the batches that are drawn, so that the same audit prints the same numbers.
const SEED: u64 = 1;

/// Which balance holds where the mean gradient over batches vanishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchLawName {
    /// The loss's own: a sum over samples does not see batches (M3).
    Own,
    /// LGL-INR, and a batch holds all samples: R1 or R2.
    WholeSample,
    /// LGL-INR, one sample at a time: that of plain logistic loss (M2).
    Plain,
    /// LGL-INR with `beta = 0`: M1.
    Expected,
    /// LGL-INR with `beta > 0`: means over batches that were drawn.
    Simulated,
}

impl BatchLawName {
    /// Of a loss in batches of `batch` samples out of `counts[c]` of each class.
    ///
    /// # Errors
    /// As [`BatchLaw::of`].
    pub fn of(spec: &LossSpec, counts: &[usize], batch: usize) -> Result<Self, BatchError> {
        Ok(match (BatchLaw::of(spec, counts, batch)?, spec) {
            (BatchLaw::Simulated, _) => Self::Simulated,
            (BatchLaw::PairWeighted(_), _) if batch == 1 => Self::Plain,
            (BatchLaw::PairWeighted(_), _) => Self::Expected,
            (BatchLaw::Whole, LossSpec::Inr { .. }) => Self::WholeSample,
            (BatchLaw::Whole, _) => Self::Own,
        })
    }
}

/// What the size of batches says about the balance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BatchRecord {
    /// Samples in a batch.
    pub size: usize,
    /// Which balance `ledger` and `verdict` are about.
    pub law: BatchLawName,
    /// `pi_k`, the probability that a batch has a sample of the class; where it is that law's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<Vec<f64>>,
    /// The worst residual of the law over all samples (R1, R2), where another is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_sample_residual: Option<f64>,
    /// Batches that were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<usize>,
    /// Standard error, over them, of the difference of each class's flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<Vec<f64>>,
}

/// The law over batches, where the input has their size.
pub(super) fn law_of(input: &AuditInput, spec: &LossSpec) -> Result<Option<BatchLaw>, DataError> {
    let Some(batch) = input.batch else { return Ok(None) };
    let invalid = |problem: String| DataError::invalid("`batch`", problem);
    let labels = input.labels();
    if matches!(spec, LossSpec::Inr { .. }) && labels.weights().is_some() {
        return Err(invalid(
            "LGL-INR in batches is not known for weighted rows; leave out `sample_weights`".to_owned(),
        ));
    }
    let law = BatchLaw::of(spec, labels.counts(), batch);
    law.map(Some).map_err(|error| invalid(error.to_string().trim_start_matches("batches: ").to_owned()))
}

/// What cannot be solved for where [`BatchLaw::Simulated`] is all there is.
pub(super) fn without_objective(
    input: &AuditInput,
    spec: &LossSpec,
) -> Result<Option<&'static str>, DataError> {
    let simulated = law_of(input, spec)? == Some(BatchLaw::Simulated);
    Ok(simulated.then_some(
        "LGL-INR with beta above 0 in batches has no objective that could be solved; leave out `batch`",
    ))
}

impl BatchRecord {
    /// What is known of the batches of an input; `None` where it has no size of batches. Means over batches that are drawn
    /// take the place of the flows in `measured`.
    pub(super) fn of(
        input: &AuditInput,
        spec: &LossSpec,
        targets: &Targets,
        measured: &mut Measured,
    ) -> Result<Option<Self>, DataError> {
        let (Some(size), Some(law)) = (input.batch, law_of(input, spec)?) else { return Ok(None) };
        let law_name = BatchLawName::of(spec, input.labels().counts(), size);
        let mut record = Self {
            size,
            law: law_name.map_err(|error| DataError::invalid("`batch`", error.to_string()))?,
            present: None,
            whole_sample_residual: None,
            batches: None,
            standard_error: None,
        };
        let &LossSpec::Inr { beta, variant } = spec else { return Ok(Some(record)) };
        let inr = Inr { classes: targets.classes(), beta, variant };
        match law {
            BatchLaw::Whole => {}
            BatchLaw::PairWeighted(presence) => {
                record.present = Some(presence.present);
                let whole = spec.build(targets);
                let tallied = tally(input, targets, &whole, &vec![0.0; input.columns()])?;
                let whole = Measured::of(&tallied, targets, &whole, 1.0, measured.tolerance);
                record.whole_sample_residual = Some(whole.verdict.worst_residual);
            }
            BatchLaw::Simulated => {
                check_batches(input)?;
                record.whole_sample_residual = Some(measured.verdict.worst_residual);
                let logits = input.logits(0..targets.samples(), Link::Sigmoid)?;
                let found = SimulatedBalance::of(&inr, &logits, targets, size, SEED);
                measured.set_flows(found.ledger.entries, &found.standard_error);
                record.batches = Some(found.batches);
                record.standard_error = Some(found.standard_error);
            }
        }
        Ok(Some(record))
    }

    /// What batches mean for the balance, in words.
    pub(super) fn sentence(&self, classes: &[String]) -> String {
        let size = self.size;
        let whole = self.whole_sample_residual.map_or_else(String::new, |residual| {
            format!(
                "; the balance over all samples (R1, R2) differs by up to {}%",
                significant(100.0 * residual, 3)
            )
        });
        match self.law {
            BatchLawName::Own => format!(
                "Batches of {size} leave the balance as it is: this loss is a sum over samples (M3), as long as what a batch's \
                 sum is divided by does not change from batch to batch."
            ),
            BatchLawName::WholeSample => {
                format!("A batch of {size} holds all samples: the balance is that of the whole (R1, R2).")
            }
            BatchLawName::Plain => {
                format!(
                    "One sample at a time, LGL-INR is plain logistic loss, and is held against its balance (M2){whole}."
                )
            }
            BatchLawName::Expected => {
                format!(
                    "{} The balance is the one in expectation over batches (M1){whole}.",
                    self.rarest(classes)
                )
            }
            BatchLawName::Simulated => format!(
                "LGL-INR with beta above 0 in batches of {size} has no law in closed form: the balance is the mean over {} \
                 batches that were drawn, with standard errors of up to {} in the difference of a class{whole}.",
                self.batches.unwrap_or(0),
                significant(largest_magnitude(self.standard_error.iter().flatten().copied()), 2)
            ),
        }
    }

    /// How often the class that batches lack most is there.
    fn rarest(&self, classes: &[String]) -> String {
        let present = self.present.iter().flatten().zip(classes);
        present.min_by(|a, b| a.0.total_cmp(b.0)).map_or_else(String::new, |(share, class)| {
            format!(
                "Of all batches of {}, {}% have a sample of class {class}.",
                self.size,
                significant(100.0 * share, 3)
            )
        })
    }
}

impl Measured {
    /// Puts flows with standard errors in the place of those over all samples. A class is out of balance if it is by more
    /// than the tolerance, and by more than chance explains.
    fn set_flows(&mut self, ledger: Vec<LedgerEntry>, standard_error: &[f64]) {
        self.bias_gradient = ledger.iter().map(|entry| -entry.difference).collect();
        self.verdict = StationaryVerdict::of(&ledger, self.tolerance);
        let beyond_chance = |k: &usize| ledger[*k].difference.abs() > NORMAL_999 * standard_error[*k];
        self.verdict.up.retain(beyond_chance);
        self.verdict.down.retain(beyond_chance);
        self.stationary = self.verdict.up.is_empty() && self.verdict.down.is_empty();
        self.ledger = ledger;
    }
}
