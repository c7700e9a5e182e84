//! Samples and their classes, checked once so that every later module can rely on them.

#[cfg(feature = "readers")]
use super::arrays::Array;
use super::sample_weights::check_weights;
use super::shared::SharedFeatures;
use super::values::Values;
use crate::numeric::{Sum, map_sample_chunks};
use crate::text::cleaned;
use nalgebra::DMatrix;
use std::borrow::Cow;
#[cfg(feature = "readers")]
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// Errors of data; each message says what, where, and what to do.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataError {
    /// A file that cannot be opened or read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file as the user named it.
        path: String,
        /// What the operating system or the parser said.
        reason: String,
    },
    /// A place in the data that breaks a rule.
    #[error("{place}: {problem}")]
    Invalid {
        /// File, row, column or argument.
        place: String,
        /// What is wrong there and what to do about it.
        problem: String,
    },
}

impl DataError {
    /// An [`DataError::Invalid`] from its two texts.
    pub fn invalid(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { place: place.into(), problem: problem.into() }
    }

    /// What is wrong, without the place and the way out.
    #[cfg(feature = "readers")]
    pub(crate) fn reason(&self) -> &str {
        let (Self::Invalid { problem, .. } | Self::Unreadable { reason: problem, .. }) = self;
        problem.split(';').next().unwrap_or(problem)
    }

    /// A file that the operating system does not give.
    #[cfg(feature = "readers")]
    #[must_use]
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
            ErrorKind::IsADirectory => "it is a directory; name a file".to_owned(),
            // Said with the path by whoever looks at it.
            _ if path.as_os_str().is_empty() => "the name of the file is empty".to_owned(),
            _ => error.to_string(),
        };
        Self::Unreadable { path: path.display().to_string(), reason }
    }

    /// A place in a file that is truncated or does not unpack.
    #[cfg(feature = "readers")]
    pub(super) fn damaged(place: &str, error: &std::io::Error) -> Self {
        let reason = match error.raw_os_error() {
            Some(_) => error.to_string(),
            None => format!("{error}; it is cut off or damaged, copy the file again"),
        };
        Self::Unreadable { path: place.to_owned(), reason }
    }
}

/// The class of each of `N` samples, with at least two classes and at least one sample in each; and the weight of each
/// sample, where they do not all count once.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    class_indices: Vec<u32>,
    class_names: Vec<String>,
    counts: Vec<usize>,
    /// Positive, one per sample; `None` where every sample counts once.
    weights: Option<Arc<[f64]>>,
    sizes: Vec<f64>,
}

impl Labels {
    /// Takes the class index of each sample (`0..K`) and the `K` class names.
    ///
    /// # Errors
    /// There are fewer than two classes, a label is out of range, or a class has no sample.
    pub fn new(class_indices: Vec<u32>, class_names: Vec<String>) -> Result<Self, DataError> {
        let class_names = cleaned(class_names);
        let classes = class_names.len();
        if classes < 2 {
            let found = class_names.first().map_or_else(String::new, |name| format!(" ({name})"));
            return Err(DataError::invalid(
                "labels",
                format!("{classes} class found{found}; at least two are needed"),
            ));
        }
        let mut counts = vec![0_usize; classes];
        for (sample, &label) in class_indices.iter().enumerate() {
            let Some(count) = counts.get_mut(label as usize) else {
                return Err(DataError::invalid(
                    format!("sample {sample}"),
                    format!(
                        "label {label} is out of range; there are {classes} classes (0 to {})",
                        classes - 1
                    ),
                ));
            };
            *count += 1;
        }
        if let Some(empty) = counts.iter().position(|&count| count == 0) {
            return Err(DataError::invalid(
                format!("class {}", class_names[empty]),
                "has no sample; give it at least one or leave it out",
            ));
        }
        Ok(Self::counted(class_indices, class_names, counts))
    }

    /// Labels of samples that count once each.
    fn counted(class_indices: Vec<u32>, class_names: Vec<String>, counts: Vec<usize>) -> Self {
        let sizes = counts.iter().map(|&count| count as f64).collect();
        Self { class_indices, class_names, counts, weights: None, sizes }
    }

