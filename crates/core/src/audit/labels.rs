//! The class of every row: labels are numbers of classes, their names, or headings of columns.

use super::ReadOptions;
use crate::data::arrays::Array;
use crate::data::classes::{IGNORED_ELSEWHERE, missing_label, same, whole_number};
use crate::data::sample_weights::all_zero;
use crate::data::samples::{label_texts, one_hot_texts};
use crate::data::table::{Texts, is_missing};
use crate::data::taken::list;
use crate::data::{DataError, Labels, LeftOut, quoted};
use crate::nearest::nearest;
use crate::text::cleaned;

/// Labels as a file holds them, not looked at yet.
pub(super) struct GivenLabels<'a> {
    pub(super) texts: Texts,
    /// Where they are, for errors.
    pub(super) place: String,
    /// The same of a row.
    pub(super) row_place: &'a dyn Fn(usize) -> String,
    /// The weight of each row, where they do not all count once.
    pub(super) weights: Option<Vec<f64>>,
    /// What the columns of scores are called, which labels may name.
    pub(super) headings: Option<Vec<String>>,
    /// Names of the classes that the file itself gives.
    pub(super) class_names: Option<Vec<String>>,
}

impl GivenLabels<'_> {
    /// The same with clean names, as headings are.
    fn clean(mut self) -> Self {
        self.texts.levels = cleaned(self.texts.levels);
        self.class_names = self.class_names.map(cleaned);
        self
    }

    /// Whether a row does not count, whatever its label: its weight is 0.
    fn is_absent(&self, row: usize) -> bool {
        self.weights.as_ref().is_some_and(|weights| weights[row] == 0.0)
    }

    /// The texts that a row that counts has.
    fn occurring(&self) -> Vec<&String> {
        let mut occurs = vec![false; self.texts.levels.len()];
        let rows = 0..self.texts.codes.len();
        rows.filter(|&row| !self.is_absent(row))
            .for_each(|row| occurs[self.texts.codes[row] as usize] = true);
        self.texts.levels.iter().zip(occurs).filter(|(_, occurs)| *occurs).map(|(text, _)| text).collect()
    }
}

/// Labels of an array: one number or text per row, or the place of the one in a one-hot row.
pub(super) fn array_texts(array: &Array, classes: usize) -> Result<Texts, DataError> {
    if array.columns() == 1 {
        return label_texts(array);
    }
    if array.columns() != classes {
        let problem = format!(
            "has shape {}: {} labels in each row; one number is needed, or one-hot rows of {classes}",
            array.shape_text(),
            array.columns()
        );
        return Err(array.invalid(problem));
    }
    one_hot_texts(array, "one class per sample is needed (`multi_label` audits several)")
}

/// The classes of the rows that count.
pub(super) struct FoundLabels {
    pub(super) labels: Labels,
    /// The rows that count.
    pub(super) rows: Vec<usize>,
    /// Rows whose label says to ignore them.
    pub(super) ignored: usize,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) notes: Vec<String>,
}

/// Whether a label means "not counted", unless a class has it: the usual one, and `PyTorch`'s.
pub(super) fn marks_ignored(text: &str) -> bool {
    whole_number(text).is_some_and(|number| IGNORED_ELSEWHERE.contains(&number))
}

/// What a label means.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Class(u32),
    Ignored,
    Missing,
    Unknown,
}

/// Finds the class of every row.
///
/// # Errors
/// A label is of no class, there are not as many as rows of scores, or none is left.
pub(super) fn class_indices(
    given: GivenLabels,
    scores: &Array,
    options: &ReadOptions,
) -> Result<FoundLabels, DataError> {
    let given = given.clean();
    let classes = scores.columns().max(2);
    let rows = given.texts.codes.len();
    if rows != scores.rows() {
        let problem = format!(
            "{rows} labels, but {} has {} rows{}; one label for each is needed",
            scores.place,
            scores.rows(),
            if scores.columns() == rows { " (is it transposed?)" } else { "" }
        );
        return Err(DataError::invalid(&given.place, problem));
    }
    let scheme = Scheme::of(&given, classes, options)?;
    let sorted = SortedRows::of(&given, &scheme, classes, options)?;
    sorted.check_any(&given)?;
    let left_out = sorted.left_out();
    let SortedRows { class_indices, kept, ignored, .. } = sorted;
    let mut labels = Labels::with_absent(class_indices, scheme.names);
    if let Some(weights) = &given.weights {
        labels = labels.with_weights(kept.iter().map(|&row| weights[row]).collect())?;
    }
    Ok(FoundLabels { labels, rows: kept, ignored, left_out, notes: scheme.notes })
}

