//! Chooses the algorithm for a loss, runs it, and makes an [`Outcome`] of its end.

use super::column_newton::ColumnNewton;
use super::column_pass::ColumnPass;
use super::dependence::Dependence;
use super::descent::{Descent, Progress};
use super::detached::DetachedSearch;
use super::general_loss::GeneralNewton;
use super::pass::ScaledFeatures;
use super::precise_newton::{self, Descended};
use super::problem::{Intercept, Problem};
use super::recomputed::Recomputed;
use super::separation::SeparationSearch;
use super::settings::{Callback, SettingsError, SolverSettings, Watch};
use super::softmax_hessian::dense_is_possible;
use super::softmax_newton::{KeptFactors, SoftmaxNewton, SoftmaxPass};
use super::solution::{Certificate, Found, Head, Outcome, RoundedHead, StationaryPoint};
use super::start;
use super::start::{Subsample, SubsampleSize};
use crate::data::Dataset;
use crate::loss::{BuiltLoss, ColumnLoss, Inr, InrVariant, Logistic, Loss, SampleLoss, SeparatedBy, Softmax};
use crate::numeric::largest;
use nalgebra::{DMatrix, DVectorView};
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// A relative gradient above this is not a stationary point, whatever the algorithm reports.
const LARGEST_RELATIVE_GRADIENT: f64 = 1e-11;
/// The same for the rounded head that is returned: up to the root of a double's precision its loss is the minimum to
/// the last digit.
pub(super) const LARGEST_AS_PRINTED: f64 = 1.5e-8;

/// Solves to stationarity.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, LossSpec};
/// use equipoise::solver::{Outcome, Problem, solve};
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;
/// match solve(&problem) {
///     // The intercept is the log odds of the first group.
///     Outcome::Stationary(point) => assert!((point.head.intercepts[0] + 3.0_f64.ln()).abs() < 1e-12),
///     Outcome::Separable(_) | Outcome::NotConverged { .. } => unreachable!("every group has both classes"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn solve<'a>(problem: &Problem<'a>) -> Outcome<'a> {
    run(problem, Watch::new(SolverSettings::default(), &mut |_| ControlFlow::Continue(()), &mut |_, _| ()))
}

/// Solves with other settings; `callback` is called with every step and may stop the search. Limits end in
/// [`Outcome::NotConverged`], whose text names the limit.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, LossSpec};
/// use equipoise::solver::{Iteration, Outcome, Problem, SolverSettings, solve_with};
/// use std::ops::ControlFlow;
///
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;
/// let settings = SolverSettings { max_iterations: 100, ..SolverSettings::default() };
/// let mut report = |step: &Iteration| {
///     println!("{}: loss {:.6}", step.number, step.loss);
///     ControlFlow::Continue(())
/// };
/// assert!(matches!(solve_with(&problem, &settings, &mut report)?, Outcome::Stationary(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where a setting cannot be used, or the search would take more memory than it may.
pub fn solve_with<'a>(
    problem: &Problem<'a>,
    settings: &SolverSettings,
    callback: Callback,
) -> Result<Outcome<'a>, SettingsError> {
    settings.validate()?;
    settings.check_memory(problem.memory())?;
    Ok(run(problem, Watch::new(*settings, callback, &mut |_, _| ())))
}

/// Runs a search that is watched.
pub(super) fn run<'a>(problem: &Problem<'a>, mut watch: Watch) -> Outcome<'a> {
    let outcome = Search::new(problem, &scaled(problem)).run(&mut watch);
    beside_values_far_out(problem, outcome, &mut watch)
}

/// Where a few rows lie far out, the gradient of all others vanishes beside their spread: a stationary point is held against the
/// spread of the usual rows, and where that shows a gradient, a second search in coordinates scaled by it is tried.
pub(super) fn beside_values_far_out<'a>(
    problem: &Problem<'a>,
    outcome: Outcome<'a>,
    watch: &mut Watch,
) -> Outcome<'a> {
    let Outcome::Stationary(point) = outcome else { return outcome };
    let Some(usual) = problem.by_usual_rows() else { return Outcome::Stationary(point) };
    let left = |head: &Head| Recomputed::at(&usual, head).relative_gradient;
    let hidden = left(&point.head);
    if hidden <= FULLY_SEEN {
        return Outcome::Stationary(point);
    }
    match Search::new(&usual, &scaled(&usual)).run(watch) {
        Outcome::Stationary(other) if hidden <= HIDDEN && left(&other.head) >= hidden => {
            Outcome::Stationary(point)
        }
        Outcome::NotConverged { .. } if hidden <= HIDDEN => Outcome::Stationary(point),
        // It ended at the same logits: beside a column of their own, such as an indicator of missing values, rows far out fit whatever the
        // others do, and the gradient that is seen is the rounding of their logits.
        Outcome::NotConverged { rounded: Some(rounded), .. }
            if precise_newton::largest_move(&usual, &point.head, &rounded.head) <= SAME_LOGITS =>
        {
            Outcome::Stationary(point)
        }
        Outcome::NotConverged { relative_gradient, iterations, rounded, reached, .. } => {
            let why = unprintable(problem, &point.head);
            Outcome::NotConverged { why, relative_gradient, iterations, rounded, reached }
        }
        outcome => outcome,
    }
}

