//! Checks the limits and ticks of a drawn axis.

use super::fault::{Fault, fault};
use super::specification::{AxisPlan, ScaleKind};
use crate::numeric::plain;

/// Values beyond this are not drawn: their differences would overflow.
const LARGEST: f64 = 1e100;
/// Positive values below this are not drawn on a logarithmic axis.
const LEAST: f64 = 1e-300;

/// An axis at `key`.
pub(super) fn check_axis(plan: &AxisPlan, key: &str) -> Result<(), Fault> {
    let limits = [("low", plan.low), ("high", plan.high)];
    let limits = limits.into_iter().filter_map(|(name, limit)| Some((name.to_owned(), limit?)));
    let ticks = plan.ticks.iter().enumerate().map(|(number, &tick)| (format!("ticks.{number}"), tick));
    for (name, value) in limits.chain(ticks) {
        let key = format!("{key}.{name}");
        if !(-LARGEST..=LARGEST).contains(&value) {
            return fault(
                key,
                format!("{}; give a number between -{LARGEST:e} and {LARGEST:e}", plain(value)),
            );
        }
        if plan.scale == ScaleKind::Log && value < LEAST {
            return fault(
                key,
                format!("{}; a logarithmic axis has positive numbers alone, from {LEAST:e} on", plain(value)),
            );
        }
    }
    match (plan.low, plan.high) {
        (Some(low), Some(high)) if low >= high => fault(
            format!("{key}.high"),
            format!(
                "{}; it must be above `low`, {} (`reversed = true` draws an axis the other way round)",
                plain(high),
                plain(low)
            ),
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_cannot_be_drawn_are_refused() {
        let axis = |text: &str| -> AxisPlan {
            toml::from_str(&format!("label = \"x\"\n{text}")).expect("well formed")
        };
        let check =
            |text: &str| check_axis(&axis(text), "x_axis").map_err(|fault| (fault.key, fault.problem));
        for sound in [
            "",
            "low = 0.0",
            "low = -1.0\nhigh = 1.0\nticks = [0.0]",
            "scale = \"log\"\nlow = 1e-300\nhigh = 1e100",
        ] {
            assert_eq!(check(sound), Ok(()), "{sound}");
        }
        for (text, key) in [
            ("low = nan", "x_axis.low"),
            ("high = inf", "x_axis.high"),
            ("low = -1e308\nhigh = 1e308", "x_axis.low"),
            ("low = 1.0\nhigh = 1.0", "x_axis.high"),
            ("low = 2.0\nhigh = 1.0", "x_axis.high"),
            ("scale = \"log\"\nlow = 0.0", "x_axis.low"),
            ("scale = \"log\"\nlow = -0.0", "x_axis.low"),
            ("scale = \"log\"\nhigh = -1.0", "x_axis.high"),
            ("scale = \"log\"\nlow = 5e-324", "x_axis.low"),
            ("scale = \"log\"\nticks = [1.0, 0.0]", "x_axis.ticks.1"),
        ] {
            let (found, problem) = check(text).expect_err(text);
            assert_eq!(found, key, "{text}: {problem}");
            assert!(problem.len() < 150, "{problem}");
        }
    }
}
