//! Samples beside those that are solved for: to test the head on, and to predict for, with predictions as a file.

use super::data_arguments::{DataArguments, say_taken};
use super::files::{Target, save_bytes};
use super::offset;
use super::output::note;
use anyhow::{Result, bail, ensure};
use equipoise::balance::Predictions;
use equipoise::data::{
    Dataset, HeldOutShare, Labels, NewSamples, NewSamplesRequest, SamplePlaces, Samples, npy_doubles,
    npy_texts, npy_whole, npz,
};
use equipoise::loss::{ClassWeighting, Loss};
use equipoise::memory::{MemoryError, check_memory};
use equipoise::numeric::counted;
use equipoise::progress::Stage;
use equipoise::record::TestRecord;
use equipoise::solver::{Head, Problem};
use nalgebra::{DMatrix, DVectorView};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The options about other samples.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Test and predictions")]
pub(super) struct NewDataArguments {
    /// Measure the head on other samples: a file, or a share of every class that is kept apart, such as 0.2
    #[arg(long, value_name = "FILE|SHARE")]
    test: Option<TestSource>,
    /// Predict for the samples of a file; --out says where the predictions go
    #[arg(long, value_name = "FILE", requires = "out")]
    predict: Option<PathBuf>,
    /// Where predictions go, .csv or .npz
    #[arg(long, value_name = "FILE", requires = "predict")]
    out: Option<PathBuf>,
}

/// Where samples to test on come from.
#[derive(Debug, Clone, PartialEq)]
enum TestSource {
    Share(f64),
    File(PathBuf),
}

impl FromStr for TestSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Share))
    }
}

/// Samples to test on, and what they are called.
struct TestRows {
    source: String,
    features: DMatrix<f64>,
    offset: DMatrix<f64>,
    labels: Labels,
    /// Where they are, unless they were drawn.
    places: Option<SamplePlaces>,
}

impl TestRows {
    /// Those of a file, where it has labels.
    fn of(file: &Path, new: NewSamples) -> Option<Self> {
        let NewSamples { features, offset, labels, places, .. } = new;
        let source = file.display().to_string();
        labels.map(|labels| Self { source, features, offset, labels, places: Some(places) })
    }

    /// Takes a share of every class out of the samples.
    fn set_apart(drawn: HeldOutShare, samples: &mut Dataset) -> Result<Self> {
        // Both parts are copied, wherever the samples are.
        check_memory(
            samples.bytes_of_features(),
            "--test: setting a share of the samples apart takes",
            "test on a file of its own, or leave out features or samples",
        )?;
        let split = drawn.split(samples.labels());
        ensure!(
            !split.test.is_empty(),
            "--test {}: leaves no sample to test on; give a larger share",
            drawn.share
        );
        let test = Self {
            source: drawn.to_string(),
            features: samples.features_of(&split.test),
            offset: match samples.fixed_logits() {
                Some(offset) => offset.select_columns(&split.test),
                None => DMatrix::zeros(0, split.test.len()),
            },
            labels: samples.labels().some(&split.test),
            places: None,
        };
        *samples = samples.subset(&split.train)?;
        Ok(test)
    }
}

/// Says that the weights of an NPY file are not those of the rows of another file.
fn note_weights_of_others(file: &Path, of_others: &Path) {
    note(&format!(
        "note: rows of {} count once; {} has the weights of others",
        file.display(),
        of_others.display()
    ));
}

/// What is done once there is a head.
pub(super) struct NewData<'a> {
    arguments: &'a NewDataArguments,
    test: Option<TestRows>,
    predict: Option<NewSamples>,
}

