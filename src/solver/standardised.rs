//! Second derivatives with respect to coefficients of standardised features, which do not depend on how a search scales them.

use super::scaled_features::ScaledFeatures;
use crate::loss::Targets;
use crate::numeric::fold_sample_spans;
use nalgebra::{DMatrix, DVector};

/// Parameters of the search as a linear function of those of features with mean 0 and variance 1, samples counted by their
/// weights (`D x D`): a Hessian `H` becomes `J^T H J`.
pub(super) fn by_standardised(features: &ScaledFeatures, targets: &Targets) -> DMatrix<f64> {
    let dimension = features.dimension();
    let zeros = || (DVector::zeros(dimension), DVector::zeros(dimension));
    let (mut sums, mut squares) = zeros();
    fold_sample_spans(
        features.samples(),
        || (zeros(), Vec::new()),
        |((sums, squares), scratch), range| {
            let block = features.block(range.clone(), scratch);
            for (sample, place) in block.chunks_exact(dimension).zip(range) {
                let (sample, weight) = (DVector::from_column_slice(sample), targets.sample_weight(place));
                sums.axpy(weight, &sample, 1.0);
                squares.axpy(weight, &sample.component_mul(&sample), 1.0);
            }
        },
        |((of_sums, of_squares), _)| {
            sums += of_sums;
            squares += of_squares;
        },
    );
    let last = dimension - 1;
    let mut change = DMatrix::identity(dimension, dimension);
    for j in 0..last {
        let mean = sums[j] / sums[last];
        let spread = (squares[j] / sums[last] - mean * mean).sqrt();
        if spread > 0.0 {
            change[(j, j)] = 1.0 / spread;
            change[(last, j)] = -mean / spread;
        }
    }
    change
}
