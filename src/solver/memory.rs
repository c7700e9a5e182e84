//! What solving will take in memory, known before any of it is asked for.

use super::problem::Problem;
use super::separation;
use super::softmax_curvature::room;
use super::subsample::{Share, TO_BEGIN_ON, TO_PRECONDITION};

impl Problem<'_> {
    /// Bytes that a search takes at most beyond the data.
    ///
    /// For a `D x Q` head (`D = d + 1`) on `T` threads: a few Hessians or factors of `D^2` per logit column, the sums of
    /// `4 T` runs of samples, subsamples to begin on, for softmax what it keeps of features and probabilities, and
    /// without penalty the margins that separability is judged by.
    #[must_use]
    pub fn memory(&self) -> u128 {
        let wide = |size: usize| size as u128;
        let (dimension, rows) = (self.dataset.dimension() + 1, self.loss.logit_rows());
        let (d, q, n) = (wide(dimension), wide(rows), wide(self.targets.samples()));
        let running = 4 * wide(rayon::current_num_threads());
        let hessians = 4 * q * d * d;
        let sums = running * (2 * d * d + 4 * q * d + 1024 * (d + q));
        let drawn = |share: Share| wide(share.samples(self.targets.counts(), dimension)) * d;
        let subsamples = drawn(TO_BEGIN_ON) + drawn(TO_PRECONDITION);
        let margins =
            if self.l2 == 0.0 { 3 * n * q + separation::largest_program(dimension * rows) } else { 0 };
        let kept = if rows > 1 { 2 * room(dimension, rows) } else { 0 };
        wide(size_of::<f64>()) * (hessians + sums + subsamples + margins) + kept
    }
}

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
