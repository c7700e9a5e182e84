//! Newton-CG for softmax: the Hessian couples all classes, so each Newton system is solved by conjugate gradients,
//! preconditioned by one Cholesky factor per class, or by one for all where classes are many. There the first gradients are
//! in single precision, too; the last ones never are.
//!
//! Adding one vector to every class's parameters changes no probability. Residuals and directions are kept
//! off that gauge; without it conjugate gradients chases rounding error along it.

use super::column_pass::Precision;
use super::descent::{ConvergenceCheck, Descent, Progress};
use super::hessian::Real;
use super::pass::{
    Evaluated, HeadColumns, ScaledFeatures, Totals, accumulate_gradient, across, fold_logit_blocks,
};
use super::separation::{SeparationOutcome, SeparationSearch, Sides, Thoroughness};
use super::softmax_hessian::{DenseHessian, dense_is_possible, dense_pays};
use super::softmax_system::{
    Form, KeptFeatures, Preconditioner, SoftmaxCurvature, SoftmaxSystem, kept_probabilities, largest_weight,
    samples_with_probabilities, single_probabilities,
};
use super::start::{GOOD_INITIAL_GUESS, Subsample, SubsampleSize};
use crate::loss::{Softmax, Targets, weigh};
use crate::numeric::fold_wide_spans;
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
/// Below this relative gradient, that of single precision has errors of a few per cent.
const SINGLE_GRADIENTS_UNTIL: f64 = 1e-5;
/// A factor for all classes is made anew once the relative gradient has fallen by this since.
const STALE: f64 = 0.2;
/// Preconditioners are made anew down to this relative gradient, below which probabilities hardly change any more.
const RENEWED_UNTIL: f64 = 1e-3;
/// A step along second derivatives of a part of the samples that leaves more of the gradient than this is the last of them.
const SAMPLED_STEPS_WHILE: f64 = 0.3;
/// The share of what a gradient has yet to fall by to which the last system is solved.
const LAST_SYSTEM: f64 = 0.2;

impl Precision {
    /// Tightest accuracy of a Newton system; beyond it the rounding of its products decides.
    fn tightest_system(self) -> f64 {
        match self {
            Self::Single => 1e-5,
            Self::Double => 1e-8,
        }
    }
}

/// Factors of the blocks of all classes that serve one problem after another: the same samples, and penalties that differ little.
#[derive(Debug)]
pub(super) struct KeptFactors {
    preconditioner: Preconditioner,
    /// What features are multiplied by in the coordinates of the search.
    scales: Vec<f64>,
    /// Iterations of the problem that they were made for.
    at_first: usize,
    /// Iterations that later problems took beyond these.
    beyond: usize,
}

