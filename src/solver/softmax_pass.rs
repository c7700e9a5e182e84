//! One pass over the samples for softmax: value and gradient of a whole head.

use super::pass::{Evaluated, HeadColumns, Totals, fold_logit_blocks};
use super::scaled_features::{ScaledFeatures, accumulate_gradient};
use super::softmax_curvature::samples_with_probabilities;
use crate::loss::{Softmax, Targets};
use nalgebra::DMatrix;

/// Data, labels and loss of a softmax search.
#[derive(Clone, Copy)]
pub(super) struct SoftmaxPass<'a> {
    pub(super) features: &'a ScaledFeatures<'a>,
    pub(super) targets: &'a Targets,
    pub(super) loss: Softmax,
}

impl SoftmaxPass<'_> {
    /// Value and gradient at `theta` (`D x K`), and the probabilities of as many blocks as there is room for.
    pub(super) fn evaluate(&self, theta: &DMatrix<f64>) -> (Evaluated, Vec<Vec<f32>>) {
        let columns: Vec<usize> = (0..theta.ncols()).collect();
        let weights = self.loss.normalised_class_weights(self.targets);
        let zeros = || (Totals::new(theta.nrows(), theta.ncols()), Vec::new());
        let (mut totals, mut probabilities) = zeros();
        let kept = samples_with_probabilities::<f32>(self.features, theta.ncols());
        fold_logit_blocks(
            self.features,
            self.targets,
            HeadColumns { theta, columns: &columns },
            zeros,
            |(part, probabilities), features, logits| {
                let parts = Softmax::evaluate(logits, &weights);
                part.add(&parts, |out| accumulate_gradient(features, theta.nrows(), logits.values, out));
                if logits.first_sample < kept {
                    probabilities.push(Softmax::probabilities_of_residuals(logits, &weights));
                }
            },
            |(part, of_blocks)| {
                totals.merge(part);
                probabilities.extend(of_blocks);
            },
        );
        (totals.with_penalty(self.features, theta), probabilities)
    }
}
