//! Data sets on which a class weight has an unexpected effect (docs/theory.md#w3, #w4, #i6), and a seeded search for more.

use crate::balance::{MeanProbability, effects, means_with, sample_probabilities};
use crate::data::random::{log_uniform, stream};
use crate::data::{DataError, Dataset, PlacedGroups};
use crate::loss::{ClassWeights, Link, Loss, LossSpec, Targets};
use crate::numeric::{Sigmoid, try_map_items};
use crate::solver::{Problem, WeightResponse, solve};
use nalgebra::DMatrix;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// Where a group lies, and its samples of each class.
type Group<const D: usize, const K: usize> = ([f64; D], [usize; K]);

const CONTRARY: [Group<3, 2>; 6] = [
    ([5.14, 0.05, 0.05], [1, 78]),
    ([-4.80, -6.00, -6.00], [493, 1]),
    ([5.24, 0.15, 0.11], [493, 1]),
    ([0.04, 6.00, -0.18], [1, 1]),
    ([6.00, 0.07, 0.38], [493, 1]),
    ([6.00, 6.00, 1.27], [1, 1]),
];

const CONTRARY_OF_THREE: [Group<3, 3>; 6] = [
    ([5.18, -2.37, 3.43], [1, 66, 1]),
    ([2.27, -1.59, -5.06], [498, 1, 1]),
    ([-1.11, -4.45, 1.46], [178, 37, 1]),
    ([2.69, 5.37, -1.32], [61, 1, 3]),
    ([2.86, -1.16, -5.85], [1, 298, 1]),
    ([2.19, -3.57, 0.96], [18, 1, 493]),
];

const HELPING: [Group<3, 3>; 6] = [
    ([3.39, -2.43, 0.94], [1, 1, 13]),
    ([2.13, -4.60, -0.99], [1, 27, 1]),
    ([0.53, -2.67, 1.00], [1, 1, 500]),
    ([0.70, 5.89, -2.77], [500, 1, 1]),
    ([-0.93, -0.38, 3.95], [170, 18, 1]),
    ([-2.00, 1.17, 5.32], [1, 1, 500]),
];

const HINDERING: [Group<2, 3>; 3] =
    [([0.0, 0.0], [45, 45, 1]), ([1.0, 0.0], [628, 2, 1]), ([0.0, 1.0], [1, 2, 1014])];

/// docs/theory.md#w4: 1,482 negatives and 83 positives in three dimensions. More weight on the positives lowers their mean
/// predicted probability, without penalty.
///
/// Found by hill climbing; random problems do not show it.
///
/// # Errors
/// None in a build whose tests pass: the groups are part of the program.
pub fn contrary_weight() -> Result<PlacedGroups, DataError> {
    placed(&CONTRARY)
}

/// The same of softmax with three classes, under a penalty of 0.001: more weight on class 1 lowers its own mean
/// probability.
///
/// # Errors
/// As [`contrary_weight`].
pub fn contrary_weight_of_three() -> Result<PlacedGroups, DataError> {
    placed(&CONTRARY_OF_THREE)
}

/// Three classes of 674, 49 and 1,016 samples; more weight on class 0 raises the mean probability of class 1.
///
/// # Errors
/// As [`contrary_weight`].
pub fn helping_weight() -> Result<PlacedGroups, DataError> {
    placed(&HELPING)
}

/// As many samples of each class as in [`helping_weight`]; more weight on class 0 lowers the mean probability of class 1.
///
/// # Errors
/// As [`contrary_weight`].
pub fn hindering_weight() -> Result<PlacedGroups, DataError> {
    placed(&HINDERING)
}

fn placed<const D: usize, const K: usize>(groups: &[Group<D, K>]) -> Result<PlacedGroups, DataError> {
    let (points, counts) = groups.iter().map(|(point, counts)| (point.to_vec(), counts.to_vec())).unzip();
    PlacedGroups::new(points, counts)
}

/// What one would not expect of a class weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnexpectedEffect {
    /// More weight on a class lowers its own mean probability: `J[k][k][k] < 0` (W4).
    AgainstItsOwn,
    /// More weight on a class raises the mean probability of another: `J[k][k][j] > 0`, softmax with three classes or
    /// more.
    ForAnother,
}

