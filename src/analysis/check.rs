//! Checks that an analysis can be run and drawn: every design, every name, every number in it.

use super::check_figure::Drawing;
use super::file::{Experiment, unknown};
use super::free_features;
use super::measure::{Measure, Selector, Shape};
use super::observe::{is_trace, unfit};
use super::specification::{
    Analysis, Design, Draw, Family, Halving, NamedWeights, RateUnit, Series, SeriesOptimizer, TestSamples,
    TrainingSpec, WeightRule,
};
use super::train::{self, Refused, Task};
use crate::cnn::Optimizer;
use crate::data::{Dataset, Labels};
use crate::files::check_readable_again;
use crate::memory::check_memory;
use crate::numeric::plain as number;
use crate::text::is_no_text;
use toml::{Table, Value};

/// Repetitions an analysis may have at most.
const MAX_REPETITIONS: u64 = 1_000_000;

/// Letters of a name: file names are made of two of them and an ending, and no system has longer ones than 255.
const LONGEST_NAME: usize = 80;
/// Learning rates that may be added to those given.
const MAX_EXTENSIONS: usize = 100;
/// Iterations of a first-order optimizer at most.
const MAX_ITERATIONS: u64 = 10_000_000;

/// Problems an analysis may have at most: points times series times repetitions.
const MAX_PROBLEMS: u128 = 10_000_000;
/// Bytes of a problem in the list of all and of its record, measures of many numbers aside.
pub(super) const BYTES_OF_PROBLEM: u128 = 3_072;

/// Designs of up to this many numbers (1 GiB) are drawn to check them; a larger one is checked when it is solved.
const MAX_DRAWN: usize = 1 << 27;

/// Checks names, tables, figures, and the problems of the first point and of `more`; returns the names of the classes at the first.
pub(super) fn check(
    experiment: &mut Experiment,
    more: impl IntoIterator<Item = usize>,
) -> Result<Vec<String>, Fault> {
    let analysis = &experiment.analysis;
    names(analysis)?;
    if let Some(version) = analysis.version.as_ref().filter(|version| *version != env!("CARGO_PKG_VERSION")) {
        let ours = env!("CARGO_PKG_VERSION");
        return fault(
            "version",
            format!("written by version {version}, this is {ours}; remove the line to run it again"),
        );
    }
    if !(1..=MAX_REPETITIONS).contains(&analysis.repetitions) {
        return fault("repetitions", format!("{}; give 1 to {MAX_REPETITIONS}", analysis.repetitions));
    }
    problem_count(experiment)?;
    if analysis.measure.is_empty() {
        return fault("measure", "nothing to measure; name at least one measure");
    }
    let FirstDraw { class_names, features } = at_point(experiment, 0, &mut None)?;
    points(experiment, more)?;
    tables(analysis)?;
    resolve(&mut experiment.analysis, &class_names)?;
    let experiment = &*experiment;
    experiment.analysis.figure.iter().enumerate().try_for_each(|(number, plan)| {
        Drawing { experiment, plan, class_names: &class_names, features }
            .check()
            .map_err(|found| Fault { key: format!("figure.{number}.{}", found.key), ..found })
    })?;
    Ok(class_names)
}

/// Puts numbers in place of the classes that figures and tables name.
fn resolve(analysis: &mut Analysis, class_names: &[String]) -> Result<(), Fault> {
    let figures = analysis.figure.iter_mut().enumerate();
    let figures = figures.map(|(number, plan)| (format!("figure.{number}"), plan.selectors()));
    let tables = analysis.table.iter_mut().enumerate();
    let tables = tables.map(|(number, plan)| (format!("table.{number}"), plan.selectors()));
    for (place, selectors) in figures.chain(tables) {
        for (key, selector) in selectors {
            let resolved = selector.resolve(class_names);
            resolved.map_err(|problem| Fault { key: format!("{place}.{key}"), problem })?;
        }
    }
    Ok(())
}

/// Classes and features of the first draw at a point.
#[derive(Default)]
struct FirstDraw {
    class_names: Vec<String>,
    features: usize,
}

impl FirstDraw {
    fn of(labels: &Labels, features: usize) -> Self {
        Self { class_names: labels.class_names().to_vec(), features }
    }
}

