//! Newton-CG for softmax: the Hessian couples all classes, so each Newton system is solved by conjugate gradients,
//! preconditioned by one Cholesky factor per class.
//!
//! Adding one vector to every class's parameters changes no probability. Residuals and directions are kept
//! off that gauge; without it conjugate gradients chases rounding error along it.

use super::column_pass::Precision;
use super::descent::{ConvergenceCheck, Descent, Progress};
use super::hessian::Real;
use super::pass::{Evaluated, HeadColumns, ScaledFeatures, Totals, accumulate_gradient, fold_logit_blocks};
use super::separation::{Effort, SeparationSearch, Sides, Verdict};
use super::softmax_hessian::{DenseHessian, dense_is_possible, dense_pays};
use super::softmax_system::{
    KeptFeatures, Preconditioner, Sampled, SoftmaxCurvature, SoftmaxSystem, kept_probabilities,
    samples_with_probabilities,
};
use super::start::{GOOD_INITIAL_GUESS, Subsample, SubsampleSize};
use crate::loss::{Softmax, Targets};
use nalgebra::{DMatrix, DVector};

/// Loosest relative accuracy of a Newton system.
const LOOSEST_SYSTEM: f64 = 0.1;
/// No relative gradient gets smaller than about this.
const SMALLEST_GRADIENT: f64 = 1e-17;
/// Iterations of conjugate gradients after which a new preconditioner pays.
const ITERATIONS_PER_PRECONDITIONER: usize = 12;
/// Iterations of a problem up to which the next similar one reuses its preconditioner.
const ITERATIONS_PER_SOLVED_PROBLEM: usize = 60;
/// Below this relative gradient, Newton's steps square it.
const SQUARING: f64 = 1e-3;

impl Precision {
    /// Tightest accuracy of a Newton system; beyond it the rounding of its products decides.
    fn tightest_system(self) -> f64 {
        match self {
            Self::Single => 1e-5,
            Self::Double => 1e-8,
        }
    }
}

/// Newton-CG over all classes of a softmax head.
pub(super) struct SoftmaxNewton<'a> {
    pass: SoftmaxPass<'a>,
    /// The samples for preconditioners, where not all are used.
    subsample: Option<Subsample>,
    point: Point,
    preconditioner: Preconditioner,
    /// At the point, or at one that was a step away from the end.
    dense: Option<DenseHessian>,
    iterations_since_factored: usize,
    relative_when_factored: f64,
    /// Largest number of iterations of a step so far.
    most_iterations: usize,
    kept: Option<KeptFeatures<f32>>,
    precision: Precision,
    convergence: ConvergenceCheck,
    /// Curvature added to every class's block, as a share of its gradient's magnitude; positive only while logits
    /// are so saturated that second derivatives say nothing.
    fallback_curvature: f64,
    progress: Progress,
    /// Where separability is to be looked for, if it is possible.
    separation: Option<SeparationSearch<'a>>,
}

/// A head and everything known at it.
struct Point {
    theta: DMatrix<f64>,
    /// Probabilities of the blocks there is room for.
    probabilities: Vec<Vec<f32>>,
    value: f64,
    gradient: DMatrix<f64>,
    /// `sum_i |dL/dz_i^k|` for each class.
    magnitude: DVector<f64>,
    largest_logit: f64,
}

impl SoftmaxPass<'_> {
    fn point(&self, theta: DMatrix<f64>) -> Point {
        let (evaluated, probabilities) = self.evaluate(&theta);
        Point {
            theta,
            probabilities,
            value: evaluated.value.iter().sum(),
            gradient: evaluated.gradient,
            magnitude: DVector::from_vec(evaluated.magnitude),
            largest_logit: evaluated.largest_logit.into_iter().fold(0.0, f64::max),
        }
    }
}

