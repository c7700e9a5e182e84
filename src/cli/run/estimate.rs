//! `run --estimate`: what a run will take.

use crate::cli::Ending;
use crate::cli::output::{Align, Style, columns, print};
use anyhow::Result;
use equipoise::analysis::{Estimate, Experiment, estimate};
use equipoise::memory::readable;
use equipoise::numeric::significant;

pub(super) fn show(experiment: &Experiment, style: Style) -> Result<Ending> {
    let Estimate { problems, seconds, longest, memory } = estimate(experiment)?;
    let threads = rayon::current_num_threads();
    // No run ends before its longest problem does.
    let wall = (seconds / threads as f64).max(longest);
    let rows = [
        ("problems", problems.to_string()),
        ("processor time", duration(seconds)),
        ("longest problem", duration(longest)),
        (&*format!("time on {threads} threads here"), duration(wall)),
        ("memory on as many", format!("at most {}", readable(memory))),
    ];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(what, much)| vec![what.to_owned(), much]).collect();
    print(&format!(
        "{}\n{}",
        style.strong(&experiment.analysis.name),
        columns(&rows, &[Align::Left, Align::Left])
    ))?;
    Ok(Ending::Done)
}

/// Two digits are more than a prediction has.
fn duration(seconds: f64) -> String {
    let (much, unit) = match seconds {
        ..100.0 => (seconds, "s"),
        ..6_000.0 => (seconds / 60.0, "min"),
        _ => (seconds / 3_600.0, "h"),
    };
    format!("about {} {unit}", significant(much, 2))
}