/// How many problems there are, which is known before any is stated; `repetitions` may be swept, too.
fn problem_count(experiment: &Experiment) -> Result<(), Fault> {
    let count = experiment.problem_count();
    let by_axis = experiment.points.iter().find(|point| !(1..=MAX_REPETITIONS).contains(&point.repetitions));
    match by_axis {
        Some(point) => fault(
            "repetitions",
            format!("{} at a point of the sweep; give 1 to {MAX_REPETITIONS}", point.repetitions),
        ),
        None if count > MAX_PROBLEMS => fault(
            "repetitions",
            format!(
                "{count} problems in all (points x series x repetitions); give fewer, {MAX_PROBLEMS} are the most, or \
                 several analyses"
            ),
        ),
        None => check_memory(
            BYTES_OF_PROBLEM * count,
            "the list of problems takes",
            "give fewer repetitions or points",
        )
        .or_else(|error| fault("repetitions", error.to_string())),
    }
}

/// The problems of these points.
pub(super) fn points(experiment: &Experiment, points: impl IntoIterator<Item = usize>) -> Result<(), Fault> {
    let mut drawn = None;
    points.into_iter().try_for_each(|point| at_point(experiment, point, &mut drawn).map(drop))
}

fn at_point<'a>(
    experiment: &'a Experiment,
    point: usize,
    drawn: &mut Option<Drawn<'a>>,
) -> Result<FirstDraw, Fault> {
    let Some(resolved) = experiment.points.get(point) else { return Ok(FirstDraw::default()) };
    problems(resolved, drawn).map_err(|found| match experiment.point_in_words(point) {
        Some(place) => Fault { problem: format!("at {place}: {}", found.problem), ..found },
        None => found,
    })
}

fn names(analysis: &Analysis) -> Result<(), Fault> {
    if !plain(&analysis.name) {
        return fault("name", format!("{:?}; use letters, digits and hyphens", analysis.name));
    }
    let ids =
        analysis.figure.iter().enumerate().map(|(number, plan)| (format!("figure.{number}.id"), &plan.id));
    let tables =
        analysis.table.iter().enumerate().map(|(number, plan)| (format!("table.{number}.id"), &plan.id));
    for (key, name) in ids.chain(tables).chain([("name".to_owned(), &analysis.name)]) {
        if name.len() > LONGEST_NAME {
            return fault(
                key,
                format!("{} letters; it is part of file names, give at most {LONGEST_NAME}", name.len()),
            );
        }
    }
    if analysis.series.is_empty() {
        return fault("series", "no series; give at least one");
    }
    let is_blank = |series: &Series| series.label.as_ref().is_some_and(|label| label.trim().is_empty());
    if let Some(number) = analysis.series.iter().position(is_blank) {
        return fault(format!("series.{number}.label"), "is empty; leave it out, or say what the series is");
    }
    let series: Vec<String> = analysis.series.iter().map(Series::name).collect();
    if let Some(number) = (1..series.len()).find(|&number| series[..number].contains(&series[number])) {
        return fault(
            format!("series.{number}"),
            format!("a second series named `{}`; give it a label", series[number]),
        );
    }
    for (number, sweep) in analysis.sweep.iter().enumerate() {
        let key = format!("sweep.{number}.name");
        if !plain(&sweep.name) {
            return fault(key, format!("{:?}; use letters, digits, hyphens and underscores", sweep.name));
        }
        if Measure::named(&sweep.name).is_ok() {
            return fault(key, format!("`{}` is a measure; call the axis something else", sweep.name));
        }
        if analysis.sweep[..number].iter().any(|other| other.name == sweep.name) {
            return fault(key, format!("a second axis named `{}`", sweep.name));
        }
        if sweep.keys.is_empty() {
            return fault(format!("sweep.{number}.keys"), "no keys; name what takes the values");
        }
    }
    let figures: Vec<&str> = analysis.figure.iter().map(|plan| plan.id.as_str()).collect();
    own_ids("figure", &figures)
}

fn tables(analysis: &Analysis) -> Result<(), Fault> {
    let ids: Vec<&str> = analysis.table.iter().map(|plan| plan.id.as_str()).collect();
    own_ids("table", &ids)?;
    let names: Vec<String> = analysis.series.iter().map(Series::name).collect();
    for (number, plan) in analysis.table.iter().enumerate() {
        let key = |key: &str| format!("table.{number}.{key}");
        if plan.measures.is_empty() {
            return fault(key("measures"), "there are none; give at least one");
        }
        for measure in &plan.measures {
            if !measure.is_one_number() && measure.measure.shape() != Shape::Classes {
                let problem = format!("`{measure}` is neither one number nor one for every class");
                return fault(key("measures"), problem);
            }
            is_measured(analysis, measure).or_else(|problem| fault(key("measures"), problem))?;
        }
        for (number, family) in plan.family.iter().enumerate() {
            families(analysis, family, &names)
                .map_err(|found| Fault { key: key(&format!("family.{number}.{}", found.key)), ..found })?;
            if plan.family[..number].iter().any(|other| other.name == family.name) {
                return fault(key(&format!("family.{number}.name")), "a second family of this name");
            }
        }
    }
    Ok(())
}

