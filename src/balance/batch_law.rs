//! Which balance holds where the mean gradient of a loss over batches vanishes (docs/theory.md#mini-batches).

use super::ledger::{Ledger, LedgerEntry};
use super::mini_batch::{BatchError, BatchPresence};
use crate::data::random::stream;
use crate::loss::{Inr, LossSpec, Targets};
use nalgebra::DMatrix;

/// The balance of a loss over batches of some size, drawn without replacement.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchLaw {
    /// That of the loss over all samples: the loss is a sum over samples (M3), or a batch holds all of them.
    Whole,
    /// B6 with the pair weights of these expectations: LGL-INR with `beta = 0` (M1), or one sample at a time (M2).
    PairWeighted(BatchPresence),
    /// LGL-INR with `beta > 0`: its weights depend on means over the batch. No closed form is known, so that
    /// batches have to be drawn ([`SimulatedBalance`]).
    Simulated,
}

impl BatchLaw {
    /// Of a loss in batches of `batch` samples out of `counts[c]` of each class.
    ///
    /// ```
    /// use equipoise::balance::BatchLaw;
    /// use equipoise::loss::{InrVariant, LossSpec};
    ///
    /// let inr = |beta| LossSpec::Inr { beta, variant: InrVariant::Attached };
    /// assert_eq!(BatchLaw::of(&LossSpec::Softmax, &[30, 10], 8)?, BatchLaw::Whole);
    /// assert_eq!(BatchLaw::of(&inr(2.0), &[30, 10], 8)?, BatchLaw::Simulated);
    /// assert!(matches!(BatchLaw::of(&inr(0.0), &[30, 10], 8)?, BatchLaw::PairWeighted(_)));
    /// # Ok::<(), equipoise::balance::BatchError>(())
    /// ```
    ///
    /// # Errors
    /// As [`BatchPresence::of`], for LGL-INR; for other losses, a batch without samples or of more than there are.
    pub fn of(spec: &LossSpec, counts: &[usize], batch: usize) -> Result<Self, BatchError> {
        let samples = counts.iter().sum();
        if !(1..=samples).contains(&batch) {
            return Err(BatchError::Size { batch, samples });
        }
        match *spec {
            LossSpec::Inr { .. } if batch == samples => Ok(Self::Whole),
            LossSpec::Inr { beta, .. } if beta > 0.0 && batch > 1 => Ok(Self::Simulated),
            LossSpec::Inr { .. } => Ok(Self::PairWeighted(BatchPresence::of(counts, batch)?)),
            _ => Ok(Self::Whole),
        }
    }
}

/// Outflow and inflow of every class under LGL-INR, as means over batches that were drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedBalance {
    /// Means over batches, in units of mean probability; a class that a batch lacks has no outflow there.
    pub ledger: Ledger,
    /// Standard error of each class's difference of the two.
    pub standard_error: Vec<f64>,
    /// Batches drawn.
    pub batches: usize,
}

/// Batches that are drawn at most and at least, and logits that all of them may hold together.
const MOST_BATCHES: usize = 10_000;
const LEAST_BATCHES: usize = 200;
const MAX_LOGITS: usize = 400_000_000;

impl SimulatedBalance {
    /// At the `logits` (`K x N`) of a head that saw batches of `batch` samples; the same seed draws the same batches.
    ///
    /// # Panics
    /// `logits` and `targets` are of different samples, or there are fewer of them than `batch`.
    #[must_use]
    pub fn of(inr: &Inr, logits: &DMatrix<f64>, targets: &Targets, batch: usize, seed: u64) -> Self {
        let classes = inr.classes;
        let batches = (MAX_LOGITS / batch.saturating_mul(classes)).clamp(LEAST_BATCHES, MOST_BATCHES);
        let generator = &mut stream(seed, 0);
        let (mut out, mut into) = (vec![0.0; classes], vec![0.0; classes]);
        // Mean and sum of squared deviations of the difference, batch by batch: sums of squares would cancel.
        let (mut mean, mut squares) = (vec![0.0; classes], vec![0.0; classes]);
        for drawn in 1..=batches {
            let chosen = rand::seq::index::sample(generator, targets.samples(), batch).into_vec();
            let labels = chosen.iter().map(|&sample| targets.class_indices()[sample]).collect();
            let ledger = Ledger::at(inr, &logits.select_columns(&chosen), &targets.of_batch(labels));
            for (k, entry) in ledger.entries.iter().enumerate() {
                out[k] += entry.outflow;
                into[k] += entry.inflow;
                let off = entry.difference - mean[k];
                mean[k] += off / drawn as f64;
                squares[k] += off * (entry.difference - mean[k]);
            }
        }
        let count = batches as f64;
        let entries = out.iter().zip(&into).map(|(out, into)| LedgerEntry::new(out / count, into / count));
        let error = |squares: &f64| (squares / (count - 1.0) / count).sqrt();
        Self {
            ledger: Ledger { entries: entries.collect() },
            standard_error: squares.iter().map(error).collect(),
            batches,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{MeanProbability, one_vs_all_ledger};
    use crate::data::Labels;
    use crate::data::random::normal_matrix;
    use crate::loss::{ClassWeights, InrVariant, Link};

    /// Without sharpness the expectation is known (M1), and the simulation has to meet it.
    #[test]
    fn batches_drawn_have_the_expected_balance() {
        let counts = [60, 30, 6];
        let labels = (0..).zip(counts).flat_map(|(class, count)| vec![class; count]).collect();
        let labels = Labels::numbered(labels, 3).expect("classes");
        let targets = Targets::new(&labels, &ClassWeights::None).expect("targets");
        let logits = normal_matrix(&mut stream(3, 1), 3, 96);
        let inr = Inr { classes: 3, beta: 0.0, variant: InrVariant::Attached };
        let found = SimulatedBalance::of(&inr, &logits, &targets, 8, 1);
        let pair_weights = BatchPresence::of(&counts, 8).expect("small").pair_weights(&counts);
        let means = MeanProbability::of(Link::Sigmoid, &logits, &targets);
        let exact = one_vs_all_ledger(&means, &targets, &pair_weights);
        assert_eq!(found.batches, MOST_BATCHES);
        for (k, (one, other)) in found.ledger.entries.iter().zip(&exact.entries).enumerate() {
            let off = (one.difference - other.difference).abs();
            assert!(
                off < 4.0 * found.standard_error[k],
                "class {k}: {off} against {}",
                found.standard_error[k]
            );
            assert!(found.standard_error[k] < 0.01);
        }
    }

    #[test]
    fn batches_that_cannot_be_are_refused_for_every_loss() {
        for batch in [0, 41] {
            assert!(matches!(
                BatchLaw::of(&LossSpec::Softmax, &[30, 10], batch),
                Err(BatchError::Size { .. })
            ));
        }
    }
}
