//! Detached LGL-INR: a zero of the field `dL/dtheta` in which `omega` is treated as constant (R1).
//!
//! The field is the gradient of no function, but its derivative is known: Newton on the field itself converges
//! quadratically where iterating `omega -> softmax(beta P(theta(omega)))` cycles (large `beta`). Where Newton ends
//! without a zero, a fixed point of that map is searched for instead, where `theta(omega)` minimises the logistic loss with
//! pair weights frozen at `omega`.
//!
//! Each column is a fixed-point problem of its own. Newton on `omega - G(omega)`, with the derivative of the inner
//! minimiser by the implicit function theorem, converges quadratically where plain iteration cycles (large `beta`);
//! a Newton step that does not bring `omega` closer is halved, and when halving fails, a damped plain step is taken.

use super::column_newton::ColumnNewton;
use super::column_pass::{ColumnPass, Precision};
use super::descent::{Descent, Progress};
use super::hessian::regular_factor;
use super::pass::Evaluated;
use super::separation::SeparationSearch;
use crate::data::Dataset;
use crate::loss::{Inr, Logistic, Targets};
use nalgebra::{DMatrix, DVector};

/// Relative gradient at which a zero is near enough to start the next sharper field from.
const NEAR: f64 = 1e-3;

/// The search for a detached stationary point over all columns.
pub(super) struct DetachedSearch<'a> {
    loss: Inr,
    beta: f64,
    stage: Stage<'a>,
    /// The data, if they may be separable.
    separable_data: Option<&'a Dataset>,
}

enum Stage<'a> {
    Field(ColumnNewton<'a, Inr>),
    FixedPoint(Box<DetachedFixedPoint<'a>>),
}

impl<'a> DetachedSearch<'a> {
    /// Starts from Newton near the minimiser for `beta = 0`.
    pub(super) fn new(
        mut newton: ColumnNewton<'a, Inr>,
        loss: Inr,
        separable_data: Option<&'a Dataset>,
    ) -> Self {
        let beta = loss.beta.min(FIRST_BETA);
        if newton.can_go_on() && beta > 0.0 {
            newton.replace_loss(Inr { beta, ..loss });
        }
        Self { loss, beta, stage: Stage::Field(newton), separable_data }
    }

    fn descent(&self) -> &dyn Descent {
        match &self.stage {
            Stage::Field(newton) => newton,
            Stage::FixedPoint(search) => &**search,
        }
    }
}

impl Descent for DetachedSearch<'_> {
    fn step(&mut self) {
        let newton = match &mut self.stage {
            Stage::Field(newton) => newton,
            Stage::FixedPoint(search) => return search.step(),
        };
        newton.step();
        if self.beta < self.loss.beta && newton.can_go_on() && newton.relative_gradient() <= NEAR {
            self.beta = (2.0 * self.beta).min(self.loss.beta);
            newton.replace_loss(Inr { beta: self.beta, ..self.loss });
        } else if matches!(newton.progress(), Progress::NotConverged(_) | Progress::Undecided(_)) {
            let &ColumnPass { features, targets, .. } = newton.pass();
            let pass = ColumnPass { features, targets, loss: self.loss };
            let zeros = DMatrix::zeros(features.dimension(), self.loss.classes);
            let separation = self.separable_data.map(|dataset| SeparationSearch::new(dataset, features));
            let search = DetachedFixedPoint::new(&pass, zeros, separation);
            self.stage = Stage::FixedPoint(Box::new(search));
        }
    }

    fn newton_step(&mut self, gradient: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        match &mut self.stage {
            Stage::Field(newton) => newton.newton_step(gradient),
            Stage::FixedPoint(search) => search.newton_step(gradient),
        }
    }

    fn progress(&self) -> Progress {
        self.descent().progress()
    }

    fn theta(&self) -> &DMatrix<f64> {
        self.descent().theta()
    }

    fn value(&self) -> f64 {
        self.descent().value()
    }

    fn gradient(&self) -> DMatrix<f64> {
        self.descent().gradient()
    }

    fn relative_gradient(&self) -> f64 {
        self.descent().relative_gradient()
    }
}

