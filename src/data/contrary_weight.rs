//! THEORY W4: a binary data set on which more weight on the positives lowers their mean predicted probability.

use super::{DataError, Dataset, Labels};
use nalgebra::DMatrix;

/// Features of each group, negatives and positives in it.
const GROUPS: [([f64; 3], [usize; 2]); 6] = [
    ([5.14, 0.05, 0.05], [1, 78]),
    ([-4.80, -6.00, -6.00], [493, 1]),
    ([5.24, 0.15, 0.11], [493, 1]),
    ([0.04, 6.00, -0.18], [1, 1]),
    ([6.00, 0.07, 0.38], [493, 1]),
    ([6.00, 6.00, 1.27], [1, 1]),
];

/// The data set: 1,482 negatives (class 0) and 83 positives in three dimensions; no penalty is needed.
///
/// Found by hill climbing; random problems do not show it.
pub fn contrary_weight() -> Result<Dataset, DataError> {
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for class in [0_u32, 1] {
        for (point, counts) in GROUPS {
            for _ in 0..counts[class as usize] {
                features.extend(point);
                labels.push(class);
            }
        }
    }
    let samples = labels.len();
    Dataset::unnamed(DMatrix::from_vec(3, samples, features), Labels::numbered(labels, 2)?)
}
