//! The problems claims are checked on, drawn from a seed before anything is measured.

use super::claim::shown;
use crate::data::random::{log_uniform, normal_matrix, stream};
use crate::data::{
    Covariance, DataError, Dataset, GaussianMixture, GroupedDesign, ImbalanceProfile, digits_subset,
    raw_binary_logits, raw_logits,
};
use crate::loss::{ClassWeights, InrVariant, LossSpec};
use crate::solver::{Problem, ProblemError};
use nalgebra::DMatrix;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Case numbers from here on are about digits; below, about synthetic data.
pub(super) const FIRST_DIGITS_CASE: usize = 1000;
/// Penalty of digits problems, whose ten classes a linear head separates.
const DIGITS_PENALTY: f64 = 1e-3;
/// Images of the largest class in a digits problem (the rarest digit has 174).
const DIGITS_LARGEST: usize = 170;

/// A problem in full: what is solved and how to say it.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) dataset: Dataset,
    pub(super) stated: Stated,
    pub(super) weights: ClassWeights,
    pub(super) l2: f64,
    pub(super) description: String,
}

/// The loss of a problem.
#[derive(Debug, Clone)]
pub(super) enum Stated {
    /// By its name.
    Loss(LossSpec),
    /// One-vs-all with the weight of each class in each column.
    PairWeighted(DMatrix<f64>),
}

impl Setup {
    pub(super) fn problem(&self) -> Result<Problem<'_>, ProblemError> {
        match &self.stated {
            Stated::Loss(spec) => Problem::new(&self.dataset, spec, &self.weights, self.l2),
            Stated::PairWeighted(pair) => Problem::pair_weighted(&self.dataset, pair, self.l2),
        }
    }
}

/// Which loss a claim speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Binary logistic, K = 2.
    Binary,
    /// Softmax, K from 2 to 20.
    Softmax,
    /// One-vs-all logistic, K from 3 to 20.
    OneVsAll,
    /// One-vs-all with pair weights: class weights, `pos_weight`, per-column balance, or any, in turn.
    PairWeighted,
    /// LGL-INR; `None` alternates between the variants.
    Inr(Option<InrVariant>),
}

/// How a claim weights classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weighting {
    /// `lambda_c = 1`.
    None,
    /// Inverse frequency.
    Balanced,
    /// Inverse frequency and no weights in turn.
    BalancedOrNone,
    /// Log-uniform between 1e-3 and 1e3.
    Drawn,
}

/// What a claim asks of its problems.
#[derive(Debug, Clone, Copy)]
pub(super) struct Design {
    pub(super) task: Task,
    pub(super) weighting: Weighting,
    /// Problems without features (raw logits) say nothing about this claim.
    pub(super) needs_features: bool,
}

impl Design {
    /// The problem number `case` of stream family `family`.
    pub(super) fn draw(self, seed: u64, family: u64, case: usize) -> Result<Setup, DataError> {
        let number = (family << 32) | case as u64;
        let mut generator = stream(seed, number);
        let drawn = if case >= FIRST_DIGITS_CASE {
            self.draw_digits(&mut generator, seed, case - FIRST_DIGITS_CASE)?
        } else {
            self.draw_synthetic(&mut generator, seed, number, case)?
        };
        let (dataset, l2, data) = drawn;
        let counts = dataset.labels().counts().to_vec();
        let (stated, loss) = self.draw_loss(&mut generator, case, &counts);
        let (weights, weighting) = self.draw_weights(&mut generator, case, counts.len());
        let sizes = shorten(&counts);
        let description = format!("{loss}, {data}, sizes {sizes}, {weighting}, l2 {}", shown(l2));
        Ok(Setup { dataset, stated, weights, l2, description })
    }

    fn draw_classes(self, generator: &mut ChaCha8Rng) -> usize {
        match self.task {
            Task::Binary => 2,
            Task::OneVsAll => generator.random_range(3..=20),
            Task::Softmax | Task::PairWeighted | Task::Inr(_) => generator.random_range(2..=20),
        }
    }

