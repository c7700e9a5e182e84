//! Batches of `B` samples, drawn without replacement: what they see of classes, and which balance holds where the mean
//! gradient of a loss over them vanishes (docs/theory.md#m1, #mini-batches).
//!
//! A class that a batch lacks takes no part in it, so that what counts is how often a class is present, and among how many.

use super::ledger::{Ledger, LedgerEntry};
use crate::data::random::stream;
use crate::loss::{Inr, LossSpec, Targets};
use nalgebra::DMatrix;
use thiserror::Error;

/// Multiplications that the exact expectations may take.
const MAX_WORK: f64 = 2e10;

/// Expectations over batches that are not computed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// There are fewer than two classes, or one has no samples.
    #[error(
        "batches: {classes} classes, of which {empty} have no samples; give at least two, each with samples"
    )]
    Classes {
        /// Classes given.
        classes: usize,
        /// Those without samples.
        empty: usize,
    },
    /// A batch without samples, or of more than there are.
    #[error("batches of {batch}; give a size from 1 to {samples}, the number of samples")]
    Size {
        /// Samples in a batch.
        batch: usize,
        /// Samples in all.
        samples: usize,
    },
    /// So many classes and so large a batch that the sums would take hours.
    #[error(
        "batches of {batch} over {classes} classes: the exact expectations take too long; give smaller batches"
    )]
    TooLarge {
        /// Samples in a batch.
        batch: usize,
        /// Classes.
        classes: usize,
    },
}

/// How often classes are present in a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchPresence {
    /// `pi_k`: probability that class `k` has a sample in the batch.
    pub present: Vec<f64>,
    /// `q_c^k = E[1{c in batch} / n_k]` with `n_k` the number of classes other than `k` in the batch, for class `c` (row)
    /// and column `k`; zero on the diagonal.
    pub weight: DMatrix<f64>,
}

impl BatchPresence {
    /// Of batches of `batch` samples drawn without replacement from `counts[c]` samples of each class, exactly.
    ///
    /// The number of present classes has the generating function `prod_c (b_0 + t sum_(j > 0) b_j x^j)` with `b_j` binomial
    /// probabilities and `x` counting samples; `1/n` is the integral of `t^(n-1)`, a polynomial that Gauss's quadrature
    /// integrates exactly. No term is negative, so nothing cancels.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::balance::BatchPresence;
    ///
    /// // One sample at a time: class 2 is present with its share of all samples, and never beside another.
    /// let presence = BatchPresence::of(&[300, 300, 6], 1)?;
    /// assert!((presence.present[2] - 6.0 / 606.0).abs() < 1e-12);
    /// assert!((presence.weight[(2, 0)] - 6.0 / 606.0).abs() < 1e-12);
    /// # Ok::<(), equipoise::balance::BatchError>(())
    /// ```
    ///
    /// # Errors
    /// There are fewer than two classes or one has no samples ([`BatchError::Classes`]), the batch has no samples or more
    /// than there are ([`BatchError::Size`]), or the sums would take too long ([`BatchError::TooLarge`]).
    pub fn of(counts: &[usize], batch: usize) -> Result<Self, BatchError> {
        let classes = counts.len();
        let empty = counts.iter().filter(|&&count| count == 0).count();
        if classes < 2 || empty > 0 {
            return Err(BatchError::Classes { classes, empty });
        }
        let samples: usize = counts.iter().sum();
        if !(1..=samples).contains(&batch) {
            return Err(BatchError::Size { batch, samples });
        }
        if batch == samples {
            return Ok(Self::of_all(classes));
        }
        let nodes = gauss_legendre(classes.div_ceil(2));
        let work = nodes.len() as f64 * (classes as f64 * batch as f64).powi(2);
        if work > MAX_WORK {
            return Err(BatchError::TooLarge { batch, classes });
        }
        let drawn = Drawn::new(counts, batch);
        let present = (0..classes).map(|class| drawn.presence(class)).collect();
        let mut weight = DMatrix::zeros(classes, classes);
        for (t, share) in nodes {
            weight += drawn.expected_powers(t) * share;
        }
        Ok(Self { present, weight })
    }

