//! What was taken for what: which columns or arrays of a file are labels, features, logits and weights, and what was left out.

use super::quoted;
use crate::numeric::counted;
use serde::Serialize;

/// What a file was read as.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Taken {
    /// The file.
    pub file: String,
    /// Its kind, with what is unusual about it.
    pub format: String,
    /// Rows in the file.
    pub rows: usize,
    /// Rows that count.
    pub used_rows: usize,
    /// The column, array or file of labels.
    pub label: String,
    /// Classes in their order.
    pub classes: Vec<String>,
    /// Columns or arrays that features are made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Columns or arrays that are logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logits: Option<Vec<String>>,
    /// The same where they are probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<Vec<String>>,
    /// The column, array or file of sample weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_weights: Option<String>,
    /// Columns, arrays and rows that were left out.
    pub left_out: Vec<LeftOut>,
    /// What else is worth a look.
    pub notes: Vec<String>,
}

/// Something in a file that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// A column, or a number of rows.
    pub what: String,
    /// The reason.
    pub why: String,
}

impl LeftOut {
    /// A column.
    pub fn column(name: &str, why: impl Into<String>) -> Self {
        Self { what: format!("column {}", quoted(name)), why: why.into() }
    }

    /// An array of a file of several.
    pub fn array(name: &str, why: impl Into<String>) -> Self {
        Self { what: format!("array {name}"), why: why.into() }
    }

    /// Some rows; nothing where there are none.
    pub fn rows(count: usize, why: impl Into<String>) -> Option<Self> {
        (count > 0).then(|| Self { what: counted(count as u64, "row"), why: why.into() })
    }
}

/// Names that a line shows.
const SHOWN: usize = 8;

impl Taken {
    /// All of it but the notes, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut parts = vec![format!("label {}, classes {}", self.label, list(&self.classes))];
        for (what, names) in
            [("features", &self.features), ("logits", &self.logits), ("probabilities", &self.probabilities)]
        {
            if let Some(names) = names {
                parts.push(if names.is_empty() {
                    format!("no {what}")
                } else {
                    format!("{what} {}", list(names))
                });
            }
        }
        parts.extend(self.sample_weights.iter().map(|weights| format!("sample weights {weights}")));
        parts.push(if self.used_rows == self.rows {
            counted(self.rows as u64, "row")
        } else {
            format!("{} of {}", self.used_rows, counted(self.rows as u64, "row"))
        });
        if !self.left_out.is_empty() {
            parts.push(format!("left out: {}", left_out(&self.left_out)));
        }
        format!("read {} ({}): {}", self.file, self.format, parts.join("; "))
    }
}

/// What was left out, in a line: many things of one reason are shown as many names are.
#[must_use]
pub fn left_out(left: &[LeftOut]) -> String {
    let of_reason = left.chunk_by(|one, next| one.why == next.why).map(|same| {
        if same.len() > SHOWN {
            let what: Vec<String> = same.iter().map(|left| left.what.clone()).collect();
            return format!("{}, all of them: {}", list(&what), same[0].why);
        }
        same.iter().map(|left| format!("{} ({})", left.what, left.why)).collect::<Vec<_>>().join(", ")
    });
    of_reason.collect::<Vec<_>>().join(", ")
}

/// Names in a line, with quotation marks where one could be read as several.
#[must_use]
pub fn list(names: &[String]) -> String {
    // A shape has its commas between brackets.
    let is_several = |name: &str| name.split('(').next().is_some_and(|before| before.contains(", "));
    let shown = |names: &[String]| -> String {
        let one = |name: &String| if is_several(name) { quoted(name) } else { name.clone() };
        names.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    match names {
        [first @ .., last] if names.len() > SHOWN => {
            let last = shown(std::slice::from_ref(last));
            format!("{}, .. {last} ({})", shown(&first[..SHOWN - 1]), names.len())
        }
        _ => shown(names),
    }
}