    /// The same samples with a positive weight each, in place of any they had. A sample of weight zero is an absent row,
    /// which [`Dataset::with_sample_weights`] leaves out.
    ///
    /// # Errors
    ///
    /// When there is not one weight per sample, or a weight is not a number within
    /// [`SAMPLE_WEIGHT_RANGE`](super::SAMPLE_WEIGHT_RANGE) (the sample is named).
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self, DataError> {
        let place = |sample: usize| format!("sample weights, sample {sample}");
        check_weights(&weights, self.samples(), "sample weights", place)?;
        if let Some(sample) = weights.iter().position(|&weight| weight == 0.0) {
            let problem = "has weight 0; leave the sample out";
            return Err(DataError::invalid(place(sample), problem));
        }
        Ok(self.weighted(weights.into()))
    }

    /// The same samples with weights that are checked.
    fn weighted(mut self, weights: Arc<[f64]>) -> Self {
        let mut sums = vec![Sum::default(); self.classes()];
        for (&label, &weight) in self.class_indices.iter().zip(&*weights) {
            sums[label as usize].add(weight);
        }
        self.sizes = sums.into_iter().map(Sum::value).collect();
        self.weights = Some(weights);
        self
    }

    /// Labels whose classes are named `0`, `1`, ...
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn numbered(class_indices: Vec<u32>, classes: usize) -> Result<Self, DataError> {
        Self::new(class_indices, (0..classes).map(|class| class.to_string()).collect())
    }

    /// Labels of which some classes may have no sample; each must be the number of one of the names.
    #[must_use]
    pub fn with_absent(class_indices: Vec<u32>, class_names: Vec<String>) -> Self {
        let mut counts = vec![0; class_names.len()];
        class_indices.iter().for_each(|&label| counts[label as usize] += 1);
        Self::counted(class_indices, class_names, counts)
    }

    /// Samples `range` with their weights. Not every class need occur among them.
    #[must_use]
    pub(crate) fn of_range(&self, range: Range<usize>) -> Self {
        let labels = Self::with_absent(self.class_indices[range.clone()].to_vec(), self.class_names.clone());
        match &self.weights {
            None => labels,
            Some(weights) => labels.weighted(weights[range].into()),
        }
    }

    /// Some samples with their weights, among which every class must occur.
    ///
    /// # Errors
    ///
    /// When a class has none of them.
    pub(crate) fn subset(&self, samples: &[usize]) -> Result<Self, DataError> {
        let class_indices = samples.iter().map(|&sample| self.class_indices[sample]).collect();
        let labels = Self::new(class_indices, self.class_names.clone())?;
        Ok(match &self.weights {
            None => labels,
            Some(weights) => labels.weighted(samples.iter().map(|&sample| weights[sample]).collect()),
        })
    }

    /// Some samples with their weights. Not every class need occur among them.
    ///
    /// # Panics
    /// There is no such sample.
    #[must_use]
    pub fn some(&self, samples: &[usize]) -> Self {
        let class_indices = samples.iter().map(|&sample| self.class_indices[sample]).collect();
        let labels = Self::with_absent(class_indices, self.class_names.clone());
        match &self.weights {
            None => labels,
            Some(weights) => labels.weighted(samples.iter().map(|&sample| weights[sample]).collect()),
        }
    }

    /// Other samples of the same classes, each counted once; not every class need occur. What a loss sees batch by batch, or a head
    /// is tested on.
    ///
    /// # Panics
    /// A label is not below the number of classes.
    #[must_use]
    pub fn of_batch(&self, class_indices: Vec<u32>) -> Self {
        Self::with_absent(class_indices, self.class_names.clone())
    }

    /// Class index of each sample.
    #[must_use]
    pub fn class_indices(&self) -> &[u32] {
        &self.class_indices
    }

