//! I3 to I6: the geometry of softmax flows that sizes and weights leave open.

use super::claim::{
    CaseReport, Cases, ComparisonClaim, SetupFailure, TOLERANCE, missed, relative_distance, shown,
};
use super::unexpected_effects::{helping_weight, hindering_weight};
use super::weight_effects::solved;
use crate::balance::{Bounds, FlowPolytope, MeanProbability, distance, pair_flows, saturated_flows, witness};
use crate::data::random::{log_uniform, stream};
use crate::data::{Covariance, Dataset, GaussianMixture, GroupedDesign, PlacedGroups, class_means};
use crate::loss::{ClassWeights, Loss, LossSpec};
use crate::numeric::{largest, largest_magnitude};
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Penalty of the Gaussian problems, some of which are separable without.
const PENALTY: f64 = 1e-4;
/// How near a witness comes to its target, in shares of the total outflow.
const NEAR: f64 = 0.02;
/// Targets for witnesses with three classes: corners, edges' quarters and the inside of the medial triangle.
const TARGETS: [[f64; 3]; 7] = [
    [1.0, 1.0, 0.0],
    [1.0, 0.0, 1.0],
    [0.0, 1.0, 1.0],
    [1.0, 1.0, 1.0],
    [2.0, 1.0, 1.0],
    [1.0, 2.0, 1.0],
    [3.0, 4.0, 5.0],
];

/// How near a tight design brings the guaranteed entry to its bound, at least.
const TIGHT: f64 = 0.03;

/// Outflows that exceed a bound by this factor are not admitted.
const TOO_MUCH: f64 = 1.0 + 1e-6;

/// Data sets built for a place; the case after them is a pair of equal sizes and weights.
const LANDINGS: usize = TARGETS.len() + 8;
/// What a unit of log weight of class 0 adds to, or takes from, the mean probability of class 1 in that pair, at least.
const CLEAR_EFFECT: f64 = 0.01;

pub(super) const CLAIMS: [ComparisonClaim; 4] = [
    ComparisonClaim {
        id: "I3",
        title: "possible outflows",
        statement: "The only constraints on softmax outflows: none exceeds the mass of its class, uₖ ≤ mₖ, or the sum of the others, uₖ ≤ Σ u_j; whatever obeys both is the outflow of some flow matrix.",
        cases: Cases::All(60),
        check: outflows,
        summarise: |cases| {
            let nearest = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
            nearest
                .map(|fraction| {
                    vec![format!(
                        "largest share of one class in all outflows: {} (0.5 is the limit)",
                        shown(fraction)
                    )]
                })
                .unwrap_or_default()
        },
    },
    ComparisonClaim {
        id: "I4",
        title: "what a weight guarantees",
        statement: "P[k][k] ≥ (2 mₖ − M)/mₖ: a weight guarantees its class something only beyond half of the weighted mass; every entry lies within its bounds.",
        cases: Cases::All(60),
        check: bounds,
        summarise: |cases| {
            let slack = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::min);
            slack
                .map(|slack| {
                    vec![format!("the guaranteed entry exceeds its bound by {} at least", shown(slack))]
                })
                .unwrap_or_default()
        },
    },
    ComparisonClaim {
        id: "I5",
        title: "symmetric flows",
        statement: "Saturated softmax: F = Σ M_g q_g q_gᵀ, symmetric and positive semidefinite; a merely linear head breaks the symmetry.",
        cases: Cases::All(60),
        check: symmetry,
        summarise: |cases| {
            let asymmetry: Vec<f64> = cases.iter().filter_map(|case| case.first()).copied().collect();
            let most = asymmetry.iter().copied().reduce(f64::max);
            most.map(|most| {
                vec![format!("asymmetry of linear heads on Gaussian classes: up to {}", shown(most))]
            })
            .unwrap_or_default()
        },
    },
    ComparisonClaim {
        id: "I6",
        title: "same weights, any outcome",
        statement: "Same sizes, same inverse-frequency weights, other data: softmax outflow shares land wherever they are wanted inside the admissible set, as nearly as whole samples allow.",
        cases: Cases::All(LANDINGS + 1),
        check: land,
        summarise: |cases| {
            let landings = cases.iter().filter(|case| case.len() == 1);
            let far = landings.filter_map(|case| case.first()).copied().reduce(f64::max);
            let far = far
                .map(|far| format!("largest distance from the target: {} of the total outflow", shown(far)));
            let effects = cases.iter().find_map(|case| match case.as_slice() {
                &[raised, lowered] => Some(format!(
                    "more weight on class 0 changes the mean probability of class 1 by {} in one data set, {} in another of \
                     the same sizes and weights (per unit of log weight)",
                    shown(raised),
                    shown(lowered)
                )),
                _ => None,
            });
            far.into_iter().chain(effects).collect()
        },
    },
];

