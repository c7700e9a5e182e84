//! What is left of the balance laws of a head without intercepts (docs/theory.md#h1).

use super::Ledger;
use crate::loss::Loss;
use crate::numeric::largest;
use crate::solver::{Conditioning, StationaryPoint};
use nalgebra::DVector;
use serde::Serialize;

/// The balance along a combination of features that is constant: where `a . h = 1` in every sample, the gradient by the
/// coefficients vanishes along `a` as it would by an intercept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RemainingBalance {
    /// The combination in words, such as `female + male = 1`.
    pub relation: String,
    /// `a`, one number per feature.
    pub direction: Vec<f64>,
    /// `outflow - inflow` of every class that the penalty leaves, `l2 M (w_k . a)`, in units of weighted mass.
    pub penalty_term: Vec<f64>,
    /// How far the differences of the flows are from that: the largest distance relative to the larger flow of its class.
    pub residual: f64,
}

impl RemainingBalance {
    /// At a stationary point with this ledger; `None` where no combination of features is constant to rounding, and where there
    /// are as many features as rows, in which none is looked for.
    #[must_use]
    pub fn at(point: &StationaryPoint, ledger: &Ledger) -> Option<Self> {
        let problem = point.problem();
        let (relation, direction) = constant_direction(point)?;
        let scale = problem.l2() * problem.loss().denominator();
        let along = &point.head.coefficients * DVector::from_column_slice(&direction);
        let mut penalty_term: Vec<f64> = along.iter().map(|along| scale * along).collect();
        if let &[of_positives] = penalty_term.as_slice() {
            penalty_term.insert(0, -of_positives);
        }
        let off = ledger.entries.iter().zip(&penalty_term).map(|(entry, penalty_term)| {
            (entry.difference - penalty_term).abs() / entry.outflow.max(entry.inflow).max(f64::MIN_POSITIVE)
        });
        Some(Self { residual: largest(off), relation, direction, penalty_term })
    }
}

/// A combination that is 1 in every sample: a column that others determine with a constant, solved for the constant.
fn constant_direction(point: &StationaryPoint) -> Option<(String, Vec<f64>)> {
    let dataset = point.problem().dataset();
    let found = Conditioning::of(dataset).dependent_columns;
    let relation = found.into_iter().find(|one| one.digits.is_none() && one.constant != 0.0)?;
    let place = |name: &String| dataset.feature_names().iter().position(|own| own == name);
    let mut direction = vec![0.0; dataset.dimension()];
    direction[place(&relation.column)?] = 1.0 / relation.constant;
    for (name, coefficient) in &relation.terms {
        direction[place(name)?] = -coefficient / relation.constant;
    }
    Some((relation.relation, direction))
}
