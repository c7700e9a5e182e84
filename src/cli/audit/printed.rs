//! An audit as text and as Markdown.

use crate::cli::output::{Style, columns, markdown_table, numbers_right, one_line, short_name, with_options};
use equipoise::audit::{AuditRecord, findings, summary, tables, verdict};
use equipoise::text;

pub(super) fn table(record: &AuditRecord, style: Style) -> String {
    let verdict = verdict(record);
    let mut text = String::new();
    for (number, line) in verdict.lines.iter().enumerate() {
        let line = one_line(line);
        text += &match (number, verdict.is_good) {
            (0, true) => style.good(&line),
            (0, false) => style.bad(&line),
            _ => line,
        };
        text += "\n";
    }
    text += &format!("\n{}\n", style.strong(&summary(record)));
    for finding in findings(record) {
        // Names of classes come from the user's file.
        text += &format!("* {}\n", one_line(&finding));
    }
    for table in tables(record) {
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(|cell| short_name(cell)).collect()).collect();
        text += &format!(
            "\n{}\n{}",
            style.strong(&table.heading),
            columns(&rows, &numbers_right(table.rows[0].len()))
        );
    }
    text
}

pub(super) fn markdown(record: &AuditRecord) -> String {
    let escaped = |sentence: &str| text::markdown(&with_options(sentence));
    let mut text = "# Audit\n\n".to_owned();
    for line in verdict(record).lines {
        text += &format!("{}\n\n", escaped(&line));
    }
    text += &format!("{}\n\n", escaped(&summary(record)));
    for finding in findings(record) {
        text += &format!("* {}\n", escaped(&finding));
    }
    for table in tables(record) {
        text += &format!("\n## {}\n\n{}", escaped(&table.heading), markdown_table(&table.rows));
    }
    text
}
