//! Gaussian classes: one normal distribution per class, drawn with a fixed number of samples each.

use nalgebra::{Cholesky, DMatrix, Dyn};

use super::blocks::{labels_in_blocks, total, zeros};
use super::random::{normal_vector, stream};
use super::{DataError, Dataset};

/// How samples scatter around their class mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariance {
    /// The same variance in every direction and for every class: `variance * I`; finite and above 0.
    Spherical(f64),
    /// One symmetric positive definite `d x d` matrix per class.
    PerClass(Vec<DMatrix<f64>>),
}

/// A design of `K` normal classes with `counts[c]` samples of class `c`; checked once, when it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixture {
    means: DMatrix<f64>,
    covariance: Covariance,
    counts: Vec<usize>,
}

impl GaussianMixture {
    /// Takes the class means (`d x K`; see [`class_means`](super::class_means) for arrangements), the covariance
    /// and the class sizes.
    ///
    /// # Errors
    /// Shapes disagree, there are no coordinates, a mean is not finite, a variance is not above 0, or a
    /// covariance matrix is not symmetric (to 12 digits) and positive definite (by Cholesky factorisation).
    pub fn new(means: DMatrix<f64>, covariance: Covariance, counts: Vec<usize>) -> Result<Self, DataError> {
        let classes = means.ncols();
        if counts.len() != classes {
            return Err(DataError::invalid(
                "class counts",
                format!("{} counts, but there are {classes} class means", counts.len()),
            ));
        }
        if means.nrows() == 0 {
            return Err(DataError::invalid("class means", "no coordinates; give at least one dimension"));
        }
        if let Some(class) = (0..classes).find(|&class| means.column(class).iter().any(|x| !x.is_finite())) {
            return Err(DataError::invalid(
                format!("mean of class {class}"),
                "is not finite; give real coordinates",
            ));
        }
        match &covariance {
            Covariance::Spherical(variance) => check_variance(*variance)?,
            Covariance::PerClass(matrices) => check_matrices(matrices, means.nrows(), classes)?,
        }
        Ok(Self { means, covariance, counts })
    }

    /// Class means, `d x K`.
    #[must_use]
    pub fn means(&self) -> &DMatrix<f64> {
        &self.means
    }

    /// Scatter around the means.
    #[must_use]
    pub fn covariance(&self) -> &Covariance {
        &self.covariance
    }

    /// `N_c`, samples to draw of each class.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Draws `N = sum counts` samples, class after class; features are named `x0`, `x1`, ...
    ///
    /// The draw depends on `seed` and `stream` alone (see [`stream`]).
    ///
    /// # Errors
    /// There are fewer than two classes, a class has no sample, or memory cannot hold the samples.
    pub fn sample(&self, seed: u64, stream: u64) -> Result<Dataset, DataError> {
        let labels = labels_in_blocks(&self.counts)?;
        let dimension = self.means.nrows();
        let mut features = zeros(dimension, total(&self.counts)?)?;
        let mut generator = self::stream(seed, stream);
        let mut sample = 0;
        for (class, &count) in self.counts.iter().enumerate() {
            let scatter = self.scatter(class)?;
            for mut column in features.columns_mut(sample, count).column_iter_mut() {
                let normal = normal_vector(&mut generator, dimension);
                column.copy_from(&self.means.column(class));
                match &scatter {
                    Scatter::Scale(deviation) => column.axpy(*deviation, &normal, 1.0),
                    Scatter::Factor(factor) => column.gemv(1.0, factor, &normal, 1.0),
                }
            }
            sample += count;
        }
        Dataset::unnamed(features, labels)
    }

    /// What turns a standard normal vector into the deviation of a sample of `class` from its mean.
    fn scatter(&self, class: usize) -> Result<Scatter, DataError> {
        match &self.covariance {
            Covariance::Spherical(variance) => Ok(Scatter::Scale(variance.sqrt())),
            Covariance::PerClass(matrices) => Ok(Scatter::Factor(factor(&matrices[class], class)?.unpack())),
        }
    }
}

/// A square root of a covariance.
enum Scatter {
    /// Standard deviation, the same in every direction.
    Scale(f64),
    /// Lower Cholesky factor `L` of the covariance `L L^T`.
    Factor(DMatrix<f64>),
}

fn check_variance(variance: f64) -> Result<(), DataError> {
    if !(variance.is_finite() && variance > 0.0) {
        return Err(DataError::invalid("variance", format!("{variance}; it must be finite and above 0")));
    }
    Ok(())
}

fn check_matrices(matrices: &[DMatrix<f64>], dimension: usize, classes: usize) -> Result<(), DataError> {
    if matrices.len() != classes {
        return Err(DataError::invalid(
            "covariance",
            format!("{} matrices, but there are {classes} classes; give one per class", matrices.len()),
        ));
    }
    for (class, matrix) in matrices.iter().enumerate() {
        let place = || format!("covariance of class {class}");
        if matrix.shape() != (dimension, dimension) {
            let (rows, columns) = matrix.shape();
            return Err(DataError::invalid(
                place(),
                format!(
                    "is {rows} x {columns}; the means have {dimension} coordinates, so it must be square of that size"
                ),
            ));
        }
        if matrix.iter().any(|entry| !entry.is_finite()) {
            return Err(DataError::invalid(place(), "has an entry that is not finite"));
        }
        // Two halves of one product may differ in the last digit; more than that is a mistake.
        if (matrix - matrix.transpose()).amax() > 1e-12 * matrix.amax() {
            return Err(DataError::invalid(place(), "is not symmetric"));
        }
        factor(matrix, class)?;
    }
    Ok(())
}