/// A change of `omega` that is rounding error.
const CONVERGED: f64 = 2e-14;
/// Halvings of a Newton step before a damped plain step is taken instead.
const MAX_HALVINGS: usize = 6;
/// Outer iterations at one sharpness before the search moves on or is given up.
const MAX_ROUNDS: usize = 100;
/// Sharper fields and maps are reached by doubling from here, each solution the initial guess of the next. That defines
/// which of several solutions is found, and keeps Newton from cycling.
const FIRST_BETA: f64 = 4.0;

/// The search for a detached fixed point over all columns.
struct DetachedFixedPoint<'a> {
    targets: &'a Targets,
    /// The loss at the sharpness being solved for.
    inr: Inr,
    /// The sharpness asked for.
    final_beta: f64,
    inner: ColumnNewton<'a, Logistic>,
    columns: Vec<ColumnSearch>,
    rounds: usize,
    progress: Progress,
    /// The fixed point, measured with the loss itself rather than with frozen weights.
    measured: Option<Evaluated>,
}

/// One column's search in `omega`.
struct ColumnSearch {
    /// Weights the inner problem was last solved with.
    omega: DVector<f64>,
    /// Best weights so far and how far the map moved them.
    best: DVector<f64>,
    best_gap: f64,
    step: DVector<f64>,
    length: f64,
    halvings: usize,
    converged: bool,
}

impl<'a> DetachedFixedPoint<'a> {
    /// Starts from equal weights, the fixed point for `beta = 0`.
    pub(super) fn new(
        pass: &ColumnPass<'a, Inr>,
        theta: DMatrix<f64>,
        separation: Option<SeparationSearch<'a>>,
    ) -> Self {
        let &ColumnPass { features, targets, loss: inr } = pass;
        let classes = inr.classes;
        let start = |target: usize| {
            DVector::from_fn(
                classes,
                |class, _| if class == target { 0.0 } else { 1.0 / (classes - 1) as f64 },
            )
        };
        let columns: Vec<ColumnSearch> = (0..classes)
            .map(|target| ColumnSearch {
                omega: start(target),
                best: start(target),
                best_gap: f64::INFINITY,
                step: DVector::zeros(classes),
                length: 1.0,
                halvings: 0,
                converged: false,
            })
            .collect();
        let frozen = frozen_loss(&columns, targets);
        let pass = ColumnPass { features, targets, loss: frozen };
        let inner = ColumnNewton::new(pass, theta, separation);
        let final_beta = inr.beta;
        let inr = Inr { beta: final_beta.min(FIRST_BETA), ..inr };
        Self {
            targets,
            inr,
            final_beta,
            inner,
            columns,
            rounds: 0,
            progress: Progress::Active,
            measured: None,
        }
    }

    /// `G(omega)` for every column at the inner minimiser.
    fn mapped(&self) -> Vec<DVector<f64>> {
        let all: Vec<usize> = (0..self.inr.classes).collect();
        let means = self.inner.pass().column_means(&all, self.inner.theta());
        all.iter().map(|&column| DVector::from_vec(self.inr.omega(column, &means[column]))).collect()
    }

    fn measure(&self) -> Evaluated {
        let pass = ColumnPass { features: self.inner.pass().features, targets: self.targets, loss: self.inr };
        let all: Vec<usize> = (0..self.inr.classes).collect();
        pass.evaluate(&all, self.inner.theta())
    }

