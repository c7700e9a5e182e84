//! A stationary head for any loss: Newton with a trust region, its steps by conjugate gradients.
//!
//! Slower than the specialised algorithms of this module, but needs only the gradient and the curvature of a loss.

use super::Head;
use super::coordinates::Coordinates;
use super::recomputed::Recomputed;
use super::scaled_features::ScaledFeatures;
use super::search::LARGEST_AS_PRINTED;
use super::trust_region::{Model, step_within};
use crate::data::Dataset;
use crate::loss::{Loss, Targets};
use crate::numeric::largest_magnitude;
use nalgebra::DMatrix;
use std::sync::Arc;

/// A linear head over the features of a data set, or on top of its logits.
#[derive(Clone, Copy)]
pub struct GeneralProblem<'a> {
    /// The loss.
    pub loss: &'a dyn Loss,
    /// What it is held against.
    pub targets: &'a Targets,
    /// The samples.
    pub dataset: &'a Dataset,
    /// `mu` of the penalty `mu/2 |W|^2`.
    pub l2: f64,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum GeneralOutcome {
    /// The gradient vanishes, to rounding of the terms that cancel in it; whether it is a minimum is not checked.
    Stationary(GeneralPoint),
    /// It does not.
    NotConverged {
        /// What happened.
        why: String,
        /// Where the search ended.
        at: GeneralPoint,
    },
}

/// A head and how far it is from stationary.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneralPoint {
    /// The head.
    pub head: Head,
    /// The loss with penalty.
    pub loss: f64,
    /// Largest entry of the gradient relative to the sum of the magnitudes of the terms that cancel in it, at the doubles of the
    /// head: its logits are exact to one rounding.
    pub relative_gradient: f64,
    /// Steps taken.
    pub iterations: usize,
}

/// Small enough whatever comes next.
const TIGHT: f64 = 1e-14;
/// Small enough where no step makes it smaller.
const STATIONARY: f64 = 1e-11;
const MAX_ITERATIONS: usize = 300;
/// Steps without progress after which the search ends.
const PATIENCE: usize = 32;

/// Solves from a head, or from zero.
#[must_use]
pub fn solve_general(problem: &GeneralProblem, start: Option<&Head>) -> GeneralOutcome {
    let search = Search::new(*problem);
    let mut at = search.evaluate(search.unknowns(start));
    if !problem.loss.has_objective() && at.unknowns.len() <= MAX_DENSE {
        return search.solve_field(at);
    }
    let (mut radius, mut best, mut idle) = (1.0, f64::INFINITY, 0);
    for iteration in 0..MAX_ITERATIONS {
        if at.relative < 0.5 * best {
            (best, idle) = (at.relative, 0);
        } else {
            idle += 1;
        }
        if at.relative <= TIGHT || (at.relative <= STATIONARY && idle >= 3) {
            return search.ended(&at, iteration);
        }
        if idle >= PATIENCE || !at.loss.is_finite() {
            return GeneralOutcome::NotConverged {
                why: format!("steps no longer make the gradient smaller{}", at_infinity(problem.l2)),
                at: search.point(&at, iteration),
            };
        }
        let model = Curvature { search: &search, logits: &at.logits };
        let (step, foreseen) = step_within(&model, &at.gradient, radius);
        let next = search.evaluate(&at.unknowns + &step);
        let better = search.is_better(&at, &next, foreseen);
        let length = step.norm();
        match better {
            Verdict::Good => radius = f64::max(radius, 3.0 * length),
            Verdict::Fair => {}
            Verdict::Bad => radius = 0.25 * length,
        }
        if better != Verdict::Bad {
            at = next;
        }
    }
    GeneralOutcome::NotConverged {
        why: format!("{MAX_ITERATIONS} steps were not enough{}", at_infinity(problem.l2)),
        at: search.point(&at, MAX_ITERATIONS),
    }
}

/// A penalty keeps every minimum finite.
fn at_infinity(l2: f64) -> &'static str {
    if l2 > 0.0 { "" } else { "; the minimum may be at infinity" }
}

/// A field of more unknowns is not worth its dense derivative.
const MAX_DENSE: usize = 600;
/// Halvings of a step before it is taken for none.
const MAX_HALVINGS: usize = 40;

/// How a step turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Fair,
    Bad,
}

/// A point of the search: unknowns are coefficients in the coordinates of the problem, and intercepts last, `K x D`.
struct At {
    unknowns: DMatrix<f64>,
    logits: DMatrix<f64>,
    loss: f64,
    gradient: DMatrix<f64>,
    relative: f64,
}

struct Search<'a> {
    problem: GeneralProblem<'a>,
    coordinates: Arc<Coordinates>,
    /// Samples in those, `D x N`, the last row ones.
    design: DMatrix<f64>,
}

