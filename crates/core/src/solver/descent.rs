//! What all search algorithms share: their interface, line search and convergence check. Only the gradient decides on
//! convergence, never the cost.

use super::separation::{Separation, SeparationOutcome};
use nalgebra::{DMatrix, DVector};

/// How far a search has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Progress {
    /// More steps to take.
    Active,
    /// Stationary to rounding.
    Converged,
    /// No finite minimiser exists.
    Separable(Box<Separation>),
    /// Ended without converging, and why.
    NotConverged(String),
    /// Ended where floating point cannot distinguish an overlap of the classes from separation, and how.
    Undecided(String),
}

impl Progress {
    /// The progress of a search over independent parts: separable or not converged if a part is, once none is active.
    pub(super) fn of_all<'p>(mut parts: impl Iterator<Item = &'p Self> + Clone) -> Self {
        if parts.clone().any(|part| *part == Self::Active) {
            return Self::Active;
        }
        if let Some(separable) = parts.clone().find(|part| matches!(part, Self::Separable(_))) {
            return separable.clone();
        }
        let undecided = parts.clone().find(|part| matches!(part, Self::Undecided(_)));
        undecided
            .or_else(|| parts.find(|part| matches!(part, Self::NotConverged(_))))
            .cloned()
            .unwrap_or(Self::Converged)
    }

    /// Progress of a search after the separability check.
    pub(super) fn after(self, verdict: SeparationOutcome) -> Self {
        match (self, verdict) {
            (_, SeparationOutcome::Proved(separation)) => Self::Separable(separation),
            (Self::NotConverged(_) | Self::Converged, SeparationOutcome::Unprintable) => {
                Self::Undecided(UNPRINTABLE_SEPARATION.to_owned())
            }
            (Self::NotConverged(why), SeparationOutcome::Undecided) => {
                Self::Undecided(format!("cannot be distinguished from separable in double precision: {why}"))
            }
            (Self::Converged, SeparationOutcome::Undecided) => Self::Undecided(
                "cannot be distinguished from separable in double precision: the gradient vanishes to rounding"
                    .to_owned(),
            ),
            (progress, _) => progress,
        }
    }
}

/// Why there is neither a minimum nor a proof that can be printed.
const UNPRINTABLE_SEPARATION: &str =
    "separable, along a direction that doubles cannot hold exactly: no finite minimiser exists";

/// An iterative search for a stationary point in scaled coordinates.
pub(super) trait Descent {
    /// One outer iteration.
    fn step(&mut self);
    /// Sets the share of the gradient that the next step may leave. Leaving less gains nothing.
    fn accept(&mut self, _share: f64) {}
    /// Goes over to value and gradient in double precision, if they are not yet.
    fn refine_gradient(&mut self) {}
    /// How far it has come.
    fn progress(&self) -> Progress;
    /// Parameters, `Q x D`.
    fn theta(&self) -> &DMatrix<f64>;
    /// Newton's step for another gradient (`D x Q`) near the present point, where second derivatives give one.
    fn newton_step(&mut self, gradient: &DMatrix<f64>) -> Option<DMatrix<f64>>;
    /// Gradient with respect to `theta`.
    fn gradient(&self) -> DMatrix<f64>;
    /// Objective value, penalty included.
    fn value(&self) -> f64;
    /// Largest gradient entry relative to the magnitude of its terms, over columns.
    fn relative_gradient(&self) -> f64;
    /// The state of each independent column; empty where all columns are one problem.
    fn columns(&self) -> Vec<ColumnState<'_>> {
        Vec::new()
    }
}

/// One column of a search whose columns are independent problems.
pub(super) struct ColumnState<'a> {
    /// How far it has come.
    pub(super) progress: &'a Progress,
    /// Its part of the objective.
    pub(super) value: f64,
    /// Its largest gradient entry relative to the magnitude of its terms.
    pub(super) relative_gradient: f64,
}

