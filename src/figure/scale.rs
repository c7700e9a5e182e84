//! How a value becomes a place along an axis, where the axis has its ticks, and how numbers are written there.

use crate::analysis::specification::{AxisPlan, ScaleKind};
use crate::numeric::{power_of_ten, significant};

/// A linear or logarithmic map from `[low, high]` to `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Equal steps are equally long.
    Linear {
        /// Value at 0.
        low: f64,
        /// Value at 1.
        high: f64,
    },
    /// Equal factors are equally long; both limits are positive.
    Log {
        /// Value at 0.
        low: f64,
        /// Value at 1.
        high: f64,
    },
}

impl Scale {
    /// The logarithmic scale over the whole decades that hold all of `values`, at least one decade long.
    pub(super) fn decades(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        let (low, mut high) = (low.log10().floor(), high.log10().ceil());
        if high <= low {
            high = low + 1.0;
        }
        Self::Log { low: 10_f64.powf(low), high: 10_f64.powf(high) }
    }

    /// The scale of an axis as planned; limits that the plan leaves open follow from `values`. A vertical logarithmic
    /// axis over several decades ends at powers of ten.
    pub(super) fn planned(plan: &AxisPlan, values: impl Iterator<Item = f64>, vertical: bool) -> Self {
        const FEW_DECADES: f64 = 1.5;
        const PADDING: f64 = 0.04;
        let log = plan.scale == ScaleKind::Log;
        let usable = values.filter(|value| value.is_finite() && (!log || *value > 0.0));
        let (mut low, mut high) = extent(usable.chain(plan.ticks.iter().copied()));
        if low > high {
            (low, high) = (0.1, 1.0);
        }
        let scale = match plan.scale {
            ScaleKind::Log if vertical && high / low > 10_f64.powf(FEW_DECADES) => Self::decades([low, high]),
            ScaleKind::Log if high > low => Self::Log { low, high }.widened(PADDING),
            ScaleKind::Log => Self::Log { low: low / 2.0, high: high * 2.0 },
            ScaleKind::Linear if high > low => Self::Linear { low, high }.widened(PADDING),
            ScaleKind::Linear => Self::Linear { low: low - 0.5, high: high + 0.5 },
        };
        let (Self::Linear { low, high } | Self::Log { low, high }) = scale;
        let (low, high) = match (plan.low, plan.high) {
            // No value lies beyond the one limit that is given: the axis begins or ends there all the same.
            (Some(limit), None) if limit >= high => {
                (limit, if log { 10.0 * limit } else { limit + 1.0_f64.max(limit.abs()) })
            }
            (None, Some(limit)) if limit <= low => {
                (if log { limit / 10.0 } else { limit - 1.0_f64.max(limit.abs()) }, limit)
            }
            (first, last) => (first.unwrap_or(low), last.unwrap_or(high)),
        };
        let (low, high) = if plan.reversed { (high, low) } else { (low, high) };
        if log { Self::Log { low, high } } else { Self::Linear { low, high } }
    }

    /// The same scale, longer by `fraction` of its length at either end.
    pub(super) fn widened(self, fraction: f64) -> Self {
        match self {
            Self::Linear { low, high } => {
                let more = fraction * (high - low);
                Self::Linear { low: low - more, high: high + more }
            }
            Self::Log { low, high } => {
                let more = (high / low).powf(fraction);
                Self::Log { low: low / more, high: high * more }
            }
        }
    }

    /// Place of `value`: 0 at the low limit, 1 at the high one.
    pub(super) fn fraction(self, value: f64) -> f64 {
        match self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { low, high } => (value / low).ln() / (high / low).ln(),
        }
    }

    /// Whether `value` lies within the limits, up to rounding.
    pub(super) fn contains(self, value: f64) -> bool {
        const ROUNDING: f64 = 1e-9;
        (-ROUNDING..=1.0 + ROUNDING).contains(&self.fraction(value))
    }
}

/// Smallest and largest of `values`.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// Most steps between the labels of an axis.
const MAX_STEPS: i32 = 7;

/// A mark on an axis; only major ticks have a label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Value that is marked.
    pub(super) value: f64,
    /// What is written there.
    pub(super) label: Option<String>,
}

/// The ticks of a scale: round numbers, or powers of ten with minor ticks between them.
pub(super) fn ticks(scale: Scale) -> Vec<Tick> {
    match scale {
        Scale::Linear { low, high } => linear_ticks(low.min(high), low.max(high)),
        Scale::Log { low, high } => log_ticks(low.min(high), low.max(high)),
    }
    .into_iter()
    .filter(|tick| scale.contains(tick.value))
    .collect()
}

