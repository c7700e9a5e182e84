//! When a step is good and when a point is stationary. Only the gradient decides, never the cost.

use super::descent::Progress;
use nalgebra::DVector;

/// Below this the gradient is rounding error of its own terms.
const ROUNDING: f64 = 5e-16;
/// The largest relative gradient that may still be called stationary.
const STATIONARY: f64 = 1e-12;
/// A step that still moves some logit by this share is not the end of a converging sequence.
const SETTLED_STEP: f64 = 1e-6;
/// Armijo's share of the predicted decrease.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// A predicted decrease below this share of the value drowns in the value's rounding.
const VISIBLE_DECREASE: f64 = 1e-9;
/// First bound on how far one step may raise the largest logit; doubled whenever it binds and the step succeeds.
const FIRST_REACH: f64 = 16.0;
/// A Hessian is kept when this many more steps like the last promise the end.
const STEPS_WORTH_A_HESSIAN: i32 = 4;
/// Halvings after which a line search is given up.
const MOST_SHORTENINGS: usize = 40;
/// Steps after which slow progress asks for the fast and for the full separation check.
const FAST_CHECK_FROM: usize = 4;
const FULL_CHECK_AT: [usize; 3] = [12, 40, 120];
/// Where classes can be told apart, every step of Newton's moves some logit by about 1: its weight falls by a factor `e`.
/// Steps that move none so far say that they cannot.
const MOVES_IF_SEPARABLE: f64 = 0.5;
/// Steps after which the search is given up.
const MOST_STEPS: usize = 300;

/// How close one problem is to stationary, and how its steps have gone so far.
///
/// The measure is relative: the gradient's largest entry beside the sum of the magnitudes of the terms that
/// cancel in it. A class of mass 1e-9 is then solved to as many digits as any other.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    relative: f64,
    /// What the last step left of it, as a share.
    last_share: f64,
    steps: usize,
    stalls: usize,
    reach: f64,
    settled_step: bool,
    /// Bound on how far the last direction moves a logit.
    last_reach: f64,
    indefinite: bool,
}

/// One line search along one direction.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    length: f64,
    slope: f64,
    reach: f64,
    /// How far the largest logit may rise.
    bound: f64,
    bounded: bool,
    shortenings: usize,
    /// The point is stationary already; a step that does not help says that nothing will.
    at_rounding: bool,
}

impl Goal {
    pub(super) fn new(gradient: &DVector<f64>, magnitude: f64) -> Self {
        Self {
            relative: relative(gradient, magnitude),
            last_share: 1.0,
            steps: 0,
            stalls: 0,
            reach: FIRST_REACH,
            settled_step: false,
            last_reach: f64::INFINITY,
            indefinite: false,
        }
    }

    pub(super) fn relative(&self) -> f64 {
        self.relative
    }

    /// Curvature, as a share of the gradient's magnitude, that makes a pure gradient step reach just past the bound on
    /// logit changes: what replaces second derivatives where saturation leaves none.
    pub(super) fn substitute_curvature(&self) -> f64 {
        self.relative / (2.0 * self.reach)
    }

    /// Whether the point is stationary to rounding.
    pub(super) fn is_met(&self) -> bool {
        self.relative <= STATIONARY
    }

    /// Begins a line search along a direction that moves no logit by more than `reach` and has slope `slope`.
    pub(super) fn begin(&mut self, reach: f64, slope: f64, newton: bool) -> Trial {
        self.indefinite |= !newton;
        self.last_reach = reach;
        Trial {
            length: 1.0,
            slope,
            reach,
            bound: self.reach,
            bounded: false,
            shortenings: 0,
            at_rounding: self.is_met(),
        }
    }

    /// Whether a few more steps like the last end the search.
    pub(super) fn promises_end(&self) -> bool {
        self.is_met() || self.relative * self.last_share.powi(STEPS_WORTH_A_HESSIAN) <= ROUNDING
    }

    /// Whether one more step like the last ends the search.
    pub(super) fn is_a_step_away(&self) -> bool {
        self.relative * self.last_share <= ROUNDING
    }

    /// Takes note of an accepted step and says whether it was the last.
    pub(super) fn moved(
        &mut self,
        gradient: &DVector<f64>,
        magnitude: f64,
        trial: &Trial,
        largest_logit: f64,
    ) -> Progress {
        let before = self.relative;
        self.relative = relative(gradient, magnitude);
        self.last_share = self.relative / before;
        self.steps += 1;
        if trial.bounded && trial.shortenings == 0 {
            self.reach *= 2.0;
        }
        self.settled_step = trial.reach * trial.length <= SETTLED_STEP * (1.0 + largest_logit);
        let slow = self.relative > 0.5 * before;
        self.stalls = if slow { self.stalls + 1 } else { 0 };
        if self.settled_step
            && (self.relative <= ROUNDING || (self.relative <= STATIONARY && self.stalls >= 1))
        {
            Progress::Settled
        } else if self.steps >= MOST_STEPS {
            Progress::Stuck(format!("{MOST_STEPS} steps left a relative gradient of {:.1e}", self.relative))
        } else {
            Progress::Active
        }
    }

    /// No length of the last direction was acceptable: the end at rounding level, or a failure.
    pub(super) fn no_step_left(&self, trial: &Trial) -> Progress {
        if self.relative <= STATIONARY && (self.settled_step || trial.reach <= SETTLED_STEP) {
            Progress::Settled
        } else {
            Progress::Stuck(format!("no step improves a relative gradient of {:.1e}", self.relative))
        }
    }

    /// Whether the steps so far leave a doubt that a finite minimiser exists.
    pub(super) fn wants_separation_check(&self) -> bool {
        self.steps >= FAST_CHECK_FROM && self.last_reach > MOVES_IF_SEPARABLE
    }

    /// Whether the doubt is worth a linear program.
    pub(super) fn lp_is_due(&self) -> bool {
        FULL_CHECK_AT.contains(&self.steps)
    }

    /// Whether an indefinite or singular Hessian was met on the way.
    pub(super) fn met_indefinite(&self) -> bool {
        self.indefinite
    }
}

/// `|g|_inf` beside the magnitude of its terms.
fn relative(gradient: &DVector<f64>, magnitude: f64) -> f64 {
    if magnitude == 0.0 { gradient.amax() } else { gradient.amax() / magnitude }
}

impl Trial {
    /// The step off a saddle point, accepted because the value fell.
    pub(super) fn off_saddle(reach: f64) -> Self {
        Self {
            length: 1.0,
            slope: 0.0,
            reach,
            bound: f64::INFINITY,
            bounded: false,
            shortenings: 1,
            at_rounding: false,
        }
    }

    pub(super) fn length(&self) -> f64 {
        self.length
    }

    /// Whether the step raised the largest logit too far; it is then shortened to what it may.
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
        if predicted > VISIBLE_DECREASE * value.abs() {
            new_value <= value - SUFFICIENT_DECREASE * predicted
        } else {
            new_gradient < gradient
        }
    }

    /// Halves the step; false when nothing sensible is left.
    pub(super) fn shorten(&mut self) -> bool {
        self.length *= 0.5;
        self.shortenings += 1;
        !self.at_rounding && self.shortenings < MOST_SHORTENINGS
    }
}
