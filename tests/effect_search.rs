//! The search for class weights that help another class, or hinder their own.

use equipoise::claims::{EffectSearch, UnexpectedEffect};
use std::sync::atomic::{AtomicU64, Ordering};

fn small(effect_kind: UnexpectedEffect, classes: usize, seed: u64) -> EffectSearch {
    EffectSearch { effect_kind, classes, l2: 0.0, draws: 200, climbs: 8, steps: 150, seed }
}

#[test]
fn the_same_seed_finds_the_same() {
    let search = EffectSearch { draws: 20, steps: 5, ..small(UnexpectedEffect::AgainstItsOwn, 2, 3) };
    let solved = AtomicU64::new(0);
    let count = || {
        solved.fetch_add(1, Ordering::Relaxed);
    };
    let first = search.run(&count).expect("effects");
    assert_eq!(solved.into_inner(), search.problems(), "progress is of as many problems as are solved");
    assert_eq!(first, search.run(&|| ()).expect("effects"));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    assert_eq!(first, alone.install(|| search.run(&|| ())).expect("effects"));
    let other = EffectSearch { seed: 4, ..search }.run(&|| ()).expect("effects");
    assert_ne!(first.groups, other.groups);
}

#[test]
fn one_class_has_no_effects() {
    let search = small(UnexpectedEffect::AgainstItsOwn, 1, 1);
    assert!(search.run(&|| ()).is_err());
}
