//! What one set-up of one claim gave.

/// What went wrong while drawing or stating a problem.
pub(super) type SetupFailure = Box<dyn std::error::Error + Send + Sync>;

/// What one set-up of one claim gave.
#[derive(Debug, Clone, Default)]
pub(super) struct CaseReport {
    pub(super) setup: String,
    pub(super) residual: Option<f64>,
    pub(super) control: Option<f64>,
    pub(super) observed: Vec<f64>,
    pub(super) penalised: bool,
    pub(super) unsolved: Option<String>,
}
