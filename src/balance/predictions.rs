//! Predicted probabilities and classes of single samples.

use super::class_losses::log_probabilities;
use super::{predicted_class, sample_probabilities};
use crate::loss::Link;
use crate::numeric::{Sigmoid, log_softmax};
use nalgebra::DMatrix;

/// What a head predicts for some samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// `K x N`, one sample per column. One-vs-all probabilities need not sum to one.
    pub probabilities: DMatrix<f64>,
    /// The predicted class of each sample.
    pub classes: Vec<usize>,
    /// Probabilities mapped back to the sample as it was before class weights, which sum to one; where these differ.
    pub prior_corrected: Option<DMatrix<f64>>,
}

impl Predictions {
    /// Of logits (`K x N`, or `1 x N` of class 1 of two), with the weights that classes had.
    #[must_use]
    pub fn of(link: Link, logits: &DMatrix<f64>, class_weights: &[f64]) -> Self {
        let classes = class_weights.len();
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
        let mut probabilities = DMatrix::zeros(classes, logits.ncols());
        for (z, mut into) in logits.column_iter().zip(probabilities.column_iter_mut()) {
            sample_probabilities(link, z.as_slice(), 0, &mut sample);
            into.iter_mut().zip(&sample).for_each(|(into, pair)| *into = pair.probability);
        }
        let differ = class_weights.iter().any(|weight| *weight != class_weights[0]);
        Self {
            probabilities,
            classes: logits.column_iter().map(|z| predicted_class(z.as_slice())).collect(),
            prior_corrected: differ.then(|| corrected(link, logits, class_weights)),
        }
    }
}

fn corrected(link: Link, logits: &DMatrix<f64>, class_weights: &[f64]) -> DMatrix<f64> {
    let mut corrected = DMatrix::zeros(class_weights.len(), logits.ncols());
    let mut logarithms = vec![0.0; class_weights.len()];
    for (z, mut into) in logits.column_iter().zip(corrected.column_iter_mut()) {
        log_probabilities(link, z.as_slice(), &mut logarithms);
        logarithms.iter_mut().zip(class_weights).for_each(|(log, weight)| *log -= weight.ln());
        log_softmax(&mut logarithms);
        into.iter_mut().zip(&logarithms).for_each(|(into, log)| *into = log.exp());
    }
    corrected
}
