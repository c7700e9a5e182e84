//! NPY files, as `NumPy` writes them: features that are mapped rather than read, and labels.

mod array;
mod header;
mod whole;

pub(crate) use array::NpyArray;
pub(super) use header::Header;
pub(super) use whole::WholeNumbers;

use super::sample_weights::read_npy_weights;
use super::{DataError, Dataset, Labels};
use nalgebra::DMatrix;
use std::collections::BTreeMap;
use std::path::Path;

/// Maps features (`N x d` of `f4` or `f8`, one sample per row) and reads labels (`N` whole numbers or booleans).
///
/// Features are never copied as a whole: memory holds what the solver works on, and the system keeps or drops the
/// file's pages as it sees fit. Classes are sorted as numbers and named in plain form; features are named `x0`,
/// `x1`, ...
///
/// # Errors
/// A file cannot be read, is no NPY file, is shorter or longer than its shape says, or holds numbers of another
/// type or arrangement, or features of another byte order; there is one class only; or a feature is NaN or
/// infinite. The error names the file.
pub fn read_npy(features: &Path, labels: &Path) -> Result<Dataset, DataError> {
    let (features, labels) = open_both(features, labels)?;
    let labels = to_labels(&labels, |_| true)?;
    Dataset::mapped(features, labels)
}

/// The same with a weight for each sample, from an NPY file of `N` numbers. A row of weight zero is an absent row; where
/// there are any, the features of the others are copied into memory.
///
/// # Errors
///
/// As [`read_npy`], rows of weight zero left aside; and, naming file and row, when there is not one weight per sample, one is
/// neither zero nor within [`SAMPLE_WEIGHT_RANGE`](super::SAMPLE_WEIGHT_RANGE), or all are zero.
pub fn read_weighted_npy(features: &Path, labels: &Path, weights: &Path) -> Result<Dataset, DataError> {
    let (features, labels) = open_both(features, labels)?;
    let weights = read_npy_weights(weights, features.header.shape[0])?;
    let labels = to_labels(&labels, |row| weights[row] > 0.0)?;
    let kept: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] > 0.0).collect();
    let labels = labels.with_weights(kept.iter().map(|&row| weights[row]).collect())?;
    if kept.len() == weights.len() {
        Dataset::mapped(features, labels)
    } else {
        some_rows(&features, &kept, labels)
    }
}

/// Some rows of the features, copied.
fn some_rows(array: &NpyArray, kept: &[usize], labels: Labels) -> Result<Dataset, DataError> {
    let dimension = array.header.shape[1];
    let mut values = Vec::with_capacity(dimension * kept.len());
    for &row in kept {
        let of_row = array.values(row * dimension..(row + 1) * dimension);
        if let Some((column, value)) = of_row.first_not_finite() {
            let place = format!("{}: row {row}, column {column}", array.file);
            return Err(DataError::invalid(place, format!("is {value}; every value must be finite")));
        }
        of_row.for_each(|value| values.push(value));
    }
    Dataset::unnamed(DMatrix::from_vec(dimension, kept.len(), values), labels)
}

/// Opens features and labels, and checks that there is a label for each sample.
fn open_both(features: &Path, labels: &Path) -> Result<(NpyArray, NpyArray), DataError> {
    let features = NpyArray::open(features)?;
    check_features(&features)?;
    let labels = NpyArray::open(labels)?;
    let (samples, found) = (features.header.shape[0], &labels.header);
    if found.shape != [samples] {
        let problem = format!(
            "has shape {}, but {} has {samples} samples; one label for each is needed, shape ({samples},)",
            found.shape_text(),
            features.file
        );
        return Err(labels.invalid(problem));
    }
    Ok((features, labels))
}

fn check_features(array: &NpyArray) -> Result<(), DataError> {
    let header = &array.header;
    if !matches!(header.native_kind(), Some("f4" | "f8")) {
        return Err(array.invalid(format!(
            "holds {}; features are needed as float32 or float64 (x.astype('float32'))",
            header.descr
        )));
    }
    if header.shape.len() != 2 {
        let shape = header.shape_text();
        return Err(array.invalid(format!("has shape {shape}; one row per sample is needed, shape (N, d)")));
    }
    if header.is_column_by_column() {
        return Err(array.invalid("is saved column by column; save numpy.ascontiguousarray(x)"));
    }
    Ok(())
}

/// Labels of the rows that are kept, classes sorted as numbers.
fn to_labels(array: &NpyArray, is_kept: impl Fn(usize) -> bool + Clone) -> Result<Labels, DataError> {
    let kind = WholeNumbers::of(&array.header).map_err(|problem| array.invalid(problem))?;
    let rows = kind.read(array.bytes()).enumerate();
    number(rows.filter_map(move |(row, label)| is_kept(row).then_some(label))).map_err(|error| match error {
        DataError::Invalid { problem, .. } => array.invalid(problem),
        unreadable @ DataError::Unreadable { .. } => unreadable,
    })
}

fn number(classes: impl Iterator<Item = i128> + Clone) -> Result<Labels, DataError> {
    let mut index_of = BTreeMap::new();
    for class in classes.clone() {
        index_of.entry(class).or_insert(0_u32);
    }
    if u32::try_from(index_of.len()).is_err() {
        return Err(DataError::invalid("labels", "hold more classes than can be counted"));
    }
    (0..).zip(index_of.values_mut()).for_each(|(index, place)| *place = index);
    let names = index_of.keys().map(i128::to_string).collect();
    Labels::new(classes.map(|class| index_of[&class]).collect(), names)
}
