//! The search for class weights that help another class, or hinder their own.

use equipoise::balance::WeightEffects;
use equipoise::claims::{EffectSearch, UnexpectedEffect};
use std::sync::atomic::{AtomicU64, Ordering};

fn small(effect_kind: UnexpectedEffect, classes: usize, seed: u64) -> EffectSearch {
    EffectSearch { effect_kind, classes, l2: 0.0, draws: 200, climbs: 8, steps: 150, seed }
}

#[test]
fn another_class_is_helped_soon() {
    let search = small(UnexpectedEffect::ForAnother, 3, 1);
    let solved = AtomicU64::new(0);
    let count = || {
        solved.fetch_add(1, Ordering::Relaxed);
    };
    let found = search.run(&count).expect("effects");
    assert_eq!(solved.into_inner(), search.problems());
    let [before, after] = found.change;
    assert!(after > before + 0.01 && found.best_drawn < 0.0, "{found:?}");
    let resolved = WeightEffects::by_differences(
        &found.groups.dataset().expect("small"),
        &search.choice(),
        &[1.0; 3],
        0.0,
        0,
        2e-5,
    );
    let expected = resolved.expect("solved")[(1, 1)];
    // Large effects change fast, so the differences take small steps and have fewer digits.
    assert!((found.effect - expected).abs() < 1e-6 * expected.abs(), "{} {expected}", found.effect);
}

#[test]
fn the_same_seed_finds_the_same() {
    let search = EffectSearch { draws: 20, steps: 5, ..small(UnexpectedEffect::AgainstItsOwn, 2, 3) };
    let first = search.run(&|| ()).expect("effects");
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
