//! A3, A4 and R4: what the averaging of one-vs-all logistic loss costs, and what LGL-INR improves and does not, over draws of designs fixed
//! in advance: Gaussian classes around a target, solved for several losses over the same draw.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, all_missed, missed, shown};
use super::verdict::Rate;
use crate::balance::{Ledger, MeanProbability, accuracy, hits, neglect};
use crate::data::class_means::{hard_and_easy, ring_around_target, simplex};
use crate::data::{Covariance, Dataset, GaussianMixture};
use crate::loss::{ClassWeights, InrVariant, Link, LossSpec};
use crate::numeric::largest;
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;

/// Penalty of every problem: far-off classes are separable without.
const PENALTY: f64 = 1e-4;
/// The class whose column is looked at, at the origin.
const TARGET: usize = 0;
/// The class that is hard to separate from it, where there is one.
const HARD: usize = 1;

/// One design: class means (`d x K`, unit variance) and sizes.
pub(super) struct Mixture {
    pub(super) means: DMatrix<f64>,
    pub(super) counts: Vec<usize>,
}

/// What was measured on one draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// `P[c*][target]`, the hardest non-target mean.
    pub(super) hardest: f64,
    /// The pooled non-target mean of the target's column.
    pub(super) pooled: f64,
    /// Shortfall of the target.
    pub(super) shortfall: f64,
    /// Share of the hard class's samples whose own logit is the largest.
    pub(super) recall: f64,
    /// That share over all samples.
    pub(super) accuracy: f64,
    /// How far the loss's own balance is missed.
    pub(super) law: f64,
}

impl Seen {
    /// The neglect ratio.
    pub(super) fn neglect(self) -> f64 {
        self.hardest / self.pooled
    }
}

impl Mixture {
    /// Solves a draw for one loss; the draw is the same for every loss and weighting.
    pub(super) fn solve(
        &self,
        (seed, number): (u64, u64),
        spec: &LossSpec,
        weights: &ClassWeights,
    ) -> Result<Seen, SetupFailure> {
        let mixture =
            GaussianMixture::new(self.means.clone(), Covariance::Spherical(1.0), self.counts.clone())?;
        look(&mixture.sample(seed, number)?, spec, weights)
    }
}

fn look(dataset: &Dataset, spec: &LossSpec, weights: &ClassWeights) -> Result<Seen, SetupFailure> {
    let problem = Problem::new(dataset, spec, weights, PENALTY)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err(format!("{spec:?}: no stationary point").into());
    };
    let link = if *spec == LossSpec::Softmax { Link::Softmax } else { Link::Sigmoid };
    let (logits, targets) = (point.logits(), problem.targets());
    let means = MeanProbability::of(link, &logits, targets);
    let column = neglect(&means, targets)[TARGET];
    let hits = hits(&logits, targets);
    Ok(Seen {
        hardest: column.hardest,
        pooled: column.pooled,
        shortfall: means.shortfall[TARGET],
        recall: hits[HARD] / targets.sizes()[HARD],
        accuracy: accuracy(&hits, targets),
        law: Ledger::at(problem.loss(), &logits, targets).worst_residual(),
    })
}

/// Draws of every design.
pub(super) const DRAWS: usize = 20;
/// Samples of the target and of every easy class.
pub(super) const COMMON: usize = 200;
/// Samples of the hard class where it is rare.
pub(super) const RARE: usize = 20;
/// How far off easy classes are, in standard deviations.
const FAR: f64 = 8.0;
/// Distances of the hard class, in standard deviations.
const NEAR: [f64; 3] = [1.8, 2.0, 2.2];
/// Numbers of easy classes.
const EASY: [usize; 3] = [2, 3, 4];
/// Designs with a hard class.
pub(super) const HARD_DESIGNS: usize = NEAR.len() * EASY.len();
/// Easy classes that dilution adds.
const ADDED: usize = 4;
/// The hard class rarer by 10, the neglect ratio grows by this factor at least.
const GROWTH: f64 = 1.5;
/// The margin by which one-vs-all's shortfall of a ringed target exceeds softmax's.
const RING_MARGIN: f64 = 0.2;
/// Easy classes around the target, and their distances from it.
const RING: [usize; 3] = [3, 5, 8];
const RADIUS: [f64; 3] = [3.0, 4.0, 5.0];
const RING_DESIGNS: usize = RING.len() * RADIUS.len();

