//! `audit`: what a user's own logits and labels say.

mod multi_label;
mod printed;

use super::class_weights::{NameList, WeightChoice};
use super::data_arguments::{TableArguments, say_taken};
use super::files::{STDIN, Target, check_targets, save};
use super::loss_arguments::LossArguments;
use super::output::{Style, note, print};
use super::progress::Busy;
use super::solve::{note_dependent_columns, note_idle_weights, note_wide_weights};
use super::{Ending, OUTPUT};
use anyhow::{Context, Result, ensure};
use equipoise::audit::{
    AuditInput, AuditRecord, ReadOptions, Recalibration, Reduction, alternatives, audit, compare_head,
    compare_held_out, recalibrate,
};
use equipoise::data::{check_files_whole, npy_doubles};
use equipoise::files::write_whole;
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::report::audit_page;
use equipoise::solver::Intercept;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "Examples:
  equipoise audit model.npz                                  logits, labels; softmax, no weights
  equipoise audit model.npz --class-weights 1,1,10 --recalibrate --biases fixed.npy
  equipoise audit logits.npy labels.npy --loss logistic
  equipoise audit model.npz --sample-weights w               rows that count w times
  equipoise audit scores.csv --label species --probabilities
  equipoise audit model.safetensors --loss ldam --margin 0.5 --scale 30 --format json
  equipoise audit model.npz --l2 1e-4                        features and last layer in the file too
  equipoise audit model.npz --held-out test.npz              does the balance hold there too?
  equipoise audit model.npz --loss inr --beta 0 --batch 64   the balance in batches
  equipoise audit model.npz --format html --out audit.html
  python -m my_model | equipoise audit -                     any of these from a pipe

