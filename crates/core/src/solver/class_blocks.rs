//! A preconditioner for softmax heads: a factor of the block of every class in the Hessian.
//!
//! The block of a class is `sum_i c_i x_i x_i^T + penalty` with the curvatures `c_i = w_i p_i (1 - p_i)`, `p_i` the class's
//! probability. Where classes are many, few samples make most of it, other ones for every class. So all samples with
//! `c_i >= t` count, and of the others one in `t / c_i`, each as if its curvature were `t`. That is right on average, and no
//! sample's share depends on luck by more than `t`: some samples for each unknown give the block within a few tens of per cent in
//! every direction, wherever they are taken from thousands.

use super::column_pass::Precision;
use super::dense::cholesky;
use super::hessian::{SingleBlock, SingleGram, regular_factor};
use super::pass::{HeadColumns, fold_logit_blocks};
use super::softmax_newton::SoftmaxPass;
use super::start::scrambled;
use crate::loss::Softmax;
use crate::numeric::{SAMPLES_PER_CHUNK, map_items, sample_chunks};
use nalgebra::{Cholesky, DMatrix, Dyn};

/// Samples of a class for each of its unknowns.
const SAMPLES_PER_UNKNOWN: usize = 16;
/// Rounds in which the least curvature that counts in any case is looked for, and the share of the samples that is enough.
const MAX_ROUNDS: usize = 8;
const ENOUGH: f64 = 0.9;

/// Factors of the blocks at `theta`, with `added[k]` on the diagonal of class `k`'s beside the penalty. `probabilities` are
/// those of the first blocks of samples; the others' are computed.
pub(super) fn class_factors(
    pass: SoftmaxPass,
    theta: &DMatrix<f64>,
    probabilities: &[Vec<f32>],
    added: &[f64],
) -> Vec<Cholesky<f64, Dyn>> {
    let SoftmaxPass { features, targets, loss } = pass;
    let are_kept = probabilities.len() * SAMPLES_PER_CHUNK >= features.samples();
    let class_weights = loss.normalised_class_weights(targets);
    let labels = targets.class_indices().iter().enumerate();
    let blocks = Blocks {
        pass,
        theta,
        probabilities,
        log_totals: if are_kept { Vec::new() } else { log_totals(pass, theta) },
        weights: labels
            .map(|(sample, &label)| class_weights[label as usize] * targets.sample_weight(sample))
            .collect(),
    };
    map_items(0..theta.ncols(), |class| blocks.factor(class, added[class]))
}

/// `log sum_k exp z_i^k` of every sample: with it, each class's probabilities follow from its own logits, and those of all
/// classes need not be held at once.
fn log_totals(pass: SoftmaxPass, theta: &DMatrix<f64>) -> Vec<f64> {
    let columns: Vec<usize> = (0..theta.ncols()).collect();
    let mut all = Vec::with_capacity(pass.features.samples());
    fold_logit_blocks(
        pass.features,
        pass.targets,
        HeadColumns { theta, columns: &columns },
        Vec::new,
        |log_totals, _, logits| Softmax::log_totals(logits, log_totals),
        |part| all.extend(part),
    );
    all
}

/// What the blocks of all classes are made of.
struct Blocks<'b> {
    pass: SoftmaxPass<'b>,
    theta: &'b DMatrix<f64>,
    probabilities: &'b [Vec<f32>],
    /// None where all probabilities are kept.
    log_totals: Vec<f64>,
    /// What every sample counts, its class's weight included.
    weights: Vec<f64>,
}

impl Blocks<'_> {
    fn factor(&self, class: usize, added: f64) -> Cholesky<f64, Dyn> {
        let mut block = self.block(class);
        block.fill_upper_triangle_with_lower_triangle();
        for (entry, penalty) in self.pass.features.penalty().iter().enumerate() {
            block[(entry, entry)] += penalty + added;
        }
        regular_factor(&block, Precision::Single).unwrap_or_else(|| ridged_factor(block))
    }

    /// The block of one class without the penalty (lower triangle).
    fn block(&self, class: usize) -> DMatrix<f64> {
        let (features, dimension) = (self.pass.features, self.theta.nrows());
        let curvatures = self.curvatures(class);
        let wanted = SAMPLES_PER_UNKNOWN * dimension;
        let (chosen, curvatures) = if curvatures.len() <= wanted {
            (None, curvatures)
        } else {
            let (samples, curvatures) = drawn(&curvatures, wanted, class);
            (Some(features.chosen(&samples)), curvatures)
        };
        let features = chosen.as_ref().unwrap_or(features);
        let (mut single, mut products) = (SingleBlock::default(), SingleGram::default());
        let mut block = DMatrix::zeros(dimension, dimension);
        for range in sample_chunks(curvatures.len()) {
            single.load(features, range.clone());
            products.add(&single, &curvatures[range], &mut block);
        }
        block
    }

    /// `w p (1 - p)` of every sample, for the probabilities of one class.
    fn curvatures(&self, class: usize) -> Vec<f64> {
        let features = self.pass.features;
        let own = self.theta.columns(class, 1).into_owned();
        let (mut scratch, mut logits) = (Vec::new(), Vec::new());
        let mut curvatures = Vec::with_capacity(features.samples());
        for range in sample_chunks(features.samples()) {
            let weights = &self.weights[range.clone()];
            if let Some(kept) = self.probabilities.get(range.start / SAMPLES_PER_CHUNK) {
                let own = kept[class * weights.len()..(class + 1) * weights.len()].iter();
                curvatures.extend(own.zip(weights).map(|(&p, &weight)| curvature(f64::from(p), weight)));
                continue;
            }
            let block = features.block(range.clone(), &mut scratch);
            features.block_logits(block, &range, &own, &[class], &mut logits);
            let each = logits.iter().zip(&self.log_totals[range]).zip(weights);
            curvatures.extend(
                each.map(|((z, log_total), &weight)| curvature((z - log_total).min(0.0).exp(), weight)),
            );
        }
        curvatures
    }
}

