//! A3 and A4: what the averaging of one-vs-all logistic loss costs, over draws of designs fixed in advance.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim, all_missed, missed};
use super::mixture::{Mixture, Seen};
use super::rate::Rate;
use super::sentence::shown;
use crate::data::class_means::{hard_and_easy, ring_around_target, simplex};
use crate::loss::{ClassWeights, LossSpec};
use crate::numeric::largest;

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
