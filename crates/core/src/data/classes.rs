//! Makes classes of labels: which texts are one class, their names and their order, and which rows have none.

use super::table::{Texts, is_missing, value_in_words, without_marks};
use super::{DataError, Labels, quoted};
use crate::nearest::nearest;
use crate::numeric::EXACT;
use std::cmp::Ordering;
use std::collections::HashMap;

/// What the user says of labels.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClassRules<'a> {
    /// The classes in their order; rows of others are left out.
    pub(crate) classes: Option<&'a [String]>,
    /// Labels of rows to leave out.
    pub(crate) ignore_index: &'a [String],
    /// Rows without a label are left out.
    pub(crate) drop_missing: bool,
}

/// What a label means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// A class; its number follows from all of them.
    Class,
    /// None: the label is missing.
    Missing,
    /// None: the user says so.
    Ignored,
    /// A class that is not asked for.
    NotChosen,
}

/// Classes of labels.
struct FoundClasses {
    /// Of each level that occurs.
    class_of_level: Vec<u32>,
    names: Vec<String>,
    /// What is worth saying.
    notes: Vec<String>,
}

/// Labels of a file, and where they are.
pub(crate) struct LabelTexts<'a> {
    pub(crate) texts: Texts,
    /// File and column.
    pub(crate) place: String,
    /// File, row and column.
    pub(crate) row_place: &'a dyn Fn(usize) -> String,
}

