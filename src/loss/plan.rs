//! Losses by their names in files and flags, and their forms for training.

use super::{
    Focal, FocalProbability, Inr, InrVariant, LabelSmoothing, Logistic, Loss, PowerLogistic, Seesaw,
    ShiftedSoftmax, SmoothingWeights, Softmax, Targets,
};
use serde::{Deserialize, Serialize};

/// A loss by its plain name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "analyses", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LossPlan {
    /// Binary or one-vs-all logistic loss (LGL).
    Logistic,
    /// Softmax cross-entropy (SML).
    Softmax,
    /// LGL-INR.
    Inr {
        /// Sharpness of the reweighting, at least 0.
        beta: f64,
        /// Whether the gradient flows through the weights.
        #[serde(default)]
        variant: InrVariant,
    },
    /// Softmax focal loss.
    Focal {
        /// Sharpness, at least 0.
        gamma: f64,
        /// Which probability it is that focuses.
        #[serde(default)]
        probability: FocalProbability,
    },
    /// Focal loss of one-vs-all logistic columns.
    SigmoidFocal {
        /// Sharpness, at least 0.
        gamma: f64,
        /// Weight of own columns, from 0 to 1; the others have the rest.
        alpha: f64,
    },
    /// Softmax cross-entropy against smoothed labels.
    LabelSmoothing {
        /// Share of every label that is spread over all classes, from 0 to 1.
        smoothing: f64,
        /// What class weights multiply.
        #[serde(default)]
        weights: SmoothingWeights,
    },
    /// Softmax of logits shifted by the logarithms of class frequencies.
    LogitAdjusted {
        /// What the shift is multiplied by, at least 0.
        strength: f64,
    },
    /// Softmax of logits shifted by the logarithms of class sizes: logit adjustment of strength 1.
    BalancedSoftmax,
    /// Softmax with a margin on the own logit that is larger for rarer classes.
    Ldam {
        /// Margin of the rarest class, at least 0.
        margin: f64,
        /// What logits are multiplied by, at least 0.
        scale: f64,
    },
    /// Softmax of logits scaled and shifted by class sizes.
    VectorScaling {
        /// What the shift by log frequencies is multiplied by, at least 0.
        strength: f64,
        /// Power of a class's size, relative to the largest, that its logit is multiplied by, at least 0.
        gamma: f64,
    },
    /// Logistic loss whose own columns are weighted.
    PosWeight {
        /// The weight of each class's own samples in its column.
        weights: PositiveWeights,
    },
    /// Logistic loss in which rare classes are not pushed down by the others.
    Equalization {
        /// Share of all samples below which a class is rare, from 0 to 1.
        rare: f64,
    },
    /// Softmax that pushes rare classes down less, unless a sample is misclassified.
    Seesaw {
        /// Power of the ratio of class sizes, at least 0.
        mitigation: f64,
        /// Power of the ratio of probabilities, at least 0.
        compensation: f64,
        /// Lower bound on the own probability in the ratio to the others, from 0 to 1.
        #[serde(default)]
        floor: f64,
    },
    /// Logistic loss in which other columns count by a power of their probability (SS-LR).
    SoftSelection {
        /// Weight of the other columns together, at least 0.
        alpha: f64,
        /// The power, at least 0.
        gamma: f64,
    },
}

/// Weights of each class's own samples in its column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "analyses", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PositiveWeights {
    /// `(N - N_k) / N_k`: in every column own samples and others weigh the same.
    Balanced,
    /// One positive number per class.
    Explicit(Vec<f64>),
}

impl PositiveWeights {
    fn resolve(&self, targets: &Targets) -> Vec<f64> {
        match self {
            Self::Balanced => {
                let total = targets.total_size();
                targets.sizes().iter().map(|size| (total - size) / size).collect()
            }
            // Classes without a weight count once; callers that read a plan from outside check their number.
            Self::Explicit(weights) => {
                (0..targets.classes()).map(|class| weights.get(class).copied().unwrap_or(1.0)).collect()
            }
        }
    }
}

/// A loss over the samples that a network learns from or that an audit sees, a batch at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainingLoss {
    /// Binary or one-vs-all logistic loss, with pair weights.
    Logistic(Logistic),
    /// Softmax cross-entropy.
    Softmax(Softmax),
    /// LGL-INR.
    Inr(Inr),
    /// Softmax focal loss.
    Focal(Focal),
    /// Logistic loss with powers of probabilities.
    PowerLogistic(PowerLogistic),
    /// Softmax against smoothed labels.
    LabelSmoothing(LabelSmoothing),
    /// Softmax of shifted logits.
    Shifted(ShiftedSoftmax),
    /// Seesaw loss.
    Seesaw(Seesaw),
}

impl LossPlan {
    /// The loss over some samples; logistic losses of two classes have one column.
    #[must_use]
    pub fn build(&self, targets: &Targets) -> TrainingLoss {
        self.build_columns(targets, if targets.classes() == 2 { 1 } else { targets.classes() })
    }

