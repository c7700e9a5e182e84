//! N2 to N4: the laws of a network's last layer once it is solved to stationarity.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim, missed};
use super::sentence::{quantile, shown};
use crate::balance::{MeanProbability, binary_error_ratio, doubly_stochastic, relative_difference};
use crate::cnn::{HeadPenalty, LastLayer, LastLayerEvaluation, Recipe, Training, TrainingPlan};
use crate::data::{ImageSample, ImbalanceProfile, digit_images};
use crate::loss::{BuiltLoss, ClassWeights, InrVariant, LossSpec, Targets};
use crate::numeric::largest;

/// Losses and weights of N1 and N2.
pub(super) const LOSSES: [(LossSpec, ClassWeights, &str); 6] = [
    (LossSpec::Softmax, ClassWeights::None, "softmax"),
    (LossSpec::Softmax, ClassWeights::Balanced, "softmax, inverse-frequency weights"),
    (LossSpec::Logistic, ClassWeights::None, "one-vs-all"),
    (LossSpec::Logistic, ClassWeights::Balanced, "one-vs-all, inverse-frequency weights"),
    (LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached }, ClassWeights::None, "LGL-INR, beta 5"),
    (
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Detached },
        ClassWeights::None,
        "LGL-INR detached, beta 5",
    ),
];
/// Class sizes and weights of the positives in N3.
const PAIRS: [([usize; 2], f64); 8] = [
    ([170, 170], 1.0),
    ([170, 17], 1.0),
    ([170, 2], 1.0),
    ([170, 17], 10.0),
    ([170, 2], 85.0),
    ([170, 2], 1000.0),
    ([100, 1], 1.0),
    ([100, 1], 100.0),
];
/// Imbalances of N4.
const RATIOS: [f64; 3] = [10.0, 50.0, 100.0];

pub(super) const CLAIMS: [ComparisonClaim; 3] = [
    ComparisonClaim {
        id: "N2",
        title: "last layer solved exactly",
        statement: "With the features of a trained network frozen, the last layer solved to stationarity obeys the balance law of its loss exactly.",
        cases: Cases::All(LOSSES.len()),
        check: polished,
        summarise: before_and_after,
    },
    ComparisonClaim {
        id: "N3",
        title: "two digits",
        statement: "Digits 8 against 3, from 1:1 to 1:100, under several weights: the ratio of the two mean errors over a network's features is λ₀N₀/(λ₁N₁) when its head is stationary.",
        cases: Cases::All(PAIRS.len()),
        check: pair,
        summarise: before_and_after,
    },
    ComparisonClaim {
        id: "N4",
        title: "long-tailed digits",
        statement: "Inverse-frequency weights make a long-tailed network's mean-probability matrix doubly stochastic, and its diagonal stays uneven.",
        cases: Cases::All(RATIOS.len()),
        check: doubly,
        summarise: |cases| {
            let mut sentences = before_and_after(cases);
            let spreads = || cases.iter().filter_map(|case| case.get(1)).copied();
            if let (Some(low), Some(high)) = (quantile(spreads(), 0.0), quantile(spreads(), 1.0)) {
                sentences.push(format!("diagonals spread over {} to {}", shown(low), shown(high)));
            }
            sentences
        },
    },
];

fn before_and_after(cases: &[Vec<f64>]) -> Vec<String> {
    let trained = || cases.iter().filter_map(|case| case.first()).copied();
    match (quantile(trained(), 0.0), quantile(trained(), 1.0)) {
        (Some(low), Some(high)) => {
            vec![format!(
                "as trained by {EPOCHS} epochs, the same law is off by {} to {}",
                shown(low),
                shown(high)
            )]
        }
        _ => Vec::new(),
    }
}

/// Epochs of a training; enough for the loss to converge, not for the gradient to vanish.
const EPOCHS: usize = 40;

/// A small network on all of its images at a time: what the gradient sees is the loss itself, LGL-INR's class means
/// included.
pub(super) fn recipe(loss: &LossSpec) -> Recipe {
    // LGL-INR sums class means where the others take one mean: its gradient is larger by the number of classes.
    let rate = if matches!(loss, LossSpec::Inr { .. }) { 0.01 } else { 0.05 };
    Recipe { epochs: EPOCHS, batch: 4096, rate, decay: 1e-2, ..Recipe::default() }
}

/// A trained network and its targets, from which the last layer can be solved to stationarity.
struct Trained {
    targets: Targets,
    loss: BuiltLoss,
    penalty: HeadPenalty,
    layer: LastLayer,
}