fn linear_ticks(low: f64, high: f64) -> Vec<Tick> {
    let rough = (high - low) / f64::from(MAX_STEPS);
    let power = exponent(rough, f64::floor);
    let decade = 10_f64.powi(power);
    // The allowance keeps a step that is round up to rounding from being passed over.
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * decade >= rough * (1.0 - 1e-9));
    let (step, power) = factor.map_or((10.0 * decade, power + 1), |factor| (factor * decade, power));
    let first = (low / step).floor();
    let is_short = power >= -MAX_DECIMALS && low.abs().max(high.abs()) < SHORT_BELOW;
    (0..=2 * MAX_STEPS)
        .map(|i| (first + f64::from(i)) * step)
        .map(|value| Tick {
            value,
            label: Some(if is_short { decimal(value, power) } else { in_powers(value, power) }),
        })
        .collect()
}

/// Digits behind the point at most, and the value from which on they are too many before it.
const MAX_DECIMALS: i32 = 6;
const SHORT_BELOW: f64 = 1e7;

/// A multiple of `10^power` in full.
fn decimal(value: f64, power: i32) -> String {
    let decimals = usize::try_from(-power).unwrap_or(0);
    format!("{value:.decimals$}").replace('-', "−")
}

/// The same with a power of ten, and as many digits as distinguish it from the next.
fn in_powers(value: f64, power: i32) -> String {
    const MAX_DIGITS: i32 = 15;
    let digits = (exponent(value.abs(), f64::floor) - power).clamp(0, MAX_DIGITS);
    let digits = usize::try_from(digits).unwrap_or(0);
    let written = format!("{value:.digits$e}").replace('-', "−");
    match written.split_once('e').map(|(digits, power)| (digits, power.replace('−', "-").parse::<i32>())) {
        _ if value == 0.0 => "0".to_owned(),
        Some((digits, Ok(power))) => format!("{digits} × {}", power_of_ten(power)),
        _ => written,
    }
}

/// Factors within a decade that are labelled where there are too few powers of ten.
const LABELLED_FACTORS: [f64; 3] = [2.0, 3.0, 5.0];

/// Powers of ten with minor ticks between them; where fewer than two powers are visible, some of those have labels, too.
fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    let scale = Scale::Log { low, high };
    let mut ticks = powers_of_ten(low, high);
    let labelled = |tick: &&Tick| tick.label.is_some() && scale.contains(tick.value);
    if ticks.iter().filter(labelled).count() < 2 {
        for tick in &mut ticks {
            let factor = (tick.value / 10_f64.powi(exponent(tick.value * (1.0 + 1e-9), f64::floor))).round();
            if LABELLED_FACTORS.contains(&factor) || factor == 1.0 {
                tick.label = Some(significant(tick.value, 1));
            }
        }
    }
    ticks
}

fn powers_of_ten(low: f64, high: f64) -> Vec<Tick> {
    let (first, last) = (exponent(low, f64::floor), exponent(high, f64::ceil));
    let whole_decades = exponent(high, f64::floor) - exponent(low, f64::ceil);
    let step = ((whole_decades - 1) / MAX_STEPS + 1).max(1);
    let minor: &[f64] = if step == 1 { &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0] } else { &[] };
    (first..=last)
        .flat_map(|power| {
            let label = (power % step == 0).then(|| power_of_ten(power));
            let value = 10_f64.powi(power);
            std::iter::once(Tick { value, label })
                .chain(minor.iter().map(move |factor| Tick { value: factor * value, label: None }))
        })
        .collect()
}

/// The decimal exponent of a value, rounded by `round`; within those of doubles even where there is none, as for zero.
fn exponent(value: f64, round: fn(f64) -> f64) -> i32 {
    const LARGEST: f64 = 324.0;
    #[expect(clippy::cast_possible_truncation, reason = "decimal exponents of f64 lie within ±324")]
    let power = round(value.log10()).clamp(-LARGEST, LARGEST) as i32;
    power
}