pub(super) const CLAIMS: [ComparisonClaim; 2] = [
    ComparisonClaim {
        id: "A3",
        title: "dilution",
        statement: "Gaussian classes, the hard one made rarer: one-vs-all's pooled mean shrinks, its hardest mean does not, and the law stays satisfied. (Adding easy classes instead is measured, not presumed.)",
        cases: Cases::Draws(HARD_DESIGNS * DRAWS),
        check: dilution,
        summarise: |cases| {
            let mean = |place: usize| shown(average(cases, place));
            vec![
                format!(
                    "hard class of {RARE} instead of {COMMON}: hardest mean {} instead of {}, pooled {} instead of {}",
                    mean(0),
                    mean(1),
                    mean(2),
                    mean(3)
                ),
                format!(
                    "softmax with the rare class: hardest mean {}, pooled {}; its neglect ratio is {} times one-vs-all's",
                    mean(4),
                    mean(5),
                    shown(average(cases, 4) / average(cases, 5) / (average(cases, 0) / average(cases, 2)))
                ),
                added(cases),
            ]
        },
    },
    ComparisonClaim {
        id: "A4",
        title: "one column in a ring of classes",
        statement: "A target inside a ring of easy classes in the plane: one-vs-all's single column cannot fence it in, softmax can; with a direction for every class the difference nearly vanishes.",
        cases: Cases::Draws(RING_DESIGNS * DRAWS),
        check: ring,
        summarise: |cases| {
            vec![format!(
                "mean shortfall of the target: one-vs-all {}, softmax {}; with a direction for every class {} and {}",
                shown(average(cases, 0)),
                shown(average(cases, 1)),
                shown(average(cases, 2)),
                shown(average(cases, 3))
            )]
        },
    },
];

/// The mean over cases of the number at one place.
pub(super) fn average(cases: &[Vec<f64>], place: usize) -> f64 {
    let numbers = || cases.iter().filter_map(|case| case.get(place));
    numbers().sum::<f64>() / numbers().count().max(1) as f64
}

/// Of a draw's number, its design: neighbours differ, so that a sample of the draws has all of them.
fn hard_design_of(case: usize) -> (f64, usize) {
    let design = case % HARD_DESIGNS;
    (NEAR[design % NEAR.len()], EASY[design / NEAR.len()])
}

/// A target, a hard class of some size near it, and easy classes far off, each in a direction of its own.
pub(super) fn hard_design(case: usize, hard: usize, added: usize) -> Result<Mixture, SetupFailure> {
    let (near, easy) = hard_design_of(case);
    let easy = easy + added;
    let mut counts = vec![COMMON; 2 + easy];
    counts[1] = hard;
    Ok(Mixture { means: hard_and_easy(near, easy, FAR)?, counts })
}

/// [`hard_design`] in words.
pub(super) fn describe(case: usize) -> String {
    let (near, easy) = hard_design_of(case);
    format!("hard class {near} standard deviations from the target, {easy} easy classes {FAR} away")
}

fn dilution(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let seen = |hard: usize, added: usize, spec: LossSpec| {
        hard_design(case, hard, added)?.solve(draws, &spec, &ClassWeights::None)
    };
    let common = seen(COMMON, 0, LossSpec::Logistic)?;
    let rare = seen(RARE, 0, LossSpec::Logistic)?;
    let more = seen(RARE, ADDED, LossSpec::Logistic)?;
    let softmax = seen(RARE, 0, LossSpec::Softmax)?;
    let inequalities = |common: Seen, rare: Seen| {
        [
            (rare.neglect(), GROWTH * common.neglect()),
            (common.pooled, rare.pooled),
            (rare.hardest, common.hardest),
        ]
    };
    Ok(CaseReport {
        setup: describe(case),
        residual: Some(largest([missed(&inequalities(common, rare)), common.law, rare.law])),
        exact: largest([common.law, rare.law]),
        // The hard class made more common: every inequality turns round.
        control: Some(all_missed(&inequalities(rare, common))),
        observed: vec![
            rare.hardest,
            common.hardest,
            rare.pooled,
            common.pooled,
            softmax.hardest,
            softmax.pooled,
            more.hardest,
            more.pooled,
        ],
        ..CaseReport::default()
    })
}

/// What adding easy classes did, each in a direction of its own: the column pays for every direction it has to reject, so
/// that its pooled mean need not shrink.
fn added(cases: &[Vec<f64>]) -> String {
    let measured: Vec<&Vec<f64>> = cases.iter().filter(|case| case.len() > 7).collect();
    let grew = measured.iter().filter(|case| case[6] / case[7] > case[0] / case[2]).count();
    format!(
        "{ADDED} more easy classes, each in a direction of its own: neglect ratio {} instead of {}; it grew in {}",
        shown(average(cases, 6) / average(cases, 7)),
        shown(average(cases, 0) / average(cases, 2)),
        Rate::of(grew, measured.len()).map_or_else(|| "no draw".to_owned(), |rate| rate.in_words())
    )
}