impl LabelTexts<'_> {
    /// What each level means.
    ///
    /// # Errors
    /// A label is missing where that is not allowed, or a class that is asked for does not occur.
    pub(crate) fn levels(
        &self,
        rules: &ClassRules,
        counts: impl Fn(usize) -> bool,
    ) -> Result<Vec<Level>, DataError> {
        let levels = &self.texts.levels;
        let mut named = rules.classes.unwrap_or_default().iter().enumerate();
        if let Some((_, twice)) = named.find(|(place, name)| {
            rules.classes.unwrap_or_default()[..*place].iter().any(|earlier| same(earlier, name))
        }) {
            let problem = format!("{} is named twice; name each class once", quoted(twice));
            return Err(DataError::invalid("`classes`", problem));
        }
        if let Some(absent) = rules
            .classes
            .and_then(|classes| classes.iter().find(|class| !levels.iter().any(|level| same(level, class))))
        {
            let near = nearest(absent, levels)
                .map_or_else(String::new, |near| format!("; did you mean {}?", quoted(near)));
            let known: Vec<String> = levels.iter().take(12).map(|level| quoted(level)).collect();
            let problem =
                format!("no row has the class {}{near}; the labels are {}", quoted(absent), known.join(", "));
            return Err(DataError::invalid(format!("`classes`: {}", self.place), problem));
        }
        let meaning = |text: &String| {
            let is_one_of = |list: &[String]| list.iter().any(|entry| same(entry, text));
            match rules.classes {
                _ if is_one_of(rules.ignore_index) => Level::Ignored,
                Some(classes) if is_one_of(classes) => Level::Class,
                _ if is_missing(text) => Level::Missing,
                Some(_) => Level::NotChosen,
                None => Level::Class,
            }
        };
        let meanings: Vec<Level> = levels.iter().map(meaning).collect();
        // Who names classes says what becomes of all other rows.
        if !rules.drop_missing && rules.classes.is_none() {
            let missing =
                |&row: &usize| meanings[self.texts.codes[row] as usize] == Level::Missing && counts(row);
            if let Some(row) = (0..self.texts.codes.len()).find(missing) {
                let problem = missing_label(&levels[self.texts.codes[row] as usize]);
                return Err(DataError::invalid((self.row_place)(row), problem));
            }
        }
        Ok(meanings)
    }

    /// Labels of some rows, all of a class, and what is worth saying of them.
    ///
    /// # Errors
    /// The labels are measurements, or there are fewer than two classes.
    pub(crate) fn labels(
        &self,
        rows: &[usize],
        rules: &ClassRules,
    ) -> Result<(Labels, Vec<String>), DataError> {
        let FoundClasses { class_of_level, names, notes } = self.classes(rows, rules)?;
        if let [only] = names.as_slice() {
            let problem = format!("holds one class only, {}; at least two are needed", quoted(only));
            return Err(DataError::invalid(&self.place, problem));
        }
        let indices = rows.iter().map(|&row| class_of_level[self.texts.codes[row] as usize]).collect();
        let mut notes = notes;
        let absent = |label: &&String| !self.texts.levels.iter().any(|level| same(level, label));
        notes.extend(
            rules
                .ignore_index
                .iter()
                .filter(absent)
                .map(|label| format!("`ignore_index` {label}: no row has this label")),
        );
        Ok((Labels::new(indices, names)?, notes))
    }

    /// The classes of the levels that occur in some rows.
    fn classes(&self, rows: &[usize], rules: &ClassRules) -> Result<FoundClasses, DataError> {
        let mut occurs = vec![false; self.texts.levels.len()];
        rows.iter().for_each(|&row| occurs[self.texts.codes[row] as usize] = true);
        let occurring: Vec<usize> = (0..occurs.len()).filter(|&level| occurs[level]).collect();
        let texts: Vec<&str> = occurring.iter().map(|&level| self.texts.levels[level].as_str()).collect();
        let numbers: Option<Vec<i128>> = texts.iter().map(|text| whole_number(text)).collect();
        let (ranks, mut names) = match &numbers {
            Some(numbers) => {
                let (ranks, distinct) = ranked(numbers, Ord::cmp);
                let names = names_of_numbers(&texts, &ranks, &distinct);
                (ranks, names)
            }
            None if texts.iter().all(|text| is_real(text)) => return Err(self.real(&texts)),
            None => {
                let (ranks, distinct) = ranked(&texts, order_of(&texts));
                (ranks, distinct.into_iter().map(str::to_owned).collect::<Vec<_>>())
            }
        };
        let notes = notes(&texts, numbers.is_some(), &names, rows.len());
        let mut order: Vec<u32> = (0..).take(names.len()).collect();
        if let Some(classes) = rules.classes {
            let place =
                |name: &String| classes.iter().position(|class| same(class, name)).unwrap_or(classes.len());
            let mut by_place: Vec<usize> = (0..names.len()).collect();
            by_place.sort_by_key(|&class| place(&names[class]));
            (0..).zip(&by_place).for_each(|(new, &old)| order[old] = new);
            names = by_place.iter().map(|&old| names[old].clone()).collect();
        }
        let mut class_of_level = vec![0; occurs.len()];
        for (&level, rank) in occurring.iter().zip(ranks) {
            class_of_level[level] = order[rank as usize];
        }
        Ok(FoundClasses { class_of_level, names, notes })
    }

    /// The error for labels that are measurements.
    fn real(&self, texts: &[&str]) -> DataError {
        let example = texts.iter().find(|text| whole_number(text).is_none()).copied().unwrap_or_default();
        let level = self.texts.levels.iter().position(|level| level == example).unwrap_or(0);
        let is_large = |value: f64| value.is_finite() && value.abs() >= EXACT;
        let problem = if example.parse().is_ok_and(is_large) {
            format!(
                "holds {example}, as doubles are written, which do not hold every whole number of this size: labels may have become \
                 one; write them as int64 or as text"
            )
        } else {
            format!("holds real numbers such as {example}; class labels are strings or integers")
        };
        DataError::invalid((self.row_place)(self.texts.first_row(level)), problem)
    }
}

/// What is wrong with a label that is missing.
#[must_use]
pub fn missing_label(text: &str) -> String {
    let (found, advice) = if text.is_empty() {
        ("the label is missing".to_owned(), "")
    } else {
        let found = format!("the label is {}, which marks a missing value", quoted(text));
        (found, "; name it in `classes` if it is a class")
    };
    format!("{found}; fill it in, or leave out rows without a label with `missing` drop-row{advice}")
}

/// Whether two texts are one label: equal, or the same whole number.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one.trim() == other.trim() || whole_number(one).is_some_and(|number| whole_number(other) == Some(number))
}

