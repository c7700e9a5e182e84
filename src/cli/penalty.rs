//! `--l2`: one penalty, or a sweep over several.

use equipoise::numeric::plain;
use equipoise::record::PenaltySweep;
use std::fmt::{Display, Formatter, Result as Written};
use std::str::FromStr;

/// The penalties that are asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Penalties {
    /// One.
    One(f64),
    /// Several, evenly spaced on a logarithmic scale, from the largest to the smallest.
    Sweep(Vec<f64>),
}

impl Penalties {
    /// The largest.
    pub(super) fn largest(&self) -> f64 {
        match self {
            Self::One(l2) => *l2,
            Self::Sweep(falling) => falling[0],
        }
    }
}

impl Default for Penalties {
    fn default() -> Self {
        Self::One(0.0)
    }
}

impl Display for Penalties {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        match self {
            Self::One(l2) => write!(formatter, "{l2}"),
            Self::Sweep(falling) => {
                let (first, last) = (falling[falling.len() - 1], falling[0]);
                write!(formatter, "{}..{}:{}", plain(first), plain(last), falling.len())
            }
        }
    }
}

impl FromStr for Penalties {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(l2) = text.parse() {
            return Ok(Self::One(l2));
        }
        let wanted = "give a number, or a sweep such as 1e-7..1e-1:25 (from, to, how many)";
        let (from, rest) = text.split_once("..").ok_or(wanted)?;
        let (to, count) = rest.split_once(':').ok_or(wanted)?;
        let number =
            |text: &str| text.trim().parse::<f64>().map_err(|_| format!("{text:?} is no number; {wanted}"));
        let (from, to) = (number(from)?, number(to)?);
        let is_penalty = |l2: f64| l2.is_finite() && l2 > 0.0;
        if !(is_penalty(from) && is_penalty(to) && from < to) {
            return Err(
                "a sweep goes from a positive number to a larger one, such as 1e-7..1e-1:25".to_owned()
            );
        }
        let most = PenaltySweep::MAX_PENALTIES;
        let count = count.trim().parse::<usize>().ok().filter(|count| (2..=most).contains(count));
        let count = count.ok_or_else(|| format!("a sweep has 2 to {most} penalties, as in 1e-7..1e-1:25"))?;
        Ok(Self::Sweep(PenaltySweep::penalties(from, to, count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_a_penalty_and_a_range_a_sweep() {
        assert_eq!("1e-3".parse(), Ok(Penalties::One(1e-3)));
        let Ok(Penalties::Sweep(found)) = "1e-4..1:5".parse() else { panic!("a sweep") };
        assert_eq!(found, PenaltySweep::penalties(1e-4, 1.0, 5));
        assert_eq!(Penalties::Sweep(found).to_string(), "0.0001..1:5");
    }

    #[test]
    fn what_is_neither_is_refused_with_an_example() {
        for text in [
            "much",
            "1..2",
            "1:3",
            "1e-3..1e-1:1",
            "1e-3..1e-1:x",
            "1..1e-3:5",
            "0..1:5",
            "-1..1:5",
            "nan..1:5",
            "1..inf:5",
        ] {
            let error = text.parse::<Penalties>().expect_err(text);
            assert!(error.contains("1e-7..1e-1:25"), "{text}: {error}");
        }
    }
}
