//! Which columns of a table are logits. Columns that are none are named and left out; nothing is guessed in silence.

use super::ReadOptions;
use super::labels::marks_ignored;
use crate::data::classes::same;
use crate::data::samples::weight_column;
use crate::data::table::{Cell, Cells, Headings, Table, Use, is_missing};
use crate::data::{DataError, LeftOut, quoted};

/// Names of columns that hold labels.
const LABELS: [&str; 6] = ["label", "labels", "target", "class", "y", "y_true"];

/// Headings that are no logits, in small letters.
const OTHERS: [&str; 44] = [
    "id",
    "idx",
    "index",
    "row",
    "rownum",
    "sample",
    "sample_id",
    "uid",
    "uuid",
    "pred",
    "preds",
    "prediction",
    "predicted",
    "predicted_class",
    "y_pred",
    "yhat",
    "y_hat",
    "loss",
    "nll",
    "cross_entropy",
    "logloss",
    "log_loss",
    "confidence",
    "entropy",
    "margin",
    "correct",
    "is_correct",
    "argmax",
    "max_prob",
    "step",
    "seed",
    "batch",
    "rank",
    "run",
    "date",
    "time",
    "timestamp",
    "datetime",
    "fold",
    "split",
    "epoch",
    "weight",
    "weights",
    "sample_weight",
];

/// Places of the columns that are known from the headings alone.
pub(super) struct LogitColumns {
    pub(super) label: usize,
    pub(super) weights: Option<usize>,
    /// Columns that may be logits, in order.
    candidates: Vec<usize>,
    /// Whether the user named them.
    named: bool,
    left_out: Vec<LeftOut>,
}

/// The columns of logits.
pub(super) struct ChosenColumns {
    pub(super) columns: Vec<usize>,
    /// What labels call their classes.
    pub(super) class_headings: Vec<String>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) notes: Vec<String>,
}

impl LogitColumns {
    pub(super) fn choose(headings: &Headings, options: &ReadOptions) -> Result<(Self, Vec<Use>), DataError> {
        let label = label_column(headings, options.label.as_ref())?;
        let weights = match &options.sample_weights {
            Some(name) if options.weight_file().is_none() => Some(weight_column(headings, name, label)?),
            _ => None,
        };
        let dropped = headings.find_all(&options.drop, "column to drop")?;
        let mut left_out: Vec<LeftOut> =
            options.drop.iter().map(|name| LeftOut::column(name.trim(), "`drop`")).collect();
        let candidates = if let Some(names) = &options.columns {
            let found = headings.find_all(names, "column")?;
            if let Some(column) = found.iter().find(|&&column| column == label || weights == Some(column)) {
                let place = format!("`columns`: {}", quoted(&headings.names[*column]));
                return Err(DataError::invalid(place, "is the column of labels or weights, not of logits"));
            }
            found.into_iter().filter(|column| !dropped.contains(column)).collect()
        } else {
            let mut candidates = Vec::new();
            for (column, name) in headings.names.iter().enumerate() {
                if column == label || weights == Some(column) || dropped.contains(&column) {
                    continue;
                }
                match headings.numbers_rows(column) {
                    Some(why) => left_out.push(LeftOut::column(name, why)),
                    None => candidates.push(headings.find(name)?),
                }
            }
            candidates
        };
        let mut uses = vec![Use::Skip; headings.names.len()];
        candidates.iter().chain(&weights).for_each(|&column| uses[column] = Use::Values);
        uses[label] = Use::Texts;
        Ok((Self { label, weights, candidates, named: options.columns.is_some(), left_out }, uses))
    }

