//! `--class-weights`: by a rule, by numbers in the order of the classes, or by their names.

use super::name_list::NameList;
use anyhow::{Result, anyhow, bail};
use equipoise::loss::ClassWeights;

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
            bail!("--class-weights: no class is called {name:?}; the classes are {}", classes.join(", "));
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
}
