//! Makes an [`Experiment`] of an analysis file: reads it, applies overrides to its dotted keys, expands the sweep and checks
//! every point. Errors name file and line, before any work starts.

use super::caption::Caption;
use super::check::{self, Fault, check_table, check_value};
use super::error::AnalysisError;
use super::specification::{Analysis, Draw, FigurePlan, Series, Sweep};
use super::toml_text::{TomlError, read_toml};
use crate::files::read_text;
use crate::loss::loss_meant;
use crate::memory::check_memory;
use crate::nearest::nearest;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

/// The text of an analysis file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file as the user named it, or the name of a shipped analysis.
    pub name: String,
    /// What it says.
    pub text: String,
    /// Where paths in it are relative to.
    pub directory: PathBuf,
}

/// A value given on the command line for a key of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Dotted key.
    pub key: String,
    /// Its new value.
    pub value: Value,
}

/// Keys of the whole analysis, which no point of its sweep has.
const WHOLE: [&str; 3] = ["sweep", "table", "figure"];
/// Sweep points an analysis may have at most.
const MAX_POINTS: usize = 1_000_000;
/// Memory of a point at most: as such, and for each letter of the file, where a digit and a comma make a number.
const BYTES_OF_POINT: u128 = 2_048;
const BYTES_OF_LETTER: u128 = 4;

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read ([`AnalysisError::Unreadable`]).
    pub fn read(path: &Path) -> Result<Self, AnalysisError> {
        let reason = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                "there is no such file; `equipoise analyses copy` writes a shipped one to edit".to_owned()
            }
            _ => error.to_string(),
        };
        let text = read_text(path)
            .map_err(|error| AnalysisError::Unreadable { path: path.to_owned(), reason: reason(error) })?;
        let name = path.display().to_string();
        Ok(Self { name, text, directory: crate::files::directory_of(path).to_owned() })
    }

    /// Reads, overrides, multiplies out and checks.
    ///
    /// # Errors
    /// The text is not TOML, a key or value is wrong, an override does not fit, the sweep has too many points,
    /// or a check fails. The error names the line or the override.
    pub fn experiment(&self, overrides: &[Override]) -> Result<Experiment, AnalysisError> {
        let mut experiment = self.multiplied_out(overrides)?;
        let further = 1..experiment.points.len();
        let class_names = self.placed(check::check(&mut experiment, further))?;
        Ok(Experiment { class_names, ..experiment })
    }

    /// The same, but only the first point is checked: to check a point takes a draw of its data.
    pub(super) fn outline(&self, overrides: &[Override]) -> Result<Experiment, AnalysisError> {
        let mut experiment = self.multiplied_out(overrides)?;
        let class_names = self.placed(check::check(&mut experiment, []))?;
        Ok(Experiment { class_names, ..experiment })
    }

    /// Checks points of an outline.
    pub(super) fn check_points(
        &self,
        experiment: &Experiment,
        points: impl IntoIterator<Item = usize>,
    ) -> Result<(), AnalysisError> {
        self.placed(check::points(experiment, points))
    }

    fn placed<T>(&self, checked: Result<T, Fault>) -> Result<T, AnalysisError> {
        checked.map_err(|fault| self.at(&fault.key, &fault.problem))
    }

    fn multiplied_out(&self, overrides: &[Override]) -> Result<Experiment, AnalysisError> {
        let mut analysis: Analysis = read_toml(&self.text).map_err(|error| self.unreadable(&error))?;
        let mut table: Table = toml::from_str(&self.text).map_err(|error| self.unreadable(&error.into()))?;
        for Override { key, value } in overrides {
            let refused = |why: String| AnalysisError::specification(format!("`set` {key}"), why);
            check_value(key, value)
                .map_err(|fault| refused(format!("`{}`: {}", fault.key, fault.problem)))?;
            set(&mut table, key, value.clone()).map_err(refused)?;
            let axis = analysis.sweep.iter().position(|sweep| sweep.name == *key);
            analysis = analysis_of(&table).map_err(|error| {
                let of_axis = axis.map_or_else(String::new, |number| {
                    format!(
                        "; the values of the axis `{key}` are set by `set` 'sweep.{number}.values=[{value}]'"
                    )
                });
                refused(explain(&error) + &of_axis)
            })?;
        }
        overrides.iter().try_for_each(|given| check_unswept(given, &analysis.sweep))?;
        self.placed(check_table(&table))?;
        let (axes, values) = self.axes(&analysis.sweep)?;
        let mut points = self.points(&table, &analysis.sweep, &axes, &values)?;
        for resolved in points.iter_mut().chain([&mut analysis]) {
            resolved.rename_files(|path| self.directory.join(path));
        }
        Ok(Experiment { analysis, axes, points, class_names: Vec::new() })
    }

    /// An error at the line of a dotted key.
    fn at(&self, key: &str, problem: &str) -> AnalysisError {
        AnalysisError::specification(
            format!("{}:{}", self.name, line_of(&self.text, key)),
            format!("`{key}`: {problem}"),
        )
    }

    fn unreadable(&self, error: &TomlError) -> AnalysisError {
        let start = error.span().map_or(0, |span| span.start);
        let (line, mut what) = (line_at(&self.text, start), explain(error));
        let header = self.text.lines().nth(line - 1).and_then(|text| text.trim().strip_prefix('['));
        if let Some(name) = header.and_then(|header| header.trim_start_matches('[').split(']').next()) {
            if what.ends_with("expected a list") {
                what += &format!("; begin each with [[{name}]]");
            } else if what.contains("duplicate key") {
                what += &format!("; [{name}] is above already: begin each of several with [[{name}]]");
            }
        }
        let whole_line = self.text.lines().nth(line - 1).unwrap_or_default();
        let at = self.text.get(start..).unwrap_or_default();
        what = how_to_write(whole_line, at, &what).unwrap_or(what);
        // What is unknown or missing names itself; a wrong value is named by its key.
        let names_itself = ["unknown field", "missing field"].iter().any(|kind| what.starts_with(kind));
        let what = match key_at(&self.text, start).filter(|_| !names_itself) {
            Some(key) => format!("`{key}`: {what}"),
            None => what,
        };
        AnalysisError::specification(format!("{}:{line}", self.name), what)
    }

    fn axes(&self, sweeps: &[Sweep]) -> Result<(Vec<SweptAxis>, Vec<Vec<Value>>), AnalysisError> {
        let axis = |(number, sweep): (usize, &Sweep)| {
            let values = sweep.values().map_err(|why| self.at(&format!("sweep.{number}"), &why))?;
            let labels = if sweep.labels.is_empty() {
                values.iter().map(label).collect()
            } else {
                sweep.labels.clone()
            };
            let numbers =
                values.iter().enumerate().map(|(place, value)| number_of(value).unwrap_or(place as f64));
            let numbers = numbers.collect();
            let (name, is_labelled) = (sweep.name.clone(), !sweep.labels.is_empty());
            let axis = SweptAxis { name, labels, numbers, values: exact(&values), is_labelled };
            Ok((axis, values))
        };
        let both: Vec<_> = sweeps.iter().enumerate().map(axis).collect::<Result<_, AnalysisError>>()?;
        Ok(both.into_iter().unzip())
    }

    fn points(
        &self,
        table: &Table,
        sweeps: &[Sweep],
        axes: &[SweptAxis],
        values: &[Vec<Value>],
    ) -> Result<Vec<Analysis>, AnalysisError> {
        let count = values.iter().try_fold(1_usize, |count, values| count.checked_mul(values.len()));
        let count = count.filter(|&count| count <= MAX_POINTS).ok_or_else(|| {
            self.at("sweep", &format!("more than {MAX_POINTS} points; give the axes fewer values"))
        })?;
        // A point is a copy of what the file says.
        let bytes = count as u128 * (BYTES_OF_POINT + BYTES_OF_LETTER * self.text.len() as u128);
        check_memory(bytes, "the points of the sweep take", "give its axes fewer values")
            .map_err(|error| self.at("sweep", &error.to_string()))?;
        let mut table = table.clone();
        // Sweep, tables and figures are left out: every point would copy them, and axes grow with the number of points.
        WHOLE.iter().for_each(|&key| drop(table.remove(key)));
        let point = |point: usize| {
            let mut at_point = table.clone();
            let places = places(axes, point);
            for (number, (sweep, &place)) in sweeps.iter().zip(&places).enumerate() {
                for key in &sweep.keys {
                    set(&mut at_point, key, values[number][place].clone())
                        .map_err(|why| self.at(&format!("sweep.{number}.keys"), &why))?;
                }
            }
            analysis_of(&at_point).map_err(|error| {
                let place = places_in_words(axes, &places).unwrap_or_default();
                self.at("sweep", &format!("{place}: {}", explain(&error)))
            })
        };
        (0..count).map(point).collect()
    }
}

