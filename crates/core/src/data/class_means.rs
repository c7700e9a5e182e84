//! Arrangements of class means (`d x K`, one class per column) for Gaussian designs.

use nalgebra::DMatrix;

use super::DataError;
use super::blocks::zeros;
use super::random::normal_vector;
use rand::Rng;

/// A regular simplex: `classes` means in `classes - 1` dimensions, every two of them `distance` apart, centred at
/// the origin. No class is harder than another.
///
/// # Errors
/// There are fewer than two classes or too many for memory, or `distance` is not finite and above 0.
pub fn simplex(classes: usize, distance: f64) -> Result<DMatrix<f64>, DataError> {
    check_count("simplex classes", classes, 2)?;
    check_length("simplex distance", distance)?;
    let mut means = zeros(classes - 1, classes)?;
    // Rows of the Helmert matrix: with the constant row they would be orthonormal, so unit vectors, which are
    // sqrt(2) apart, keep that distance when only the constant row is left out.
    let scale = distance / 2.0_f64.sqrt();
    for row in 0..classes - 1 {
        let ahead = (row + 1) as f64;
        let norm = (ahead * (ahead + 1.0)).sqrt();
        for column in 0..=row {
            means[(row, column)] = scale / norm;
        }
        means[(row, row + 1)] = -scale * ahead / norm;
    }
    Ok(means)
}

/// `classes` means evenly spaced on a circle of `radius` around the origin of the plane; class 0 lies on the first
/// axis and the others follow counter-clockwise.
///
/// # Errors
/// There are fewer than two classes or too many for memory, or `radius` is not finite and above 0.
pub fn ring(classes: usize, radius: f64) -> Result<DMatrix<f64>, DataError> {
    check_count("ring classes", classes, 2)?;
    check_length("ring radius", radius)?;
    let mut means = zeros(2, classes)?;
    fill_ring(&mut means, 0, radius);
    Ok(means)
}

/// docs/theory.md#a4: class 0, the target, at the origin of the plane, and `easy_classes` classes evenly spaced on a
/// circle of `radius` around it. One column of a linear head cannot fence the target in.
///
/// # Errors
/// There is no easy class, there are too many for memory, or `radius` is not finite and above 0.
pub fn ring_around_target(easy_classes: usize, radius: f64) -> Result<DMatrix<f64>, DataError> {
    check_count("ring easy_classes", easy_classes, 1)?;
    check_length("ring radius", radius)?;
    let classes = easy_classes.saturating_add(1);
    let mut means = zeros(2, classes)?;
    fill_ring(&mut means, 1, radius);
    Ok(means)
}

/// `classes` means on a line (one dimension), neighbours `spacing` apart, centred at the origin.
///
/// # Errors
/// There are fewer than two classes or too many for memory, or `spacing` is not finite and above 0.
pub fn line(classes: usize, spacing: f64) -> Result<DMatrix<f64>, DataError> {
    check_count("line classes", classes, 2)?;
    check_length("line spacing", spacing)?;
    let mut means = zeros(1, classes)?;
    let middle = (classes - 1) as f64 / 2.0;
    for class in 0..classes {
        means[(0, class)] = (class as f64 - middle) * spacing;
    }
    Ok(means)
}

/// docs/theory.md#a3: class 0, the target, at the origin; class 1, the hard non-target, `hard_distance` away on the first
/// axis; each of `easy_classes` further classes `easy_distance` away along an axis of its own.
///
/// The dimension is `1 + easy_classes`, so that a linear head has room for every class.
///
/// # Errors
/// A distance is not finite and above 0, or there are too many classes for memory.
pub fn hard_and_easy(
    hard_distance: f64,
    easy_classes: usize,
    easy_distance: f64,
) -> Result<DMatrix<f64>, DataError> {
    check_length("hard_and_easy hard_distance", hard_distance)?;
    check_length("hard_and_easy easy_distance", easy_distance)?;
    let dimension = easy_classes.saturating_add(1);
    let mut means = zeros(dimension, dimension.saturating_add(1))?;
    means[(0, 1)] = hard_distance;
    for axis in 1..dimension {
        means[(axis, axis + 1)] = easy_distance;
    }
    Ok(means)
}

/// `classes` means drawn from a normal distribution around the origin of `dimension` dimensions, `spread` standard
/// deviations wide in each: some classes lie together, others apart.
///
/// # Errors
/// There are fewer than two classes or no dimension, memory cannot hold the means, or `spread` is not finite
/// and above 0.
pub fn random(
    classes: usize,
    dimension: usize,
    spread: f64,
    generator: &mut impl Rng,
) -> Result<DMatrix<f64>, DataError> {
    check_count("random classes", classes, 2)?;
    check_count("random dimension", dimension, 1)?;
    check_length("random spread", spread)?;
    let mut means = zeros(dimension, classes)?;
    for mut mean in means.column_iter_mut() {
        mean.axpy(spread, &normal_vector(generator, dimension), 0.0);
    }
    Ok(means)
}