impl NewDataArguments {
    /// Checks the options that need no file.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(TestSource::Share(share)) = self.test {
            ensure!(share > 0.0 && share < 1.0, "--test {share}: give a share between 0 and 1, or a file");
        }
        if let Some(out) = &self.out {
            PredictionFormat::of(out)?;
        }
        Ok(())
    }

    /// Whether there are samples to test on.
    pub(super) fn tests(&self) -> bool {
        self.test.is_some()
    }

    /// Whether samples are drawn to test on.
    pub(super) fn draws(&self) -> bool {
        matches!(self.test, Some(TestSource::Share(_)))
    }

    pub(super) fn inputs(&self) -> Vec<&Path> {
        let test = match &self.test {
            Some(TestSource::File(file)) => Some(file.as_path()),
            _ => None,
        };
        test.into_iter().chain(self.predict.as_deref()).collect()
    }

    pub(super) fn target(&self) -> Option<Target<'_>> {
        Target::of("--out", self.out.as_deref())
    }

    /// Reads the files, or cuts the samples in two; what is left of these is solved for.
    pub(super) fn read(&self, samples: &mut Samples, data: &DataArguments, seed: u64) -> Result<NewData<'_>> {
        let classes = samples.dataset.labels().class_names().to_vec();
        let request = data.request();
        // An NPY file has the weights of the rows that are solved for, a column those of any.
        let weights = request.sample_weights.as_deref().filter(|_| request.weight_file().is_none());
        let read = |file: &Path, label: Option<&str>| {
            let new = NewSamplesRequest {
                design: &samples.design,
                offset: &request.offset,
                classes: &classes,
                label,
                sample_weights: label.and(weights),
                ignore_index: &request.ignore_index,
                format: &request.format,
            };
            let new = new.read(file)?;
            say_taken(&new.taken);
            check_predictions(new.features.ncols(), classes.len())?;
            anyhow::Ok(new)
        };
        let predict = self.predict.as_deref().map(|file| read(file, None)).transpose()?;
        let test = match &self.test {
            None => None,
            Some(TestSource::File(file)) => {
                if let Some(of_others) = request.weight_file() {
                    note_weights_of_others(file, of_others);
                }
                TestRows::of(file, read(file, Some(&data.label))?)
            }
            &Some(TestSource::Share(share)) => {
                Some(TestRows::set_apart(HeldOutShare { share, seed }, &mut samples.dataset)?)
            }
        };
        Ok(NewData { arguments: self, test, predict })
    }
}

impl NewData<'_> {
    /// Whether the samples to test on were drawn from those of the file.
    pub(super) fn is_drawn(&self) -> bool {
        self.arguments.draws()
    }

    /// What the samples to test on are called.
    pub(super) fn test_source(&self) -> Option<String> {
        self.test.as_ref().map(|test| test.source.clone())
    }

    /// Measures a head on the samples to test on.
    pub(super) fn tested(&self, problem: &Problem, head: &Head) -> Result<Option<TestRecord>> {
        let Some(TestRows { source, features, offset, labels, places }) = &self.test else {
            return Ok(None);
        };
        let place =
            |sample: usize| places.as_ref().map_or_else(|| source.clone(), |places| places.of(sample));
        let logits = offset::added(finite_logits(head, features, &place)?, offset);
        Ok(Some(TestRecord::of(source.clone(), problem, &logits, labels)))
    }

    /// Writes the predictions of a head, if they are asked for.
    pub(super) fn predicted(&self, problem: &Problem, head: &Head) -> Result<()> {
        let (Some(new), Some(out)) = (&self.predict, &self.arguments.out) else { return Ok(()) };
        let weights = problem.targets().class_weights();
        let weighting = problem.spec().map_or(ClassWeighting::No, |spec| spec.row().class_weights);
        let logits = finite_logits(head, &new.features, &|sample| new.places.of(sample))?;
        let logits = offset::added(logits, &new.offset);
        let predictions = Predictions::of(problem.loss().link(), &logits, weights, weighting);
        save_predictions(out, &predictions, problem.dataset().labels().class_names())?;
        let rows = counted(predictions.classes.len() as u64, "row");
        note(&format!("predictions for {rows} are in {}", out.display()));
        Ok(())
    }

    /// Says that there is no head to predict with.
    pub(super) fn not_predicted(&self) {
        if let Some(out) = &self.arguments.out {
            note(&format!("note: there is no head to predict with; {} is not written", out.display()));
        }
    }
}

