//! How samples are classified: accuracy, recall, precision, and the confusion matrix.

use super::predicted_class;
use crate::data::Labels;
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
        let classes = labels.classes();
        let mut confusion = vec![vec![0.0; classes]; classes];
        for (sample, (column, &label)) in logits.column_iter().zip(labels.class_indices()).enumerate() {
            confusion[label as usize][predicted_class(column.as_slice())] += labels.weight(sample);
        }
        let right = |class: usize| confusion[class][class];
        let recall: Vec<f64> =
            (0..classes).map(|class| right(class) / confusion[class].iter().sum::<f64>()).collect();
        let precision = (0..classes)
            .map(|class| right(class) / confusion.iter().map(|row| row[class]).sum::<f64>())
            .collect();
        let occurring: Vec<f64> = recall.iter().copied().filter(|recall| !recall.is_nan()).collect();
        Self {
            accuracy: (0..classes).map(right).sum::<f64>() / labels.total_size(),
            balanced_accuracy: occurring.iter().sum::<f64>() / occurring.len() as f64,
            recall,
            precision,
            confusion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
