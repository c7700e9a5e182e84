//! What `solve` prints: one record, read by the table and by JSON alike.

use crate::balance::{Ledger, LedgerEntry, MeanProbability, neglect};
use crate::data::Dataset;
use crate::loss::{Inr, InrVariant, Link, LossKind};
use crate::solver::{Head, Outcome, Problem, Separable, SeparationKind, StationaryPoint};
use nalgebra::DMatrix;
use serde::Serialize;

/// The one JSON object of `solve`. `seconds` is its last line and the only thing two runs of the same input differ in.
#[derive(Debug, Serialize)]
pub(super) struct SolveRecord {
    pub(super) status: Status,
    pub(super) version: &'static str,
    pub(super) loss_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beta: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detached: Option<bool>,
    pub(super) l2: f64,
    pub(super) classes: Vec<String>,
    pub(super) class_counts: Vec<usize>,
    pub(super) class_weights: Vec<f64>,
    pub(super) features: Vec<String>,
    #[serde(flatten)]
    pub(super) end: End,
    pub(super) seconds: f64,
}

/// How the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Stationary,
    Separable,
    NotConverged,
}

/// The fields that depend on how it ended.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum End {
    Stationary(Box<Measured>),
    Separable { separation: Box<Separation>, advice: String },
    NotConverged { why: String, iterations: u64, relative_gradient: f64, advice: String },
}

/// A stationary point and what is read off it.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) loss: f64,
    pub(super) data_loss: f64,
    pub(super) gradient_inf: f64,
    pub(super) relative_gradient: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smallest_curvature: Option<f64>,
    pub(super) iterations: u64,
    pub(super) coefficients: Vec<Vec<f64>>,
    pub(super) intercepts: Vec<f64>,
    pub(super) mean_probability: Vec<Vec<f64>>,
    pub(super) ledger: Vec<ClassLedger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) neglect: Option<Vec<ClassNeglect>>,
}

/// The balance of one class, in units of weighted mass.
#[derive(Debug, Serialize)]
pub(super) struct ClassLedger {
    pub(super) class: String,
    #[serde(flatten)]
    pub(super) entry: LedgerEntry,
}

/// Non-target means of one class's column.
#[derive(Debug, Serialize)]
pub(super) struct ClassNeglect {
    pub(super) class: String,
    pub(super) pooled: f64,
    pub(super) hardest_class: String,
    pub(super) hardest: f64,
    pub(super) ratio: f64,
}

/// A proof of separability, checkable by multiplication.
#[derive(Debug, Serialize)]
pub(super) struct Separation {
    pub(super) kind: SeparationKind,
    pub(super) classes: Vec<String>,
    pub(super) separated_samples: usize,
    pub(super) column_class: Option<String>,
    pub(super) direction: Direction,
}

/// A head direction in the user's units.
#[derive(Debug, Serialize)]
pub(super) struct Direction {
    pub(super) coefficients: Vec<Vec<f64>>,
    pub(super) intercepts: Vec<f64>,
}

impl SolveRecord {
    pub(super) fn new(problem: &Problem, dataset: &Dataset, outcome: &Outcome, seconds: f64) -> Self {
        let targets = problem.targets();
        let classes = dataset.labels().class_names().to_vec();
        let inr = match problem.loss() {
            LossKind::Inr(Inr { beta, variant, .. }) => Some((*beta, *variant == InrVariant::Detached)),
            LossKind::Logistic(_) | LossKind::Softmax(_) => None,
        };
        let (status, end) = match outcome {
            Outcome::Stationary(point) => {
                (Status::Stationary, End::Stationary(Box::new(Measured::new(problem, point, &classes))))
            }
            Outcome::Separable(proof) => {
                let separation = Box::new(Separation::new(proof, &classes));
                let advice =
                    "no finite coefficients minimise this loss; add a penalty such as --l2 1e-3".to_owned();
                (Status::Separable, End::Separable { separation, advice })
            }
            Outcome::NotConverged { why, iterations, relative_gradient } => {
                let advice = "rescale the features or add a penalty such as --l2 1e-6".to_owned();
                let (why, iterations, relative_gradient) = (why.clone(), *iterations, *relative_gradient);
                (Status::NotConverged, End::NotConverged { why, iterations, relative_gradient, advice })
            }
        };
        Self {
            status,
            version: env!("CARGO_PKG_VERSION"),
            loss_name: match problem.loss() {
                LossKind::Logistic(_) => "logistic",
                LossKind::Softmax(_) => "softmax",
                LossKind::Inr(_) => "inr",
            },
            beta: inr.map(|(beta, _)| beta),
            detached: inr.map(|(_, detached)| detached),
            l2: problem.l2(),
            class_counts: targets.counts().to_vec(),
            class_weights: targets.class_weights().to_vec(),
            classes,
            features: dataset.feature_names().to_vec(),
            end,
            seconds,
        }
    }
}

impl Measured {
    fn new(problem: &Problem, point: &StationaryPoint, classes: &[String]) -> Self {
        let (targets, loss) = (problem.targets(), problem.loss());
        let means = MeanProbability::of(loss.link(), &point.logits, targets);
        let ledger = Ledger::of(&point.logit_gradient, loss.divisor(), targets);
        let of_columns = || {
            let named =
                neglect(&means, targets).into_iter().zip(classes).map(|(column, class)| ClassNeglect {
                    class: class.clone(),
                    pooled: column.pooled,
                    hardest_class: classes[column.hardest_class].clone(),
                    hardest: column.hardest,
                    ratio: column.ratio,
                });
            named.collect()
        };
        Self {
            loss: point.loss,
            data_loss: point.data_loss,
            gradient_inf: point.certificate.gradient_inf,
            relative_gradient: point.certificate.relative_gradient,
            smallest_curvature: point.certificate.smallest_curvature,
            iterations: point.certificate.iterations,
            coefficients: rows(&point.head.coefficients),
            intercepts: point.head.intercepts.clone(),
            mean_probability: rows(&means.matrix),
            ledger: ledger
                .entries
                .into_iter()
                .zip(classes)
                .map(|(entry, class)| ClassLedger { class: class.clone(), entry })
                .collect(),
            neglect: (loss.link() == Link::Sigmoid && loss.logit_rows() > 1).then(of_columns),
        }
    }
}

impl Separation {
    fn new(proof: &Separable, classes: &[String]) -> Self {
        let Head { coefficients, intercepts } = &proof.direction;
        Self {
            kind: proof.kind,
            classes: proof.classes.iter().map(|&class| classes[class].clone()).collect(),
            separated_samples: proof.separated_samples,
            column_class: proof.column_class.map(|class| classes[class].clone()),
            direction: Direction { coefficients: rows(coefficients), intercepts: intercepts.clone() },
        }
    }
}

fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}
