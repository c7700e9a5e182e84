//! How samples are classified: predicted classes and probabilities, accuracy, recall, precision, the confusion matrix,
//! and the mean log loss of each class.

use super::sample_probabilities;
use crate::data::Labels;
use crate::loss::{ClassWeighting, Link, Targets};
use crate::numeric::{Sigmoid, Sum, argmax, log_softmax, softplus};
use nalgebra::DMatrix;
use serde::Serialize;

/// Measures of predicted classes, each sample counted by its weight. A measure that divides by nothing is NaN (null in JSON): the
/// recall of a class without samples, the precision of one that is never predicted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classification {
    /// The fraction of samples whose predicted class is theirs.
    pub accuracy: f64,
    /// The mean of [`Self::recall`] over the classes that occur.
    pub balanced_accuracy: f64,
    /// Of each class, the fraction of its samples that are predicted to be of it.
    pub recall: Vec<f64>,
    /// Of each class, the fraction of the samples predicted to be of it that are.
    pub precision: Vec<f64>,
    /// Weights of samples: row = true class, column = predicted class.
    pub confusion: Vec<Vec<f64>>,
}

impl Classification {
    /// Of logits, one sample per column (`K x N`, or `1 x N` of class 1 of two).
    ///
    /// # Panics
    /// There is not one label for each column, or a label is beyond the logits.
    #[must_use]
    pub fn of(logits: &DMatrix<f64>, labels: &Labels) -> Self {
        let mut tally = ClassificationTally::new(labels.classes());
        tally.add(logits, labels);
        tally.classification(labels.total_size())
    }
}

/// Sums over samples, from which a [`Classification`] is made: the confusion matrix.
pub struct ClassificationTally(Vec<Vec<f64>>);

