//! Measures on samples that a head was not solved over.

use crate::balance::{Calibration, Classification};
use crate::data::Labels;
use crate::loss::Loss;
use crate::numeric::Count;
use crate::solver::Problem;
use nalgebra::DMatrix;
use serde::Serialize;

/// How a head does on samples that it was not solved over.
#[derive(Debug, Serialize)]
pub struct TestRecord {
    /// The file, or the share and the seed that drew it.
    pub source: String,
    /// The sum of the sample weights of each class.
    pub class_counts: Vec<Count>,
    /// How they are classified.
    #[serde(flatten)]
    pub classification: Classification,
    /// Whether probabilities are frequencies.
    pub calibration: Calibration,
    /// The same after undoing class weights; absent where all classes have the same weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_corrected: Option<Calibration>,
}

impl TestRecord {
    /// Of samples of the classes of a problem, by the logits (`Q x N`) that one of its heads gives them. `source` says what they are.
    #[must_use]
    pub fn of(source: String, problem: &Problem, logits: &DMatrix<f64>, labels: &Labels) -> Self {
        let link = problem.loss().link();
        let targets = problem.targets().resampled(labels, &vec![1.0; labels.classes()]);
        let corrected = || Calibration::prior_corrected(link, logits, &targets);
        Self {
            source,
            class_counts: Count::all(labels.sizes()),
            classification: Classification::of(logits, labels),
            calibration: Calibration::of(link, logits, &targets),
            prior_corrected: problem.has_moved_probabilities().then(corrected),
        }
    }
}
