//! R4: what LGL-INR improves on the data that one-vs-all neglects (A3), and its limit (A4).

use super::averaging::{DRAWS, HARD_DESIGNS, RARE, average, describe, hard_design};
use super::case::{CaseReport, SetupFailure};
use super::comparison::{Cases, ComparisonClaim, all_missed, missed};
use super::mixture::Seen;
use super::sentence::shown;
use crate::loss::{ClassWeights, InrVariant, LossSpec};

/// Sharpness, from none to strong.
const BETAS: [f64; 3] = [0.0, 5.0, 20.0];
/// How much the hardest mean falls at least from each to the next.
const FALLS: [f64; 2] = [0.05, 0.01];
/// How far the hard class's recall rises above that of LGL and of unweighted softmax, for every `beta`.
const RECALL_GAIN: f64 = 0.2;

pub(super) const CLAIM: ComparisonClaim = ComparisonClaim {
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
