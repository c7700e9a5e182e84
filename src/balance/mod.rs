//! Statistics of logits by class: mean-probability matrix, flows, the balance ledger, neglect, and the laws that hold
//! where the gradient vanishes (docs/theory.md#balance, #averaging and #repair).

mod batch_law;
mod calibration;
mod class_losses;
mod class_rows;
mod classification;
mod effect_search;
mod held_out;
mod hits;
mod laws;
mod ledger;
mod mean_probability;
mod mini_batch;
mod neglect;
mod polytope;
mod predictions;
mod standard_errors;
mod weight_design;
mod weight_effects;
mod witness;

pub use batch_law::{BatchLaw, SimulatedBalance};
pub(crate) use calibration::CalibrationTally;
pub use calibration::{Calibration, CalibrationError, ReliabilityBin};
pub use class_losses::class_log_losses;
pub(crate) use class_rows::{ClassRows, Row};
pub use classification::Classification;
pub use effect_search::{EffectSearch, FoundEffect, MORE_WEIGHT, UnexpectedEffect};
pub use held_out::{HeldOutBalance, NORMAL_95, NORMAL_999, held_out_balance, held_out_bias};
pub(crate) use hits::predicted_class;
pub use hits::{accuracy, hits, recalls};
pub use laws::{
    Centroids, attached_balance, attached_ledger, binary_balance, binary_error_ratio, detached_balance,
    detached_ledger, doubly_stochastic, guarantee_excess, one_vs_all_balance, one_vs_all_ledger,
    pooled_balance, relative_difference, residual_centroids, softmax_balance, softmax_ledger,
};
pub use ledger::{Ledger, LedgerEntry};
pub(crate) use mean_probability::sample_probabilities;
pub use mean_probability::{ClassMeans, MeanProbability};
pub use mini_batch::{BatchError, BatchPresence};
pub use neglect::{Neglect, neglect};
pub use polytope::{Bounds, FlowPolytope, Violation, pair_flows};
pub use predictions::Predictions;
pub use standard_errors::{ColumnErrors, standard_errors};
pub use weight_design::{
    DesignError, DesignStep, WeightDesign, WeightTarget, design_weights, design_weights_observed,
};
pub use weight_effects::{USUAL_STEP, WeightEffects};
pub use witness::{WitnessError, distance, saturated_flows, witness};

#[cfg(test)]
mod tests;
