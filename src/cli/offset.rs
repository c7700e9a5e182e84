//! Numbers that are added to the logits (`--offset`), as a loss has logits.

use nalgebra::DMatrix;

/// Rows of offsets as so many rows of logits: of two classes one row may be given, which is that of the second.
pub(super) fn as_logits(offset: DMatrix<f64>, rows: usize) -> DMatrix<f64> {
    if offset.nrows() == 1 && rows == 2 { offset.insert_row(0, 0.0) } else { offset }
}

/// Logits with what is added to them; `offset` has no rows where that is nothing.
pub(super) fn added(logits: DMatrix<f64>, offset: &DMatrix<f64>) -> DMatrix<f64> {
    if offset.nrows() == 0 {
        return logits;
    }
    let offset = as_logits(offset.clone(), logits.nrows());
    logits + offset
}
