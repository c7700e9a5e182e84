//! `weights`: class weights that bring about what is asked for, on the user's data.

use super::Ending;
use super::data_arguments::DataArguments;
use super::output::{Align, Style, columns, counted, note, print};
use super::solve::name_option;
use crate::balance::{DesignError, MeanProbability, WeightDesign, WeightTarget, design_weights};
use crate::data::Dataset;
use crate::loss::ClassWeights;
use crate::numeric::significant;
use crate::solver::{LossChoice, Problem, solve};
use anyhow::{Result, bail};
use serde::Serialize;

const EXAMPLES: &str = "Examples:
  equipoise weights data.csv --label species --target equal-shortfall --l2 1e-3
  equipoise weights data.csv --label y --target prior:0.2,0.3,0.5
  equipoise weights data.csv --label y --loss logistic --target shortfall:1,2,1 --format json

The shortfall of a class is one minus the mean probability that its own samples give it. Numbers of a target are
proportions, one per class in sorted order.";

/// What the weights are for and how to print them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// The loss
    #[arg(long, value_enum, default_value_t = LossName::Softmax)]
    loss: LossName,
    /// equal-shortfall, shortfall:A,B,.. (proportions), or prior:A,B,.. (mean predicted probabilities)
    #[arg(long, value_name = "TARGET")]
    target: String,
    /// L2 penalty on the coefficients
    #[arg(long, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    l2: f64,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LossName {
    Softmax,
    Logistic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
struct WeightsRecord {
    target: String,
    attainable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    classes: Vec<String>,
    class_counts: Vec<usize>,
    /// Empty where the target is not attainable.
    class_weights: Vec<f64>,
    mean_probability: Vec<Vec<f64>>,
    shortfall: Vec<f64>,
    /// Without class weights.
    shortfall_unweighted: Vec<f64>,
    /// Whether the weights follow from sizes alone (B2).
    closed_form: bool,
    path: Vec<StepRecord>,
}

#[derive(Debug, Serialize)]
struct StepRecord {
    class_weights: Vec<f64>,
    shortfall: Vec<f64>,
    residual: f64,
}

pub(super) fn run(arguments: &Arguments, style: Style) -> Result<Ending> {
    let dataset = arguments.data.read()?;
    let target = parse_target(&arguments.target, dataset.labels().classes())?;
    let choice = match arguments.loss {
        LossName::Softmax => LossChoice::Softmax,
        LossName::Logistic => LossChoice::Logistic,
    };
    let unweighted = unweighted_shortfall(&dataset, &choice, arguments.l2)?;
    let design = match design_weights(&dataset, &choice, arguments.l2, &target) {
        Err(error @ DesignError::Target(_)) => bail!("--target {}: {error}", arguments.target),
        Err(DesignError::Problem(error)) => return Err(name_option(error)),
        design => design,
    };
    let record = record(arguments, &dataset, &target, unweighted, &design);
    match arguments.format {
        Format::Json => print(&(serde_json::to_string_pretty(&record)? + "\n"))?,
        Format::Table if record.attainable => print(&table(&record, style))?,
        Format::Table => {}
    }
    if let Some(why) = &record.why {
        note(&format!("no such weights: {why}"));
    }
    Ok(if record.attainable { Ending::Done } else { Ending::Negative })
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
        Some(("shortfall", list)) => Ok(WeightTarget::Shortfall(numbers(list)?)),
        Some(("prior", list)) => Ok(WeightTarget::Prior(numbers(list)?)),
        _ => bail!("--target {text}: give equal-shortfall, shortfall:1,2,.. or prior:0.2,0.3,.."),
    }
}

/// Shortfalls without class weights; empty where there is no stationary point.
fn unweighted_shortfall(dataset: &Dataset, choice: &LossChoice, l2: f64) -> Result<Vec<f64>> {
    let problem = Problem::new(dataset, choice, &ClassWeights::None, l2).map_err(name_option)?;
    let means = solve(&problem)
        .stationary()
        .map(|point| MeanProbability::of(problem.loss().link(), &point.logits(dataset), problem.targets()));
    Ok(means.map(|means| means.shortfall).unwrap_or_default())
}

fn record(
    arguments: &Arguments,
    dataset: &Dataset,
    target: &WeightTarget,
    shortfall_unweighted: Vec<f64>,
    design: &Result<WeightDesign, DesignError>,
) -> WeightsRecord {
    let found = design.as_ref().ok();
    let rows = |design: &WeightDesign| {
        design.means.matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
    };
    let step = |step: &crate::balance::DesignStep| StepRecord {
        class_weights: step.class_weights.clone(),
        shortfall: step.shortfall.clone(),
        residual: step.residual,
    };
    WeightsRecord {
        target: arguments.target.clone(),
        attainable: found.is_some(),
        why: design.as_ref().err().map(ToString::to_string),
        classes: dataset.labels().class_names().to_vec(),
        class_counts: dataset.labels().counts().to_vec(),
        class_weights: found.map(|design| design.class_weights.clone()).unwrap_or_default(),
        mean_probability: found.map(rows).unwrap_or_default(),
        shortfall: found.map(|design| design.means.shortfall.clone()).unwrap_or_default(),
        shortfall_unweighted,
        closed_form: target.closed_form(dataset.labels()).is_some(),
        path: found.map(|design| design.path.iter().map(step).collect()).unwrap_or_default(),
    }
}

fn table(record: &WeightsRecord, style: Style) -> String {
    const DIGITS: usize = 4;
    let heads = ["class", "samples", "weight", "shortfall unweighted", "shortfall", "change"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for (class, name) in record.classes.iter().enumerate() {
        let before = record.shortfall_unweighted.get(class).copied();
        let after = record.shortfall[class];
        let written =
            |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| significant(value, DIGITS));
        rows.push(vec![
            name.clone(),
            record.class_counts[class].to_string(),
            style.strong(&significant(record.class_weights[class], DIGITS)),
            written(before),
            significant(after, DIGITS),
            written(before.map(|before| after - before)),
        ]);
    }
    let mut alignment = [Align::Right; 6];
    alignment[0] = Align::Left;
    let way = if record.closed_form {
        "from sizes alone (B2): no search was needed".to_owned()
    } else {
        format!("found in {}", counted(record.path.len() as u64 - 1, "step"))
    };
    let names: Vec<String> = record
        .classes
        .iter()
        .zip(&record.class_weights)
        .map(|(name, weight)| format!("{name:?}: {weight}"))
        .collect();
    let weights: Vec<String> = record.class_weights.iter().map(f64::to_string).collect();
    format!(
        "{}\n{}, {way}\n\nscikit-learn: class_weight={{{}}}\nPyTorch: weight=torch.tensor([{}])\n",
        columns(&rows, &alignment),
        record.target,
        names.join(", "),
        weights.join(", ")
    )
}
