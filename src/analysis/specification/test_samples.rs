//! `[test]`: samples that heads are not solved on, and the resampling of tables.

use super::{Analysis, Design, Draw};
use crate::data::random::stream;
use crate::data::{DataError, Dataset, Split, Standardization};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the samples come from on which solved heads are tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TestSamples {
    /// A fresh draw from the same classes, of so many times the samples of each class; for `gaussian` and `random_groups`.
    Fresh(usize),
    /// A share of the samples of each class, between 0 and 1, chosen anew in each repetition and kept apart; at least one of each
    /// class, and one is left to solve on.
    Share(f64),
    /// A file beside the table of the design, relative to where the analysis file is: the same columns, by name, or the same arrays,
    /// and at least one sample of each class.
    File(PathBuf),
}

/// Largest multiple of the samples of a design.
const MAX_TIMES: usize = 10_000;
/// Streams of a draw beside those of its design: fresh samples, samples kept apart, and rows drawn again.
const FRESH_STREAM: u64 = 1 << 61;
const SHARE_STREAM: u64 = 1 << 60;
const RESAMPLE_STREAM: u64 = FRESH_STREAM | SHARE_STREAM;

impl Analysis {
    /// The samples of a draw to solve on, and those to test on, if there are any.
    ///
    /// # Errors
    /// As [`Design::sample`]; or the design has no fresh draws, a share is not between 0 and 1, or a class has too few samples
    /// to keep some apart.
    pub fn samples(&self, draw: Draw) -> Result<(Dataset, Option<Dataset>), DataError> {
        let (training, test) = match &self.test {
            None => (self.data.sample(draw)?, None),
            Some(TestSamples::Fresh(times)) => {
                (self.data.sample(draw)?, Some(self.data.fresh(draw, *times)?))
            }
            Some(TestSamples::Share(share)) => {
                let (training, test) = split(&self.data.sample(draw)?, *share, draw)?;
                (training, Some(test))
            }
            Some(TestSamples::File(file)) => {
                let table = self.data.table().ok_or_else(|| {
                    DataError::invalid("test.file", "goes with `table`; give `fresh` or `share`")
                })?;
                let (training, test) = table.with_file(file)?;
                (training, Some(test))
            }
        };
        let (training, test) = match self.data {
            Design::Tabular { .. } => standardized(&training, test)?,
            _ => (training, test),
        };
        let resamples = self.data.table().is_some_and(|table| table.resample);
        Ok((if resamples { resampled(&training, draw)? } else { training }, test))
    }

    /// The file of test samples, if they are of one.
    #[must_use]
    pub fn test_file(&self) -> Option<&Path> {
        match &self.test {
            Some(TestSamples::File(file)) => Some(file),
            _ => None,
        }
    }

    /// The same analysis with the files that it reads named in another way, such as from where the analysis file is.
    pub(in crate::analysis) fn rename_files(&mut self, name: impl Fn(&Path) -> PathBuf) {
        self.data.rename_file(&name);
        if let Some(TestSamples::File(file)) = &mut self.test {
            *file = name(file);
        }
    }

    /// The share that is tested on, where every repetition splits the same samples.
    #[must_use]
    pub fn share_of_one_data_set(&self) -> Option<f64> {
        match &self.test {
            Some(TestSamples::Share(share)) if self.is_one_data_set() => Some(*share),
            _ => None,
        }
    }

    /// Whether the samples that are solved on are the same in every repetition of a table.
    #[must_use]
    pub fn repeats_a_table(&self) -> bool {
        self.is_one_data_set() && !matches!(self.test, Some(TestSamples::Share(_)))
    }

    /// Whether every repetition has the same samples before any are kept apart.
    fn is_one_data_set(&self) -> bool {
        match &self.data {
            Design::Table(table) => !table.resample,
            data => matches!(data, Design::Tabular { .. }),
        }
    }
}

impl Design {
    /// A draw from the same classes as [`Self::sample`] with this one, of `times` the samples of each class.
    fn fresh(&self, draw: Draw, times: usize) -> Result<Dataset, DataError> {
        let invalid = |problem: String| Err(DataError::invalid("test.fresh", problem));
        if !(1..=MAX_TIMES).contains(&times) {
            return invalid(format!("{times} times the samples; give 1 to {MAX_TIMES}"));
        }
        self.times(draw, times, FRESH_STREAM).unwrap_or_else(|| {
            invalid(
                "this design has one set of samples; give `share`, or take `gaussian` or `random_groups`"
                    .to_owned(),
            )
        })
    }
}

/// Both in units of the samples to solve on: those to test on have no say.
fn standardized(training: &Dataset, test: Option<Dataset>) -> Result<(Dataset, Option<Dataset>), DataError> {
    let units = Standardization::of(training);
    Ok((units.apply(training)?, test.map(|test| units.apply(&test)).transpose()?))
}

/// A share of each class and the rest, in the order of the samples.
fn split(dataset: &Dataset, share: f64, draw: Draw) -> Result<(Dataset, Dataset), DataError> {
    let invalid = |problem: String| Err(DataError::invalid("test.share", problem));
    if !(share > 0.0 && share < 1.0) {
        return invalid(format!("{share}; give a number between 0 and 1"));
    }
    if dataset.fixed_logits().is_some() {
        return invalid("the design has no features; there is no head to test".to_owned());
    }
    let labels = dataset.labels();
    if let Some(class) = labels.counts().iter().position(|&count| count < 2) {
        let name = &labels.class_names()[class];
        return invalid(format!("class {name} has one sample; at least two are needed to keep one apart"));
    }
    let generator = &mut stream(draw.seed, SHARE_STREAM | draw.repetition);
    let Split { train, test } = Split::stratified(labels, share, generator);
    Ok((dataset.subset(&train)?, dataset.subset(&test)?))
}

/// As many samples of each class, drawn with replacement.
fn resampled(dataset: &Dataset, draw: Draw) -> Result<Dataset, DataError> {
    let generator = &mut stream(draw.seed, RESAMPLE_STREAM | draw.repetition);
    let mut samples = Vec::with_capacity(dataset.labels().samples());
    for members in dataset.labels().members() {
        samples.extend((0..members.len()).map(|_| members[generator.random_range(0..members.len())]));
    }
    dataset.subset(&samples)
}