/// What is searched, and how long.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectSearch {
    /// What is looked for.
    pub effect_kind: UnexpectedEffect,
    /// Classes, at least two; two are solved with the binary logistic loss, more with softmax.
    pub classes: usize,
    /// L2 penalty on the coefficients, in the draws and at last; the climbs have none.
    pub l2: f64,
    /// Random problems to start from.
    pub draws: usize,
    /// The number of climbs, each from the best of 16 draws; most climbs end where the effect is nearly zero.
    pub climbs: usize,
    /// Steps of each climb. The best continues for six times as many, under a penalty that grows to the given one.
    pub steps: usize,
    /// Seed of everything.
    pub seed: u64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundEffect {
    /// Random problems that have an effect.
    pub drawn: usize,
    /// Those that show the effect.
    pub unexpected: usize,
    /// The largest effect of that sign among them.
    pub best_drawn: f64,
    /// Climbs that came to show it.
    pub climbs_arrived: usize,
    /// `P[k][k]` at equal weights and with [`MORE_WEIGHT`] on class `j` (`j` and `k` as [`UnexpectedEffect::classes`]): the most
    /// change of that sign in the end.
    pub change: [f64; 2],
    /// Its derivative at equal weights, `dP[k][k] / d log lambda_j`.
    pub effect: f64,
    /// The groups that show it, with every class weight 1.
    pub groups: PlacedGroups,
}

impl UnexpectedEffect {
    /// The class whose weight grows and the class whose mean probability is looked at.
    #[must_use]
    pub fn classes(self) -> (usize, usize) {
        match self {
            Self::AgainstItsOwn => (1, 1),
            Self::ForAnother => (0, 1),
        }
    }

    /// The size of an effect or a change, positive where it is of the unexpected sign.
    #[must_use]
    pub fn amount(self, effect: f64) -> f64 {
        match self {
            Self::AgainstItsOwn => -effect,
            Self::ForAnother => effect,
        }
    }
}

/// The factor on the weight in the final check of an effect: a large derivative may hold only over a tiny range.
pub const MORE_WEIGHT: f64 = 1.1;
/// Groups, and coordinates of each.
const GROUPS: usize = 6;
const DIMENSION: usize = 3;
/// Points lie within this of the origin in each coordinate, and groups hold as many samples of a class at most.
const MAX_COORDINATE: f64 = 6.0;
const MAX_SAMPLES: f64 = 500.0;
/// Standard deviation of drawn coordinates.
const SPREAD: f64 = 3.0;
/// Smallest and largest standard deviation of a move, of a coordinate or of the logarithm of a number of samples.
const MOVES: (f64, f64) = (0.003, 3.0);
/// Draws of which the best one is climbed from; further ones only show how rare the effect is.
const DRAWS_PER_CLIMB: usize = 16;
/// Rounds of steps that the best goes on for.
const LAST_ROUNDS: i32 = 6;
/// Streams of climbing beside those of draws.
const CLIMB_STREAM: u64 = 1 << 61;

/// What is climbed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClimbObjective {
    /// A derivative of the unexpected sign, which leads there from afar.
    Derivative,
    /// A change of the unexpected sign with more weight.
    Change,
}

/// A problem of the search.
#[derive(Debug, Clone)]
struct Candidate {
    groups: PlacedGroups,
    effect: f64,
    /// What climbs: the amount of the effect; as long as that is negative, beside what the effect would be if all logits rose alike. (On its
    /// own, an effect is small wherever all samples are correctly classified, which leads nowhere.)
    score: f64,
}

impl EffectSearch {
    /// Draws, then climbs; `advance` is called for every problem solved. The same on any number of threads.
    ///
    /// # Errors
    /// No random problem has an effect, as with fewer than two classes, or what was found has no stationary
    /// point under the penalty.
    pub fn run(&self, advance: &(impl Fn() + Sync)) -> Result<FoundEffect, DataError> {
        let drawn = self.draw_all(advance)?;
        let (count, unexpected) =
            (drawn.len(), drawn.iter().filter(|candidate| candidate.score > 0.0).count());
        let best_drawn =
            drawn.iter().max_by(|a, b| a.score.total_cmp(&b.score)).map_or(0.0, |best| best.effect);
        let climbed = self.climb_from_best(drawn, advance)?;
        let climbs_arrived = climbed.iter().filter(|candidate| candidate.score > 0.0).count();
        let best = climbed.into_iter().reduce(|best, next| if next.score > best.score { next } else { best });
        let Some(best) = best else {
            return Err(DataError::invalid("draws", "no random problem has an effect; draw more"));
        };
        let Candidate { groups, effect, .. } = self.go_on(best, advance)?;
        let dataset = groups.dataset()?;
        let change = self.own_with(&dataset, 1.0).zip(self.own_with(&dataset, MORE_WEIGHT));
        let change = change.map(<[f64; 2]>::from).ok_or_else(unanswered)?;
        Ok(FoundEffect { drawn: count, unexpected, best_drawn, climbs_arrived, change, effect, groups })
    }

