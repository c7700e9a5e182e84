//! A sweep over penalties: every head is measured on held-out samples, and the best one chosen.

use super::new_data::NewData;
use super::output::{Style, columns, note, numbers_right};
use super::progress::Waiting;
use anyhow::{Result, bail, ensure};
use equipoise::data::Standardization;
use equipoise::numeric::significant;
use equipoise::record::{
    PenaltyRecord, PenaltySweep, SolvedOver, Status, SweepEnd, SweepPlan, SweepRecord, UnansweredSweep,
};
use equipoise::solver::{Head, Iteration, Problem, SolverSettings};
use std::ops::ControlFlow;

/// Solves a problem for penalties in falling order; says so where none has an answer.
///
/// Heads are in the units of the file where `units` are those of the problem.
pub(super) fn run(
    problem: &Problem,
    falling: &[f64],
    settings: &SolverSettings,
    new: &NewData,
    units: Option<&Standardization>,
) -> Result<Result<PenaltySweep, UnansweredSweep>> {
    let solved_over = if new.is_drawn() { SolvedOver::AllSamples } else { SolvedOver::TrainingSamples };
    let test = new.test_source().unwrap_or_default();
    let plan = SweepPlan { falling, settings, test, solved_over };
    let waiting = Waiting::new("sweeping");
    let mut step = |place: usize, step: &Iteration| {
        let at = format!("penalty {} of {}, iteration {}", place + 1, falling.len(), step.number);
        waiting.update(&at);
        ControlFlow::Continue(())
    };
    let swept =
        PenaltySweep::run(problem, plan, &|head| new.tested(problem, &in_units(head, units)), &mut step)?;
    waiting.end();
    match swept {
        SweepEnd::Best(sweep) => Ok(Ok(sweep)),
        SweepEnd::Unanswered(unanswered) => {
            note("note: no penalty of the sweep has an answer; raise them, or give more time");
            Ok(Err(unanswered))
        }
        SweepEnd::BrokenOff => bail!("the sweep was broken off"),
    }
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

/// A line for each penalty, and which is best.
pub(super) fn table(sweep: &SweepRecord, style: Style) -> String {
    let over = match sweep.solved_over {
        SolvedOver::AllSamples => "all samples, the held-out ones included",
        SolvedOver::TrainingSamples => "the samples of the sweep",
    };
    format!(
        "{}best by log loss: l2 {}, solved over {over} below; most accurate: l2 {}\n\n",
        penalties(&sweep.penalties, &sweep.test, Some(sweep.best), style),
        significant(sweep.best, 3),
        significant(sweep.most_accurate, 3)
    )
}

/// The same where none has an answer.
pub(super) fn unanswered_table(sweep: &UnansweredSweep, style: Style) -> String {
    penalties(&sweep.penalties, &sweep.test, None, style)
}

fn penalties(of: &[PenaltyRecord], test: &str, best: Option<f64>, style: Style) -> String {
    let header = ["l2", "iterations", "gradient", "accuracy", "balanced", "log loss", ""];
    let mut rows = vec![header.iter().map(|title| style.strong(title)).collect::<Vec<_>>()];
    let shown =
        |number: Option<f64>, digits| number.map_or_else(|| "-".to_owned(), |n| significant(n, digits));
    for penalty in of {
        rows.push(vec![
            significant(penalty.l2, 3),
            penalty.iterations.to_string(),
            shown(penalty.relative_gradient, 2),
            shown(penalty.accuracy, 4),
            shown(penalty.balanced_accuracy, 4),
            shown(penalty.log_loss, 5),
            match penalty.status {
                Status::Stationary if best == Some(penalty.l2) => style.good("best"),
                Status::Stationary => String::new(),
                Status::Separable => style.bad("separable"),
                Status::NotConverged => style.bad("not converged"),
            },
        ]);
    }
    let columns = columns(&rows, &numbers_right(header.len()));
    format!("sweep over {} penalties, tested on {test}\n{columns}", of.len())
}