/// A softmax problem, solved.
struct Flows {
    mass: Vec<f64>,
    means: MeanProbability,
    flow: DMatrix<f64>,
}

impl Flows {
    fn of(dataset: &Dataset, weights: Vec<f64>, l2: f64) -> Result<Self, SetupFailure> {
        let problem = Problem::new(dataset, &LossSpec::Softmax, &ClassWeights::Explicit(weights), l2)?;
        let Outcome::Stationary(point) = solve(&problem) else {
            return Err("no stationary point".into());
        };
        let means = MeanProbability::of(problem.loss().link(), &point.logits(), problem.targets());
        let flow = means.flow(problem.targets());
        Ok(Self { mass: problem.targets().mass().to_vec(), means, flow })
    }

    fn outflows(&self) -> Vec<f64> {
        self.mass.iter().zip(&self.means.shortfall).map(|(mass, shortfall)| mass * shortfall).collect()
    }

    fn asymmetry(&self) -> f64 {
        relative_distance(&self.flow.transpose(), &self.flow)
    }
}

/// Gaussian classes at random places, with sizes drawn.
fn gaussian(
    generator: &mut ChaCha8Rng,
    (seed, number): (u64, u64),
    classes: usize,
) -> Result<Dataset, SetupFailure> {
    let means = class_means::random(classes, 3, 1.5, generator)?;
    let counts = (0..classes).map(|_| generator.random_range(20..200)).collect();
    Ok(GaussianMixture::new(means, Covariance::Spherical(1.0), counts)?.sample(seed, number)?)
}

fn drawn_weights(generator: &mut ChaCha8Rng, classes: usize) -> Vec<f64> {
    (0..classes).map(|_| log_uniform(generator, 0.1, 10.0)).collect()
}

/// By how much the worst outflow exceeds the sum of the others, as a share of all.
fn polygon_excess(outflows: &[f64]) -> f64 {
    let total: f64 = outflows.iter().sum();
    largest(outflows.iter().map(|outflow| (2.0 * outflow - total) / total))
}

fn outflows(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(draws.0, draws.1);
    let classes = 3 + case % 5;
    let dataset = gaussian(generator, draws, classes)?;
    let weights = drawn_weights(generator, classes);
    let flows = Flows::of(&dataset, weights, PENALTY)?;
    let mut outflows = flows.outflows();
    let total: f64 = outflows.iter().sum();
    let rebuilt = pair_flows(&outflows);
    let lost = |k: usize| [rebuilt.row(k).sum() - outflows[k], rebuilt.column(k).sum() - outflows[k]];
    let lost = largest_magnitude((0..classes).flat_map(lost)) / total;
    let improper = largest_magnitude(rebuilt.diagonal().iter().copied()) - rebuilt.min().min(0.0);
    // Outflows are admitted if they obey the inequalities, and no others.
    let admitted =
        |mass: Vec<f64>, outflows: &[f64]| FlowPolytope::new(mass).admits(outflows, TOLERANCE).is_ok();
    let refused = f64::from(u8::from(!admitted(flows.mass.clone(), &outflows)));
    let residual = largest([polygon_excess(&outflows), lost, improper / total, refused]);
    let fraction = outflows.iter().copied().fold(0.0, f64::max) / total;
    // One class loses a little more than its mass, or than all others together.
    let mut mass = flows.mass.clone();
    mass[0] = outflows[0] / TOO_MUCH;
    let beyond_the_mass = admitted(mass, &outflows);
    outflows[0] = TOO_MUCH * outflows[1..].iter().sum::<f64>();
    let above_the_others = admitted(vec![f64::INFINITY; classes], &outflows);
    let wrong = f64::from(u8::from(beyond_the_mass || above_the_others));
    Ok(CaseReport {
        setup: format!("softmax, {classes} Gaussian classes, weights drawn, l2 {PENALTY}"),
        residual: Some(residual.max(wrong)),
        control: Some(polygon_excess(&outflows)),
        observed: vec![fraction],
        ..CaseReport::default()
    })
}