    fn draw_all(&self, advance: &(impl Fn() + Sync)) -> Result<Vec<Candidate>, DataError> {
        let draw = |number| {
            advance();
            self.draw(number)
        };
        let drawn = try_map_items(0..self.draws as u64, draw)?;
        Ok(drawn.into_iter().flatten().collect())
    }

    /// A climb without penalty from each of the most promising draws.
    fn climb_from_best(
        &self,
        mut drawn: Vec<Candidate>,
        advance: &(impl Fn() + Sync),
    ) -> Result<Vec<Candidate>, DataError> {
        let climbs = self.climbs.max(1);
        // The best of very many draws are often local maxima, from which no climb improves.
        drawn.truncate(climbs.saturating_mul(DRAWS_PER_CLIMB));
        drawn.sort_by(|a, b| b.score.total_cmp(&a.score));
        drawn.truncate(climbs);
        let unpenalised = Self { l2: 0.0, ..self.clone() };
        let climb =
            |(climb, start)| unpenalised.climb(start, ClimbObjective::Derivative, climb as u64, advance);
        try_map_items(drawn.into_iter().enumerate(), climb)
    }

    /// An effect found without penalty survives a penalty that grows in small steps, and then holds over a range.
    fn go_on(&self, mut best: Candidate, advance: &(impl Fn() + Sync)) -> Result<Candidate, DataError> {
        for round in 0..LAST_ROUNDS {
            let fraction = 10.0_f64.powi(round - (LAST_ROUNDS - 1));
            let penalised = Self { l2: fraction * self.l2, ..self.clone() };
            let start = penalised.look(best.groups, ClimbObjective::Change)?.ok_or_else(unanswered)?;
            #[expect(clippy::cast_sign_loss, reason = "a round's number")]
            let climb = self.climbs as u64 + round as u64;
            best = penalised.climb(start, ClimbObjective::Change, climb, advance)?;
        }
        Ok(best)
    }

    /// Takes every step of random length that leads higher.
    fn climb(
        &self,
        start: Candidate,
        objective: ClimbObjective,
        climb: u64,
        advance: &(impl Fn() + Sync),
    ) -> Result<Candidate, DataError> {
        let generator = &mut stream(self.seed, CLIMB_STREAM | climb);
        let mut best = start;
        for _ in 0..self.steps {
            if let Some(next) = self.neighbour(&best, objective, generator)?
                && next.score > best.score
            {
                best = next;
            }
            advance();
        }
        Ok(best)
    }

    /// Problems that a search solves.
    #[must_use]
    pub fn problems(&self) -> u64 {
        let climbs = self.climbs.saturating_add(LAST_ROUNDS as usize);
        self.draws.saturating_add(climbs.saturating_mul(self.steps)) as u64
    }

    /// The loss that the effects are those of.
    #[must_use]
    pub fn choice(&self) -> LossSpec {
        if self.classes == 2 { LossSpec::Logistic } else { LossSpec::Softmax }
    }

    fn draw(&self, number: u64) -> Result<Option<Candidate>, DataError> {
        let generator = &mut stream(self.seed, number);
        let mut points = Vec::with_capacity(GROUPS);
        let mut counts = Vec::with_capacity(GROUPS);
        for _ in 0..GROUPS {
            let coordinate = |_| (SPREAD * normal(generator)).clamp(-MAX_COORDINATE, MAX_COORDINATE);
            points.push((0..DIMENSION).map(coordinate).collect());
            let samples = |_| whole(log_uniform(generator, 1.0, MAX_SAMPLES));
            counts.push((0..self.classes).map(samples).collect());
        }
        self.look(PlacedGroups::new(points, counts)?, ClimbObjective::Derivative)
    }

