//! Makes classes of the texts of a label column: which texts are one class, their names and their order.

use std::collections::HashMap;

use super::{DataError, quoted};
use crate::data::Labels;

/// The labels read so far.
#[derive(Debug, Default)]
pub(super) struct ClassTexts {
    /// Number of each distinct text, in order of first appearance, and the line where it was first seen.
    seen: HashMap<String, (u32, u64)>,
    /// Number of the text of each sample.
    class_indices: Vec<u32>,
}

impl ClassTexts {
    /// Takes the label of the next sample; `place` is asked for only when there are too many classes.
    pub(super) fn add(&mut self, text: &str, line: u64, place: impl Fn() -> String) -> Result<(), DataError> {
        let number = if let Some(&(number, _)) = self.seen.get(text) {
            number
        } else {
            let number = u32::try_from(self.seen.len())
                .map_err(|_| DataError::invalid(place(), "more than 2^32 different labels"))?;
            self.seen.insert(text.to_owned(), (number, line));
            number
        };
        self.class_indices.push(number);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.class_indices.is_empty()
    }

    /// Sorts and names the classes; `file` and `column` are for errors.
    pub(super) fn into_labels(self, file: &str, column: &str) -> Result<Labels, DataError> {
        let mut texts: Vec<(String, (u32, u64))> = self.seen.into_iter().collect();
        texts.sort_unstable_by_key(|&(_, (number, _))| number);
        let (class_of_text, names) = if let Some(classes) = whole_classes(&texts) {
            classes
        } else if texts.iter().all(|(text, _)| text.parse::<f64>().is_ok()) {
            return Err(real_labels(&texts, file, column));
        } else {
            ranked(&texts.into_iter().map(|(text, _)| text).collect::<Vec<_>>())
        };
        if let [only] = names.as_slice() {
            return Err(DataError::invalid(
                format!("{file}: column {}", quoted(column)),
                format!("holds one class only, {}; at least two are needed", quoted(only)),
            ));
        }
        let mut class_indices = self.class_indices;
        for label in &mut class_indices {
            *label = class_of_text[*label as usize];
        }
        Labels::new(class_indices, names)
    }
}

/// Class of each text and class names, if every text is a whole number.
fn whole_classes(texts: &[(String, (u32, u64))]) -> Option<(Vec<u32>, Vec<String>)> {
    let numbers: Option<Vec<i128>> = texts.iter().map(|(text, _)| whole_number(text)).collect();
    let (class_of_text, distinct) = ranked(&numbers?);
    Some((class_of_text, distinct.iter().map(i128::to_string).collect()))
}

/// The rank of each value among the distinct values, and those in ascending order.
fn ranked<T: Ord + Clone>(values: &[T]) -> (Vec<u32>, Vec<T>) {
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    // Every value is among the distinct ones, and `add` numbers them with 32 bits: neither default is ever taken.
    let rank = |value: &T| u32::try_from(distinct.binary_search(value).unwrap_or(0)).unwrap_or(u32::MAX);
    (values.iter().map(rank).collect(), distinct)
}

/// `3`, `-1`, `+2`, and forms such as `3.0` whose value is whole.
#[expect(clippy::cast_possible_truncation, reason = "guarded: the value is whole and below 2^53")]
fn whole_number(text: &str) -> Option<i128> {
    /// Above this, a 64-bit float no longer distinguishes neighbouring integers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    text.parse::<i128>().ok().or_else(|| {
        let value = text.parse::<f64>().ok()?;
        (value.abs() < EXACT && value.fract() == 0.0).then_some(value as i128)
    })
}

/// The error for a label column that holds measurements.
fn real_labels(texts: &[(String, (u32, u64))], file: &str, column: &str) -> DataError {
    let (example, line) = texts
        .iter()
        .find(|(text, _)| whole_number(text).is_none())
        .map_or(("", 0), |(text, (_, line))| (text.as_str(), *line));
    DataError::invalid(
        format!("{file}: line {line}, column {}", quoted(column)),
        format!("holds real numbers such as {example}; class labels are strings or integers"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Result<Labels, DataError> {
        let mut classes = ClassTexts::default();
        for (line, text) in (2..).zip(texts) {
            classes.add(text, line, String::new)?;
        }
        classes.into_labels("data.csv", "y")
    }

    #[test]
    fn integers_sort_as_numbers() {
        let labels = labels(&["10", "9", "-1", "9"]).expect("valid");
        assert_eq!(labels.class_names(), ["-1", "9", "10"]);
        assert_eq!(labels.class_indices(), [2, 1, 0, 1]);
    }

    #[test]
    fn forms_of_one_integer_are_one_class() {
        let labels = labels(&["3.0", "+3", "3", "-0.0", "0"]).expect("valid");
        assert_eq!(labels.class_names(), ["0", "3"]);
        assert_eq!(labels.class_indices(), [1, 1, 1, 0, 0]);
    }

    #[test]
    fn text_sorts_by_bytes_and_keeps_numbers_as_written() {
        let labels = labels(&["b", "10", "9.5", "B", "é"]).expect("valid");
        assert_eq!(labels.class_names(), ["10", "9.5", "B", "b", "é"]);
        assert_eq!(labels.class_indices(), [3, 0, 1, 2, 4]);
    }

    #[test]
    fn identifiers_beyond_float_precision_stay_apart() {
        let labels = labels(&["9007199254740993", "9007199254740992"]).expect("valid");
        assert_eq!(labels.class_names(), ["9007199254740992", "9007199254740993"]);
    }

    #[test]
    fn measurements_are_no_labels() {
        let message = labels(&["1", "0.37", "2"]).expect_err("real").to_string();
        assert_eq!(
            message,
            "data.csv: line 3, column \"y\": holds real numbers such as 0.37; class labels are strings or integers"
        );
        assert!(labels(&["1", "nan"]).expect_err("missing").to_string().contains("such as nan"));
    }

    #[test]
    fn one_class_is_not_enough() {
        let message = labels(&["1", "1.0"]).expect_err("one class").to_string();
        assert!(message.contains("one class only, \"1\""), "{message}");
    }
}
