//! Picks the algorithm for a loss, runs it, and turns its end into an [`Outcome`].

use super::column_newton::ColumnNewton;
use super::column_pass::ColumnPass;
use super::descent::{ArgminSearch, Descent, Progress, SearchState};
use super::detached::DetachedSearch;
use super::problem::Problem;
use super::scaled_features::ScaledFeatures;
use super::separated::Found;
use super::separation::SeparationSearch;
use super::softmax_newton::SoftmaxNewton;
use super::softmax_pass::SoftmaxPass;
use super::solution::{Certificate, Head, Outcome, ScaledHead, StationaryPoint};
use super::start;
use super::subsample::{Share, Subsample};
use crate::data::Dataset;
use crate::loss::{ColumnLoss, Inr, InrVariant, Logistic, LossKind, Softmax};
use argmin::core::Executor;
use argmin::core::observers::{Observe, ObserverMode};
use nalgebra::DMatrix;
use web_time::Instant;

/// A relative gradient above this is not a stationary point, whatever the algorithm believes.
const LARGEST_RELATIVE_GRADIENT: f64 = 1e-11;

/// Solves to stationarity.
#[must_use]
pub fn solve(problem: &Problem) -> Outcome {
    Search::new(problem, &scaled(problem)).run(None::<NoObserver>)
}

/// Solves to stationarity while an `argmin` observer watches every iteration (in scaled coordinates).
pub fn solve_observed<O: Observe<SearchState> + 'static>(problem: &Problem, observer: O) -> Outcome {
    Search::new(problem, &scaled(problem)).run(Some(observer))
}

/// The problem's features in the coordinates it is solved in.
pub(super) fn scaled<'p>(problem: &'p Problem) -> ScaledFeatures<'p> {
    ScaledFeatures::new(problem.dataset, problem.l2)
}

pub(super) struct NoObserver;
impl Observe<SearchState> for NoObserver {}

/// Steps and relative gradient after which a search on a subsample has done what it can for the whole.
const WARM_STEPS: usize = 12;
const WARM_GRADIENT: f64 = 1e-3;

/// Relative gradient at which the minimiser for `beta = 0` is near enough to start sharpening from.
const NEAR_UNSHARPENED: f64 = 1e-6;

/// A problem in scaled coordinates.
pub(super) struct Search<'p> {
    problem: &'p Problem<'p>,
    features: &'p ScaledFeatures<'p>,
    subsample: Option<Subsample>,
    started: Instant,
    /// The data, if they may be separable.
    separable_data: Option<&'p Dataset>,
}

impl<'p> Search<'p> {
    pub(super) fn new(problem: &'p Problem<'p>, features: &'p ScaledFeatures<'p>) -> Self {
        let has_features = features.dimension() > 1;
        let draw = || Subsample::draw(features, &problem.targets, Share::to_begin_on(features.dimension()));
        Self { subsample: has_features.then(draw).flatten(), ..Self::going_on(problem, features) }
    }

    /// A search that will not begin anew.
    pub(super) fn going_on(problem: &'p Problem<'p>, features: &'p ScaledFeatures<'p>) -> Self {
        // A penalty, or logits that only intercepts are added to, always leave a finite minimiser.
        let possible = problem.l2 == 0.0 && features.dimension() > 1;
        let separable_data = possible.then_some(problem.dataset);
        Self { problem, features, subsample: None, started: Instant::now(), separable_data }
    }