/// The kinds of files that predictions are written in, by the ending of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PredictionFormat {
    Csv,
    Npz,
}

impl PredictionFormat {
    pub(super) fn of(file: &Path) -> Result<Self> {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("npz") => Ok(Self::Npz),
            _ => bail!("--out: {}: name it .csv or .npz", file.display()),
        }
    }
}

/// Fails when logits of so many samples, their probabilities and the file of these exceed the memory.
pub(super) fn check_predictions(samples: usize, classes: usize) -> Result<(), MemoryError> {
    // Logits without and with an offset; probabilities as they are and corrected, each as numbers and in the file that they are
    // written to, which is put together from its parts.
    const MATRICES: u128 = 2 + 2 * 3;
    let matrix = size_of::<f64>() as u128 * samples as u128 * classes as u128;
    check_memory(MATRICES * matrix, "predicting takes", "predict for fewer samples at once")
}

/// Logits of a head for other samples, of which `place` says where they are. Features or coefficients of another size than those of
/// the training may give none.
pub(super) fn finite_logits(
    head: &Head,
    features: &DMatrix<f64>,
    place: &dyn Fn(usize) -> String,
) -> Result<DMatrix<f64>> {
    let logits = head.logits(features);
    let is_finite = |logits: DVectorView<f64>| logits.iter().all(|logit| logit.is_finite());
    if let Some(sample) = logits.column_iter().position(|sample| !is_finite(sample)) {
        bail!(
            "{}: its logits are larger than doubles hold; look at its features, and at the head's coefficients",
            place(sample)
        );
    }
    Ok(logits)
}

/// Writes what a head predicts: the class, its probabilities, and those that are corrected for class weights.
pub(super) fn save_predictions(file: &Path, predictions: &Predictions, classes: &[String]) -> Result<()> {
    let bytes = match PredictionFormat::of(file)? {
        PredictionFormat::Csv => csv(predictions, classes)?,
        PredictionFormat::Npz => arrays(predictions, classes)?,
    };
    save_bytes(file, &bytes)
}

fn csv(predictions: &Predictions, classes: &[String]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let corrected = predictions.prior_corrected.as_ref();
    let mut headings = vec!["row".to_owned(), "predicted".to_owned()];
    headings.extend(classes.iter().map(|class| format!("p_{class}")));
    if corrected.is_some() {
        headings.extend(classes.iter().map(|class| format!("corrected_{class}")));
    }
    writer.write_record(&headings)?;
    let stage = Stage::of(predictions.classes.len() as u64);
    for (row, &class) in predictions.classes.iter().enumerate() {
        stage.advance(1);
        let mut line = vec![row.to_string(), classes[class].clone()];
        line.extend(predictions.probabilities.column(row).iter().map(f64::to_string));
        line.extend(
            corrected
                .iter()
                .flat_map(|corrected| corrected.column(row).iter().map(f64::to_string).collect::<Vec<_>>()),
        );
        writer.write_record(&line)?;
    }
    Ok(writer.into_inner()?)
}

fn arrays(predictions: &Predictions, classes: &[String]) -> Result<Vec<u8>> {
    // A sample per column lies in memory as NumPy's rows of samples do.
    let rows = |matrix: &DMatrix<f64>| npy_doubles(&[matrix.ncols(), matrix.nrows()], matrix.iter().copied());
    let numbers = predictions.classes.iter().map(|&class| i64::try_from(class).unwrap_or(i64::MAX));
    let mut files = vec![
        ("probabilities", rows(&predictions.probabilities)),
        ("predicted", npy_whole(numbers)),
        ("class_names", npy_texts(classes)),
    ];
    files.extend(predictions.prior_corrected.as_ref().map(|corrected| ("prior_corrected", rows(corrected))));
    Ok(npz(&files)?)
}
