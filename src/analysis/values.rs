//! Checks that hold for every value of an analysis, whatever its key: numbers are numbers, and text is text.

use super::fault::Fault;
use crate::text::is_no_text;
use toml::{Table, Value};

/// Fails at the first value of a file that is no finite number or holds characters that are no text.
pub(super) fn check_table(table: &Table) -> Result<(), Fault> {
    table.iter().try_for_each(|(name, value)| check_value(name, value))
}

/// The same of one value and those within it; `key` is its own.
pub(super) fn check_value(key: &str, value: &Value) -> Result<(), Fault> {
    let refused = |problem: String| Err(Fault { key: key.to_owned(), problem });
    match value {
        Value::Float(number) if !number.is_finite() => {
            refused(format!("{number}; every number must be finite"))
        }
        Value::String(text) => match text.chars().find(|&character| is_no_text(character)) {
            Some(character) => refused(format!(
                "holds the character U+{:04X}, which is no text: it could command a terminal or reverse what follows; leave \
                 it out",
                u32::from(character)
            )),
            None => Ok(()),
        },
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(number, item)| check_value(&format!("{key}.{number}"), item)),
        Value::Table(table) => {
            table.iter().try_for_each(|(name, value)| check_value(&format!("{key}.{name}"), value))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_is_none_is_named_by_its_key() {
        let check = |text: &str| {
            let table: toml::Table = toml::from_str(text).expect("TOML");
            check_table(&table).map_err(|fault| (fault.key, fault.problem))
        };
        assert_eq!(check("a = 1.0\nb = \"two\\nlines\\tλ\"\nc = [1e308, -0.0]"), Ok(()));
        for (text, key, part) in [
            ("a = [{ b = 1.0 }, { b = nan }]", "a.1.b", "NaN; every number must be finite"),
            ("a = { low = -inf }", "a.low", "-inf"),
            ("a = [\"x\", \"a\\u001b]0;b\"]", "a.1", "U+001B"),
            ("a = \"a\\u202eb\"", "a", "U+202E"),
            ("a = \"\\u009b\"", "a", "U+009B"),
        ] {
            let (found, problem) = check(text).expect_err(text);
            assert!(found == key && problem.contains(part), "{text}: {found}: {problem}");
        }
    }
}