impl<'a> SoftmaxNewton<'a> {
    /// Starts from `theta` (`D x K`), whose rows sum to zero over classes.
    pub(super) fn new(
        pass: SoftmaxPass<'a>,
        theta: DMatrix<f64>,
        separation: Option<SeparationSearch<'a>>,
    ) -> Self {
        let point = pass.point(theta);
        let convergence = ConvergenceCheck::new(&point.scaled_gradient(&point.magnitude), 1.0);
        let size = SubsampleSize::to_precondition(point.theta.nrows(), point.theta.ncols());
        let subsample = Subsample::draw(pass.features, pass.targets, size);
        Self {
            pass,
            subsample,
            point,
            preconditioner: Preconditioner::default(),
            dense: None,
            iterations_since_factored: 0,
            relative_when_factored: f64::INFINITY,
            most_iterations: 0,
            kept: None,
            precision: Precision::Single,
            convergence,
            fallback_curvature: 0.0,
            progress: Progress::Active,
            separation,
        }
    }

    /// With Newton systems in double precision from the first step on.
    pub(super) fn in_double_precision(mut self) -> Self {
        self.precision = Precision::Double;
        self
    }

    /// Moves to another head unless its value is higher or NaN.
    pub(super) fn move_if_better(&mut self, theta: DMatrix<f64>) {
        let other = self.pass.point(theta);
        let stays = self.point.value <= other.value;
        if !stays {
            self.begin_at(other);
        }
    }

    /// Goes to another head.
    pub(super) fn move_to(&mut self, theta: DMatrix<f64>) {
        self.begin_at(self.pass.point(theta));
    }

    fn begin_at(&mut self, point: Point) {
        self.convergence = ConvergenceCheck::new(&point.scaled_gradient(&point.magnitude), 1.0);
        self.point = point;
    }

    /// The largest logit of any sample.
    pub(super) fn largest_logit(&self) -> f64 {
        self.point.largest_logit
    }

    /// Switches to another problem on the same features. Starts from an initial guess or, where that is far off and
    /// worse, from the present point. A preconditioner is kept while it is useful.
    pub(super) fn go_on_with(&mut self, pass: SoftmaxPass<'a>, guess: DMatrix<f64>) {
        let here = std::mem::replace(&mut self.point, pass.point(guess)).theta;
        self.pass = pass;
        if let Some(subsample) = &mut self.subsample {
            subsample.take_weights(pass.targets);
        }
        if self.iterations_since_factored > ITERATIONS_PER_SOLVED_PROBLEM {
            self.preconditioner = Preconditioner::default();
        }
        self.iterations_since_factored = 0;
        self.most_iterations = 0;
        self.dense = None;
        self.convergence = ConvergenceCheck::new(&self.point.scaled_gradient(&self.point.magnitude), 1.0);
        self.precision = Precision::Single;
        self.fallback_curvature = 0.0;
        self.progress = Progress::Active;
        if self.convergence.relative() > GOOD_INITIAL_GUESS {
            self.move_if_better(here);
        }
    }

    /// Runs until the search ends, the relative gradient falls to `enough`, or `steps` steps are done.
    pub(super) fn run(&mut self, steps: usize, enough: f64) {
        for _ in 0..steps {
            if self.progress != Progress::Active || self.convergence.relative() <= enough {
                return;
            }
            self.step();
        }
    }

    fn refresh_preconditioner(&mut self) {
        let worn = self.iterations_since_factored > ITERATIONS_PER_PRECONDITIONER;
        let made_far_off = self.relative_when_factored > GOOD_INITIAL_GUESS;
        if !self.preconditioner.is_empty() && self.fallback_curvature == 0.0 && !(worn && made_far_off) {
            return;
        }
        self.iterations_since_factored = 0;
        self.relative_when_factored = self.convergence.relative();
        let SoftmaxPass { features, targets, loss } = self.pass;
        let sampled = match &self.subsample {
            Some(subsample) => Sampled {
                features: &subsample.features,
                targets: &subsample.targets,
                loss: Softmax::new(&subsample.targets),
            },
            None => Sampled { features, targets, loss },
        };
        self.preconditioner = Preconditioner::new(sampled, &self.point.theta, &self.added_curvature());
    }

    /// The curvature that replaces vanished second derivatives, class by class.
    fn added_curvature(&self) -> Vec<f64> {
        self.point.magnitude.iter().map(|magnitude| self.fallback_curvature * magnitude).collect()
    }