impl Experiment {
    /// An analysis that comes from no file and sweeps nothing, checked.
    ///
    /// # Errors
    /// A check fails ([`AnalysisError::Specification`]).
    pub fn of_one_point(analysis: Analysis) -> Result<Self, AnalysisError> {
        let refused = |fault: Fault| AnalysisError::specification(fault.key, fault.problem);
        let text = toml::to_string(&analysis)
            .map_err(|error| AnalysisError::specification("analysis", error.to_string()))?;
        let table = text
            .parse()
            .map_err(|error: toml::de::Error| AnalysisError::specification("analysis", error.to_string()))?;
        check_table(&table).map_err(refused)?;
        let mut experiment =
            Self { points: vec![analysis.clone()], axes: Vec::new(), analysis, class_names: Vec::new() };
        let class_names = check::check(&mut experiment, []).map_err(refused)?;
        Ok(Self { class_names, ..experiment })
    }
}

impl Override {
    /// Reads `key=value`; a value that is no TOML is taken as text.
    ///
    /// # Errors
    /// The text has no `=`.
    pub fn parse(text: &str) -> Result<Self, AnalysisError> {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            AnalysisError::specification(format!("`set` {text}"), "no `=`; write key=value, such as seed=7")
        })?;
        let read = toml::from_str::<Table>(&format!("value = {value}")).ok();
        let value = read.and_then(|mut table| table.remove("value"));
        Ok(Self {
            key: key.trim().to_owned(),
            value: value.unwrap_or_else(|| Value::String(text[key.len() + 1..].to_owned())),
        })
    }
}

