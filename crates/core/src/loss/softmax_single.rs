//! Softmax in single precision over a block of logits, for the early steps of a search over many classes.
//!
//! Logits lie as in a [`super::LogitBlock`]: `n x K`, sample index fastest. Sums over classes are in double precision.

use super::block::PerSample;
use super::softmax::Scale;
use super::{ColumnPart, Softmax};
use crate::numeric::{
    Kernel, SAMPLES_PER_CHUNK, at_least, exp_of_nonpositive_single, ln_1p_of_nonnegative, vectorised,
};

/// One number in single precision for each sample of a block, on the stack.
type PerSampleSingle = [f32; SAMPLES_PER_CHUNK];

impl Softmax {
    /// Writes the probabilities of so many samples over their logits.
    pub(crate) fn single_probabilities(samples: usize, values: &mut [f32]) {
        let (mut largest, mut total) = ([f32::NEG_INFINITY; SAMPLES_PER_CHUNK], [0.0; SAMPLES_PER_CHUNK]);
        let (largest, total) = (&mut largest[..samples], &mut total[..samples]);
        for logits in values.chunks_exact(samples) {
            vectorised(SingleMaxima { logits, largest });
        }
        for logits in values.chunks_exact_mut(samples) {
            vectorised(SingleExponentials { logits, largest, sums: total });
        }
        let factors = &mut inverse(total)[..samples];
        for values in values.chunks_exact_mut(samples) {
            vectorised(Scale { values, factors });
        }
    }

    /// Writes probabilities over the logits of a block, hands them to `seen`, and writes `w (p - 1[k = y])` over them, where `w` is
    /// the weight of each sample, in single precision; the value is in the first column's part.
    ///
    /// The target's entry is `-w` times the sum of the others' probabilities.
    pub(crate) fn evaluate_single(
        labels: &[u32],
        weights: &[f64],
        values: &mut [f32],
        seen: impl FnOnce(&[f32]),
    ) -> Vec<ColumnPart> {
        let samples = labels.len();
        let mut largest: PerSampleSingle = [f32::NEG_INFINITY; SAMPLES_PER_CHUNK];
        let (mut others, mut below): (PerSample, PerSample) =
            ([0.0; SAMPLES_PER_CHUNK], [0.0; SAMPLES_PER_CHUNK]);
        let (largest, others, below) =
            (&mut largest[..samples], &mut others[..samples], &mut below[..samples]);
        let mut parts = vec![ColumnPart::default(); values.len() / samples];
        for (logits, part) in values.chunks_exact(samples).zip(&mut parts) {
            part.largest_logit = f64::from(vectorised(SingleMaxima { logits, largest }));
        }
        let place = |sample: usize| labels[sample] as usize * samples + sample;
        for sample in 0..samples {
            below[sample] = f64::from(values[place(sample)]) - f64::from(largest[sample]);
        }
        for logits in values.chunks_exact_mut(samples) {
            vectorised(SingleExponentials { logits, largest, sums: others });
        }
        let mut total = [0.0; SAMPLES_PER_CHUNK];
        for sample in 0..samples {
            let own = f64::from(values[place(sample)]);
            total[sample] = others[sample];
            others[sample] = at_least(others[sample] - own, 0.0);
            // Where the target is the largest its exponential is exactly 1.
            let excess = if below[sample] == 0.0 { others[sample] } else { total[sample] - 1.0 };
            parts[0].value += weights[sample] * (ln_1p_of_nonnegative(at_least(excess, 0.0)) - below[sample]);
        }
        let factors = &mut inverse(&total[..samples])[..samples];
        for values in values.chunks_exact_mut(samples) {
            vectorised(Scale { values, factors });
        }
        seen(values);
        factors.iter_mut().zip(weights).for_each(|(factor, &weight)| *factor = narrowed(weight));
        for values in values.chunks_exact_mut(samples) {
            vectorised(Scale { values, factors });
        }
        for sample in 0..samples {
            values[place(sample)] = narrowed(-weights[sample] * others[sample] / total[sample]);
        }
        for (values, part) in values.chunks_exact(samples).zip(&mut parts) {
            part.magnitude = vectorised(SingleMagnitude { values });
        }
        parts
    }
}

#[allow(clippy::cast_possible_truncation, reason = "single precision is what is asked for")]
fn narrowed(value: f64) -> f32 {
    value as f32
}