impl ClassificationTally {
    /// Counts of no sample yet.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self(vec![vec![0.0; classes]; classes])
    }

    /// Adds some samples, whose labels these are.
    pub fn add(&mut self, logits: &DMatrix<f64>, labels: &Labels) {
        for (sample, (column, &label)) in logits.column_iter().zip(labels.class_indices()).enumerate() {
            self.add_sample(predicted_class(column.as_slice()), (label as usize, labels.weight(sample)));
        }
    }

    /// Adds a sample of a class, with its weight, by its predicted class.
    pub(super) fn add_sample(&mut self, predicted: usize, (class, weight): (usize, f64)) {
        self.0[class][predicted] += weight;
    }

    /// The measures, from the size of all samples.
    #[must_use]
    pub fn classification(self, total_size: f64) -> Classification {
        let Self(confusion) = self;
        let classes = confusion.len();
        let right = |class: usize| confusion[class][class];
        let recall: Vec<f64> =
            (0..classes).map(|class| right(class) / confusion[class].iter().sum::<f64>()).collect();
        let mut predicted = vec![0.0; classes];
        for row in &confusion {
            predicted.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
        }
        let precision = (0..classes).map(|class| right(class) / predicted[class]).collect();
        let occurring: Vec<f64> = recall.iter().copied().filter(|recall| !recall.is_nan()).collect();
        Classification {
            accuracy: (0..classes).map(right).sum::<f64>() / total_size,
            balanced_accuracy: occurring.iter().sum::<f64>() / occurring.len() as f64,
            recall,
            precision,
            confusion,
        }
    }
}

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
    /// Of logits (`K x N`, or `1 x N` of class 1 of two), with the weights that classes had and what these do to the loss.
    #[must_use]
    pub fn of(link: Link, logits: &DMatrix<f64>, class_weights: &[f64], weighting: ClassWeighting) -> Self {
        let classes = class_weights.len();
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
        let mut probabilities = DMatrix::zeros(classes, logits.ncols());
        for (z, mut into) in logits.column_iter().zip(probabilities.column_iter_mut()) {
            sample_probabilities(link, z.as_slice(), 0, &mut sample);
            into.iter_mut().zip(&sample).for_each(|(into, pair)| *into = pair.probability);
        }
        Self {
            probabilities,
            classes: logits.column_iter().map(|z| predicted_class(z.as_slice())).collect(),
            prior_corrected: weighting
                .moves_probabilities(class_weights)
                .then(|| corrected(link, logits, class_weights)),
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

/// The predicted class of a sample: that of its largest logit; of a single logit, that of its sign.
#[must_use]
pub fn predicted_class(logits: &[f64]) -> usize {
    match logits {
        &[single] => usize::from(single > 0.0),
        logits => argmax(logits),
    }
}

/// The weight of the correctly classified samples of each class: their number, where each sample counts once.
#[must_use]
pub fn hits(logits: &DMatrix<f64>, targets: &Targets) -> Vec<f64> {
    let mut hits = vec![0.0; targets.classes()];
    for (number, (column, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        if predicted_class(column.as_slice()) == label as usize {
            hits[label as usize] += targets.sample_weight(number);
        }
    }
    hits
}

/// The accuracy: the fraction of all samples that are [`hits`].
#[must_use]
pub fn accuracy(hits: &[f64], targets: &Targets) -> f64 {
    hits.iter().sum::<f64>() / targets.total_size()
}

/// The recall of each class: the fraction of its samples that are [`hits`].
#[must_use]
pub fn recalls(hits: &[f64], targets: &Targets) -> Vec<f64> {
    hits.iter().zip(targets.sizes()).map(|(hits, size)| hits / size).collect()
}

/// How far the own logit of a sample is above the largest other, and which that is; a single logit is its own rival.
pub(super) fn margin(logits: &[f64], class: usize) -> (f64, usize) {
    if let &[single] = logits {
        return (if class == 1 { single } else { -single }, 0);
    }
    let higher = |best: (f64, usize), (k, &z): (usize, &f64)| if z > best.0 { (z, k) } else { best };
    let others = logits.iter().enumerate().filter(|&(k, _)| k != class);
    let (highest, rival) = others.fold((f64::NEG_INFINITY, class), higher);
    (logits[class] - highest, rival)
}

/// Mean loss over each class's samples, by their own weights but not that of the class: `-log p_y` for softmax and binary logits, summed over columns for
/// one-vs-all.
#[must_use]
pub fn class_log_losses(link: Link, logits: &DMatrix<f64>, targets: &Targets) -> Vec<f64> {
    let mut sums = vec![Sum::default(); targets.classes()];
    let mut logarithms = vec![0.0; targets.classes()];
    for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        let class = label as usize;
        let loss = if link == Link::Sigmoid && z.len() > 1 {
            let column = |(k, &z): (usize, &f64)| softplus(if k == class { -z } else { z });
            z.iter().enumerate().map(column).sum::<f64>()
        } else {
            log_probabilities(link, z.as_slice(), &mut logarithms);
            -logarithms[class]
        };
        sums[class].add(targets.sample_weight(number) * loss);
    }
    sums.iter().zip(targets.sizes()).map(|(sum, size)| sum.value() / size).collect()
}

/// `log p_k` of every class, to full precision near zero.
pub(super) fn log_probabilities(link: Link, z: &[f64], logarithms: &mut [f64]) {
    match (link, z) {
        (Link::Sigmoid, &[z]) => {
            logarithms[0] = -softplus(z);
            logarithms[1] = -softplus(-z);
        }
        (Link::Sigmoid, _) => logarithms.iter_mut().zip(z).for_each(|(log, z)| *log = -softplus(-z)),
        (Link::Softmax, _) => {
            logarithms.copy_from_slice(z);
            log_softmax(logarithms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::loss::{ClassWeights, LOSS_TABLE};
    use crate::solver::Problem;
    use nalgebra::dmatrix;

    #[test]
    fn measures_are_those_of_scikit_learn() {
        // accuracy_score, balanced_accuracy_score, recall_score and precision_score of y = 0 0 0 1 1 2, p = 0 0 1 1 0 1.
        let logits = dmatrix![1.0, 1.0, 0.0, 0.0, 1.0, 0.0; 0.0, 0.0, 1.0, 1.0, 0.0, 1.0; -1.0, -1.0, -1.0, -1.0, -1.0, -1.0];
        let labels = Labels::numbered(vec![0, 0, 0, 1, 1, 2], 3).expect("labels");
        let found = Classification::of(&logits, &labels);
        assert_eq!(found.accuracy, 0.5);
        assert!((found.balanced_accuracy - (2.0 / 3.0 + 0.5) / 3.0).abs() < 1e-15);
        assert_eq!(found.recall, [2.0 / 3.0, 0.5, 0.0]);
        assert_eq!(found.precision[..2], [2.0 / 3.0, 1.0 / 3.0]);
        assert!(found.precision[2].is_nan());
        assert_eq!(found.confusion, [[2.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]);
        let weighted = labels.with_weights(vec![1.0, 1.0, 2.0, 1.0, 1.0, 1.0]).expect("weights");
        assert_eq!(Classification::of(&logits, &weighted).recall[0], 0.5);
    }

    #[test]
    fn weights_move_probabilities_of_the_same_losses_for_problems_and_for_saved_heads() {
        let labels = Labels::numbered(vec![0, 1, 1, 0], 2).expect("labels");
        let features = dmatrix![0.0, 1.0, -1.0, 2.0];
        let dataset = Dataset::unnamed(features, labels).expect("a data set");
        for row in LOSS_TABLE {
            for weights in [vec![1.0, 3.0], vec![2.0, 2.0]] {
                let class_weights = ClassWeights::Explicit(weights.clone());
                let Ok(problem) = Problem::new(&dataset, &row.default, &class_weights, 1.0) else { continue };
                let moved = row.class_weights.moves_probabilities(&weights);
                assert_eq!(problem.has_moved_probabilities(), moved, "{} {weights:?}", row.name);
            }
        }
    }
}
