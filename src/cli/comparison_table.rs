//! Tables of series beside each other: for people as text and Markdown, for machines as CSV.

use super::output::{Style, columns, numbers_right};
use crate::analysis::specification::TablePlan;
use crate::analysis::{ComparedSeries, Comparison, Measure, Results, comparisons};
use crate::files::write_whole;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A difference is significant where its adjusted probability is below this.
const LEVEL: f64 = 0.05;

/// One measure at all sweep points: rows of series.
struct Block {
    measure: Measure,
    /// Heading, then a row for each series.
    rows: Vec<Vec<String>>,
    /// Tests whose probabilities were adjusted together.
    tests: usize,
    repetitions: usize,
}

/// Writes every table of an analysis beside its records; returns them as text and the files.
pub(super) fn write(results: &Results, directory: &Path, style: Style) -> Result<(String, Vec<PathBuf>)> {
    let (mut text, mut files) = (String::new(), Vec::new());
    for plan in &results.experiment.analysis.table {
        let compared = comparisons(results, plan);
        let blocks = blocks(plan, &compared);
        let stem = format!("{}-{}", plan.id, results.experiment.analysis.name);
        for (ending, content) in [("md", markdown(plan, &blocks)), ("csv", csv(plan, &compared)?)] {
            let file = directory.join(format!("{stem}.{ending}"));
            write_whole(&file, content.as_bytes())
                .with_context(|| format!("cannot write {}", file.display()))?;
            files.push(file);
        }
        for block in &blocks {
            text += &format!("\n{} {}\n", style.strong(&plan.id), heading(block));
            text += &columns(&block.rows, &numbers_right(block.rows[0].len()));
        }
        text += &format!("{}\n", marks(plan));
    }
    Ok((text, files))
}

fn blocks(plan: &TablePlan, compared: &[Comparison]) -> Vec<Block> {
    let block = |&measure: &Measure| {
        let points: Vec<&Comparison> = compared.iter().filter(|found| found.measure == measure).collect();
        let series = points.first().map_or(0, |point| point.rows.len());
        let heading = std::iter::once("loss".to_owned()).chain(points.iter().map(|point| place(point)));
        let row = |number: usize| {
            let name = points.first().map(|point| point.rows[number].name.clone());
            let cells = points.iter().map(|point| cell(plan, &point.rows[number]));
            name.into_iter().chain(cells).collect()
        };
        let tests = points
            .first()
            .map_or(0, |point| point.rows.iter().map(|row| row.tests.iter().flatten().count()).sum());
        let repetitions = points.iter().flat_map(|point| &point.rows).map(|row| row.count).max().unwrap_or(0);
        let rows = std::iter::once(heading.collect()).chain((0..series).map(row)).collect();
        Block { measure, rows, tests, repetitions }
    };
    plan.measures.iter().map(block).collect()
}

/// The values of a sweep point, without the names of its axes.
fn place(point: &Comparison) -> String {
    let values = point.point.split(", ").map(|axis| axis.split_once(" = ").map_or(axis, |(_, value)| value));
    let place = values.collect::<Vec<_>>().join(", ");
    if place.is_empty() { "mean".to_owned() } else { place }
}

/// Mean, deviation, and whom it is significantly above or below.
fn cell(plan: &TablePlan, row: &ComparedSeries) -> String {
    let deviation =
        if row.deviation.is_nan() { String::new() } else { format!(" ± {:.2}", 100.0 * row.deviation) };
    let mut text = format!("{:.2}{deviation}", 100.0 * row.mean);
    for (number, test) in row.tests.iter().enumerate() {
        if let Some(test) = test.filter(|test| test.adjusted < LEVEL) {
            text += if test.difference > 0.0 { " ▲" } else { " ▼" };
            text += &initial(&plan.against[number]);
        }
    }
    text
}

/// The first letter of a series.
fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}

fn heading(block: &Block) -> String {
    let name = block.measure.name().replace('_', " ");
    format!(
        "{name}, %: mean ± standard deviation over {} draws; {} paired tests in each column",
        block.repetitions, block.tests
    )
}

/// What the marks stand for.
fn marks(plan: &TablePlan) -> String {
    if plan.against.is_empty() {
        return String::new();
    }
    let named: Vec<String> =
        plan.against.iter().map(|name| format!("▲{0} ▼{0}: above, below {name}", initial(name))).collect();
    format!(
        "{}; by paired t tests over the draws at the 5% level, adjusted by Holm's method for all tests of a column",
        named.join("; ")
    )
}

fn markdown(plan: &TablePlan, blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        text += &format!("**{}** {}\n\n", plan.id, heading(block));
        for (number, row) in block.rows.iter().enumerate() {
            text += &format!("| {} |\n", row.join(" | "));
            if number == 0 {
                text += &format!("| --- |{}\n", " ---: |".repeat(row.len() - 1));
            }
        }
        text += "\n";
    }
    text + &marks(plan) + "\n"
}

fn csv(plan: &TablePlan, compared: &[Comparison]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "point",
        "measure",
        "series",
        "draws",
        "mean",
        "deviation",
        "against",
        "difference",
        "p",
        "adjusted",
    ])?;
    for comparison in compared {
        for row in &comparison.rows {
            let own = [
                comparison.point.clone(),
                comparison.measure.name(),
                row.name.clone(),
                row.count.to_string(),
                row.mean.to_string(),
                row.deviation.to_string(),
            ];
            if plan.against.is_empty() {
                writer.write_record(own.iter().map(String::as_str).chain([""; 4]))?;
            }
            for (against, test) in plan.against.iter().zip(&row.tests) {
                let tested = test.map_or_else(Default::default, |test| {
                    [test.difference.to_string(), test.p.to_string(), test.adjusted.to_string()]
                });
                writer.write_record(own.iter().chain([against]).chain(&tested))?;
            }
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