    /// A point moved, or a number of samples changed.
    fn neighbour(
        &self,
        from: &Candidate,
        objective: ClimbObjective,
        generator: &mut impl Rng,
    ) -> Result<Option<Candidate>, DataError> {
        let (mut points, mut counts) = (from.groups.points().to_vec(), from.groups.counts().to_vec());
        let scale = log_uniform(generator, MOVES.0, MOVES.1);
        for _ in 0..generator.random_range(1..=2) {
            let group = generator.random_range(0..GROUPS);
            if generator.random::<bool>() {
                for coordinate in &mut points[group] {
                    // Two decimals say where a point lies.
                    let moved = *coordinate + scale * normal(generator);
                    *coordinate =
                        (100.0 * moved).round().clamp(-100.0 * MAX_COORDINATE, 100.0 * MAX_COORDINATE)
                            / 100.0;
                }
            } else {
                let class = generator.random_range(0..self.classes);
                let changed = counts[group][class] as f64 * (scale * normal(generator)).exp();
                counts[group][class] = whole(changed);
            }
        }
        self.look(PlacedGroups::new(points, counts)?, objective)
    }

    /// Solves with every class weight 1 and evaluates the objective; `None` where there is no answer.
    fn look(&self, groups: PlacedGroups, objective: ClimbObjective) -> Result<Option<Candidate>, DataError> {
        let dataset = groups.dataset()?;
        let Some((before, effect, slope)) = self.derivative(&dataset) else { return Ok(None) };
        let score = match (objective, self.effect_kind.amount(effect)) {
            (ClimbObjective::Derivative, amount) if amount > 0.0 => amount,
            (ClimbObjective::Derivative, amount) => amount / slope,
            (ClimbObjective::Change, _) => {
                let Some(after) = self.own_with(&dataset, MORE_WEIGHT) else { return Ok(None) };
                self.effect_kind.amount(after - before)
            }
        };
        Ok(score.is_finite().then_some(Candidate { groups, effect, score }))
    }

    /// At equal weights: `P[k][k]`, its derivative, and what that would be if all logits of class `k` rose alike.
    fn derivative(&self, dataset: &Dataset) -> Option<(f64, f64, f64)> {
        let problem = Problem::new(dataset, &self.choice(), &ClassWeights::None, self.l2).ok()?;
        let point = solve(&problem).stationary()?;
        let (link, logits, targets) = (problem.loss().link(), point.logits(), problem.targets());
        let effects = effects(&WeightResponse::at(&point).ok()?, link, logits.clone(), targets);
        let (weight, class) = self.effect_kind.classes();
        let own = MeanProbability::of(link, &logits, targets).matrix[(class, class)];
        let slope = mean_slope(link, &logits, class, targets);
        Some((own, effects[weight][(class, class)], slope))
    }

    /// `P[k][k]` with a weight on class `j`.
    fn own_with(&self, dataset: &Dataset, weight_of_class: f64) -> Option<f64> {
        let (weight, class) = self.effect_kind.classes();
        let mut weights = vec![1.0; self.classes];
        weights[weight] = weight_of_class;
        means_with(dataset, &self.choice(), weights, self.l2).map(|means| means.matrix[(class, class)])
    }
}

fn unanswered() -> DataError {
    DataError::invalid("l2", "what was found has no answer under this penalty; lower it")
}

/// The mean of `p_k (1 - p_k)` over the samples of class `k`: what the effect would be if every logit of theirs rose by one.
fn mean_slope(link: Link, logits: &DMatrix<f64>, class: usize, targets: &Targets) -> f64 {
    let of_class = logits.column_iter().zip(targets.class_indices()).enumerate();
    let of_class = of_class.filter(|&(_, (_, &label))| label as usize == class);
    let mut probabilities = vec![Sigmoid::of(0.0); targets.classes()];
    let mut slope = |z: &[f64]| {
        sample_probabilities(link, z, class, &mut probabilities);
        probabilities[class].slope()
    };
    let total: f64 =
        of_class.map(|(number, (z, _))| targets.sample_weight(number) * slope(z.as_slice())).sum();
    total / targets.sizes()[class]
}

fn normal(generator: &mut impl Rng) -> f64 {
    generator.sample(StandardNormal)
}

/// A number of samples, at least one.
fn whole(count: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 500")]
    let count = count.round().clamp(1.0, MAX_SAMPLES) as usize;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helped_and_hindered_classes_are_equally_large() {
        let sizes =
            |groups: Result<PlacedGroups, DataError>| groups.expect("well formed").class_counts().to_vec();
        assert_eq!(sizes(helping_weight()), sizes(hindering_weight()));
        assert_eq!(sizes(helping_weight()), [674, 49, 1016]);
        assert_eq!(sizes(contrary_weight()), [1482, 83]);
    }
}
