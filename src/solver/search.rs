//! Picks the algorithm for a loss, runs it, and turns its end into an [`Outcome`].

use super::column_newton::ColumnNewton;
use super::descent::{ArgminSearch, Descent, Progress, SearchState};
use super::fixed_point::DetachedFixedPoint;
use super::problem::Problem;
use super::scaled_features::ScaledFeatures;
use super::separation::Separation;
use super::softmax_newton::SoftmaxNewton;
use super::solution::{Certificate, Head, Outcome, Separable, StationaryPoint};
use crate::loss::{Inr, InrVariant, Logistic, LossKind};
use argmin::core::Executor;
use argmin::core::observers::{Observe, ObserverMode};
use nalgebra::DMatrix;
use std::time::Instant;

/// A relative gradient above this is not a stationary point, whatever the algorithm believes.
const LARGEST_RELATIVE_GRADIENT: f64 = 1e-11;

/// Solves to stationarity.
#[must_use]
pub fn solve(problem: &Problem) -> Outcome {
    Search::new(problem).run(None::<NoObserver>)
}

/// Solves to stationarity while an `argmin` observer watches every iteration (in scaled coordinates).
pub fn solve_observed<O: Observe<SearchState> + 'static>(problem: &Problem, observer: O) -> Outcome {
    Search::new(problem).run(Some(observer))
}

struct NoObserver;
impl Observe<SearchState> for NoObserver {}

/// A problem in scaled coordinates.
struct Search<'p> {
    problem: &'p Problem<'p>,
    features: ScaledFeatures,
    started: Instant,
    separation_possible: bool,
}

impl<'p> Search<'p> {
    fn new(problem: &'p Problem<'p>) -> Self {
        let features = ScaledFeatures::new(problem.dataset, problem.l2);
        // A penalty, or logits that only intercepts are added to, always leave a finite minimiser.
        let separation_possible = problem.l2 == 0.0 && features.dimension() > 1;
        Self { problem, features, started: Instant::now(), separation_possible }
    }

