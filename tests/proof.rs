//! Proofs of separation, multiplied out in exact arithmetic of the tests' own.

use crate::exact::{Counted, Direction};
use equipoise::data::Dataset;
use equipoise::solver::{Head, Outcome, Problem, Separable, SeparationKind, solve};

/// The outcome of a problem, its proof of separation checked where it has one.
pub(crate) fn solve_and_check<'a>(problem: &Problem<'a>) -> Outcome<'a> {
    let outcome = solve(problem);
    if let Outcome::Separable(proof) = &outcome {
        check(problem.dataset(), proof);
    }
    outcome
}

/// Fails unless the proof, and that of every class by itself, holds exactly and counts rightly.
pub(crate) fn check(dataset: &Dataset, proof: &Separable) {
    let holds = |found: &Counted, kind: SeparationKind, samples: usize| {
        found.negative == 0
            && found.positive > 0
            && found.positive == samples
            && (found.zero == 0) == (kind == SeparationKind::Complete)
    };
    let found = counted(dataset, &proof.direction, proof.column_class);
    assert!(holds(&found, proof.kind, proof.separated_samples), "{found:?}: {proof:?}");
    for own in &proof.separated_classes {
        let found = counted(dataset, &own.direction, Some(own.class));
        assert!(holds(&found, own.kind, own.separated_samples), "{found:?}: {own:?}");
    }
}

/// Samples by the margins of a direction.
pub(crate) fn counted(dataset: &Dataset, head: &Head, column_class: Option<usize>) -> Counted {
    let direction = Direction::new(&head.coefficients, &head.intercepts);
    direction.margins(&dataset.features(), dataset.labels().class_indices(), column_class)
}