    /// The logits among the candidates, now that labels and numbers are known.
    pub(super) fn among(self, table: &Table, labels: &[String], options: &ReadOptions) -> ChosenColumns {
        let Self { candidates, named, mut left_out, .. } = self;
        let name = |column: usize| table.columns[column].name.as_str();
        let ignored = |text: &str| {
            marks_ignored(text) || options.ignore_index.iter().any(|ignored| same(ignored, text))
        };
        let classes: Vec<&str> =
            labels.iter().map(String::as_str).filter(|text| !is_missing(text) && !ignored(text)).collect();
        let is_class = |column: usize| classes.iter().any(|class| same(class, name(column)));
        let all_named = !classes.is_empty()
            && classes.iter().all(|class| candidates.iter().any(|&column| same(class, name(column))));
        let mut notes = Vec::new();
        let affix = if all_named || super::labels::are_signs(labels, options) {
            None
        } else {
            Affix::of(&classes, &candidates, &name)
        };
        let of_classes: Vec<usize> = candidates.iter().copied().filter(|&column| is_class(column)).collect();
        let complete = all_named && !named && are_probabilities(table, &of_classes);
        let mut columns = Vec::new();
        for column in candidates {
            let heading = name(column);
            let why = match &affix {
                _ if named || (all_named && is_class(column)) => None,
                None if complete => no_logit(table, column)
                    .or_else(|| Some("the columns of the labels sum to one".to_owned())),
                Some(affix) if affix.class_of(heading).is_none() => {
                    Some(format!("its heading is not {}", affix.in_words()))
                }
                Some(_) => None,
                None => no_logit(table, column),
            };
            match why {
                Some(why) => left_out.push(LeftOut::column(heading, why)),
                None => columns.push(column),
            }
        }
        let class_headings = columns.iter().map(|&column| {
            let heading = name(column);
            affix.as_ref().and_then(|affix| affix.class_of(heading)).unwrap_or(heading).to_owned()
        });
        let class_headings = class_headings.collect();
        if let Some(affix) = &affix {
            notes.push(format!("columns {} are those of the classes", affix.in_words()));
            if affix.speaks_of_probabilities() && !options.probabilities {
                notes.push("their headings speak of probabilities; they are read as logits unless `probabilities` is given".to_owned());
            }
        }
        ChosenColumns { columns, class_headings, left_out, notes }
    }
}

/// The column of labels: the one that is named, or the first of the usual names.
fn label_column(headings: &Headings, given: Option<&String>) -> Result<usize, DataError> {
    let usual = || LABELS.iter().copied().find(|name| headings.has(name));
    if let Some(name) = given.map(String::as_str).or_else(usual) {
        return headings.find(name);
    }
    if let Some(further) = LABELS.iter().find_map(|name| headings.further_down(name)) {
        return Err(DataError::invalid(&headings.place, format!("has no column of labels; {further}")));
    }
    let shown: Vec<&str> = headings.names.iter().take(12).map(String::as_str).collect();
    let problem = format!(
        "has no column of labels ({}); its columns are {}; name one with `label`",
        LABELS.join(", "),
        shown.join(", ")
    );
    Err(DataError::invalid(&headings.place, problem))
}

/// Why a column is no logit, as far as it shows.
fn no_logit(table: &Table, column: usize) -> Option<String> {
    let cells = &table.columns[column];
    if let Cells::Other(kind) = &cells.cells {
        return Some(format!("holds {kind}"));
    }
    if cells.is_text(table.marks) {
        return Some("holds text".to_owned());
    }
    let values = cells.read(table.marks);
    if !values.is_empty() && values.iter().all(|cell| matches!(cell, Cell::Boolean(_))) {
        return Some("holds True and False".to_owned());
    }
    let lower = cells.name.to_lowercase();
    if OTHERS.contains(&lower.as_str()) || lower.ends_with("_id") {
        let weights = lower.contains("weight");
        return Some(
            if weights { "give `sample_weights` if it is" } else { "by its name no logit" }.to_owned(),
        );
    }
    is_identifier(&values).then(|| "whole numbers, each once: an identifier".to_owned())
}

/// How far a sum of rounded probabilities is from one at most.
const SUM: f64 = 0.011;

/// Whether the numbers of some columns are from 0 to 1 and sum to one in every row.
fn are_probabilities(table: &Table, columns: &[usize]) -> bool {
    let cells: Vec<Vec<Cell>> =
        columns.iter().map(|&column| table.columns[column].read(table.marks)).collect();
    let is_one = |row: usize| {
        let numbers = cells.iter().map(|cells| cells[row].number());
        let numbers: Option<Vec<f64>> = numbers.collect();
        numbers.is_some_and(|numbers| {
            numbers.iter().all(|number| (0.0..=1.0).contains(number))
                && (numbers.iter().sum::<f64>() - 1.0).abs() <= SUM
        })
    };
    table.rows > 0 && (0..table.rows).all(is_one)
}

