//! The sample order that every synthetic design shares: class 0 first, then class 1, and so on.

use nalgebra::{DMatrix, Dyn, VecStorage};

use super::{DataError, Labels};
use crate::memory::check_memory;

/// Labels of `counts[c]` samples of each class `c`, class after class; the classes are named `0`, `1`, ...
///
/// Fails with fewer than two classes, with a class of no samples, and when there are more samples than memory.
pub(super) fn labels_in_blocks(counts: &[usize]) -> Result<Labels, DataError> {
    let samples = total(counts)?;
    let mut class_indices = reserved::<u32>(samples)?;
    for (class, &count) in counts.iter().enumerate() {
        let class = u32::try_from(class).map_err(|_| too_large())?;
        class_indices.extend(std::iter::repeat_n(class, count));
    }
    Labels::numbered(class_indices, counts.len())
}

/// A `rows x columns` matrix of zeros, or an error (rather than an abort) when it does not fit into memory.
pub(super) fn zeros(rows: usize, columns: usize) -> Result<DMatrix<f64>, DataError> {
    let entries = rows.checked_mul(columns).ok_or_else(too_large)?;
    let mut values = reserved(entries)?;
    values.resize(entries, 0.0);
    Ok(DMatrix::from_data(VecStorage::new(Dyn(rows), Dyn(columns), values)))
}

/// The sum of `counts`, or an error when it exceeds what a machine word holds.
pub(super) fn total(counts: &[usize]) -> Result<usize, DataError> {
    counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count)).ok_or_else(too_large)
}

/// `N_c` over groups with `group_counts[g][c]` samples of class `c` each, all of as many classes; an error as in [`total`].
pub(super) fn class_totals(group_counts: &[Vec<usize>]) -> Result<Vec<usize>, DataError> {
    let classes = group_counts.first().map_or(0, Vec::len);
    let of_class = |class: usize| group_counts.iter().map(|counts| counts[class]).collect::<Vec<_>>();
    (0..classes).map(|class| total(&of_class(class))).collect()
}

/// An empty vector with room for `length` values.
fn reserved<T>(length: usize) -> Result<Vec<T>, DataError> {
    let bytes = length as u128 * size_of::<T>() as u128;
    check_memory(bytes, "the samples take", FEWER)
        .map_err(|error| DataError::invalid("data set size", error.to_string()))?;
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| too_large())?;
    Ok(values)
}

const FEWER: &str = "ask for fewer samples, classes or features";

fn too_large() -> DataError {
    DataError::invalid("data set size", format!("too large for this machine's memory; {FEWER}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_one_another() {
        let labels = labels_in_blocks(&[2, 1, 3]).expect("three classes with samples");
        assert_eq!(labels.class_indices(), [0, 0, 1, 2, 2, 2]);
        assert_eq!(labels.counts(), [2, 1, 3]);
        assert_eq!(labels.class_names(), ["0", "1", "2"]);
    }

    #[test]
    fn an_empty_class_and_a_lone_class_are_refused() {
        assert!(labels_in_blocks(&[2, 0]).expect_err("empty class").to_string().contains("class 1"));
        assert!(labels_in_blocks(&[2]).is_err());
        assert!(labels_in_blocks(&[]).is_err());
    }

    #[test]
    fn sizes_beyond_memory_are_errors_and_not_aborts() {
        assert!(labels_in_blocks(&[usize::MAX, 1]).is_err());
        assert!(labels_in_blocks(&[usize::MAX / 2, 1]).is_err());
        assert!(zeros(usize::MAX, 2).is_err());
        assert!(zeros(usize::MAX / 4, 1).is_err());
    }

    #[test]
    fn zeros_has_the_shape_asked_for() {
        let matrix = zeros(0, 5).expect("no entries at all");
        assert_eq!(matrix.shape(), (0, 5));
        assert_eq!(zeros(2, 3).expect("six entries"), DMatrix::zeros(2, 3));
    }
}
