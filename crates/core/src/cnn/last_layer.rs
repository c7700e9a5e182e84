//! Evaluates the last layer: gradient, balance, mean probabilities, in double precision.

use super::error::NetworkError;
use super::training::{Training, wide};
use crate::balance::{Ledger, MeanProbability, hits};
use crate::data::{DataError, Dataset};
use crate::loss::{BuiltLoss, ClassWeights, Loss, LossSpec, Targets};
use crate::numeric::largest_magnitude;
use crate::numeric::map_sample_chunks;
use crate::solver::{Head, Outcome, Problem, solve};
use nalgebra::DMatrix;

/// Features of all training images and the head on them, as the gradient sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct LastLayer {
    /// `h_i`, `d x N`.
    pub features: DMatrix<f64>,
    /// `W` and `b`.
    pub head: Head,
}

/// An evaluation of the last layer on its objective: the loss over all training images and the penalty on `W`.
#[derive(Debug, Clone, PartialEq)]
pub struct LastLayerEvaluation {
    /// The loss, without penalty.
    pub loss: f64,
    /// Largest entry of the objective's gradient with respect to `W` and `b`.
    pub gradient_inf: f64,
    /// The objective's gradient with respect to each intercept.
    pub by_intercepts: Vec<f64>,
    /// What the loss divides by: the mass `M` of a weighted mean.
    pub denominator: f64,
    /// Outflow and inflow of every class (B1, B5, B6, R1), of the loss alone.
    pub ledger: Ledger,
    /// `mu b_k` in the ledger's units: the residual of the law where the bias decays; zero where it does not.
    pub bias_penalty_gradient: Vec<f64>,
    /// `P`.
    pub means: MeanProbability,
    /// Images of each class correctly classified.
    pub hits: Vec<f64>,
}

/// Which of a head's parameters are penalised by `mu / 2` times their square, and by how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadPenalty {
    /// `mu`.
    pub decay: f64,
    /// Whether the bias is among them.
    pub with_bias: bool,
}

impl LastLayer {
    /// `W h + b`, one sample per column.
    #[must_use]
    pub fn logits(&self) -> DMatrix<f64> {
        self.head.logits(&self.features)
    }

    /// Evaluates the head.
    #[must_use]
    pub fn evaluate(&self, loss: &BuiltLoss, targets: &Targets, penalty: HeadPenalty) -> LastLayerEvaluation {
        let logits = self.logits();
        let mut by_logits = DMatrix::zeros(logits.nrows(), logits.ncols());
        let value = loss.value_and_gradient(&logits, targets, &mut by_logits);
        let by_bias: Vec<f64> = by_logits.column_sum().iter().copied().collect();
        let parts = map_sample_chunks(logits.ncols(), |range| {
            by_logits.columns_range(range.clone()) * self.features.columns_range(range).transpose()
        });
        let zero = DMatrix::zeros(logits.nrows(), self.features.nrows());
        let by_weights: DMatrix<f64> = parts.into_iter().fold(zero, |sum, part| sum + part);
        let by_weights = by_weights + penalty.decay * &self.head.coefficients;
        let bias_decay = if penalty.with_bias { penalty.decay } else { 0.0 };
        let bias_penalties: Vec<f64> = self.head.intercepts.iter().map(|bias| bias_decay * bias).collect();
        let by_intercepts: Vec<f64> = by_bias
            .iter()
            .zip(&bias_penalties)
            .map(|(gradient, bias_penalty)| gradient + bias_penalty)
            .collect();
        let mut bias_penalty_gradient: Vec<f64> =
            bias_penalties.iter().map(|bias_penalty| bias_penalty * loss.denominator()).collect();
        if let &[of_positives] = bias_penalty_gradient.as_slice() {
            bias_penalty_gradient.insert(0, -of_positives);
        }
        LastLayerEvaluation {
            loss: value,
            gradient_inf: largest_magnitude(by_intercepts.iter().chain(by_weights.iter()).copied()),
            by_intercepts,
            denominator: loss.denominator(),
            ledger: Ledger::at(loss, &logits, targets),
            bias_penalty_gradient,
            means: MeanProbability::of(loss.link(), &loss.adjusted_logits(&logits, targets), targets),
            hits: hits(&logits, targets),
        }
    }

    /// Solves for the head on the present features, with a penalty on `W` (docs/theory.md#n2). Returns the head and the
    /// largest entry of its gradient, or why there is none.
    ///
    /// # Errors
    /// A feature is not finite ([`NetworkError::Data`]), or the loss or the penalty cannot be used
    /// ([`NetworkError::Problem`]).
    pub fn finish(
        &self,
        spec: &LossSpec,
        targets: &Targets,
        l2: f64,
    ) -> Result<Result<(Head, f64), String>, NetworkError> {
        let dataset = self.dataset(targets)?;
        let weights = ClassWeights::Explicit(targets.class_weights().to_vec());
        Ok(match solve(&Problem::new(&dataset, spec, &weights, l2)?) {
            Outcome::Stationary(point) => Ok((point.head.clone(), point.recomputed().gradient_inf)),
            Outcome::Separable(_) => {
                Err("the features separate classes, so that no head is stationary; raise `decay`".to_owned())
            }
            Outcome::NotConverged { why, .. } => Err(why),
        })
    }

    /// The features as a data set of their own, on which the head is a linear problem.
    ///
    /// # Errors
    /// A feature is not finite, or the targets are of another number of samples.
    pub fn dataset(&self, targets: &Targets) -> Result<Dataset, DataError> {
        Dataset::unnamed(self.features.clone(), targets.labels().clone())
    }
}

impl Training<'_> {
    /// The last layer on all training images, with dropout and augmentation as a gradient would see them.
    pub fn last_layer(&mut self) -> LastLayer {
        let mut features = Vec::with_capacity(self.targets().samples() * self.network().features());
        self.look(|pass| features.extend_from_slice(pass.features()));
        let (dimension, logits) = (self.network().features(), self.network().logits());
        let (weights, bias) = self.network().head_parameters();
        let head = Head {
            // Weights lie feature after feature, logits fastest: column by column of `W`.
            coefficients: wide(weights, logits),
            intercepts: bias.iter().map(|&value| f64::from(value)).collect(),
        };
        LastLayer { features: wide(&features, dimension), head }
    }

    /// Evaluates the last layer.
    pub fn evaluate_last_layer(&mut self) -> LastLayerEvaluation {
        let layer = self.last_layer();
        layer.evaluate(self.loss(), self.targets(), self.head_penalty())
    }

    /// What is penalised in the head.
    #[must_use]
    pub fn head_penalty(&self) -> HeadPenalty {
        let recipe = &self.plan().recipe;
        HeadPenalty { decay: recipe.decay, with_bias: recipe.decay_head_bias }
    }
}

impl LastLayerEvaluation {
    /// The largest relative residual of a class's balance.
    #[must_use]
    pub fn worst_residual(&self) -> f64 {
        self.ledger.worst_residual()
    }
}