/// Below this the gradient is rounding error of its own terms.
const ROUNDING: f64 = 5e-16;
/// The largest relative gradient that may still be called stationary.
const STATIONARY: f64 = 1e-12;
/// A step that changes some logit by more than this fraction is not the last of a converging sequence.
const SMALL_STEP: f64 = 1e-6;
/// Armijo's fraction of the predicted decrease.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// A predicted decrease below this fraction of the value is lost in rounding ..
const VISIBLE_DECREASE: f64 = 1e-9;
/// .. of single precision.
const VISIBLE_IN_SINGLE: f64 = 1e-6;
/// First bound on how far one step may raise the largest logit; doubled whenever it binds and the step succeeds.
const FIRST_BOUND: f64 = 16.0;
/// A Hessian is kept if this many more steps like the last would end the search.
const STEPS_WORTH_A_HESSIAN: i32 = 4;
/// Halvings after which a line search is given up.
const MAX_SHORTENINGS: usize = 40;
/// Steps after which slow progress asks for the fast and for the full separation check.
const FAST_CHECK_FROM: usize = 4;
const FULL_CHECK_AT: [usize; 3] = [12, 40, 120];
/// Where classes are separable, every step of Newton's moves some logit by about 1: its weight falls by a factor `e`.
/// Smaller steps show that classes are not separable.
const MOVES_IF_SEPARABLE: f64 = 0.5;
/// Steps after which the search is given up.
const MAX_STEPS: usize = 300;

/// The convergence check of one problem: its relative gradient, and the history of its steps.
///
/// The measure is the gradient's largest entry relative to the sum of the magnitudes of the terms that
/// cancel in it. A class of mass 1e-9 is then solved to as many digits as any other.
#[derive(Debug, Clone)]
pub(super) struct ConvergenceCheck {
    relative: f64,
    /// Ratio of the relative gradient after the last step to the one before.
    last_reduction: f64,
    steps: usize,
    stalls: usize,
    bound: f64,
    small_step: bool,
    /// Bound on how far the last direction moves a logit.
    last_logit_change: f64,
    indefinite: bool,
}

/// One line search along one direction.
#[derive(Debug, Clone)]
pub(super) struct LineSearch {
    length: f64,
    slope: f64,
    logit_change: f64,
    /// How far the largest logit may rise.
    bound: f64,
    bounded: bool,
    shortenings: usize,
    /// The point is stationary already: one step that does not help ends the line search.
    at_rounding: bool,
    /// The smallest decrease, as a fraction of the value, that can be told from rounding.
    visible: f64,
}

impl ConvergenceCheck {
    pub(super) fn new(gradient: &DVector<f64>, magnitude: f64) -> Self {
        Self {
            relative: relative(gradient, magnitude),
            last_reduction: 1.0,
            steps: 0,
            stalls: 0,
            bound: FIRST_BOUND,
            small_step: false,
            last_logit_change: f64::INFINITY,
            indefinite: false,
        }
    }

    pub(super) fn relative(&self) -> f64 {
        self.relative
    }

    /// Takes the gradient at the same point in another precision.
    pub(super) fn measured_anew(&mut self, gradient: &DVector<f64>, magnitude: f64) {
        self.relative = relative(gradient, magnitude);
    }

    /// Replacement for second derivatives where saturation leaves none: the curvature, as a fraction of the gradient's
    /// magnitude, with which a gradient step just exceeds the bound on logit changes.
    pub(super) fn fallback_curvature(&self) -> f64 {
        self.relative / (2.0 * self.bound)
    }

    /// Whether the point is stationary to rounding.
    pub(super) fn is_met(&self) -> bool {
        self.relative <= STATIONARY
    }

    /// Begins a line search along a direction that moves no logit by more than `logit_change` and has slope `slope`.
    pub(super) fn begin(&mut self, logit_change: f64, slope: f64, newton: bool) -> LineSearch {
        self.indefinite |= !newton;
        self.last_logit_change = logit_change;
        LineSearch {
            length: 1.0,
            slope,
            logit_change,
            bound: self.bound,
            bounded: false,
            shortenings: 0,
            // Beside a negative eigenvalue the direction is not Newton's, and its length a guess.
            at_rounding: self.is_met() && newton,
            visible: VISIBLE_DECREASE,
        }
    }

    /// Whether a few more steps like the last end the search.
    pub(super) fn promises_end(&self) -> bool {
        self.is_met() || self.relative * self.last_reduction.powi(STEPS_WORTH_A_HESSIAN) <= ROUNDING
    }