fn curvature(probability: f64, weight: f64) -> f64 {
    weight * probability * (1.0 - probability)
}

/// About `wanted` samples that stand for all, and what they count: those of large curvatures, and some of the others.
fn drawn(curvatures: &[f64], wanted: usize, class: usize) -> (Vec<usize>, Vec<f64>) {
    let threshold = threshold(curvatures, wanted);
    let (mut samples, mut counted) = (Vec::with_capacity(wanted), Vec::with_capacity(wanted));
    for (sample, &curvature) in curvatures.iter().enumerate() {
        let is_large = curvature >= threshold && curvature > 0.0;
        if is_large || curvature > threshold * uniform(class * curvatures.len() + sample) {
            samples.push(sample);
            counted.push(curvature.max(threshold));
        }
    }
    (samples, counted)
}

/// The curvature `t` with `sum_i min(1, c_i / t)` close to the number of samples that are wanted.
///
/// The sum is a concave function of `1 / t`, so that Newton's steps from a small `1 / t` never go too far.
fn threshold(curvatures: &[f64], wanted: usize) -> f64 {
    let wanted = wanted as f64;
    let mut threshold = curvatures.iter().sum::<f64>() / wanted;
    for _ in 0..MAX_ROUNDS {
        let (mut large, mut rest) = (0.0, 0.0);
        for &curvature in curvatures {
            let is_large = curvature >= threshold;
            large += f64::from(u8::from(is_large));
            rest += if is_large { 0.0 } else { curvature };
        }
        if large + rest / threshold.max(f64::MIN_POSITIVE) >= ENOUGH * wanted {
            break;
        }
        threshold = rest / (wanted - large);
    }
    threshold
}

/// A number between 0 and 1 that looks random.
fn uniform(index: usize) -> f64 {
    const BITS: u32 = 32;
    (scrambled(index as u64) >> (usize::BITS - BITS)) as f64 / 2.0_f64.powi(BITS.cast_signed())
}

/// A factor of a block that is singular to rounding; only the speed of convergence depends on it.
fn ridged_factor(mut block: DMatrix<f64>) -> Cholesky<f64, Dyn> {
    let size = block.nrows();
    let typical = (block.trace() / size as f64).max(f64::MIN_POSITIVE);
    for exponent in (-8..=0).step_by(2) {
        for entry in 0..size {
            block[(entry, entry)] += typical * 10.0_f64.powi(exponent);
        }
        if let Some(factor) = cholesky(block.clone()) {
            return factor;
        }
    }
    Cholesky::new_unchecked(DMatrix::from_diagonal_element(size, size, typical.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Curvatures over twelve orders of magnitude.
    fn curvatures() -> Vec<f64> {
        (0..20_000).map(|sample| 10.0_f64.powf(-12.0 * uniform(7 * sample + 1))).collect()
    }

    #[test]
    fn about_as_many_samples_are_drawn_as_are_wanted() {
        for wanted in [50, 500, 5000] {
            let (samples, counted) = drawn(&curvatures(), wanted, 3);
            let share = samples.len() as f64 / wanted as f64;
            assert!((0.7..1.3).contains(&share), "{wanted}: {}", samples.len());
            assert!(samples.is_sorted() && counted.iter().all(|&counted| counted > 0.0));
        }
    }

    #[test]
    fn large_curvatures_are_all_there_and_the_sum_is_right() {
        let curvatures = curvatures();
        let (samples, counted) = drawn(&curvatures, 2000, 3);
        let least = counted.iter().copied().fold(f64::INFINITY, f64::min);
        let large = curvatures.iter().filter(|&&curvature| curvature > least).count();
        assert_eq!(large, samples.iter().filter(|&&sample| curvatures[sample] > least).count());
        let (sum, right) = (counted.iter().sum::<f64>(), curvatures.iter().sum::<f64>());
        assert!((sum / right - 1.0).abs() < 0.03, "{sum} in place of {right}");
    }

    #[test]
    fn curvatures_that_vanish_draw_nothing() {
        assert!(drawn(&[0.0; 100], 10, 0).0.is_empty());
        // Fewer than are wanted are left.
        let few: Vec<f64> = (0..100).map(|sample| f64::from(u8::from(sample % 20 == 0))).collect();
        assert_eq!(drawn(&few, 10, 0), ((0..100).step_by(20).collect(), vec![1.0; 5]));
    }
}
