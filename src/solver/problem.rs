//! What is to be solved: data x loss x class weights x penalty.

use super::coordinates::{Conditioning, Coordinates};
use crate::data::Dataset;
use crate::loss::{
    ClassWeights, Inr, InrVariant, Logistic, LossKind, LossPlan, Softmax, Targets, WeightError,
};
use crate::numeric::plain;
use nalgebra::DMatrix;
use std::sync::{Arc, OnceLock};
use thiserror::Error;

/// The losses by the names a user gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum LossChoice {
    /// Binary logistic loss for two classes, one-vs-all for more (LGL).
    Logistic,
    /// One-vs-all with pair weights `A[c][k]`, divided by `N` (B6).
    PairWeighted(DMatrix<f64>),
    /// Softmax cross-entropy (SML).
    Softmax,
    /// LGL-INR with its sharpness `beta >= 0`.
    Inr {
        /// Sharpness of the reweighting.
        beta: f64,
        /// Whether the gradient flows through the weights.
        variant: InrVariant,
    },
}

impl LossChoice {
    /// The loss of a plan, if it is one that is solved for.
    #[must_use]
    pub fn of(plan: &LossPlan) -> Option<Self> {
        match *plan {
            LossPlan::Logistic => Some(Self::Logistic),
            LossPlan::Softmax => Some(Self::Softmax),
            LossPlan::Inr { beta, variant } => Some(Self::Inr { beta, variant }),
            _ => None,
        }
    }

    /// Columns of logits for so many classes.
    #[must_use]
    pub fn columns(&self, classes: usize) -> usize {
        if *self == Self::Logistic { Logistic::columns(classes) } else { classes }
    }
}

/// A problem that cannot be stated.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProblemError {
    /// Class weights that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// A penalty or `beta` that is negative, not finite, or too large to compute with.
    #[error("{name}: {} must be a number between 0 and {LARGEST_PARAMETER:e}", plain(*.value))]
    Parameter {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// Something whose shape or size does not fit the data.
    #[error("{0}")]
    Shape(String),
}

/// A linear head over a data set, a loss, class weights and an L2 penalty on the coefficients.
///
/// A clone shares everything with its original.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) targets: Arc<Targets>,
    pub(super) loss: Arc<LossKind>,
    pub(super) l2: f64,
    coordinates: Arc<OnceLock<Arc<Coordinates>>>,
    conditioning: Arc<OnceLock<Conditioning>>,
}

/// A penalty or `beta` above this would overflow with any data.
pub const LARGEST_PARAMETER: f64 = 1e100;

impl<'a> Problem<'a> {
    /// Binds the parts; `l2` multiplies `||W||^2 / 2` and is added to the weighted mean loss.
    ///
    /// # Errors
    /// `l2` or `beta` is not between 0 and [`LARGEST_PARAMETER`], class weights cannot be used
    /// ([`ProblemError::Weights`]), or pair weights or given logits do not fit the classes
    /// ([`ProblemError::Shape`]).
    pub fn new(
        dataset: &'a Dataset,
        choice: &LossChoice,
        weights: &ClassWeights,
        l2: f64,
    ) -> Result<Self, ProblemError> {
        if !(0.0..=LARGEST_PARAMETER).contains(&l2) {
            return Err(ProblemError::Parameter { name: "l2", value: l2 });
        }
        let targets = Targets::new(dataset.labels(), weights)?;
        let loss = Self::loss_of(choice, &targets)?;
        check_rows(dataset, &loss)?;
        Ok(Self {
            dataset,
            targets: Arc::new(targets),
            loss: Arc::new(loss),
            l2,
            coordinates: Arc::default(),
            conditioning: Arc::default(),
        })
    }

    fn loss_of(choice: &LossChoice, targets: &Targets) -> Result<LossKind, ProblemError> {
        let classes = targets.classes();
        Ok(match choice {
            LossChoice::Logistic => LossKind::Logistic(Logistic::for_classes(targets)),
            LossChoice::Softmax => LossKind::Softmax(Softmax::new(targets)),
            LossChoice::PairWeighted(pair) => {
                if pair.shape() != (classes, classes) || pair.iter().any(|a| !(a.is_finite() && *a > 0.0)) {
                    return Err(ProblemError::Shape(format!(
                        "pair weights: a {classes} x {classes} matrix of positive numbers is needed"
                    )));
                }
                LossKind::Logistic(Logistic::with_pair_weights(pair.clone(), targets.total_size()))
            }
            &LossChoice::Inr { beta, variant } => {
                if !(0.0..=LARGEST_PARAMETER).contains(&beta) {
                    return Err(ProblemError::Parameter { name: "beta", value: beta });
                }
                LossKind::Inr(Inr { classes, beta, variant })
            }
        })
    }

    /// The data set.
    #[must_use]
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// The coordinates that the problem is solved in; computed on first use.
    pub(super) fn coordinates(&self) -> &Arc<Coordinates> {
        self.coordinates.get_or_init(|| Arc::new(Coordinates::of(self.dataset, self.l2)))
    }

    /// Reuses the coordinates of a problem with the same data and penalty; they depend on nothing else.
    pub(super) fn share_coordinates(&self, other: &Self) {
        self.coordinates.get_or_init(|| Arc::clone(other.coordinates()));
    }

    /// Conditioning and dependence of the columns of the table. Computed once, by a pass over the data.
    #[must_use]
    pub fn conditioning(&self) -> &Conditioning {
        self.conditioning.get_or_init(|| Conditioning::of(self.dataset))
    }

    /// Labels and class weights.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The loss as it is solved.
    #[must_use]
    pub fn loss(&self) -> &LossKind {
        &self.loss
    }

    /// The penalty.
    #[must_use]
    pub fn l2(&self) -> f64 {
        self.l2
    }
}

fn check_rows(dataset: &Dataset, loss: &LossKind) -> Result<(), ProblemError> {
    let rows = loss.logit_rows();
    match dataset.fixed_logits() {
        Some(logits) if logits.nrows() != rows => Err(ProblemError::Shape(format!(
            "logits: this loss takes {rows} rows, the data has {}",
            logits.nrows()
        ))),
        _ => Ok(()),
    }
}