    /// Names of the classes, in index order.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The number of rows of each class, whatever they weigh.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// `N_c`, the size of each class: the sum of its samples' weights, which is the number of its samples where each counts
    /// once.
    #[must_use]
    pub fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    /// The samples of each class, in ascending order.
    #[must_use]
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.classes()];
        for (sample, &class) in self.class_indices().iter().enumerate() {
            members[class as usize].push(sample);
        }
        members
    }

    /// `N`, the sum of [`Self::sizes`].
    #[must_use]
    pub fn total_size(&self) -> f64 {
        self.sizes.iter().copied().collect::<Sum>().value()
    }

    /// The weight of each sample; `None` where every one counts once.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The weight of one sample.
    ///
    /// # Panics
    /// The samples have weights, and there is no such sample.
    #[must_use]
    pub fn weight(&self, sample: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[sample])
    }

    /// Whether a class is a single row that counts at most once: its recall is 0 or 1.
    ///
    /// # Panics
    /// There is no such class.
    #[must_use]
    pub fn is_single_sample(&self, class: usize) -> bool {
        self.counts[class] == 1 && self.sizes[class] <= 1.0
    }

    /// `K`, the number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// The number of samples, rows whatever they weigh.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.class_indices.len()
    }
}

/// Features and labels of `N` samples, and numbers that are added to their logits, if there are any; with these alone, only
/// intercepts are solved for.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    features: Features,
    feature_names: Vec<String>,
    /// Added to the logits that features give.
    fixed_logits: Option<DMatrix<f64>>,
    labels: Labels,
}

/// Where features are, sample after sample.
#[derive(Debug, Clone, PartialEq)]
enum Features {
    /// In memory, `d x N`.
    Held(DMatrix<f64>),
    /// In memory that something else owns, `N x d` row by row.
    Shared(SharedFeatures),
    /// In a file, `N x d` row by row.
    #[cfg(feature = "readers")]
    Mapped(Array),
}

impl Dataset {
    /// Takes features (`d x N`, one sample per column; `d` may be 0), their `d` names and the labels.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::data::{Dataset, Labels};
    /// use nalgebra::DMatrix;
    ///
    /// // Two features of three samples: one row per feature, one column per sample.
    /// let features = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 5.0, 30.0, 60.0, 45.0]);
    /// let names = vec!["dose".to_owned(), "age".to_owned()];
    /// let labels = Labels::numbered(vec![0, 0, 1], 2)?;
    /// let dataset = Dataset::new(features, names, labels)?;
    /// assert_eq!((dataset.dimension(), dataset.labels().samples()), (2, 3));
    /// # Ok::<(), equipoise::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// The shapes disagree, or a feature is NaN or infinite. The error names sample and feature.
    pub fn new(
        features: DMatrix<f64>,
        feature_names: Vec<String>,
        labels: Labels,
    ) -> Result<Self, DataError> {
        if features.ncols() != labels.samples() {
            return Err(DataError::invalid(
                "features",
                format!("{} samples, but there are {} labels", features.ncols(), labels.samples()),
            ));
        }
        if features.nrows() != feature_names.len() {
            return Err(DataError::invalid(
                "features",
                format!("{} features, but {} names", features.nrows(), feature_names.len()),
            ));
        }
        let feature_names = cleaned(feature_names);
        check_finite(&features, |row| format!("feature {}", feature_names[row]))?;
        Ok(Self { features: Features::Held(features), feature_names, fixed_logits: None, labels })
    }