fn bounds(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let classes = 3 + case % 5;
    if case.is_multiple_of(2) { loose_bounds(draws, classes) } else { tight_bounds(draws, classes) }
}

/// Gaussian classes with drawn weights, one of which has most of the mass.
fn loose_bounds(draws: (u64, u64), classes: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(draws.0, draws.1);
    let dataset = gaussian(generator, draws, classes)?;
    let mut weights = drawn_weights(generator, classes);
    let counts = dataset.labels().counts();
    // The first class gets between 70% and 90% of the mass.
    let fraction = generator.random_range(0.7..0.9);
    let others: f64 = (1..classes).map(|class| weights[class] * counts[class] as f64).sum();
    weights[0] = fraction / (1.0 - fraction) * others / counts[0] as f64;
    let flows = Flows::of(&dataset, weights, PENALTY)?;
    // A head that says nothing gives every class the same.
    let nothing = 1.0 / classes as f64;
    let setup =
        format!("softmax, {classes} Gaussian classes, the first with {} of the mass", shown(fraction));
    Ok(bounds_report(setup, &flows, nothing))
}

/// Groups of the first class and a few samples of one other, which are lost to it: the guaranteed entry is near its bound.
fn tight_bounds(draws: (u64, u64), classes: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(draws.0, draws.1);
    let group = |other: usize| {
        let mut counts = vec![0; classes];
        counts[other] = generator.random_range(5..15);
        counts[0] = 12 * counts[other];
        counts
    };
    let groups: Vec<Vec<usize>> = (1..classes).map(group).collect();
    let dataset = GroupedDesign::new(groups)?.dataset()?;
    let flows = Flows::of(&dataset, vec![1.0; classes], PENALTY)?;
    // What a bound that is too high by so little would forbid.
    let lower = flows.means.matrix[(0, 0)] - TIGHT;
    let setup = format!(
        "softmax, {classes} classes, the others each in a group with twelve times as many of the first"
    );
    Ok(bounds_report(setup, &flows, lower))
}

/// The measured means against their bounds and, as a control, the same with another mean probability of the first class.
fn bounds_report(setup: String, flows: &Flows, control: f64) -> CaseReport {
    let polytope = FlowPolytope::new(flows.mass.clone());
    let mut elsewhere = flows.means.clone();
    elsewhere.matrix[(0, 0)] = control;
    CaseReport {
        setup,
        residual: Some(largest([polytope.excess(&flows.means), off_program(&polytope, flows.mass[0])])),
        control: Some(polytope.excess(&elsewhere)),
        observed: vec![flows.means.matrix[(0, 0)] - polytope.mean_probability(0, 0).low],
        ..CaseReport::default()
    }
}

/// How far bounds of the first class's entries and of its outflow are from those that a linear program finds over the polytope.
fn off_program(polytope: &FlowPolytope, mass: f64) -> f64 {
    let classes = polytope.classes();
    let apart = |predicted: usize| -> Option<f64> {
        let extreme = |sign: f64| {
            let mut weight = DMatrix::zeros(classes, classes);
            weight[(0, predicted)] = sign;
            Some(sign * polytope.maximum(&weight)? / mass)
        };
        let Bounds { low, high } = polytope.mean_probability(0, predicted);
        Some((extreme(1.0)? - high).abs().max((extreme(-1.0)? - low).abs()))
    };
    let outflow = DMatrix::from_fn(classes, classes, |class, k| f64::from(u8::from(class == 0 && k != 0)));
    let outflow = polytope.maximum(&outflow).map(|most| (most - polytope.outflow(0).high).abs() / mass);
    largest((0..2).map(apart).chain([outflow]).map(|apart| apart.unwrap_or(f64::NAN)))
}