    /// The same with the number of logit columns where the loss allows several: logistic losses of two classes have one
    /// or two.
    #[must_use]
    pub fn build_columns(&self, targets: &Targets, columns: usize) -> TrainingLoss {
        match *self {
            Self::Logistic if columns == 1 => TrainingLoss::Logistic(Logistic::binary(targets)),
            Self::Logistic => TrainingLoss::Logistic(Logistic::one_vs_all(targets)),
            Self::Softmax => TrainingLoss::Softmax(Softmax::new(targets)),
            Self::Inr { beta, variant } => {
                TrainingLoss::Inr(Inr { classes: targets.classes(), beta, variant })
            }
            Self::Focal { gamma, probability } => {
                TrainingLoss::Focal(Focal::new(targets, gamma, probability))
            }
            Self::SigmoidFocal { gamma, alpha } => {
                TrainingLoss::PowerLogistic(PowerLogistic::sigmoid_focal(targets, gamma, alpha))
            }
            Self::LabelSmoothing { smoothing, weights } => {
                TrainingLoss::LabelSmoothing(LabelSmoothing::new(targets, smoothing, weights))
            }
            Self::LogitAdjusted { strength } => {
                TrainingLoss::Shifted(ShiftedSoftmax::logit_adjusted(targets, strength))
            }
            Self::BalancedSoftmax => TrainingLoss::Shifted(ShiftedSoftmax::logit_adjusted(targets, 1.0)),
            Self::Ldam { margin, scale } => {
                TrainingLoss::Shifted(ShiftedSoftmax::ldam(targets, margin, scale))
            }
            Self::VectorScaling { strength, gamma } => {
                TrainingLoss::Shifted(ShiftedSoftmax::vector_scaled(targets, strength, gamma))
            }
            Self::PosWeight { ref weights } => {
                let positive = weights.resolve(targets);
                TrainingLoss::Logistic(Logistic::positive_weighted(targets, columns, &positive))
            }
            Self::Equalization { rare } => {
                TrainingLoss::Logistic(Logistic::equalized(targets, columns, rare))
            }
            Self::Seesaw { mitigation, compensation, floor } => {
                TrainingLoss::Seesaw(Seesaw::new(targets, mitigation, compensation, floor))
            }
            Self::SoftSelection { alpha, gamma } => {
                TrainingLoss::PowerLogistic(PowerLogistic::soft_selection(targets, alpha, gamma))
            }
        }
    }

    /// The numbers that the loss depends on, with their names and ranges.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let upwards = |name, value| Parameter { name, value, most: MAX_SHARPNESS };
        let fraction = |name, value| Parameter { name, value, most: 1.0 };
        match *self {
            Self::Logistic | Self::Softmax | Self::BalancedSoftmax | Self::PosWeight { .. } => Vec::new(),
            Self::Inr { beta, .. } => vec![upwards("beta", beta)],
            Self::Focal { gamma, .. } => vec![upwards("gamma", gamma)],
            Self::SigmoidFocal { gamma, alpha } => vec![upwards("gamma", gamma), fraction("alpha", alpha)],
            Self::LabelSmoothing { smoothing, .. } => vec![fraction("smoothing", smoothing)],
            Self::LogitAdjusted { strength } => vec![upwards("strength", strength)],
            Self::Ldam { margin, scale } => vec![upwards("margin", margin), upwards("scale", scale)],
            Self::VectorScaling { strength, gamma } => {
                vec![upwards("strength", strength), upwards("gamma", gamma)]
            }
            Self::Equalization { rare } => vec![fraction("rare", rare)],
            Self::Seesaw { mitigation, compensation, floor } => vec![
                upwards("mitigation", mitigation),
                upwards("compensation", compensation),
                fraction("floor", floor),
            ],
            Self::SoftSelection { alpha, gamma } => vec![upwards("alpha", alpha), upwards("gamma", gamma)],
        }
    }

    /// Whether it depends on class sizes, so that a class without samples makes no sense.
    #[must_use]
    pub fn reads_counts(&self) -> bool {
        matches!(
            self,
            Self::LogitAdjusted { .. }
                | Self::BalancedSoftmax
                | Self::Ldam { .. }
                | Self::VectorScaling { .. }
                | Self::Seesaw { .. }
                | Self::PosWeight { weights: PositiveWeights::Balanced }
        )
    }

    /// What is wrong with a parameter, if anything is: `name = value` and what to give.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let wrong = self.parameters().into_iter().find(|parameter| !parameter.is_within());
        let problem = wrong.map(|Parameter { name, value, most }| {
            format!("{name} = {value}; give a number from 0 to {most}")
        });
        let weights = match self {
            Self::PosWeight { weights: PositiveWeights::Explicit(weights) } => weights.as_slice(),
            _ => &[],
        };
        let unusable = weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0));
        problem.or_else(|| unusable.map(|weight| format!("positive weight {weight}; give positive numbers")))
    }

    /// The same, and whether it fits so many classes.
    #[must_use]
    pub fn problem_for(&self, classes: usize) -> Option<String> {
        let miscounted = match self {
            Self::PosWeight { weights: PositiveWeights::Explicit(weights) } if weights.len() != classes => {
                Some(format!("{} positive weights for {classes} classes; give one per class", weights.len()))
            }
            _ => None,
        };
        self.problem().or(miscounted)
    }

    /// The paper's name of the loss, or its authors'.
    #[must_use]
    pub fn paper_name(&self) -> String {
        match self {
            Self::Logistic => "LGL".to_owned(),
            Self::Softmax => "SML".to_owned(),
            Self::Inr { beta, variant: InrVariant::Attached } => format!("LGL-INR, β = {beta}"),
            Self::Inr { beta, variant: InrVariant::Detached } => format!("LGL-INR detached, β = {beta}"),
            Self::Focal { gamma, probability: FocalProbability::Plain } => format!("focal, γ = {gamma}"),
            Self::Focal { gamma, .. } => format!("focal of weighted loss, γ = {gamma}"),
            Self::SigmoidFocal { gamma, alpha } => format!("sigmoid focal, γ = {gamma}, α = {alpha}"),
            Self::LabelSmoothing { smoothing, .. } => format!("label smoothing, ε = {smoothing}"),
            Self::BalancedSoftmax => "balanced softmax".to_owned(),
            Self::Ldam { margin, scale } => format!("LDAM, margin {margin}, scale {scale}"),
            Self::VectorScaling { strength, gamma } => {
                format!("vector scaling, τ = {strength}, γ = {gamma}")
            }
            Self::PosWeight { .. } => "LGL with positive weights".to_owned(),
            Self::Equalization { rare } => format!("equalization, rare below {rare}"),
            Self::Seesaw { mitigation, compensation, .. } => {
                format!("seesaw, p = {mitigation}, q = {compensation}")
            }
            Self::SoftSelection { alpha, gamma } => format!("SS-LR, α = {alpha}, γ = {gamma}"),
            Self::LogitAdjusted { strength: 1.0 } => "logit-adjusted".to_owned(),
            Self::LogitAdjusted { strength } => format!("logit-adjusted, τ = {strength}"),
        }
    }
}