    /// Of a batch of all samples: every class is present, among all others.
    fn of_all(classes: usize) -> Self {
        let others = (classes - 1) as f64;
        let weight = DMatrix::from_fn(classes, classes, |c, k| if c == k { 0.0 } else { 1.0 / others });
        Self { present: vec![1.0; classes], weight }
    }

    /// The pair weights `A[k][k] = pi_k / N_k`, `A[c][k] = q_c^k / N_c` (`K x K`; row = true class) with which one-vs-all
    /// logistic loss (B6) is stationary where the expected gradient of LGL-INR with `beta = 0` vanishes (M1).
    ///
    /// # Panics
    /// `counts` are of fewer classes.
    #[must_use]
    pub fn pair_weights(&self, counts: &[usize]) -> DMatrix<f64> {
        DMatrix::from_fn(self.present.len(), self.present.len(), |c, k| {
            let seen = if c == k { self.present[k] } else { self.weight[(c, k)] };
            seen / counts[c] as f64
        })
    }
}

/// Binomial probabilities of the samples of each class in a batch. Given their sum they are hypergeometric.
struct Drawn {
    /// By class: probabilities of `0..=B` samples, with the share `B/N`.
    of_class: Vec<Vec<f64>>,
    /// Probability that all classes together give `B`.
    total: f64,
}

impl Drawn {
    fn new(counts: &[usize], batch: usize) -> Self {
        let samples: usize = counts.iter().sum();
        let share = batch as f64 / samples as f64;
        let of_class = counts.iter().map(|&count| binomial(count, share, batch)).collect();
        Self { of_class, total: binomial(samples, share, batch)[batch] }
    }

    fn batch(&self) -> usize {
        self.of_class[0].len() - 1
    }

    /// `pi_k`, as one less the probability that all samples come from the other classes.
    fn presence(&self, class: usize) -> f64 {
        let others = (0..self.of_class.len()).filter(|&other| other != class);
        let others = others.fold(one(self.batch()), |product, other| times(&product, &self.of_class[other]));
        // Sums over what the class has: all terms are positive.
        let own = &self.of_class[class];
        (1..=self.batch()).map(|drawn| own[drawn] * others[self.batch() - drawn]).sum::<f64>() / self.total
    }

    /// `E[1{c in batch} t^(n_k - 1)]` for every class `c` and column `k`, by products over all classes but these two.
    fn expected_powers(&self, t: f64) -> DMatrix<f64> {
        let classes = self.of_class.len();
        // A class that is present counts `t`; the column's own class does not count.
        let counted: Vec<Vec<f64>> = self.of_class.iter().map(|of| scaled_tail(of, t, of[0])).collect();
        let mut powers = DMatrix::zeros(classes, classes);
        for column in 0..classes {
            let others: Vec<usize> = (0..classes).filter(|&class| class != column).collect();
            let mut before = vec![self.of_class[column].clone()];
            for &class in &others {
                let next = times(&before[before.len() - 1], &counted[class]);
                before.push(next);
            }
            let mut after = one(self.batch());
            for (place, &class) in others.iter().enumerate().rev() {
                let rest = times(&before[place], &after);
                let present = scaled_tail(&self.of_class[class], 1.0, 0.0);
                let at = |drawn: usize| present[drawn] * rest[self.batch() - drawn];
                powers[(class, column)] = (1..=self.batch()).map(at).sum::<f64>() / self.total;
                after = times(&after, &counted[class]);
            }
        }
        powers
    }
}

/// The polynomial 1, up to a degree.
fn one(degree: usize) -> Vec<f64> {
    let mut one = vec![0.0; degree + 1];
    one[0] = 1.0;
    one
}