    pub(super) fn run<O: Observe<SearchState> + 'static>(&self, observer: Option<O>) -> Outcome {
        match &self.problem.loss {
            LossKind::Logistic(loss) => self.finish(self.logistic_newton(loss), observer, |_| None).1,
            LossKind::Softmax(loss) => self.finish(self.softmax_newton(*loss), observer, |_| None).1,
            LossKind::Inr(loss) => self.run_inr(*loss, observer),
        }
    }

    fn separation(&self) -> Option<SeparationSearch<'p>> {
        self.separable_data.map(SeparationSearch::new)
    }

    pub(super) fn column_pass<L>(&self, loss: L) -> ColumnPass<'p, L> {
        ColumnPass { features: self.features, targets: &self.problem.targets, loss }
    }

    pub(super) fn softmax_pass(&self, loss: Softmax) -> SoftmaxPass<'p> {
        SoftmaxPass { features: self.features, targets: &self.problem.targets, loss }
    }

    pub(super) fn logistic_newton(&self, loss: &Logistic) -> ColumnNewton<'p, Logistic> {
        self.column_newton(loss, start::logistic(self.features, &self.problem.targets, loss), |factors| {
            loss.reweighted(factors)
        })
    }

    /// Newton from the minimiser over a subsample, where there is one; columns that this does not bring closer than
    /// `start` begin there. `reweighted` is the loss with every class counted some times more.
    fn column_newton<L: ColumnLoss + Clone>(
        &self,
        loss: &L,
        start: DMatrix<f64>,
        reweighted: impl Fn(&[f64]) -> L,
    ) -> ColumnNewton<'p, L> {
        let pass = self.column_pass(loss.clone());
        let Some(subsample) = &self.subsample else {
            return ColumnNewton::new(pass, start, self.separation());
        };
        let small = ColumnPass {
            features: &subsample.features,
            targets: &subsample.targets,
            loss: reweighted(&subsample.factors),
        };
        let mut small = ColumnNewton::new(small, start.clone(), None);
        // The subsample has the masses of the whole, hence the same value where only intercepts count.
        let at_start = small.values();
        small.run(WARM_STEPS, WARM_GRADIENT);
        let mut newton = ColumnNewton::after(small, pass, self.separation());
        newton.replace_worse_columns(&start, &at_start);
        newton
    }

    /// Newton from the classes' discriminant; where that is far off, from the minimiser over a subsample.
    pub(super) fn softmax_newton(&self, loss: Softmax) -> SoftmaxNewton<'p> {
        let pass = self.softmax_pass(loss);
        let intercepts = || start::softmax(pass.features, pass.targets);
        let guess = start::discriminant(pass.features, pass.targets);
        let begin = guess.unwrap_or_else(intercepts);
        let mut newton = SoftmaxNewton::new(pass, begin, self.separation());
        // A value that is no number is no better than any.
        let does_better = newton.value() <= start::softmax_value(pass.targets);
        if !does_better || newton.largest_logit() > start::LARGEST_LOGIT {
            newton.move_to(intercepts());
        }
        let far_off = newton.relative_gradient() > start::FAIR_START;
        if let Some(subsample) = self.subsample.as_ref().filter(|_| far_off) {
            let small = SoftmaxPass {
                features: &subsample.features,
                targets: &subsample.targets,
                loss: Softmax::new(&subsample.targets),
            };
            let mut small = SoftmaxNewton::new(small, newton.theta().clone(), None);
            small.run(WARM_STEPS, WARM_GRADIENT);
            newton.move_if_better(small.theta().clone());
        }
        newton
    }

    /// LGL-INR starts from the minimiser for `beta = 0`, which is convex and unique; which of several stationary points
    /// is found is thereby defined.
    fn run_inr<O: Observe<SearchState> + 'static>(&self, loss: Inr, observer: Option<O>) -> Outcome {
        let zeros = DMatrix::zeros(self.features.dimension(), loss.classes);
        let unsharpened = Inr { beta: 0.0, ..loss };
        let mut newton = self.column_newton(&unsharpened, zeros, |_| unsharpened);
        newton.run(usize::MAX, if loss.beta > 0.0 { NEAR_UNSHARPENED } else { 0.0 });
        if loss.variant == InrVariant::Attached {
            if newton.can_go_on() && loss.beta > 0.0 {
                newton.replace_loss(loss);
            }
            return self.finish(newton, observer, |newton| Some(newton.smallest_curvature())).1;
        }
        let search = DetachedSearch::new(newton, loss, self.separable_data);
        self.finish(search, observer, |_| None).1
    }

    /// Runs a search to its end; gives it back, unless an observer failed, with what it ended in.
    pub(super) fn finish<D: Descent, O: Observe<SearchState> + 'static>(
        &self,
        descent: D,
        observer: Option<O>,
        curvature: impl Fn(&D) -> Option<f64>,
    ) -> (Option<D>, Outcome) {
        let mut executor = Executor::new((), ArgminSearch { descent }).timer(false);
        if let Some(observer) = observer {
            executor = executor.add_observer(observer, ObserverMode::Always);
        }
        let (descent, iterations) = match executor.run() {
            Ok(result) => (result.solver.descent, result.state.iter),
            Err(error) => {
                let why = format!("an observer failed: {error}");
                let relative_gradient = f64::INFINITY;
                return (None, Outcome::NotConverged { why, iterations: 0, relative_gradient });
            }
        };
        let outcome = match descent.progress() {
            Progress::Separable(separation) => {
                let found = Found {
                    problem: self.problem,
                    features: self.features,
                    iterations,
                    started: self.started,
                };
                Outcome::Separable(Box::new(found.separable(*separation, &descent)))
            }
            Progress::Settled => self.stationary(&descent, iterations, curvature(&descent)),
            Progress::Stuck(why) => {
                Outcome::NotConverged { why, iterations, relative_gradient: descent.relative_gradient() }
            }
            Progress::Active => Outcome::NotConverged {
                why: "the search was interrupted".to_owned(),
                iterations,
                relative_gradient: descent.relative_gradient(),
            },
        };
        (Some(descent), outcome)
    }

    fn stationary(
        &self,
        descent: &impl Descent,
        iterations: u64,
        smallest_curvature: Option<f64>,
    ) -> Outcome {
        let (features, theta) = (self.features, descent.theta());
        let relative_gradient = descent.relative_gradient();
        let (coefficients, intercepts) = features.to_user(theta);
        let penalty: f64 =
            theta.column_iter().map(|column| features.penalty_of(column.iter().copied())).sum();
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
        let loss = descent.value();
        Outcome::Stationary(Box::new(StationaryPoint {
            head: Head { coefficients, intercepts },
            data_loss: loss - penalty,
            loss,
            certificate: Certificate {
                gradient_inf: features.largest_in_user_units(&descent.gradient()),
                relative_gradient,
                smallest_curvature,
                iterations,
                seconds: self.started.elapsed().as_secs_f64(),
            },
            scaled: ScaledHead { theta: theta.clone(), scaling: features.scaling().clone() },
        }))
    }
}
