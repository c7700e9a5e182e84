//! Tables of series beside each other: for people as text and Markdown, for machines as CSV.

use super::output::{Style, columns, markdown_table, numbers_right};
use anyhow::{Context, Result};
use equipoise::analysis::specification::{Analysis, TablePlan};
use equipoise::analysis::{
    Comparison, ComparisonTable, FamilyDifferences, PairedDifference, PointMeans, Results, compare,
    comparison_tables,
};
use equipoise::files::{OwnFile, write_marked};
use equipoise::text::markdown as escaped;
use std::path::{Path, PathBuf};

/// Endings of the files of a table.
const ENDINGS: [&str; 2] = ["md", "csv"];

/// The files that [`write`] writes.
pub(super) fn files(analysis: &Analysis) -> Vec<OwnFile> {
    let of = |plan: &TablePlan| {
        let stem = analysis.file_stem(&plan.id);
        ENDINGS.map(|ending| OwnFile::marked(format!("{stem}.{ending}")))
    };
    analysis.table.iter().flat_map(of).collect()
}

/// Writes every table of an analysis beside its records; returns them as text and the files.
pub(super) fn write(results: &Results, directory: &Path, style: Style) -> Result<(String, Vec<PathBuf>)> {
    let (mut text, mut files) = (String::new(), Vec::new());
    for plan in &results.experiment.analysis.table {
        let comparison = compare(results, plan);
        let tables = comparison_tables(&comparison);
        let stem = results.experiment.analysis.file_stem(&plan.id);
        for (ending, content) in ENDINGS.into_iter().zip([markdown(plan, &tables), csv(&comparison)?]) {
            let file = directory.join(format!("{stem}.{ending}"));
            write_marked(&file, content.as_bytes())
                .with_context(|| format!("cannot write {}", file.display()))?;
            files.push(file);
        }
        for table in &tables {
            text += &format!("\n{} {}\n", style.strong(&plan.id), table.heading);
            text += &columns(&table.rows, &numbers_right(table.rows[0].len()));
            if !table.note.is_empty() {
                text += &format!("{}\n", table.note);
            }
        }
    }
    Ok((text, files))
}

fn markdown(plan: &TablePlan, tables: &[ComparisonTable]) -> String {
    let of_table = |table: &ComparisonTable| {
        let note =
            if table.note.is_empty() { String::new() } else { format!("\n{}\n", escaped(&table.note)) };
        format!("**{}** {}\n\n{}{note}", plan.id, escaped(&table.heading), markdown_table(&table.rows))
    };
    tables.iter().map(of_table).collect::<Vec<_>>().join("\n")
}

/// Columns of a row that says a mean, before those that say a difference.
const OF_MEANS: [&str; 8] = ["point", "measure", "class", "series", "draws", "failed", "mean", "deviation"];
const OF_DIFFERENCES: [&str; 9] =
    ["family", "against", "pairs", "difference", "low", "high", "p", "adjusted", "detectable"];

/// One row for each mean, and one for each difference; what a row does not say is empty.
fn csv(comparison: &Comparison) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(OF_MEANS.iter().chain(&OF_DIFFERENCES))?;
    for row in comparison.means.iter().flat_map(rows_of_means) {
        writer.write_record(row.into_iter().chain(std::array::from_fn::<_, 9, _>(|_| String::new())))?;
    }
    for row in comparison.families.iter().flat_map(rows_of_differences) {
        writer.write_record(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn rows_of_means(point: &PointMeans) -> Vec<[String; 8]> {
    let mut rows = Vec::new();
    for row in &point.rows {
        for (class, (mean, deviation)) in row.numbers.iter().enumerate() {
            let class = if point.measure.is_one_number() { String::new() } else { class.to_string() };
            rows.push([
                point.point.clone(),
                point.measure.to_string(),
                class,
                row.name.clone(),
                row.draws.to_string(),
                row.failed.to_string(),
                number(*mean),
                number(*deviation),
            ]);
        }
    }
    rows
}

fn rows_of_differences(family: &FamilyDifferences) -> Vec<[String; 17]> {
    let mut rows = Vec::new();
    for pair in &family.pairs {
        for (point, difference) in family.points.iter().zip(&pair.differences) {
            let PairedDifference { pairs, mean, inference } = *difference;
            let of = |pick: fn(equipoise::analysis::Inference) -> f64| {
                inference.map_or_else(String::new, |inference| number(pick(inference)))
            };
            rows.push([
                point.clone(),
                family.measure.to_string(),
                String::new(),
                pair.series.clone(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                family.name.clone(),
                pair.against.clone(),
                pairs.to_string(),
                number(mean),
                of(|inference| inference.low),
                of(|inference| inference.high),
                of(|inference| inference.p),
                of(|inference| inference.adjusted),
                of(|inference| inference.detectable),
            ]);
        }
    }
    rows
}

fn number(value: f64) -> String {
    if value.is_nan() { String::new() } else { value.to_string() }
}