/// The problem's features in the coordinates it is solved in.
pub(super) fn scaled<'a>(problem: &Problem<'a>) -> ScaledFeatures<'a> {
    ScaledFeatures::new(problem.dataset, problem.coordinates())
}

/// Limits on steps and relative gradient of a search on a subsample.
const WARM_STEPS: usize = 12;
const WARM_GRADIENT: f64 = 1e-3;

/// Penalties, in the solver's coordinates, by way of which a minimum far out is reached: each is this share of the one before,
/// until the head hardly moves any more.
const FIRST_PENALTY: f64 = 1e-2;
const NEXT_PENALTY: f64 = 1e-2;
const LAST_PENALTY: f64 = 1e-100;
const MOVED_LITTLE: f64 = 1e-7;
/// Multiplications of a dense Hessian with which a thousand steps take minutes at most.
const MAX_PRODUCTS: usize = 200_000_000;

/// Multiplications of a dense Hessian below which no search takes long.
const QUICK_PRODUCTS: usize = 10_000_000;

/// Relative gradient at which the minimiser for `beta = 0` is near enough to start sharpening from.
const NEAR_UNSHARPENED: f64 = 1e-6;

/// A search that ends without an acceptable step is refined if its relative gradient is at most this.
const NEARLY_STATIONARY: f64 = 1e-8;

/// Gradients relative to residuals and the spread of usual rows: one that values far out hid, so that a point is not stationary, and
/// one that no second search need make smaller.
const HIDDEN: f64 = 1e-4;
const FULLY_SEEN: f64 = 1e-9;
/// Logits of two searches that differ by less, beside their size or one, are the same.
const SAME_LOGITS: f64 = 1e-6;

/// Factors of features whose products stay far from the ends of a double's range.
const MODERATE: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// A loss is flat where Newton's step for a gradient at rounding moves a logit by more than this.
const FLAT: f64 = 1e-6;
const MAX_FLAT_STEPS: usize = 20;
const TOO_FLAT: &str = "the loss is too flat for double precision: its gradient has vanished to rounding where Newton's step \
                        still moves a logit visibly";

/// LGL-INR with a penalty is not judged by its own gradient beyond a logit of this size: its sharpened weights can be flat to
/// rounding there, and the penalty all that is left.
const SATURATED: f64 = 20.0;

/// A relative gradient that needs no refinement, and the largest number of refinements.
const REFINED: f64 = 1e-13;
const MAX_REFINEMENTS: usize = 4;
/// One that asks for steps in double-double arithmetic.
const UNREFINED: f64 = 1e-12;

/// A gradient below this share of the tolerance meets it, rounding included ..
const SAFE: f64 = 0.9;
/// .. where it is this many times what rounding may change, as a share of the magnitude of its terms ([`REFINED`]).
const FAR_FROM_ROUNDING: f64 = 100.0 * REFINED;

/// How a search came to the point that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndReason {
    /// By its own criterion.
    Converged,
    /// No acceptable step is left: only the certificate decides whether the point is stationary.
    WithoutAStep,
}

/// A head as it is returned, and before it was rounded.
struct Refined {
    theta: DMatrix<f64>,
    /// Coefficients of the scaled features (`d x Q`) beside those of `theta`, off the span of the samples.
    off_span: Option<DMatrix<f64>>,
    head: Head,
    recomputed: Recomputed,
    /// Steps in double-double arithmetic came here: what is left of the gradient is the rounding of the head.
    is_precise: bool,
}

impl Refined {
    /// A head in scaled coordinates, and the gradient there by the scaled features; `None` where numbers leave the range of a
    /// double.
    fn at(
        search: &Search,
        theta: DMatrix<f64>,
        off_span: Option<DMatrix<f64>>,
    ) -> Option<(Self, DMatrix<f64>)> {
        let head = search.problem.coordinates().to_user_beside(&theta, off_span.as_ref());
        let (recomputed, gradient) = Recomputed::with_gradient(search.problem, &head)?;
        Some((Self { theta, off_span, head, recomputed, is_precise: false }, gradient))
    }

    /// A step away, by the coordinates and off the span of the samples.
    fn moved(
        &self,
        search: &Search,
        step: DMatrix<f64>,
        off_span: Option<DMatrix<f64>>,
    ) -> Option<(Self, DMatrix<f64>)> {
        let off_span = match (&self.off_span, off_span) {
            (Some(before), Some(step)) => Some(before + step),
            (before, step) => step.or_else(|| before.clone()),
        };
        Self::at(search, &self.theta + step, off_span)
    }
}

/// A problem in scaled coordinates.
pub(super) struct Search<'p, 'a> {
    problem: &'p Problem<'a>,
    features: &'p ScaledFeatures<'a>,
    subsample: Option<Subsample<'static>>,
    /// The data, if they may be separable.
    separable_data: Option<&'p Dataset>,
}

