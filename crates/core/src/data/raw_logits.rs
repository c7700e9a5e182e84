//! Random logits without features: the smallest problem on which the balance laws can be checked.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::blocks::{labels_in_blocks, zeros};
use super::random::stream;
use super::{DataError, Dataset};

/// Normal logits (`K x N`, mean 0, standard deviation `scale`) for `counts[c]` samples of each class, class after
/// class; labels do not depend on the logits.
///
/// Only intercepts are left to solve for, and a finite solution always exists.
///
/// # Errors
/// `scale` is negative or not finite, there are fewer than two classes, or a class has no sample.
pub fn raw_logits(counts: &[usize], scale: f64, seed: u64, stream: u64) -> Result<Dataset, DataError> {
    draw(counts, counts.len(), scale, seed, stream)
}

/// Normal logits of the positive class (class 1), `1 x N`, for a binary logistic loss; `counts` holds the negatives
/// and the positives.
///
/// # Errors
/// As [`raw_logits`].
pub fn raw_binary_logits(
    counts: [usize; 2],
    scale: f64,
    seed: u64,
    stream: u64,
) -> Result<Dataset, DataError> {
    draw(&counts, 1, scale, seed, stream)
}

fn draw(counts: &[usize], rows: usize, scale: f64, seed: u64, stream: u64) -> Result<Dataset, DataError> {
    if !(scale.is_finite() && scale >= 0.0) {
        return Err(DataError::invalid(
            "logit scale",
            format!("{scale}; it is a standard deviation, so it must be finite and at least 0"),
        ));
    }
    let labels = labels_in_blocks(counts)?;
    let mut logits = zeros(rows, labels.samples())?;
    let mut generator = self::stream(seed, stream);
    for logit in logits.iter_mut() {
        let normal: f64 = generator.sample(StandardNormal);
        *logit = scale * normal;
    }
    Dataset::from_logits(logits, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_have_the_asked_shape_and_scale() {
        let dataset = raw_logits(&[4_000, 3_000, 3_000], 2.5, 4, 0).expect("valid");
        let logits = dataset.fixed_logits().expect("given logits");
        assert_eq!(logits.shape(), (3, 10_000));
        assert_eq!(dataset.features().shape(), (0, 10_000));
        assert_eq!(dataset.labels().counts(), [4_000, 3_000, 3_000]);
        assert!(logits.mean().abs() < 0.08, "{}", logits.mean());
        let deviation = logits.variance().sqrt();
        assert!((deviation - 2.5).abs() < 0.06, "{deviation}");
    }

    #[test]
    fn binary_logits_are_one_row() {
        let dataset = raw_binary_logits([3, 2], 1.0, 4, 0).expect("valid");
        assert_eq!(dataset.fixed_logits().expect("given logits").shape(), (1, 5));
        assert_eq!(dataset.labels().class_indices(), [0, 0, 0, 1, 1]);
    }

    #[test]
    fn same_stream_same_bytes() {
        assert_eq!(raw_logits(&[3, 3], 1.0, 6, 1), raw_logits(&[3, 3], 1.0, 6, 1));
        assert_ne!(raw_logits(&[3, 3], 1.0, 6, 1), raw_logits(&[3, 3], 1.0, 6, 2));
    }

    #[test]
    fn scale_zero_means_no_information() {
        let dataset = raw_logits(&[2, 2], 0.0, 6, 1).expect("valid");
        assert!(dataset.fixed_logits().expect("given logits").amax() < f64::MIN_POSITIVE);
    }

    #[test]
    fn bad_arguments_are_refused() {
        for scale in [-1.0, f64::NAN, f64::INFINITY] {
            let message = raw_logits(&[2, 2], scale, 0, 0).expect_err("bad scale").to_string();
            assert!(message.starts_with("logit scale"), "{message}");
        }
        assert!(raw_logits(&[2], 1.0, 0, 0).is_err());
        assert!(raw_binary_logits([2, 0], 1.0, 0, 0).is_err());
        assert!(raw_logits(&[1, 1], f64::MAX, 0, 0).is_err_and(|error| error.to_string().contains("finite")));
    }
}
