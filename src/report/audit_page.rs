//! An audit as one page that needs nothing but itself.

use super::escape::escape;
use super::markup::{each, text_table};
use super::page::{document, section};
use crate::audit::{AuditRecord, TextTable, findings, summary, tables};

/// The page of an audit of `file`.
#[must_use]
pub fn audit_page(record: &AuditRecord, file: &str) -> String {
    let text = each(findings(record), |finding| format!("<li>{}</li>\n", escape(&finding)));
    let verdict = if record.measured.stationary { "good" } else { "bad" };
    let mut body = format!(
        "<header>\n<h1>Audit of {}</h1>\n<p class=\"summary {verdict}\">{}</p>\n</header>\n",
        escape(file),
        escape(&summary(record))
    );
    body += &section("findings", "Findings", &format!("<ul>\n{text}</ul>\n"));
    body += &section("numbers", "Numbers", &each(tables(record), |shown| one(&shown)));
    let footer = format!(
        "<footer>\n<p>equipoise {}: <code>equipoise losses {}</code> has the equation and the law.</p>\n</footer>\n",
        env!("CARGO_PKG_VERSION"),
        escape(&record.loss_name)
    );
    document(&format!("Audit of {file}"), &body, &footer)
}

fn one(shown: &TextTable) -> String {
    format!("<h3>{}</h3>\n{}", escape(&shown.heading), text_table("numbers", &shown.heading, &shown.rows))
}
