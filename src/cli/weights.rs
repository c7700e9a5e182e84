//! `weights`: class weights that meet a target on the user's data.

use super::data_arguments::{DataArguments, say_taken};
use super::files::{SMALLER, check_problem, memory_of};
use super::loss_arguments::NamedLossArguments;
use super::output::{OutputFormat, Style, note, print};
use super::progress::Waiting;
use super::solve::{name_option, note_dependent_columns, note_wide_weights};
use super::{Ending, OUTPUT, weights_table};
use anyhow::{Result, bail};
use equipoise::balance::{DesignError, DesignStep, WeightTarget, design_weights_observed};
use equipoise::data::{Dataset, Samples, check_files_whole};
use equipoise::loss::{ClassWeighting, ClassWeights, LOSS_TABLE, LossRow, LossSpec};
use equipoise::memory::check_memory;
use equipoise::nearest::nearest;
use equipoise::numeric::significant;
use equipoise::record::{Asked, StandardUnits, Unweighted, WeightsRecord};
use equipoise::solver::{Intercept, Problem, WeightResponse};

const EXAMPLES: &str = "Examples:
  equipoise weights data.csv --label species --target equal-shortfall --l2 1e-3
  equipoise weights data.csv --label y --target equal-recall --l2 1e-3
  equipoise weights data.csv --label y --target equal-shortfall --sample-weights w
  equipoise weights data.csv --label y --target prior:0.2,0.3,0.5
  equipoise weights data.csv --label y --loss logistic --target shortfall:1,2,1 --format json

The shortfall of a class is one minus the mean probability that its own samples give it; its recall is the fraction of its \
samples that are correctly classified. Numbers of a target are proportions, one per class in sorted order. Recalls change in \
steps of a sample: they count as equal when they are equal to within one sample of each class.

Class weights bias probabilities on purpose. The table says what to subtract from the logits to correct them for the class \
frequencies of the sample, and the calibration before and after.";

/// Heading of the options of the search.
const SEARCH: &str = "Search";

/// What the weights are for and how to print them.
#[derive(Debug, clap::Args)]
// Weights are searched for without an offset.
#[command(after_help = EXAMPLES, mut_arg("offset", |option| option.hide(true)))]
pub(super) struct WeightsArguments {
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    loss: NamedLossArguments,
    /// equal-shortfall, equal-recall, shortfall:A,B,.. (proportions), or prior:A,B,.. (mean predicted probabilities)
    #[arg(long, help_heading = SEARCH, value_name = "TARGET")]
    target: String,
    /// L2 penalty on the coefficients
    #[arg(long, help_heading = SEARCH, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    l2: f64,
    /// Bring every feature to mean zero and standard deviation one; the penalty is then on coefficients in these units
    #[arg(long, help_heading = SEARCH)]
    standardize: bool,
    /// How to print the result
    #[arg(long, help_heading = OUTPUT, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
}

