//! A claim that is a law at every stationary point: its statement, its problems, and its residual at a point.

use super::measurement::Measurement;
use super::setup::Design;

/// A claim checked set-up by set-up.
pub(super) struct LawClaim {
    pub(super) id: &'static str,
    /// A few words that go on after the id.
    pub(super) title: &'static str,
    pub(super) statement: &'static str,
    pub(super) design: Design,
    /// Relative residual of an equality, relative excess of an inequality.
    pub(super) residual: fn(&Measurement) -> f64,
    /// The residual at a control point, where the law has a premise (R3's sign condition) that such a point may miss, or where
    /// [`Self::residual`] looks at more than the point: the law alone. `None` means [`Self::residual`].
    pub(super) without_premise: Option<fn(&Measurement) -> f64>,
    /// Further numbers, one list per set-up ..
    pub(super) observe: fn(&Measurement) -> Vec<f64>,
    /// .. and the sentences they make over all set-ups.
    pub(super) summarise: fn(&[Vec<f64>]) -> Vec<String>,
}

/// The laws that are balances of a loss's intercept gradient.
pub(super) const BALANCE_LAWS: [&str; 5] = ["B1", "B5", "B6", "R1", "R2"];

/// Largest residual that counts as holding, for every claim (docs/theory.md#numerics).
pub(super) const TOLERANCE: f64 = 1e-10;

/// For claims with nothing besides their residual.
pub(super) fn nothing(_: &Measurement) -> Vec<f64> {
    Vec::new()
}

/// For claims with nothing besides their residual.
pub(super) fn silent(_: &[Vec<f64>]) -> Vec<String> {
    Vec::new()
}
