//! Middle and spread of a number over repetitions.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::statistics::{Data, Distribution, OrderStatistics};

/// Level of confidence intervals.
pub const CONFIDENCE: f64 = 0.95;
/// Quantiles between which the middle range lies.
pub const RANGE: (f64, f64) = (0.1, 0.9);

/// A middle value and the ends of what surrounds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Mean or median.
    pub middle: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Spread {
    /// Median, and the quantiles of [`RANGE`]; `None` without values.
    #[must_use]
    pub fn of_quantiles(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let mut data = Data::new(values.to_vec());
        let mut quantile = |tau| data.quantile(tau);
        Some(Self { middle: quantile(0.5), low: quantile(RANGE.0), high: quantile(RANGE.1) })
    }

    /// Mean, and its confidence interval by Student's t at [`CONFIDENCE`]; a single value has no width. `None` without
    /// values.
    #[must_use]
    pub fn of_mean(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let data = Data::new(values.to_vec());
        let middle = data.mean()?;
        let count = values.len() as f64;
        let half = match (data.std_dev(), StudentsT::new(0.0, 1.0, count - 1.0)) {
            (Some(deviation), Ok(student)) if values.len() > 1 => {
                student.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * deviation / count.sqrt()
            }
            _ => 0.0,
        };
        Some(Self { middle, low: middle - half, high: middle + half })
    }
}

impl Spread {
    /// Mean, and one standard deviation either way; a single value has no width. `None` without values.
    #[must_use]
    pub fn of_deviation(values: &[f64]) -> Option<Self> {
        let data = Data::new(values.to_vec());
        let middle = data.mean().filter(|_| !values.is_empty())?;
        let half = data.std_dev().filter(|_| values.len() > 1).unwrap_or(0.0);
        Some(Self { middle, low: middle - half, high: middle + half })
    }
}

/// The median; `None` without values.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    Spread::of_quantiles(values).map(|spread| spread.middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_t_table() {
        // Mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445.
        let spread = Spread::of_mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("values");
        assert!((spread.middle - 3.0).abs() < 1e-12);
        assert!((spread.high - 3.0 - 2.776_445 * 0.5_f64.sqrt()).abs() < 1e-5, "{}", spread.high);
        assert_eq!(Spread::of_mean(&[7.0]), Some(Spread { middle: 7.0, low: 7.0, high: 7.0 }));
        assert_eq!(Spread::of_mean(&[]), None);
    }

    #[test]
    fn a_standard_deviation_goes_either_way() {
        let spread = Spread::of_deviation(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("values");
        assert!(
            (spread.high - 3.0 - 2.5_f64.sqrt()).abs() < 1e-12
                && (spread.low + spread.high - 6.0).abs() < 1e-12
        );
        assert_eq!(Spread::of_deviation(&[7.0]), Some(Spread { middle: 7.0, low: 7.0, high: 7.0 }));
        assert_eq!(Spread::of_deviation(&[]), None);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }
}
