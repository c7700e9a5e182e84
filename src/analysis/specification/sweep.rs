//! `[[sweep]]`: an axis along which keys of the file take several values.

use super::either::list_or_rule;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Value;

/// One axis; several make a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Name of the axis in records, figures and captions.
    pub name: String,
    /// Keys of this file that take each value together, dotted, list items by number: `data.gaussian.counts.1`.
    pub keys: Vec<String>,
    /// The values.
    #[serde(alias = "over")]
    pub values: Values,
    /// Label of each value in figures, where its number would not do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// The values of an axis: a list of anything the key may hold, or a range.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Values {
    /// One by one.
    List(#[schemars(with = "Vec<serde_json::Value>")] Vec<Value>),
    /// By rule.
    Range(Range),
}

/// Evenly spaced numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Range {
    /// Equal steps.
    Linear(Ends),
    /// Equal factors; both ends are positive.
    Log(Ends),
}

/// Both ends of a range and how many values it has, ends included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ends {
    /// First value.
    pub from: f64,
    /// Last value.
    pub to: f64,
    /// Number of values, at least 2.
    pub steps: usize,
    /// Whether to round to whole numbers, for keys that count.
    #[serde(default)]
    pub whole: bool,
}

/// Values an axis may have at most.
const MAX_VALUES: usize = 100_000;

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected =
            "a list of values, or a range such as { log = { from = 0.01, to = 100.0, steps = 9 } }";
        list_or_rule(deserializer, expected, Self::List, Self::Range)
    }
}

impl Sweep {
    /// The values in order.
    pub(in crate::analysis) fn values(&self) -> Result<Vec<Value>, String> {
        let values = match &self.values {
            Values::List(values) => values.clone(),
            Values::Range(range) => range.values()?,
        };
        if values.is_empty() {
            return Err("has no values; give at least one".to_owned());
        }
        if !self.labels.is_empty() && self.labels.len() != values.len() {
            return Err(format!(
                "{} labels for {} values; give one for each",
                self.labels.len(),
                values.len()
            ));
        }
        Ok(values)
    }
}

impl Range {
    fn values(&self) -> Result<Vec<Value>, String> {
        let (Self::Linear(ends) | Self::Log(ends)) = self;
        if !(2..=MAX_VALUES).contains(&ends.steps) {
            return Err(format!("steps: {}; a range has 2 to {MAX_VALUES} values", ends.steps));
        }
        if !(ends.from.is_finite() && ends.to.is_finite()) {
            return Err("from and to must be finite".to_owned());
        }
        if matches!(self, Self::Log(_)) && !(ends.from > 0.0 && ends.to > 0.0) {
            return Err("from and to of a logarithmic range must be positive".to_owned());
        }
        Ok((0..ends.steps).map(|step| self.value(step, ends)).collect())
    }

    fn value(&self, step: usize, ends: &Ends) -> Value {
        let fraction = step as f64 / (ends.steps - 1) as f64;
        let value = match self {
            // The ends come out as they are given.
            _ if step == 0 => ends.from,
            _ if step + 1 == ends.steps => ends.to,
            Self::Linear(_) => ends.from + fraction * (ends.to - ends.from),
            Self::Log(_) => (ends.from.ln() + fraction * (ends.to.ln() - ends.from.ln())).exp(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        if ends.whole { Value::Integer(value.round() as i64) } else { Value::Float(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<f64>, String> {
        #[derive(Deserialize)]
        struct File {
            values: Values,
        }
        let File { values } = crate::analysis::read_toml(text).expect("well formed");
        let sweep = Sweep { name: "x".to_owned(), keys: Vec::new(), values, labels: Vec::new() };
        let number = |value: Value| value.as_float().or(value.as_integer().map(|n| n as f64));
        Ok(sweep.values()?.into_iter().filter_map(number).collect())
    }

    #[test]
    fn ranges_keep_their_ends() {
        assert_eq!(values("values = [3, 1.5]"), Ok(vec![3.0, 1.5]));
        assert_eq!(
            values("values = { linear = { from = 1.0, to = 2.0, steps = 3 } }"),
            Ok(vec![1.0, 1.5, 2.0])
        );
        let log = values("values = { log = { from = 1, to = 1000, steps = 4, whole = true } }");
        assert_eq!(log, Ok(vec![1.0, 10.0, 100.0, 1000.0]));
    }

    #[test]
    fn impossible_ranges_are_refused() {
        for (text, expected) in [
            ("values = []", "no values"),
            ("values = { linear = { from = 1.0, to = 2.0, steps = 1 } }", "2 to 100000"),
            ("values = { log = { from = 0.0, to = 2.0, steps = 3 } }", "positive"),
            ("values = { log = { from = nan, to = 2.0, steps = 3 } }", "finite"),
        ] {
            let error = values(text).expect_err("impossible");
            assert!(error.contains(expected), "{error}");
        }
    }
}
