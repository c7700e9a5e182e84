//! Differences on the same draws: their mean, its 95% interval and test, and how large a difference the draws would have
//! found. Holm's adjustment for several tests.

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, Normal, StudentsT};

/// A difference is significant where its adjusted probability is below this.
pub const LEVEL: f64 = 0.05;
/// Fewer pairs than this are not tested: with two, the spread of the differences is one number.
pub const FEWEST_PAIRS: usize = 3;
/// Probability with which a [detectable](Inference::detectable) difference is found.
pub const POWER: f64 = 0.8;

/// How the draws of a comparison hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Draws {
    /// Each is drawn anew.
    Independent,
    /// Random splits of one data set. Their training samples overlap, so that the mean over them varies more than that of
    /// independent draws: the corrected resampled t test (Nadeau and Bengio, Machine Learning 52, 2003).
    Splits {
        /// Share of the samples that is tested on.
        test_share: f64,
    },
}

impl Draws {
    /// Variance of the mean of so many differences, in units of the variance of one.
    pub(super) fn variance_of_mean(self, pairs: usize) -> f64 {
        let of_independent = 1.0 / pairs as f64;
        match self {
            Self::Independent => of_independent,
            Self::Splits { test_share } => of_independent + test_share / (1.0 - test_share),
        }
    }
}

/// One series less another over the draws that both have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    /// Draws that both have.
    pub pairs: usize,
    /// Mean difference; NaN without pairs.
    pub mean: f64,
    /// `None` below [`FEWEST_PAIRS`], and where all differences are equal.
    pub inference: Option<Inference>,
}

/// What the draws say about the difference beyond them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inference {
    /// Lower end of the 95% interval of the mean difference (Student's t).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Two-sided probability of such a difference if there were none.
    pub p: f64,
    /// The same adjusted by Holm's method for all tests of the family.
    pub adjusted: f64,
    /// The difference that a single test at [`LEVEL`] finds with probability [`POWER`], if differences spread as these do.
    pub detectable: f64,
}

impl PairedDifference {
    /// Of two series, each a list of repetitions and numbers.
    #[must_use]
    pub fn of(ours: &[(u64, f64)], theirs: &[(u64, f64)], draws: Draws) -> Self {
        let other =
            |repetition: u64| theirs.iter().find(|(found, _)| *found == repetition).map(|(_, value)| *value);
        let pairs: Vec<(f64, f64)> =
            ours.iter().filter_map(|&(repetition, value)| Some((value, other(repetition)?))).collect();
        let differences: Vec<f64> = pairs.iter().map(|(ours, theirs)| ours - theirs).collect();
        let largest = pairs.iter().flat_map(|&(ours, theirs)| [ours.abs(), theirs.abs()]).fold(0.0, f64::max);
        let (mean, deviation) = mean_and_deviation(&differences);
        let inference = if differences.len() < FEWEST_PAIRS || is_constant(&differences, largest) {
            None
        } else {
            Inference::of(mean, deviation, differences.len(), draws)
        };
        Self { pairs: differences.len(), mean, inference }
    }
}

impl Inference {
    fn of(mean: f64, deviation: f64, pairs: usize, draws: Draws) -> Option<Self> {
        let freedom = (pairs - 1) as f64;
        let error = deviation * draws.variance_of_mean(pairs).sqrt();
        let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
        let half = student.inverse_cdf(1.0 - LEVEL / 2.0) * error;
        let p = 2.0 * student.cdf(-(mean / error).abs());
        let detectable = detectable_in_errors(freedom, LEVEL)? * error;
        Some(Self { low: mean - half, high: mean + half, p, adjusted: p, detectable })
    }
}

/// Whether differences are equal but for the rounding of the numbers that were subtracted.
fn is_constant(differences: &[f64], largest: f64) -> bool {
    const ROUNDING: f64 = 1e-12;
    let least = differences.iter().copied().fold(f64::INFINITY, f64::min);
    let most = differences.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most - least <= ROUNDING * largest
}

/// Mean, and standard deviation (of one less than there are); NaN where there are too few.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

/// Holm's method: from the smallest probability on, each times the number of tests not yet done, none smaller than one
/// before.
pub(super) fn adjust(mut tests: Vec<&mut Inference>) {
    tests.sort_by(|a, b| a.p.total_cmp(&b.p));
    let mut least: f64 = 0.0;
    let count = tests.len();
    for (done, test) in tests.into_iter().enumerate() {
        least = least.max(((count - done) as f64 * test.p).min(1.0));
        test.adjusted = least;
    }
}

/// The difference, in standard errors of its mean, that a two-sided t test at a level finds with probability [`POWER`].
pub(super) fn detectable_in_errors(freedom: f64, level: f64) -> Option<f64> {
    const HALVINGS: usize = 60;
    let (mut low, mut high) = (0.0, 1.0);
    while power(high, freedom, level)? < POWER {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if power(middle, freedom, level)? < POWER { low = middle } else { high = middle }
    }
    Some(high)
}

