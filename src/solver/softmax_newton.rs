//! Newton-CG for softmax: the Hessian couples all classes, so each Newton system is solved by conjugate gradients,
//! preconditioned by one Cholesky factor per class.
//!
//! Adding one vector to every class's parameters changes no probability. Residuals and directions are kept
//! off that gauge; without it conjugate gradients chases rounding error along it.

use super::conjugate_gradient::{System, solve};
use super::descent::{Descent, Progress};
use super::direction::factor;
use super::scaled_features::ScaledFeatures;
use super::separation::{Margins, find_separation};
use super::tolerance::Goal;
use crate::loss::{Loss, Softmax, SoftmaxProbabilities, Targets};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Loosest relative accuracy of a Newton system.
const LOOSEST_SYSTEM: f64 = 0.1;
/// Tightest one; beyond it the next gradient's rounding decides.
const TIGHTEST_SYSTEM: f64 = 1e-8;

/// Newton-CG over all classes of a softmax head.
pub(super) struct SoftmaxNewton<'a> {
    features: &'a ScaledFeatures,
    targets: &'a Targets,
    loss: Softmax,
    point: Point,
    preconditioner: Vec<Cholesky<f64, Dyn>>,
    iterations_since_factored: usize,
    goal: Goal,
    /// Curvature added to every class's block, as a share of its gradient's magnitude; positive only while logits
    /// are so saturated that second derivatives say nothing.
    substitute: f64,
    progress: Progress,
    separation_possible: bool,
}

/// A head and everything known at it.
struct Point {
    theta: DMatrix<f64>,
    logits: DMatrix<f64>,
    value: f64,
    gradient: DMatrix<f64>,
    /// `sum_i |dL/dz_i^k|` for each class.
    magnitude: DVector<f64>,
}

impl<'a> SoftmaxNewton<'a> {
    /// Starts from `theta` (`K x D`), whose columns sum to zero over classes.
    pub(super) fn new(
        features: &'a ScaledFeatures,
        targets: &'a Targets,
        loss: Softmax,
        theta: DMatrix<f64>,
        separation_possible: bool,
    ) -> Self {
        let point = Point::at(theta, features, targets, loss);
        let goal = Goal::new(&point.scaled_gradient(&point.magnitude), 1.0);
        Self {
            features,
            targets,
            loss,
            point,
            preconditioner: Vec::new(),
            iterations_since_factored: 0,
            goal,
            substitute: 0.0,
            progress: Progress::Active,
            separation_possible,
        }
    }

    /// Factors each class's own block of the Hessian when that pays: a factorisation costs about as much as
    /// `D / 4` conjugate-gradient iterations.
    fn refresh_preconditioner(&mut self, probabilities: &SoftmaxProbabilities) {
        let worthwhile = self.features.dimension() / 4 + 4;
        if !self.preconditioner.is_empty()
            && self.substitute == 0.0
            && self.iterations_since_factored <= worthwhile
        {
            return;
        }
        self.iterations_since_factored = 0;
        let blocks = (0..self.loss.logit_rows())
            .map(|class| {
                let mut block = self.features.gram(&probabilities.own_curvature(class, self.targets));
                for (entry, penalty) in self.features.penalty.iter().enumerate() {
                    block[(entry, entry)] += penalty + self.substitute * self.point.magnitude[class];
                }
                factor(&mut block, self.features).unwrap_or_else(|| ridged_factor(block))
            })
            .collect();
        self.preconditioner = blocks;
    }

    fn newton_direction(&mut self) -> DMatrix<f64> {
        let probabilities = self.loss.probabilities(&self.point.logits, self.targets);
        self.refresh_preconditioner(&probabilities);
        let accuracy = self.goal.relative().sqrt().clamp(TIGHTEST_SYSTEM, LOOSEST_SYSTEM);
        let system = NewtonSystem { newton: self, probabilities };
        let (step, iterations) = solve(&system, &-&self.point.gradient, accuracy);
        self.iterations_since_factored += iterations;
        step
    }

    fn line_search(&mut self, step: &DMatrix<f64>) {
        let change = self.features.product(step).amax();
        let mut trial = self.goal.begin(change, self.point.gradient.dot(step), true);
        let scale = self.point.magnitude.clone();
        let before = self.point.scaled_gradient(&scale);
        loop {
            let theta = &self.point.theta + step * trial.length();
            let point = Point::at(theta, self.features, self.targets, self.loss);
            if trial.accepts(self.point.value, &before, point.value, &point.scaled_gradient(&scale)) {
                let gradient = point.scaled_gradient(&point.magnitude);
                self.progress = self.goal.moved(&gradient, 1.0, &trial, point.logits.amax());
                self.point = point;
                self.leave_substitute();
                return;
            }
            if !trial.shorten() {
                self.progress = self.goal.no_step_left(&trial);
                if self.substitute == 0.0 && !self.goal.is_met() {
                    self.substitute = self.goal.substitute_curvature();
                    self.progress = Progress::Active;
                }
                return;
            }
        }
    }

    /// Goes back to true second derivatives as soon as there are some.
    fn leave_substitute(&mut self) {
        if self.substitute > 0.0 {
            self.substitute = 0.0;
            self.preconditioner.clear();
        }
    }