/// A number that a loss depends on, from 0 to `most`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its name in files, and with dashes on the command line.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// The largest that makes sense.
    pub most: f64,
}

impl Parameter {
    fn is_within(&self) -> bool {
        (0.0..=self.most).contains(&self.value)
    }
}

/// Sharpness of a loss above this overflows.
const MAX_SHARPNESS: f64 = 1e6;

impl TrainingLoss {
    /// The loss of a batch that is a `1 / batches` part of all samples: over all batches of an epoch its gradients add up to
    /// `batches` times that of the whole, so that each estimates it without bias. A weighted mean is not divided by the batch's
    /// own mass, which would count a rare class less wherever it occurs; LGL-INR takes its class means over the batch.
    #[must_use]
    pub fn on_batch(&self, batches: f64) -> Self {
        match self {
            Self::Logistic(loss) => Self::Logistic(loss.scaled(batches)),
            Self::Softmax(loss) => Self::Softmax(loss.scaled(batches)),
            Self::Inr(loss) => Self::Inr(*loss),
            Self::Focal(loss) => Self::Focal(loss.scaled(batches)),
            Self::PowerLogistic(loss) => Self::PowerLogistic(loss.scaled(batches)),
            Self::LabelSmoothing(loss) => Self::LabelSmoothing(loss.scaled(batches)),
            Self::Shifted(loss) => Self::Shifted(loss.scaled(batches)),
            Self::Seesaw(loss) => Self::Seesaw(loss.scaled(batches)),
        }
    }
}

impl TrainingLoss {
    /// The direction in logit space that leaves the loss unchanged: all ones for softmax; `None` for losses without
    /// one.
    #[must_use]
    pub fn free_shift(&self) -> Option<Vec<f64>> {
        match self {
            Self::Softmax(_) | Self::Focal(_) | Self::LabelSmoothing(_) | Self::Seesaw(_) => {
                Some(vec![1.0; self.logit_rows()])
            }
            Self::Shifted(loss) => Some(loss.free_shift()),
            Self::Logistic(_) | Self::Inr(_) | Self::PowerLogistic(_) => None,
        }
    }
}

impl std::ops::Deref for TrainingLoss {
    type Target = dyn Loss;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Logistic(loss) => loss,
            Self::Softmax(loss) => loss,
            Self::Inr(loss) => loss,
            Self::Focal(loss) => loss,
            Self::PowerLogistic(loss) => loss,
            Self::LabelSmoothing(loss) => loss,
            Self::Shifted(loss) => loss,
            Self::Seesaw(loss) => loss,
        }
    }
}
