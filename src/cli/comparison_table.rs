//! Tables of series beside each other: for people as text and Markdown, for machines as CSV.

use super::output::{Style, columns, markdown_table, numbers_right};
use anyhow::{Context, Result};
use equipoise::analysis::specification::TablePlan;
use equipoise::analysis::{Comparison, ComparisonTable, Results, comparison_tables, comparisons, marks};
use equipoise::files::write_marked;
use equipoise::text::markdown as escaped;
use std::path::{Path, PathBuf};

/// Writes every table of an analysis beside its records; returns them as text and the files.
pub(super) fn write(results: &Results, directory: &Path, style: Style) -> Result<(String, Vec<PathBuf>)> {
    let (mut text, mut files) = (String::new(), Vec::new());
    for plan in &results.experiment.analysis.table {
        let compared = comparisons(results, plan);
        let tables = comparison_tables(plan, &compared);
        let stem = results.experiment.analysis.file_stem(&plan.id);
        for (ending, content) in [("md", markdown(plan, &tables)), ("csv", csv(plan, &compared)?)] {
            let file = directory.join(format!("{stem}.{ending}"));
            write_marked(&file, content.as_bytes())
                .with_context(|| format!("cannot write {}", file.display()))?;
            files.push(file);
        }
        for table in &tables {
            text += &format!("\n{} {}\n", style.strong(&plan.id), table.heading);
            text += &columns(&table.rows, &numbers_right(table.rows[0].len()));
        }
        text += &format!("{}\n", marks(plan));
    }
    Ok((text, files))
}

fn markdown(plan: &TablePlan, tables: &[ComparisonTable]) -> String {
    let mut text = String::new();
    for table in tables {
        text += &format!("**{}** {}\n\n{}\n", plan.id, escaped(&table.heading), markdown_table(&table.rows));
    }
    text + &escaped(&marks(plan)) + "\n"
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