/// Rows by what their labels mean.
#[derive(Default)]
struct SortedRows {
    /// The classes of the rows that count.
    class_indices: Vec<u32>,
    /// The rows that count.
    kept: Vec<usize>,
    /// How many there are of the others.
    absent: usize,
    ignored: usize,
    missing: usize,
}

impl SortedRows {
    fn of(
        given: &GivenLabels,
        scheme: &Scheme,
        classes: usize,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let meanings: Vec<Meaning> =
            given.texts.levels.iter().map(|text| scheme.meaning(text, options)).collect();
        let mut sorted = Self::default();
        for (row, &code) in given.texts.codes.iter().enumerate() {
            if given.is_absent(row) {
                sorted.absent += 1;
                continue;
            }
            match meanings[code as usize] {
                Meaning::Class(class) => {
                    sorted.class_indices.push(class);
                    sorted.kept.push(row);
                }
                Meaning::Ignored => sorted.ignored += 1,
                Meaning::Missing if options.drop_missing => sorted.missing += 1,
                Meaning::Missing => {
                    let problem = missing_label(&given.texts.levels[code as usize]);
                    return Err(DataError::invalid((given.row_place)(row), problem));
                }
                Meaning::Unknown => {
                    let text = &given.texts.levels[code as usize];
                    return Err(DataError::invalid((given.row_place)(row), scheme.unknown(text, classes)));
                }
            }
        }
        Ok(sorted)
    }

    /// Fails where no row counts.
    fn check_any(&self, given: &GivenLabels) -> Result<(), DataError> {
        if !self.kept.is_empty() {
            return Ok(());
        }
        let rows = given.texts.codes.len();
        let why = if rows == 0 { "no rows" } else { "no row that is not to be ignored" };
        Err(if self.absent == rows && rows > 0 {
            all_zero(format!("sample weights: {}", given.place))
        } else {
            DataError::invalid(&given.place, format!("{why}; there is nothing to audit"))
        })
    }

    fn left_out(&self) -> Vec<LeftOut> {
        let left_out =
            [(self.absent, "weight 0"), (self.ignored, "label to ignore"), (self.missing, "no label")];
        left_out.into_iter().filter_map(|(count, why)| LeftOut::rows(count, why)).collect()
    }
}

/// How labels name classes.
struct Scheme {
    /// Names of the classes.
    names: Vec<String>,
    /// What labels call them, where that is by name.
    keys: Vec<String>,
    by: Naming,
    /// Numbers seem to count the classes from 1.
    from_one: bool,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Naming {
    /// By their numbers from 0.
    Number,
    /// By their names.
    Name,
    /// -1 and 1.
    Sign,
    /// False and True.
    Boolean,
}

/// The names of the classes: those that the user gives, those of the file, or headings that are words.
fn class_names(
    given: &GivenLabels,
    classes: usize,
    options: &ReadOptions,
) -> Result<Option<Vec<String>>, DataError> {
    let words =
        |list: &&Vec<String>| list.len() == classes && list.iter().all(|name| whole_number(name).is_none());
    let headings = given.headings.as_ref().filter(words).cloned();
    let names = options.class_names.clone().map(cleaned).or_else(|| given.class_names.clone()).or(headings);
    if let Some(names) = &names
        && names.len() != classes
    {
        let place = if options.class_names.is_some() { "`class_names`" } else { given.place.as_str() };
        let problem = format!("{} names for {classes} classes; give one per class, in order", names.len());
        return Err(DataError::invalid(place, problem));
    }
    Ok(names)
}

/// The labels of rows that count.
struct Occurring<'a> {
    /// All.
    texts: Vec<&'a String>,
    /// Those that are neither missing nor those of rows to ignore.
    labels: Vec<&'a String>,
    /// Into how many classes they fall.
    classes: usize,
}

