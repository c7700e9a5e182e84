//! M1 to M3: which points are stationary for losses that see batches.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, relative_distance, shown};
use crate::balance::{BatchPresence, MeanProbability, one_vs_all_balance};
use crate::data::random::{log_uniform, normal_matrix, stream};
use crate::data::{Covariance, Dataset, GaussianMixture};
use crate::loss::{ClassWeights, Inr, InrVariant, Link, Logistic, Loss, Softmax, Targets};
use crate::numeric::{Sum, largest};
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;

/// Class sizes small enough that every batch is looked at, and uneven, so that no two laws agree.
const COUNTS: [[usize; 3]; 3] = [[6, 4, 2], [7, 3, 1], [5, 4, 3]];
/// Samples in a batch.
const BATCHES: [usize; 4] = [2, 3, 5, 8];
/// Penalty of the small problems, which are separable without.
const PENALTY: f64 = 1e-2;
/// Sharpness at which one sample at a time is looked at.
const BETAS: [f64; 3] = [0.0, 2.0, 20.0];

pub(super) const CLAIMS: [ComparisonClaim; 3] = [
    ComparisonClaim {
        id: "M1",
        title: "LGL-INR in mini-batches",
        statement: "LGL-INR in mini-batches (β = 0): the expected gradient vanishes where πₖsₖ = Σ q_c^k P[c][k], with πₖ the probability that class k is in a batch and q_c^k the expected weight of class c among the others there.",
        cases: Cases::All(COUNTS.len() * BATCHES.len()),
        check: in_expectation,
        summarise: |cases| {
            let apart = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
            apart
                .map(|apart| {
                    vec![format!("R1, the law of the full batch, is off by up to {} there", shown(apart))]
                })
                .unwrap_or_default()
        },
    },
    ComparisonClaim {
        id: "M2",
        title: "one sample at a time",
        statement: "One sample at a time, LGL-INR is plain LGL for every β, attached or detached.",
        cases: Cases::All(BETAS.len() * 2),
        check: one_at_a_time,
        summarise: |_| Vec::new(),
    },
    ComparisonClaim {
        id: "M3",
        title: "other losses in mini-batches",
        statement: "Losses that are sums over samples, divided by a constant, do not see batches: their gradient over batches is that of the whole in expectation, class weights included.",
        cases: Cases::All(BATCHES.len() * 2),
        check: sums_over_samples,
        summarise: |_| Vec::new(),
    },
];

/// Overlapping classes in the plane.
fn dataset(counts: &[usize], (seed, number): (u64, u64)) -> Result<Dataset, SetupFailure> {
    let means = normal_matrix(&mut stream(seed, number), 2, counts.len());
    Ok(GaussianMixture::new(means, Covariance::Spherical(1.0), counts.to_vec())?.sample(seed, number)?)
}

/// The mean over all batches of a size of what each gives its samples (`Q x N`), divided by the share of batches.
fn over_batches(
    logits: &DMatrix<f64>,
    targets: &Targets,
    batch: usize,
    gradient: impl Fn(&DMatrix<f64>, &Targets) -> DMatrix<f64>,
) -> DMatrix<f64> {
    let samples = targets.samples();
    let mut sums = vec![Sum::default(); logits.len()];
    let mut batches = 0.0;
    for chosen in (0_u32..1 << samples).filter(|chosen| chosen.count_ones() as usize == batch) {
        let chosen: Vec<usize> = (0..samples).filter(|&sample| chosen >> sample & 1 == 1).collect();
        let labels = chosen.iter().map(|&sample| targets.class_indices()[sample]).collect();
        let of_batch = gradient(&logits.select_columns(&chosen), &targets.of_batch(labels));
        for (place, &sample) in chosen.iter().enumerate() {
            let column = of_batch.column(place);
            let sums = &mut sums[sample * logits.nrows()..][..logits.nrows()];
            sums.iter_mut().zip(column.iter()).for_each(|(sum, &entry)| sum.add(entry));
        }
        batches += 1.0;
    }
    DMatrix::from_iterator(logits.nrows(), samples, sums.into_iter().map(|sum| sum.value() / batches))
}

fn gradient_of(loss: &dyn Loss, logits: &DMatrix<f64>, targets: &Targets) -> DMatrix<f64> {
    let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
    loss.value_and_gradient(logits, targets, &mut gradient);
    gradient
}

