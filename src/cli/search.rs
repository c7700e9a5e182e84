//! `search`: data sets on which a class weight has an unexpected effect.

use super::Ending;
use super::files::{Target, check_targets, save};
use super::output::{OutputFormat, Style, columns, note, numbers_right, print};
use super::progress::progress_bar;
use anyhow::{Result, ensure};
use equipoise::balance::WeightEffects;
use equipoise::claims::{EffectSearch, FoundEffect, MORE_WEIGHT, UnexpectedEffect};
use equipoise::numeric::significant;
use equipoise::solver::LARGEST_PARAMETER;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// Draws, climbs or steps at most: weeks of work.
const MAX_COUNT: usize = 10_000_000;
/// Step of the differences that confirm an effect: where effects are large they change fast.
const STEP: f64 = 2e-5;

const EXAMPLES: &str = "Examples:
  equipoise search own                    more weight lowers a class's own mean probability (W4)
  equipoise search own --classes 3 --l2 1e-3 --save three.csv
  equipoise search another --classes 3    more weight on a class raises that of another
  equipoise weights three.csv --label y --target equal-shortfall --l2 1e-3

Problems of six groups of samples in three dimensions are drawn at random, then the most promising are changed step by step \
as long as that helps. The same seed finds the same data set on any number of threads.";

/// What to look for and how long.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SearchArguments {
    /// What is looked for
    #[arg(value_enum)]
    effect_kind: EffectName,
    /// Classes; two are solved with the binary logistic loss, more with softmax
    #[arg(long, default_value_t = 3, value_name = "K")]
    classes: usize,
    /// L2 penalty on the coefficients
    #[arg(long, default_value_t = 0.0, value_name = "X", allow_hyphen_values = true)]
    l2: f64,
    /// Random problems to start from
    #[arg(long, default_value_t = 2000, value_name = "N")]
    draws: usize,
    /// Climbs from the most promising of them
    #[arg(long, default_value_t = 128, value_name = "N")]
    climbs: usize,
    /// Steps of each climb; the best takes six times as many
    #[arg(long, default_value_t = 300, value_name = "N")]
    steps: usize,
    /// Seed of everything
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also write the data set to this file, its classes in column y, once one is found
    #[arg(long, value_name = "FILE.csv")]
    save: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