    /// Newton's step for `omega = G(omega)` in one column: `(I - G') delta = G(omega) - omega`, where
    /// `G' = -beta (diag(omega) - omega omega^T) S_p^T H^-1 S_l` and `S_l`, `S_p` are the derivatives of the class
    /// means of loss and probability by the column's parameters.
    fn step_in_weights(
        &self,
        column: usize,
        mapped: &DVector<f64>,
        gap: &DVector<f64>,
    ) -> Option<DVector<f64>> {
        let classes = self.inr.classes;
        let pass = self.inner.pass();
        let theta = self.inner.theta().columns(column, 1).into_owned();
        let slopes = pass.class_slopes(&[column], &theta).pop()?;
        let (losses, probabilities) = (slopes.columns(0, classes), slopes.columns(classes, classes));
        let hessian = self.inner.hessian(column);
        let response = regular_factor(&hessian, Precision::Double)?.solve(&losses);
        let reweighting = DMatrix::from_diagonal(mapped) - mapped * mapped.transpose();
        let system = DMatrix::identity(classes, classes)
            + reweighting * (probabilities.tr_mul(&response)) * self.inr.beta;
        system.lu().solve(gap).filter(|step| step.iter().all(|entry| entry.is_finite()))
    }

    /// Decides the next weights of each column; true when no column has to move.
    fn advance(&mut self) -> bool {
        let mapped = self.mapped();
        for (column, mapped) in mapped.iter().enumerate() {
            let own = &self.columns[column];
            if own.converged {
                continue;
            }
            let gap = mapped - &own.omega;
            let distance = gap.amax();
            let next_step = if distance <= CONVERGED || distance < own.best_gap {
                Some(self.step_in_weights(column, mapped, &gap).unwrap_or_else(|| &gap * self.damping()))
            } else {
                None
            };
            let damping = self.damping();
            let own = &mut self.columns[column];
            own.converged = distance <= CONVERGED;
            match next_step {
                Some(step) => own.improve(distance, step),
                None if own.halvings < MAX_HALVINGS => own.halve(),
                // Newton fails from the best point: restart from here with a damped plain step.
                None => own.improve(distance, gap * damping),
            }
        }
        self.columns.iter().all(|column| column.converged)
    }

    /// Doubles the sharpness and restarts from the present weights; false after the final sharpness.
    fn sharpen(&mut self) -> bool {
        if self.inr.beta >= self.final_beta {
            return false;
        }
        self.inr.beta = (2.0 * self.inr.beta).min(self.final_beta);
        self.rounds = 0;
        for column in &mut self.columns {
            column.best_gap = f64::INFINITY;
            column.halvings = 0;
            column.converged = false;
        }
        true
    }

    /// Share of a plain step that is taken; sharper reweighting overshoots more.
    fn damping(&self) -> f64 {
        1.0 / (1.0 + 0.25 * self.inr.beta)
    }
}

impl ColumnSearch {
    /// Takes the present weights as best and leaves them along `step`.
    fn improve(&mut self, distance: f64, step: DVector<f64>) {
        self.best.copy_from(&self.omega);
        self.best_gap = distance;
        self.step = step;
        self.length = 1.0;
        self.halvings = 0;
        if !self.converged {
            self.place();
        }
    }

    fn halve(&mut self) {
        self.length *= 0.5;
        self.halvings += 1;
        self.place();
    }

    /// Sets the weights at the current length, kept positive and summing to one.
    fn place(&mut self) {
        self.omega = &self.best + &self.step * self.length;
        self.omega
            .iter_mut()
            .zip(self.best.iter())
            .for_each(|(weight, best)| *weight = weight.max(0.1 * best));
        let total = self.omega.sum();
        self.omega /= total;
    }
}

/// The logistic loss with `A[k][k] = 1 / N_k`, `A[c][k] = omega_c^k / N_c`.
fn frozen_loss(columns: &[ColumnSearch], targets: &Targets) -> Logistic {
    let classes = columns.len();
    let pair = DMatrix::from_fn(classes, classes, |class, column| {
        let weight = if class == column { 1.0 } else { columns[column].omega[class] };
        weight / targets.sizes()[class]
    });
    Logistic::with_pair_weights(pair, 1.0)
}