/// The table as an analysis. By way of text, as files are read: the code that reads an analysis from anything else would be compiled
/// besides.
fn analysis_of(table: &Table) -> Result<Analysis, TomlError> {
    read_toml(&table.to_string())
}

/// An error if a value is given for a key that every point of the sweep replaces.
fn check_unswept(given: &Override, sweeps: &[Sweep]) -> Result<(), AnalysisError> {
    let key = given.key.as_str();
    let replaces =
        |swept: &str| key.strip_prefix(swept).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let found = sweeps.iter().enumerate().find(|(_, sweep)| sweep.keys.iter().any(|swept| replaces(swept)));
    let Some((number, sweep)) = found else { return Ok(()) };
    let labels =
        if sweep.labels.is_empty() { String::new() } else { format!(" `set` sweep.{number}.labels=[]") };
    let why = format!(
        "is swept: every value of the axis `{}` replaces it; `set` 'sweep.{number}.values=[{}]'{labels} takes one alone",
        sweep.name, given.value
    );
    Err(AnalysisError::specification(format!("`set` {key}"), why))
}

/// More names than this are not listed, but where they are listed is said.
const MAX_LISTED: usize = 24;

/// What somebody may look at who misses something.
const WHERE_ALL_IS: &str = "; `equipoise analyses show averaging` prints a whole file";

/// Names that things have elsewhere, and those that they have here.
const ELSEWHERE: [(&str, &str); 12] = [
    ("l2", "penalty"),
    ("color", "colour"),
    ("weights", "class_weights"),
    ("metrics", "measure"),
    ("name", "label"),
    ("file", "path"),
    ("target", "label"),
    ("separator", "format"),
    ("red", "vermillion"),
    ("orange", "amber"),
    ("yellow", "amber"),
    ("pink", "purple"),
];