In NPZ and safetensors files, arrays are found by their names: logits or probabilities (N x K; N or N x 1 for one logit), labels \
(whole numbers from 0, -1 for rows to ignore; or one-hot), and optionally features (N x d), weight (K x d) and bias (K) of the \
last layer. In CSV and Parquet tables every column but that of the labels is the logit of a class, in order.

  numpy.savez(\"model.npz\", logits=z, labels=y)     of tensors: z.detach().cpu().numpy()";

/// Heading of the options of the audit.
const AUDIT: &str = "Audit";

/// What to audit, and under which loss.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AuditArguments {
    /// NPZ, safetensors, CSV or Parquet file with logits and labels, NPY file of logits, or - for standard input; any of them may
    /// be packed with gzip or zstd
    file: PathBuf,
    /// NPY file of labels, for an NPY file of logits
    #[arg(value_name = "LABELS.npy")]
    label_file: Option<PathBuf>,
    /// Column or array of the labels [default: label, labels, target, targets, class, y or `y_true`]
    #[arg(long, visible_alias = "labels", value_name = "NAME")]
    label: Option<String>,
    /// Array of the logits in an archive [default: logits, probabilities, probs or scores]
    #[arg(long, value_name = "NAME")]
    logits: Option<String>,
    /// Columns of the logits in a table, in the order of the classes; "a, b" is one name [default: all that are nothing else]
    #[arg(long, value_name = "A,B,..")]
    columns: Option<NameList>,
    /// Columns of a table that are no logits
    #[arg(long, value_name = "A,B,..")]
    drop: Option<NameList>,
    /// A sample may have several labels: N x K of 0 and 1 (-1 ignores an entry), one logistic loss per label
    #[arg(long)]
    multi_label: bool,
    /// The logits are probabilities
    #[arg(long)]
    probabilities: bool,
    /// Names of the classes, in the order of their logits [default: their numbers, or the headings of the columns]
    #[arg(long, visible_alias = "classes", value_name = "A,B,..", allow_hyphen_values = true)]
    class_names: Option<NameList>,
    /// Leave out rows with this label, beside -1 and -100; may be given again
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    ignore_index: Vec<String>,
    /// What to do about rows without a label
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = MissingLabels::Refuse)]
    missing: MissingLabels,
    /// Weight of each row (frequency, survey or importance weight; 0 leaves it out): a column of a table, an array of an NPZ or
    /// safetensors file by its name, or an NPY file
    #[arg(long, visible_alias = "weights", value_name = "NAME")]
    sample_weights: Option<String>,
    #[command(flatten)]
    table: TableArguments,
    #[command(flatten)]
    loss: LossArguments,
    /// What the sum over samples is divided by
    #[arg(long, value_enum, default_value_t = ReductionName::WeightedMean, help_heading = "Loss")]
    reduction: ReductionName,
    /// Largest relative difference of outflow and inflow that still is stationary
    #[arg(long, help_heading = AUDIT, value_name = "X", default_value_t = 0.01, allow_hyphen_values = true)]
    tolerance: f64,
    /// Solve for the intercepts alone, and show what they would change
    #[arg(long, help_heading = AUDIT)]
    recalibrate: bool,
    /// Write the corrected biases to this file, .npy or .json (those of the last layer where it is given, otherwise what is to
    /// be added to the logits); implies --recalibrate
    #[arg(long, help_heading = AUDIT, value_name = "FILE")]
    biases: Option<PathBuf>,
    /// mu of the penalty mu/2 ||W||^2 under which the last layer was trained, where features are given
    #[arg(long, help_heading = AUDIT, value_name = "MU", default_value_t = 0.0, allow_hyphen_values = true)]
    l2: f64,
    /// Samples in a batch of the training, drawn without replacement: LGL-INR is another loss in batches, and is held against
    /// the balance that it has in expectation over them
    #[arg(long, value_name = "B", help_heading = "Loss")]
    batch: Option<usize>,
    /// Logits and labels of samples that were not trained on, in one file of any of these kinds: says whether the balance holds
    /// for them, or what overfitting and other samples change; for softmax and logistic
    #[arg(long, help_heading = AUDIT, value_name = "FILE")]
    held_out: Option<PathBuf>,
    /// How to print the audit [default: by the ending of --out (.json, .md, .html), else table]
    #[arg(long, help_heading = OUTPUT, value_enum)]
    format: Option<AuditFormat>,
    /// Write it to a file instead
    #[arg(long, help_heading = OUTPUT, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AuditFormat {
    Table,
    Json,
    Markdown,
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum MissingLabels {
    /// Name the first and stop
    Refuse,
    /// Leave them out
    DropRow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReductionName {
    /// The sum of the samples' weights, as PyTorch's `cross_entropy` does
    WeightedMean,
    /// The number of samples
    Mean,
    /// Samples times logits, as PyTorch's `binary_cross_entropy_with_logits` does
    ElementMean,
    /// Nothing
    Sum,
}

pub(super) fn run(arguments: &AuditArguments, style: Style) -> Result<Ending> {
    let spec = arguments.loss.named.spec()?;
    let weights = WeightChoice::parse(&arguments.loss.class_weights)?;
    let options = arguments.read_options();
    check_options(arguments, &options)?;
    check_files(arguments, &options)?;
    if arguments.multi_label {
        return multi_label::run(arguments, style);
    }
    let busy = Busy::new("reading");
    let mut input = AuditInput::read(&arguments.file, arguments.label_file.as_deref(), &options)?;
    drop(busy);
    let busy = Busy::new("auditing");
    input.batch = arguments.batch;
    let weights = weights.of(input.labels().class_names())?;
    let by = (arguments.reduction.into(), arguments.tolerance);
    let mut record = audit(&input, arguments.loss.named.name(), &spec, &weights, by)?;
    drop(busy);
    note_wide_weights(&record.class_weights);
    note_idle_weights(matches!(spec, LossSpec::Inr { .. }), &weights);
    compare(&mut record, &input, (&spec, &weights), (arguments, &options))?;
    if let Some(head) = &record.head {
        note_dependent_columns(&head.conditioning);
    }
    check_files_whole()?;
    if let (Some(file), Some(recalibrated)) = (&arguments.biases, &record.recalibrated) {
        write_corrected(file, &input, recalibrated)?;
    }
    say_taken(&record.input);
    let text = shown(&record, arguments.format(), &arguments.file, style)?;
    match &arguments.out {
        Some(file) => save(file, &text)?,
        None => print(&text)?,
    }
    let unsolved = record.recalibrated.as_ref().is_some_and(|found| found.not_converged.is_some());
    Ok(if unsolved { Ending::Failed } else { Ending::Done })
}

/// Adds what else the samples are held against: other losses, other biases, a solved last layer, samples that were not trained on.
fn compare(
    record: &mut AuditRecord,
    input: &AuditInput,
    (spec, weights): (&LossSpec, &ClassWeights),
    (arguments, options): (&AuditArguments, &ReadOptions),
) -> Result<()> {
    let _busy = Busy::new("comparing");
    // Without a bias no loss balances.
    if !record.measured.stationary && input.intercept == Intercept::Free {
        record.alternatives = alternatives(input, spec, weights, record.measured.tolerance)?;
    }
    if arguments.recalibrate || arguments.biases.is_some() {
        record.recalibrated = Some(recalibrate(input, spec, weights, arguments.tolerance)?);
    }
    record.head = compare_head(input, spec, weights, arguments.l2)?;
    if let Some(file) = &arguments.held_out {
        let held_out = AuditInput::read(file, None, options)?;
        record.held_out = Some(compare_held_out(input, &held_out, spec, weights, arguments.l2)?);
    }
    Ok(())
}

impl AuditArguments {
    /// As it is asked for, or as the name of the file says: a table in a file called .html would be read as markup.
    fn format(&self) -> AuditFormat {
        let ending = self.out.as_deref().and_then(Path::extension).and_then(OsStr::to_str);
        self.format.unwrap_or(match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("json") => AuditFormat::Json,
            Some("md") => AuditFormat::Markdown,
            Some("html" | "htm") => AuditFormat::Html,
            _ => AuditFormat::Table,
        })
    }

    fn read_options(&self) -> ReadOptions {
        let names = |list: &Option<NameList>| list.as_ref().map(|list| list.0.clone());
        ReadOptions {
            label: self.label.clone(),
            logits: self.logits.clone(),
            columns: names(&self.columns),
            drop: names(&self.drop).unwrap_or_default(),
            probabilities: self.probabilities,
            class_names: names(&self.class_names),
            ignore_index: self.ignore_index.clone(),
            drop_missing: self.missing == MissingLabels::DropRow,
            sample_weights: self.sample_weights.clone(),
            format: self.table.format(),
        }
    }
}