fn is_measured(analysis: &Analysis, measure: &Selector) -> Result<(), String> {
    if analysis.measure.contains(&measure.measure) {
        return Ok(());
    }
    Err(format!("`{}` is not measured; add it to `measure`", measure.measure.name()))
}

fn families(analysis: &Analysis, family: &Family, names: &[String]) -> Result<(), Fault> {
    if !family.measure.is_one_number() {
        let problem = format!("`{0}` is a list; say which number of it, such as `{0}.0`", family.measure);
        return fault("measure", problem);
    }
    is_measured(analysis, &family.measure).or_else(|problem| fault("measure", problem))?;
    for (key, list) in [("series", &family.series), ("against", &family.against)] {
        if let Some(name) = list.iter().find(|name| !names.contains(name)) {
            return fault(key, unknown(name, names));
        }
    }
    if family.pairs(names).is_empty() {
        return fault(
            "against",
            "there is nothing to compare; name at least one series that is not in `series`",
        );
    }
    Ok(())
}

/// Whether a name may be part of a file name.
fn plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// That every id can be part of a file's name, and that no two are the same.
fn own_ids(of: &str, ids: &[&str]) -> Result<(), Fault> {
    for (number, id) in ids.iter().enumerate() {
        let key = format!("{of}.{number}.id");
        if !plain(id) {
            return fault(key, format!("{id:?}; use letters, digits, hyphens and underscores"));
        }
        if ids[..number].contains(id) {
            return fault(key, format!("{id:?} is that of another {of}; give each an id of its own"));
        }
    }
    Ok(())
}

/// The first draw of a design.
struct Drawn<'a> {
    design: &'a Design,
    seed: u64,
    test: &'a Option<TestSamples>,
    dataset: Dataset,
}

impl<'a> Drawn<'a> {
    fn of(analysis: &'a Analysis, draw: Draw) -> Result<Self, Fault> {
        let (dataset, _) = analysis.samples(draw).or_else(|error| {
            // The design itself can be drawn: what is wrong is how it is tested.
            let of_test = analysis.test.is_some() && analysis.data.sample(draw).is_ok();
            fault(if of_test { "test" } else { "data" }, error.to_string())
        })?;
        Ok(Self { design: &analysis.data, seed: analysis.seed, test: &analysis.test, dataset })
    }

    /// Whether it is the first draw of a point.
    fn is_of(&self, analysis: &Analysis) -> bool {
        *self.design == analysis.data && self.seed == analysis.seed && *self.test == analysis.test
    }
}

/// Builds every problem of a sweep point, on the first draw; returns its classes and features. `drawn`
/// is the draw of the point before: points along an axis of losses, weights or penalties share it.
fn problems<'a>(analysis: &'a Analysis, drawn: &mut Option<Drawn<'a>>) -> Result<FirstDraw, Fault> {
    searches(analysis)?;
    files(analysis)?;
    if let Some(training) = &analysis.training {
        if analysis.test.is_some() {
            return fault("test", "applies to solved heads only; set `training.test`");
        }
        return trainings(analysis, training);
    }
    free_features::check(analysis)?;
    if analysis.repeats_a_table() && analysis.repetitions > 1 {
        return fault(
            "repetitions",
            format!(
                "{} times the same table; keep a `share` apart in `[test]`, or add `resample = true` to `[data.csv]`",
                analysis.repetitions
            ),
        );
    }
    match analysis.data.size() {
        // With fewer samples than classes the design is impossible, and drawing it returns the reason.
        Ok(Some(size)) if size.samples >= size.classes && size.numbers() > MAX_DRAWN => {
            let class_names = (0..size.classes).map(|class| class.to_string()).collect();
            return Ok(FirstDraw { class_names, features: size.features });
        }
        _ => {}
    }
    let draw = Draw { seed: analysis.seed, repetition: 0 };
    let dataset = match drawn {
        Some(drawn) if drawn.is_of(analysis) => &drawn.dataset,
        _ => &drawn.insert(Drawn::of(analysis, draw)?).dataset,
    };
    for (number, series) in analysis.series.iter().enumerate() {
        problem_of(analysis, (number, series), dataset, draw)?;
    }
    Ok(FirstDraw::of(dataset.labels(), dataset.dimension()))
}