impl<'a> Occurring<'a> {
    fn of(given: &'a GivenLabels, classes: usize, options: &ReadOptions) -> Self {
        let texts = given.occurring();
        let is_ignored = |text: &str| marks_ignored(text) || is_ignored(text, options);
        let labels = texts.iter().copied().filter(|text| !is_missing(text) && !is_ignored(text)).collect();
        Self { texts, labels, classes }
    }

    /// Whether there are labels, and each is like this.
    fn are_all(&self, is: impl Fn(&str) -> bool) -> bool {
        !self.labels.is_empty() && self.labels.iter().all(|text| is(text))
    }

    /// Whether these are names, one for each class, and each label is one of them.
    fn are_among(&self, names: &[String]) -> bool {
        names.len() == self.classes && self.are_all(|text| names.iter().any(|name| same(name, text)))
    }

    /// Whether there are two classes, and labels are -1 and 1.
    fn are_signs(&self, options: &ReadOptions) -> bool {
        let texts: Vec<String> = self.texts.iter().map(|text| (*text).clone()).collect();
        self.classes == 2 && are_signs(&texts, options)
    }

    /// Labels in sorted order, where they are words and as many as there are classes.
    fn sorted_words(&self) -> Option<Vec<String>> {
        let mut words: Vec<String> = self.labels.iter().map(|text| (*text).clone()).collect();
        words.sort();
        let are_words = words.iter().all(|text| whole_number(text).is_none() && text.parse::<f64>().is_err());
        (are_words && words.len() == self.classes).then_some(words)
    }

    /// Labels that only by default mark rows to ignore: -1, which may be a class.
    fn ignored_by_default(&self, options: &ReadOptions) -> Vec<&'a String> {
        let by_default = |text: &&String| same(text, "-1") && !is_ignored(text, options);
        self.texts.iter().copied().filter(by_default).collect()
    }
}

impl Scheme {
    fn new(by: Naming, names: Vec<String>, keys: Vec<String>, notes: Vec<String>) -> Self {
        Self { names, keys, by, from_one: false, notes }
    }

    /// The scheme that fits: headings go first, then names that are given, then what labels themselves say.
    fn of(given: &GivenLabels, classes: usize, options: &ReadOptions) -> Result<Self, DataError> {
        let found = Occurring::of(given, classes, options);
        let names = class_names(given, classes, options)?;
        if let Some(headings) = given.headings.as_ref().filter(|list| found.are_among(list)) {
            return Ok(Self::of_headings(headings, &found.texts, names));
        }
        let signs = found.are_signs(options);
        let user_named = options.class_names.is_some();
        if let Some(own) = &names {
            // Names that the user gives are those that labels have, whole numbers too; -1 is a class then if it is one of them.
            let has_signs = || own.iter().any(|name| same(name, "-1"));
            let may_be_names = user_named || !found.are_all(|text| whole_number(text).is_some());
            if may_be_names && found.are_among(own) && (!signs || has_signs()) {
                return Ok(Self::of_names(own));
            }
            let is_word = |text: &str| whole_number(text).is_none() && boolean(text).is_none();
            if user_named && given.headings.is_none() && found.are_all(is_word) {
                // Words that are not among the names given are no classes: their sorted order would be a guess.
                return Ok(Self::new(Naming::Name, own.clone(), own.clone(), Vec::new()));
            }
        }
        let numbered = || (0..classes).map(|class| class.to_string()).collect::<Vec<String>>();
        if signs {
            let notes = vec!["labels are -1 and 1: class 0 and class 1".to_owned()];
            return Ok(Self::new(Naming::Sign, names.unwrap_or_else(numbered), Vec::new(), notes));
        }
        if classes == 2 && found.are_all(|text| boolean(text).is_some()) {
            let notes = vec!["labels are False and True: class 0 and class 1".to_owned()];
            let names = names.unwrap_or_else(|| vec!["False".to_owned(), "True".to_owned()]);
            return Ok(Self::new(Naming::Boolean, names, Vec::new(), notes));
        }
        if given.headings.is_none()
            && let Some(words) = found.sorted_words()
        {
            let notes =
                vec!["labels are names; in sorted order they are the classes of the columns".to_owned()];
            return Ok(Self::new(Naming::Name, words.clone(), words, notes));
        }
        let ignored = found.ignored_by_default(options);
        let labels = (found.labels.as_slice(), ignored.as_slice());
        Ok(Self::of_numbers(given.headings.as_deref(), labels, names.unwrap_or_else(numbered)))
    }