/// Newton-CG over all classes of a softmax head.
pub(super) struct SoftmaxNewton<'a> {
    pass: SoftmaxPass<'a>,
    /// The samples for a factor of all classes, where not all are used.
    subsample: Option<Subsample<'a>>,
    /// Whether second derivatives are those of these samples, too.
    is_sampled: bool,
    point: Point,
    /// How precise the gradient at the point is.
    gradients: Precision,
    form: Form,
    preconditioner: Preconditioner,
    /// At the point, or at one that was a step away from the end.
    dense: Option<DenseHessian>,
    /// `at_first` and `beyond` of [`KeptFactors`], if these are in use.
    kept_factors: Option<(usize, usize)>,
    iterations_since_factored: usize,
    relative_when_factored: f64,
    /// Largest number of iterations of a step so far.
    max_iterations: usize,
    kept: Option<KeptFeatures<f32>>,
    /// That of Newton systems.
    precision: Precision,
    /// The share of the gradient that may be left.
    wanted: f64,
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
    fn point(&self, theta: DMatrix<f64>, precision: Precision) -> Point {
        let (evaluated, probabilities) = match precision {
            Precision::Single => self.evaluate_single(&theta),
            Precision::Double => self.evaluate(&theta),
        };
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
        let form = Form::of(theta.nrows(), theta.ncols());
        Self::of_form(form, pass, theta, separation)
    }

    fn of_form(
        form: Form,
        pass: SoftmaxPass<'a>,
        theta: DMatrix<f64>,
        separation: Option<SeparationSearch<'a>>,
    ) -> Self {
        let (dimension, classes) = theta.shape();
        let gradients = first_gradients(form);
        let point = pass.point(theta, gradients);
        let convergence = ConvergenceCheck::new(&point.scaled_gradient(&point.magnitude), 1.0);
        let (features, targets) = (pass.features, pass.targets);
        let subsample = match form {
            Form::Blocks => None,
            Form::Shared => Subsample::choose(features, targets, SubsampleSize::to_curve(dimension, classes)),
        };
        let is_sampled = subsample.is_some() && !features.has_offset();
        let mut newton = Self {
            pass,
            subsample,
            is_sampled,
            point,
            gradients,
            form,
            preconditioner: Preconditioner::None,
            dense: None,
            kept_factors: None,
            iterations_since_factored: 0,
            relative_when_factored: f64::INFINITY,
            max_iterations: 0,
            kept: None,
            precision: Precision::Single,
            wanted: 0.0,
            convergence,
            fallback_curvature: 0.0,
            progress: Progress::Active,
            separation,
        };
        newton.refine_gradient_if_due();
        newton
    }

    /// Goes over to gradients in double precision once those in single precision are too coarse.
    fn refine_gradient_if_due(&mut self) {
        // One that is no number is not small.
        if self.convergence.relative() <= SINGLE_GRADIENTS_UNTIL {
            self.refine_gradient();
        }
    }

    /// With Newton systems in double precision from the first step on.
    pub(super) fn in_double_precision(mut self) -> Self {
        self.precision = Precision::Double;
        self
    }

    /// Takes the factors of a similar problem, in the coordinates of this one.
    pub(super) fn take_factors(&mut self, kept: KeptFactors) {
        let features = self.pass.features;
        let ratios: Vec<f64> =
            features.scales().iter().zip(&kept.scales).map(|(own, other)| own / other).collect();
        if features.combines_features() && ratios.iter().any(|&ratio| ratio != 1.0) {
            return;
        }
        self.preconditioner = kept.preconditioner.rescaled(&ratios);
        self.kept_factors = Some((kept.at_first, kept.beyond));
        // However far off it was: this problem begins near its end.
        self.relative_when_factored = 0.0;
    }

    /// Hands on the factors for a similar problem; none where new ones pay.
    pub(super) fn into_factors(self) -> Option<KeptFactors> {
        let taken = self.iterations_since_factored;
        let (at_first, beyond) = match self.kept_factors {
            None => (taken, 0),
            Some((at_first, beyond)) => (at_first, beyond + taken.saturating_sub(at_first)),
        };
        let serves = matches!(self.preconditioner, Preconditioner::Blocks(_));
        let scales = self.pass.features.scales().to_vec();
        let kept = KeptFactors { preconditioner: self.preconditioner, scales, at_first, beyond };
        (serves && beyond <= ITERATIONS_PER_PRECONDITIONER).then_some(kept)
    }

    /// Moves to another head unless its value is higher or NaN.
    pub(super) fn move_if_better(&mut self, theta: DMatrix<f64>) {
        self.make_room();
        let other = self.pass.point(theta, self.gradients);
        let stays = self.point.value <= other.value;
        if !stays {
            self.begin_at(other);
        }
    }

    /// Goes to another head.
    pub(super) fn move_to(&mut self, theta: DMatrix<f64>) {
        self.make_room();
        self.begin_at(self.pass.point(theta, self.gradients));
    }

    /// Drops the probabilities of the present point where they are many, before those of the next take as much again. If there
    /// is no next one they are computed when they are needed.
    fn make_room(&mut self) {
        if self.form == Form::Shared {
            self.point.probabilities = Vec::new();
        }
    }

    fn begin_at(&mut self, point: Point) {
        self.convergence = ConvergenceCheck::new(&point.scaled_gradient(&point.magnitude), 1.0);
        self.point = point;
        self.refine_gradient_if_due();
    }

    /// The largest logit of any sample.
    pub(super) fn largest_logit(&self) -> f64 {
        self.point.largest_logit
    }

    /// Switches to another problem on the same features. Starts from an initial guess or, where that is far off and
    /// worse, from the present point. A preconditioner is kept while it is useful.
    pub(super) fn go_on_with(&mut self, pass: SoftmaxPass<'a>, guess: DMatrix<f64>) {
        self.gradients = first_gradients(self.form);
        self.make_room();
        let here = std::mem::replace(&mut self.point, pass.point(guess, self.gradients)).theta;
        self.pass = pass;
        if let Some(subsample) = &mut self.subsample {
            subsample.take_weights(pass.targets);
        }
        if self.iterations_since_factored > ITERATIONS_PER_SOLVED_PROBLEM {
            self.preconditioner = Preconditioner::None;
        }
        self.iterations_since_factored = 0;
        self.max_iterations = 0;
        self.dense = None;
        self.convergence = ConvergenceCheck::new(&self.point.scaled_gradient(&self.point.magnitude), 1.0);
        self.precision = Precision::Single;
        self.fallback_curvature = 0.0;
        self.progress = Progress::Active;
        if self.convergence.relative() > GOOD_INITIAL_GUESS {
            self.move_if_better(here);
        }
        self.refine_gradient_if_due();
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

    /// `sampled` are probabilities of the subsample, if they are at hand.
    fn refresh_preconditioner(&mut self, sampled: Option<&[Vec<f32>]>) {
        let relative = self.convergence.relative();
        let is_useful = match self.preconditioner {
            Preconditioner::None => false,
            Preconditioner::Blocks(_) => {
                let worn = self.iterations_since_factored > ITERATIONS_PER_PRECONDITIONER;
                let made_far_off = self.relative_when_factored > RENEWED_UNTIL;
                !(worn && made_far_off)
            }
            // It takes a fraction of a pass over the samples.
            Preconditioner::Shared(_) => {
                self.relative_when_factored <= RENEWED_UNTIL || relative > STALE * self.relative_when_factored
            }
        };
        if is_useful && self.fallback_curvature == 0.0 {
            return;
        }
        self.iterations_since_factored = 0;
        self.kept_factors = None;
        self.relative_when_factored = relative;
        let (pass, probabilities): (_, &[Vec<f32>]) = match &self.subsample {
            Some(subsample) => (subsample.pass(), sampled.unwrap_or(&[])),
            // Those in single precision do not tell a probability of nearly 1 from 1.
            None if self.precision == Precision::Double => (self.pass, &[]),
            None => (self.pass, self.point.probabilities.as_slice()),
        };
        let (added, theta) = (self.added_curvature(), &self.point.theta);
        self.preconditioner = Preconditioner::new(self.form, pass, theta, probabilities, &added);
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
            && dense_pays(theta.nrows(), theta.ncols(), self.max_iterations)
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
        if self.is_sampled && self.precision == Precision::Single {
            return self.sampled_direction(gradient);
        }
        self.refresh_preconditioner(None);
        match self.precision {
            Precision::Single => {
                if self.point.probabilities.is_empty() {
                    self.point.probabilities = single_probabilities(self.pass.features, &self.point.theta);
                }
                let kept = self.kept.take().unwrap_or_else(|| KeptFeatures::new(self.pass.features, classes));
                let (step, iterations) =
                    self.solve_system(self.pass, gradient, &kept, &self.point.probabilities);
                self.kept = Some(kept);
                self.iterations_since_factored += iterations;
                self.max_iterations = self.max_iterations.max(iterations);
                step
            }
            Precision::Double => {
                let probabilities =
                    kept_probabilities(self.pass.features, self.pass.targets, &self.point.theta);
                self.solve_system::<f64>(
                    self.pass,
                    gradient,
                    &KeptFeatures::new(self.pass.features, classes),
                    &probabilities,
                )
                .0
            }
        }
    }

    /// The direction by second derivatives of the subsample: a fraction of the work far from the end, where a direction need
    /// not be exact.
    fn sampled_direction(&mut self, gradient: &DMatrix<f64>) -> DMatrix<f64> {
        let Some(subsample) = self.subsample.take() else { return -gradient };
        let probabilities = single_probabilities(&subsample.features, &self.point.theta);
        let kept = KeptFeatures::<f32>::new(&subsample.features, gradient.ncols());
        self.subsample = Some(subsample);
        self.refresh_preconditioner(Some(&probabilities));
        let Some(subsample) = &self.subsample else { return -gradient };
        let (step, iterations) = self.solve_system(subsample.pass(), gradient, &kept, &probabilities);
        self.iterations_since_factored += iterations;
        step
    }

    fn solve_system<T: Real>(
        &self,
        pass: SoftmaxPass,
        gradient: &DMatrix<f64>,
        kept: &KeptFeatures<T>,
        probabilities: &[Vec<T>],
    ) -> (DMatrix<f64>, usize) {
        let SoftmaxPass { features, targets, loss } = pass;
        let tightest = self.precision.tightest_system();
        let relative = self.convergence.relative();
        // As accurate as the next gradient can show: Newton squares it, and rounding ends it.
        let shown = relative.sqrt().max(SMALLEST_GRADIENT / relative);
        let tightest = if self.is_sampled { LOOSEST_SYSTEM } else { tightest };
        let accuracy = shown.max(LAST_SYSTEM * self.wanted).clamp(tightest, LOOSEST_SYSTEM);
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
        if self.gradients == Precision::Single {
            line_search.values_are_single();
        }
        self.make_room();
        let scale = self.point.magnitude.clone();
        let before = self.point.scaled_gradient(&scale).norm();
        loop {
            let point = self.pass.point(&self.point.theta + step * line_search.length(), self.gradients);
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
                self.point = point;
                if self.is_sampled {
                    self.is_sampled = self.convergence.relative() <= SAMPLED_STEPS_WHILE * relative;
                } else {
                    self.doubt_precision(relative);
                }
                self.drop_fallback_curvature();
                self.refine_gradient_if_due();
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
            match self.gradients {
                Precision::Single => self.refine_gradient(),
                Precision::Double => self.precision = Precision::Double,
            }
        }
    }

    /// No length of a step was accepted: tries again in double precision, then with a fallback curvature.
    fn fail(&mut self) {
        if self.convergence.is_met() {
            return;
        }
        if self.is_sampled {
            self.is_sampled = false;
            self.progress = Progress::Active;
        } else if self.gradients == Precision::Single {
            self.refine_gradient();
            self.progress = Progress::Active;
        } else if self.precision == Precision::Single {
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
            self.preconditioner = Preconditioner::None;
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
                let effort =
                    if self.convergence.lp_is_due() { Thoroughness::Thorough } else { Thoroughness::Glance };
                separation.find(targets, Sides::AllPairs, head(), effort)
            }
            Progress::Converged => separation.find_where_converged(targets, Sides::AllPairs),
            Progress::NotConverged(_) => {
                separation.find(targets, Sides::AllPairs, head(), Thoroughness::Thorough)
            }
            Progress::Active | Progress::Separable(_) | Progress::Undecided(_) => SeparationOutcome::None,
        };
        self.progress = self.progress.clone().after(verdict);
    }
}

