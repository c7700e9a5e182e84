//! Analyses over features that are free (docs/theory.md#c1): solved for beside the coefficients of each series.

use super::check::{Fault, fault};
use super::measure::Measure;
use super::specification::{Analysis, Design, SeriesOptimizer};
use crate::data::Dataset;
use crate::loss::{ClassWeights, LossSpec, Targets};
use crate::numeric::largest_magnitude;
use crate::solver::{Head, Problem, free_features};
use nalgebra::DMatrix;

/// What cannot be asked of free features, and of other designs.
pub(super) fn check(analysis: &Analysis) -> Result<(), Fault> {
    if !matches!(analysis.data, Design::FreeFeatures { .. }) {
        if analysis.measure.contains(&Measure::FeatureGradient) {
            return fault(
                "measure",
                "`feature_gradient` is of `data.free_features`; take it out of `measure`",
            );
        }
        return Ok(());
    }
    if analysis.penalty <= 0.0 {
        return fault("penalty", "0; features that are free have no finite minimum without a penalty");
    }
    if analysis.test.is_some() {
        return fault(
            "test",
            "features that are free are those of the training samples; there is nothing to test",
        );
    }
    for (number, series) in analysis.series.iter().enumerate() {
        if series.loss != LossSpec::Softmax {
            return fault(format!("series.{number}.loss"), "features that are free are solved for softmax");
        }
        if series.optimizer != SeriesOptimizer::Newton {
            return fault(format!("series.{number}.optimizer"), "features that are free are solved exactly");
        }
    }
    Ok(())
}

/// The samples with the features that are solved for, where these are free; otherwise as they are.
pub(super) fn freed(
    analysis: &Analysis,
    dataset: Dataset,
    weights: &ClassWeights,
) -> Result<Dataset, String> {
    if !matches!(analysis.data, Design::FreeFeatures { .. }) {
        return Ok(dataset);
    }
    let targets = Targets::new(dataset.labels(), weights).map_err(|error| error.to_string())?;
    let features = free_features(&targets, analysis.penalty).map_err(|error| error.to_string())?;
    Dataset::unnamed(features, dataset.labels().clone()).map_err(|error| error.to_string())
}

/// Largest entry of the gradient by the features of a sample, for each sample as if it were all: `(N / w_i) dL/dh_i + l2 h_i`.
pub(super) fn feature_gradient(
    problem: &Problem,
    dataset: &Dataset,
    head: &Head,
    by_logits: &DMatrix<f64>,
) -> f64 {
    let (targets, features) = (problem.targets(), dataset.features());
    let largest_of_sample = |sample: usize| {
        let scale = targets.total_size() / targets.sample_weight(sample);
        let gradient = head.coefficients.tr_mul(&by_logits.column(sample)) * scale
            + features.column(sample) * problem.l2();
        gradient.amax()
    };
    largest_magnitude((0..targets.samples()).map(largest_of_sample))
}