    /// Takes features that something else owns (`N x d` row by row), which are not copied, their `d` names and the labels.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::data::{Dataset, Labels, SharedFeatures};
    /// use std::sync::Arc;
    ///
    /// // Two features of three samples.
    /// let table: Arc<Vec<f32>> = Arc::new(vec![1.0, 30.0, 2.0, 60.0, 5.0, 45.0]);
    /// let names = vec!["dose".to_owned(), "age".to_owned()];
    /// let labels = Labels::numbered(vec![0, 0, 1], 2)?;
    /// let dataset = Dataset::shared(SharedFeatures::Single(table), names, labels)?;
    /// assert_eq!((dataset.dimension(), dataset.labels().samples()), (2, 3));
    /// # Ok::<(), equipoise::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// There are not as many numbers as samples times names, or one is NaN or infinite. The error names sample and feature.
    pub fn shared(
        features: SharedFeatures,
        feature_names: Vec<String>,
        labels: Labels,
    ) -> Result<Self, DataError> {
        let (samples, dimension) = (labels.samples(), feature_names.len());
        if samples.checked_mul(dimension) != Some(features.len()) {
            return Err(DataError::invalid(
                "features",
                format!("{} numbers for {samples} samples of {dimension} features", features.len()),
            ));
        }
        let features = Features::Shared(features);
        let dataset = Self { features, feature_names: cleaned(feature_names), fixed_logits: None, labels };
        match dataset.first_not_finite() {
            None => Ok(dataset),
            Some((sample, feature, value)) => Err(DataError::invalid(
                format!("sample {sample}, feature {}", dataset.feature_names[feature]),
                format!("is {value}; every value must be finite"),
            )),
        }
    }

    /// Sample, feature and value of the first number that is NaN or infinite.
    fn first_not_finite(&self) -> Option<(usize, usize, f64)> {
        let dimension = self.dimension();
        let check = |range: Range<usize>| {
            let (place, value) = self.values(range.clone()).first_not_finite()?;
            Some((range.start + place / dimension, place % dimension, value))
        };
        map_sample_chunks(self.labels.samples(), check).into_iter().flatten().next()
    }

    /// Features of a file, named `x0`, `x1`, ...; shapes are checked already.
    #[cfg(feature = "readers")]
    pub(super) fn mapped(array: Array, labels: Labels) -> Result<Self, DataError> {
        let dimension = array.columns();
        let file = array.place.clone();
        let feature_names = (0..dimension).map(|feature| format!("x{feature}")).collect();
        let features = Features::Mapped(array);
        let dataset = Self { features, feature_names, fixed_logits: None, labels };
        if let Some((sample, feature, value)) = dataset.first_not_finite() {
            let advice = if value.is_nan() { " (`missing` drop-row leaves such rows out)" } else { "" };
            let place = super::places::number_place(&file, sample, feature);
            return Err(DataError::invalid(place, format!("is {value}; every value must be finite{advice}")));
        }
        Ok(dataset)
    }

    /// Some of the samples, with their weights; one may occur several times. Every class must occur.
    ///
    /// # Errors
    /// A class has none of them.
    ///
    /// # Panics
    /// There is no such sample.
    pub fn subset(&self, samples: &[usize]) -> Result<Self, DataError> {
        let labels = self.labels.subset(samples)?;
        let features = Features::Held(self.features_of(samples));
        let fixed_logits = self.fixed_logits.as_ref().map(|logits| logits.select_columns(samples));
        Ok(Self { features, feature_names: self.feature_names.clone(), fixed_logits, labels })
    }

    /// The same samples without weights.
    pub(crate) fn each_once(self) -> Self {
        let labels = Labels::counted(self.labels.class_indices, self.labels.class_names, self.labels.counts);
        Self { labels, ..self }
    }

    /// Features named `x0`, `x1`, ...
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn unnamed(features: DMatrix<f64>, labels: Labels) -> Result<Self, DataError> {
        let names = (0..features.nrows()).map(|feature| format!("x{feature}")).collect();
        Self::new(features, names, labels)
    }

    /// A data set without features: `logits` (`K x N`, or `1 x N` for a binary logistic loss) are given, and only
    /// intercepts are added to them.
    ///
    /// # Errors
    /// The shapes disagree, or a logit is NaN or infinite.
    pub fn from_logits(logits: DMatrix<f64>, labels: Labels) -> Result<Self, DataError> {
        let (rows, classes) = (logits.nrows(), labels.classes());
        if rows != classes && !(rows == 1 && classes == 2) {
            return Err(DataError::invalid(
                "logits",
                format!("{rows} rows, but there are {classes} classes"),
            ));
        }
        check_finite(&logits, |row| format!("logit {row}"))?;
        let mut dataset = Self::new(DMatrix::zeros(0, logits.ncols()), Vec::new(), labels)?;
        dataset.fixed_logits = Some(logits);
        Ok(dataset)
    }