/// Coefficients from the first power on times a factor, after another constant.
fn scaled_tail(coefficients: &[f64], factor: f64, constant: f64) -> Vec<f64> {
    let tail = coefficients.iter().skip(1).map(|coefficient| factor * coefficient);
    std::iter::once(constant).chain(tail).collect()
}

/// The product of two polynomials, up to their degree.
fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; a.len()];
    for (power, &coefficient) in a.iter().enumerate().filter(|(_, coefficient)| **coefficient != 0.0) {
        product[power..].iter_mut().zip(b).for_each(|(sum, b)| *sum += coefficient * b);
    }
    product
}

/// `C(n, k) p^k (1 - p)^(n - k)` for `k` up to `most` and `p` strictly between 0 and 1. From the largest outwards, each from
/// its neighbour, and all divided by their sum: logarithms of factorials would cancel to ten digits.
fn binomial(n: usize, p: f64, most: usize) -> Vec<f64> {
    let odds = p / (1.0 - p);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and n")]
    let mode = (((n + 1) as f64 * p) as usize).min(n);
    let mut probabilities = vec![0.0; n + 1];
    probabilities[mode] = 1.0;
    for k in mode..n {
        probabilities[k + 1] = probabilities[k] * odds * (n - k) as f64 / (k + 1) as f64;
    }
    for k in (0..mode).rev() {
        probabilities[k] = probabilities[k + 1] * (k + 1) as f64 / (odds * (n - k) as f64);
    }
    let total: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|probability| *probability /= total);
    probabilities.resize(most + 1, 0.0);
    probabilities
}

/// Nodes on `[0, 1]` and weights of Gauss's quadrature with so many nodes, exact for polynomials of twice that degree less one.
fn gauss_legendre(nodes: usize) -> Vec<(f64, f64)> {
    let degree = nodes as f64;
    let node = |place: usize| {
        let mut x = (std::f64::consts::PI * (place as f64 + 0.75) / (degree + 0.5)).cos();
        let mut slope = 1.0;
        // Newton's steps from this start converge within a few for any degree.
        for _ in 0..20 {
            let (value, derivative) = legendre(nodes, x);
            slope = derivative;
            x -= value / derivative;
        }
        (0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..nodes).map(node).collect()
}

/// Legendre's polynomial of a degree of at least 1, and its derivative.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for n in 1..degree {
        let n = n as f64;
        (before, value) = (value, ((2.0 * n + 1.0) * x * value - n * before) / (n + 1.0));
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

/// The balance of a loss over batches of some size, drawn without replacement.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchLaw {
    /// That of the loss over all samples: the loss is a sum over samples (M3), or a batch holds all of them.
    Whole,
    /// B6 with the pair weights of these expectations: LGL-INR with `beta = 0` (M1), or one sample at a time (M2).
    PairWeighted(BatchPresence),
    /// LGL-INR with `beta > 0`: its weights depend on means over the batch. No closed form is known, so that
    /// batches have to be drawn ([`SimulatedBalance`]).
    Simulated,
}

impl BatchLaw {
    /// Of a loss in batches of `batch` samples out of `counts[c]` of each class.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::balance::BatchLaw;
    /// use equipoise::loss::{InrVariant, LossSpec};
    ///
    /// let inr = |beta| LossSpec::Inr { beta, variant: InrVariant::Attached };
    /// assert_eq!(BatchLaw::of(&LossSpec::Softmax, &[30, 10], 8)?, BatchLaw::Whole);
    /// assert_eq!(BatchLaw::of(&inr(2.0), &[30, 10], 8)?, BatchLaw::Simulated);
    /// assert!(matches!(BatchLaw::of(&inr(0.0), &[30, 10], 8)?, BatchLaw::PairWeighted(_)));
    /// # Ok::<(), equipoise::balance::BatchError>(())
    /// ```
    ///
    /// # Errors
    /// As [`BatchPresence::of`], for LGL-INR; for other losses, a batch without samples or of more than there are.
    pub fn of(spec: &LossSpec, counts: &[usize], batch: usize) -> Result<Self, BatchError> {
        let samples = counts.iter().sum();
        if !(1..=samples).contains(&batch) {
            return Err(BatchError::Size { batch, samples });
        }
        match *spec {
            LossSpec::Inr { .. } if batch == samples => Ok(Self::Whole),
            LossSpec::Inr { beta, .. } if beta > 0.0 && batch > 1 => Ok(Self::Simulated),
            LossSpec::Inr { .. } => Ok(Self::PairWeighted(BatchPresence::of(counts, batch)?)),
            _ => Ok(Self::Whole),
        }
    }
}