fn trained(
    sample: &ImageSample,
    loss: &LossSpec,
    weights: &ClassWeights,
    seed: u64,
) -> Result<Trained, SetupFailure> {
    let plan = TrainingPlan::new(recipe(loss), loss.clone(), weights, sample, seed)?;
    let mut training = Training::new(plan, sample)?;
    while !training.is_done() {
        training.finish_epoch(&mut |_| Ok(()))?;
    }
    let layer = training.last_layer();
    let (targets, loss) = (training.targets().clone(), training.loss().clone());
    Ok(Trained { targets, loss, penalty: training.head_penalty(), layer })
}

impl Trained {
    fn evaluate(&self) -> LastLayerEvaluation {
        self.layer.evaluate(&self.loss, &self.targets, self.penalty)
    }

    /// The head that is stationary on the features as they are; `None` where the solver says there is none.
    fn finished(&self, loss: &LossSpec) -> Result<Option<LastLayerEvaluation>, SetupFailure> {
        let Ok((head, _)) = self.layer.finish(loss, &self.targets, self.penalty.decay)? else {
            return Ok(None);
        };
        let layer = LastLayer { head, ..self.layer.clone() };
        Ok(Some(layer.evaluate(&self.loss, &self.targets, self.penalty)))
    }
}

/// Ten digits with a long tail.
pub(super) fn long_tailed(ratio: f64, (seed, number): (u64, u64)) -> Result<ImageSample, SetupFailure> {
    let classes: Vec<u8> = (0..10).collect();
    let counts = ImbalanceProfile::Exponential { largest: 120, ratio }.counts(classes.len())?;
    Ok(ImageSample::draw(&digit_images(), &classes, &counts, &[], seed ^ number)?.0)
}

/// A case of a network; `law` says how far off a point is.
fn finished_case(
    trained: &Trained,
    loss: &LossSpec,
    setup: String,
    law: impl Fn(&LastLayerEvaluation) -> f64,
    more: impl Fn(&LastLayerEvaluation) -> Vec<f64>,
) -> Result<CaseReport, SetupFailure> {
    let before = law(&trained.evaluate());
    let Some(after) = trained.finished(loss)? else {
        return Ok(CaseReport {
            setup,
            unsolved: Some("no stationary head".to_owned()),
            ..CaseReport::default()
        });
    };
    let observed = std::iter::once(before).chain(more(&after)).collect();
    Ok(CaseReport {
        setup,
        residual: Some(law(&after)),
        control: Some(before),
        observed,
        ..CaseReport::default()
    })
}

fn polished(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (loss, weights, words) = &LOSSES[case];
    let trained = trained(&long_tailed(20.0, draws)?, loss, weights, draws.1)?;
    let setup = format!("{words}, ten digits 1:20, {EPOCHS} epochs, then the head alone");
    finished_case(&trained, loss, setup, LastLayerEvaluation::worst_residual, |_| Vec::new())
}

fn pair((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (counts, weight) = PAIRS[case];
    let sample = ImageSample::draw(&digit_images(), &[3, 8], &counts, &[], seed ^ number)?.0;
    let weights = ClassWeights::Explicit(vec![1.0, weight]);
    let trained = trained(&sample, &LossSpec::Logistic, &weights, number)?;
    let law = |evaluation: &LastLayerEvaluation| {
        let (measured, expected) = binary_error_ratio(&evaluation.means, &trained.targets);
        relative_difference(measured, expected)
    };
    let setup = format!("digits 3 ({}) and 8 ({}), weight {} on the 8s", counts[0], counts[1], shown(weight));
    finished_case(&trained, &LossSpec::Logistic, setup, law, |_| Vec::new())
}

fn doubly(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let ratio = RATIOS[case];
    let loss = LossSpec::Softmax;
    let trained = trained(&long_tailed(ratio, draws)?, &loss, &ClassWeights::Balanced, draws.1)?;
    let setup = format!("softmax, ten digits 1:{}, inverse-frequency weights", shown(ratio));
    let law = |evaluation: &LastLayerEvaluation| {
        largest([doubly_stochastic(&evaluation.means), missed(&[(spread(&evaluation.means), 0.01)])])
    };
    finished_case(&trained, &loss, setup, law, |evaluation| vec![spread(&evaluation.means)])
}

/// Largest less smallest entry of the diagonal.
fn spread(means: &MeanProbability) -> f64 {
    let diagonal = means.matrix.diagonal();
    diagonal.max() - diagonal.min()
}
