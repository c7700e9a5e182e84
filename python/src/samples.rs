//! The samples of a problem: read where they are, checked once.

use crate::arrays::{Array, Entry, Features, Interface};
use crate::errors::value_error;
use crate::threads::for_a_lasting_child;
use equipoise::data::{DataError, Dataset, Labels};
use pyo3::prelude::*;

/// Samples of a problem. Arrays stay where they are, and alive, as long as this does.
#[pyclass(frozen)]
pub(crate) struct Samples(pub(crate) Dataset);

/// Samples, the whole numbers that are their classes, and the sum of the sample weights of each class.
type Numbered = (Samples, Vec<usize>, Vec<f64>);

#[pymethods]
impl Samples {
    /// Of features, the number of each sample's class, and names.
    #[new]
    #[pyo3(signature = (features, labels, classes, feature_names=None, sample_weight=None))]
    fn new(
        features: Features,
        labels: Array<u32>,
        classes: Vec<String>,
        feature_names: Option<Vec<String>>,
        sample_weight: Option<Array<f64>>,
    ) -> PyResult<Self> {
        let labels = Labels::new(labels.as_ref().to_vec(), classes).map_err(value_error)?;
        let dataset = dataset(features, feature_names, labels).map_err(value_error)?;
        Ok(Self(weighted(dataset, sample_weight.as_ref())?))
    }

    /// Of arrays that need none of scikit-learn's checks, whose time is several times that of a small fit: finite features, one row
    /// after another, and small whole numbers as labels, of two classes or more that have two samples each on average. Nothing of
    /// other arrays.
    #[staticmethod]
    fn plain(
        features: &Bound<'_, PyAny>,
        labels: &Bound<'_, PyAny>,
        sample_weight: Option<Array<f64>>,
    ) -> PyResult<Option<Numbered>> {
        let (features, labels) =
            (Interface::of(features.as_borrowed())?, Interface::of(labels.as_borrowed())?);
        if features.axes() != 2 || labels.axes() != 1 {
            return Ok(None);
        }
        let (Some(features), Some(labels)) = (Features::of(&features), WholeNumbers::of(&labels)) else {
            return Ok(None);
        };
        let samples = labels.codes.len();
        let few_classes = labels.classes.len() >= 2 && 2 * labels.classes.len() < samples;
        let one_weight_each = sample_weight.as_ref().is_none_or(|weights| weights.as_ref().len() == samples);
        if !(few_classes && one_weight_each && features.dimension() > 0) {
            return Ok(None);
        }
        let WholeNumbers { codes, classes } = labels;
        let sizes = sizes(&codes, classes.len(), sample_weight.as_ref().map(AsRef::as_ref));
        let names = classes.iter().map(usize::to_string).collect();
        let labels = Labels::new(codes, names).map_err(value_error)?;
        // Numbers that are not finite, or not as many as the labels need, are for scikit-learn to refuse.
        let Ok(dataset) = dataset(features, None, labels) else { return Ok(None) };
        if sizes.contains(&0.0) {
            // A class that weighs nothing is named by the caller.
            return Ok(Some((Self(dataset), classes, sizes)));
        }
        Ok(Some((Self(weighted(dataset, sample_weight.as_ref())?), classes, sizes)))
    }
}

fn dataset(features: Features, names: Option<Vec<String>>, labels: Labels) -> Result<Dataset, DataError> {
    for_a_lasting_child();
    let dimension = features.dimension();
    let names = names.unwrap_or_else(|| (0..dimension).map(|feature| format!("x{feature}")).collect());
    Dataset::shared(features.shared(), names, labels)
}

fn weighted(dataset: Dataset, sample_weight: Option<&Array<f64>>) -> PyResult<Dataset> {
    match sample_weight {
        None => Ok(dataset),
        Some(weights) => dataset.with_sample_weights(weights.as_ref()).map_err(value_error),
    }
}

/// The sum of the sample weights of each class, in the order of the samples.
fn sizes(codes: &[u32], classes: usize, sample_weight: Option<&[f64]>) -> Vec<f64> {
    let mut sizes = vec![0.0; classes];
    for (sample, &code) in codes.iter().enumerate() {
        sizes[code as usize] += sample_weight.map_or(1.0, |weights| weights[sample]);
    }
    sizes
}

/// Labels that are whole numbers of at least 0, numbered by the rank of their class.
struct WholeNumbers {
    codes: Vec<u32>,
    classes: Vec<usize>,
}

impl WholeNumbers {
    /// Of an array of whole numbers below twice their number: larger ones are sorted by `NumPy`.
    fn of(labels: &Interface) -> Option<Self> {
        let of_signed = || labels.array::<i64>().and_then(|labels| Self::ranked(labels.as_ref()));
        let of_short = || labels.array::<i32>().and_then(|labels| Self::ranked(labels.as_ref()));
        let of_bytes = || labels.array::<u8>().and_then(|labels| Self::ranked(labels.as_ref()));
        of_signed().or_else(of_short).or_else(of_bytes)
    }

    fn ranked<T: Entry + TryInto<usize>>(labels: &[T]) -> Option<Self> {
        let limit = 2 * labels.len();
        let mut largest = 0;
        for &label in labels {
            let label = label.try_into().ok().filter(|&label| label < limit)?;
            largest = largest.max(label);
        }
        let number = |label: T| label.try_into().unwrap_or(largest);
        let mut ranks = vec![0; largest + 1];
        for &label in labels {
            ranks[number(label)] = 1;
        }
        let classes: Vec<usize> = (0..=largest).filter(|&label| ranks[label] == 1).collect();
        for (rank, &label) in (0..).zip(&classes) {
            ranks[label] = rank;
        }
        let codes = labels.iter().map(|&label| ranks[number(label)]).collect();
        Some(Self { codes, classes })
    }
}
