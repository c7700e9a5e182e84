//! The ways a series may be minimised, and the iterates that each passes through.

use super::specification::SeriesOptimizer;
use crate::balance::Ledger;
use crate::data::Dataset;
use crate::loss::Loss;
use crate::solver::{
    Head, Outcome, PlainGradient, Problem, Separable, SolverSettings, StationaryPoint, solve, solve_traced,
};
use argmin::core::observers::{Observe, ObserverMode};
use argmin::core::{ArgminError, CostFunction, Error, Executor, Gradient, IterState, KV, Solver, State};
use argmin::solver::gradientdescent::SteepestDescent;
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use nalgebra::DMatrix;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Pairs of steps that L-BFGS remembers.
const MEMORY: usize = 10;
/// Iterations up to this are all recorded; later ones at equal factors.
const ALL_RECORDED: usize = 30;
/// Factor between later iterations that are recorded.
const SPACING: f64 = 1.06;

/// Where a search ended and how.
pub(super) struct Descended<'a> {
    pub(super) end: End<'a>,
    /// Heads of the iterates, where they were asked for.
    pub(super) iterates: Vec<Head>,
}

/// How a search ended.
pub(super) enum End<'a> {
    /// The gradient is zero to rounding.
    Stationary(Box<StationaryPoint<'a>>),
    /// As its optimizer ends: short of that.
    Stopped(Head),
    /// There is no answer, and why.
    Unsolved(String),
}

/// Minimises a problem.
pub(super) fn descend<'a>(
    problem: &Problem<'a>,
    dataset: &Dataset,
    optimizer: SeriesOptimizer,
    traced: bool,
) -> Descended<'a> {
    let objective = Objective::new(problem, dataset);
    let first_order = |iterates: Vec<Head>| match iterates.last() {
        Some(last) => Descended { end: End::Stopped(last.clone()), iterates },
        None => Descended { end: End::Unsolved("no step was possible".to_owned()), iterates },
    };
    match optimizer {
        SeriesOptimizer::Newton => {
            let (outcome, iterates) =
                if traced { solve_traced(problem) } else { (solve(problem), Vec::new()) };
            let end = match outcome.confirmed(&SolverSettings::default()) {
                Outcome::Stationary(point) => End::Stationary(point),
                Outcome::Separable(found) => End::Unsolved(separable(&found, dataset)),
                Outcome::NotConverged { why, .. } => End::Unsolved(format!("not converged: {why}")),
            };
            Descended { end, iterates }
        }
        SeriesOptimizer::Lbfgs { iterations } => {
            let search = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY);
            // Both of its own stopping criteria off: it continues for as long as it can.
            let search = search.with_tolerance_grad(0.0).and_then(|search| search.with_tolerance_cost(0.0));
            match search {
                Ok(search) => first_order(objective.iterates(search, iterations)),
                Err(error) => Descended { end: End::Unsolved(error.to_string()), iterates: Vec::new() },
            }
        }
        SeriesOptimizer::GradientDescent { iterations } => {
            first_order(objective.steepest_descent(iterations))
        }
    }
}

/// That there is no minimiser, and which column or level separates, where a few do.
fn separable(found: &Separable, dataset: &Dataset) -> String {
    let why = found.sentence(dataset.feature_names(), dataset.labels().class_names());
    let why = why.map_or_else(String::new, |why| format!("; {why}"));
    format!("separable: no finite minimiser exists{why}")
}

/// A problem as a function of all its parameters: coefficients column by column, then intercepts.
#[derive(Clone)]
pub(super) struct Objective<'p> {
    problem: &'p Problem<'p>,
    features: Cow<'p, DMatrix<f64>>,
}

/// What a point is like.
pub(super) struct Evaluation {
    pub(super) loss: f64,
    pub(super) gradient_inf: f64,
    pub(super) balance_residual: f64,
}

impl<'p> Objective<'p> {
    pub(super) fn new(problem: &'p Problem<'p>, dataset: &'p Dataset) -> Self {
        Self { problem, features: dataset.features() }
    }

    fn head(&self, parameters: &[f64]) -> Head {
        let (rows, columns) = (self.problem.loss().logit_rows(), self.features.nrows());
        let (coefficients, intercepts) = parameters.split_at(rows * columns);
        Head {
            coefficients: DMatrix::from_column_slice(rows, columns, coefficients),
            intercepts: intercepts.to_vec(),
        }
    }

    pub(super) fn logits(&self, head: &Head) -> DMatrix<f64> {
        head.logits(&self.features)
    }

