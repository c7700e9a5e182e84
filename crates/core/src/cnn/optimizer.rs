//! Steps down the gradient.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How a step is made of the gradient `g`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// `v <- momentum v + g`, `w <- w - rate v`; weight decay is part of `g`.
    Sgd {
        /// What is kept of the last step, from 0 to below 1.
        momentum: f64,
    },
    /// Adam (Kingma and Ba 2015) with its usual constants; weight decay is part of `g`.
    Adam,
    /// Adam with weight decay beside the gradient (Loshchilov and Hutter 2019).
    Adamw,
}

/// How the learning rate goes down.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Along half a cosine to zero at the end of training.
    #[default]
    Cosine,
    /// By a factor every so many epochs.
    Step {
        /// Epochs between.
        every: usize,
        /// What the rate is multiplied by.
        factor: f64,
    },
    /// By a factor whenever the training loss has flattened; when it has once more after the last cut, training ends, before
    /// its epochs are used up.
    ///
    /// The loss has flattened when its mean over the last `window` epochs is lower than that over the `window` epochs before, both
    /// since the last cut, by no more than `fall` times what it has fallen in all since the first epoch. That is the same for a loss
    /// times a factor or plus a constant, and a loss that approaches zero flattens too.
    Plateau {
        /// Epochs that are averaged.
        window: usize,
        /// Fall from one window to the next at which the loss is flat, as a share of its whole fall.
        fall: f64,
        /// What the rate is multiplied by.
        factor: f64,
        /// Times that it is.
        cuts: usize,
    },
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Sgd { momentum: 0.9 }
    }
}

impl Optimizer {
    /// Running means that are kept for each parameter.
    #[must_use]
    pub fn moments(self) -> usize {
        match self {
            Self::Sgd { .. } => 1,
            Self::Adam | Self::Adamw => 2,
        }
    }
}

impl Schedule {
    /// What the rate is multiplied by at a step of a training of `steps` steps, `per_epoch` in each epoch, whose epochs before
    /// had these mean losses.
    #[must_use]
    pub fn factor(self, step: usize, per_epoch: usize, steps: usize, losses: &[f64]) -> f64 {
        let raised = |factor: f64, times: usize| factor.powi(i32::try_from(times).unwrap_or(i32::MAX));
        match self {
            Self::Constant => 1.0,
            Self::Cosine => f64::midpoint(1.0, (std::f64::consts::PI * step as f64 / steps as f64).cos()),
            Self::Step { every, factor } => raised(factor, step / per_epoch.max(1) / every.max(1)),
            Self::Plateau { factor, .. } => raised(factor, self.plateaus(losses)),
        }
    }

    /// Whether a training whose epochs had these mean losses is to end: it is flat after the last cut.
    #[must_use]
    pub fn has_flattened(self, losses: &[f64]) -> bool {
        matches!(self, Self::Plateau { cuts, .. } if self.plateaus(losses) > cuts)
    }

    /// How often the loss has flattened in epochs of these mean losses.
    fn plateaus(self, losses: &[f64]) -> usize {
        let Self::Plateau { window, fall, .. } = self else { return 0 };
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (mut count, mut since) = (0, 0);
        for end in 1..=losses.len() {
            if end - since < 2 * window {
                continue;
            }
            let (before, last) = losses[end - 2 * window..end].split_at(window);
            let whole_fall = (losses[0] - mean(last)).max(0.0);
            if mean(before) - mean(last) <= fall * whole_fall {
                count += 1;
                since = end;
            }
        }
        count
    }
}

/// One step's numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) rate: f64,
    /// `mu` of the penalty `mu / 2 ||w||^2`.
    pub(super) decay: f64,
    /// Steps done, this one included.
    pub(super) number: usize,
}

/// Decay of the running means of Adam, and what keeps it from dividing by zero.
const FIRST: f64 = 0.9;
const SECOND: f64 = 0.999;
const FLOOR: f64 = 1e-8;

/// Parameters one thread works on at a time.
const PIECE: usize = 1 << 14;

impl Optimizer {
    /// Moves the parameters, of which the first `decaying` decay. `moments` holds as many numbers for each parameter as
    /// [`Self::moments`] says, zero at first.
    pub(super) fn step(
        self,
        step: Step,
        gradient: &[f32],
        decaying: usize,
        moments: &mut [Vec<f32>],
        parameters: &mut [f32],
    ) {
        let (first, last) = parameters.split_at_mut(decaying);
        let (of_first, of_last) = gradient.split_at(decaying);
        let (moments_of_first, moments_of_last) =
            moments.iter_mut().map(|moment| moment.split_at_mut(decaying)).unzip();
        self.step_alike(step, of_first, moments_of_first, first);
        self.step_alike(Step { decay: 0.0, ..step }, of_last, moments_of_last, last);
    }