/// Checks the options that need no file.
fn check_options(arguments: &AuditArguments, options: &ReadOptions) -> Result<()> {
    let tolerance = arguments.tolerance;
    ensure!(tolerance > 0.0 && tolerance < 1.0, "--tolerance: {tolerance}; give a number between 0 and 1");
    ensure!(
        arguments.l2 >= 0.0 && arguments.l2.is_finite(),
        "--l2: {}; give a number from 0 up",
        arguments.l2
    );
    if let Some(file) = &arguments.biases {
        BiasFormat::of(file)?;
    }
    if arguments.held_out.is_some() {
        let weights = options.weight_file();
        ensure!(
            weights.is_none(),
            "--held-out: its rows have other weights; put both into the files, as arrays or columns"
        );
        let both = [Some(arguments.file.as_path()), arguments.held_out.as_deref()];
        ensure!(
            both != [Some(Path::new(STDIN)); 2],
            "--held-out -: standard input holds the audited samples already; give a file"
        );
    }
    Ok(())
}

/// Checks what is written against what is read.
fn check_files(arguments: &AuditArguments, options: &ReadOptions) -> Result<()> {
    let targets =
        [Target::of("--biases", arguments.biases.as_deref()), Target::of("--out", arguments.out.as_deref())];
    let targets: Vec<Target> = targets.into_iter().flatten().collect();
    let others = [arguments.label_file.as_deref(), options.weight_file(), arguments.held_out.as_deref()];
    let inputs: Vec<&Path> = others.into_iter().flatten().chain([arguments.file.as_path()]).collect();
    check_targets(&targets, &inputs)
}

fn shown(record: &AuditRecord, format: AuditFormat, file: &Path, style: Style) -> Result<String> {
    Ok(match format {
        AuditFormat::Table => printed::table(record, style),
        AuditFormat::Markdown => printed::markdown(record),
        AuditFormat::Json => serde_json::to_string_pretty(record)? + "\n",
        AuditFormat::Html => audit_page(record, &file.display().to_string()),
    })
}

/// The last layer's biases with what is to be added, or that alone.
fn corrected(input: &AuditInput, recalibrated: &Recalibration) -> Vec<f64> {
    let own = input.head.as_ref().map(|head| head.intercepts.clone());
    let own = own.unwrap_or_else(|| vec![0.0; recalibrated.added.len()]);
    own.iter().zip(&recalibrated.added).map(|(own, added)| own + added).collect()
}

/// How biases are written, by the ending of the file's name.
enum BiasFormat {
    Npy,
    Json,
}

impl BiasFormat {
    fn of(file: &Path) -> Result<Self> {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("npy") => Ok(Self::Npy),
            Some("json") => Ok(Self::Json),
            _ => anyhow::bail!("--biases: {}: name it .npy or .json", file.display()),
        }
    }
}

/// Writes the corrected biases, or says why there are none.
fn write_corrected(file: &Path, input: &AuditInput, recalibrated: &Recalibration) -> Result<()> {
    match &recalibrated.not_converged {
        None => write_biases(file, &corrected(input, recalibrated))?,
        Some(why) => note(&format!("--biases: nothing was written to {}: {why}", file.display())),
    }
    Ok(())
}

fn write_biases(file: &Path, biases: &[f64]) -> Result<()> {
    let bytes = match BiasFormat::of(file)? {
        BiasFormat::Npy => npy_doubles(&[biases.len()], biases.iter().copied()),
        BiasFormat::Json => (serde_json::to_string(biases)? + "\n").into_bytes(),
    };
    write_whole(file, &bytes).with_context(|| format!("cannot write {}", file.display()))
}

impl From<ReductionName> for Reduction {
    fn from(name: ReductionName) -> Self {
        match name {
            ReductionName::WeightedMean => Self::WeightedMean,
            ReductionName::Mean => Self::Mean,
            ReductionName::ElementMean => Self::ElementMean,
            ReductionName::Sum => Self::Sum,
        }
    }
}