    /// Labels are names that the user gives, or the file.
    fn of_names(own: &[String]) -> Self {
        let is_elsewhere = |(place, name): (usize, &String)| {
            whole_number(name).is_some_and(|number| number != place as i128)
        };
        let mut notes = Vec::new();
        if own.iter().enumerate().any(is_elsewhere) {
            notes.push(format!("labels are names of classes ({}), not numbers from 0", list(own)));
        }
        Self::new(Naming::Name, own.to_vec(), own.to_vec(), notes)
    }

    /// Labels are numbers of classes; `names` are those of the classes.
    fn of_numbers(
        headings: Option<&[String]>,
        (labels, ignored): (&[&String], &[&String]),
        names: Vec<String>,
    ) -> Self {
        let classes = names.len();
        let mut notes = Vec::new();
        let is_there = |class: usize| labels.iter().any(|text| whole_number(text) == Some(class as i128));
        let keys = headings.map(<[String]>::to_vec).unwrap_or_default();
        let has_heading_each = keys.len() == classes;
        let absent: Vec<usize> = (0..classes).filter(|&class| !is_there(class)).collect();
        if let Some(&first) = absent.first().filter(|_| has_heading_each) {
            let column = |&class: &usize| format!("{class} ({})", quoted(&keys[class]));
            notes.push(if absent.len() == 1 {
                format!(
                    "no row has the class {first}, column {}; if it is no logit, leave it out with `drop`",
                    quoted(&keys[first])
                )
            } else {
                let columns: Vec<String> = absent.iter().map(column).collect();
                format!(
                    "no row has the classes {}; columns that are no logits are left out with `drop`",
                    list(&columns)
                )
            });
        }
        // -1 is a class as often as a mark: as many labels as there are columns say that it may be one.
        if let ([mark], true) = (ignored, labels.len() + ignored.len() == classes) {
            notes.push(format!(
                "rows with the label {mark} are left out; if it is a class, name the classes in the order of the columns, such as \
                 `class_names` {}",
                sorted_numbers(labels, ignored).join(",")
            ));
        }
        let are_numbers = !labels.is_empty() && labels.iter().all(|text| whole_number(text).is_some());
        if are_numbers && has_heading_each {
            let pairs: Vec<String> =
                keys.iter().enumerate().map(|(class, heading)| format!("{class} is {heading}")).collect();
            notes.push(format!("labels are numbers, from 0 in the order of the columns: {}", list(&pairs)));
        }
        let from_one = are_numbers && !is_there(0) && is_there(classes);
        Self { names, keys, by: Naming::Number, from_one, notes }
    }

    /// Labels are headings of columns; classes have these names or the user's own. Of the labels, some may be missing or mark rows
    /// to ignore.
    fn of_headings(headings: &[String], labels: &[&String], names: Option<Vec<String>>) -> Self {
        let mut notes = Vec::new();
        let are_places = headings.iter().enumerate().all(|(place, name)| *name == place.to_string());
        let all_numbers = headings.iter().all(|name| whole_number(name).is_some());
        if all_numbers && !are_places {
            notes.push(format!("labels are headings ({}), not numbers of classes from 0", list(headings)));
        }
        let is_absent = |name: &&String| !labels.iter().any(|text| same(name, text));
        let absent: Vec<String> = headings.iter().filter(is_absent).map(|name| quoted(name)).collect();
        match absent.as_slice() {
            [] => {}
            _ if are_places => {}
            [one] => notes.push(format!(
                "no row has the class {one}; if its column is no logit, leave it out with `drop`"
            )),
            _ => notes.push(format!(
                "no row has the classes {}; columns that are no logits are left out with `drop`",
                list(&absent)
            )),
        }
        // The user's own names go first; labels still name headings.
        let names = names.unwrap_or_else(|| headings.to_vec());
        if names != headings {
            notes.push(format!("classes {} are called {}", list(headings), list(&names)));
        }
        Self { names, keys: headings.to_vec(), by: Naming::Name, from_one: false, notes }
    }

