//! The kernels of a search, one by one, so that a benchmark can compare each with the limits of the machine.

use super::column_pass::{ColumnPass, Precision};
use super::pass::ScaledFeatures;
use super::problem::Problem;
use super::search::scaled;
use super::softmax_newton::SoftmaxPass;
use super::softmax_system::{KeptFeatures, SoftmaxCurvature};
use crate::loss::{BuiltLoss, Loss};
use nalgebra::DMatrix;

/// A problem and a head at which its kernels run.
pub struct SolverKernels<'p> {
    problem: &'p Problem<'p>,
    features: ScaledFeatures<'p>,
    theta: DMatrix<f64>,
}

impl<'p> SolverKernels<'p> {
    /// At a small head that is zero nowhere.
    #[must_use]
    pub fn new(problem: &'p Problem<'p>) -> Self {
        let features = scaled(problem);
        let theta = DMatrix::from_fn(features.dimension(), problem.loss.logit_rows(), |entry, column| {
            0.1 * ((entry + 3 * column) as f64).sin()
        });
        Self { problem, features, theta }
    }

    /// Value and gradient in one pass over the samples; returns the value.
    #[must_use]
    pub fn evaluate(&self) -> f64 {
        let columns: Vec<usize> = (0..self.theta.ncols()).collect();
        let values = match &*self.problem.loss {
            BuiltLoss::Logistic(loss) => self.pass(loss.clone()).evaluate(&columns, &self.theta).value,
            BuiltLoss::Inr(loss) => self.pass(*loss).evaluate(&columns, &self.theta).value,
            BuiltLoss::Softmax(loss) => {
                let pass =
                    SoftmaxPass { features: &self.features, targets: &self.problem.targets, loss: *loss };
                pass.evaluate(&self.theta).0.value
            }
            loss @ BuiltLoss::PerSample(_) => {
                let logits = self.features.logits(&self.theta);
                let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
                vec![loss.value_and_gradient(&logits, &self.problem.targets, &mut gradient)]
            }
        };
        values.iter().sum()
    }

    /// Bytes of features that [`Self::evaluate`] reads, as doubles.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (size_of::<f64>() * self.features.samples() * (self.features.dimension() - 1)) as u64
    }

    /// The Hessian of every column of a logistic loss, or nothing for the others; returns the sum of the traces.
    #[must_use]
    pub fn hessians(&self, single: bool) -> Option<f64> {
        let BuiltLoss::Logistic(loss) = &*self.problem.loss else { return None };
        let columns: Vec<usize> = (0..self.theta.ncols()).collect();
        let precision = if single { Precision::Single } else { Precision::Double };
        let hessians = self.pass(loss.clone()).hessians(&columns, &self.theta, &[], precision);
        Some(hessians.iter().map(DMatrix::trace).sum())
    }

    /// Calls `with` with a function that computes a product of the softmax Hessian in single precision and returns one of
    /// its entries; not for the other losses.
    pub fn products(&self, with: impl FnOnce(&dyn Fn() -> f64)) {
        let BuiltLoss::Softmax(loss) = &*self.problem.loss else { return };
        let pass = SoftmaxPass { features: &self.features, targets: &self.problem.targets, loss: *loss };
        let (_, probabilities) = pass.evaluate(&self.theta);
        let kept = KeptFeatures::<f32>::new(&self.features, self.theta.ncols());
        let (features, targets) = (pass.features, pass.targets);
        let curvature = SoftmaxCurvature::new(features, targets, *loss, &self.theta, &kept, &probabilities);
        with(&|| curvature.product(&self.theta)[(0, 0)]);
    }

    fn pass<L>(&self, loss: L) -> ColumnPass<'_, L> {
        ColumnPass { features: &self.features, targets: &self.problem.targets, loss }
    }
}
