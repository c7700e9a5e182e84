//! THEORY W4: a binary data set on which more weight on the positives lowers their mean predicted probability.

use super::{DataError, PlacedGroups};

/// Features of each group, negatives and positives in it.
const GROUPS: [([f64; 3], [usize; 2]); 6] = [
    ([5.14, 0.05, 0.05], [1, 78]),
    ([-4.80, -6.00, -6.00], [493, 1]),
    ([5.24, 0.15, 0.11], [493, 1]),
    ([0.04, 6.00, -0.18], [1, 1]),
    ([6.00, 0.07, 0.38], [493, 1]),
    ([6.00, 6.00, 1.27], [1, 1]),
];

/// Its groups: 1,482 negatives (class 0) and 83 positives in three dimensions; no penalty is needed.
///
/// Found by hill climbing; random problems do not show it.
pub fn contrary_weight() -> Result<PlacedGroups, DataError> {
    let (points, counts) = GROUPS.iter().map(|(point, counts)| (point.to_vec(), counts.to_vec())).unzip();
    PlacedGroups::new(points, counts)
}
