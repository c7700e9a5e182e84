//! Claims over several seeds: what holds on one draw may have been luck.

use super::engine::{Advance, MAX_LISTED, VerifyOptions, verify};
use super::error::ClaimError;
use super::verdict::{Finding, Rate, Verdict};
use serde::Serialize;
use std::ops::RangeInclusive;

/// The verdicts on one claim over several seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedsVerdict {
    /// Its id in docs/theory.md, such as `B5`.
    pub id: String,
    /// What it is about, in a few words that go on after the id.
    pub title: String,
    /// The claim in one sentence.
    pub statement: String,
    /// Whether it holds on every seed.
    pub holds: bool,
    /// Seeds that were checked.
    pub seeds: usize,
    /// Seeds on which it holds.
    pub held: usize,
    /// Seeds on which it fails.
    pub failed_seeds: Vec<u64>,
    /// Of a claim about random designs, the draws of all seeds in which it holds (docs/theory.md#rates).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Largest residual that counts as holding.
    pub tolerance: f64,
    /// Set-ups solved, over all seeds.
    pub setups: usize,
    /// The worst of them.
    pub worst: Finding,
    /// Points that are not stationary, and those at which the law was seen to fail.
    pub controls: usize,
    /// Those at which the law was seen to fail.
    pub violated: usize,
    /// Set-ups that failed and controls that did not, in the order of seeds (at most ten).
    pub failures: Vec<Finding>,
}

/// Checks claims on every seed of a range; the seed of `options` is not read.
///
/// # Errors
/// As [`verify`].
pub fn verify_seeds(
    options: &VerifyOptions,
    seeds: RangeInclusive<u64>,
    progress: &(dyn Fn(Advance) + Sync),
) -> Result<Vec<SeedsVerdict>, ClaimError> {
    let seeds: Vec<u64> = seeds.collect();
    let mut by_seed = Vec::with_capacity(seeds.len());
    for (place, &seed) in seeds.iter().enumerate() {
        let of_all = |at: Advance| {
            progress(Advance { done: place * at.total + at.done, total: seeds.len() * at.total, ..at });
        };
        by_seed.push(verify(&VerifyOptions { seed, ..options.clone() }, &of_all)?);
    }
    let claims = by_seed.first().map_or(0, Vec::len);
    let of_claim = |claim: usize| {
        let verdicts: Vec<&Verdict> = by_seed.iter().map(|verdicts| &verdicts[claim]).collect();
        SeedsVerdict::of(&seeds, &verdicts)
    };
    Ok((0..claims).filter_map(of_claim).collect())
}

impl SeedsVerdict {
    /// Of the verdicts on one claim, one per seed; `None` for none.
    fn of(seeds: &[u64], verdicts: &[&Verdict]) -> Option<Self> {
        let first = verdicts.first()?;
        let failed: Vec<u64> =
            seeds.iter().zip(verdicts).filter(|(_, verdict)| !verdict.holds).map(|(&seed, _)| seed).collect();
        let size = |verdict: &Verdict| {
            verdict.worst.residual.filter(|residual| !residual.is_nan()).unwrap_or(f64::INFINITY)
        };
        let worst = verdicts.iter().max_by(|a, b| size(a).total_cmp(&size(b)))?;
        let rates: Vec<Rate> = verdicts.iter().filter_map(|verdict| verdict.rate).collect();
        let (held_draws, draws) =
            (rates.iter().map(|rate| rate.held).sum(), rates.iter().map(|rate| rate.draws).sum());
        let listed =
            verdicts.iter().flat_map(|verdict| verdict.failures.iter().chain(&verdict.control.missed));
        Some(Self {
            id: first.id.clone(),
            title: first.title.clone(),
            statement: first.statement.clone(),
            holds: failed.is_empty(),
            seeds: verdicts.len(),
            held: verdicts.len() - failed.len(),
            failed_seeds: failed,
            rate: Rate::of(held_draws, draws),
            tolerance: first.tolerance,
            setups: verdicts.iter().map(|verdict| verdict.setups).sum(),
            worst: worst.worst.clone(),
            controls: verdicts.iter().map(|verdict| verdict.control.points).sum(),
            violated: verdicts.iter().map(|verdict| verdict.control.violated).sum(),
            failures: listed.take(MAX_LISTED).cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Control;

    fn verdict(seed: u64, residual: f64) -> Verdict {
        let finding = Finding {
            case: 0,
            setup: String::new(),
            residual: Some(residual),
            unsolved: None,
            rerun: format!("equipoise verify B5 --case 0 --seed {seed}"),
        };
        let holds = residual <= 1e-10;
        Verdict {
            id: "B5".to_owned(),
            title: "softmax balance".to_owned(),
            statement: "Outflow = inflow.".to_owned(),
            holds,
            rate: None,
            tolerance: 1e-10,
            setups: 3,
            worst: finding.clone(),
            failures: if holds { Vec::new() } else { vec![finding] },
            penalised: 0,
            control: Control { points: 3, violated: 3, smallest_residual: Some(0.5), missed: Vec::new() },
            measured: Vec::new(),
        }
    }

    #[test]
    fn one_failing_seed_fails_the_claim_and_is_named() {
        let verdicts = [verdict(4, 1e-15), verdict(5, 0.2), verdict(6, 1e-14)];
        let all: Vec<&Verdict> = verdicts.iter().collect();
        let over = SeedsVerdict::of(&[4, 5, 6], &all).expect("verdicts");
        assert!(!over.holds);
        assert_eq!((over.held, over.failed_seeds.as_slice(), over.setups), (2, [5].as_slice(), 9));
        assert!(over.failures[0].rerun.ends_with("--seed 5"));
        assert!(SeedsVerdict::of(&[4], &all[..1]).expect("a verdict").holds);
        // No number is the worst of all.
        let broken = verdict(7, f64::NAN);
        let over = SeedsVerdict::of(&[4, 7], &[all[0], &broken]).expect("verdicts");
        assert!(!over.holds && over.worst.residual.is_some_and(f64::is_nan));
    }
}