impl<'p, 'a> Search<'p, 'a> {
    pub(super) fn new(problem: &'p Problem<'a>, features: &'p ScaledFeatures<'a>) -> Self {
        let has_features = features.dimension() > 1;
        let draw =
            || Subsample::draw(features, &problem.targets, SubsampleSize::to_begin_on(features.dimension()));
        Self {
            subsample: (has_features && problem.dataset().fixed_logits().is_none()).then(draw).flatten(),
            ..Self::going_on(problem, features)
        }
    }

    /// A search that will not begin anew.
    pub(super) fn going_on(problem: &'p Problem<'a>, features: &'p ScaledFeatures<'a>) -> Self {
        // With a penalty, or with intercepts only, the minimiser is always finite.
        let possible = problem.l2 == 0.0 && features.dimension() > 1;
        let separable_data = possible.then_some(problem.dataset);
        Self { problem, features, subsample: None, separable_data }
    }

    pub(super) fn run(&self, watch: &mut Watch) -> Outcome<'a> {
        match &*self.problem.loss {
            BuiltLoss::Logistic(loss) => self.run_logistic(loss, watch),
            BuiltLoss::Softmax(loss) => self.run_softmax(*loss, watch),
            BuiltLoss::Inr(loss) => self.run_inr(*loss, watch),
            BuiltLoss::PerSample(loss) => {
                self.separated_as_by_softmax(&**loss, watch).unwrap_or_else(|| self.run_general(None, watch))
            }
        }
    }

    /// Whether the margins of all pairs of classes separate is a matter of the data: softmax says it long before a search for any loss
    /// does, and is asked where that search would take long. `None` where they do not, or cannot be said to.
    fn separated_as_by_softmax(&self, loss: &dyn SampleLoss, watch: &mut Watch) -> Option<Outcome<'a>> {
        let unknowns = self.features.dimension() * loss.logit_rows();
        let is_quick = self.features.samples() * unknowns.pow(2) <= QUICK_PRODUCTS;
        if is_quick || self.separable_data.is_none() || loss.separated_by() != SeparatedBy::Pairs {
            return None;
        }
        let mut newton = self.softmax_newton(Softmax::new(&self.problem.targets));
        while newton.progress() == Progress::Active {
            newton.step();
            if let Err(why) = watch.step_done(&newton) {
                return Some(not_converged(why, watch, newton.relative_gradient()));
            }
        }
        let Progress::Separable(separation) = newton.progress() else { return None };
        let found = Found { problem: self.problem, features: self.features, watch };
        Some(Outcome::Separable(Box::new(found.separable(*separation, &newton))))
    }

    /// Runs from a guess of the head, if the loss is convex with an algorithm of its own. Ends where [`Self::run`] does; `None`
    /// where the guess is far off or leads nowhere. `factors` are those of a similar problem, and then of this one.
    pub(super) fn run_from(
        &self,
        guess: &Head,
        factors: &mut Option<KeptFactors>,
        watch: &mut Watch,
    ) -> Option<Outcome<'a>> {
        let theta = self.problem.coordinates().guess_of(guess)?;
        self.run_from_iterate(theta, start::GOOD_INITIAL_GUESS, factors, watch)
    }

    /// The same from parameters (`D x Q`) whose relative gradient is at most `near`.
    pub(super) fn run_from_iterate(
        &self,
        mut theta: DMatrix<f64>,
        near: f64,
        factors: &mut Option<KeptFactors>,
        watch: &mut Watch,
    ) -> Option<Outcome<'a>> {
        match &*self.problem.loss {
            BuiltLoss::Logistic(loss) if self.class_never_pushed_down(loss).is_none() => {
                let newton = ColumnNewton::new(self.column_pass(loss.clone()), theta, self.separation());
                Some(self.finish_if_near(newton, near, watch)?.1)
            }
            BuiltLoss::Softmax(loss) => {
                let mean = theta.column_mean();
                theta.column_iter_mut().for_each(|mut column| column -= &mean);
                let mut newton = SoftmaxNewton::new(self.softmax_pass(*loss), theta, self.separation());
                if let Some(factors) = factors.take() {
                    newton.take_factors(factors);
                }
                let (newton, outcome) = self.finish_if_near(newton, near, watch)?;
                *factors = newton.into_factors();
                Some(outcome)
            }
            BuiltLoss::Logistic(_) | BuiltLoss::Inr(_) | BuiltLoss::PerSample(_) => None,
        }
    }

    fn finish_if_near<D: Descent>(
        &self,
        newton: D,
        near: f64,
        watch: &mut Watch,
    ) -> Option<(D, Outcome<'a>)> {
        // A relative gradient that is no number is far off.
        let is_near = newton.relative_gradient() <= near;
        if !is_near {
            return None;
        }
        let (newton, outcome) = self.finish(newton, watch, |_| None);
        let failed = matches!(
            (newton.progress(), &outcome),
            (Progress::NotConverged(_), Outcome::NotConverged { .. })
        );
        (!failed).then_some((newton, outcome))
    }

    /// Any loss, without an algorithm of its own.
    pub(super) fn run_general(&self, start: Option<&Head>, watch: &mut Watch) -> Outcome<'a> {
        let newton = GeneralNewton::new(self.problem, self.features, start, self.separation());
        let convex = self.problem.is_convex();
        let curvature = |newton: &GeneralNewton| if convex { None } else { newton.smallest_curvature() };
        let (mut newton, outcome) = self.finish(newton, watch, curvature);
        match outcome {
            // A tolerance that was asked for is met.
            Outcome::Stationary(point) if watch.settings.tolerance == 0.0 => {
                self.on_flat_ground(&mut newton, watch, point)
            }
            ended => ended,
        }
    }

    /// The point, made better by Newton's steps for the double-double gradient where the loss is so flat that unknowns are
    /// far off when the gradient has vanished to rounding; no answer where they stay so.
    fn on_flat_ground(
        &self,
        newton: &mut GeneralNewton,
        watch: &Watch,
        point: Box<StationaryPoint<'a>>,
    ) -> Outcome<'a> {
        let moves = |step: &DMatrix<f64>| {
            largest(step.column_iter().map(|column| self.features.max_logit_change(column.iter().copied())))
        };
        let is_far = |step: &DMatrix<f64>| moves(step) > FLAT;
        // Of intercepts alone a convex loss has a factor, unless it is flat to rounding.
        let must_have_a_factor = self.problem.is_convex() && self.features.dimension() == 1;
        if !newton.factored_step(&newton.gradient()).map_or(must_have_a_factor, |step| is_far(&step)) {
            return Outcome::Stationary(point);
        }
        let curvature = point.certificate.smallest_curvature;
        for _ in 0..MAX_FLAT_STEPS {
            let Some((found, gradient)) = Refined::at(self, newton.theta().clone(), None) else { break };
            let gradient = self.problem.coordinates().gradient(gradient);
            let Some(step) = newton.factored_step(&gradient) else { break };
            if !is_far(&step) {
                let Refined { theta, head, recomputed, .. } = found;
                // Steps in double-double arithmetic have been there, and went on.
                if point.recomputed().relative_gradient <= recomputed.relative_gradient {
                    return Outcome::Stationary(point);
                }
                return self.point(newton, watch, curvature, (theta, head, OnceLock::from(recomputed)));
            }
            newton.move_to_unknowns(&(newton.theta() + step));
        }
        let why = match newton.end(TOO_FLAT) {
            Progress::Separable(separation) => {
                let found = Found { problem: self.problem, features: self.features, watch };
                return Outcome::Separable(Box::new(found.separable(*separation, newton)));
            }
            Progress::Undecided(why) => why,
            Progress::NotConverged(_) | Progress::Active | Progress::Converged => TOO_FLAT.to_owned(),
        };
        Outcome::NotConverged {
            why,
            iterations: watch.iterations,
            relative_gradient: newton.relative_gradient(),
            rounded: None,
            reached: Some(Box::new(self.features.to_user(newton.theta()))),
        }
    }

    /// The class of a column in which no sample of another class counts, so that nothing pushes it down.
    fn class_never_pushed_down(&self, loss: &Logistic) -> Option<usize> {
        let targets = &self.problem.targets;
        let others_count = |column: usize| {
            let weights = loss.column_weights().column(column).iter().zip(targets.counts()).enumerate();
            let target = loss.target_of(column);
            weights.into_iter().any(|(class, (weight, &count))| class != target && count > 0 && *weight > 0.0)
        };
        let idle = (0..loss.logit_rows()).find(|&column| !others_count(column));
        idle.map(|column| loss.target_of(column))
    }

    fn run_logistic(&self, loss: &Logistic, watch: &mut Watch) -> Outcome<'a> {
        // Without an intercept a column that is only pushed up need not be endless.
        let free = self.problem.intercept == Intercept::Free;
        if let Some(class) = self.class_never_pushed_down(loss).filter(|_| free) {
            let name = &self.problem.dataset.labels().class_names()[class];
            let why = format!(
                "no sample counts against class {name}, whose logit grows without end: there is no stationary point"
            );
            return not_converged(why, watch, 1.0);
        }
        self.finish(self.logistic_newton(loss), watch, |_| None).1
    }

    fn separation(&self) -> Option<SeparationSearch<'p>> {
        self.separable_data.map(|dataset| SeparationSearch::new(dataset, self.features))
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

    /// Newton from the minimiser over a subsample, where there is one; columns for which it is no better than `start`
    /// begin there. `reweighted` is the loss with the classes of the subsample scaled up.
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
        let far_off = newton.relative_gradient() > start::GOOD_INITIAL_GUESS;
        if let Some(subsample) = self.subsample.as_ref().filter(|_| far_off) {
            let mut small = SoftmaxNewton::new(subsample.pass(), newton.theta().clone(), None);
            small.run(WARM_STEPS, WARM_GRADIENT);
            newton.move_if_better(small.theta().clone());
        }
        newton
    }

    fn run_softmax(&self, loss: Softmax, watch: &mut Watch) -> Outcome<'a> {
        let (newton, outcome) = self.finish(self.softmax_newton(loss), watch, |_| None);
        let (dimension, classes) = newton.theta().shape();
        let products = self.features.samples() * (dimension * classes).pow(2) / 2;
        let is_small = dense_is_possible(dimension, classes) && products <= MAX_PRODUCTS;
        match (newton.progress(), outcome) {
            (Progress::NotConverged(_), Outcome::NotConverged { .. }) if is_small => {
                self.softmax_along_penalties(loss, watch)
            }
            (_, outcome) => outcome,
        }
    }

    /// Softmax by way of penalties that fall to none, each solved from the solution before. Slower, but it reaches minima so
    /// far out (logits of 1e4, flows of 1e-50) that Newton's steps from afar end where all probabilities are saturated.
    fn softmax_along_penalties(&self, loss: Softmax, watch: &mut Watch) -> Outcome<'a> {
        let pass = self.softmax_pass(loss);
        let mut theta = start::softmax(pass.features, pass.targets);
        let mut further = FIRST_PENALTY;
        while further >= LAST_PENALTY {
            let features = self.features.penalised(further);
            let pass = SoftmaxPass { features: &features, ..pass };
            let mut newton = SoftmaxNewton::new(pass, theta.clone(), None).in_double_precision();
            while newton.progress() == Progress::Active && newton.relative_gradient() > WARM_GRADIENT {
                newton.step();
                if let Err(why) = watch.step_done(&newton) {
                    return not_converged(why, watch, newton.relative_gradient());
                }
            }
            let before = std::mem::replace(&mut theta, newton.theta().clone());
            if (&theta - before).amax() <= MOVED_LITTLE * theta.amax() {
                break;
            }
            further *= NEXT_PENALTY;
        }
        let newton = SoftmaxNewton::new(pass, theta, self.separation()).in_double_precision();
        self.finish(newton, watch, |_| None).1
    }

    /// LGL-INR starts from the unique minimiser for `beta = 0`. That defines which of several stationary points is
    /// found.
    fn run_inr(&self, loss: Inr, watch: &mut Watch) -> Outcome<'a> {
        let zeros = DMatrix::zeros(self.features.dimension(), loss.classes);
        let unsharpened = Inr { beta: 0.0, ..loss };
        let mut newton = self.column_newton(&unsharpened, zeros, |_| unsharpened);
        let near = if loss.beta > 0.0 { NEAR_UNSHARPENED } else { 0.0 };
        while newton.progress() == Progress::Active && newton.relative_gradient() > near {
            newton.step();
            if let Err(why) = watch.step_done(&newton) {
                return not_converged(why, watch, newton.relative_gradient());
            }
        }
        if loss.variant == InrVariant::Attached {
            if newton.can_go_on() && loss.beta > 0.0 {
                newton.replace_loss(loss);
            }
            return self.finish(newton, watch, ColumnNewton::smallest_curvature).1;
        }
        let search = DetachedSearch::new(newton, loss, self.separable_data);
        self.finish(search, watch, |_| None).1
    }

    /// Runs a search to its end; returns it with its outcome. A search that does not converge says where it ended.
    pub(super) fn finish<D: Descent>(
        &self,
        mut descent: D,
        watch: &mut Watch,
        curvature: impl Fn(&D) -> Option<f64>,
    ) -> (D, Outcome<'a>) {
        watch.begin(&descent);
        let stopped = loop {
            if descent.progress() != Progress::Active {
                break None;
            }
            if let Some(outcome) = self.good_enough(&mut descent, watch) {
                return (descent, outcome);
            }
            descent.step();
            if let Err(why) = watch.step_done(&descent) {
                break Some(why);
            }
        };
        let outcome = self.ended(&mut descent, watch, stopped, curvature);
        (descent, outcome)
    }

    /// The point of a search, where that is within the tolerance or as near to the end as is asked for.
    fn good_enough(&self, descent: &mut impl Descent, watch: &Watch) -> Option<Outcome<'a>> {
        if let Some((head, recomputed)) = self.within_tolerance(descent, &watch.settings) {
            let known = (descent.theta().clone(), head, recomputed);
            return Some(self.point(descent, watch, None, known));
        }
        if !is_enough(descent, watch.enough) {
            return None;
        }
        let theta = descent.theta().clone();
        let head = self.features.to_user(&theta);
        Some(self.point(descent, watch, None, (theta, head, OnceLock::new())))
    }

    /// The outcome of a search that has ended by itself, or for the reason that it was `stopped`.
    fn ended<D: Descent>(
        &self,
        descent: &mut D,
        watch: &Watch,
        stopped: Option<String>,
        curvature: impl Fn(&D) -> Option<f64>,
    ) -> Outcome<'a> {
        let left = descent.relative_gradient();
        let outcome = match (descent.progress(), stopped) {
            (Progress::Separable(separation), _) => {
                let found = Found { problem: self.problem, features: self.features, watch };
                Outcome::Separable(Box::new(found.separable(*separation, descent)))
            }
            (Progress::Converged, _) => {
                let smallest_curvature = curvature(descent);
                self.stationary(descent, watch, smallest_curvature, EndReason::Converged)
            }
            // No step improves a point at rounding level, as the refined gradient confirms. Where the loss still curves
            // down, it is no end: a tail this flat leads on.
            (Progress::NotConverged(why), _) if left <= NEARLY_STATIONARY || self.can_go_on_precisely() => {
                let smallest_curvature = curvature(descent);
                if smallest_curvature.is_some_and(|curvature| curvature < 0.0) {
                    not_converged(format!("{why}, and the loss curves down there"), watch, left)
                } else {
                    match self.stationary(descent, watch, smallest_curvature, EndReason::WithoutAStep) {
                        outcome @ Outcome::Stationary(_) => outcome,
                        Outcome::Separable(_) | Outcome::NotConverged { .. } => {
                            not_converged(why, watch, left)
                        }
                    }
                }
            }
            (Progress::NotConverged(why) | Progress::Undecided(why), _) | (Progress::Active, Some(why)) => {
                not_converged(why, watch, left)
            }
            (Progress::Active, None) => not_converged("the search ended early".to_owned(), watch, left),
        };
        match outcome {
            Outcome::NotConverged { why, iterations, relative_gradient, rounded, .. } => {
                let reached = Some(Box::new(self.features.to_user(descent.theta())));
                Outcome::NotConverged { why, iterations, relative_gradient, rounded, reached }
            }
            ended => ended,
        }
    }

    /// Whether Newton's steps in double-double arithmetic lead to the minimum from wherever a search has ended that found no
    /// separation.
    fn can_go_on_precisely(&self) -> bool {
        self.problem.is_convex() && precise_newton::is_possible(self.problem)
    }

    /// The rounded head and its certificate, where that meets the user's tolerance. The certificate is computed when it is asked
    /// for where the search's own gradient proves that it will.
    fn within_tolerance(
        &self,
        descent: &mut impl Descent,
        settings: &SolverSettings,
    ) -> Option<(Head, OnceLock<Recomputed>)> {
        if settings.tolerance == 0.0 {
            return None;
        }
        // By the search's own gradient first: the certificate takes a pass of its own.
        let mut own = f64::INFINITY;
        for is_precise in [false, true] {
            if is_precise {
                descent.refine_gradient();
            }
            own = self.problem.coordinates().smallest_gradient(&descent.gradient());
            if own > settings.tolerance {
                descent.accept(settings.tolerance / own);
                return None;
            }
        }
        let head = self.features.to_user(descent.theta());
        let is_proof = own <= SAFE * settings.tolerance && descent.relative_gradient() >= FAR_FROM_ROUNDING;
        if is_proof && self.rounding_is_negligible(descent.theta(), &head) {
            return Some((head, OnceLock::new()));
        }
        let (recomputed, _) = Recomputed::with_gradient(self.problem, &head)?;
        let is_met = recomputed.gradient_inf <= settings.tolerance;
        if !is_met {
            descent.accept(0.5 * settings.tolerance / recomputed.gradient_inf);
        }
        is_met.then(|| (head, OnceLock::from(recomputed)))
    }

    fn stationary(
        &self,
        descent: &mut impl Descent,
        watch: &Watch,
        smallest_curvature: Option<f64>,
        ended: EndReason,
    ) -> Outcome<'a> {
        let head = self.features.to_user(descent.theta());
        let finite = head.coefficients.iter().chain(&head.intercepts).all(|value| value.is_finite());
        if !finite {
            let why = "a coefficient is too large for double precision in these units; rescale the features";
            return not_converged(why.to_owned(), watch, descent.relative_gradient());
        }
        let trusted = ended == EndReason::Converged && descent.relative_gradient() <= REFINED;
        if trusted && self.rounding_is_negligible(descent.theta(), &head) {
            let theta = descent.theta().clone();
            return self.point(descent, watch, smallest_curvature, (theta, head, OnceLock::new()));
        }
        let Some(Refined { theta, head, recomputed, is_precise, .. }) =
            self.refined(descent, head, &watch.settings)
        else {
            let why =
                "the gradient leaves the range of double precision in these units; rescale the features";
            return not_converged(why.to_owned(), watch, descent.relative_gradient());
        };
        let left = recomputed.relative_gradient;
        let as_asked = recomputed.gradient_inf <= watch.settings.tolerance;
        let is_solved = is_precise || descent.relative_gradient() <= LARGEST_RELATIVE_GRADIENT;
        if !is_solved && left > LARGEST_RELATIVE_GRADIENT && !as_asked {
            return not_converged(format!("a relative gradient of {left:.1e} was left"), watch, left);
        }
        if left > LARGEST_AS_PRINTED && !as_asked {
            let why = unprintable(self.problem, &head);
            let rounded = Some(Box::new(RoundedHead { head, recomputed }));
            let iterations = watch.iterations;
            return Outcome::NotConverged {
                why,
                iterations,
                relative_gradient: left,
                rounded,
                reached: None,
            };
        }
        self.point(descent, watch, smallest_curvature, (theta, head, OnceLock::from(recomputed)))
    }

    /// Whether the rounded head has the logits of `theta` but for their last digits. The gradient then changes by no
    /// more than that fraction of its terms, whatever the data.
    fn rounding_is_negligible(&self, theta: &DMatrix<f64>, head: &Head) -> bool {
        let coordinates = self.problem.coordinates();
        let scaling = coordinates.scaling();
        let in_range = |factor: &f64| MODERATE.contains(factor);
        if coordinates.combines_features()
            || scaling.is_led_by_penalty()
            || !scaling.factor.iter().all(in_range)
        {
            return false;
        }
        let largest_logit = |column: DVectorView<f64>| self.features.max_logit_change(column.iter().copied());
        if self.problem.l2 > 0.0
            && matches!(*self.problem.loss, BuiltLoss::Inr(_))
            && theta.column_iter().any(|column| largest_logit(column) > SATURATED)
        {
            return false;
        }
        // A penalty's terms do not vanish with the residuals. At a stationary point each is a sum of residuals times a feature,
        // so that what moves visibly beside none of the column's terms is not visible beside its residuals.
        let term = |(&penalty, &entry): (&f64, &f64)| (penalty * entry).abs();
        let largest_term =
            |entries: DVectorView<f64>| largest(self.features.penalty().iter().zip(entries.iter()).map(term));
        let penalised = |moved: DVectorView<f64>, theta: DVectorView<f64>| {
            let last = moved.len() - 1;
            largest_term(moved) <= REFINED * largest_term(theta)
                && moved.rows(0, last).amax() <= REFINED * theta.rows(0, last).amax()
        };
        let moved = coordinates.scaled_head(head) - theta;
        moved.column_iter().zip(theta.column_iter()).all(|(moved, theta)| {
            largest_logit(moved) <= REFINED && (self.problem.l2 == 0.0 || penalised(moved, theta))
        })
    }

    /// The stationary point that a search has come to.
    fn point(
        &self,
        descent: &impl Descent,
        watch: &Watch,
        smallest_curvature: Option<f64>,
        (theta, head, recomputed): (DMatrix<f64>, Head, OnceLock<Recomputed>),
    ) -> Outcome<'a> {
        let (data_loss, penalty) = self.loss_of(descent, &theta, &head);
        let own = descent.relative_gradient();
        Outcome::Stationary(Box::new(StationaryPoint {
            head,
            data_loss,
            loss: data_loss + penalty,
            certificate: Certificate {
                relative_gradient: match recomputed.get() {
                    // Beside a strong penalty, the search's own is of features that are hardly there.
                    Some(found) if self.problem.coordinates().scaling().is_led_by_penalty() => {
                        found.relative_gradient
                    }
                    // The search ended before the point was reached.
                    Some(found) if own > LARGEST_RELATIVE_GRADIENT => own.min(found.relative_gradient),
                    _ => own,
                },
                smallest_curvature,
                iterations: watch.iterations,
                seconds: watch.clock.seconds(),
            },
            recomputed,
            problem: self.problem.clone(),
            theta,
        }))
    }

    /// The loss at the rounded head, and its penalty: where columns are nearly dependent, rounding changes them, and so do steps that
    /// refine the head that the search came to.
    fn loss_of(&self, descent: &impl Descent, theta: &DMatrix<f64>, head: &Head) -> (f64, f64) {
        let Problem { dataset, targets, loss, l2, .. } = self.problem;
        let coordinates = self.problem.coordinates();
        if coordinates.combines_features() || theta != descent.theta() {
            let logits = Recomputed::logits(dataset, coordinates.scaling(), head);
            let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
            let data_loss = loss.value_and_gradient(&logits, targets, &mut gradient);
            return (data_loss, 0.5 * l2 * head.coefficients.norm_squared());
        }
        let columns = theta.column_iter();
        let penalty: f64 = columns.map(|column| self.features.penalty_of(column.iter().copied())).sum();
        (descent.value() - penalty, penalty)
    }

    /// Iterative refinement: takes Newton steps for the double-double gradient at the rounded head until that is at
    /// rounding level. `None` where numbers leave the range of a double.
    fn refined(&self, descent: &mut impl Descent, head: Head, settings: &SolverSettings) -> Option<Refined> {
        let (recomputed, mut gradient) = Recomputed::with_gradient(self.problem, &head)?;
        let theta = descent.theta().clone();
        let mut best = Refined { theta, off_span: None, head, recomputed, is_precise: false };
        for _ in 0..MAX_REFINEMENTS {
            let found = &best.recomputed;
            if found.relative_gradient <= REFINED || found.gradient_inf <= settings.tolerance {
                break;
            }
            let coordinates = self.problem.coordinates();
            let off_span = coordinates.step_off_span(&gradient, self.problem.l2);
            let Some(step) = descent.newton_step(&coordinates.gradient(gradient.clone())) else { break };
            let Some((found, next)) = best.moved(self, step, off_span) else { break };
            let reduced = found.recomputed.relative_gradient / best.recomputed.relative_gradient;
            let enough = reduced < 0.5;
            if reduced < 1.0 {
                (best, gradient) = (found, next);
            }
            if !enough {
                break;
            }
        }
        Some(self.refined_precisely(best, settings))
    }

    /// The same with Newton's steps in double-double arithmetic, where those of doubles leave much and that is possible. They go down
    /// alone: from near the end they lead to the minimum that is near, and from anywhere to that of a convex loss.
    fn refined_precisely(&self, best: Refined, settings: &SolverSettings) -> Refined {
        if best.recomputed.relative_gradient <= UNREFINED || !precise_newton::is_possible(self.problem) {
            return best;
        }
        let is_done = |found: &Recomputed| {
            found.relative_gradient <= REFINED || found.gradient_inf <= settings.tolerance
        };
        let descend = |head: &Head| precise_newton::descend(self.problem, head, is_done);
        let mut found = descend(&best.head);
        // Where the loss is flat around the end of a search, second derivatives are singular; they are not at the beginning.
        if self.problem.is_convex() && !found.as_ref().is_some_and(|found| found.is_minimum) {
            let (columns, features) = best.head.coefficients.shape();
            found = descend(&Head::zeros(columns, features)).or(found);
        }
        let Some(found) = found else { return best };
        let Descended { head, recomputed, is_minimum } = found;
        if recomputed.relative_gradient < best.recomputed.relative_gradient {
            let theta = self.problem.coordinates().guess_of(&head).unwrap_or(best.theta);
            return Refined { theta, off_span: None, head, recomputed, is_precise: is_minimum };
        }
        Refined { is_precise: is_minimum, ..best }
    }
}