    fn look_for_separation(&mut self) {
        if self.separation_possible && self.progress == Progress::Active && self.goal.wants_separation_check()
        {
            let margins = Margins::all_pairs(self.features, self.targets);
            if let Some(found) = find_separation(&margins, &self.point.theta, self.goal.lp_is_due()) {
                self.progress = Progress::Separable(found);
            }
        }
    }
}

impl Point {
    fn at(theta: DMatrix<f64>, features: &ScaledFeatures, targets: &Targets, loss: Softmax) -> Self {
        let columns: Vec<usize> = (0..loss.logit_rows()).collect();
        let logits = features.logits(&theta, &columns);
        let mut residuals = DMatrix::zeros(logits.nrows(), logits.ncols());
        let mut value = loss.value_and_gradient(&logits, targets, &mut residuals);
        let mut gradient = features.pull_back(&residuals);
        for (class, row) in theta.row_iter().enumerate() {
            value += features.penalty_of(&row.transpose());
            for (entry, penalty) in features.penalty.iter().enumerate() {
                gradient[(class, entry)] += penalty * row[entry];
            }
        }
        let mut magnitude = DVector::zeros(loss.logit_rows());
        residuals.column_iter().for_each(|column| magnitude += column.abs());
        Self { theta, logits, value, gradient, magnitude }
    }

    /// The gradient with each class divided by the magnitude of its terms.
    fn scaled_gradient(&self, magnitude: &DVector<f64>) -> DVector<f64> {
        let scaled = DMatrix::from_fn(self.gradient.nrows(), self.gradient.ncols(), |class, entry| {
            self.gradient[(class, entry)] / magnitude[class].max(f64::MIN_POSITIVE)
        });
        DVector::from_column_slice(scaled.as_slice())
    }
}

/// A factor of a block that is singular to rounding; only the speed of convergence depends on it.
fn ridged_factor(mut block: DMatrix<f64>) -> Cholesky<f64, Dyn> {
    let size = block.nrows();
    let typical = (block.trace() / size as f64).max(f64::MIN_POSITIVE);
    for exponent in (-10..=0).step_by(2) {
        for entry in 0..size {
            block[(entry, entry)] += typical * 10.0_f64.powi(exponent);
        }
        if let Some(factor) = Cholesky::new(block.clone()) {
            return factor;
        }
    }
    Cholesky::new_unchecked(DMatrix::from_diagonal_element(size, size, typical.sqrt()))
}

/// The Newton system at one point.
struct NewtonSystem<'n, 'a> {
    newton: &'n SoftmaxNewton<'a>,
    probabilities: SoftmaxProbabilities,
}

impl System for NewtonSystem<'_, '_> {
    fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
        let newton = self.newton;
        let mut along = newton.features.product(direction);
        self.probabilities.curvature_product_in_place(newton.targets, &mut along);
        let mut product = newton.features.pull_back(&along);
        for (entry, penalty) in newton.features.penalty.iter().enumerate() {
            product.column_mut(entry).axpy(*penalty, &direction.column(entry), 1.0);
        }
        if newton.substitute > 0.0 {
            for (class, magnitude) in newton.point.magnitude.iter().enumerate() {
                let mut row = product.row_mut(class);
                row += direction.row(class) * (newton.substitute * magnitude);
            }
        }
        product
    }

    fn precondition(&self, residual: &DMatrix<f64>) -> DMatrix<f64> {
        let mut result = residual.clone();
        for (class, factor) in self.newton.preconditioner.iter().enumerate() {
            result.set_row(class, &factor.solve(&residual.row(class).transpose()).transpose());
        }
        result
    }

    fn project_direction(&self, direction: &mut DMatrix<f64>) {
        let classes = direction.nrows() as f64;
        for mut column in direction.column_iter_mut() {
            let mean = column.sum() / classes;
            column.add_scalar_mut(-mean);
        }
    }

    /// Residuals sum to zero over classes but for rounding. Each class gives up a share in proportion to the
    /// magnitude of its terms: equal shares would drown a class of small mass in the rounding of the large ones.
    fn clean_residual(&self, residual: &mut DMatrix<f64>) {
        let magnitude = &self.newton.point.magnitude;
        let total = magnitude.sum().max(f64::MIN_POSITIVE);
        for mut column in residual.column_iter_mut() {
            let excess = column.sum() / total;
            column.axpy(-excess, magnitude, 1.0);
        }
    }

    /// The largest class's `sqrt(r . M^-1 r / magnitude)`: classes count alike, however small their mass.
    fn size(&self, residual: &DMatrix<f64>, preconditioned: &DMatrix<f64>) -> f64 {
        let of_class = |class: usize| {
            let magnitude = self.newton.point.magnitude[class].max(f64::MIN_POSITIVE);
            (residual.row(class).dot(&preconditioned.row(class)).max(0.0) / magnitude).sqrt()
        };
        (0..residual.nrows()).map(of_class).fold(0.0, f64::max)
    }
}

impl Descent for SoftmaxNewton<'_> {
    fn name(&self) -> &'static str {
        "Newton-CG, one Cholesky factor per class as preconditioner"
    }

    fn step(&mut self) {
        let step = self.newton_direction();
        self.line_search(&step);
        self.look_for_separation();
    }

    fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn theta(&self) -> &DMatrix<f64> {
        &self.point.theta
    }

    fn value(&self) -> f64 {
        self.point.value
    }

    fn gradient(&self) -> DMatrix<f64> {
        self.point.gradient.clone()
    }

    fn relative_gradient(&self) -> f64 {
        self.goal.relative()
    }
}