/// The parser's names of types, and words for them.
const TYPES: [(&str, &str); 10] = [
    ("cannot recurse further; max recursion depth met", "its tables and lists lie too deep in one another"),
    ("recursion limit", "its tables and lists lie too deep in one another"),
    ("expected u64", "expected a whole number from 0"),
    ("expected usize", "expected a whole number from 0"),
    ("expected u32", "expected a whole number from 0"),
    ("expected i64", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("invalid type: map", "invalid type: table"),
    ("invalid type: sequence", "invalid type: list"),
    ("expected a sequence", "expected a list"),
];

fn in_plain_words(message: &str) -> String {
    let message = match message.split_once("expected struct variant ") {
        Some((before, _)) => {
            format!("{before}expected a table of its settings, such as {{ focal = {{ gamma = 2.0 }} }}")
        }
        None => message.to_owned(),
    };
    TYPES.iter().fold(message, |text, (name, words)| text.replace(name, words))
}

/// How a value is written that the parser took for something else; `at` is what begins where it stopped.
fn how_to_write(line: &str, at: &str, message: &str) -> Option<String> {
    let value = line.split_once('=').map_or(line, |(_, value)| value).trim();
    if value.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{201e}']) {
        return Some("quotation marks of typography; write straight ones, as in \"text\"".to_owned());
    }
    let is_whole = |text: &str| text.trim_start_matches('-').parse::<u64>().is_ok();
    if let Some((whole, decimals)) = value.split_once(',').filter(|(a, b)| is_whole(a) && is_whole(b)) {
        return Some(format!(
            "{value}; a number is written {whole}.{decimals}, and a list [{whole}, {decimals}]"
        ));
    }
    let is_syntax = ["invalid boolean", "string values must be quoted", "unexpected"]
        .iter()
        .any(|kind| message.starts_with(kind));
    if is_syntax && (value.contains("//") || value.ends_with(';')) {
        return Some(format!("{value}; a comment begins with #, and no line ends with a semicolon"));
    }
    let is_of_word = |letter: &char| letter.is_ascii_alphanumeric() || "_-".contains(*letter);
    let word: String = at.chars().take_while(is_of_word).collect();
    match word.to_lowercase().as_str() {
        "yes" | "on" => return Some(format!("{word}; write true")),
        "no" | "off" => return Some(format!("{word}; write false")),
        "true" | "false" if is_syntax => return Some(format!("{word}; write {}", word.to_lowercase())),
        _ if is_syntax && word.starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
            return Some(format!("{word}; text is written in quotation marks, as in \"{word}\""));
        }
        _ => {}
    }
    let key = line.split_once('=').map(|(key, _)| key.trim());
    key.filter(|_| message.contains("duplicate key"))
        .map(|key| format!("duplicate key: `{key}` is given above already"))
}

/// The parser's message, with the nearest name where it lists the names it knows.
fn explain(error: &TomlError) -> String {
    let message = in_plain_words(&error.message().lines().collect::<Vec<_>>().join(" "));
    let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
    let unknown = message.starts_with("unknown").then(|| quoted.next()).flatten();
    let known: Vec<String> = quoted.collect();
    let Some(name) = unknown else {
        let example = if message.starts_with("missing field") { WHERE_ALL_IS } else { "" };
        return message + example;
    };
    let message = if known.len() > MAX_LISTED { format!("there is no measure `{name}`") } else { message };
    let list = if known.len() > MAX_LISTED { "; `equipoise analyses measures` lists them" } else { "" };
    let elsewhere =
        ELSEWHERE.iter().find(|(theirs, ours)| *theirs == name && known.iter().any(|one| one == ours));
    let is_of_series = ["colour", "color", "marker"].contains(&name.as_str());
    if is_of_series && known.iter().any(|one| one == "style") {
        return format!("{message}; colour and marker are keys of [[series]]");
    }
    // In files, names of losses have underscores.
    let loss = || loss_meant(&name).map(|loss| loss.replace('-', "_")).filter(|loss| known.contains(loss));
    let meant = elsewhere.map(|(_, ours)| (*ours).to_owned()).or_else(loss);
    match meant.or_else(|| nearest(&name, &known).map(str::to_owned)) {
        Some(near) => format!("{message}; did you mean `{near}`?{list}"),
        None => format!("{message}{list}"),
    }
}