impl Descent for DetachedFixedPoint<'_> {
    fn step(&mut self) {
        while self.inner.progress() == Progress::Active {
            self.inner.step();
        }
        let inner = self.inner.progress();
        if inner != Progress::Converged {
            self.progress = inner;
            return;
        }
        self.rounds += 1;
        let converged = self.advance();
        if !converged && self.rounds < MAX_ROUNDS {
            self.inner.replace_loss(frozen_loss(&self.columns, self.targets));
            return;
        }
        // After sharpening, the inner minimiser is still that of the present weights: only the map has changed.
        if self.sharpen() {
            return;
        }
        if converged {
            self.progress = Progress::Converged;
            self.measured = Some(self.measure());
        } else {
            let gap = self.columns.iter().map(|column| column.best_gap).fold(0.0, f64::max);
            self.progress = Progress::NotConverged(format!(
                "the detached map did not converge in {MAX_ROUNDS} rounds; its weights still move by {gap:.1e}"
            ));
        }
    }

    fn gradient(&self) -> DMatrix<f64> {
        self.measured.as_ref().map_or_else(|| self.inner.gradient(), |measured| measured.gradient.clone())
    }

    fn newton_step(&mut self, _: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        // Weights and parameters move together: the step of the inner problem alone would leave the fixed point.
        None
    }

    fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn theta(&self) -> &DMatrix<f64> {
        self.inner.theta()
    }

    fn value(&self) -> f64 {
        self.measured.as_ref().map_or_else(|| self.inner.value(), |measured| measured.value.iter().sum())
    }

    fn relative_gradient(&self) -> f64 {
        self.measured.as_ref().map_or_else(|| self.inner.relative_gradient(), Evaluated::relative_gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use crate::loss::{ClassWeights, InrVariant, LossSpec};
    use crate::solver::Problem;
    use crate::solver::search::{Search, scaled};

    /// Newton on the field and the fixed point in `omega` share only the inner problem; both must end at the same head.
    #[test]
    fn both_ways_to_a_detached_point_agree() {
        let wave = |at: f64| (12.9898 * at).sin() * 437.585;
        let noise = |at: f64| 3.0 * (wave(at) - wave(at).floor() - 0.5);
        let features = DMatrix::from_fn(3, 600, |feature, sample| {
            noise((3 * sample + feature) as f64) + if feature == sample % 4 { 1.0 } else { 0.0 }
        });
        let labels = Labels::numbered((0..600).map(|sample| sample % 4).collect(), 4).expect("four classes");
        let dataset = Dataset::unnamed(features, labels).expect("finite");
        for beta in [2.0, 20.0] {
            let loss = Inr { classes: 4, beta, variant: InrVariant::Detached };
            let spec = LossSpec::Inr { beta, variant: InrVariant::Detached };
            let problem = Problem::new(&dataset, &spec, &ClassWeights::None, 1e-3).expect("a problem");
            let features = scaled(&problem);
            let search = Search::new(&problem, &features);
            let zeros = DMatrix::zeros(4, 4);
            let newton =
                ColumnNewton::new(search.column_pass(Inr { beta: 0.0, ..loss }), zeros.clone(), None);
            let mut by_field = DetachedSearch::new(newton, loss, None);
            let mut by_omega = DetachedFixedPoint::new(&search.column_pass(loss), zeros, None);
            for search in [&mut by_field as &mut dyn Descent, &mut by_omega] {
                while search.progress() == Progress::Active {
                    search.step();
                }
                assert_eq!(search.progress(), Progress::Converged, "beta {beta}");
            }
            assert!(matches!(by_field.stage, Stage::Field(_)), "no way round was needed");
            let apart = (by_field.theta() - by_omega.theta()).amax();
            assert!(apart <= 1e-10 * by_omega.theta().amax(), "beta {beta}: {apart:e}");
        }
    }
}