pub(super) fn run(arguments: &WeightsArguments, style: Style) -> Result<Ending> {
    let spec = arguments.loss.spec()?;
    check_weighable(&spec)?;
    anyhow::ensure!(arguments.data.offset.is_none(), "--offset: goes with solve only");
    let Samples { dataset: given, taken, .. } = arguments.data.read()?;
    let (dataset, units) = StandardUnits::applied(given, Intercept::Free, arguments.standardize)?;
    let target = parse_target(&arguments.target, dataset.labels().classes())?;
    check_problem(&dataset, &spec, arguments.l2)?;
    let problem = Problem::new(&dataset, &spec, &ClassWeights::None, arguments.l2).map_err(name_option)?;
    let needed = memory_of(&dataset, &spec, arguments.l2).saturating_add(WeightResponse::memory(&problem));
    check_memory(needed, "the search for weights takes", SMALLER)?;
    let unweighted = Unweighted::of(&problem);
    let waiting = Waiting::new("looking for weights");
    let observe = |step: &DesignStep| {
        waiting.update(&format!("{} from the target", significant(step.residual, 2)));
    };
    let design = design_weights_observed(&dataset, &spec, arguments.l2, &target, &observe);
    waiting.end();
    let design = match design {
        Err(error @ DesignError::Target(_)) => bail!("--target {}: {error}", arguments.target),
        Err(DesignError::Problem(error)) => return Err(name_option(error)),
        design => design,
    };
    check_files_whole()?;
    say_taken(&taken);
    note_dependent_columns(units.as_ref().map_or(problem.conditioning(), |units| &units.conditioning));
    note_single_samples(&dataset);
    if let Ok(design) = &design {
        note_wide_weights(&design.reached.class_weights);
    }
    let asked = Asked { target: &arguments.target, problem: &problem };
    let closed_form = target.closed_form(dataset.labels()).is_some();
    let mut record = WeightsRecord::new(&asked, closed_form, unweighted, &design);
    record.input = Some(taken);
    if let Some(units) = units {
        record = record.standardized(units);
    }
    match arguments.format {
        OutputFormat::Json => print(&(serde_json::to_string_pretty(&record)? + "\n"))?,
        OutputFormat::Table if record.attainable == Some(true) => {
            print(&weights_table::table(&record, style))?;
        }
        OutputFormat::Table => {}
    }
    if let Some(why) = &record.why {
        let found = if record.attainable.is_some() {
            "no such weights were found"
        } else {
            "the weights could not be computed"
        };
        note(&format!("{found}: {why}"));
    }
    Ok(if record.attainable == Some(true) { Ending::Done } else { Ending::Failed })
}

/// Weights are searched for with the response of the stationary point to them.
fn check_weighable(spec: &LossSpec) -> Result<()> {
    let weighable = |row: &&LossRow| row.class_weights == ClassWeighting::WithJacobian;
    let names = LOSS_TABLE.into_iter().filter(weighable).map(|row| row.name).collect::<Vec<_>>().join(", ");
    let why = match spec.row().class_weights {
        ClassWeighting::WithJacobian => return Ok(()),
        ClassWeighting::Yes => "how its stationary point responds to weights is not computed",
        ClassWeighting::No => "class weights leave it unchanged",
    };
    bail!("--loss {}: {why}; weights takes {names}", spec.row().name)
}

/// A class of one sample has the mean probability of that sample.
fn note_single_samples(dataset: &Dataset) {
    let labels = dataset.labels();
    for class in (0..labels.classes()).filter(|&class| labels.is_single_sample(class)) {
        let name = &labels.class_names()[class];
        note(&format!("note: class {name} has one sample, and its shortfall is that sample's alone"));
    }
}

fn parse_target(text: &str, classes: usize) -> Result<WeightTarget> {
    let numbers = |list: &str| -> Result<Vec<f64>> {
        let parse = |entry: &str| match entry.trim().parse() {
            Ok(number) => Ok(number),
            Err(_) => bail!("--target {text}: {entry:?} is not a number; give one per class, such as 1,2,1"),
        };
        list.split(',').map(parse).collect()
    };
    match text.split_once(':') {
        None if text == "equal-shortfall" => Ok(WeightTarget::equal_shortfall(classes)),
        None if text == "equal-recall" => Ok(WeightTarget::EqualRecall),
        Some(("shortfall", list)) => Ok(WeightTarget::Shortfall(numbers(list)?)),
        Some(("prior", list)) => Ok(WeightTarget::Prior(numbers(list)?)),
        _ => {
            let word = text.split(':').next().unwrap_or(text);
            let meant = nearest(word, &["equal-shortfall", "equal-recall", "shortfall", "prior"])
                .map_or_else(String::new, |near| format!("did you mean {near}? "));
            bail!(
                "--target {text}: {meant}give equal-shortfall, equal-recall, shortfall:1,2,.. or prior:0.2,0.3,.."
            )
        }
    }
}
