//! An audit as tables of text, whatever they are printed as.

use super::record::{AuditRecord, Measured};
use crate::numeric::{Count, significant, sort_largest_first};

/// Rows of cells under a heading; the first row names the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTable {
    /// What it shows.
    pub heading: String,
    /// Headings of columns, then rows.
    pub rows: Vec<Vec<String>>,
}

/// More classes than these are cut to the ones furthest out of balance.
const MAX_CLASSES: usize = 12;

/// A line on what was audited.
#[must_use]
pub fn summary(record: &AuditRecord) -> String {
    let samples = Count(record.class_counts.iter().map(|count| count.0).sum());
    let rows = record.rows.map_or_else(String::new, |rows| format!(" ({rows} rows)"));
    let ignored = match record.ignored {
        0 => String::new(),
        1 => ", 1 row ignored".to_owned(),
        rows => format!(", {rows} rows ignored"),
    };
    let weights = if record.class_weights.iter().any(|weight| *weight != 1.0) { ", weighted" } else { "" };
    format!(
        "{}{weights}: loss {} over {samples} samples{rows} of {} classes{ignored}",
        record.loss_plan.paper_name(),
        significant(record.measured.loss, 6),
        record.classes.len()
    )
}

/// The ledger beside what else is known of each class, and the mean-probability matrix.
#[must_use]
pub fn tables(record: &AuditRecord) -> Vec<TextTable> {
    let measured = &record.measured;
    let shown = shown_classes(measured);
    let cut = if shown.len() < record.classes.len() {
        format!("; the {} classes furthest out of balance of {}", shown.len(), record.classes.len())
    } else {
        String::new()
    };
    let mut tables = vec![TextTable {
        heading: format!("Class by class{cut}"),
        rows: std::iter::once(class_headings()).chain(shown.iter().map(|&k| class_row(record, k))).collect(),
    }];
    if record.classes.len() <= MAX_CLASSES {
        tables.push(matrix(
            "Mean probability: row = true class, column = predicted",
            record,
            &measured.mean_probability,
        ));
        if let Some(shifted) = &measured.shifted_mean_probability {
            tables.push(matrix(
                "The same of the shifted logits, for which the balance holds",
                record,
                shifted,
            ));
        }
    }
    tables.extend(record.held_out.as_ref().map(|held_out| held_out.table(&record.classes, &shown)));
    if let Some(recalibrated) = &record.recalibrated {
        let what = match recalibrated.not_converged {
            None => "Intercepts to add",
            Some(_) => "Intercepts where the search ended, which are no answer",
        };
        tables.push(TextTable {
            heading: format!("{what}, and what they change{cut}"),
            rows: std::iter::once(recalibrated_headings())
                .chain(
                    shown
                        .iter()
                        .map(|&k| recalibrated_row(record, &recalibrated.added, &recalibrated.measured, k)),
                )
                .collect(),
        });
    }
    tables
}

fn shown_classes(measured: &Measured) -> Vec<usize> {
    let mut order: Vec<usize> = (0..measured.ledger.len()).collect();
    if order.len() > MAX_CLASSES {
        sort_largest_first(&mut order, |k| measured.ledger[k].difference.abs());
        order.truncate(MAX_CLASSES);
    }
    order
}

fn class_headings() -> Vec<String> {
    [
        "class",
        "samples",
        "weight",
        "outflow",
        "inflow",
        "residual",
        "P[k][k]",
        "recall",
        "hardest other",
        "its mean",
        "average",
        "ratio",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn class_row(record: &AuditRecord, k: usize) -> Vec<String> {
    let measured = &record.measured;
    let (entry, neglect) = (measured.ledger[k], measured.neglect[k]);
    let rest = [
        record.class_weights[k],
        entry.outflow,
        entry.inflow,
        entry.residual,
        measured.mean_probability[k][k],
        measured.recall[k],
    ];
    let mut row = vec![record.classes[k].clone(), record.class_counts[k].to_string()];
    row.extend(rest.map(cell));
    row.push(record.classes[neglect.hardest_class].clone());
    row.extend([neglect.hardest, neglect.pooled, neglect.ratio].map(cell));
    row
}

fn recalibrated_headings() -> Vec<String> {
    ["class", "added", "P[k][k] before", "after", "recall before", "after"].map(str::to_owned).to_vec()
}

/// A single logit is that of class 1.
fn recalibrated_row(record: &AuditRecord, added: &[f64], after: &Measured, k: usize) -> Vec<String> {
    let by = match added {
        [single] if k == 1 => cell(*single),
        [_] => String::new(),
        added => cell(added[k]),
    };
    let before = &record.measured;
    let mut row = vec![record.classes[k].clone(), by];
    row.extend(
        [before.mean_probability[k][k], after.mean_probability[k][k], before.recall[k], after.recall[k]]
            .map(cell),
    );
    row
}

fn matrix(heading: &str, record: &AuditRecord, matrix: &[Vec<f64>]) -> TextTable {
    let headings = std::iter::once(String::new()).chain(record.classes.iter().cloned()).collect();
    let row = |(name, row): (&String, &Vec<f64>)| {
        std::iter::once(name.clone()).chain(row.iter().copied().map(cell)).collect()
    };
    let rows = std::iter::once(headings).chain(record.classes.iter().zip(matrix).map(row)).collect();
    TextTable { heading: heading.to_owned(), rows }
}

fn cell(number: f64) -> String {
    if number.is_nan() { "none".to_owned() } else { significant(number, 3) }
}
