//! Seeded random draws: every set-up has its own stream, so no draw depends on threads or on the order of set-ups.

use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// The generator of one set-up: stream number `stream` of the family that `seed` names.
///
/// The same pair always gives the same draws; two streams of one seed never overlap in practice (each is a
/// separate keystream of the cipher). A set-up inside a loop takes the loop index as its stream, so running the
/// loop on several threads, or only one pass of it, changes nothing.
#[must_use]
pub fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

/// `length` independent draws from the normal distribution of mean 0 and variance 1.
#[must_use]
pub fn normal_vector(generator: &mut impl Rng, length: usize) -> DVector<f64> {
    DVector::from_fn(length, |_, _| generator.sample(StandardNormal))
}

/// A `rows x columns` matrix of independent standard normal draws, drawn column after column.
///
/// Because samples are columns, the first samples of a longer draw equal those of a shorter one.
#[must_use]
pub fn normal_matrix(generator: &mut impl Rng, rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| generator.sample(StandardNormal))
}

/// A draw between `low` and `high` whose logarithm is uniform; for quantities that matter by their order of
/// magnitude, such as class weights and imbalance ratios.
///
/// Needs `0 < low <= high`, both finite; anything else gives a number without meaning (possibly NaN).
#[must_use]
pub fn log_uniform(generator: &mut impl Rng, low: f64, high: f64) -> f64 {
    let (from, to) = (low.ln(), high.ln());
    let drawn = (from + (to - from) * generator.random::<f64>()).exp();
    // exp(ln(x)) may round past x; the promise is a value between the two ends.
    drawn.max(low).min(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_stream_give_the_same_bits() {
        let first = normal_matrix(&mut stream(7, 3), 4, 5);
        let second = normal_matrix(&mut stream(7, 3), 4, 5);
        assert_eq!(first, second);
    }

    #[test]
    fn another_seed_or_stream_gives_other_draws() {
        let base = normal_vector(&mut stream(7, 3), 6);
        assert_ne!(base, normal_vector(&mut stream(8, 3), 6));
        assert_ne!(base, normal_vector(&mut stream(7, 4), 6));
        // Seed and stream are no sum or exclusive-or of each other.
        assert_ne!(base, normal_vector(&mut stream(3, 7), 6));
    }

    #[test]
    fn fewer_columns_are_a_prefix_of_more_columns() {
        let short = normal_matrix(&mut stream(1, 0), 3, 4);
        let long = normal_matrix(&mut stream(1, 0), 3, 9);
        assert_eq!(short, long.columns(0, 4).into_owned());
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let draws = normal_vector(&mut stream(11, 0), 40_000);
        // The standard errors are 0.005 and 0.007; the bounds are five of them.
        assert!(draws.mean().abs() < 0.025, "mean {}", draws.mean());
        assert!((draws.variance() - 1.0).abs() < 0.036, "variance {}", draws.variance());
    }

    #[test]
    fn log_uniform_stays_inside_and_centres_on_the_geometric_mean() {
        let mut generator = stream(5, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| log_uniform(&mut generator, 0.01, 100.0)).collect();
        assert!(draws.iter().all(|draw| (0.01..=100.0).contains(draw)));
        let mean_logarithm = draws.iter().map(|draw| draw.ln()).sum::<f64>() / 20_000.0;
        // The logarithm has standard deviation 9.21 / sqrt(12) = 2.66, so the standard error is 0.019.
        assert!(mean_logarithm.abs() < 0.1, "mean logarithm {mean_logarithm}");
    }

    #[test]
    fn log_uniform_of_one_point_is_that_point() {
        let drawn = log_uniform(&mut stream(5, 0), 0.3, 0.3);
        assert_eq!(drawn.to_bits(), 0.3_f64.to_bits());
    }
}