/// More classes than these are worth a note, and a label that has as many values as every other row of so many.
const MANY: usize = 100;
const ROWS_THAT_TELL: usize = 20;
/// Labels that other programs take for rows to ignore.
pub(crate) const IGNORED_ELSEWHERE: [i128; 2] = [-1, -100];
const LARGEST_BYTE: i128 = 255;
const LARGEST_SMALL: i128 = 200;

fn notes(texts: &[&str], are_numbers: bool, names: &[String], rows: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let zeros = texts.iter().find(|text| {
        let digits = text.trim_start_matches(['-', '+']);
        digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if let (true, Some(text)) = (are_numbers, zeros) {
        notes.push(format!(
            "labels with leading zeros are read as numbers: {text} is {}",
            whole_number(text).unwrap_or(0)
        ));
    }
    notes.extend(alike(names, str::to_lowercase, "capitals only"));
    notes.extend(alike(names, as_seen, "spaces or characters that are not seen only"));
    if names.len() > MANY || (rows >= ROWS_THAT_TELL && 2 * names.len() > rows) {
        notes.push(format!("the label has {} values in {rows} rows; is it a class?", names.len()));
    }
    let number = |name: &String| whole_number(name).unwrap_or(0);
    let marks = |name: &String| IGNORED_ELSEWHERE.contains(&number(name));
    if let (true, true, Some(mark)) = (are_numbers, names.len() > 2, names.iter().find(|name| marks(name)))
        && names.iter().all(|name| marks(name) || number(name) >= 0)
    {
        notes.push(format!(
            "{mark} is taken for a class; if it marks rows to ignore, give `ignore_index` {mark}"
        ));
    }
    // Alone above small numbers, the largest of a byte marks rows to ignore, as in masks of images.
    if let (true, [others @ .., last]) = (are_numbers && names.len() > 2, names)
        && number(last) == LARGEST_BYTE
        && others.iter().all(|name| number(name) < LARGEST_SMALL)
    {
        notes.push(format!(
            "{last} is taken for a class; if it marks rows to ignore, give `ignore_index` {last}"
        ));
    }
    if are_numbers && names.iter().map(number).eq([-1, 1]) {
        notes.push("labels are -1 and 1; 1 is the second, positive class".to_owned());
    }
    notes
}

/// What to say of the first two names that look the same.
fn alike(names: &[String], look: impl Fn(&str) -> String, what: &str) -> Option<String> {
    let mut seen: HashMap<String, &String> = HashMap::new();
    let mut twins = names.iter().filter_map(|name| seen.insert(look(name), name).map(|other| (other, name)));
    let (one, other) = twins.next()?;
    Some(format!("classes {} and {} differ in {what}; are they one?", quoted(one), quoted(other)))
}

/// A name as it is seen: every space is one of the usual width, and characters without width are none.
fn as_seen(name: &str) -> String {
    let has_width = |letter: &char| !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let seen: String = name.chars().filter(has_width).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names of classes of whole numbers: in plain form, or, where no text of a class is plain, as the first is written.
fn names_of_numbers(texts: &[&str], ranks: &[u32], distinct: &[i128]) -> Vec<String> {
    let mut written: Vec<Option<&str>> = vec![None; distinct.len()];
    let mut is_plain = vec![false; distinct.len()];
    for (text, &class) in texts.iter().zip(ranks) {
        written[class as usize].get_or_insert(text);
        is_plain[class as usize] |= text.parse::<f64>().is_ok();
    }
    let name = |((number, text), is_plain): ((&i128, Option<&str>), bool)| match text {
        Some(text) if !is_plain => text.to_owned(),
        _ => number.to_string(),
    };
    distinct.iter().zip(written).zip(is_plain).map(name).collect()
}

/// Whether a text is a number, as programs write it or with marks; those with signs of per cent or of a currency are names.
fn is_real(text: &str) -> bool {
    text.parse::<f64>().is_ok() || without_marks(text).is_some()
}

/// How names are sorted: byte by byte, or, where each is a number with a sign of per cent or of a currency, by these numbers first.
fn order_of(texts: &[&str]) -> impl Fn(&&str, &&str) -> Ordering + use<> {
    let are_numbers = texts.iter().all(|text| value_in_words(text).is_some());
    move |one, other| {
        let value = |text: &str| if are_numbers { value_in_words(text).unwrap_or_default() } else { 0.0 };
        value(one).total_cmp(&value(other)).then_with(|| one.cmp(other))
    }
}

/// The rank of each value among the distinct values, and those in ascending order.
fn ranked<T: PartialEq + Clone>(values: &[T], compare: impl Fn(&T, &T) -> Ordering) -> (Vec<u32>, Vec<T>) {
    let mut distinct = values.to_vec();
    distinct.sort_unstable_by(&compare);
    distinct.dedup();
    // Every value is among the distinct ones, which 32 bits number: neither default is ever taken.
    let place = |value: &T| distinct.binary_search_by(|other| compare(other, value)).unwrap_or(0);
    let rank = |value: &T| u32::try_from(place(value)).unwrap_or(u32::MAX);
    (values.iter().map(rank).collect(), distinct)
}

/// `3`, `-1`, `+2`, forms such as `3.0` whose value is whole, and all of them with a minus of typography or marks between thousands, as
/// features may have them.
#[expect(clippy::cast_possible_truncation, reason = "guarded: the value is whole and below 2^53")]
#[must_use]
pub fn whole_number(text: &str) -> Option<i128> {
    let plain = |text: &str| {
        text.parse::<i128>().ok().or_else(|| {
            let value = text.parse::<f64>().ok()?;
            (value.abs() < EXACT && value.fract() == 0.0).then_some(value as i128)
        })
    };
    let text = text.trim();
    plain(text).or_else(|| plain(&without_marks(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str], rules: &ClassRules) -> Result<(Labels, Vec<String>, Vec<Level>), DataError> {
        let mut levels: Vec<String> = Vec::new();
        let mut codes = Vec::new();
        for text in texts {
            let known = levels.iter().position(|level| level == text);
            let place = known.unwrap_or_else(|| {
                levels.push((*text).to_owned());
                levels.len() - 1
            });
            codes.push(u32::try_from(place).expect("few"));
        }
        let row_place = |row: usize| format!("data.csv: line {}, column \"y\"", row + 2);
        let labels = LabelTexts {
            texts: Texts { levels, codes },
            place: "data.csv: column \"y\"".to_owned(),
            row_place: &row_place,
        };
        let meanings = labels.levels(rules, |_| true)?;
        let kept: Vec<usize> = (0..texts.len())
            .filter(|&row| meanings[labels.texts.codes[row] as usize] == Level::Class)
            .collect();
        let (found, notes) = labels.labels(&kept, rules)?;
        Ok((found, notes, meanings))
    }

    fn labels(texts: &[&str]) -> Result<Labels, DataError> {
        read(texts, &ClassRules::default()).map(|(labels, _, _)| labels)
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
    fn numbers_in_spellings_of_features_sort_as_numbers_and_keep_their_names() {
        let of = |texts: &[&str]| labels(texts).expect("valid").class_names().to_vec();
        assert_eq!(of(&["1", "\u{2212}1", "10"]), ["\u{2212}1", "1", "10"]);
        assert_eq!(of(&["\u{2212}2", "\u{2212}10", "0"]), ["\u{2212}10", "\u{2212}2", "0"]);
        assert_eq!(of(&["1\u{a0}000", "200", "1,000,000"]), ["200", "1\u{a0}000", "1,000,000"]);
        assert_eq!(of(&["100%", "5%", "10%"]), ["5%", "10%", "100%"]);
        assert_eq!(of(&["$1,000.50", "$20"]), ["$20", "$1,000.50"]);
        // The plain form is the name where the file has it, and letters beside numbers make all of them texts.
        let both = labels(&["\u{2212}1", "1", "-1"]).expect("valid");
        assert_eq!(
            (both.class_names(), both.class_indices()),
            (&["-1".to_owned(), "1".to_owned()][..], &[0, 1, 0][..])
        );
        assert_eq!(of(&["\u{2212}1", "1", "b"]), ["1", "b", "\u{2212}1"]);
        assert!(same("\u{2212}1", "-1") && !same("5%", "5"));
        assert!(labels(&["\u{2212}0.5", "1"]).expect_err("real").to_string().contains("real numbers"));
        let notes = read(&["\u{2212}1", "1"], &ClassRules::default()).expect("valid").1;
        assert_eq!(notes, ["labels are -1 and 1; 1 is the second, positive class"]);
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
    }

    #[test]
    fn whole_numbers_that_were_written_as_doubles_are_not_called_real() {
        for text in ["9007199254740992.0", "1.7e+18"] {
            let message = labels(&["1", text]).expect_err("a double").to_string();
            assert!(message.contains(text) && message.contains("as int64 or as text"), "{message}");
        }
    }

    #[test]
    fn one_class_is_not_enough() {
        let message = labels(&["1", "1.0"]).expect_err("one class").to_string();
        assert!(message.contains("one class only, \"1\""), "{message}");
    }

    #[test]
    fn missing_labels_are_no_class() {
        let message = labels(&["a", "NA", "b"]).expect_err("missing").to_string();
        assert!(message.contains("line 3") && message.contains("marks a missing value"), "{message}");
        let rules = ClassRules { drop_missing: true, ..ClassRules::default() };
        let (labels, _, _) = read(&["a", "NA", "", "b"], &rules).expect("valid");
        assert_eq!(labels.counts(), [1, 1]);
        let named = ["NA".to_owned(), "a".to_owned()];
        let rules = ClassRules { classes: Some(&named), ..ClassRules::default() };
        let (labels, _, meanings) = read(&["a", "NA", "b", "NA"], &rules).expect("valid");
        assert_eq!(labels.class_names(), ["NA", "a"]);
        assert_eq!(labels.class_indices(), [1, 0, 0]);
        assert_eq!(meanings[2], Level::NotChosen);
    }

    #[test]
    fn what_looks_odd_is_said() {
        let notes = |texts: &[&str]| read(texts, &ClassRules::default()).expect("valid").1.join("; ");
        assert!(notes(&["Ant", "ant", "bee"]).contains("differ in capitals only"));
        assert!(
            notes(&["New York", "New\u{a0}York"]).contains("spaces or characters that are not seen only")
        );
        assert!(notes(&["u", "u\u{200b}"]).contains("not seen only"));
        assert!(notes(&["007", "10"]).contains("007 is 7"));
        assert!(notes(&["-1", "1"]).contains("positive class"));
        assert!(notes(&["-1", "0", "1"]).contains("-1 is taken for a class; if it marks rows to ignore"));
        assert_eq!(notes(&["-2", "-1", "0"]), "");
        assert!(notes(&["0", "255", "1"]).contains("255 is taken for a class; if it marks rows to ignore"));
        assert_eq!(notes(&["253", "254", "255"]), "");
        let own: Vec<String> = (0..20).map(|class| (class / 2 * 3 % 20).to_string()).collect();
        assert_eq!(notes(&own.iter().map(String::as_str).collect::<Vec<_>>()), "");
        let many: Vec<String> = (0..300).map(|class| class.to_string()).collect();
        assert!(
            notes(&many.iter().map(String::as_str).collect::<Vec<_>>()).contains("300 values in 300 rows")
        );
        assert_eq!(notes(&["0", "1", "2"]), "");
        let rules = ClassRules { ignore_index: &["7".to_owned(), "0".to_owned()], ..ClassRules::default() };
        let said = read(&["0", "1", "2"], &rules).expect("valid").1;
        assert_eq!(said, ["`ignore_index` 7: no row has this label"]);
    }

    #[test]
    fn a_class_is_named_once() {
        let named = ["a".to_owned(), "b".to_owned(), " a".to_owned()];
        let rules = ClassRules { classes: Some(&named), ..ClassRules::default() };
        let message = read(&["a", "b"], &rules).expect_err("twice").to_string();
        assert!(message.contains("is named twice"), "{message}");
    }
}
