//! The mean-probability matrix `P`: row = true class, column = predicted class.

use super::class_rows::ClassRows;
use crate::loss::{Link, Targets};
use crate::numeric::{Sigmoid, Sum, softmax_with_complements, softplus};
use nalgebra::DMatrix;

/// Class means, by sample weights, of predicted probabilities, of their complements, and of what the LGL-INR law needs besides.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanProbability {
    /// `P[c][k]`, `K x K`.
    pub matrix: DMatrix<f64>,
    /// `s_k = 1 - P[k][k]`, averaged from complements so that a tiny shortfall keeps its digits.
    pub shortfall: Vec<f64>,
}

/// Class means of one-vs-all columns beyond the probability itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMeans {
    /// `l_c^k`: mean of `-log(1 - p^k)` over class `c`.
    pub loss: DMatrix<f64>,
    /// `v_c^k`: mean of `p^k (1 - p^k)` over class `c`.
    pub variance: DMatrix<f64>,
}

/// Probabilities and complements of one sample, for all `K` classes. Returns the logarithm of that of its own class.
pub(crate) fn sample_probabilities(link: Link, logits: &[f64], class: usize, out: &mut [Sigmoid]) -> f64 {
    match (link, logits) {
        // The binary logistic loss has one column, that of class 1.
        (Link::Sigmoid, &[z]) => {
            out[0] = Sigmoid::of(-z);
            out[1] = Sigmoid::of(z);
            -softplus(if class == 1 { -z } else { z })
        }
        (Link::Sigmoid, logits) => {
            for (entry, &z) in out.iter_mut().zip(logits) {
                *entry = Sigmoid::of(z);
            }
            -softplus(-logits[class])
        }
        (Link::Softmax, logits) => softmax_with_complements(logits, out).log_probability(logits[class]),
    }
}

impl MeanProbability {
    /// Class means over the samples of `logits` (one sample per column; one row for the binary logistic loss).
    #[must_use]
    pub fn of(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let classes = targets.classes();
        let mut sums = ClassRows::new(classes);
        let mut short = vec![Sum::default(); classes];
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
        let columns = logits.as_slice().chunks(logits.nrows());
        for (number, (column, &label)) in columns.zip(targets.class_indices()).enumerate() {
            let (class, weight) = (label as usize, targets.sample_weight(number));
            sample_probabilities(link, column, class, &mut sample);
            sums.add(class, weight, sample.iter().map(|pair| pair.probability));
            short[class].add(weight * sample[class].complement);
        }
        let matrix = sums.means(targets.sizes());
        let shortfall = short.iter().zip(targets.sizes()).map(|(sum, size)| sum.value() / size).collect();
        Self { matrix, shortfall }
    }

    /// `F[c][k] = m_c P[c][k]`.
    #[must_use]
    pub fn flow(&self, targets: &Targets) -> DMatrix<f64> {
        DMatrix::from_fn(self.matrix.nrows(), self.matrix.ncols(), |class, predicted| {
            targets.mass()[class] * self.matrix[(class, predicted)]
        })
    }
}

impl ClassMeans {
    /// Class means over the samples of one-vs-all `logits` (`K x N`).
    #[must_use]
    pub fn of(logits: &DMatrix<f64>, targets: &Targets) -> Self {
        let classes = targets.classes();
        let (mut loss, mut variance) = (ClassRows::new(classes), ClassRows::new(classes));
        for (number, (column, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
            let (class, weight) = (label as usize, targets.sample_weight(number));
            loss.add(class, weight, column.iter().map(|&z| softplus(z)));
            variance.add(class, weight, column.iter().map(|&z| Sigmoid::of(z).slope()));
        }
        Self { loss: loss.means(targets.sizes()), variance: variance.means(targets.sizes()) }
    }
}