    /// The same samples with a weight each (frequency, survey or importance weight), in place of any they had: `m_c =
    /// lambda_c` times the sum of the weights of class `c`. A whole weight counts as so many equal samples. Samples of weight
    /// zero are left out; where there are any, features of a mapped file are copied.
    ///
    /// # Errors
    ///
    /// When there is not one weight per sample, a weight is neither zero nor within
    /// [`SAMPLE_WEIGHT_RANGE`](super::SAMPLE_WEIGHT_RANGE) (the sample is named), or no sample of a class is left.
    pub fn with_sample_weights(self, weights: &[f64]) -> Result<Self, DataError> {
        let place = |sample: usize| format!("sample weights, sample {sample}");
        check_weights(weights, self.labels.samples(), "sample weights", place)?;
        let kept: Vec<usize> = (0..weights.len()).filter(|&sample| weights[sample] > 0.0).collect();
        let all_kept = kept.len() == weights.len();
        let labels = if all_kept { self.labels.clone() } else { self.labels.subset(&kept)? };
        let labels = labels.weighted(kept.iter().map(|&sample| weights[sample]).collect());
        if all_kept {
            return Ok(Self { labels, ..self });
        }
        let features = Features::Held(self.features().select_columns(&kept));
        let fixed_logits = self.fixed_logits.map(|logits| logits.select_columns(&kept));
        Ok(Self { features, feature_names: self.feature_names, fixed_logits, labels })
    }

    /// The same samples with numbers that are added to their logits (`K x N`), in place of any that were given; of two classes with
    /// one logit, that of class 1 (`1 x N`). The offset of a generalised linear model.
    ///
    /// # Errors
    /// There are neither as many rows as classes nor one row and two classes, not one column per sample, or a number is not finite.
    pub fn with_offset(self, offset: DMatrix<f64>) -> Result<Self, DataError> {
        let (rows, classes) = (offset.nrows(), self.labels.classes());
        if rows != classes && !(rows == 1 && classes == 2) {
            let wanted = if classes == 2 { "one, or one for each" } else { "one for each" };
            let problem = format!("{rows} for {classes} classes; give {wanted}, in the order of the classes");
            return Err(DataError::invalid("`offset`", problem));
        }
        if offset.ncols() != self.labels.samples() {
            let problem = format!("numbers of {} samples for {}", offset.ncols(), self.labels.samples());
            return Err(DataError::invalid("offset", problem));
        }
        check_finite(&offset, |_| "offset".to_owned())?;
        Ok(Self { fixed_logits: Some(offset), ..self })
    }

    /// Features, `d x N`; those of a mapped file and of another owner are copied.
    #[must_use]
    pub fn features(&self) -> Cow<'_, DMatrix<f64>> {
        if let Features::Held(features) = &self.features {
            return Cow::Borrowed(features);
        }
        let mut values = Vec::with_capacity(self.dimension() * self.labels.samples());
        self.values(0..self.labels.samples()).for_each(|value| values.push(value));
        Cow::Owned(DMatrix::from_vec(self.dimension(), self.labels.samples(), values))
    }

    /// The features of some samples, `d x n`, without a copy of the others.
    ///
    /// # Panics
    /// There is no such sample.
    #[must_use]
    pub fn features_of(&self, samples: &[usize]) -> DMatrix<f64> {
        let mut values = Vec::with_capacity(self.dimension() * samples.len());
        for &sample in samples {
            self.values(sample..sample + 1).for_each(|value| values.push(value));
        }
        DMatrix::from_vec(self.dimension(), samples.len(), values)
    }

    /// Bytes that a copy of all features takes.
    #[must_use]
    pub fn bytes_of_features(&self) -> u128 {
        size_of::<f64>() as u128 * self.dimension() as u128 * self.labels.samples() as u128
    }

    /// `d`, the number of features.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.feature_names.len()
    }

    /// Features of samples `range`, sample after sample, where they are.
    pub(crate) fn values(&self, range: Range<usize>) -> Values<'_> {
        match &self.features {
            Features::Held(features) => {
                Values::of(&features.as_slice()[range.start * self.dimension()..range.end * self.dimension()])
            }
            Features::Shared(features) => {
                features.values(range.start * self.dimension()..range.end * self.dimension())
            }
            // Only arrays that lie so are mapped.
            #[cfg(feature = "readers")]
            Features::Mapped(array) => array.native(range).unwrap_or(Values::Double(&[])),
        }
    }

    /// Names of the `d` features.
    #[must_use]
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// Logits that are given rather than computed from features.
    #[must_use]
    pub fn fixed_logits(&self) -> Option<&DMatrix<f64>> {
        self.fixed_logits.as_ref()
    }

    /// Labels of the samples.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }
}