/// That files can be read once more, for every repetition.
fn files(analysis: &Analysis) -> Result<(), Fault> {
    for (key, file) in [("data", analysis.data.file()), ("test", analysis.test_file())] {
        let Some(path) = file else { continue };
        check_readable_again(path).or_else(|why| fault(key, format!("{}: {why}", path.display())))?;
    }
    Ok(())
}

/// States the problem of a series, and checks that it has the measures and the optimizer that are asked for.
fn problem_of(
    analysis: &Analysis,
    (number, series): (usize, &Series),
    dataset: &Dataset,
    draw: Draw,
) -> Result<(), Fault> {
    let weights = analysis.weights_of(series).weights(dataset.labels().classes(), draw);
    let at_series = |problem: String| match problem.strip_prefix("l2: ") {
        Some(of_penalty) => Fault { key: "penalty".to_owned(), problem: of_penalty.to_owned() },
        None => Fault { key: format!("series.{number}"), problem },
    };
    let problem = series.problem(dataset, &weights, analysis.penalty).map_err(at_series)?;
    let tests = analysis.test.is_some();
    let unfit = |&measure: &Measure| Some((measure, unfit(measure, &problem, dataset, tests)?));
    if let Some((measure, why)) = analysis.measure.iter().find_map(unfit) {
        return fault("measure", format!("`{}` {why}", measure.name()));
    }
    if dataset.fixed_logits().is_some() && series.optimizer != SeriesOptimizer::Newton {
        return fault(
            format!("series.{number}.optimizer"),
            "first-order optimizers need a design with features",
        );
    }
    if dataset.fixed_logits().is_some() && analysis.measure.iter().any(|&measure| is_trace(measure)) {
        return fault("measure", "traces need a design with features");
    }
    Ok(())
}

/// Iterations of optimizers, and the ends between which weights are drawn.
fn searches(analysis: &Analysis) -> Result<(), Fault> {
    drawn_weights("class_weights", Some(&analysis.class_weights))?;
    for (number, series) in analysis.series.iter().enumerate() {
        drawn_weights(&format!("series.{number}.class_weights"), series.class_weights.as_ref())?;
        match series.optimizer {
            SeriesOptimizer::Lbfgs { iterations } | SeriesOptimizer::GradientDescent { iterations }
                if !(1..=MAX_ITERATIONS).contains(&iterations) =>
            {
                let problem = format!("{iterations} iterations; give 1 to {MAX_ITERATIONS}");
                return fault(format!("series.{number}.optimizer"), problem);
            }
            _ => {}
        }
    }
    Ok(())
}

fn drawn_weights(key: &str, rule: Option<&WeightRule>) -> Result<(), Fault> {
    const LEAST: f64 = 1e-100;
    match rule {
        Some(&WeightRule::Rule(NamedWeights::LogUniform { low, high }))
            if !(LEAST <= low && low <= high && high <= 1.0 / LEAST) =>
        {
            let problem = format!(
                "log_uniform from {} to {}; give two numbers from {LEAST:e} to {:e}, the smaller one first",
                number(low),
                number(high),
                1.0 / LEAST
            );
            fault(key, problem)
        }
        _ => Ok(()),
    }
}

/// States every training of a sweep point, on the first draw.
fn trainings(analysis: &Analysis, training: &TrainingSpec) -> Result<FirstDraw, Fault> {
    held_out(training)?;
    rates(training)?;
    if analysis.penalty != 0.0 {
        return fault("penalty", "applies to solved heads only; set `training.recipe.decay`");
    }
    let draw = Draw { seed: analysis.seed, repetition: 0 };
    let images = match analysis.data.images(draw, training) {
        Ok(images) => images,
        Err(error) => return fault("data", error.to_string()),
    };
    let classes = images.learned_from.labels().classes();
    for &measure in &analysis.measure {
        if let Some(why) = train::unfit(measure, classes, images.tested_on.is_some(), training) {
            return fault("measure", format!("`{}` {why}", measure.name()));
        }
    }
    let mut features = 0;
    for (number, series) in analysis.series.iter().enumerate() {
        let at_series = |problem: String| Fault { key: format!("series.{number}"), problem };
        if series.optimizer != SeriesOptimizer::Newton {
            return fault(
                format!("series.{number}.optimizer"),
                "applies to solved heads only; set `training.recipe.optimizer`",
            );
        }
        let task = Task { analysis, series, draw, rate: training.only_rate() };
        match task.state(&images.learned_from) {
            Ok(begun) => features = begun.network().features(),
            Err(Refused::Impossible(why) | Refused::Endless(why)) => return Err(at_series(why)),
        }
    }
    Ok(FirstDraw::of(images.learned_from.labels(), features))
}