fn ring(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let design = case % RING_DESIGNS;
    let (easy, radius) = (RING[design % RING.len()], RADIUS[design / RING.len()]);
    let shortfalls = |means| -> Result<[f64; 2], SetupFailure> {
        let mixture = Mixture { means, counts: vec![COMMON; easy + 1] };
        let of = |spec| mixture.solve(draws, &spec, &ClassWeights::None).map(|seen| seen.shortfall);
        Ok([of(LossSpec::Logistic)?, of(LossSpec::Softmax)?])
    };
    let ringed = shortfalls(ring_around_target(easy, radius)?)?;
    // A direction for every class: the column has room.
    let roomy = shortfalls(simplex(easy + 1, radius)?)?;
    let residual = |[logistic, softmax]: [f64; 2]| missed(&[(logistic, softmax + RING_MARGIN)]);
    Ok(CaseReport {
        setup: format!("{easy} easy classes in a ring of radius {radius} around the target, in the plane"),
        residual: Some(residual(ringed)),
        control: Some(residual(roomy)),
        observed: [ringed, roomy].concat(),
        ..CaseReport::default()
    })
}

/// Sharpness, from none to strong.
const BETAS: [f64; 3] = [0.0, 5.0, 20.0];
/// How much the hardest mean falls at least from each to the next.
const FALLS: [f64; 2] = [0.05, 0.01];
/// How far the hard class's recall rises above that of LGL and of unweighted softmax, for every `beta`.
const RECALL_GAIN: f64 = 0.2;

pub(super) const REPAIR: ComparisonClaim = ComparisonClaim {
    id: "R4",
    title: "what the repair buys",
    statement: "Gaussian classes, a hard one rare: LGL-INR's hardest mean falls as β grows, and the hard class's recall is far above LGL's and unweighted softmax's.",
    cases: Cases::Draws(HARD_DESIGNS * DRAWS),
    check: repair,
    summarise: |cases| {
        let mean = |place: usize| shown(average(cases, place));
        vec![
            format!("hardest mean for β = 0, 5, 20: {}, {}, {}", mean(0), mean(1), mean(2)),
            format!(
                "recall of the hard class: {}, {}, {}; LGL {}, softmax {}, weighted softmax {}",
                mean(3),
                mean(4),
                mean(5),
                mean(6),
                mean(7),
                mean(8)
            ),
            format!("accuracy: {}, {}, {}; LGL {}", mean(9), mean(10), mean(11), mean(12)),
        ]
    },
};

fn repair(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let design = hard_design(case, RARE, 0)?;
    let inr = |beta| {
        let spec = LossSpec::Inr { beta, variant: InrVariant::Attached };
        design.solve(draws, &spec, &ClassWeights::None)
    };
    let sharpened: Vec<Seen> = BETAS.into_iter().map(inr).collect::<Result<_, _>>()?;
    let logistic = design.solve(draws, &LossSpec::Logistic, &ClassWeights::None)?;
    let softmax = design.solve(draws, &LossSpec::Softmax, &ClassWeights::None)?;
    let weighted = design.solve(draws, &LossSpec::Softmax, &ClassWeights::Balanced)?;
    let others = logistic.recall.max(softmax.recall);
    let inequalities = |sharpened: &[Seen], recalls: &[Seen]| {
        let falls = sharpened.windows(2).map(|pair| pair[0].hardest - pair[1].hardest).zip(FALLS);
        let gains = recalls.iter().map(|seen| (seen.recall, others + RECALL_GAIN));
        falls.chain(gains).collect::<Vec<_>>()
    };
    let softened: Vec<Seen> = sharpened.iter().rev().copied().collect();
    let of = |pick: fn(&Seen) -> f64| sharpened.iter().map(pick).collect::<Vec<f64>>();
    Ok(CaseReport {
        setup: describe(case),
        residual: Some(missed(&inequalities(&sharpened, &sharpened))),
        // From sharp to soft, with the recalls of the losses that it is compared with: every inequality turns round.
        control: Some(all_missed(&inequalities(&softened, &[logistic, softmax]))),
        observed: [
            of(|seen| seen.hardest),
            of(|seen| seen.recall),
            vec![logistic.recall, softmax.recall, weighted.recall],
            of(|seen| seen.accuracy),
            vec![logistic.accuracy],
        ]
        .concat(),
        ..CaseReport::default()
    })
}
