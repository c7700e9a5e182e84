//! Detached LGL-INR: a zero of the field `dL/dtheta` in which `omega` is treated as constant (R1).
//!
//! The field is the gradient of no function, but its derivative is known: Newton on the field itself converges
//! quadratically where iterating `omega -> softmax(beta P(theta(omega)))` cycles (large `beta`). Where Newton ends
//! without a zero, the fixed point in `omega` is searched for instead.

use super::column_newton::ColumnNewton;
use super::column_pass::ColumnPass;
use super::descent::{Descent, Progress};
use super::fixed_point::{DetachedFixedPoint, FIRST_BETA};
use super::separation::SeparationSearch;
use crate::data::Dataset;
use crate::loss::Inr;
use nalgebra::DMatrix;

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
            let search =
                DetachedFixedPoint::new(&pass, zeros, self.separable_data.map(SeparationSearch::new));
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