    /// `-H^-1 G` at the present point.
    fn newton_direction(&mut self, gradient: &DMatrix<f64>) -> DMatrix<f64> {
        let Point { theta, probabilities, .. } = &self.point;
        if self.fallback_curvature == 0.0
            && self.precision == Precision::Single
            && dense_pays(theta.nrows(), theta.ncols(), self.most_iterations)
        {
            if self.dense.is_none() || !self.convergence.is_a_step_away() {
                self.dense = DenseHessian::new(&self.pass, theta, probabilities);
            }
            if let Some(dense) = &self.dense {
                return dense.step(gradient);
            }
        }
        let classes = theta.ncols();
        let in_double = self.precision == Precision::Double;
        if self.fallback_curvature == 0.0 && in_double && dense_is_possible(theta.nrows(), classes) {
            let probabilities = kept_probabilities(self.pass.features, self.pass.targets, theta);
            if let Some(dense) = DenseHessian::new(&self.pass, theta, &probabilities) {
                return dense.step(gradient);
            }
        }
        self.refresh_preconditioner();
        match self.precision {
            Precision::Single => {
                let kept = self.kept.take().unwrap_or_else(|| KeptFeatures::new(self.pass.features, classes));
                let (step, iterations) = self.solve_system(gradient, &kept, &self.point.probabilities);
                self.kept = Some(kept);
                self.iterations_since_factored += iterations;
                self.most_iterations = self.most_iterations.max(iterations);
                step
            }
            Precision::Double => {
                let probabilities =
                    kept_probabilities(self.pass.features, self.pass.targets, &self.point.theta);
                self.solve_system::<f64>(
                    gradient,
                    &KeptFeatures::new(self.pass.features, classes),
                    &probabilities,
                )
                .0
            }
        }
    }

    fn solve_system<T: Real>(
        &self,
        gradient: &DMatrix<f64>,
        kept: &KeptFeatures<T>,
        probabilities: &[Vec<T>],
    ) -> (DMatrix<f64>, usize) {
        let SoftmaxPass { features, targets, loss } = self.pass;
        let tightest = self.precision.tightest_system();
        let relative = self.convergence.relative();
        // As accurate as the next gradient can show: Newton squares it, and rounding ends it.
        let accuracy = relative.sqrt().max(SMALLEST_GRADIENT / relative).clamp(tightest, LOOSEST_SYSTEM);
        let system = SoftmaxSystem {
            curvature: SoftmaxCurvature::new(features, targets, loss, &self.point.theta, kept, probabilities),
            penalty: features.penalty(),
            added: &self.added_curvature(),
            magnitude: &self.point.magnitude,
            preconditioner: &self.preconditioner,
        };
        system.solve(&-gradient, accuracy)
    }

    fn line_search(&mut self, step: &DMatrix<f64>) {
        let features = self.pass.features;
        let logit_change = step
            .column_iter()
            .map(|column| features.max_logit_change(column.iter().copied()))
            .fold(0.0, f64::max);
        let mut line_search = self.convergence.begin(logit_change, self.point.gradient.dot(step), true);
        let scale = self.point.magnitude.clone();
        let before = self.point.scaled_gradient(&scale).norm();
        loop {
            let point = self.pass.point(&self.point.theta + step * line_search.length());
            if line_search.overshoots(point.largest_logit - self.point.largest_logit) {
                continue;
            }
            if line_search.accepts(
                self.point.value,
                before,
                point.value,
                point.scaled_gradient(&scale).norm(),
            ) {
                let gradient = point.scaled_gradient(&point.magnitude);
                let relative = self.convergence.relative();
                self.progress = self.convergence.moved(&gradient, 1.0, &line_search, point.largest_logit);
                self.doubt_precision(relative);
                self.point = point;
                self.drop_fallback_curvature();
                return;
            }
            if !line_search.shorten() {
                self.progress = self.convergence.no_step_left(&line_search);
                self.fail();
                return;
            }
        }
    }

    /// A Newton step that hardly helped may have been too coarse.
    fn doubt_precision(&mut self, before: f64) {
        let hardly_helped = before < SQUARING && self.convergence.relative() > 0.5 * before;
        if self.progress == Progress::Active && hardly_helped && !self.convergence.is_met() {
            self.precision = Precision::Double;
        }
    }