impl<'a> Search<'a> {
    fn new(problem: GeneralProblem<'a>) -> Self {
        let coordinates = Arc::new(Coordinates::of(problem.dataset, problem.l2));
        let features = ScaledFeatures::new(problem.dataset, &coordinates);
        let mut scratch = Vec::new();
        let design = features.block(0..features.samples(), &mut scratch).to_vec();
        let design = DMatrix::from_vec(coordinates.dimension(), features.samples(), design);
        Self { problem, coordinates, design }
    }

    /// Newton on the gradient of a loss without an objective. The derivative of that field is dense and not symmetric;
    /// a step is halved until the field is smaller.
    fn solve_field(&self, mut at: At) -> GeneralOutcome {
        for iteration in 0..MAX_ITERATIONS {
            if at.relative <= TIGHT {
                return self.ended(&at, iteration);
            }
            let Some(next) = self.field_step(&at) else {
                return if at.relative <= STATIONARY {
                    self.ended(&at, iteration)
                } else {
                    GeneralOutcome::NotConverged {
                        why: "no step makes the gradient smaller".to_owned(),
                        at: self.point(&at, iteration),
                    }
                };
            };
            at = next;
        }
        GeneralOutcome::NotConverged {
            why: format!("{MAX_ITERATIONS} steps were not enough"),
            at: self.point(&at, MAX_ITERATIONS),
        }
    }

    /// The first of ever shorter Newton steps that makes the field smaller.
    fn field_step(&self, at: &At) -> Option<At> {
        let (rows, columns) = at.unknowns.shape();
        let model = Curvature { search: self, logits: &at.logits };
        let mut derivative = DMatrix::zeros(rows * columns, rows * columns);
        for (unknown, mut column) in derivative.column_iter_mut().enumerate() {
            let mut unit = DMatrix::zeros(rows, columns);
            unit[unknown] = 1.0;
            column.copy_from_slice(model.product(&unit).as_slice());
        }
        // Directions that change nothing, such as the same intercept for all classes, are left out.
        let decomposed = derivative.svd(true, true);
        let least = 1e-12 * decomposed.singular_values.max();
        let gradient = DMatrix::from_column_slice(rows * columns, 1, at.gradient.as_slice());
        let step = decomposed.solve(&gradient, least).ok()?;
        let step = DMatrix::from_column_slice(rows, columns, step.as_slice());
        let halved = (0..MAX_HALVINGS).map(|halvings| {
            let fraction = 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX));
            self.evaluate(&at.unknowns - &step * fraction)
        });
        let smaller = |next: &At| next.gradient.norm() < at.gradient.norm() && next.relative.is_finite();
        halved.into_iter().find(smaller)
    }

    /// Where the search begins: at a head, or at zero where there is none or coordinates combine several features.
    fn unknowns(&self, start: Option<&Head>) -> DMatrix<f64> {
        match start.filter(|_| !self.coordinates.combines_features()) {
            Some(head) => self.coordinates.scaled_head(head).transpose(),
            None => DMatrix::zeros(self.problem.loss.logit_rows(), self.coordinates.dimension()),
        }
    }

    fn evaluate(&self, unknowns: DMatrix<f64>) -> At {
        let mut logits = &unknowns * &self.design;
        if let Some(fixed) = self.problem.dataset.fixed_logits() {
            logits += fixed;
        }
        self.evaluate_at(unknowns, logits)
    }

    fn evaluate_at(&self, unknowns: DMatrix<f64>, logits: DMatrix<f64>) -> At {
        let mut by_logits = DMatrix::zeros(logits.nrows(), logits.ncols());
        let value = self.problem.loss.value_and_gradient(&logits, self.problem.targets, &mut by_logits);
        let penalty = self.penalty(&unknowns);
        let gradient = &by_logits * self.design.transpose() + &penalty;
        let terms = by_logits.abs() * self.design.transpose().abs() + penalty.abs();
        let relative = largest_magnitude(
            gradient.iter().zip(terms.iter()).map(|(sum, of)| sum / of.max(f64::MIN_POSITIVE)),
        );
        At { loss: value + 0.5 * penalty.dot(&unknowns), gradient, relative, unknowns, logits }
    }

    /// The gradient of the penalty.
    fn penalty(&self, unknowns: &DMatrix<f64>) -> DMatrix<f64> {
        let mut penalty = unknowns.clone();
        for (mut column, factor) in penalty.column_iter_mut().zip(self.coordinates.penalty()) {
            column *= *factor;
        }
        penalty
    }

    /// Compares the decrease with the model's prediction; without an objective, or where rounding hides the decrease,
    /// compares gradients.
    fn is_better(&self, at: &At, next: &At, foreseen: f64) -> Verdict {
        let gradients = at.gradient.norm() / next.gradient.norm().max(f64::MIN_POSITIVE);
        if !next.loss.is_finite() {
            return Verdict::Bad;
        }
        if !self.problem.loss.has_objective() || foreseen.abs() < 1e-9 * at.loss.abs().max(f64::MIN_POSITIVE)
        {
            return if gradients > 1.0 { Verdict::Good } else { Verdict::Bad };
        }
        let fraction = (at.loss - next.loss) / foreseen;
        if fraction > 0.5 {
            Verdict::Good
        } else if fraction > 0.05 {
            Verdict::Fair
        } else {
            Verdict::Bad
        }
    }

    /// The end of a search at a stationary point, if the rounded head is still stationary.
    fn ended(&self, at: &At, iterations: usize) -> GeneralOutcome {
        let point = self.point(at, iterations);
        if point.relative_gradient <= LARGEST_AS_PRINTED {
            return GeneralOutcome::Stationary(point);
        }
        let why = "doubles cannot hold the head to the digits that its logits need; centre and rescale the features";
        GeneralOutcome::NotConverged { why: why.to_owned(), at: point }
    }

    fn point(&self, at: &At, iterations: usize) -> GeneralPoint {
        let head = self.coordinates.to_user(&at.unknowns.transpose());
        let logits = Recomputed::logits(self.problem.dataset, self.coordinates.scaling(), &head);
        let printed = self.evaluate_at(at.unknowns.clone(), logits);
        GeneralPoint { head, loss: printed.loss, relative_gradient: printed.relative, iterations }
    }
}