    /// Moves parameters that decay alike.
    fn step_alike(self, step: Step, gradient: &[f32], moments: Vec<&mut [f32]>, parameters: &mut [f32]) {
        let mut moments = moments.into_iter();
        let first = moments.next().unwrap_or_default();
        let pieces = parameters.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE));
        let pieces = pieces.zip(first.par_chunks_mut(PIECE));
        match self {
            Self::Sgd { momentum } => pieces.for_each(|((parameters, gradient), velocity)| {
                descend(step, momentum, gradient, velocity, parameters);
            }),
            Self::Adam | Self::Adamw => {
                let second = moments.next().unwrap_or_default();
                pieces.zip(second.par_chunks_mut(PIECE)).for_each(
                    |(((parameters, gradient), first), second)| {
                        adapt(step, self == Self::Adamw, gradient, (first, second), parameters);
                    },
                );
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is what networks compute in")]
fn descend(step: Step, momentum: f64, gradient: &[f32], velocity: &mut [f32], parameters: &mut [f32]) {
    let (rate, decay, momentum) = (step.rate as f32, step.decay as f32, momentum as f32);
    for ((parameter, gradient), velocity) in parameters.iter_mut().zip(gradient).zip(velocity) {
        *velocity = momentum * *velocity + (gradient + decay * *parameter);
        *parameter -= rate * *velocity;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is what networks compute in")]
fn adapt(
    step: Step,
    apart: bool,
    gradient: &[f32],
    (first, second): (&mut [f32], &mut [f32]),
    parameters: &mut [f32],
) {
    let number = i32::try_from(step.number).unwrap_or(i32::MAX);
    // Running means start at zero: what they lack is made up for.
    let (lack_of_first, lack_of_second) = (1.0 - FIRST.powi(number), 1.0 - SECOND.powi(number));
    let rate = (step.rate / lack_of_first) as f32;
    let (shrink, decay) =
        if apart { ((1.0 - step.rate * step.decay) as f32, 0.0) } else { (1.0, step.decay as f32) };
    let root = (1.0 / lack_of_second.sqrt()) as f32;
    let (keep_first, keep_second, floor) = (FIRST as f32, SECOND as f32, FLOOR as f32);
    let means = first.iter_mut().zip(second);
    for ((parameter, gradient), (first, second)) in parameters.iter_mut().zip(gradient).zip(means) {
        let gradient = gradient + decay * *parameter;
        *first = keep_first * *first + (1.0 - keep_first) * gradient;
        *second = keep_second * *second + (1.0 - keep_second) * gradient * gradient;
        *parameter = shrink * *parameter - rate * *first / (second.sqrt() * root + floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLATEAU: Schedule = Schedule::Plateau { window: 2, fall: 0.1, factor: 0.5, cuts: 1 };

    #[test]
    fn a_flat_loss_cuts_the_rate_and_then_ends_the_training() {
        let losses = [8.0, 6.0, 4.0, 3.0, 2.4, 2.4, 2.2, 2.0];
        let factor = |epochs: usize| PLATEAU.factor(0, 1, 100, &losses[..epochs]);
        // 3.5 against 7, 2.7 against 5, 2.4 against 3.5, 2.3 against 2.7: a fall of 0.4 is less than a tenth of 8 - 2.3.
        assert_eq!((0..=7).map(factor).collect::<Vec<_>>(), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5]);
        assert!(!PLATEAU.has_flattened(&losses));
        // After the cut both windows begin anew.
        let further = [&losses[..7], &[1.0, 1.0, 1.0]].concat();
        assert!(!PLATEAU.has_flattened(&further));
        assert!(PLATEAU.has_flattened(&[further.as_slice(), &[1.0]].concat()));
        assert!(!Schedule::Cosine.has_flattened(&[1.0; 50]));
    }

    #[test]
    fn a_loss_in_other_units_flattens_at_the_same_epoch() {
        let losses: Vec<f64> = (0..40).map(|epoch| (-0.3 * f64::from(epoch)).exp()).collect();
        let ends =
            |losses: &[f64]| (1..=losses.len()).find(|&epochs| PLATEAU.has_flattened(&losses[..epochs]));
        let end = ends(&losses).expect("a loss that approaches zero flattens");
        let shifted: Vec<f64> = losses.iter().map(|loss| 8.0 + 4.0 * loss).collect();
        assert_eq!(ends(&shifted), Some(end));
        // A loss that goes on falling as it did does not flatten, and one that rises does.
        let line: Vec<f64> = (0..40).map(|epoch| -f64::from(epoch)).collect();
        assert_eq!(PLATEAU.plateaus(&line[..15]), 0);
        let rising: Vec<f64> = (0..9).map(f64::from).collect();
        assert_eq!(PLATEAU.plateaus(&rising), 2);
    }
}
