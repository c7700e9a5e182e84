//! What solving will take in memory, known before any of it is asked for.

use super::column_pass::{HESSIANS_AT_ONCE, MEANS_AT_ONCE};
use super::problem::Problem;
use super::scaled_features::LARGEST_HELD;
use super::separation;
use super::softmax_curvature::room;
use super::subsample::Share;
use crate::loss::LossKind;

impl Problem<'_> {
    /// Bytes that a search takes at most beyond the data.
    ///
    /// For a `D x Q` head (`D = d + 1`) on `T` threads: a few Hessians or factors of `D^2` per logit column, the sums of
    /// `4 T` runs of samples, subsamples to begin on, for softmax what it keeps of features and probabilities, for
    /// the other losses weights of all pairs of class and column, and without penalty the margins that separability is
    /// judged by.
    #[must_use]
    pub fn memory(&self) -> u128 {
        let wide = |size: usize| size as u128;
        let (dimension, rows) = (self.dataset.dimension() + 1, self.loss.logit_rows());
        let (d, q, n) = (wide(dimension), wide(rows), wide(self.targets.samples()));
        let classes = wide(self.targets.classes());
        let running = 4 * wide(rayon::current_num_threads());
        let hessians = 4 * q * d * d;
        let mut sums = running * (2 * d * d + 4 * q * d + 1024 * (d + q));
        let mut pairs = 8 * q * classes;
        let mut kept = 0;
        match self.loss {
            LossKind::Logistic(_) => sums += running * wide(HESSIANS_AT_ONCE) * d * d,
            LossKind::Inr(_) => {
                let (means, slopes) = (4 * wide(MEANS_AT_ONCE), 2 * wide(HESSIANS_AT_ONCE) * d);
                sums += running * (wide(HESSIANS_AT_ONCE) * d * d + (means + slopes) * classes);
            }
            LossKind::Softmax(_) => (pairs, kept) = (0, 2 * room(dimension, rows)),
        }
        let drawn = |share: Share| wide(share.samples(self.targets.counts())) * d;
        let subsamples =
            drawn(Share::to_begin_on(dimension)) + drawn(Share::to_precondition(dimension, rows));
        let margins =
            if self.l2 == 0.0 { 3 * n * q + separation::largest_program(dimension * rows) } else { 0 };
        // Labels and weights of samples are at hand up to three times.
        let numbers = hessians + sums + pairs + subsamples + margins + 3 * n;
        wide(size_of::<f64>()) * numbers + kept + wide(LARGEST_HELD) + OVERHEAD
    }
}

/// Stacks of threads and what the allocator holds back.
const OVERHEAD: u128 = 8 << 20;

#[cfg(test)]
mod tests {
    use crate::data::{Dataset, Labels};
    use crate::loss::ClassWeights;
    use crate::solver::{LossChoice, Problem};
    use nalgebra::DMatrix;

    fn memory(dimension: usize, choice: &LossChoice) -> u128 {
        let labels = Labels::numbered((0..6).map(|sample| sample % 3).collect(), 3).expect("classes");
        let dataset = Dataset::unnamed(DMatrix::zeros(dimension, 6), labels).expect("finite");
        Problem::new(&dataset, choice, &ClassWeights::None, 1e-3).expect("a problem").memory()
    }

    #[test]
    fn it_holds_the_hessians_and_grows_as_they_do() {
        for choice in [LossChoice::Logistic, LossChoice::Softmax] {
            let (small, large) = (memory(100, &choice), memory(10_000, &choice));
            assert!(small < 1 << 28, "{choice:?}: {small}");
            assert!(large > 3 * 8 * 10_001 * 10_001, "{choice:?}: {large}");
            assert!(large < 10_000 * small);
        }
    }
}