/// The key of the value that begins at a byte of a line, `key = value`.
fn key_at(text: &str, start: usize) -> Option<&str> {
    let before = text.get(..start)?.rsplit('\n').next()?;
    let key = before.trim_end().trim_end_matches(['[', '"', '\'']).trim_end().strip_suffix('=')?.trim_end();
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    key.rsplit(|letter| !is_bare(letter)).next().filter(|key| !key.is_empty())
}

/// A value as a figure or table calls it.
fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(label).collect::<Vec<_>>().join(" : "),
        Value::Float(number) => {
            // Four digits, in the shortest notation.
            let rounded = format!("{number:.3e}").parse().unwrap_or(*number);
            f64::to_string(&rounded)
        }
        other => other.to_string(),
    }
}

/// The values of an axis as JSON and tables hold them, all digits of a number included.
fn exact(values: &[Value]) -> Vec<serde_json::Value> {
    let as_json = |value: &Value| serde_json::to_value(value).unwrap_or(serde_json::Value::Null);
    values.iter().map(as_json).collect()
}

fn number_of(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

/// Sets the value at a dotted key; list items are named by number. All of the key but its last part must be there.
pub(super) fn set(table: &mut Table, key: &str, value: Value) -> Result<(), String> {
    let (parents, last) = key.rsplit_once('.').map_or((None, key), |(parents, last)| (Some(parents), last));
    let mut place = PlaceMut::Table(table);
    for part in parents.into_iter().flat_map(|parents| parents.split('.')) {
        place = place.down(part).map_err(|why| format!("`{key}`: {why}"))?;
    }
    place.put(last, value).map_err(|why| format!("`{key}`: {why}"))
}

/// A table or list on the way down.
enum PlaceMut<'a> {
    Table(&'a mut Table),
    List(&'a mut Vec<Value>),
    Leaf,
}

impl<'a> PlaceMut<'a> {
    fn of(value: &'a mut Value) -> Self {
        match value {
            Value::Table(table) => Self::Table(table),
            Value::Array(list) => Self::List(list),
            _ => Self::Leaf,
        }
    }

    fn down(self, part: &str) -> Result<Self, String> {
        match self {
            Self::Table(table) => {
                if !table.contains_key(part) {
                    let names: Vec<String> = table.keys().cloned().collect();
                    return Err(unknown(part, &names));
                }
                Ok(Self::of(&mut table[part]))
            }
            Self::List(list) => {
                let index = index(part, list.len())?;
                Ok(Self::of(&mut list[index]))
            }
            Self::Leaf => Err(format!("there is nothing below which `{part}` could be")),
        }
    }

    fn put(self, part: &str, value: Value) -> Result<(), String> {
        match self {
            // Whether the table may hold this key is for its reader to say.
            Self::Table(table) => {
                table.insert(part.to_owned(), value);
            }
            Self::List(list) => {
                let index = index(part, list.len())?;
                list[index] = value;
            }
            Self::Leaf => return Err(format!("there is nothing below which `{part}` could be")),
        }
        Ok(())
    }
}

fn index(part: &str, length: usize) -> Result<usize, String> {
    match part.parse() {
        Ok(index) if index < length => Ok(index),
        Ok(index) => Err(format!("there is no item {index}; the list has {length}, counted from 0")),
        Err(_) => {
            Err(format!("`{part}` is no number, but this is a list of {length}; count its items from 0"))
        }
    }
}

/// That there is no such name, and which was probably meant.
pub(super) fn unknown(name: &str, names: &[String]) -> String {
    match nearest(name, names) {
        Some(near) => format!("there is no `{name}`; did you mean `{near}`?"),
        None => format!("there is no `{name}`; there is {}", listed(names)),
    }
}

/// Names in backticks, separated by commas.
pub(super) fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The line, counted from 1, of the longest part of a dotted key that is in `text`.
fn line_of(text: &str, key: &str) -> usize {
    let Ok(document) = DeTable::parse(text) else {
        return 1;
    };
    let mut offset = document.span().start;
    let mut parts = key.split('.');
    let Some((name, mut value)) = parts.next().and_then(|part| document.get_ref().get_key_value(part)) else {
        return line_at(text, offset);
    };
    // A list of tables starts where its first item does; any other key where it is written.
    offset = name.span().start.max(offset);
    for part in parts {
        let inner = match value.get_ref() {
            DeValue::Table(table) => {
                table.get_key_value(part).map(|(name, inner)| (name.span().start, inner))
            }
            DeValue::Array(list) => part
                .parse::<usize>()
                .ok()
                .and_then(|index| list.get(index))
                .map(|item| (item.span().start, item)),
            _ => None,
        };
        let Some((start, inner)) = inner else { break };
        (offset, value) = (start, inner);
    }
    line_at(text, offset)
}

/// The line, counted from 1, that holds a byte of `text`.
fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count() + 1
}

/// A checked analysis: what its file says, and what that is at each point of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// What the file says.
    pub analysis: Analysis,
    /// The axes of the sweep.
    pub axes: Vec<SweptAxis>,
    /// The analysis at each point of the product of the axes, the last axis fastest; without sweep, tables and figures.
    pub points: Vec<Analysis>,
    /// Names of the classes at the first point.
    pub class_names: Vec<String>,
}

