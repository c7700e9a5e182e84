//! The balance ledger of any loss, from its `d/dlogits`: outflow and inflow of every class.

use super::laws::relative_difference;
use crate::loss::{Loss, Targets};
use crate::numeric::{Sum, largest_magnitude};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// Both sides of one class's balance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Weighted mass that class `k`'s own samples give to other classes: its mass times its shortfall.
    pub outflow: f64,
    /// Weighted mass that the other classes' samples give it.
    pub inflow: f64,
    /// `outflow - inflow`, the gradient of the intercept in units of mass.
    pub difference: f64,
    /// `|outflow - inflow|` beside the larger of what adds to the class's logit and what takes from it: the larger flow,
    /// but for LGL-INR with attached weights, whose inflow has terms of both signs (docs/theory.md#numerics).
    pub residual: f64,
}

/// One [`LedgerEntry`] per class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Ledger {
    /// In class order.
    pub entries: Vec<LedgerEntry>,
}

impl LedgerEntry {
    /// Both sides, and what follows from them.
    #[must_use]
    pub fn new(outflow: f64, inflow: f64) -> Self {
        Self::of_signed(outflow, inflow, 0.0)
    }

    /// The same where `moved` of the inflow is negative: its magnitude counts on both sides.
    #[must_use]
    pub(crate) fn of_signed(outflow: f64, inflow: f64, moved: f64) -> Self {
        let residual = relative_difference(outflow + moved, inflow + moved);
        Self { outflow, inflow, difference: outflow - inflow, residual }
    }
}

impl Ledger {
    /// Column sums of `dL/dlogits` at `logits` times the loss's denominator, split into each class's own samples and the
    /// others (docs/theory.md#general-law).
    ///
    /// A single row is the binary logistic column of class 1; class 0 sees the same flows from the other side.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::balance::Ledger;
    /// use equipoise::data::Labels;
    /// use equipoise::loss::{ClassWeights, LossSpec, Targets};
    /// use nalgebra::DMatrix;
    ///
    /// let labels = Labels::numbered(vec![0, 0, 0, 1], 2)?;
    /// let targets = Targets::new(&labels, &ClassWeights::None)?;
    /// let loss = LossSpec::Softmax.build(&targets);
    /// // The intercept alone is at its optimum where probabilities are frequencies.
    /// let logits = DMatrix::from_fn(2, 4, |class, _| [0.75_f64, 0.25][class].ln());
    /// let ledger = Ledger::at(&loss, &logits, &targets);
    /// assert!((ledger.entries[1].outflow - 0.75).abs() < 1e-12);
    /// assert!(ledger.worst_residual() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(loss: &dyn Loss, logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let mut tally = LedgerTally::new(loss);
        tally.add(loss, logits, targets);
        tally.ledger(loss)
    }

    /// The largest relative residual over classes.
    #[must_use]
    pub fn worst_residual(&self) -> f64 {
        largest_magnitude(self.entries.iter().map(|entry| entry.residual))
    }
}

/// Sums over samples, from which a [`Ledger`] is made: of each column what its own class gives, what the others give, and how much
/// of the latter is negative.
pub struct LedgerTally(Vec<(Sum, Sum, f64)>);

impl LedgerTally {
    /// Sums over no sample yet.
    pub fn new(loss: &dyn Loss) -> Self {
        Self(vec![(Sum::default(), Sum::default(), 0.0); loss.logit_rows()])
    }

    /// Adds some samples, whose targets these are; all of them at once where the loss is no sum over samples.
    pub fn add(&mut self, loss: &dyn Loss, logits: &DMatrix<f64>, targets: &Targets) {
        let mut logit_gradient = DMatrix::zeros(loss.logit_rows(), logits.ncols());
        loss.value_and_gradient(logits, targets, &mut logit_gradient);
        for (column, &label) in logit_gradient.column_iter().zip(targets.class_indices()) {
            for (row, (&entry, sums)) in column.iter().zip(&mut self.0).enumerate() {
                if label as usize == loss.target_of(row) {
                    sums.0.add(-entry);
                } else {
                    sums.1.add(entry);
                    sums.2 += (-entry).max(0.0);
                }
            }
        }
    }

    /// The ledger, in the loss's units of mass.
    pub fn ledger(self, loss: &dyn Loss) -> Ledger {
        let denominator = loss.denominator();
        let entry = |(outflow, inflow, negative): (Sum, Sum, f64)| {
            let [outflow, inflow] = [outflow, inflow].map(|sum| sum.value() * denominator);
            LedgerEntry::of_signed(outflow, inflow, negative * denominator)
        };
        let mut entries: Vec<LedgerEntry> = self.0.into_iter().map(entry).collect();
        if let &[of_positives] = entries.as_slice() {
            entries.insert(0, LedgerEntry::new(of_positives.inflow, of_positives.outflow));
        }
        Ledger { entries }
    }
}
