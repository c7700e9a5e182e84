//! How a value becomes a place along an axis.

use crate::analysis::specification::{AxisPlan, ScaleKind};

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
        const AIR: f64 = 0.04;
        let log = plan.scale == ScaleKind::Log;
        let usable = values.filter(|value| value.is_finite() && (!log || *value > 0.0));
        let (mut low, mut high) = extent(usable.chain(plan.ticks.iter().copied()));
        if low > high {
            (low, high) = (0.1, 1.0);
        }
        let scale = match plan.scale {
            ScaleKind::Log if vertical && high / low > 10_f64.powf(FEW_DECADES) => Self::decades([low, high]),
            ScaleKind::Log if high > low => Self::Log { low, high }.widened(AIR),
            ScaleKind::Log => Self::Log { low: low / 2.0, high: high * 2.0 },
            ScaleKind::Linear if high > low => Self::Linear { low, high }.widened(AIR),
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
            let plan: AxisPlan = toml::from_str(&format!("label = \"x\"\n{limits}")).expect("well formed");
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
}