    /// Whether one more step like the last ends the search.
    pub(super) fn is_a_step_away(&self) -> bool {
        self.relative * self.last_reduction <= ROUNDING
    }

    /// Records an accepted step and returns the progress.
    pub(super) fn moved(
        &mut self,
        gradient: &DVector<f64>,
        magnitude: f64,
        line_search: &LineSearch,
        largest_logit: f64,
    ) -> Progress {
        let before = self.relative;
        self.relative = relative(gradient, magnitude);
        self.last_reduction = self.relative / before;
        self.steps += 1;
        if line_search.bounded && line_search.shortenings == 0 {
            self.bound *= 2.0;
        }
        self.small_step = line_search.logit_change * line_search.length <= SMALL_STEP * (1.0 + largest_logit);
        let slow = self.relative > 0.5 * before;
        self.stalls = if slow { self.stalls + 1 } else { 0 };
        if self.small_step && (self.relative <= ROUNDING || (self.relative <= STATIONARY && self.stalls >= 1))
        {
            Progress::Converged
        } else if self.steps >= MAX_STEPS {
            Progress::NotConverged(format!(
                "{MAX_STEPS} steps left a relative gradient of {:.1e}",
                self.relative
            ))
        } else {
            Progress::Active
        }
    }

    /// No length of the last step was accepted: converged at rounding level, or not converged.
    pub(super) fn no_step_left(&self, line_search: &LineSearch) -> Progress {
        if self.relative <= STATIONARY && (self.small_step || line_search.logit_change <= SMALL_STEP) {
            Progress::Converged
        } else {
            Progress::NotConverged(format!("no step improves a relative gradient of {:.1e}", self.relative))
        }
    }

    /// Whether the steps so far suggest that no finite minimiser exists.
    pub(super) fn wants_separation_check(&self) -> bool {
        self.steps >= FAST_CHECK_FROM && self.last_logit_change > MOVES_IF_SEPARABLE
    }

    /// Whether a linear program is due.
    pub(super) fn lp_is_due(&self) -> bool {
        FULL_CHECK_AT.contains(&self.steps)
    }

    /// Whether an indefinite or singular Hessian was met on the way.
    pub(super) fn met_indefinite(&self) -> bool {
        self.indefinite
    }
}

/// `|g|_inf` relative to the magnitude of its terms.
fn relative(gradient: &DVector<f64>, magnitude: f64) -> f64 {
    if magnitude == 0.0 { gradient.amax() } else { gradient.amax() / magnitude }
}

impl LineSearch {
    /// The step off a saddle point, accepted because the value fell.
    pub(super) fn off_saddle(logit_change: f64) -> Self {
        Self {
            length: 1.0,
            slope: 0.0,
            logit_change,
            bound: f64::INFINITY,
            bounded: false,
            shortenings: 1,
            at_rounding: false,
            visible: VISIBLE_DECREASE,
        }
    }

    /// Values are those of single precision.
    pub(super) fn values_are_single(&mut self) {
        self.visible = VISIBLE_IN_SINGLE;
    }

    pub(super) fn length(&self) -> f64 {
        self.length
    }

    /// Whether the step raised the largest logit too far; it is then shortened to the bound.
    pub(super) fn overshoots(&mut self, raised: f64) -> bool {
        let overshoots = raised > 1.5 * self.bound;
        if overshoots {
            self.length *= self.bound / raised;
            self.bounded = true;
        }
        overshoots
    }

    /// Armijo's condition while the decrease can be seen in the value, else a smaller gradient.
    pub(super) fn accepts(&self, value: f64, gradient: f64, new_value: f64, new_gradient: f64) -> bool {
        let predicted = -self.length * self.slope;
        if predicted > self.visible * value.abs() {
            new_value <= value - SUFFICIENT_DECREASE * predicted
        } else {
            new_gradient < gradient
        }
    }

    /// Halves the step; false when nothing sensible is left.
    pub(super) fn shorten(&mut self) -> bool {
        self.length *= 0.5;
        self.shortenings += 1;
        !self.at_rounding && self.shortenings < MAX_SHORTENINGS
    }
}