/// Fewer rows do not show that a column is an identifier.
const MIN_ROWS_OF_IDENTIFIER: usize = 8;

/// Whether the cells are different whole numbers.
fn is_identifier(cells: &[Cell]) -> bool {
    let numbers: Option<Vec<f64>> =
        cells.iter().map(|cell| cell.number().filter(|number| number.fract() == 0.0)).collect();
    let Some(mut numbers) = numbers.filter(|numbers| numbers.len() >= MIN_ROWS_OF_IDENTIFIER) else {
        return false;
    };
    numbers.sort_by(f64::total_cmp);
    numbers.windows(2).all(|pair| pair[0] != pair[1])
}

/// The text before or after the class in every heading of a logit.
struct Affix {
    before: String,
    after: String,
}

impl Affix {
    /// The shortest one with which every class is a heading.
    fn of<'a>(classes: &[&str], candidates: &[usize], name: &impl Fn(usize) -> &'a str) -> Option<Self> {
        let first = classes.first()?;
        let fits = |affix: &Self| {
            classes.iter().all(|class| {
                let heading = format!("{}{class}{}", affix.before, affix.after);
                candidates.iter().any(|&column| name(column) == heading)
            })
        };
        let of_heading = |&column: &usize| {
            let heading = name(column);
            let before = heading
                .strip_suffix(first)
                .map(|before| Self { before: before.to_owned(), after: String::new() });
            let after = heading
                .strip_prefix(first)
                .map(|after| Self { before: String::new(), after: after.to_owned() });
            [before, after].into_iter().flatten().collect::<Vec<_>>()
        };
        let found =
            candidates.iter().flat_map(of_heading).filter(|affix| !affix.text().is_empty() && fits(affix));
        found.min_by_key(|affix| affix.text().len())
    }

    fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    fn class_of<'a>(&self, heading: &'a str) -> Option<&'a str> {
        heading.strip_prefix(&self.before)?.strip_suffix(&self.after).filter(|class| !class.is_empty())
    }

    fn in_words(&self) -> String {
        format!("{}..{}", self.before, self.after)
    }

    fn speaks_of_probabilities(&self) -> bool {
        let text = self.text().to_lowercase();
        text.starts_with("prob")
            || text.ends_with("prob")
            || text.ends_with("proba")
            || ["p_", "p", "_p"].contains(&text.as_str())
    }
}

/// Writes the numbers of a column; rows that are absent may hold anything.
pub(super) fn fill_column<'a>(
    table: &Table,
    column: usize,
    is_absent: impl Fn(usize) -> bool,
    into: impl Iterator<Item = &'a mut f64>,
) -> Result<(), DataError> {
    if let Cells::Other(kind) = &table.columns[column].cells {
        let problem = format!(
            "holds {kind}, which are no logits; leave it out with `drop`, or name the logits with `columns`"
        );
        return Err(DataError::invalid(table.column_place(column), problem));
    }
    let cells = table.columns[column].read(table.marks);
    for ((row, cell), into) in cells.iter().enumerate().zip(into) {
        *into = match cell {
            Cell::Number(_) | Cell::Boolean(_) => cell.number().unwrap_or(f64::NAN),
            _ if is_absent(row) => f64::NAN,
            // A masked class may have the logit -inf.
            Cell::Infinite => table.columns[column].text(row).parse().unwrap_or(f64::NAN),
            Cell::Missing => {
                let text = table.columns[column].text(row);
                let what = if text.is_empty() {
                    "the cell is empty".to_owned()
                } else {
                    format!("{} marks a missing value", quoted(&text))
                };
                let problem =
                    format!("{what}; every row needs all its logits: fill it in, or leave the row out");
                return Err(DataError::invalid(table.cell_place(row, column), problem));
            }
            _ => {
                let text = quoted(&table.columns[column].text(row));
                let problem = format!(
                    "{text} is no number; leave the column out with `drop`, or name the logits with `columns`"
                );
                return Err(DataError::invalid(table.cell_place(row, column), problem));
            }
        };
    }
    Ok(())
}