/// An axis of the sweep with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct SweptAxis {
    /// Its name.
    pub name: String,
    /// What each value is called.
    pub labels: Vec<String>,
    /// Position of each value on a drawn axis: the number itself, or its place in the list if it is none.
    pub numbers: Vec<f64>,
    /// The values themselves.
    pub values: Vec<serde_json::Value>,
    /// Whether the file says what the values are called.
    pub is_labelled: bool,
}

impl SweptAxis {
    /// Whether every value is a number.
    #[must_use]
    pub fn holds_numbers(&self) -> bool {
        self.values.iter().all(serde_json::Value::is_number)
    }
}

impl Experiment {
    /// The same with as many repetitions as `most` at most.
    #[must_use]
    pub fn with_at_most(mut self, most: u64) -> Self {
        for analysis in self.points.iter_mut().chain([&mut self.analysis]) {
            analysis.repetitions = analysis.repetitions.min(most);
        }
        self
    }

    /// Problems in all: points times series times repetitions.
    pub(super) fn problem_count(&self) -> u128 {
        let of_point = |point: &Analysis| u128::from(point.repetitions) * point.series.len() as u128;
        self.points.iter().map(of_point).sum()
    }

    /// What a problem is called: series, places on the axes, repetition.
    #[must_use]
    pub fn problem_name(&self, series: usize, at: &[usize], repetition: u64) -> String {
        let mut words: Vec<String> = self.analysis.series.get(series).map(Series::name).into_iter().collect();
        words.extend(places_in_words(&self.axes, at));
        words.push(format!("repetition {repetition}"));
        words.join(", ")
    }

    /// What a class is called: by its name at the first point, or else by its number.
    #[must_use]
    pub fn class_name(&self, class: usize) -> String {
        self.class_names.get(class).map_or_else(|| class.to_string(), Clone::clone)
    }

    /// Names of the classes at places on all axes, of the first draw there; none where nothing can be drawn.
    #[must_use]
    pub fn class_names_at(&self, at: &[usize]) -> Vec<String> {
        let point = self.point_at(at).and_then(|point| self.points.get(point));
        let sample = |point: &Analysis| point.data.sample(Draw { seed: point.seed, repetition: 0 }).ok();
        point.and_then(sample).map_or_else(Vec::new, |sample| sample.labels().class_names().to_vec())
    }

