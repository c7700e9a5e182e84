//! The ledger of any loss (column sums of `d/dlogits`) against the closed-form laws (probabilities alone).

use super::*;
use crate::data::Labels;
use crate::loss::{ClassWeights, Inr, InrVariant, Link, Logistic, Softmax, Targets};
use nalgebra::DMatrix;

fn targets() -> Targets {
    let labels = (0..30).map(|i| [0, 0, 0, 1, 1, 2][i % 6]).collect();
    let labels = Labels::numbered(labels, 3).expect("three classes");
    Targets::new(&labels, &ClassWeights::Explicit(vec![0.5, 2.0, 7.0])).expect("valid")
}

/// The same with a weight for each sample.
fn weighted_targets() -> Targets {
    let labels = targets().labels().clone();
    let labels = labels.with_weights((0..30).map(|i| 0.2 + f64::from(i % 7)).collect()).expect("positive");
    Targets::new(&labels, &ClassWeights::Explicit(vec![0.5, 2.0, 7.0])).expect("valid")
}

/// Away from stationarity too, the two derivations must give the same imbalance.
#[test]
fn ledgers_and_laws_agree_at_any_point() {
    agree_at_any_point(&targets());
    agree_at_any_point(&weighted_targets());
}

fn agree_at_any_point(targets: &Targets) {
    let logits = DMatrix::from_fn(3, 30, |row, sample| 2.0 * (1.3 * row as f64 + 0.7 * sample as f64).sin());
    let sigmoid = MeanProbability::of(Link::Sigmoid, &logits, targets);
    let softmax = MeanProbability::of(Link::Softmax, &logits, targets);
    let means = ClassMeans::of(&logits, targets);
    let inr = |variant| Inr { classes: 3, beta: 4.0, variant };
    let weights = DMatrix::from_fn(3, 3, |c, _| targets.class_weights()[c]);
    let pairs = [
        (Ledger::at(&Softmax::new(targets), &logits, targets), softmax_ledger(&softmax, targets)),
        (
            Ledger::at(&Logistic::one_vs_all(targets), &logits, targets),
            one_vs_all_ledger(&sigmoid, targets, &weights),
        ),
        (Ledger::at(&inr(InrVariant::Detached), &logits, targets), detached_ledger(&sigmoid, targets, 4.0)),
        (
            Ledger::at(&inr(InrVariant::Attached), &logits, targets),
            attached_ledger(&sigmoid, &means, targets, 4.0),
        ),
    ];
    for (ledger, law) in pairs {
        assert_eq!(ledger.entries.len(), law.entries.len());
        assert!(law.worst_residual() > 1e-3, "this point is not stationary");
        for (derived, closed) in ledger.entries.iter().zip(&law.entries) {
            assert!(relative_difference(derived.outflow, closed.outflow) < 1e-13, "{derived:?} {closed:?}");
            assert!(relative_difference(derived.inflow, closed.inflow) < 1e-13, "{derived:?} {closed:?}");
        }
    }
}

#[test]
fn softmax_flows_conserve_mass() {
    conserve_mass(&targets());
    conserve_mass(&weighted_targets());
}

fn conserve_mass(targets: &Targets) {
    let logits = DMatrix::from_fn(3, 30, |row, sample| (row as f64 - 0.4 * sample as f64).cos());
    let means = MeanProbability::of(Link::Softmax, &logits, targets);
    let flow = means.flow(targets);
    for class in 0..3 {
        assert!((flow.row(class).sum() - targets.mass()[class]).abs() < 1e-12);
        assert!((means.shortfall[class] + means.matrix[(class, class)] - 1.0).abs() < 1e-15);
    }
}

#[test]
fn the_binary_column_fills_both_classes() {
    let labels = Labels::numbered(vec![0, 0, 1], 2).expect("two classes");
    let targets = Targets::new(&labels, &ClassWeights::None).expect("valid");
    let logits = DMatrix::from_row_slice(1, 3, &[-1.0, 0.5, 2.0]);
    let means = MeanProbability::of(Link::Sigmoid, &logits, &targets);
    assert!((means.matrix[(0, 0)] + means.matrix[(0, 1)] - 1.0).abs() < 1e-15);
    let ledger = Ledger::at(&Logistic::binary(&targets), &logits, &targets);
    assert_eq!(ledger.entries.len(), 2);
    assert_eq!(ledger.entries[0].outflow, ledger.entries[1].inflow);
    assert!((ledger.entries[1].outflow - means.shortfall[1]).abs() < 1e-15);
}

#[test]
fn neglect_finds_the_class_behind_the_average() {
    let labels = Labels::numbered(vec![0, 1, 1, 1, 2], 3).expect("three classes");
    let targets = Targets::new(&labels, &ClassWeights::None).expect("valid");
    let mut logits = DMatrix::from_element(3, 5, -3.0);
    logits[(0, 4)] = 2.0;
    let columns = neglect(&MeanProbability::of(Link::Sigmoid, &logits, &targets), &targets);
    assert_eq!(columns[0].hardest_class, 2);
    assert!(columns[0].ratio > 3.0 && columns[0].pooled < columns[0].hardest);
}