/// That images are held out in one way at most, and in one where learning rates are chosen by them.
fn held_out(training: &TrainingSpec) -> Result<(), Fault> {
    match (training.held_out, training.held_out_share) {
        (0, None) if training.chooses() => {
            fault("training.held_out", "0 images; several `rates` need images to choose by")
        }
        (1.., Some(_)) => fault("training.held_out_share", "goes without `held_out`; give one of the two"),
        (_, Some(share)) if !(share > 0.0 && share < 1.0) => {
            fault("training.held_out_share", format!("{share}; give a number between 0 and 1"))
        }
        _ => Ok(()),
    }
}

/// The learning rates, and how one of several is chosen.
fn rates(training: &TrainingSpec) -> Result<(), Fault> {
    match training.halving {
        Some(_) if !training.chooses() => {
            return fault("training.halving", "chooses among several `training.rates`; give at least two");
        }
        Some(Halving { epochs: 0, .. }) => return fault("training.halving.epochs", "0; give at least 1"),
        Some(Halving { extensions, .. }) if extensions > MAX_EXTENSIONS => {
            let problem = format!("{extensions}; give at most {MAX_EXTENSIONS}");
            return fault("training.halving.extensions", problem);
        }
        _ => {}
    }
    if training.rate_unit == RateUnit::InitialGradient
        && !matches!(training.recipe.optimizer, Optimizer::Sgd { .. })
    {
        return fault(
            "training.rate_unit",
            "`initial_gradient` goes with sgd; the steps of others have no size",
        );
    }
    if let Some(rate) = training.rates.iter().find(|rate| !(rate.is_finite() && **rate > 0.0)) {
        return fault("training.rates", format!("{rate}; give numbers above 0"));
    }
    Ok(())
}

/// Fails at the first value of a file that is no finite number or holds characters that are no text.
pub(super) fn check_table(table: &Table) -> Result<(), Fault> {
    table.iter().try_for_each(|(name, value)| check_value(name, value))
}

/// The same of one value and those within it; `key` is its own.
pub(super) fn check_value(key: &str, value: &Value) -> Result<(), Fault> {
    let refused = |problem: String| Err(Fault { key: key.to_owned(), problem });
    match value {
        Value::Float(number) if !number.is_finite() => {
            refused(format!("{number}; every number must be finite"))
        }
        Value::String(text) => match text.chars().find(|&character| is_no_text(character)) {
            Some(character) => refused(format!(
                "holds the character U+{:04X}, which is no text: it could command a terminal or reverse what follows; leave \
                 it out",
                u32::from(character)
            )),
            None => Ok(()),
        },
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(number, item)| check_value(&format!("{key}.{number}"), item)),
        Value::Table(table) => {
            table.iter().try_for_each(|(name, value)| check_value(&format!("{key}.{name}"), value))
        }
        _ => Ok(()),
    }
}

/// What is wrong, and at which dotted key of the file.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) key: String,
    pub(super) problem: String,
}

pub(super) fn fault<T>(key: impl Into<String>, problem: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { key: key.into(), problem: problem.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_is_none_is_named_by_its_key() {
        let check = |text: &str| {
            let table: toml::Table = toml::from_str(text).expect("TOML");
            check_table(&table).map_err(|fault| (fault.key, fault.problem))
        };
        assert_eq!(check("a = 1.0\nb = \"two\\nlines\\tλ\"\nc = [1e308, -0.0]"), Ok(()));
        for (text, key, part) in [
            ("a = [{ b = 1.0 }, { b = nan }]", "a.1.b", "NaN; every number must be finite"),
            ("a = { low = -inf }", "a.low", "-inf"),
            ("a = [\"x\", \"a\\u001b]0;b\"]", "a.1", "U+001B"),
            ("a = \"a\\u202eb\"", "a", "U+202E"),
            ("a = \"\\u009b\"", "a", "U+009B"),
        ] {
            let (found, problem) = check(text).expect_err(text);
            assert!(found == key && problem.contains(part), "{text}: {found}: {problem}");
        }
    }
}
