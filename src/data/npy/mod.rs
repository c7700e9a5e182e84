//! NPY files, as `NumPy` writes them: features that are mapped rather than read, and labels.

mod array;
mod header;
mod whole;

pub(crate) use array::NpyArray;
pub(super) use header::Header;
pub(super) use whole::WholeNumbers;

use super::{DataError, Dataset, Labels};
use std::collections::BTreeMap;
use std::path::Path;

/// Maps features (`N x d` of `f4` or `f8`, one sample per row) and reads labels (`N` whole numbers or booleans).
///
/// Features are never copied as a whole: memory holds what the solver works on, and the system keeps or drops the
/// file's pages as it sees fit. Classes are sorted as numbers and named in plain form; features are named `x0`,
/// `x1`, ...
///
/// Fails, naming the file, when one cannot be read, is no NPY file, is shorter or longer than its shape says, holds
/// numbers of another type or arrangement, or features of another byte order; when there is one class only; and when a
/// feature is NaN or infinite.
pub fn read_npy(features: &Path, labels: &Path) -> Result<Dataset, DataError> {
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
    let labels = to_labels(&labels)?;
    Dataset::mapped(features, labels)
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

/// Classes sorted as numbers.
fn to_labels(array: &NpyArray) -> Result<Labels, DataError> {
    let kind = WholeNumbers::of(&array.header).map_err(|problem| array.invalid(problem))?;
    number(kind.read(array.bytes())).map_err(|error| match error {
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