    /// Gaussian classes, saturated groups and raw logits in turn.
    fn draw_synthetic(
        self,
        generator: &mut ChaCha8Rng,
        seed: u64,
        number: u64,
        case: usize,
    ) -> Result<(Dataset, f64, String), DataError> {
        let classes = self.draw_classes(generator);
        let groups = generator.random_range(2..=4);
        let counts = draw_counts(generator, classes, case, groups)?;
        // Half of the problems carry a penalty: the laws hold with and without.
        let l2 = if generator.random::<bool>() { 0.0 } else { log_uniform(generator, 1e-6, 1e-1) };
        let kinds = if self.needs_features { 2 } else { 3 };
        match case % kinds {
            0 => {
                let dimension = generator.random_range(1..=6);
                let spread = log_uniform(generator, 0.3, 2.0);
                let means = normal_matrix(generator, dimension, classes) * spread;
                let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts)?;
                Ok((mixture.sample(seed, number)?, l2, format!("Gaussian classes in {dimension}-D")))
            }
            1 => {
                let design = GroupedDesign::random(groups, &counts, seed, number)?;
                Ok((design.dataset()?, l2, format!("{groups} one-hot groups")))
            }
            _ => {
                let scale = log_uniform(generator, 0.5, 5.0);
                let dataset = if self.task == Task::Binary {
                    raw_binary_logits([counts[0], counts[1]], scale, seed, number)?
                } else {
                    raw_logits(&counts, scale, seed, number)?
                };
                Ok((dataset, 0.0, format!("raw logits of scale {}", shown(scale))))
            }
        }
    }

    /// 8 against 3, or all ten classes; balanced first, then ever longer tails.
    fn draw_digits(
        self,
        generator: &mut ChaCha8Rng,
        seed: u64,
        index: usize,
    ) -> Result<(Dataset, f64, String), DataError> {
        let ratio = [1.0, 10.0, 3.0, 50.0][index % 4];
        let profile = ImbalanceProfile::Exponential { largest: DIGITS_LARGEST, ratio };
        let subset_seed = seed ^ generator.random::<u64>();
        let (classes, name): (Vec<u8>, _) = if self.task == Task::Binary {
            (vec![3, 8], "digits 8 against 3")
        } else {
            ((0..10).collect(), "ten digits")
        };
        let counts = profile.counts(classes.len())?;
        Ok((digits_subset(&classes, &counts, subset_seed)?, DIGITS_PENALTY, name.to_owned()))
    }

    fn draw_loss(self, generator: &mut ChaCha8Rng, case: usize, counts: &[usize]) -> (Stated, String) {
        match self.task {
            Task::Binary => (Stated::Loss(LossSpec::Logistic), "binary logistic".to_owned()),
            Task::OneVsAll => (Stated::Loss(LossSpec::Logistic), "one-vs-all".to_owned()),
            Task::Softmax => (Stated::Loss(LossSpec::Softmax), "softmax".to_owned()),
            Task::PairWeighted => {
                let (pair, name) = draw_pair_weights(generator, case / 3, counts);
                (Stated::PairWeighted(pair), format!("one-vs-all, {name}"))
            }
            Task::Inr(fixed) => {
                let alternate =
                    if case.is_multiple_of(2) { InrVariant::Detached } else { InrVariant::Attached };
                let variant = fixed.unwrap_or(alternate);
                let beta = draw_beta(generator, counts.len());
                (
                    Stated::Loss(LossSpec::Inr { beta, variant }),
                    format!("LGL-INR {variant:?}, beta {}", shown(beta))
                        .replace("Detached", "detached")
                        .replace("Attached", "attached"),
                )
            }
        }
    }

    fn draw_weights(self, generator: &mut ChaCha8Rng, case: usize, classes: usize) -> (ClassWeights, String) {
        let balanced = (ClassWeights::Balanced, "inverse-frequency weights".to_owned());
        let none = (ClassWeights::None, "no class weights".to_owned());
        match self.weighting {
            Weighting::Balanced => balanced,
            // By pairs of cases, so that every kind of data meets both.
            Weighting::BalancedOrNone if (case / 2).is_multiple_of(2) => balanced,
            Weighting::BalancedOrNone | Weighting::None => none,
            Weighting::Drawn => {
                let weights: Vec<f64> = (0..classes).map(|_| log_uniform(generator, 1e-3, 1e3)).collect();
                let range = |pick: fn(f64, f64) -> f64| weights.iter().copied().reduce(pick).unwrap_or(1.0);
                let text = format!("weights {} to {}", shown(range(f64::min)), shown(range(f64::max)));
                (ClassWeights::Explicit(weights), text)
            }
        }
    }
}

/// Class sizes with an imbalance between 1:1 and 1:1000, largest class first or last.
fn draw_counts(
    generator: &mut ChaCha8Rng,
    classes: usize,
    case: usize,
    smallest: usize,
) -> Result<Vec<usize>, DataError> {
    let ratio = log_uniform(generator, 1.0, 1000.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 60 and 2000")]
    let largest = log_uniform(generator, 60.0, 600.0).max(2.0 * ratio) as usize;
    let profile = if (case / 3).is_multiple_of(2) {
        ImbalanceProfile::Exponential { largest, ratio }
    } else {
        ImbalanceProfile::Step { largest, ratio, minority_classes: classes - 1 }
    };
    let mut counts = profile.counts(classes)?;
    counts.iter_mut().for_each(|count| *count = (*count).max(smallest));
    if generator.random::<bool>() {
        counts.reverse();
    }
    Ok(counts)
}

/// The instances of B6 in turn.
fn draw_pair_weights(
    generator: &mut ChaCha8Rng,
    turn: usize,
    counts: &[usize],
) -> (DMatrix<f64>, &'static str) {
    let classes = counts.len();
    let total: usize = counts.iter().sum();
    let drawn: Vec<f64> = (0..classes * classes).map(|_| log_uniform(generator, 1e-3, 1e3)).collect();
    match turn % 5 {
        0 => (DMatrix::from_element(classes, classes, 1.0), "plain"),
        1 => (DMatrix::from_fn(classes, classes, |c, _| drawn[c]), "class-weighted"),
        2 => (DMatrix::from_fn(classes, classes, |c, k| if c == k { drawn[k] } else { 1.0 }), "pos_weight"),
        3 => {
            let balanced = |c: usize, k: usize| {
                if c == k { 1.0 / counts[k] as f64 } else { 1.0 / (total - counts[k]) as f64 }
            };
            (DMatrix::from_fn(classes, classes, balanced), "per-column balanced")
        }
        _ => (DMatrix::from_vec(classes, classes, drawn), "any pair weights"),
    }
}

/// A `beta` for which guarantee R3 says something: `log(K - 1) / beta` between 0.05 and 0.8.
fn draw_beta(generator: &mut ChaCha8Rng, classes: usize) -> f64 {
    let slack = log_uniform(generator, 0.05, 0.8);
    // With two classes there is one non-target class and any beta will do.
    let negatives = (classes - 1).max(2) as f64;
    negatives.ln() / slack
}

/// Class sizes, the middle left out when there are many.
fn shorten(counts: &[usize]) -> String {
    let text: Vec<String> = counts.iter().map(ToString::to_string).collect();
    match text.as_slice() {
        [first, second, .., last] if text.len() > 5 => {
            format!("{first}, {second} .. {last} ({} classes)", text.len())
        }
        all => all.join(", "),
    }
}
