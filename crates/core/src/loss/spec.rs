//! Losses by their names in files and flags, with their parameters.

use super::{
    BuiltLoss, Focal, FocalProbability, Inr, InrVariant, LabelSmoothing, Logistic, LossRow, Parameter,
    PowerLogistic, Seesaw, ShiftedSoftmax, SmoothingWeights, Softmax, Targets, table,
};
use crate::data::Labels;
use crate::numeric::plain;
use serde::{Deserialize, Serialize};

/// A loss by its name. Files may write it with hyphens, as the command line does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LossSpec {
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
    #[serde(alias = "sigmoid-focal")]
    SigmoidFocal {
        /// Sharpness, at least 0.
        gamma: f64,
        /// Weight of own columns, from 0 to 1; the others have the rest.
        alpha: f64,
    },
    /// Softmax cross-entropy against smoothed labels.
    #[serde(alias = "label-smoothing")]
    LabelSmoothing {
        /// Share of every label that is spread over all classes, from 0 to 1.
        smoothing: f64,
        /// What class weights multiply.
        #[serde(default)]
        weights: SmoothingWeights,
    },
    /// Softmax of logits shifted by the logarithms of class frequencies.
    #[serde(alias = "logit-adjusted")]
    LogitAdjusted {
        /// What the shift is multiplied by, at least 0.
        strength: f64,
    },
    /// Softmax of logits shifted by the logarithms of class sizes: logit adjustment of strength 1.
    #[serde(alias = "balanced-softmax")]
    BalancedSoftmax,
    /// Softmax with a margin on the own logit that is larger for rarer classes.
    Ldam {
        /// Margin of the rarest class, at least 0.
        margin: f64,
        /// What logits are multiplied by, at least 0.
        scale: f64,
    },
    /// Softmax of logits scaled and shifted by class sizes.
    #[serde(alias = "vector-scaling")]
    VectorScaling {
        /// What the shift by log frequencies is multiplied by, at least 0.
        strength: f64,
        /// Power of a class's size, relative to the largest, that its logit is multiplied by, at least 0.
        gamma: f64,
    },
    /// Logistic loss whose own columns are weighted.
    #[serde(alias = "pos-weight")]
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
    #[serde(alias = "soft-selection")]
    SoftSelection {
        /// Weight of the other columns together, at least 0.
        alpha: f64,
        /// The power, at least 0.
        gamma: f64,
    },
}

/// Weights of each class's own samples in its column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
            // Classes without a weight count once; callers that read a loss from outside check their number.
            Self::Explicit(weights) => {
                (0..targets.classes()).map(|class| weights.get(class).copied().unwrap_or(1.0)).collect()
            }
        }
    }
}

impl LossSpec {
    /// Columns of logits for so many classes: logistic losses of two classes have one.
    #[must_use]
    pub fn columns(&self, classes: usize) -> usize {
        match self {
            Self::Logistic | Self::PosWeight { .. } | Self::Equalization { .. } => Logistic::columns(classes),
            _ => classes,
        }
    }

    /// The loss over some samples; logistic losses of two classes have one column.
    #[must_use]
    pub fn build(&self, targets: &Targets) -> BuiltLoss {
        self.build_columns(targets, self.columns(targets.classes()))
    }

    /// The same with the number of logit columns where the loss allows several: logistic losses of two classes have one
    /// or two.
    #[must_use]
    pub fn build_columns(&self, targets: &Targets, columns: usize) -> BuiltLoss {
        match *self {
            Self::Logistic if columns == 1 => BuiltLoss::Logistic(Logistic::binary(targets)),
            Self::Logistic => BuiltLoss::Logistic(Logistic::one_vs_all(targets)),
            Self::Softmax => BuiltLoss::Softmax(Softmax::new(targets)),
            Self::Inr { beta, variant } => BuiltLoss::Inr(Inr { classes: targets.classes(), beta, variant }),
            Self::Focal { gamma, probability } => {
                BuiltLoss::per_sample(Focal::new(targets, gamma, probability))
            }
            Self::SigmoidFocal { gamma, alpha } => {
                BuiltLoss::per_sample(PowerLogistic::sigmoid_focal(targets, gamma, alpha))
            }
            Self::LabelSmoothing { smoothing, weights } => {
                BuiltLoss::per_sample(LabelSmoothing::new(targets, smoothing, weights))
            }
            Self::LogitAdjusted { strength } => {
                BuiltLoss::per_sample(ShiftedSoftmax::logit_adjusted(targets, strength))
            }
            Self::BalancedSoftmax => BuiltLoss::per_sample(ShiftedSoftmax::logit_adjusted(targets, 1.0)),
            Self::Ldam { margin, scale } => {
                BuiltLoss::per_sample(ShiftedSoftmax::ldam(targets, margin, scale))
            }
            Self::VectorScaling { strength, gamma } => {
                BuiltLoss::per_sample(ShiftedSoftmax::vector_scaled(targets, strength, gamma))
            }
            Self::PosWeight { ref weights } => {
                let positive = weights.resolve(targets);
                BuiltLoss::Logistic(Logistic::positive_weighted(targets, columns, &positive))
            }
            Self::Equalization { rare } => BuiltLoss::Logistic(Logistic::equalized(targets, columns, rare)),
            Self::Seesaw { mitigation, compensation, floor } => {
                BuiltLoss::per_sample(Seesaw::new(targets, mitigation, compensation, floor))
            }
            Self::SoftSelection { alpha, gamma } => {
                BuiltLoss::per_sample(PowerLogistic::soft_selection(targets, alpha, gamma))
            }
        }
    }

