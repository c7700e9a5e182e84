//! The samples behind an entry of the mean-probability matrix.

use super::lesson::Look;
use crate::analysis::specification::Analysis;
use crate::analysis::{Measure, Record};
use crate::balance::sample_probabilities;
use crate::data::Dataset;
use crate::numeric::Sigmoid;
use crate::solver::Head;
use nalgebra::DMatrix;
use serde::Serialize;

/// Samples that are looked at, at most.
const MAX_SEEN: usize = 12;

/// A sample and what a head says of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenSample {
    /// `p^k` of the class asked about.
    pub probability: f64,
    /// Its features.
    pub features: Vec<f64>,
}

/// The samples of a class that are most probably another, or surest of their own; none where the search has no answer.
pub(super) fn look(look: Look, analysis: &Analysis, record: &Record, dataset: &Dataset) -> Vec<SeenSample> {
    let (intercepts, coefficients) = (record.all(Measure::Intercept), record.all(Measure::Coefficient));
    let Some(series) = analysis.series.get(look.series).filter(|_| !intercepts.is_empty()) else {
        return Vec::new();
    };
    let head = Head {
        coefficients: DMatrix::from_row_slice(intercepts.len(), record.features, coefficients),
        intercepts: intercepts.to_vec(),
    };
    let link = series.loss.row().link;
    let features = dataset.features();
    let logits = head.logits(&features);
    let mut all = vec![Sigmoid { probability: 0.0, complement: 1.0 }; record.classes];
    let mut seen: Vec<(f64, usize)> = Vec::new();
    for (sample, &label) in dataset.labels().class_indices().iter().enumerate() {
        if label as usize == look.class {
            sample_probabilities(link, logits.column(sample).as_slice(), look.class, &mut all);
            seen.push((all[look.predicted].probability, sample));
        }
    }
    seen.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let seen_sample = |&(probability, sample): &(f64, usize)| SeenSample {
        probability,
        features: features.column(sample).iter().copied().collect(),
    };
    seen.iter().take(MAX_SEEN).map(seen_sample).collect()
}
