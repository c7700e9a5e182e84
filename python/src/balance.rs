//! Ledger and polytope of mean probabilities alone.

use crate::arguments::{Weights, class_weights};
use crate::arrays::{Array, columns_of};
use crate::errors::value_error;
use equipoise::balance::{
    FlowPolytope, Ledger, MeanProbability, one_vs_all_ledger, pair_flows, softmax_ledger,
};
use equipoise::data::Labels;
use equipoise::loss::Targets;
use equipoise::numeric::rows;
use nalgebra::DMatrix;
use pyo3::prelude::*;
use pythonize::pythonize;
use serde::Serialize;

/// Outflow and inflow of every class, and where they lie among those that are possible.
#[derive(Serialize)]
struct BalanceRecord {
    mass: Vec<f64>,
    shortfall: Vec<f64>,
    /// `F[c][k] = m_c P[c][k]`.
    flows: Vec<Vec<f64>>,
    ledger: Ledger,
    worst_residual: f64,
    /// Of softmax flows with these masses.
    #[serde(skip_serializing_if = "Option::is_none")]
    polytope: Option<PolytopeRecord>,
}

/// What class sizes and weights alone allow softmax at a stationary point (docs/theory.md#i1 to #i4).
#[derive(Serialize)]
struct PolytopeRecord {
    /// Whether some flows have these outflows.
    admissible: bool,
    /// Which inequality they break.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Smallest and largest `P[c][k]`.
    lowest: Vec<Vec<f64>>,
    highest: Vec<Vec<f64>>,
    /// Largest outflow of each class.
    largest_outflow: Vec<f64>,
    /// Flows between pairs of classes that have these outflows; of three classes they are the only symmetric ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pair_flows: Option<Vec<Vec<f64>>>,
}

/// Relative slack of the inequalities.
const SLACK: f64 = 1e-9;

/// The balance of mean probabilities `P` (row: true class) of classes of these sizes and weights.
#[pyfunction]
pub(crate) fn balance(
    python: Python,
    mean_probability: Array<f64>,
    sizes: Vec<f64>,
    class_weight: Option<Weights>,
    classes: Vec<String>,
    softmax: bool,
) -> PyResult<Bound<PyAny>> {
    let matrix = columns_of(&mean_probability).transpose();
    let one_each = (0..).take(classes.len()).collect();
    let labels = Labels::new(one_each, classes.clone()).and_then(|labels| labels.with_weights(sizes));
    let weights = class_weights(class_weight)?;
    let targets = Targets::new(&labels.map_err(value_error)?, &weights).map_err(value_error)?;
    let shortfall: Vec<f64> = (0..classes.len()).map(|class| 1.0 - matrix[(class, class)]).collect();
    let means = MeanProbability { matrix, shortfall };
    let ledger = if softmax {
        softmax_ledger(&means, &targets)
    } else {
        // The weight of a sample is that of its class in every column.
        let pairs = DMatrix::from_fn(classes.len(), classes.len(), |class, _| targets.class_weights()[class]);
        one_vs_all_ledger(&means, &targets, &pairs)
    };
    let record = BalanceRecord {
        mass: targets.mass().to_vec(),
        flows: rows(&means.flow(&targets)),
        worst_residual: ledger.worst_residual(),
        polytope: softmax.then(|| PolytopeRecord::of(&ledger, &targets, &classes)),
        shortfall: means.shortfall,
        ledger,
    };
    Ok(pythonize(python, &record)?)
}

impl PolytopeRecord {
    fn of(ledger: &Ledger, targets: &Targets, classes: &[String]) -> Self {
        let count = classes.len();
        let polytope = FlowPolytope::new(targets.mass().to_vec());
        let outflows: Vec<f64> = ledger.entries.iter().map(|entry| entry.outflow).collect();
        let admitted = polytope.admits(&outflows, SLACK);
        let bound = |pick: fn(equipoise::balance::Bounds) -> f64| {
            let entry = |class, predicted| pick(polytope.mean_probability(class, predicted));
            rows(&DMatrix::from_fn(count, count, entry))
        };
        Self {
            admissible: admitted.is_ok(),
            why: admitted.err().map(|violation| violation.of_class(&classes[violation.class()])),
            lowest: bound(|bounds| bounds.low),
            highest: bound(|bounds| bounds.high),
            largest_outflow: (0..count).map(|class| polytope.outflow(class).high).collect(),
            pair_flows: (count == 3 && admitted.is_ok()).then(|| rows(&pair_flows(&outflows))),
        }
    }
}
