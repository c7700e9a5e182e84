//! Both sides of the balance over the claims' own set-ups, for a picture of the law.

use super::engine::law_named;
use super::measurement::{Measurement, Solved, measure};
use crate::balance::LedgerEntry;
use crate::solver::LossChoice;
use rayon::prelude::*;

/// The balance of one class of one problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BalanceSample {
    /// Id of the law.
    pub law: &'static str,
    /// Both sides, as shares of the mass that takes part: that of all classes, for pair weights that of the column.
    pub entry: LedgerEntry,
    /// False at a control point.
    pub stationary: bool,
}

/// The laws that are balances of a loss's intercept gradient.
const BALANCE_LAWS: [&str; 5] = ["B1", "B5", "B6", "R1", "R2"];

/// Ledgers of the first `cases` set-ups of each balance law, at the stationary point and at the control point.
#[must_use]
pub fn sample_balances(seed: u64, cases: usize) -> Vec<BalanceSample> {
    let tasks: Vec<(&'static str, usize)> =
        BALANCE_LAWS.iter().flat_map(|&law| (0..cases).map(move |case| (law, case))).collect();
    tasks.into_par_iter().flat_map_iter(|(law, case)| samples_of(law, seed, case)).collect()
}

fn samples_of(id: &'static str, seed: u64, case: usize) -> Vec<BalanceSample> {
    let solved = law_named(id)
        .and_then(|(family, law)| law.design.draw(seed, family, case).ok())
        .and_then(|setup| measure(setup).ok());
    let Some(Solved::Point { at, control, .. }) = solved else { return Vec::new() };
    let entries = |measured: &Measurement, stationary: bool| {
        let share = |(class, entry): (usize, &LedgerEntry)| {
            let mass = participating_mass(measured, class);
            let entry = LedgerEntry {
                outflow: entry.outflow / mass,
                inflow: entry.inflow / mass,
                difference: entry.difference / mass,
                residual: entry.residual,
            };
            BalanceSample { law: id, entry, stationary }
        };
        measured.ledger.entries.iter().enumerate().map(share).collect::<Vec<_>>()
    };
    [entries(&at, true), entries(&control, false)].concat()
}

/// Weighted mass of all samples in one class's column.
fn participating_mass(measured: &Measurement, class: usize) -> f64 {
    match &measured.setup.choice {
        LossChoice::PairWeighted(pair) => {
            let counts = measured.targets.counts().iter().map(|&count| count as f64);
            pair.column(class).iter().zip(counts).map(|(weight, count)| weight * count).sum()
        }
        _ => measured.loss.divisor(),
    }
}
