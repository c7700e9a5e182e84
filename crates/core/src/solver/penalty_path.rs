//! Solves one problem with many penalties, each search beginning where the last ones lead.

use super::descent::Descent;
use super::problem::Problem;
use super::search::{Search, beside_values_far_out, scaled};
use super::settings::{Callback, SettingsError, SolverSettings, Watch};
use super::softmax_newton::KeptFactors;
use super::solution::{Head, Outcome};
use nalgebra::DMatrix;
use std::collections::VecDeque;

/// Points that the next head is extrapolated from.
const POINTS: usize = 3;

/// The heads at the last penalties, from which the next one is guessed: by the polynomial through them in the logarithm of
/// the penalty.
///
/// Every outcome is what [`super::solve_with`] would find, with a certificate of its own. Searches save steps where penalties
/// rise or fall by small factors and all else is the same. There is no initial guess without a penalty, where the data may be
/// separable, and for losses that are not convex, so that the minimum found does not depend on the path.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, LossSpec};
/// use equipoise::solver::{PenaltyPath, Problem, SolverSettings};
/// use std::ops::ControlFlow;
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;
/// let mut path = PenaltyPath::default();
/// let mut sizes = Vec::new();
/// for l2 in [1.0, 0.1, 0.01] {
///     let problem = problem.with_penalty(l2)?;
///     let outcome = path.solve(&problem, &SolverSettings::default(), &mut |_| ControlFlow::Continue(()))?;
///     sizes.push(outcome.stationary().ok_or("no stationary point")?.head.coefficients.norm());
/// }
/// assert!(sizes[0] < sizes[1] && sizes[1] < sizes[2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct PenaltyPath {
    /// Logarithm of the penalty and head, the latest last.
    last: VecDeque<(f64, Head)>,
    /// What preconditions softmax, kept for as long as it serves.
    factors: Option<KeptFactors>,
    /// The relative gradient at which searches end.
    enough: f64,
}

impl PenaltyPath {
    /// A path that goes on from the head of a penalty, which must be positive.
    #[must_use]
    pub fn beginning_at(l2: f64, head: Head) -> Self {
        Self { last: VecDeque::from([(l2.ln(), head)]), ..Self::default() }
    }

    /// A path whose searches end once their relative gradient ([`Certificate::relative_gradient`]) is at most this, if they do
    /// not end before: to compare heads on other samples is no work for 16 digits.
    ///
    /// [`Certificate::relative_gradient`]: super::Certificate::relative_gradient
    #[must_use]
    pub fn ending_at(relative_gradient: f64) -> Self {
        Self { enough: relative_gradient, ..Self::default() }
    }

    /// Solves the next problem; settings and callback as of [`super::solve_with`].
    ///
    /// # Errors
    /// Where a setting cannot be used, or the search would take more memory than it may.
    pub fn solve<'a>(
        &mut self,
        problem: &Problem<'a>,
        settings: &SolverSettings,
        callback: Callback,
    ) -> Result<Outcome<'a>, SettingsError> {
        settings.validate()?;
        settings.check_memory(problem.memory())?;
        let mut unseen = |_: u64, _: &dyn Descent| ();
        let mut watch = Watch::new(*settings, callback, &mut unseen).ending_at(self.enough);
        let features = scaled(problem);
        let guess = (problem.l2 > 0.0).then(|| self.guess(problem.l2.ln())).flatten();
        let on = |guess| Search::going_on(problem, &features).run_from(&guess, &mut self.factors, &mut watch);
        let from_guess = guess.and_then(on);
        let outcome = match from_guess {
            Some(outcome) => outcome,
            None => Search::new(problem, &features).run(&mut watch),
        };
        let outcome = beside_values_far_out(problem, outcome, &mut watch);
        if let (Outcome::Stationary(point), true) = (&outcome, problem.l2 > 0.0) {
            self.note(problem.l2.ln(), &point.head);
        }
        Ok(outcome)
    }

    /// The polynomial through the last heads, at a logarithm of the penalty.
    fn guess(&self, at: f64) -> Option<Head> {
        let (_, first) = self.last.front()?;
        let mut guess = Head {
            coefficients: DMatrix::zeros(first.coefficients.nrows(), first.coefficients.ncols()),
            intercepts: vec![0.0; first.intercepts.len()],
        };
        for (place, (here, head)) in self.last.iter().enumerate() {
            let others = self.last.iter().enumerate().filter(|&(other, _)| other != place);
            let weight: f64 = others.map(|(_, (there, _))| (at - there) / (here - there)).product();
            if head.coefficients.shape() != guess.coefficients.shape() {
                return None;
            }
            guess.coefficients += &head.coefficients * weight;
            guess.intercepts.iter_mut().zip(&head.intercepts).for_each(|(sum, own)| *sum += weight * own);
        }
        Some(guess)
    }

    fn note(&mut self, at: f64, head: &Head) {
        // Points of a polynomial are apart.
        self.last.retain(|(there, _)| *there != at);
        self.last.push_back((at, head.clone()));
        if self.last.len() > POINTS {
            self.last.pop_front();
        }
    }
}
