//! A sweep over penalties: every head is measured on held-out samples, and the best one chosen.

use super::new_data::NewData;
use super::output::{Style, columns, note, numbers_right};
use super::progress::Waiting;
use anyhow::{Result, ensure};
use equipoise::data::Standardization;
use equipoise::numeric::significant;
use equipoise::record::{SolvedOver, Sweep, SweepPlan, SweepRecord};
use equipoise::solver::{Head, Iteration, Problem, SolverSettings};
use std::ops::ControlFlow;

/// Solves a problem for penalties in falling order; `None`, and a line that says so, where none has an answer.
///
/// Heads are in the units of the file where `units` are those of the problem.
pub(super) fn run(
    problem: &Problem,
    falling: &[f64],
    settings: &SolverSettings,
    new: &NewData,
    units: Option<&Standardization>,
) -> Result<Option<Sweep>> {
    let solved_over = if new.is_drawn() { SolvedOver::AllSamples } else { SolvedOver::TrainingSamples };
    let test = new.test_source().unwrap_or_default();
    let plan = SweepPlan { falling, settings, test, solved_over };
    let waiting = Waiting::new("sweeping");
    let mut step = |place: usize, step: &Iteration| {
        let at = format!("penalty {} of {}, iteration {}", place + 1, falling.len(), step.number);
        waiting.update(&at);
        ControlFlow::Continue(())
    };
    let swept = Sweep::run(problem, plan, &|head| new.tested(problem, &in_units(head, units)), &mut step)?;
    waiting.end();
    if swept.is_none() {
        note("note: no penalty of the sweep has an answer; raise them, or give more time");
    }
    Ok(swept)
}

fn in_units(head: &Head, units: Option<&Standardization>) -> Head {
    let Some(units) = units else { return head.clone() };
    let (coefficients, intercepts) = units.in_user_units(&head.coefficients, &head.intercepts);
    Head { coefficients, intercepts }
}

/// A sweep needs samples to choose by.
pub(super) fn check(new_has_test: bool) -> Result<()> {
    ensure!(
        new_has_test,
        "--l2: a sweep goes with --test, by which the best penalty is chosen; add --test 0.1 or a file"
    );
    Ok(())
}

/// A line for each penalty.
pub(super) fn table(sweep: &SweepRecord, style: Style) -> String {
    let header = ["l2", "iterations", "gradient", "accuracy", "balanced", "log loss", ""];
    let mut rows = vec![header.iter().map(|title| style.strong(title)).collect::<Vec<_>>()];
    let shown =
        |number: Option<f64>, digits| number.map_or_else(|| "-".to_owned(), |n| significant(n, digits));
    for penalty in &sweep.penalties {
        rows.push(vec![
            significant(penalty.l2, 3),
            penalty.iterations.to_string(),
            significant(penalty.relative_gradient, 2),
            shown(penalty.accuracy, 4),
            shown(penalty.balanced_accuracy, 4),
            shown(penalty.log_loss, 5),
            if penalty.l2 == sweep.best { style.good("best") } else { String::new() },
        ]);
    }
    let over = match sweep.solved_over {
        SolvedOver::AllSamples => "all samples, the held-out ones included",
        SolvedOver::TrainingSamples => "the samples of the sweep",
    };
    format!(
        "sweep over {} penalties, tested on {}\n{}best by log loss: l2 {}, solved over {over} below; most accurate: l2 {}\n\n",
        sweep.penalties.len(),
        sweep.test,
        columns(&rows, &numbers_right(header.len())),
        significant(sweep.best, 3),
        significant(sweep.most_accurate, 3)
    )
}
