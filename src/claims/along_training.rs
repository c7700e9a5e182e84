//! N1: how the balance of a network's last layer emerges while the network is trained.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Comparison, missed};
use super::networks::{LOSSES, long_tailed, recipe};
use super::sentence::{quantile, shown};
use crate::balance::LedgerEntry;
use crate::cnn::{Plan, Recipe, Sight, Training};

/// Epochs, and the tenth of them after which falling is looked for.
const EPOCHS: usize = 200;
/// Least rank correlation of two curves that fall together.
const TOGETHER: f64 = 0.5;
/// What may be left at the end of what was there after the first tenth.
const LEFT: f64 = 0.5;

pub(super) const CLAIM: Comparison = Comparison {
    id: "N1",
    statement: "Along the training of a network, what flows out of a class less what flows in, over all mass, is the gradient of its intercept, and falls with the gradient of the last layer.",
    cases: LOSSES.len(),
    check: along_training,
    summarise,
};

fn summarise(cases: &[Vec<f64>]) -> Vec<String> {
    let numbers = |place: usize| cases.iter().filter_map(move |case| case.get(place)).copied();
    let middle = |place: usize| quantile(numbers(place), 0.5).map_or_else(String::new, shown);
    let least = |place: usize| quantile(numbers(place), 0.0).map_or_else(String::new, shown);
    vec![
        format!(
            "rank correlation with the gradient over epochs: {} (median; least {}); at the end {} of the difference after a tenth of the epochs is left, and {} of the gradient",
            middle(0),
            least(0),
            middle(1),
            middle(2)
        ),
        // Relative to the flows, which shrink too as a network fits its images.
        format!(
            "relative to the flows, not judged: rank correlation {} (median; least {}), {} left",
            middle(3),
            least(3),
            middle(4)
        ),
    ]
}

fn along_training(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let (loss, weights, words) = &LOSSES[case];
    let sample = long_tailed(20.0, draws)?;
    let sights = |decay_head_bias: bool| -> Result<Vec<Sight>, SetupFailure> {
        let recipe = Recipe { epochs: EPOCHS, decay_head_bias, ..recipe(loss) };
        let mut training =
            Training::new(Plan::new(recipe, loss.clone(), weights, &sample, draws.1)?, &sample)?;
        let mut sights = Vec::new();
        while !training.is_done() {
            sights.push(training.sight());
            training.finish_epoch(&mut |_| Ok(()))?;
        }
        Ok(sights)
    };
    let free = sights(false)?;
    let curve = |of: fn(&Sight) -> f64| free.iter().skip(EPOCHS / 10).map(of).collect::<Vec<f64>>();
    let (gradient, apart) = (curve(|sight| sight.gradient_inf), curve(imbalance));
    let relative = curve(Sight::worst_residual);
    let falling = missed(&[(rank_correlation(&gradient, &apart), TOGETHER), (-left(&apart), -LEFT)]);
    Ok(CaseReport {
        setup: format!("{words}, ten digits 1:20, {EPOCHS} epochs of all images at a time"),
        residual: Some(off_the_gradient(&free).max(falling)),
        // With the bias decaying, its gradient is another.
        control: Some(off_the_gradient(&sights(true)?)),
        observed: vec![
            rank_correlation(&gradient, &apart),
            left(&apart),
            left(&gradient),
            rank_correlation(&gradient, &relative),
            left(&relative),
        ],
        ..CaseReport::default()
    })
}

/// The largest `|outflow - inflow|` of a class, over the loss's divisor, that is the mass of the mean loss.
fn imbalance(sight: &Sight) -> f64 {
    let difference = |entry: &LedgerEntry| entry.difference.abs();
    sight.ledger.entries.iter().map(difference).fold(0.0, f64::max) / sight.divisor
}

/// How far the gradients of the intercepts are from `(inflow - outflow) / M`, relative to the flows; the worst epoch.
fn off_the_gradient(sights: &[Sight]) -> f64 {
    let off = |sight: &Sight| {
        let pairs = sight.ledger.entries.iter().zip(&sight.by_intercepts);
        let off = pairs.map(|(entry, gradient)| {
            (gradient * sight.divisor + entry.difference).abs() / entry.outflow.max(entry.inflow)
        });
        off.fold(0.0, f64::max)
    };
    sights.iter().map(off).fold(0.0, f64::max)
}

/// The last of some numbers as a share of the first.
fn left(numbers: &[f64]) -> f64 {
    numbers[numbers.len() - 1] / numbers[0]
}

/// Spearman's: the correlation of ranks.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |numbers: &[f64]| -> Vec<f64> {
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        order.sort_by(|&i, &j| numbers[i].total_cmp(&numbers[j]));
        let mut ranks = vec![0.0; numbers.len()];
        order.into_iter().enumerate().for_each(|(rank, place)| ranks[place] = rank as f64);
        ranks
    };
    let middle = (a.len() - 1) as f64 / 2.0;
    let (a, b) = (ranks(a), ranks(b));
    let product =
        |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum() };
    product(&a, &b) / product(&a, &a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_alone_correlate() {
        assert_eq!(rank_correlation(&[1.0, 2.0, 4.0], &[1.0, 10.0, 1000.0]), 1.0);
        assert_eq!(rank_correlation(&[1.0, 2.0, 4.0], &[3.0, 2.0, 1.0]), -1.0);
    }
}