fn symmetry(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(draws.0, draws.1);
    let classes = 3 + case % 4;
    let counts: Vec<usize> = (0..classes).map(|_| generator.random_range(20..200)).collect();
    let design = GroupedDesign::random(2 + case % 7, &counts, draws.0, draws.1)?;
    let weights = drawn_weights(generator, classes);
    let flows = Flows::of(&design.dataset()?, weights.clone(), 0.0)?;
    let expected = saturated_flows(&design, &weights);
    let apart = relative_distance(&flows.flow, &expected);
    let lowest = flows.flow.clone().symmetric_eigenvalues().min() / expected.amax();
    let dataset = gaussian(generator, draws, classes)?;
    let linear = Flows::of(&dataset, weights, PENALTY)?.asymmetry();
    Ok(CaseReport {
        setup: format!(
            "softmax, {classes} classes in {} saturated groups, weights drawn",
            design.group_counts().len()
        ),
        residual: Some(largest([flows.asymmetry(), apart, -lowest])),
        control: Some(linear),
        observed: vec![linear],
        ..CaseReport::default()
    })
}

/// Two data sets of the same sizes and weights, in which a weight raises and lowers another class's mean probability.
fn pair() -> Result<CaseReport, SetupFailure> {
    let effect = |groups: &PlacedGroups| -> Result<f64, SetupFailure> {
        let at = solved(&groups.dataset()?, &LossSpec::Softmax, vec![1.0; 3], 0.0, true)?;
        Ok(at.effects.ok_or("a singular Hessian")?.of_weight[0][(1, 1)])
    };
    let (helping, hindering) = (helping_weight()?, hindering_weight()?);
    let sizes = if helping.class_counts() == hindering.class_counts() { 0.0 } else { 1.0 };
    let (raised, lowered) = (effect(&helping)?, effect(&hindering)?);
    let residual =
        |raised: f64, lowered: f64| missed(&[(raised, CLEAR_EFFECT), (-lowered, CLEAR_EFFECT), (0.0, sizes)]);
    Ok(CaseReport {
        setup: format!(
            "softmax, two data sets of sizes {:?}, equal weights, no penalty",
            helping.class_counts()
        ),
        residual: Some(residual(raised, lowered)),
        // The other way round.
        control: Some(residual(lowered, raised)),
        observed: vec![raised, lowered],
        ..CaseReport::default()
    })
}

fn land(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    if case == LANDINGS {
        return pair();
    }
    let generator = &mut stream(draws.0, draws.1);
    let target: Vec<f64> = TARGETS.get(case).map_or_else(
        || {
            // Admissible: side lengths of a polygon, drawn as sums of pairs.
            let classes = 4 + case % 3;
            let pairs = DMatrix::from_fn(classes, classes, |_, _| generator.random::<f64>());
            (0..classes)
                .map(|k| (0..classes).filter(|&j| j != k).map(|j| pairs[(j, k)] + pairs[(k, j)]).sum())
                .collect()
        },
        |target| target.to_vec(),
    );
    let classes = target.len();
    let counts: Vec<usize> = (0..classes).map(|class| 2400 / (1 + class)).collect();
    let weights: Vec<f64> = counts.iter().map(|&count| counts[0] as f64 / count as f64).collect();
    let design = witness(&counts, &weights, &target)?;
    let flows = Flows::of(&design.dataset()?, weights.clone(), 0.0)?;
    let outflows = flows.outflows();
    let expected = saturated_flows(&design, &weights);
    let apart = relative_distance(&flows.flow, &expected);
    let far = distance(&outflows, &target);
    // A place that no data can have: one class loses everything.
    let elsewhere: Vec<f64> = (0..classes).map(|class| if class == 0 { 1.0 } else { 0.0 }).collect();
    let residual = |far: f64| missed(&[(NEAR, far), (TOLERANCE, apart)]);
    let words: Vec<String> =
        target.iter().map(|&fraction| shown(fraction / target.iter().sum::<f64>())).collect();
    Ok(CaseReport {
        setup: format!("softmax, witness of sizes {counts:?} for outflow shares {}", words.join(", ")),
        residual: Some(residual(far)),
        control: Some(residual(distance(&outflows, &elsewhere))),
        observed: vec![far],
        ..CaseReport::default()
    })
}
