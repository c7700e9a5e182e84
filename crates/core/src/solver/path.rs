//! Solves many similar problems one after another, such as a path of class weights, each with a warm start; or one problem,
//! and all its iterates.

use super::Head;
use super::column_newton::ColumnNewton;
use super::descent::{Descent, Progress};
use super::pass::ScaledFeatures;
use super::problem::Problem;
use super::search::{Search, run, scaled, solve};
use super::settings::{Iteration, SolverSettings, Watch};
use super::softmax_newton::SoftmaxNewton;
use super::solution::Outcome;
use crate::loss::{BuiltLoss, Logistic};
use nalgebra::DMatrix;
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Solves problems in order, each with a warm start by the parabola through the last three solutions.
///
/// Every outcome is what [`super::solve`] would find, with a certificate of its own. There is no warm start where data,
/// penalty or loss change, after a problem without a stationary point, and for LGL-INR, so that the minimum found does
/// not depend on the path.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, LossSpec};
/// use equipoise::solver::{Problem, solve_path};
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let weights = [1.0_f64, 2.0, 4.0];
/// let weighted = |&weight: &f64| {
///     Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::Explicit(vec![1.0, weight]), 0.0)
/// };
/// let problems = weights.iter().map(weighted).collect::<Result<Vec<_>, _>>()?;
/// for (outcome, weight) in solve_path(&problems).into_iter().zip(weights) {
///     let point = outcome.stationary().ok_or("no stationary point")?;
///     // The intercept is the log odds of the first group, shifted by that of the weights.
///     assert!((point.head.intercepts[0] - (weight / 3.0).ln()).abs() < 1e-12);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn solve_path<'a>(problems: &[Problem<'a>]) -> Vec<Outcome<'a>> {
    let mut outcomes = Vec::with_capacity(problems.len());
    for alike in problems.chunk_by(goes_on) {
        let features = scaled(&alike[0]);
        alike.iter().for_each(|problem| problem.share_coordinates(&alike[0]));
        let mut path = Path { features: &features, search: None, solutions: VecDeque::new() };
        outcomes.extend(alike.iter().map(|problem| path.solve(problem)));
    }
    outcomes
}

/// Whether two problems are solved in the same coordinates by the same algorithm.
fn goes_on(one: &Problem, next: &Problem) -> bool {
    std::ptr::eq(one.dataset, next.dataset)
        && one.l2 == next.l2
        && std::mem::discriminant(&*one.loss) == std::mem::discriminant(&*next.loss)
}

/// A search that has ended and can go on with another problem.
enum EndedSearch<'p> {
    Columns(Box<ColumnNewton<'p, Logistic>>),
    Softmax(Box<SoftmaxNewton<'p>>),
}

/// The state of a path.
struct Path<'p, 'a> {
    features: &'p ScaledFeatures<'a>,
    search: Option<EndedSearch<'p>>,
    /// The last solutions, the latest first; no more than needed.
    solutions: VecDeque<DMatrix<f64>>,
}

impl<'p, 'a> Path<'p, 'a> {
    fn solve(&mut self, problem: &'p Problem<'a>) -> Outcome<'a> {
        let columns = |newton| EndedSearch::Columns(Box::new(newton));
        let softmax = |newton| EndedSearch::Softmax(Box::new(newton));
        let on = Search::going_on(problem, self.features);
        let anew = || Search::new(problem, self.features);
        match (&*problem.loss, self.search.take()) {
            (BuiltLoss::Logistic(loss), Some(EndedSearch::Columns(mut newton))) => {
                let guess = guess(&mut self.solutions, newton.theta());
                newton.go_on_with(on.column_pass(loss.clone()), guess);
                self.finish(&on, *newton, columns)
            }
            (BuiltLoss::Softmax(loss), Some(EndedSearch::Softmax(mut newton))) => {
                let guess = guess(&mut self.solutions, newton.theta());
                newton.go_on_with(on.softmax_pass(*loss), guess);
                self.finish(&on, *newton, softmax)
            }
            (BuiltLoss::Logistic(loss), _) => {
                let search = anew();
                self.finish(&search, search.logistic_newton(loss), columns)
            }
            (BuiltLoss::Softmax(loss), _) => {
                let search = anew();
                self.finish(&search, search.softmax_newton(*loss), softmax)
            }
            (BuiltLoss::Inr(_) | BuiltLoss::PerSample(_), _) => solve(problem),
        }
    }

    fn finish<D: Descent>(
        &mut self,
        search: &Search<'p, 'a>,
        descent: D,
        ended: impl Fn(D) -> EndedSearch<'p>,
    ) -> Outcome<'a> {
        let (mut go_on, mut unseen) =
            (|_: &Iteration| ControlFlow::Continue(()), |_: u64, _: &dyn Descent| ());
        let mut watch = Watch::new(SolverSettings::default(), &mut go_on, &mut unseen);
        let (descent, outcome) = search.finish(descent, &mut watch, |_| None);
        self.search = (descent.progress() == Progress::Converged).then(|| ended(descent));
        if self.search.is_none() {
            self.solutions.clear();
        }
        outcome
    }
}

/// Adds the present solution and extrapolates the polynomial through the last ones.
fn guess(solutions: &mut VecDeque<DMatrix<f64>>, here: &DMatrix<f64>) -> DMatrix<f64> {
    solutions.truncate(2);
    solutions.push_front(here.clone());
    match solutions.make_contiguous() {
        [last, before, first] => (&*last - &*before) * 3.0 + &*first,
        [last, before] => &*last * 2.0 - &*before,
        _ => here.clone(),
    }
}

/// Solves as [`super::solve`] does and returns the heads of all iterates in order, the initial guess first.
#[must_use]
pub fn solve_traced<'a>(problem: &Problem<'a>) -> (Outcome<'a>, Vec<Head>) {
    let mut iterates: Vec<DMatrix<f64>> = Vec::new();
    let mut keep = |_: u64, descent: &dyn Descent| iterates.push(descent.theta().clone());
    let mut go_on = |_: &_| ControlFlow::Continue(());
    let outcome = run(problem, Watch::new(SolverSettings::default(), &mut go_on, &mut keep));
    let heads = iterates.iter().map(|theta| problem.coordinates().to_user(theta));
    (outcome, heads.collect())
}