fn factor(matrix: &DMatrix<f64>, class: usize) -> Result<Cholesky<f64, Dyn>, DataError> {
    Cholesky::new(matrix.clone()).ok_or_else(|| {
        DataError::invalid(
            format!("covariance of class {class}"),
            "is not positive definite; every direction needs a variance above 0",
        )
    })
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::super::class_means;
    use super::*;

    fn pair(covariance: Covariance, counts: Vec<usize>) -> Result<GaussianMixture, DataError> {
        GaussianMixture::new(dmatrix![1.0, -2.0; 0.0, 3.0], covariance, counts)
    }

    #[test]
    fn spherical_draws_have_the_asked_mean_and_variance() {
        let mixture = pair(Covariance::Spherical(4.0), vec![5_000, 20_000]).expect("valid");
        let dataset = mixture.sample(1, 0).expect("drawn");
        assert_eq!(dataset.labels().counts(), [5_000, 20_000]);
        let features = dataset.features();
        let second = features.columns(5_000, 20_000);
        let mean = second.column_mean();
        // Standard error of a mean: 2 / sqrt(20000) = 0.014.
        assert!((mean[0] + 2.0).abs() < 0.07 && (mean[1] - 3.0).abs() < 0.07, "{mean}");
        let variance = second.row(0).map(|x| (x + 2.0) * (x + 2.0)).mean();
        assert!((variance - 4.0).abs() < 0.2, "{variance}");
    }

    #[test]
    fn per_class_draws_have_the_asked_covariance() {
        let tilted = dmatrix![2.0, 1.2; 1.2, 1.0];
        let covariance = Covariance::PerClass(vec![DMatrix::identity(2, 2), tilted.clone()]);
        let dataset = pair(covariance, vec![10, 40_000]).expect("valid").sample(2, 0).expect("drawn");
        let mut centred = dataset.features().columns(10, 40_000).into_owned();
        let mean = centred.column_mean();
        centred.column_iter_mut().for_each(|mut column| column -= &mean);
        let measured = &centred * centred.transpose() / 40_000.0;
        assert!((&measured - &tilted).amax() < 0.08, "{measured}");
    }

    #[test]
    fn identity_matrices_agree_with_unit_variance() {
        let spherical = pair(Covariance::Spherical(1.0), vec![4, 5]).expect("valid");
        let matrices = Covariance::PerClass(vec![DMatrix::identity(2, 2); 2]);
        let per_class = pair(matrices, vec![4, 5]).expect("valid");
        assert_eq!(spherical.sample(3, 1), per_class.sample(3, 1));
    }

    #[test]
    fn same_stream_same_bytes() {
        let means = class_means::simplex(4, 2.0).expect("valid");
        let mixture =
            GaussianMixture::new(means, Covariance::Spherical(1.0), vec![3, 4, 5, 6]).expect("valid");
        assert_eq!(mixture.sample(9, 2), mixture.sample(9, 2));
        assert_ne!(mixture.sample(9, 2), mixture.sample(9, 3));
    }

    #[test]
    fn bad_designs_say_what_is_wrong() {
        let eye = DMatrix::identity(2, 2);
        let per_class = |second: DMatrix<f64>| Covariance::PerClass(vec![eye.clone(), second]);
        let cases = [
            (Covariance::Spherical(0.0), "variance: 0"),
            (Covariance::Spherical(f64::NAN), "variance: NaN"),
            (Covariance::PerClass(vec![eye.clone()]), "1 matrices"),
            (per_class(DMatrix::identity(3, 3)), "class 1: is 3 x 3"),
            (per_class(dmatrix![1.0, 0.5; 0.4, 1.0]), "class 1: is not symmetric"),
            (per_class(dmatrix![1.0, 2.0; 2.0, 1.0]), "class 1: is not positive definite"),
            (per_class(dmatrix![1.0, f64::NAN; f64::NAN, 1.0]), "not finite"),
        ];
        for (covariance, expected) in cases {
            let message = pair(covariance, vec![1, 1]).expect_err("invalid").to_string();
            assert!(message.contains(expected), "{message:?} lacks {expected:?}");
        }
        assert!(pair(Covariance::Spherical(1.0), vec![1]).is_err());
        assert!(
            GaussianMixture::new(dmatrix![f64::INFINITY, 0.0], Covariance::Spherical(1.0), vec![1, 1])
                .is_err()
        );
    }

    #[test]
    fn an_empty_class_is_refused_when_drawn() {
        let mixture = pair(Covariance::Spherical(1.0), vec![3, 0]).expect("shapes agree");
        assert!(mixture.sample(0, 0).is_err());
    }
}
