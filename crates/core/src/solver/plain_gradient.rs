//! Loss and gradient of a problem in plain double precision, as searches of first order need them.

use super::problem::Problem;
use super::solution::Head;
use crate::loss::Loss;
use nalgebra::DMatrix;

/// The objective of a problem at a head and its gradient, penalty included.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainGradient {
    /// The objective.
    pub objective: f64,
    /// By the coefficients, `K x d`.
    pub coefficients: DMatrix<f64>,
    /// By the intercepts, one per logit column.
    pub intercepts: Vec<f64>,
}

impl Problem<'_> {
    /// Objective and gradient at a head, without compensation: [`Problem::evaluate`] is for answers. `features` are those of the
    /// problem's data, `d x N`, which a search has at hand.
    ///
    /// # Panics
    /// Features or head are of other sizes than the problem.
    #[must_use]
    pub fn plain_gradient(&self, features: &DMatrix<f64>, head: &Head) -> PlainGradient {
        let logits = head.logits(features);
        let mut by_logits = DMatrix::zeros(logits.nrows(), logits.ncols());
        let loss = self.loss().value_and_gradient(&logits, self.targets(), &mut by_logits);
        let l2 = self.l2();
        PlainGradient {
            objective: loss + l2 / 2.0 * head.coefficients.norm_squared(),
            coefficients: &by_logits * features.transpose() + l2 * &head.coefficients,
            intercepts: by_logits.column_sum().iter().copied().collect(),
        }
    }
}