/// Outflow and inflow of every class under LGL-INR, as means over batches that were drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedBalance {
    /// Means over batches, in units of mean probability; a class that a batch lacks has no outflow there.
    pub ledger: Ledger,
    /// Standard error of each class's difference of the two.
    pub standard_error: Vec<f64>,
    /// Batches drawn.
    pub batches: usize,
}

/// Batches that are drawn at most and at least, and logits that all of them may hold together.
const MAX_BATCHES: usize = 10_000;
const MIN_BATCHES: usize = 200;
const MAX_LOGITS: usize = 400_000_000;

impl SimulatedBalance {
    /// At the `logits` (`K x N`) of a head that saw batches of `batch` samples; the same seed draws the same batches.
    ///
    /// # Panics
    /// `logits` and `targets` are of different samples, or there are fewer of them than `batch`.
    #[must_use]
    pub fn of(inr: &Inr, logits: &DMatrix<f64>, targets: &Targets, batch: usize, seed: u64) -> Self {
        let classes = inr.classes;
        let batches = (MAX_LOGITS / batch.saturating_mul(classes)).clamp(MIN_BATCHES, MAX_BATCHES);
        let generator = &mut stream(seed, 0);
        let (mut out, mut into) = (vec![0.0; classes], vec![0.0; classes]);
        // Mean and sum of squared deviations of the difference, batch by batch: sums of squares would cancel.
        let (mut mean, mut squares) = (vec![0.0; classes], vec![0.0; classes]);
        for drawn in 1..=batches {
            let chosen = rand::seq::index::sample(generator, targets.samples(), batch).into_vec();
            let labels = chosen.iter().map(|&sample| targets.class_indices()[sample]).collect();
            let ledger = Ledger::at(inr, &logits.select_columns(&chosen), &targets.of_batch(labels));
            for (k, entry) in ledger.entries.iter().enumerate() {
                out[k] += entry.outflow;
                into[k] += entry.inflow;
                let off = entry.difference - mean[k];
                mean[k] += off / drawn as f64;
                squares[k] += off * (entry.difference - mean[k]);
            }
        }
        let count = batches as f64;
        let entries = out.iter().zip(&into).map(|(out, into)| LedgerEntry::new(out / count, into / count));
        let error = |squares: &f64| (squares / (count - 1.0) / count).sqrt();
        Self {
            ledger: Ledger { entries: entries.collect() },
            standard_error: squares.iter().map(error).collect(),
            batches,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{MeanProbability, one_vs_all_ledger};
    use crate::data::Labels;
    use crate::data::random::normal_matrix;
    use crate::loss::{ClassWeights, InrVariant, Link};

    /// All batches one by one.
    fn by_enumeration(counts: &[usize], batch: usize) -> BatchPresence {
        let labels: Vec<usize> =
            counts.iter().enumerate().flat_map(|(class, &count)| std::iter::repeat_n(class, count)).collect();
        let classes = counts.len();
        let (mut present, mut weight, mut batches) =
            (vec![0.0; classes], DMatrix::zeros(classes, classes), 0.0);
        for chosen in (0_u32..1 << labels.len()).filter(|chosen| chosen.count_ones() as usize == batch) {
            batches += 1.0;
            let has = |class: usize| (0..labels.len()).any(|i| chosen >> i & 1 == 1 && labels[i] == class);
            for k in 0..classes {
                present[k] += f64::from(u8::from(has(k)));
                let others = (0..classes).filter(|&c| c != k && has(c)).count();
                for c in (0..classes).filter(|&c| c != k && has(c)) {
                    weight[(c, k)] += 1.0 / others as f64;
                }
            }
        }
        present.iter_mut().for_each(|sum| *sum /= batches);
        BatchPresence { present, weight: weight / batches }
    }

    #[test]
    fn expectations_are_those_over_all_batches() {
        for counts in [vec![4, 3], vec![6, 3, 1], vec![5, 4, 2, 1], vec![3, 3, 3, 2, 1]] {
            let samples: usize = counts.iter().sum();
            for batch in 1..=samples {
                let exact = BatchPresence::of(&counts, batch).expect("small");
                let expected = by_enumeration(&counts, batch);
                let apart = (&exact.weight - &expected.weight).amax();
                assert!(apart < 1e-13, "{counts:?}, B = {batch}: {apart:e}");
                for (one, other) in exact.present.iter().zip(&expected.present) {
                    assert!((one - other).abs() < 1e-13, "{counts:?}, B = {batch}: {one} {other}");
                }
            }
        }
    }

    #[test]
    fn a_rare_class_is_present_as_often_as_chance_has_it() {
        let counts = [300, 300, 300, 6];
        for (batch, expected) in [(1, 0.007), (8, 0.052), (32, 0.195), (64, 0.356), (200, 0.777), (906, 1.0)]
        {
            let presence = BatchPresence::of(&counts, batch).expect("small");
            assert!((presence.present[3] - expected).abs() < 6e-4, "{batch}: {}", presence.present[3]);
            // Of the weights in a column, those of a batch add up to one wherever another class is present.
            let sum = presence.weight.column(3).sum();
            assert!((sum - 1.0).abs() < 1e-2 && sum < 1.0 + 1e-12, "{batch}: {sum}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(BatchPresence::of(&[3], 1).is_err());
        assert!(BatchPresence::of(&[3, 0], 1).is_err());
        assert!(BatchPresence::of(&[3, 4], 0).is_err());
        assert!(BatchPresence::of(&[3, 4], 8).is_err());
        let many = vec![1_000; 1_000];
        assert!(matches!(BatchPresence::of(&many, 512), Err(BatchError::TooLarge { .. })));
    }

    /// Without sharpness the expectation is known (M1), and the simulation has to meet it.
    #[test]
    fn batches_drawn_have_the_expected_balance() {
        let counts = [60, 30, 6];
        let labels = (0..).zip(counts).flat_map(|(class, count)| vec![class; count]).collect();
        let labels = Labels::numbered(labels, 3).expect("classes");
        let targets = Targets::new(&labels, &ClassWeights::None).expect("targets");
        let logits = normal_matrix(&mut stream(3, 1), 3, 96);
        let inr = Inr { classes: 3, beta: 0.0, variant: InrVariant::Attached };
        let found = SimulatedBalance::of(&inr, &logits, &targets, 8, 1);
        let pair_weights = BatchPresence::of(&counts, 8).expect("small").pair_weights(&counts);
        let means = MeanProbability::of(Link::Sigmoid, &logits, &targets);
        let exact = one_vs_all_ledger(&means, &targets, &pair_weights);
        assert_eq!(found.batches, MAX_BATCHES);
        for (k, (one, other)) in found.ledger.entries.iter().zip(&exact.entries).enumerate() {
            let off = (one.difference - other.difference).abs();
            assert!(
                off < 4.0 * found.standard_error[k],
                "class {k}: {off} against {}",
                found.standard_error[k]
            );
            assert!(found.standard_error[k] < 0.01);
        }
    }

    #[test]
    fn batches_that_cannot_be_are_refused_for_every_loss() {
        for batch in [0, 41] {
            assert!(matches!(
                BatchLaw::of(&LossSpec::Softmax, &[30, 10], batch),
                Err(BatchError::Size { .. })
            ));
        }
    }
}