    /// What captions name and the file lacks, with what to do; empty if there is nothing.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let of_figure = |plan: &FigurePlan| {
            let caption = Caption::parse(&plan.caption, &self.class_names);
            let missing = caption.map_or_else(|_| Vec::new(), |text| text.missing(self));
            missing.into_iter().map(|what| format!("caption of {}: {what}", plan.id)).collect::<Vec<_>>()
        };
        self.analysis.figure.iter().flat_map(of_figure).collect()
    }

    /// Places of a point on all axes.
    #[must_use]
    pub fn places(&self, point: usize) -> Vec<usize> {
        places(&self.axes, point)
    }

    /// The point at places on all axes, if there is one.
    pub(super) fn point_at(&self, at: &[usize]) -> Option<usize> {
        let fits = |(axis, &place): (&SweptAxis, &usize)| place < axis.labels.len();
        let all_fit = at.len() == self.axes.len() && self.axes.iter().zip(at).all(fits);
        let point =
            || self.axes.iter().zip(at).fold(0, |point, (axis, place)| point * axis.labels.len() + place);
        all_fit.then(point)
    }

    /// A point in words: `hard = 12, easy = 3`; `None` if nothing is swept.
    #[must_use]
    pub fn point_in_words(&self, point: usize) -> Option<String> {
        places_in_words(&self.axes, &self.places(point))
    }

    /// The number of an axis of some name.
    #[must_use]
    pub fn axis(&self, name: &str) -> Option<usize> {
        self.axes.iter().position(|axis| axis.name == name)
    }
}

/// Places of a point on all axes, of which the last moves fastest.
pub(super) fn places(axes: &[SweptAxis], point: usize) -> Vec<usize> {
    let mut rest = point;
    let mut places: Vec<usize> = axes
        .iter()
        .rev()
        .map(|axis| {
            let place = rest % axis.labels.len();
            rest /= axis.labels.len();
            place
        })
        .collect();
    places.reverse();
    places
}

/// Places in words; `None` if nothing is swept.
fn places_in_words(axes: &[SweptAxis], places: &[usize]) -> Option<String> {
    let place = |(axis, &place): (&SweptAxis, &usize)| format!("{} = {}", axis.name, axis.labels[place]);
    let words: Vec<String> = axes.iter().zip(places).map(place).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::SHIPPED;

    #[test]
    fn points_do_not_carry_what_is_of_the_whole() {
        // An axis of n values in each of its n points would grow with their square.
        for shipped in SHIPPED {
            let experiment = shipped.source().experiment(&[]).expect("shipped analyses are sound");
            let whole = |point: &&super::Analysis| {
                !(point.sweep.is_empty() && point.table.is_empty() && point.figure.is_empty())
            };
            assert_eq!(experiment.points.iter().find(whole), None, "{}", shipped.name);
            assert!(experiment.points.len() == 1 || !experiment.analysis.sweep.is_empty());
        }
    }

    const TEXT: &str = "seed = 1\n\n[data.gaussian]\ncounts = [5, 6]\n\n[[series]]\nloss = \"softmax\"\n\n[[series]]\nloss = \"logistic\"\n";

    #[test]
    fn values_are_set_where_their_key_points() {
        let mut table: Table = toml::from_str(TEXT).expect("well formed");
        set(&mut table, "data.gaussian.counts.1", Value::Integer(9)).expect("there");
        set(&mut table, "penalty", Value::Float(0.5)).expect("new");
        assert_eq!(table["data"]["gaussian"]["counts"][1], Value::Integer(9));
        assert_eq!(table["penalty"], Value::Float(0.5));
    }

    #[test]
    fn the_key_of_a_value_is_found_behind_any_letters() {
        for (text, key) in
            [("a = 1\nb.c = [", Some("b.c")), ("label = \"λ₁ms = [", Some("ms")), ("λ₁ = ", None)]
        {
            assert_eq!(key_at(text, text.len()), key, "{text}");
        }
    }

    #[test]
    fn keys_that_lead_nowhere_are_named() {
        let mut table: Table = toml::from_str(TEXT).expect("well formed");
        for (key, expected) in [
            ("data.gausian.counts", "did you mean `gaussian`?"),
            ("data.gaussian.counts.2", "no item 2"),
            ("data.gaussian.counts.first", "is no number"),
            ("seed.x", "nothing below"),
            ("zzz.x", "there is `data`, `seed`, `series`"),
        ] {
            let error = set(&mut table, key, Value::Integer(1)).expect_err("nowhere");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        for (key, line) in [
            ("seed", 1),
            ("data.gaussian", 3),
            ("data.gaussian.counts", 4),
            ("data.gaussian.counts.1", 4),
            ("series.1.loss", 10),
            ("series.0", 6),
            ("missing", 1),
        ] {
            assert_eq!(line_of(TEXT, key), line, "{key}");
        }
    }
}