fn in_expectation(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (counts, batch) = (COUNTS[case / BATCHES.len()], BATCHES[case % BATCHES.len()]);
    let dataset = dataset(&counts, draws)?;
    let pair_weights = BatchPresence::of(&counts, batch)?.pair_weights(&counts);
    let problem = Problem::pair_weighted(&dataset, &pair_weights, PENALTY)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err("no stationary point".into());
    };
    let (logits, targets) = (point.logits(), problem.targets());
    let inr = Inr { classes: counts.len(), beta: 0.0, variant: InrVariant::Attached };
    let expected =
        over_batches(&logits, targets, batch, |logits, targets| gradient_of(&inr, logits, targets));
    let predicted = gradient_of(&Logistic::with_pair_weights(pair_weights.clone(), 1.0), &logits, targets);
    let means = MeanProbability::of(Link::Sigmoid, &logits, targets);
    let balance = one_vs_all_balance(&means, targets, &pair_weights);
    // The law of the full batch, at the same head.
    let whole = BatchPresence::of(&counts, targets.samples())?.pair_weights(&counts);
    let off = one_vs_all_balance(&means, targets, &whole);
    Ok(CaseReport {
        setup: format!("three Gaussian classes of sizes {counts:?}, all batches of {batch}, l2 {PENALTY}"),
        residual: Some(largest([relative_distance(&expected, &predicted), balance])),
        control: Some(relative_distance(&gradient_of(&inr, &logits, targets), &predicted).min(off)),
        observed: vec![off],
        ..CaseReport::default()
    })
}

fn one_at_a_time(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let variant = if case.is_multiple_of(2) { InrVariant::Attached } else { InrVariant::Detached };
    let counts = COUNTS[0];
    let inr = Inr { classes: counts.len(), beta: BETAS[case / 2], variant };
    let dataset = dataset(&counts, draws)?;
    let targets = Targets::new(dataset.labels(), &ClassWeights::None)?;
    let logits = 3.0 * normal_matrix(&mut stream(draws.0, draws.1), counts.len(), targets.samples());
    // Samples of a batch of one count once, as in a plain sum over samples divided by their number.
    let logistic = gradient_of(&Logistic::one_vs_all(&targets), &logits, &targets);
    let of_batches =
        |batch| over_batches(&logits, &targets, batch, |logits, targets| gradient_of(&inr, logits, targets));
    Ok(CaseReport {
        setup: format!("drawn logits of sizes {counts:?}, beta {}, {variant:?}", inr.beta),
        residual: Some(relative_distance(&of_batches(1), &logistic)),
        // Two at a time it is not.
        control: Some(relative_distance(&of_batches(2), &logistic)),
        ..CaseReport::default()
    })
}

fn sums_over_samples(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (counts, batch) = (COUNTS[0], BATCHES[case / 2]);
    let dataset = dataset(&counts, draws)?;
    let generator = &mut stream(draws.0, draws.1);
    let weights = (0..counts.len()).map(|_| log_uniform(generator, 0.2, 5.0)).collect();
    let targets = Targets::new(dataset.labels(), &ClassWeights::Explicit(weights))?;
    let logits = 3.0 * normal_matrix(generator, counts.len(), targets.samples());
    let batches = targets.samples() as f64 / batch as f64;
    // The denominator is that of all samples, or that of the batch's own mass.
    let gradient = |logits: &DMatrix<f64>, own: &Targets, renormalised: bool| {
        let denominators = if renormalised { own } else { &targets };
        let factor = if renormalised { 1.0 } else { batches };
        let gradient = if case.is_multiple_of(2) {
            gradient_of(&Softmax::new(denominators), logits, own)
        } else {
            gradient_of(&Logistic::one_vs_all(denominators), logits, own)
        };
        gradient * factor
    };
    let whole = gradient(&logits, &targets, true);
    let over = |renormalised| {
        over_batches(&logits, &targets, batch, |logits, own| gradient(logits, own, renormalised))
    };
    let name = if case.is_multiple_of(2) { "softmax" } else { "one-vs-all" };
    Ok(CaseReport {
        setup: format!("{name}, drawn logits and weights, sizes {counts:?}, all batches of {batch}"),
        residual: Some(relative_distance(&over(false), &whole)),
        // Weights renormalised within each batch, as many programs do.
        control: Some(relative_distance(&over(true), &whole)),
        ..CaseReport::default()
    })
}