/// The precision of the first gradients.
fn first_gradients(form: Form) -> Precision {
    match form {
        Form::Blocks => Precision::Double,
        Form::Shared => Precision::Single,
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

    fn accept(&mut self, share: f64) {
        self.wanted = share;
    }

    fn refine_gradient(&mut self) {
        if self.gradients == Precision::Single {
            self.gradients = Precision::Double;
            self.make_room();
            let theta = std::mem::take(&mut self.point.theta);
            self.point = self.pass.point(theta, Precision::Double);
            self.convergence.measured_anew(&self.point.scaled_gradient(&self.point.magnitude), 1.0);
        }
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

    /// The same with logits, probabilities and products in single precision, sums over blocks in double.
    fn evaluate_single(&self, theta: &DMatrix<f64>) -> (Evaluated, Vec<Vec<f32>>) {
        let (dimension, classes) = theta.shape();
        let weights = self.loss.normalised_class_weights(self.targets);
        let largest = largest_weight(self.targets, &weights);
        let relative: Vec<f64> = weights.iter().map(|weight| weight / largest).collect();
        let narrow: Vec<f32> = theta.iter().map(|&entry| f32::narrowed(entry)).collect();
        let kept = samples_with_probabilities::<f32>(self.features, classes);
        let (mut totals, mut probabilities) = (Totals::new(dimension, classes), Vec::new());
        fold_wide_spans(
            self.features.samples(),
            2 * dimension * classes,
            || {
                let room = (Vec::new(), Vec::new(), vec![0.0; dimension * classes]);
                (Totals::new(dimension, classes), Vec::new(), room)
            },
            |(part, probabilities, (block, logits, gradient)), range| {
                self.features.block_in(range.clone(), block);
                logits.resize(range.len() * classes, 0.0);
                across(block, dimension, &narrow, logits);
                self.features.add_offset(&range, logits);
                let labels = &self.targets.class_indices()[range.clone()];
                let mut weight: Vec<f64> = labels.iter().map(|&label| relative[label as usize]).collect();
                weigh(&mut weight, self.targets.sample_weights().map(|weights| &weights[range.clone()]));
                let parts = Softmax::evaluate_single(labels, &weight, logits, |found| {
                    if range.start < kept {
                        probabilities.push(found.to_vec());
                    }
                });
                accumulate_gradient(block, dimension, logits, gradient);
                part.add_single(&parts, gradient, largest);
            },
            |(part, of_blocks, _)| {
                totals.merge(part);
                probabilities.extend(of_blocks);
            },
        );
        (totals.with_penalty(self.features, theta), probabilities)
    }
}

#[cfg(test)]
mod tests;
