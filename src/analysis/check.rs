//! Whether an analysis can be carried out and drawn: every design, every name, every number it speaks of.

use super::check_figure::Drawing;
use super::experiment::Experiment;
use super::fault::{Fault, fault};
use super::measure::Measure;
use super::observe::{is_trace, unfit};
use super::specification::{Analysis, Draw, Optimizer, Series};
use crate::solver::{LossChoice, Problem};

/// Repetitions an analysis may have at most.
const MOST_REPETITIONS: u64 = 1_000_000;

pub(super) fn check(experiment: &Experiment) -> Result<(), Fault> {
    let analysis = &experiment.analysis;
    names(analysis)?;
    if let Some(version) = analysis.version.as_ref().filter(|version| *version != env!("CARGO_PKG_VERSION")) {
        let ours = env!("CARGO_PKG_VERSION");
        return fault(
            "version",
            format!("written by version {version}, this is {ours}; take the line out to run it anew"),
        );
    }
    if !(1..=MOST_REPETITIONS).contains(&analysis.repetitions) {
        return fault("repetitions", format!("{}; give 1 to {MOST_REPETITIONS}", analysis.repetitions));
    }
    if analysis.measure.is_empty() {
        return fault("measure", "nothing to measure; name at least one measure");
    }
    let mut first = None;
    for (point, resolved) in experiment.points.iter().enumerate() {
        let at_point = |found: Fault| match experiment.point_in_words(point) {
            Some(place) => Fault { problem: format!("at {place}: {}", found.problem), ..found },
            None => found,
        };
        first.get_or_insert(problems(resolved).map_err(at_point)?);
    }
    analysis.figure.iter().enumerate().try_for_each(|(number, plan)| {
        let (classes, features) = first.unwrap_or_default();
        Drawing { experiment, plan, classes, features }
            .check()
            .map_err(|found| Fault { key: format!("figure.{number}.{}", found.key), ..found })
    })
}

fn names(analysis: &Analysis) -> Result<(), Fault> {
    let plain =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !plain(&analysis.name) {
        return fault("name", format!("{:?}; use letters, digits and hyphens", analysis.name));
    }
    if analysis.series.is_empty() {
        return fault("series", "no series; give at least one");
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
    for (number, plan) in analysis.figure.iter().enumerate() {
        if !plain(&plan.id) || analysis.figure[..number].iter().any(|other| other.id == plan.id) {
            return fault(
                format!("figure.{number}.id"),
                format!("{:?}; every figure needs an id of its own", plan.id),
            );
        }
    }
    Ok(())
}

/// States every problem of a sweep point, on the first draw; returns the numbers of its classes and features.
fn problems(analysis: &Analysis) -> Result<(usize, usize), Fault> {
    let draw = Draw { seed: analysis.seed, repetition: 0 };
    let dataset = match analysis.data.sample(draw) {
        Ok(dataset) => dataset,
        Err(error) => return fault("data", error.to_string()),
    };
    for (number, series) in analysis.series.iter().enumerate() {
        let weights = analysis.weights_of(series).weights(dataset.labels().classes(), draw);
        let Some(choice) = LossChoice::of(&series.loss) else {
            return fault(
                format!("series.{number}.loss"),
                "is for training networks; add a `[training]` table",
            );
        };
        let problem = match Problem::new(&dataset, &choice, &weights, analysis.penalty) {
            Ok(problem) => problem,
            Err(error) => return fault(format!("series.{number}"), error.to_string()),
        };
        if let Some((measure, why)) =
            analysis.measure.iter().find_map(|&measure| Some((measure, unfit(measure, &problem, &dataset)?)))
        {
            return fault("measure", format!("`{}` {why}", measure.name()));
        }
        if dataset.fixed_logits().is_some() && series.optimizer != Optimizer::Newton {
            return fault(
                format!("series.{number}.optimizer"),
                "first-order optimizers need a design with features",
            );
        }
        if dataset.fixed_logits().is_some() && analysis.measure.iter().any(|&measure| is_trace(measure)) {
            return fault("measure", "traces need a design with features");
        }
    }
    Ok((dataset.labels().classes(), dataset.dimension()))
}
