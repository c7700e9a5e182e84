//! Equal recalls: makes soft recalls equal, at decreasing softness, until the recalls themselves are equal.

use super::error::DesignError;
use super::gauge::Gauge;
use super::search::{At, Search};
use super::{DesignStep, MET};
use crate::balance::hits::margin;
use crate::data::{Dataset, Labels};
use nalgebra::DVector;

/// Softness of the soft recalls, in mean margins at the start.
const SOFTNESS: [f64; 9] = [1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.008, 0.004];

/// The first point with equal recalls, or the last one looked at.
pub(super) fn anneal<'a, 'd>(
    search: &impl Fn(Gauge<'a>) -> Search<'a, 'd>,
    start: &DVector<f64>,
    path: &mut Vec<DesignStep>,
) -> Result<At<'d>, DesignError> {
    let mut at = search(Gauge::SoftRecall { softness: 1.0 }).look(start)?;
    let scale = mean_margin(search(Gauge::SoftRecall { softness: 1.0 }).dataset, &at);
    for softness in SOFTNESS {
        let search = search(Gauge::SoftRecall { softness: softness * scale });
        at = search.descend(search.look(&at.logs)?, path);
        if at.step.residual <= MET {
            break;
        }
    }
    Ok(at)
}

fn mean_margin(dataset: &Dataset, at: &At) -> f64 {
    let logits = at.point.logits();
    let labels = dataset.labels();
    let margins = logits.column_iter().zip(labels.class_indices()).enumerate();
    let total: f64 = margins
        .map(|(number, (logits, &label))| {
            labels.weight(number) * margin(logits.as_slice(), label as usize).0.abs()
        })
        .sum();
    (total / labels.total_size()).max(f64::MIN_POSITIVE)
}

/// What one sample of each class counts at most, of a row of a larger weight one: such a row counts as several samples.
pub(super) fn largest_single_samples(labels: &Labels) -> Vec<f64> {
    let mut largest = vec![0.0_f64; labels.classes()];
    for (sample, &label) in labels.class_indices().iter().enumerate() {
        let of_class = &mut largest[label as usize];
        *of_class = of_class.max(labels.weight(sample).min(1.0));
    }
    largest
}