/// Second derivatives at some logits.
struct Curvature<'s, 'a> {
    search: &'s Search<'a>,
    logits: &'s DMatrix<f64>,
}

impl Model for Curvature<'_, '_> {
    fn product(&self, direction: &DMatrix<f64>) -> DMatrix<f64> {
        let GeneralProblem { loss, targets, .. } = self.search.problem;
        let along = direction * &self.search.design;
        let mut product = DMatrix::zeros(along.nrows(), along.ncols());
        loss.curvature_product(self.logits, targets, &along, &mut product);
        product * self.search.design.transpose() + self.search.penalty(direction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Covariance, GaussianMixture};
    use crate::loss::{CATALOGUE, Choices, ClassWeights, LossPlan, Softmax};
    use crate::solver::{LossChoice, Problem, solve};

    fn dataset() -> crate::data::Dataset {
        let means = DMatrix::from_row_slice(2, 3, &[1.0, -0.5, 0.0, 0.0, 0.8, -1.0]);
        let mixture =
            GaussianMixture::new(means, Covariance::Spherical(1.0), vec![40, 25, 12]).expect("a mixture");
        mixture.sample(5, 0).expect("a data set")
    }

    #[test]
    fn softmax_ends_where_its_own_solver_does() {
        let dataset = dataset();
        let weights = ClassWeights::Explicit(vec![1.0, 2.0, 0.5]);
        let problem = Problem::new(&dataset, &LossChoice::Softmax, &weights, 1e-3).expect("a problem");
        let point = solve(&problem).stationary().expect("a stationary point");
        let loss = Softmax::new(problem.targets());
        let general = GeneralProblem { loss: &loss, targets: problem.targets(), dataset: &dataset, l2: 1e-3 };
        let GeneralOutcome::Stationary(found) = solve_general(&general, None) else {
            panic!("no stationary point")
        };
        assert!((found.loss - point.loss).abs() < 1e-14, "{} {}", found.loss, point.loss);
        assert!((found.head.coefficients - point.head.coefficients).amax() < 1e-9);
    }

    #[test]
    fn every_loss_with_a_minimum_ends_at_a_stationary_point_and_the_one_without_says_so() {
        let dataset = dataset();
        let targets = crate::loss::Targets::new(dataset.labels(), &ClassWeights::None).expect("valid");
        for entry in CATALOGUE {
            let plan = match entry.plan(&Choices::default()) {
                LossPlan::Equalization { .. } => LossPlan::Equalization { rare: 0.2 },
                plan => plan,
            };
            let loss = plan.build(&targets);
            let problem = GeneralProblem { loss: &*loss, targets: &targets, dataset: &dataset, l2: 1e-3 };
            match solve_general(&problem, None) {
                GeneralOutcome::Stationary(point) => {
                    assert!(
                        point.relative_gradient < STATIONARY && entry.name != "equalization",
                        "{}",
                        entry.name
                    );
                }
                GeneralOutcome::NotConverged { why, at } => {
                    assert_eq!(entry.name, "equalization", "{why}: {:e}", at.relative_gradient);
                }
            }
        }
    }
}