enum EffectName {
    /// More weight on a class lowers its own mean probability
    Own,
    /// More weight on a class raises the mean probability of another
    Another,
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
struct SearchRecord {
    effect_kind: EffectName,
    classes: usize,
    l2: f64,
    seed: u64,
    drawn: usize,
    unexpected: usize,
    best_drawn: f64,
    climbs: usize,
    climbs_arrived: usize,
    /// `dP[k][k] / d log lambda_j` at equal weights.
    effect: f64,
    /// The same by problems solved again; absent where one of them has no stationary point.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect_by_differences: Option<f64>,
    /// `P[k][k]` at equal weights and with 10% more weight.
    change: [f64; 2],
    weight_of_class: usize,
    mean_probability_of_class: usize,
    points: Vec<Vec<f64>>,
    counts: Vec<Vec<usize>>,
}

pub(super) fn run(arguments: &SearchArguments, style: Style) -> Result<Ending> {
    let search = check(arguments)?;
    let bar = progress_bar("problems");
    bar.set_length(search.problems());
    let found = search.run(&|| bar.inc(1));
    bar.finish_and_clear();
    let found = found?;
    let record = record(arguments, &search, &found)?;
    let arrived = record.arrived();
    // A data set that does not show the effect would be taken for one that does.
    if let Some(file) = arguments.save.as_ref().filter(|_| arrived) {
        save(file, &csv(&record))?;
    }
    print(&match arguments.format {
        OutputFormat::Json => serde_json::to_string_pretty(&record)? + "\n",
        OutputFormat::Table => table(&record, style),
    })?;
    if !arrived {
        let unwritten = arguments
            .save
            .as_ref()
            .map(|file| format!("; {} is not written", file.display()))
            .unwrap_or_default();
        note(&format!("none found: try another --seed, more --climbs or --steps{unwritten}"));
    }
    Ok(if arrived { Ending::Done } else { Ending::Failed })
}

fn check(arguments: &SearchArguments) -> Result<EffectSearch> {
    const CLASSES: std::ops::RangeInclusive<usize> = 2..=20;
    let SearchArguments { classes, l2, draws, climbs, steps, seed, .. } = *arguments;
    ensure!(CLASSES.contains(&classes), "--classes {classes}: give 2 to 20");
    ensure!(
        arguments.effect_kind == EffectName::Own || classes > 2,
        "--classes 2: effects on another class need softmax and three classes or more; give 3 or more"
    );
    ensure!(
        (0.0..=LARGEST_PARAMETER).contains(&l2),
        "--l2 {l2}: give zero or a positive number up to {LARGEST_PARAMETER:e}"
    );
    ensure!(draws > 0 && climbs > 0, "--draws and --climbs: give at least 1");
    for (name, number) in [("draws", draws), ("climbs", climbs), ("steps", steps)] {
        ensure!(number <= MAX_COUNT, "--{name} {number}: give {MAX_COUNT} at most");
    }
    check_targets(Target::of("--save", arguments.save.as_deref()).as_slice(), &[])?;
    let effect_kind = arguments.effect_kind.effect_kind();
    Ok(EffectSearch { effect_kind, classes, l2, draws, climbs, steps, seed })
}

impl EffectName {
    fn effect_kind(self) -> UnexpectedEffect {
        match self {
            Self::Own => UnexpectedEffect::AgainstItsOwn,
            Self::Another => UnexpectedEffect::ForAnother,
        }
    }
}

impl SearchRecord {
    /// Whether what was looked for was found.
    fn arrived(&self) -> bool {
        let [before, after] = self.change;
        self.effect_kind.effect_kind().amount(after - before) > 0.0
    }
}

fn record(arguments: &SearchArguments, search: &EffectSearch, found: &FoundEffect) -> Result<SearchRecord> {
    let (weight, class) = search.effect_kind.classes();
    let dataset = found.groups.dataset()?;
    let weights = vec![1.0; search.classes];
    let again = WeightEffects::by_differences(&dataset, &search.choice(), &weights, search.l2, weight, STEP);
    Ok(SearchRecord {
        effect_kind: arguments.effect_kind,
        classes: search.classes,
        l2: search.l2,
        seed: search.seed,
        drawn: found.drawn,
        unexpected: found.unexpected,
        best_drawn: found.best_drawn,
        climbs: search.climbs,
        climbs_arrived: found.climbs_arrived,
        effect: found.effect,
        effect_by_differences: again.map(|effects| effects[(class, class)]),
        change: found.change,
        weight_of_class: weight,
        mean_probability_of_class: class,
        points: found.groups.points().to_vec(),
        counts: found.groups.counts().to_vec(),
    })
}

fn table(record: &SearchRecord, style: Style) -> String {
    let (weight, class) = (record.weight_of_class, record.mean_probability_of_class);
    let [before, after] = record.change.map(|probability| significant(probability, 5));
    let verdict = if record.arrived() { style.good(&after) } else { style.bad(&after) };
    let mut text = format!(
        "{:.0}% more weight on class {weight} takes P[{class}][{class}] from {before} to {verdict}\n\
         dP[{class}][{class}] / d log weight of class {weight} = {}",
        100.0 * (MORE_WEIGHT - 1.0),
        significant(record.effect, 6)
    );
    if let Some(again) = record.effect_by_differences {
        let _ = write!(text, ", {} by problems solved again", significant(again, 6));
    }
    let _ = writeln!(
        text,
        "\nrandom problems: {} of {} show it, the nearest {}; climbs: {} of {}\n",
        record.unexpected,
        record.drawn,
        significant(record.best_drawn, 3),
        record.climbs_arrived,
        record.climbs
    );
    let mut rows = vec![vec!["group".to_owned(), "x".to_owned(), "y".to_owned(), "z".to_owned()]];
    rows[0].extend((0..record.classes).map(|class| format!("of class {class}")));
    for (group, (point, counts)) in record.points.iter().zip(&record.counts).enumerate() {
        let mut row = vec![group.to_string()];
        row.extend(point.iter().map(|coordinate| format!("{coordinate:.4}")));
        row.extend(counts.iter().map(usize::to_string));
        rows.push(row);
    }
    text + &columns(&rows, &numbers_right(rows[0].len()))
}

/// One row per sample.
fn csv(record: &SearchRecord) -> String {
    let mut text = String::from("x0,x1,x2,y\n");
    for (point, counts) in record.points.iter().zip(&record.counts) {
        for (class, &count) in counts.iter().enumerate() {
            for _ in 0..count {
                let _ = writeln!(text, "{},{},{},{class}", point[0], point[1], point[2]);
            }
        }
    }
    text
}
