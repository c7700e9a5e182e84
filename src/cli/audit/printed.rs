//! An audit as text and as Markdown.

use crate::audit::{AuditRecord, findings, summary, tables};
use crate::cli::output::{Style, columns, numbers_right};

pub(super) fn table(record: &AuditRecord, style: Style) -> String {
    let mut text = format!("{}\n", style.strong(&summary(record)));
    for finding in findings(record) {
        text += &format!("* {finding}\n");
    }
    for table in tables(record) {
        text += &format!(
            "\n{}\n{}",
            style.strong(&table.heading),
            columns(&table.rows, &numbers_right(table.rows[0].len()))
        );
    }
    text
}

pub(super) fn markdown(record: &AuditRecord) -> String {
    let mut text = format!("# Audit\n\n{}\n\n", summary(record));
    for finding in findings(record) {
        text += &format!("* {finding}\n");
    }
    for table in tables(record) {
        text += &format!("\n## {}\n\n", table.heading);
        for (number, row) in table.rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            text += &format!("| {} |\n", cells.join(" | "));
            if number == 0 {
                text += &format!("| --- |{}\n", " ---: |".repeat(row.len() - 1));
            }
        }
    }
    text
}
