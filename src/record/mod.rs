//! What was found, as records: what the program writes as JSON, and what the Python package hands out.

mod calibration;
mod inference;
mod other_points;
mod separation;
mod solve;
mod sweep;
mod test;
mod weights;

pub use calibration::{CalibrationRecord, Corrected, CorrectedScale};
pub use inference::{Coefficient, InferenceRecord, Uncertainty};
pub use other_points::{OtherPointRecord, OtherPointsRecord};
pub use separation::{
    GivenAwayRecord, RemainingAnswerRecord, RemainingRecord, SeparatedClassRecord, Separation,
};
pub use solve::{
    ClassLedger, ClassNeglect, End, HeadRows, PointRecord, ProblemSource, RemainingBalanceRecord, Rounded,
    SampleMeasures, SolveRecord, StandardUnits, Standardized, Status,
};
pub use sweep::{PenaltyRecord, PenaltySweep, SolvedOver, SweepEnd, SweepPlan, SweepRecord, UnansweredSweep};
pub use test::TestRecord;
pub use weights::{Asked, Unweighted, WeightsRecord};