/// A number as `3.1 × 10⁻¹³`; a power of ten as `10⁻¹⁰`; zero as `0`.
pub(super) fn scientific(value: f64) -> String {
    let written = format!("{value:.1e}");
    match written.split_once('e').map(|(digits, power)| (digits, power.parse::<i32>())) {
        Some(("0.0", _)) => "0".to_owned(),
        Some(("1.0", Ok(power))) => power_of_ten(power),
        Some((digits, Ok(power))) => format!("{digits} × {}", power_of_ten(power)),
        _ => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_zero_and_one() {
        for scale in [Scale::Linear { low: -1.0, high: 3.0 }, Scale::Log { low: 1e-3, high: 1e2 }] {
            let (Scale::Linear { low, high } | Scale::Log { low, high }) = scale;
            assert!(scale.fraction(low).abs() < 1e-12 && (scale.fraction(high) - 1.0).abs() < 1e-12);
            assert!(scale.contains(low) && scale.contains(high) && !scale.contains(2.0 * high));
            assert!(scale.widened(0.1).fraction(low) > 0.05);
        }
    }

    #[test]
    fn one_limit_beyond_all_values_is_kept() {
        let planned = |limits: &str, values: &[f64]| {
            let plan: AxisPlan =
                crate::analysis::read_toml(&format!("label = \"x\"\n{limits}")).expect("well formed");
            Scale::planned(&plan, values.iter().copied(), false)
        };
        assert_eq!(planned("low = 5.0", &[1.0, 2.0]), Scale::Linear { low: 5.0, high: 10.0 });
        assert_eq!(planned("high = -5.0", &[1.0, 2.0]), Scale::Linear { low: -10.0, high: -5.0 });
        assert_eq!(planned("scale = \"log\"\nlow = 100.0", &[1.0]), Scale::Log { low: 100.0, high: 1000.0 });
        assert_eq!(planned("low = 0.0\nhigh = 1.0", &[3.0]), Scale::Linear { low: 0.0, high: 1.0 });
    }

    #[test]
    fn decades_hold_the_values() {
        assert_eq!(Scale::decades([0.02, 3.0]), Scale::Log { low: 0.01, high: 10.0 });
        assert_eq!(Scale::decades([1.0]), Scale::Log { low: 1.0, high: 10.0 });
    }

    fn labels(scale: Scale) -> Vec<String> {
        ticks(scale).into_iter().filter_map(|tick| tick.label).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(Scale::Linear { low: 0.0, high: 1.0 }), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear { low: -12.0, high: 41.0 }), ["−10", "0", "10", "20", "30", "40"]);
    }

    #[test]
    fn log_ticks_are_powers_of_ten() {
        let scale = Scale::Log { low: 0.9e-2, high: 1.1e3 };
        assert_eq!(labels(scale), ["10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³"]);
        assert!(ticks(scale).iter().any(|tick| tick.label.is_none() && (tick.value - 0.05).abs() < 1e-12));
    }

    #[test]
    fn less_than_two_decades_are_labelled_within() {
        assert_eq!(labels(Scale::Log { low: 8.0, high: 40.0 }), ["10", "20", "30"]);
        assert_eq!(labels(Scale::Log { low: 0.15, high: 0.9 }), ["0.2", "0.3", "0.5"]);
    }

    #[test]
    fn numbers_of_extreme_size_are_short() {
        assert_eq!(labels(Scale::Linear { low: 0.0, high: 1e100 })[..2], ["0", "2 × 10⁹⁹"]);
        assert_eq!(labels(Scale::Linear { low: 0.0, high: 1e-12 })[1], "2 × 10⁻¹³");
        let near = labels(Scale::Linear { low: 1e9, high: 1e9 + 7.0 });
        assert_eq!(near[..2], ["1.000000000 × 10⁹", "1.000000001 × 10⁹"]);
        for (low, high) in [(0.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, f64::NAN), (1e-300, 1e100)] {
            assert!(ticks(Scale::Log { low, high }).len() < 10_000);
            assert!(labels(Scale::Linear { low, high }).iter().all(|label| label.len() < 60));
        }
    }

    #[test]
    fn many_decades_carry_few_labels() {
        let scale = Scale::Log { low: 1e-18, high: 1.0 };
        assert_eq!(labels(scale), ["10⁻¹⁸", "10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
        assert_eq!(ticks(scale).len(), 19);
    }

    #[test]
    fn numbers_read_as_in_print() {
        assert_eq!(scientific(3.14e-13), "3.1 × 10⁻¹³");
        assert_eq!(scientific(1e-10), "10⁻¹⁰");
        assert_eq!(scientific(0.0), "0");
        assert_eq!(scientific(f64::NAN), "NaN");
    }
}
