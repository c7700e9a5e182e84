//! Dotted keys of a file: setting the value at one, and finding its line.

use crate::nearest::nearest;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

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
pub(super) fn line_of(text: &str, key: &str) -> usize {
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
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

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