    fn gradient_at(&self, head: &Head) -> PlainGradient {
        self.problem.plain_gradient(&self.features, head)
    }

    pub(super) fn evaluate(&self, head: &Head) -> Evaluation {
        let gradient = self.gradient_at(head);
        let entries = gradient.coefficients.iter().chain(&gradient.intercepts);
        let ledger = Ledger::at(self.problem.loss(), &self.logits(head), self.problem.targets());
        Evaluation {
            loss: gradient.objective,
            gradient_inf: entries.fold(0.0, |largest, entry| largest.max(entry.abs())),
            balance_residual: ledger.worst_residual(),
        }
    }

    /// The iterates of gradient descent. A step depends on its beginning alone: after one that goes nowhere all others do, and are not
    /// searched for, which takes longer than all that went somewhere.
    fn steepest_descent(&self, iterations: u64) -> Vec<Head> {
        let search = SteepestDescent::new(MoreThuenteLineSearch::new());
        let recorder = IterateRecorder { ends_at_rest: true, ..IterateRecorder::default() };
        let mut iterates = self.recorded(search, iterations, &recorder);
        if let [.., before, last] = iterates.as_slice()
            && before == last
        {
            let last = last.clone();
            iterates.resize(usize::try_from(iterations).unwrap_or(usize::MAX).saturating_add(1), last);
        }
        iterates
    }

    /// The iterates of an `argmin` solver from zero. When a line search fails, what came before it counts.
    fn iterates<S>(&self, solver: S, iterations: u64) -> Vec<Head>
    where
        S: Solver<Self, Walk>,
    {
        self.recorded(solver, iterations, &IterateRecorder::default())
    }

    fn recorded<S>(&self, solver: S, iterations: u64, recorder: &IterateRecorder) -> Vec<Head>
    where
        S: Solver<Self, Walk>,
    {
        let rows = self.problem.loss().logit_rows();
        let start = vec![0.0; rows * (self.features.nrows() + 1)];
        let ended = Executor::new(self.clone(), solver)
            .configure(|state| state.param(start.clone()).max_iters(iterations))
            .add_observer(recorder.clone(), ObserverMode::Always)
            .timer(false)
            .run();
        drop(ended);
        let walked = std::mem::take(&mut *recorder.walked.lock().unwrap_or_else(PoisonError::into_inner));
        std::iter::once(&start).chain(&walked).map(|parameters| self.head(parameters)).collect()
    }
}

/// The state of a first-order search.
type Walk = IterState<Vec<f64>, Vec<f64>, (), (), (), f64>;

impl CostFunction for Objective<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.gradient_at(&self.head(parameters)).objective)
    }
}

impl Gradient for Objective<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let PlainGradient { coefficients, intercepts, .. } = self.gradient_at(&self.head(parameters));
        Ok(coefficients.iter().copied().chain(intercepts).collect())
    }
}

#[derive(Clone, Default)]
struct IterateRecorder {
    walked: Arc<Mutex<Vec<Vec<f64>>>>,
    /// Whether a step that goes nowhere is the last.
    ends_at_rest: bool,
}

impl Observe<Walk> for IterateRecorder {
    fn observe_iter(&mut self, state: &Walk, _: &KV) -> Result<(), Error> {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_at_rest = walked.last().is_some() && walked.last() == state.get_param();
        walked.extend(state.get_param().cloned());
        if self.ends_at_rest && is_at_rest {
            return Err(ArgminError::ConditionViolated { text: "a step went nowhere".to_owned() }.into());
        }
        Ok(())
    }
}

/// The numbers of the recorded ones among `count` iterations: all at first, then at equal factors, and the last.
pub(super) fn recorded_iterations(count: usize) -> Vec<usize> {
    let mut recorded_iterations: Vec<usize> = (0..count.min(ALL_RECORDED)).collect();
    let mut next = ALL_RECORDED as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of iterations")]
    while (next as usize) < count {
        recorded_iterations.push(next as usize);
        next = (next * SPACING).max(next + 1.0);
    }
    if let Some(last) = count.checked_sub(1).filter(|last| recorded_iterations.last() != Some(last)) {
        recorded_iterations.push(last);
    }
    recorded_iterations
}

#[cfg(test)]
mod tests {
    use super::recorded_iterations;

    #[test]
    fn first_and_last_iterations_are_recorded() {
        assert_eq!(recorded_iterations(0), [] as [usize; 0]);
        assert_eq!(recorded_iterations(3), [0, 1, 2]);
        let many = recorded_iterations(10_000);
        assert!(many.len() < 200 && many[0] == 0 && many[many.len() - 1] == 9_999);
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