/// Puts the columns from `first` on evenly on a circle.
fn fill_ring(means: &mut DMatrix<f64>, first: usize, radius: f64) {
    let on_ring = (means.ncols() - first) as f64;
    for class in first..means.ncols() {
        let angle = std::f64::consts::TAU * (class - first) as f64 / on_ring;
        means[(0, class)] = radius * angle.cos();
        means[(1, class)] = radius * angle.sin();
    }
}

fn check_count(place: &str, count: usize, least: usize) -> Result<(), DataError> {
    if count < least {
        return Err(DataError::invalid(place, format!("{count}; it must be at least {least}")));
    }
    Ok(())
}

fn check_length(place: &str, length: f64) -> Result<(), DataError> {
    if !(length.is_finite() && length > 0.0) {
        return Err(DataError::invalid(place, format!("{length}; it must be finite and above 0")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(means: &DMatrix<f64>, one: usize, other: usize) -> f64 {
        (means.column(one) - means.column(other)).norm()
    }

    #[test]
    fn all_simplex_distances_are_equal() {
        for classes in 2..=12 {
            let means = simplex(classes, 3.5).expect("valid");
            assert_eq!(means.shape(), (classes - 1, classes));
            for one in 0..classes {
                for other in 0..one {
                    assert!((distance(&means, one, other) - 3.5).abs() < 1e-12);
                }
            }
            assert!(means.column_sum().amax() < 1e-12, "centred at the origin");
        }
    }

    #[test]
    fn ring_neighbours_are_a_chord_apart() {
        let means = ring(6, 2.0).expect("valid");
        assert_eq!(means.shape(), (2, 6));
        for class in 0..6 {
            assert!((means.column(class).norm() - 2.0).abs() < 1e-12);
            // The chord of a hexagon equals its radius.
            assert!((distance(&means, class, (class + 1) % 6) - 2.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_ringed_target_is_at_the_centre() {
        let means = ring_around_target(3, 4.0).expect("valid");
        assert_eq!(means.shape(), (2, 4));
        assert_eq!(means.column(0).amax().to_bits(), 0);
        for easy in 1..4 {
            assert!((distance(&means, 0, easy) - 4.0).abs() < 1e-12);
        }
        assert!((distance(&means, 1, 2) - distance(&means, 2, 3)).abs() < 1e-12);
    }

    #[test]
    fn line_is_evenly_spaced_and_centred() {
        let means = line(4, 2.0).expect("valid");
        assert_eq!(means.as_slice(), [-3.0, -1.0, 1.0, 3.0]);
    }

    #[test]
    fn hard_class_is_near_and_easy_classes_have_their_own_axes() {
        let means = hard_and_easy(2.0, 3, 6.0).expect("valid");
        assert_eq!(means.shape(), (4, 5));
        assert!((distance(&means, 0, 1) - 2.0).abs() < 1e-15);
        for easy in 2..5 {
            assert!((distance(&means, 0, easy) - 6.0).abs() < 1e-15);
            assert!(means.column(easy).dot(&means.column(1)).abs() < 1e-15);
        }
        assert_eq!(hard_and_easy(2.0, 0, 6.0).expect("no easy class").shape(), (1, 2));
    }

    #[test]
    fn impossible_arrangements_are_refused() {
        assert!(simplex(1, 1.0).is_err());
        assert!(simplex(3, 0.0).is_err());
        assert!(simplex(usize::MAX, 1.0).is_err());
        assert!(ring(3, f64::NAN).is_err());
        assert!(ring_around_target(0, 1.0).is_err());
        assert!(ring_around_target(usize::MAX, 1.0).is_err());
        assert!(line(0, 1.0).is_err());
        let generator = &mut super::super::random::stream(1, 0);
        assert!(random(1, 2, 1.0, generator).is_err() && random(3, 0, 1.0, generator).is_err());
        assert_eq!(random(3, 2, 1.0, generator).expect("valid").shape(), (2, 3));
        assert!(hard_and_easy(1.0, usize::MAX, 1.0).is_err());
        let message = hard_and_easy(-1.0, 2, 1.0).expect_err("negative").to_string();
        assert!(message.contains("hard_distance: -1"), "{message}");
    }
}