    fn meaning(&self, text: &str, options: &ReadOptions) -> Meaning {
        let number = whole_number(text);
        if is_ignored(text, options) {
            return Meaning::Ignored;
        }
        let by_name =
            || self.keys.iter().position(|name| same(name, text)).and_then(|class| u32::try_from(class).ok());
        let class = match self.by {
            Naming::Name => by_name(),
            Naming::Boolean => boolean(text).map(u32::from),
            Naming::Sign => match number {
                Some(-1) => Some(0),
                Some(1) => Some(1),
                _ => None,
            },
            Naming::Number => number
                .and_then(|number| u32::try_from(number).ok())
                .filter(|&class| (class as usize) < self.names.len()),
        };
        match class {
            Some(class) => Meaning::Class(class),
            None if marks_ignored(text) => Meaning::Ignored,
            None if is_missing(text) => Meaning::Missing,
            None => Meaning::Unknown,
        }
    }

    fn unknown(&self, text: &str, classes: usize) -> String {
        match (self.by, whole_number(text)) {
            (Naming::Number, Some(number)) if self.from_one => {
                let names: Vec<String> = (1..=classes).map(|class| class.to_string()).collect();
                let names = if classes <= FEW { names.join(",") } else { format!("1,2,..,{classes}") };
                format!(
                    "{number}, but classes are 0 to {}; if labels count from 1, give `class_names` {names}, or save y - 1",
                    classes - 1
                )
            }
            (Naming::Number, Some(number)) => format!(
                "{number}, but classes are 0 to {} (and -1 for rows to ignore; `ignore_index` {number} ignores these)",
                classes - 1
            ),
            (Naming::Number, None) if text.parse::<f64>().is_ok() => {
                format!("{text}, but labels are whole numbers or names of classes")
            }
            (Naming::Number, None) => {
                let headings =
                    if self.keys.is_empty() { String::new() } else { format!(" ({})", list(&self.keys)) };
                let near = nearest(text, &self.keys)
                    .map_or_else(String::new, |near| format!("; did you mean {}?", quoted(near)));
                format!(
                    "{} is neither the number of a class nor a heading{headings}{near}; `class_names` gives the classes other names, \
                     in the order of the columns",
                    quoted(text)
                )
            }
            (Naming::Name, _) => format!("{} is none of the classes {}", quoted(text), list(&self.keys)),
            (Naming::Sign | Naming::Boolean, _) => {
                format!("{} is none of the classes {}", quoted(text), list(&self.names))
            }
        }
    }
}

/// Up to this many classes, advice names each.
const FEW: usize = 10;

/// Labels that are numbers, in ascending order.
fn sorted_numbers(labels: &[&String], others: &[&String]) -> Vec<String> {
    let mut numbers: Vec<i128> = labels.iter().chain(others).filter_map(|text| whole_number(text)).collect();
    numbers.sort_unstable();
    numbers.iter().map(i128::to_string).collect()
}

/// True or False, as pandas and R write them.
fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn is_ignored(text: &str, options: &ReadOptions) -> bool {
    options.ignore_index.iter().any(|ignored| same(ignored, text))
}

/// Whether labels are -1 and 1, of which -1 is a class and no row to ignore.
pub(super) fn are_signs(levels: &[String], options: &ReadOptions) -> bool {
    let sign = |text: &String| matches!(whole_number(text), Some(-1 | 1)) && !is_ignored(text, options);
    levels.len() == 2 && levels.iter().all(sign)
}
