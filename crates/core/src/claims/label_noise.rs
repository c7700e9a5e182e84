//! C2: what the balance certifies where labels are wrong.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim};
use super::sentence::shown;
use crate::balance::{MeanProbability, relative_difference};
use crate::data::random::{normal_matrix, stream};
use crate::data::{Covariance, Dataset, GaussianMixture, Labels};
use crate::loss::{ClassWeights, Loss, LossSpec, Targets};
use crate::numeric::largest;
use crate::solver::{Outcome, Problem, solve};
use rand::RngExt;

const PENALTY: f64 = 1e-3;
/// Samples of each class.
const COUNTS: [usize; 3] = [200, 100, 50];
/// Share of the labels of each class that are wrong.
const NOISE: [f64; 3] = [0.1, 0.2, 0.4];

pub(super) const CLAIM: ComparisonClaim = ComparisonClaim {
    id: "C2",
    title: "label noise",
    statement: "Label noise: softmax's balance certifies the prior of the labels that it saw, Σ M_c Q[c][k] = Σ M_c T[c][k] over true classes c, and not the true one.",
    cases: Cases::All(24),
    check: noisy,
    summarise: |cases| {
        let off = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
        off.map(|off| vec![format!("the true prior is missed by up to {} of a class", shown(off))])
            .unwrap_or_default()
    },
};

fn noisy((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(seed, number);
    let (classes, share) = (COUNTS.len(), NOISE[case % NOISE.len()]);
    let means = normal_matrix(generator, 2, classes);
    let clean =
        GaussianMixture::new(means, Covariance::Spherical(1.0), COUNTS.to_vec())?.sample(seed, number)?;
    let truth = clean.labels().class_indices();
    // A wrong label is always that of the next class, so that the prior moves.
    let next = |class: u32| (class + 1) % u32::try_from(classes).unwrap_or(1);
    let labels: Vec<u32> = truth
        .iter()
        .map(|&class| if generator.random::<f64>() < share { next(class) } else { class })
        .collect();
    let noisy = Dataset::unnamed(clean.features().into_owned(), Labels::numbered(labels.clone(), classes)?)?;
    let problem = Problem::new(&noisy, &LossSpec::Softmax, &ClassWeights::None, PENALTY)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err("no stationary point".into());
    };
    let true_targets = Targets::new(clean.labels(), &ClassWeights::None)?;
    let means = MeanProbability::of(problem.loss().link(), &point.logits(), &true_targets);
    let predicted = |k: usize| (0..classes).map(|c| COUNTS[c] as f64 * means.matrix[(c, k)]).sum::<f64>();
    // `sum_c M_c T[c][k]`: labels of class k, whoever's samples they are.
    let seen = |k: usize| labels.iter().filter(|&&label| label as usize == k).count() as f64;
    let off_truth = largest((0..classes).map(|k| relative_difference(predicted(k), COUNTS[k] as f64)));
    Ok(CaseReport {
        setup: format!(
            "softmax, three Gaussian classes of {COUNTS:?}, {share} of all labels wrong, l2 {PENALTY}"
        ),
        residual: Some(largest((0..classes).map(|k| relative_difference(predicted(k), seen(k))))),
        // The true prior in place of that of the labels.
        control: Some(off_truth),
        observed: vec![off_truth],
        ..CaseReport::default()
    })
}
