//! Derivatives of class means with respect to a column's parameters, which couple the samples of LGL-INR.

use super::column_pass::ColumnPass;
use crate::loss::{ColumnLoss, mean_slopes};
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, vectorised};
use nalgebra::DMatrix;

impl<L: ColumnLoss> ColumnPass<'_, L> {
    /// Derivatives of the class means of `columns` by their parameters at `theta` (`D x Q`): for each column `D x 2K`,
    /// losses first, probabilities second, in one pass over the samples.
    pub(super) fn class_slopes(&self, columns: &[usize], theta: &DMatrix<f64>) -> Vec<DMatrix<f64>> {
        let (dimension, classes) = (self.features.dimension(), self.targets.classes());
        let zeros = || vec![DMatrix::zeros(dimension, 2 * classes); columns.len()];
        let accepted: Vec<usize> = columns.iter().map(|&column| self.loss.target_of(column)).collect();
        let mut totals = zeros();
        self.fold_blocks(
            columns,
            theta,
            || (zeros(), vec![0.0; SAMPLES_PER_CHUNK]),
            |(sums, by_probability), features, logits| {
                let (labels, weights) = (logits.labels, logits.weights);
                let by_probability = &mut by_probability[..labels.len()];
                let by_class = in_order_of_class(labels);
                for ((by_loss, &target), sums) in logits.columns().zip(&accepted).zip(sums) {
                    mean_slopes(by_loss, by_probability, (labels, weights), target, self.targets);
                    let (losses, probabilities) = sums.as_mut_slice().split_at_mut(dimension * classes);
                    vectorised(AddByClass {
                        features,
                        dimension,
                        labels,
                        by_class: &by_class,
                        slopes: [by_loss, by_probability],
                        sums: [losses, probabilities],
                    });
                }
            },
            |(part, _)| totals.iter_mut().zip(part).for_each(|(total, part)| *total += part),
        );
        totals
    }
}

/// Indices of a block's samples, class by class, so that the sums of one class stay in the cache.
fn in_order_of_class(labels: &[u32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..labels.len()).collect();
    places.sort_by_key(|&place| labels[place]);
    places
}

/// Adds every sample times its two slopes to the two sums of its class (`D x K` each).
struct AddByClass<'a> {
    features: &'a [f64],
    dimension: usize,
    labels: &'a [u32],
    by_class: &'a [usize],
    slopes: [&'a [f64]; 2],
    sums: [&'a mut [f64]; 2],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for AddByClass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { features, dimension, labels, by_class, slopes, sums: [losses, probabilities] } = self;
        for &place in by_class {
            let sample = &features[place * dimension..][..dimension];
            let of_class = labels[place] as usize * dimension..(labels[place] as usize + 1) * dimension;
            let (losses8, last_losses) = losses[of_class.clone()].as_chunks_mut::<8>();
            let (probabilities8, last_probabilities) = probabilities[of_class].as_chunks_mut::<8>();
            let (sample8, last_sample) = sample.as_chunks::<8>();
            let slopes = [slopes[0][place], slopes[1][place]];
            let add = |loss: &mut f64, probability: &mut f64, entry: f64| {
                *loss += slopes[0] * entry;
                *probability += slopes[1] * entry;
            };
            for ((losses, probabilities), entries) in losses8.iter_mut().zip(probabilities8).zip(sample8) {
                for lane in 0..8 {
                    add(&mut losses[lane], &mut probabilities[lane], entries[lane]);
                }
            }
            for ((loss, probability), &entry) in
                last_losses.iter_mut().zip(last_probabilities).zip(last_sample)
            {
                add(loss, probability, entry);
            }
        }
    }
}