/// Probability that a two-sided t test at a level finds a difference of so many standard errors: `|Z + d| > t S` for a normal
/// `Z` and `S^2` chi-squared over its degrees of freedom, summed over `S` by Simpson's rule.
fn power(errors: f64, freedom: f64, level: f64) -> Option<f64> {
    const STEPS: u32 = 400;
    let critical = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(1.0 - level / 2.0);
    let (normal, squared) = (Normal::standard(), ChiSquared::new(freedom).ok()?);
    let density = |scale: f64| 2.0 * freedom * scale * squared.pdf(freedom * scale * scale);
    let found = |scale: f64| normal.cdf(errors - critical * scale) + normal.cdf(-errors - critical * scale);
    // `S` is about 1 with a standard deviation of about `1 / sqrt(2 freedom)`.
    let width = (1.0 + 12.0 / freedom.sqrt()) / f64::from(STEPS);
    let at = |step: u32| {
        let scale = f64::from(step) * width;
        if step == 0 { 0.0 } else { density(scale) * found(scale) }
    };
    let weight = |step: u32| match step {
        0 | STEPS => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    };
    Some((0..=STEPS).map(|step| weight(step) * at(step)).sum::<f64>() * width / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(values: &[f64]) -> Vec<(u64, f64)> {
        (0..).zip(values.iter().copied()).collect()
    }

    fn difference(ours: &[f64], theirs: &[f64]) -> PairedDifference {
        PairedDifference::of(&numbered(ours), &numbered(theirs), Draws::Independent)
    }

    #[test]
    fn interval_and_test_are_those_of_the_textbook() {
        // Differences 1, 2, 3, 4: mean 2.5, t = 2.5 / (1.290994 / 2) = 3.872983, 3 degrees of freedom, p = 0.030466;
        // t(0.975, 3) = 3.182446.
        let found = difference(&[2.0, 4.0, 6.0, 8.0], &[1.0, 2.0, 3.0, 4.0]);
        let inference = found.inference.expect("four pairs");
        assert_eq!((found.pairs, found.mean), (4, 2.5));
        assert!((inference.p - 0.030_466_3).abs() < 1e-6, "{}", inference.p);
        assert!((inference.low - (2.5 - 3.182_446 * 0.645_497)).abs() < 1e-5, "{}", inference.low);
        assert!((inference.high - (2.5 + 3.182_446 * 0.645_497)).abs() < 1e-5, "{}", inference.high);
    }

    #[test]
    fn only_draws_that_both_have_are_compared() {
        let ours = [(0, 1.0), (1, 5.0), (2, 2.0), (4, 7.0)];
        let found =
            PairedDifference::of(&ours, &[(0, 0.5), (2, 1.0), (3, 9.0), (4, 6.0)], Draws::Independent);
        assert_eq!(found.pairs, 3);
        assert!((found.mean - 2.5 / 3.0).abs() < 1e-12);
        assert!(difference(&[], &[1.0]).mean.is_nan());
    }

    #[test]
    fn two_pairs_and_equal_differences_are_not_tested() {
        // Two draws that differ by the same number but for rounding were once reported with p = 3.5e-16.
        assert_eq!(difference(&[0.3, 0.4], &[0.2, 0.3]).inference, None);
        assert_eq!(difference(&[0.3, 0.4, 0.7], &[0.2, 0.3, 0.6]).inference, None);
        assert_eq!(difference(&[0.5; 5], &[0.5; 5]).inference, None);
        assert_eq!(difference(&[1.0, 2.0], &[0.0, 5.0]).inference, None);
        assert!(difference(&[1.0, 2.0, 3.0], &[0.0, 0.0, 0.0]).inference.is_some());
    }

    #[test]
    fn splits_of_one_data_set_vary_more_than_they_show() {
        // Nadeau and Bengio: 1 / n becomes 1 / n + n_test / n_train.
        let (ours, theirs) = (numbered(&[1.0, 2.0, 3.0, 4.0]), numbered(&[0.0; 4]));
        let half = |draws: Draws| {
            let inference = PairedDifference::of(&ours, &theirs, draws).inference.expect("four pairs");
            (inference.high - inference.low) / 2.0
        };
        let ratio = half(Draws::Splits { test_share: 0.2 }) / half(Draws::Independent);
        assert!((ratio - ((0.25_f64 + 0.25) / 0.25).sqrt()).abs() < 1e-12, "{ratio}");
    }

    #[test]
    fn adjusted_probabilities_are_holms() {
        let one = |p: f64| Inference { low: 0.0, high: 1.0, p, adjusted: p, detectable: 1.0 };
        let mut tests = [0.01, 0.04, 0.03, 0.005].map(one);
        adjust(tests.iter_mut().collect());
        // 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 no smaller than that.
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (test, expected) in tests.iter().zip(expected) {
            assert!((test.adjusted - expected).abs() < 1e-12, "{} {expected}", test.adjusted);
        }
    }

    #[test]
    fn power_is_that_of_published_tables() {
        // Paired t test, two-sided, level 0.05 (G*Power): an effect of 1 with 10 pairs 0.803, of 0.5 with 34 pairs 0.808.
        for (effect, pairs, expected) in [(1.0, 10.0, 0.803), (0.5, 34.0, 0.808)] {
            let found = power(effect * f64::sqrt(pairs), pairs - 1.0, 0.05).expect("degrees of freedom");
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
        // Without a difference it is the level, whatever the degrees of freedom.
        for freedom in [2.0, 4.0, 49.0] {
            let found = power(0.0, freedom, 0.05).expect("degrees of freedom");
            assert!((found - 0.05).abs() < 1e-6, "{found}");
        }
        let errors = detectable_in_errors(9.0, 0.05).expect("degrees of freedom");
        assert!((power(errors, 9.0, 0.05).expect("degrees of freedom") - POWER).abs() < 1e-9);
    }
}