    /// What is known of the loss: its row of [`LOSS_TABLE`](super::LOSS_TABLE).
    #[must_use]
    pub fn row(&self) -> &'static LossRow {
        self.clone().row_and_numbers().0
    }

    /// The row, and the numbers in the order of its parameters.
    fn row_and_numbers(&mut self) -> (&'static LossRow, Vec<&mut f64>) {
        match self {
            Self::Softmax => (&table::SOFTMAX, vec![]),
            Self::Logistic => (&table::LOGISTIC, vec![]),
            Self::Inr { beta, .. } => (&table::INR, vec![beta]),
            Self::Focal { gamma, .. } => (&table::FOCAL, vec![gamma]),
            Self::SigmoidFocal { gamma, alpha } => (&table::SIGMOID_FOCAL, vec![gamma, alpha]),
            Self::LabelSmoothing { smoothing, .. } => (&table::LABEL_SMOOTHING, vec![smoothing]),
            Self::LogitAdjusted { strength } => (&table::LOGIT_ADJUSTED, vec![strength]),
            Self::BalancedSoftmax => (&table::BALANCED_SOFTMAX, vec![]),
            Self::Ldam { margin, scale } => (&table::LDAM, vec![margin, scale]),
            Self::VectorScaling { strength, gamma } => (&table::VECTOR_SCALING, vec![strength, gamma]),
            Self::PosWeight { .. } => (&table::POS_WEIGHT, vec![]),
            Self::Equalization { rare } => (&table::EQUALIZATION, vec![rare]),
            Self::Seesaw { mitigation, compensation, floor } => {
                (&table::SEESAW, vec![mitigation, compensation, floor])
            }
            Self::SoftSelection { alpha, gamma } => (&table::SOFT_SELECTION, vec![alpha, gamma]),
        }
    }

    /// The numbers that the loss depends on, with what the table says of each.
    #[must_use]
    pub fn numbers(&self) -> Vec<(&'static Parameter, f64)> {
        let mut own = self.clone();
        let (row, numbers) = own.row_and_numbers();
        row.parameters.iter().zip(numbers).map(|(parameter, number)| (parameter, *number)).collect()
    }

    /// Sets the number of that name; `false` where the loss has none.
    #[must_use]
    pub fn set(&mut self, name: &str, value: f64) -> bool {
        let (row, numbers) = self.row_and_numbers();
        let named = row.parameters.iter().zip(numbers).find(|(parameter, _)| parameter.name == name);
        named.map(|(_, number)| *number = value).is_some()
    }

    /// Whether a class without samples makes no sense, since its size is read.
    #[must_use]
    pub fn reads_counts(&self) -> bool {
        let explicit = matches!(self, Self::PosWeight { weights: PositiveWeights::Explicit(_) });
        self.row().reads_counts && !explicit
    }

    /// What is wrong with a parameter, if anything is: `name = value` and what to give.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let wrong = self.numbers().into_iter().find(|(parameter, value)| !parameter.allows(*value));
        let problem = wrong.map(|(Parameter { name, max, .. }, value)| {
            format!("{name} = {value}; give a number from 0 to {max}")
        });
        let weights = match self {
            Self::PosWeight { weights: PositiveWeights::Explicit(weights) } => weights.as_slice(),
            _ => &[],
        };
        let unusable = weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0));
        problem.or_else(|| unusable.map(|weight| format!("positive weight {weight}; give positive numbers")))
    }

    /// The same, and whether it fits these classes.
    #[must_use]
    pub fn problem_on(&self, labels: &Labels) -> Option<String> {
        let classes = labels.classes();
        let miscounted = match self {
            Self::PosWeight { weights: PositiveWeights::Explicit(weights) } if weights.len() != classes => {
                Some(format!("{} positive weights for {classes} classes; give one per class", weights.len()))
            }
            _ => None,
        };
        let absent = || {
            let absent = labels.counts().iter().position(|&count| count == 0).filter(|_| self.reads_counts());
            let name = |class: usize| &labels.class_names()[class];
            absent.map(|class| format!("depends on class sizes, and class {} has no sample", name(class)))
        };
        self.problem().or(miscounted).or_else(absent)
    }

    /// The paper's name of the loss, or its authors', with its parameters.
    #[must_use]
    pub fn paper_name(&self) -> String {
        let qualified = match self {
            Self::Inr { variant: InrVariant::Detached, .. } => " detached",
            Self::Focal { probability: FocalProbability::OfWeightedLoss, .. } => " of weighted loss",
            // Of strength 1 it is the one that is usually meant.
            Self::LogitAdjusted { strength: 1.0 } => return self.row().paper_name.to_owned(),
            _ => "",
        };
        let numbers = self.numbers();
        let shown = numbers.iter().filter_map(|(parameter, value)| Some((parameter.symbol?, value)));
        let parameters: String =
            shown.map(|(symbol, value)| format!(", {symbol} {}", plain(*value))).collect();
        format!("{}{qualified}{parameters}", self.row().paper_name)
    }
}
