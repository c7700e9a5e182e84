//! W4: a weight that works against its own class.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim, missed};
use super::law::TOLERANCE;
use super::sentence::shown;
use super::unexpected_effects::{contrary_weight, contrary_weight_of_three};
use super::weight_effects::{At, Differences, solved};
use crate::balance::binary_error_ratio;
use crate::data::{Covariance, Dataset, GaussianMixture, class_means};
use crate::loss::LossSpec;

/// The contrary weight in 60-digit arithmetic: `P1` and `P0` at `lambda_1 = 1` and at `lambda_1 = 1.25`, and
/// `dP1 / d log lambda_1` at 1.
const CONTRARY: [[f64; 2]; 2] = [[0.209_049_32, 0.044_297_508], [0.166_883_24, 0.058_323_795]];
const CONTRARY_SLOPE: f64 = -0.043_222;
/// The losses and units of features in which the contrary weight is looked at.
const CASES: [(LossSpec, f64, &str); 3] = [
    (LossSpec::Logistic, 1.0, "binary logistic"),
    (LossSpec::Softmax, 1.0, "softmax, two classes"),
    (LossSpec::Logistic, 1000.0, "binary logistic, features in other units"),
];
/// Half a unit of the last digit of those numbers.
const LAST_DIGIT: f64 = 5e-9;
const LAST_DIGIT_OF_SLOPE: f64 = 5e-7;
/// Penalty under which three classes show it, and the class.
const PENALTY_OF_THREE: f64 = 1e-3;
const CLASS_OF_THREE: usize = 1;

pub(super) const CLAIMS: [ComparisonClaim; 1] = [ComparisonClaim {
    id: "W4",
    title: "a weight against its own class",
    statement: "A weight can work against its own class, already for two (25% more weight on the positives lowers their mean probability by four points) and for three under a penalty.",
    cases: Cases::All(CASES.len() + 1),
    check: contrary,
    summarise: |cases| {
        let of_three = cases.iter().find(|case| case.len() == 1).map_or(f64::NAN, |case| case[0]);
        let at = |place: usize| {
            cases.iter().find(|case| case.len() > 1).map(|case| case[place]).map_or_else(String::new, shown)
        };
        vec![
            format!("P₁ {} at λ₁ = 1, {} at λ₁ = 1.25; P₀ {} and {}", at(0), at(1), at(2), at(3)),
            format!("dP₁/d log λ₁ = {}; mean log loss of the positives {} and {}", at(4), at(5), at(6)),
            format!("three classes, penalty {PENALTY_OF_THREE}: dP[1][1]/d log λ₁ = {}", shown(of_three)),
        ]
    },
}];

fn contrary((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    if case == CASES.len() {
        return of_three((seed, number));
    }
    let (ref spec, unit, words) = CASES[case];
    let witness = contrary_weight()?.dataset()?;
    let features = witness.features().map(|feature| unit * (feature + 1.0));
    let dataset = Dataset::unnamed(features, witness.labels().clone())?;
    let at = |dataset: &Dataset, weight: f64| solved(dataset, spec, vec![1.0, weight], 0.0, true);
    let (before, after) = (at(&dataset, 1.0)?, at(&dataset, 1.25)?);
    let positives = |at: &At| at.means.matrix[(1, 1)];
    let negatives = |at: &At| at.means.matrix[(0, 1)];
    let slope = before.effects.as_ref().ok_or("a singular Hessian")?.of_weight[1][(1, 1)];
    let off = [&before, &after].into_iter().zip(CONTRARY).flat_map(|(at, [p1, p0])| {
        [(LAST_DIGIT, (positives(at) - p1).abs()), (LAST_DIGIT, (negatives(at) - p0).abs())]
    });
    let ratio = |at: &At| {
        let (measured, expected) = binary_error_ratio(&at.means, &at.targets);
        (TOLERANCE, (measured / expected - 1.0).abs())
    };
    let fell = |before: &At, after: &At| (positives(before) - positives(after), 0.04);
    let slope_off = (LAST_DIGIT_OF_SLOPE, (slope - CONTRARY_SLOPE).abs());
    let inequalities: Vec<(f64, f64)> =
        off.chain([slope_off, ratio(&before), ratio(&after), fell(&before, &after)]).collect();
    let ordinary = ordinary(vec![400, 80], (seed, number))?;
    Ok(CaseReport {
        setup: format!("{words}, six groups in three dimensions, 1482 negatives, 83 positives, no penalty"),
        residual: Some(missed(&inequalities)),
        control: Some(missed(&[fell(&at(&ordinary, 1.0)?, &at(&ordinary, 1.25)?)])),
        observed: vec![
            positives(&before),
            positives(&after),
            negatives(&before),
            negatives(&after),
            slope,
            before.class_loss[1],
            after.class_loss[1],
        ],
        ..CaseReport::default()
    })
}

/// Ordinary classes, which more weight helps.
fn ordinary(counts: Vec<usize>, (seed, number): (u64, u64)) -> Result<Dataset, SetupFailure> {
    let means = class_means::line(counts.len(), 1.5)?;
    Ok(GaussianMixture::new(means, Covariance::Spherical(1.0), counts)?.sample(seed, number)?)
}

/// Softmax with a penalty: the derivative, the same from problems solved again, and what 10% more weight brings.
fn of_three(draws: (u64, u64)) -> Result<CaseReport, SetupFailure> {
    let spec = LossSpec::Softmax;
    let fell = |dataset: &Dataset| -> Result<(f64, f64), SetupFailure> {
        let class = CLASS_OF_THREE;
        let own = |weight: f64| -> Result<f64, SetupFailure> {
            let at = solved(dataset, &spec, vec![1.0, weight, 1.0], PENALTY_OF_THREE, false)?;
            Ok(at.means.matrix[(class, class)])
        };
        Ok((own(1.0)? - own(1.1)?, 0.003))
    };
    let dataset = contrary_weight_of_three()?.dataset()?;
    let at = solved(&dataset, &spec, vec![1.0; 3], PENALTY_OF_THREE, true)?;
    let of_weight = &at.effects.as_ref().ok_or("a singular Hessian")?.of_weight[CLASS_OF_THREE];
    let slope = of_weight[(CLASS_OF_THREE, CLASS_OF_THREE)];
    let again = Differences::of(&dataset, &spec, &[1.0; 3], PENALTY_OF_THREE, CLASS_OF_THREE)?;
    let own = fell(&dataset)?;
    Ok(CaseReport {
        setup: format!("softmax, six groups of three classes in three dimensions, l2 {PENALTY_OF_THREE}"),
        residual: Some(missed(&[(-0.04, slope), own]).max(again.excess(of_weight))),
        control: Some(missed(&[fell(&ordinary(vec![400, 80, 400], draws)?)?])),
        observed: vec![slope],
        ..CaseReport::default()
    })
}