/// `1 / total` of every sample.
fn inverse(total: &[f64]) -> PerSampleSingle {
    let mut factors = [0.0; SAMPLES_PER_CHUNK];
    factors.iter_mut().zip(total).for_each(|(factor, total)| *factor = narrowed(1.0 / total));
    factors
}

/// Raises `largest` to the logits of a column; returns the column's largest magnitude.
struct SingleMaxima<'a> {
    logits: &'a [f32],
    largest: &'a mut [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for SingleMaxima<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let larger = |a: f32, b: f32| if b > a { b } else { a };
        for (largest, &z) in self.largest.iter_mut().zip(self.logits) {
            *largest = larger(*largest, z);
        }
        let (lanes, rest) = self.logits.as_chunks::<16>();
        let mut magnitudes = [0.0; 16];
        for lane in lanes {
            for (magnitude, z) in magnitudes.iter_mut().zip(lane) {
                *magnitude = larger(*magnitude, z.abs());
            }
        }
        magnitudes.iter().chain(rest).fold(0.0, |all, z| larger(all, z.abs()))
    }
}

/// `exp(z - largest)` over `z`, added to the sums.
struct SingleExponentials<'a> {
    logits: &'a mut [f32],
    largest: &'a [f32],
    sums: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for SingleExponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for ((z, &largest), sum) in self.logits.iter_mut().zip(self.largest).zip(self.sums) {
            *z = exp_of_nonpositive_single(*z - largest);
            *sum += f64::from(*z);
        }
    }
}

/// `sum |r|` of a column.
struct SingleMagnitude<'a> {
    values: &'a [f32],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for SingleMagnitude<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let (lanes, rest) = self.values.as_chunks::<8>();
        let mut sums = [0.0; 8];
        for lane in lanes {
            for (sum, value) in sums.iter_mut().zip(lane) {
                *sum += f64::from(value.abs());
            }
        }
        sums.iter().sum::<f64>() + rest.iter().map(|value| f64::from(value.abs())).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClassWeights, LogitBlock, Targets};
    use super::*;
    use crate::data::Labels;

    /// Logits from small to saturated.
    fn logits(samples: usize, classes: usize) -> Vec<f64> {
        let entry = |index: usize| {
            let size = [0.1, 1.0, 5.0, 40.0][index % samples % 4];
            size * (index as f64 * 1.7).sin()
        };
        (0..samples * classes).map(entry).collect()
    }

    #[test]
    fn single_precision_is_double_precision_to_six_digits() {
        let (samples, classes) = (100, 7);
        let of_class = |sample: usize| u32::try_from(sample * sample % classes).expect("small");
        let labels: Vec<u32> = (0..samples).map(of_class).chain(0..7).collect();
        let labels = Labels::numbered(labels, classes).expect("classes");
        let targets = Targets::new(&labels, &ClassWeights::Balanced).expect("weights");
        let loss = Softmax::new(&targets);
        let of_classes = loss.normalised_class_weights(&targets);
        let labels = &targets.class_indices()[..samples];
        let weights: Vec<f64> = labels.iter().map(|&label| of_classes[label as usize]).collect();
        let mut exact = logits(samples, classes);
        let mut single: Vec<f32> = exact.iter().map(|&z| narrowed(z)).collect();
        let mut alone = single.clone();
        let mut seen = Vec::new();
        let parts = Softmax::evaluate_single(labels, &weights, &mut single, |probabilities| {
            seen = probabilities.to_vec();
        });
        Softmax::single_probabilities(samples, &mut alone);
        assert_eq!(seen, alone);
        let mut block = LogitBlock::of(&targets, 0..samples, &mut exact);
        let expected = Softmax::evaluate(&mut block, &of_classes);
        assert!((parts[0].value / expected[0].value - 1.0).abs() < 1e-6);
        for (part, expected) in parts.iter().zip(&expected) {
            assert!((part.magnitude / expected.magnitude - 1.0).abs() < 1e-5);
            assert!((part.largest_logit / expected.largest_logit - 1.0).abs() < 1e-6);
        }
        for (sample, weight) in weights.iter().enumerate() {
            for class in 0..classes {
                let place = class * samples + sample;
                let error = (f64::from(single[place]) - exact[place]).abs();
                assert!(error < 1e-5 * weight, "sample {sample}, class {class}: {error:e}");
            }
        }
    }
}