    fn run<O: Observe<SearchState> + 'static>(&self, observer: Option<O>) -> Outcome {
        let (features, targets) = (&self.features, &self.problem.targets);
        match &self.problem.loss {
            LossKind::Logistic(loss) => {
                let start = self.logistic_start(loss);
                let newton =
                    ColumnNewton::new(features, targets, loss.clone(), start, self.separation_possible);
                self.finish(newton, observer, |_| None)
            }
            LossKind::Softmax(loss) => {
                let start = self.softmax_start();
                let newton = SoftmaxNewton::new(features, targets, *loss, start, self.separation_possible);
                self.finish(newton, observer, |_| None)
            }
            LossKind::Inr(loss) => self.run_inr(*loss, observer),
        }
    }

    /// LGL-INR starts from the minimiser for `beta = 0`, which is convex and unique; which of several local minima
    /// is found is thereby defined.
    fn run_inr<O: Observe<SearchState> + 'static>(&self, loss: Inr, observer: Option<O>) -> Outcome {
        let (features, targets) = (&self.features, &self.problem.targets);
        let zeros = DMatrix::zeros(loss.classes, features.dimension());
        if loss.variant == InrVariant::Detached {
            let search = DetachedFixedPoint::new(features, targets, loss, zeros, self.separation_possible);
            return self.finish(search, observer, |_| None);
        }
        let unsharpened = Inr { beta: 0.0, ..loss };
        let mut newton = ColumnNewton::new(features, targets, unsharpened, zeros, self.separation_possible);
        while newton.progress() == Progress::Active {
            newton.step();
        }
        if newton.progress() == Progress::Settled && loss.beta > 0.0 {
            newton.replace_loss(loss);
        }
        let lowest = |newton: &ColumnNewton<Inr>| {
            Some(
                (0..loss.classes)
                    .map(|column| newton.curvature_floor(column).0)
                    .fold(f64::INFINITY, f64::min),
            )
        };
        self.finish(newton, observer, lowest)
    }

    /// The intercept-only solution: `b = log(A_t N_t / sum_{c != t} A_c N_c)`; zero where logits are given.
    fn logistic_start(&self, loss: &Logistic) -> DMatrix<f64> {
        let pair = loss.pair_weights();
        let log_odds = |column: usize| {
            let target = if pair.ncols() == 1 { 1 } else { column };
            let mass = |class: usize| pair[(class, column)] * self.problem.targets.counts()[class] as f64;
            let others: f64 = (0..pair.nrows()).filter(|&class| class != target).map(mass).sum();
            (mass(target) / others).ln()
        };
        self.intercepts_only(pair.ncols(), log_odds)
    }

    /// The intercept-only solution: the logarithms of the class masses, centred.
    fn softmax_start(&self) -> DMatrix<f64> {
        let logarithms: Vec<f64> = self.problem.targets.mass().iter().map(|mass| mass.ln()).collect();
        let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
        self.intercepts_only(logarithms.len(), |class| logarithms[class] - mean)
    }

    fn intercepts_only(&self, rows: usize, intercept: impl Fn(usize) -> f64) -> DMatrix<f64> {
        let last = self.features.dimension() - 1;
        let free = self.problem.dataset.fixed_logits().is_none();
        DMatrix::from_fn(rows, self.features.dimension(), |row, entry| {
            if entry == last && free { intercept(row) } else { 0.0 }
        })
    }

    fn finish<D: Descent, O: Observe<SearchState> + 'static>(
        &self,
        descent: D,
        observer: Option<O>,
        curvature: impl Fn(&D) -> Option<f64>,
    ) -> Outcome {
        let mut executor = Executor::new((), ArgminSearch { descent }).timer(false);
        if let Some(observer) = observer {
            executor = executor.add_observer(observer, ObserverMode::Always);
        }
        let (descent, iterations) = match executor.run() {
            Ok(result) => (result.solver.descent, result.state.iter),
            Err(error) => {
                return Outcome::NotConverged {
                    why: format!("an observer failed: {error}"),
                    iterations: 0,
                    relative_gradient: f64::INFINITY,
                };
            }
        };
        match descent.progress() {
            Progress::Separable(separation) => Outcome::Separable(Box::new(self.separable(separation))),
            Progress::Settled => self.stationary(&descent, iterations, curvature(&descent)),
            Progress::Stuck(why) => {
                Outcome::NotConverged { why, iterations, relative_gradient: descent.relative_gradient() }
            }
            Progress::Active => Outcome::NotConverged {
                why: "the search was interrupted".to_owned(),
                iterations,
                relative_gradient: descent.relative_gradient(),
            },
        }
    }

    /// Measures the point afresh, with the loss itself rather than what the algorithm carried along.
    fn stationary(
        &self,
        descent: &impl Descent,
        iterations: u64,
        smallest_curvature: Option<f64>,
    ) -> Outcome {
        let (features, targets, theta) = (&self.features, &self.problem.targets, descent.theta());
        let loss = &self.problem.loss;
        let columns: Vec<usize> = (0..theta.nrows()).collect();
        let logits = features.logits(theta, &columns);
        let mut logit_gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
        let data_loss = loss.value_and_gradient(&logits, targets, &mut logit_gradient);
        let mut gradient = features.pull_back(&logit_gradient);
        for (entry, &penalty) in features.penalty.iter().enumerate() {
            gradient.column_mut(entry).axpy(penalty, &theta.column(entry), 1.0);
        }
        let relative_of = |row: usize| {
            let magnitude: f64 = logit_gradient.row(row).iter().map(|entry| entry.abs()).sum();
            gradient.row(row).amax() / magnitude.max(f64::MIN_POSITIVE)
        };
        let relative_gradient = columns.iter().map(|&row| relative_of(row)).fold(0.0, f64::max);
        let (coefficients, intercepts) = features.to_user(theta);
        let penalty: f64 = theta.row_iter().map(|row| features.penalty_of(&row.transpose())).sum();
        let finite = coefficients.iter().chain(&intercepts).all(|value| value.is_finite());
        if !finite || relative_gradient > LARGEST_RELATIVE_GRADIENT {
            let why = if finite {
                format!("a relative gradient of {relative_gradient:.1e} was left")
            } else {
                "a coefficient is too large for double precision in these units; rescale the features"
                    .to_owned()
            };
            return Outcome::NotConverged { why, iterations, relative_gradient };
        }
        Outcome::Stationary(Box::new(StationaryPoint {
            head: Head { coefficients, intercepts },
            logits,
            logit_gradient,
            data_loss,
            loss: data_loss + penalty,
            certificate: Certificate {
                gradient_inf: features.gradient_to_user(&gradient).amax(),
                relative_gradient,
                smallest_curvature,
                iterations,
                seconds: self.started.elapsed().as_secs_f64(),
            },
        }))
    }

    fn separable(&self, separation: Separation) -> Separable {
        let (coefficients, intercepts) = self.features.to_user(&separation.direction);
        Separable {
            kind: separation.kind,
            column_class: separation.column.map(|column| self.target_of(column)),
            direction: Head { coefficients, intercepts },
            separated_samples: separation.samples,
            classes: separation.classes,
        }
    }

    /// The class that a logit column accepts.
    fn target_of(&self, column: usize) -> usize {
        if self.problem.loss.logit_rows() == 1 { 1 } else { column }
    }
}