fn check_finite(matrix: &DMatrix<f64>, name: impl Fn(usize) -> String) -> Result<(), DataError> {
    let Some((place, value)) = Values::of(matrix.as_slice()).first_not_finite() else {
        return Ok(());
    };
    let (row, sample) = (place % matrix.nrows(), place / matrix.nrows());
    Err(DataError::invalid(
        format!("sample {sample}, {}", name(row)),
        format!("is {value}; every value must be finite"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::dmatrix;

    #[test]
    fn shared_features_are_those_held() {
        let table = vec![1.0, 2.0, 3.0, 4.0];
        let labels = dataset().labels().clone();
        let shared = |numbers: Vec<f64>| {
            let features = SharedFeatures::Double(Arc::new(numbers));
            Dataset::shared(features, vec!["dose".to_owned()], labels.clone())
        };
        assert_eq!(*shared(table.clone()).expect("finite").features(), *dataset().features());
        let singles = SharedFeatures::Single(Arc::new(vec![1.0_f32, 2.0, 3.0, 4.0]));
        let singles = Dataset::shared(singles, vec!["dose".to_owned()], labels.clone()).expect("finite");
        assert_eq!(*singles.features(), *dataset().features());
        let error = |numbers: &[f64]| shared(numbers.to_vec()).expect_err("unusable").to_string();
        assert!(error(&[1.0, 2.0, f64::NAN, 4.0]).contains("sample 2, feature dose: is NaN"));
        assert!(error(&table[..3]).contains("3 numbers for 4 samples of 1 features"));
    }

    fn dataset() -> Dataset {
        let labels = Labels::numbered(vec![0, 1, 1, 0], 2).expect("two classes");
        Dataset::unnamed(dmatrix![1.0, 2.0, 3.0, 4.0], labels).expect("finite")
    }

    #[test]
    fn samples_of_weight_zero_are_absent() {
        let weighted = dataset().with_sample_weights(&[0.5, 0.0, 2.0, 0.25]).expect("valid");
        assert_eq!(*weighted.features(), dmatrix![1.0, 3.0, 4.0]);
        let labels = weighted.labels();
        assert_eq!((labels.counts(), labels.sizes()), (&[2, 1][..], &[0.75, 2.0][..]));
        assert_eq!(labels.weights(), Some(&[0.5, 2.0, 0.25][..]));
        assert_eq!(labels.total_size(), 2.75);
        let unweighted = dataset();
        let labels = unweighted.labels();
        assert_eq!((labels.sizes(), labels.weights()), (&[2.0, 2.0][..], None));
    }

    #[test]
    fn unusable_weights_are_named() {
        let error =
            |weights: &[f64]| dataset().with_sample_weights(weights).expect_err("unusable").to_string();
        assert!(error(&[1.0; 3]).contains("3 weights for 4 samples"));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300] {
            let text = error(&[1.0, 1.0, bad, 1.0]);
            assert!(text.contains("sample 2") && text.contains("no sample weight"), "{text}");
        }
        assert!(error(&[0.0; 4]).contains("every sample weight is zero"));
        assert!(error(&[1.0, 0.0, 0.0, 1.0]).contains("class 1"));
        let labels = dataset().labels().clone();
        assert!(
            labels.with_weights(vec![1.0, 0.0, 1.0, 1.0]).expect_err("zero").to_string().contains("sample 1")
        );
    }
}
