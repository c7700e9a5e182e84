//! What was found, as records: what the Python package hands out. The program writes the same fields as JSON, with what it read them from.

mod calibration;
mod separation;
mod solve;
mod weights;

pub use calibration::{CalibrationRecord, Corrected, From};
pub use separation::{
    GivenAwayRecord, RemainingAnswerRecord, RemainingRecord, SeparatedClassRecord, Separation,
};
pub use solve::{
    ClassLedger, ClassNeglect, End, HeadRows, Measured, Rounded, SampleMeasures, SolveRecord, Status,
};
pub use weights::{Asked, Unweighted, WeightsRecord};
