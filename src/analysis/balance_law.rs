//! F1: outflow against inflow over hundreds of problems (B1, B5, B6, R1, R2), stationary and not.

use crate::claims::{Balance, CheckedSetups, ClaimError, sample_balances, tolerance};
use serde::{Deserialize, Serialize};

/// Outflow and inflow of many classes of many problems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalanceLawRecord {
    /// One point for each class of each problem.
    pub points: Vec<BalancePoint>,
    /// Largest relative residual that still counts as balanced.
    pub tolerance: f64,
}

/// The balance of one class of one problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalancePoint {
    /// Id of the law: `B1`, `B5`, `B6`, `R1` or `R2`.
    pub law: String,
    /// Share of the total mass that leaves the class; positive.
    pub outflow: f64,
    /// Share of the total mass that enters the class; positive.
    pub inflow: f64,
    /// `|outflow - inflow| / max(outflow, inflow)`, possibly zero.
    pub residual: f64,
    /// False for a control: a point that is not stationary.
    pub stationary: bool,
}

/// The first `problems` set-ups of each balance law. Set-ups already checked are not solved again.
///
/// # Errors
/// A newly checked set-up cannot be saved ([`ClaimError::Unkept`]).
pub fn run(seed: u64, problems: usize, checked: &CheckedSetups) -> Result<BalanceLawRecord, ClaimError> {
    let point = |(law, Balance { entry, stationary }): (&'static str, Balance)| BalancePoint {
        law: law.to_owned(),
        outflow: entry.outflow,
        inflow: entry.inflow,
        residual: entry.residual,
        stationary,
    };
    // Attached LGL-INR may have a negative inflow away from stationarity; a logarithmic axis has no place for it.
    let drawable = |point: &BalancePoint| point.outflow > 0.0 && point.inflow > 0.0;
    let balances = sample_balances(seed, problems, checked)?;
    let points = balances.into_iter().map(point).filter(drawable).collect();
    Ok(BalanceLawRecord { points, tolerance: tolerance() })
}