/// Whether the relative gradient, in double precision, is small enough. If not, the search gets to know how far it has to go.
fn is_enough(descent: &mut impl Descent, enough: f64) -> bool {
    if enough > 0.0 && descent.relative_gradient() <= enough {
        descent.refine_gradient();
    }
    let left = descent.relative_gradient();
    if enough > 0.0 && left > enough {
        descent.accept(enough / left);
    }
    left <= enough
}

fn not_converged<'a>(why: String, watch: &Watch, relative_gradient: f64) -> Outcome<'a> {
    let iterations = watch.iterations;
    Outcome::NotConverged { why, iterations, relative_gradient, rounded: None, reached: None }
}

/// All digits of a number, without an exponent where that is readable.
fn plain(value: f64) -> String {
    if (1e-5..1e17).contains(&value) { value.to_string() } else { format!("{value:e}") }
}

/// Why doubles in the user's units cannot hold a head that is known in other coordinates, and what to do about it.
pub(super) fn unprintable(problem: &Problem, head: &Head) -> String {
    let scaling = problem.coordinates().scaling();
    if let Some(farthest) = scaling.farthest_out(problem.dataset) {
        return format!(
            "double precision cannot hold coefficients to the digits that values of column {} need, which lie far out beside all others; \
             correct them, or leave their rows out",
            problem.dataset.feature_names()[farthest]
        );
    }
    let names = problem.dataset.feature_names();
    let (centre, columns) = (&scaling.centre, 0..scaling.centre.len());
    let size = |j: usize| head.coefficients.column(j).amax();
    let (at_centre, from_there) =
        (|j: usize| size(j) * centre[j].abs(), |j: usize| size(j) * scaling.widest[j] / scaling.factor[j]);
    let largest_by = |by: &dyn Fn(usize) -> f64| columns.clone().max_by(|&a, &b| by(a).total_cmp(&by(b)));
    let (widest, farthest) = (largest_by(&at_centre), largest_by(&from_there));
    // Where no centre differs from zero, no intercept is to blame; nor where coefficients times distances from the centre round more.
    let is_by_centre = widest.is_some_and(|j| at_centre(j) > 0.0)
        && widest.zip(farthest).is_some_and(|(j, other)| at_centre(j) >= from_there(other));
    let dependences = &problem.conditioning().dependent_columns;
    let closest = dependences.iter().max_by(|a, b| {
        let digits = |dependence: &Dependence| dependence.digits.unwrap_or(0.0);
        digits(a).total_cmp(&digits(b))
    });
    let is_near = |dependence: &&Dependence| {
        let digits = dependence.digits.unwrap_or(0.0);
        digits > 8.0 || (digits > 0.0 && !is_by_centre)
    };
    let blamed = if is_by_centre { widest } else { farthest };
    let has_blamed = |dependence: &&Dependence| {
        let mut columns = dependence.terms.iter().map(|(name, _)| name).chain([&dependence.column]);
        blamed.is_some_and(|blamed| columns.any(|name| *name == names[blamed]))
    };
    let nearest = closest.filter(is_near);
    if let Some(closest) = nearest.or_else(|| dependences.iter().find(has_blamed)) {
        return format!(
            "double precision cannot hold coefficients of columns this close to dependent ({}); leave out {}",
            closest.relation, closest.column
        );
    }
    if let Some(farthest) = farthest.filter(|&j| !is_by_centre && from_there(j) > 0.0) {
        return format!(
            "double precision cannot hold coefficients to the digits that the largest values of column {} need; correct these, or leave \
             their rows out",
            names[farthest]
        );
    }
    if !is_by_centre {
        return "double precision cannot hold the coefficients to the digits that the logits need; rescale the features and \
                solve again"
            .to_owned();
    }
    let column = widest.map(|j| {
        let (verb, preposition) = if centre[j] < 0.0 { ("add", "to") } else { ("subtract", "from") };
        format!("{verb} {} {preposition} column {}", plain(centre[j].abs()), names[j])
    });
    let intercept =
        head.intercepts.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    format!(
        "a double cannot hold the intercept, {intercept:.3e}, to the digits that the logits need; {} and solve again",
        column.unwrap_or_else(|| "rescale the features".to_owned())
    )
}
