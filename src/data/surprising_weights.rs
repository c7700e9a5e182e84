//! Data sets on which a class weight has an unexpected effect (docs/theory.md#w3, #w4, #i6); `equipoise search` finds
//! more.

use super::{DataError, PlacedGroups};

/// Where a group lies, and its samples of each class.
type Group<const D: usize, const K: usize> = ([f64; D], [usize; K]);

const CONTRARY: [Group<3, 2>; 6] = [
    ([5.14, 0.05, 0.05], [1, 78]),
    ([-4.80, -6.00, -6.00], [493, 1]),
    ([5.24, 0.15, 0.11], [493, 1]),
    ([0.04, 6.00, -0.18], [1, 1]),
    ([6.00, 0.07, 0.38], [493, 1]),
    ([6.00, 6.00, 1.27], [1, 1]),
];

const CONTRARY_OF_THREE: [Group<3, 3>; 6] = [
    ([5.18, -2.37, 3.43], [1, 66, 1]),
    ([2.27, -1.59, -5.06], [498, 1, 1]),
    ([-1.11, -4.45, 1.46], [178, 37, 1]),
    ([2.69, 5.37, -1.32], [61, 1, 3]),
    ([2.86, -1.16, -5.85], [1, 298, 1]),
    ([2.19, -3.57, 0.96], [18, 1, 493]),
];

const HELPING: [Group<3, 3>; 6] = [
    ([3.39, -2.43, 0.94], [1, 1, 13]),
    ([2.13, -4.60, -0.99], [1, 27, 1]),
    ([0.53, -2.67, 1.00], [1, 1, 500]),
    ([0.70, 5.89, -2.77], [500, 1, 1]),
    ([-0.93, -0.38, 3.95], [170, 18, 1]),
    ([-2.00, 1.17, 5.32], [1, 1, 500]),
];

const HINDERING: [Group<2, 3>; 3] =
    [([0.0, 0.0], [45, 45, 1]), ([1.0, 0.0], [628, 2, 1]), ([0.0, 1.0], [1, 2, 1014])];

/// docs/theory.md#w4: 1,482 negatives and 83 positives in three dimensions. More weight on the positives lowers their mean
/// predicted probability, without penalty.
///
/// Found by hill climbing; random problems do not show it.
///
/// # Errors
/// None in a build whose tests pass: the groups are part of the program.
pub fn contrary_weight() -> Result<PlacedGroups, DataError> {
    placed(&CONTRARY)
}

/// The same of softmax with three classes, under a penalty of 0.001: more weight on class 1 lowers its own mean
/// probability.
///
/// # Errors
/// As [`contrary_weight`].
pub fn contrary_weight_of_three() -> Result<PlacedGroups, DataError> {
    placed(&CONTRARY_OF_THREE)
}

/// Three classes of 674, 49 and 1,016 samples; more weight on class 0 raises the mean probability of class 1.
///
/// # Errors
/// As [`contrary_weight`].
pub fn helping_weight() -> Result<PlacedGroups, DataError> {
    placed(&HELPING)
}

/// As many samples of each class as in [`helping_weight`]; more weight on class 0 lowers the mean probability of class 1.
///
/// # Errors
/// As [`contrary_weight`].
pub fn hindering_weight() -> Result<PlacedGroups, DataError> {
    placed(&HINDERING)
}

fn placed<const D: usize, const K: usize>(groups: &[Group<D, K>]) -> Result<PlacedGroups, DataError> {
    let (points, counts) = groups.iter().map(|(point, counts)| (point.to_vec(), counts.to_vec())).unzip();
    PlacedGroups::new(points, counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helped_and_hindered_classes_are_equally_large() {
        let sizes =
            |groups: Result<PlacedGroups, DataError>| groups.expect("well formed").class_counts().to_vec();
        assert_eq!(sizes(helping_weight()), sizes(hindering_weight()));
        assert_eq!(sizes(helping_weight()), [674, 49, 1016]);
        assert_eq!(sizes(contrary_weight()), [1482, 83]);
    }
}
