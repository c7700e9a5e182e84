//! `--class-weights`: by a rule, by numbers in the order of the classes, or by their names. Lists of names are separated by
//! commas; a name that holds one is between quotation marks.

use anyhow::{Result, anyhow, bail};
use equipoise::data::taken::list;
use equipoise::loss::ClassWeights;
use equipoise::nearest::nearest;
use std::str::FromStr;

/// Class weights as they are typed, before the classes are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WeightChoice {
    /// By a rule, or in the order of the classes.
    Ordered(ClassWeights),
    /// By the names of classes.
    Named(Vec<(String, f64)>),
}

impl WeightChoice {
    /// `none`, `balanced`, `effective:B`, a list of numbers, or a list of `NAME=NUMBER`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let number = |entry: &str| {
            entry.trim().parse::<f64>().map_err(|_| {
                anyhow!(
                    "--class-weights: {entry:?} is not a number; give none, balanced, effective:0.999, one number per class, such \
                     as 1,2,5, or names and numbers, such as ant=1,bee=2"
                )
            })
        };
        Ok(Self::Ordered(match (text, text.strip_prefix("effective:")) {
            ("none", _) => ClassWeights::None,
            ("balanced", _) => ClassWeights::Balanced,
            (_, Some(overlap)) => ClassWeights::EffectiveNumber(number(overlap)?),
            (list, None) if list.contains('=') => {
                let entries =
                    list.parse::<NameList>().map_err(|problem| anyhow!("--class-weights: {problem}"))?;
                let named = |entry: &String| match entry.rsplit_once('=') {
                    Some((name, weight)) => Ok((name.trim().to_owned(), number(weight)?)),
                    None => bail!("--class-weights: {entry:?} has no =; name every class or none"),
                };
                return Ok(Self::Named(entries.0.iter().map(named).collect::<Result<_>>()?));
            }
            (list, None) => ClassWeights::Explicit(list.split(',').map(number).collect::<Result<_>>()?),
        }))
    }

    /// The weights of these classes.
    pub(super) fn of(&self, classes: &[String]) -> Result<ClassWeights> {
        let named = match self {
            Self::Ordered(weights) => return Ok(weights.clone()),
            Self::Named(named) => named,
        };
        if let Some((name, _)) = named.iter().find(|(name, _)| !classes.contains(name)) {
            let near =
                nearest(name, classes).map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            bail!("--class-weights: no class is called {name:?}{near}; the classes are {}", list(classes));
        }
        let weight = |class: &String| {
            let mut of_class = named.iter().filter(|(name, _)| name == class);
            match (of_class.next(), of_class.next()) {
                (Some((_, weight)), None) => Ok(*weight),
                (None, _) => bail!("--class-weights: class {class:?} has no weight; name every class"),
                (Some(_), Some(_)) => bail!("--class-weights: class {class:?} has two weights; give one"),
            }
        };
        Ok(ClassWeights::Explicit(classes.iter().map(weight).collect::<Result<_>>()?))
    }
}

/// Names as a CSV line has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameList(pub(super) Vec<String>);

impl FromStr for NameList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names = vec![String::new()];
        let mut letters = text.chars().peekable();
        let mut quoted = false;
        while let Some(letter) = letters.next() {
            let is_empty = names.last().is_none_or(|name| name.trim().is_empty());
            match letter {
                '"' if quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    push(&mut names, '"');
                }
                '"' if quoted => quoted = false,
                '"' if is_empty => {
                    quoted = true;
                    names.pop();
                    names.push(String::new());
                }
                ',' if !quoted => names.push(String::new()),
                letter => push(&mut names, letter),
            }
        }
        if quoted {
            return Err("a quotation mark is opened but never closed".to_owned());
        }
        Ok(Self(if text.is_empty() { Vec::new() } else { names }))
    }
}

fn push(names: &mut [String], letter: char) {
    if let Some(name) = names.last_mut() {
        name.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_go_by_order_or_by_name() {
        let classes = ["ant".to_owned(), "a, b=c".to_owned()];
        let of = |text: &str| {
            WeightChoice::parse(text).and_then(|choice| choice.of(&classes)).map_err(|e| e.to_string())
        };
        assert_eq!(of("balanced"), Ok(ClassWeights::Balanced));
        assert_eq!(of("1,2"), Ok(ClassWeights::Explicit(vec![1.0, 2.0])));
        assert_eq!(of("\"a, b=c\"=5,ant=0.5"), Ok(ClassWeights::Explicit(vec![0.5, 5.0])));
        assert!(of("ant=1").expect_err("one").contains("\"a, b=c\" has no weight"));
        assert!(of("ant=1,bee=2").expect_err("unknown").contains("no class is called \"bee\""));
        assert!(of("ant=1,ant=2,\"a, b=c\"=1").expect_err("twice").contains("two weights"));
        assert!(of("ant=1,2").expect_err("mixed").contains("has no ="));
    }

    #[test]
    fn names_may_hold_commas_between_quotation_marks() {
        let names = |text: &str| text.parse::<NameList>().map(|list| list.0);
        assert_eq!(names("a,b c"), Ok(vec!["a".to_owned(), "b c".to_owned()]));
        assert_eq!(names("\"a, b\",c"), Ok(vec!["a, b".to_owned(), "c".to_owned()]));
        assert_eq!(names("\"say \"\"a\"\"\",5\""), Ok(vec!["say \"a\"".to_owned(), "5\"".to_owned()]));
        assert_eq!(names(""), Ok(Vec::new()));
        assert!(names("\"a").is_err());
    }
}
