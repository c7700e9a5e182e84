//! LGL-INR from class means. The loss is not a sum over samples, but class means suffice, and one pass computes them.

use crate::balance::MeanProbability;
use crate::loss::{Inr, InrVariant, in_negative_weights};
use nalgebra::DMatrix;

/// Means over the samples of each class (rows), in each column.
pub(super) struct MeansByColumn {
    /// Of `softplus(-z)` on the diagonal, of `softplus(z)` off it.
    pub(super) loss: DMatrix<f64>,
    /// Of `p (1 - p)`.
    pub(super) slope: DMatrix<f64>,
}

/// The loss, and outflow and inflow of each column (R1, R2).
pub(super) fn value_and_flows(
    inr: &Inr,
    means: &MeanProbability,
    columns: &MeansByColumn,
) -> (f64, Vec<(f64, f64)>) {
    let mut value = 0.0;
    let flow = |k: usize| {
        let probability: Vec<f64> = means.matrix.column(k).iter().copied().collect();
        let omega = in_negative_weights(inr.beta, &probability, k);
        let weighed = |of: &dyn Fn(usize) -> f64| -> f64 {
            // A class without samples has no mean, and no weight.
            (0..omega.len()).filter(|&c| omega[c] > 0.0).map(|c| omega[c] * of(c)).sum()
        };
        let others = weighed(&|c| columns.loss[(c, k)]);
        let through_weights = match inr.variant {
            InrVariant::Detached => 0.0,
            InrVariant::Attached => {
                inr.beta * weighed(&|c| (columns.loss[(c, k)] - others) * columns.slope[(c, k)])
            }
        };
        let own = if columns.loss[(k, k)].is_nan() { 0.0 } else { columns.loss[(k, k)] };
        value += own + others;
        let up = if means.shortfall[k].is_nan() { 0.0 } else { means.shortfall[k] };
        (up, weighed(&|c| probability[c]) + through_weights)
    };
    let flows = (0..means.shortfall.len()).map(flow).collect();
    (value, flows)
}
