//! Statistics of logits by class: mean-probability matrix, flows, the balance ledger, neglect, and the laws that hold
//! where the gradient vanishes (docs/theory.md#balance, #averaging and #repair).

mod calibration;
mod classification;
mod held_out;
mod laws;
mod ledger;
mod mean_probability;
mod mini_batch;
mod polytope;
mod prediction_tally;
mod remaining_balance;
mod standard_errors;
mod weight_design;
mod weight_effects;
mod witness;

pub use calibration::CalibrationTally;
pub use calibration::{Calibration, CalibrationError, ReliabilityBin};
pub use classification::{Classification, Predictions, accuracy, class_log_losses, hits, recalls};
pub use classification::{ClassificationTally, predicted_class};
pub use held_out::{HeldOutBalance, NORMAL_95, NORMAL_999, held_out_balance, held_out_bias};
pub use laws::{
    Centroids, attached_balance, attached_ledger, binary_balance, binary_error_ratio, detached_balance,
    detached_ledger, doubly_stochastic, guarantee_excess, one_vs_all_balance, one_vs_all_ledger,
    pooled_balance, relative_difference, residual_centroids, softmax_balance, softmax_ledger,
};
pub use ledger::LedgerTally;
pub use ledger::{Ledger, LedgerEntry};
pub use mean_probability::{ClassMeans, MeanProbability, Neglect, neglect};
pub use mean_probability::{ClassRows, MeanTally, Row, sample_probabilities};
pub use mini_batch::{BatchError, BatchLaw, BatchPresence, SimulatedBalance};
pub use polytope::{Bounds, FlowPolytope, Violation, pair_flows};
pub use prediction_tally::PredictionTally;
pub use remaining_balance::RemainingBalance;
pub use standard_errors::{ColumnErrors, standard_errors};
pub use weight_design::{
    DesignError, DesignStep, WeightDesign, WeightTarget, design_weights, design_weights_observed,
};
pub use weight_effects::{USUAL_STEP, WeightEffects};
pub(crate) use weight_effects::{effects, means_with};
pub use witness::{WitnessError, distance, saturated_flows, witness};

#[cfg(test)]
mod tests;
