//! Lists and tables. Every argument named `html` is HTML already; other text is escaped here.

use super::escape::escape;

/// The HTML of every item, one after the other.
pub(super) fn each<T>(items: impl IntoIterator<Item = T>, html: impl Fn(T) -> String) -> String {
    items.into_iter().map(html).collect::<Vec<_>>().concat()
}

/// A table that scrolls inside its own frame where the screen is narrower, and can be reached by keyboard for that.
/// The first cell of a row is its heading.
pub(super) fn table(class: &str, label: &str, headings: &[&str], html_rows: &[Vec<String>]) -> String {
    let headings = each(headings, |heading| format!("<th scope=\"col\">{}</th>", escape(heading)));
    let rows = each(html_rows, |cells| {
        let cells = each(cells.iter().enumerate(), |(column, html)| {
            if column == 0 { format!("<th scope=\"row\">{html}</th>") } else { format!("<td>{html}</td>") }
        });
        format!("<tr>{cells}</tr>\n")
    });
    let label = escape(label);
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n<table class=\"{class}\">\n\
         <thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

/// The same of rows of plain text, the first of which holds the headings; nothing where there is none.
pub(super) fn text_table(class: &str, label: &str, rows: &[Vec<String>]) -> String {
    let Some((headings, rows)) = rows.split_first() else { return String::new() };
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let html_rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect();
    table(class, label, &headings, &html_rows)
}

/// A term and what there is to say of it, for a description list.
pub(super) fn described(term: &str, html: &str) -> String {
    format!("<dt>{}</dt><dd>{html}</dd>\n", escape(term))
}