    /// No length of a step was accepted: tries again in double precision, then with a fallback curvature.
    fn fail(&mut self) {
        if self.convergence.is_met() {
            return;
        }
        if self.precision == Precision::Single {
            self.precision = Precision::Double;
            self.progress = Progress::Active;
        } else if self.fallback_curvature == 0.0 {
            self.fallback_curvature = self.convergence.fallback_curvature();
            self.progress = Progress::Active;
        }
    }

    /// Returns to true second derivatives as soon as there are any.
    fn drop_fallback_curvature(&mut self) {
        if self.fallback_curvature > 0.0 {
            self.fallback_curvature = 0.0;
            self.preconditioner = Preconditioner::default();
        }
    }

    /// Checks separability: of a search that is slow or did not converge, and, by features that floating point treats
    /// as equal, of one that did.
    fn look_for_separation(&mut self) {
        let Some(separation) = &self.separation else { return };
        let SoftmaxPass { features, targets, .. } = self.pass;
        let head = || features.to_user(&self.point.theta);
        let verdict = match &self.progress {
            Progress::Active if self.convergence.wants_separation_check() => {
                let effort = if self.convergence.lp_is_due() { Effort::Thorough } else { Effort::Glance };
                separation.find(targets, Sides::AllPairs, head(), effort)
            }
            Progress::Converged => separation.find_where_converged(targets, Sides::AllPairs),
            Progress::NotConverged(_) => separation.find(targets, Sides::AllPairs, head(), Effort::Thorough),
            Progress::Active | Progress::Separable(_) | Progress::Undecided(_) => Verdict::None,
        };
        self.progress = self.progress.clone().after(verdict);
    }
}

impl Point {
    /// The gradient with each class divided by the magnitude of its terms.
    fn scaled_gradient(&self, magnitude: &DVector<f64>) -> DVector<f64> {
        let scaled = DMatrix::from_fn(self.gradient.nrows(), self.gradient.ncols(), |entry, class| {
            self.gradient[(entry, class)] / magnitude[class].max(f64::MIN_POSITIVE)
        });
        DVector::from_column_slice(scaled.as_slice())
    }
}

impl Descent for SoftmaxNewton<'_> {
    fn step(&mut self) {
        let step = self.newton_direction(&self.point.gradient.clone());
        self.line_search(&step);
        self.look_for_separation();
    }

    fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn theta(&self) -> &DMatrix<f64> {
        &self.point.theta
    }

    fn newton_step(&mut self, gradient: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        let step = self.newton_direction(gradient);
        step.iter().all(|entry| entry.is_finite()).then_some(step)
    }

    fn value(&self) -> f64 {
        self.point.value
    }

    fn gradient(&self) -> DMatrix<f64> {
        self.point.gradient.clone()
    }

    fn relative_gradient(&self) -> f64 {
        self.convergence.relative()
    }
}

/// Data, labels and loss of a softmax search.
#[derive(Clone, Copy)]
pub(super) struct SoftmaxPass<'a> {
    pub(super) features: &'a ScaledFeatures<'a>,
    pub(super) targets: &'a Targets,
    pub(super) loss: Softmax,
}

impl SoftmaxPass<'_> {
    /// Value and gradient at `theta` (`D x K`), and the probabilities of as many blocks as there is room for.
    pub(super) fn evaluate(&self, theta: &DMatrix<f64>) -> (Evaluated, Vec<Vec<f32>>) {
        let columns: Vec<usize> = (0..theta.ncols()).collect();
        let weights = self.loss.normalised_class_weights(self.targets);
        let zeros = || (Totals::new(theta.nrows(), theta.ncols()), Vec::new());
        let (mut totals, mut probabilities) = zeros();
        let kept = samples_with_probabilities::<f32>(self.features, theta.ncols());
        fold_logit_blocks(
            self.features,
            self.targets,
            HeadColumns { theta, columns: &columns },
            zeros,
            |(part, probabilities), features, logits| {
                let parts = Softmax::evaluate(logits, &weights);
                part.add(&parts, |out| accumulate_gradient(features, theta.nrows(), logits.values, out));
                if logits.first_sample < kept {
                    probabilities.push(Softmax::probabilities_of_residuals(logits, &weights));
                }
            },
            |(part, of_blocks)| {
                totals.merge(part);
                probabilities.extend(of_blocks);
            },
        );
        (totals.with_penalty(self.features, theta), probabilities)
    }
}
