//! What one set-up of one claim gave.

use crate::balance::LedgerEntry;
use crate::numeric::with_gaps;
use serde::{Deserialize, Serialize};

/// What went wrong while drawing or stating a problem.
pub(super) type SetupFailure = Box<dyn std::error::Error + Send + Sync>;

/// The balance of one class of one problem.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Both sides, as shares of the mass that takes part: that of all classes, for pair weights that of the column.
    pub entry: LedgerEntry,
    /// False at a control point.
    pub stationary: bool,
}

/// What one set-up of one claim gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct CaseReport {
    pub(super) setup: String,
    pub(super) residual: Option<f64>,
    /// Of a draw that is judged by a rate, the part of the residual that has to vanish in every draw.
    #[serde(default)]
    pub(super) exact: f64,
    pub(super) control: Option<f64>,
    /// What rounding alone may make of the residual, where that is known: set-ups with huge logits are held to no less.
    #[serde(default)]
    pub(super) rounding: f64,
    /// NaN where there is nothing to observe.
    #[serde(deserialize_with = "with_gaps")]
    pub(super) observed: Vec<f64>,
    pub(super) penalised: bool,
    pub(super) unsolved: Option<String>,
    /// Both sides of each class's balance, for laws that are balances.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) balances: Vec<Balance>,
}

impl CaseReport {
    /// Whether it survives JSON, which has no infinity and one null for every NaN.
    pub(super) fn can_be_written(&self) -> bool {
        let judged =
            [self.residual, self.control, Some(self.exact), Some(self.rounding)].into_iter().flatten();
        judged.chain(self.balances.iter().flat_map(Balance::numbers)).all(f64::is_finite)
            && !self.observed.iter().any(|number| number.is_infinite())
    }
}

impl Balance {
    fn numbers(&self) -> [f64; 4] {
        let LedgerEntry { outflow, inflow, difference, residual } = self.entry;
        [outflow, inflow, difference, residual]
    }
}
