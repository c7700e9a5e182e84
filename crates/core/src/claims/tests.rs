//! The engine itself: determinism, reruns of one case, refusals.

use super::*;

fn options(ids: &[&str], case: Option<usize>) -> VerifyOptions {
    VerifyOptions { ids: ids.iter().map(ToString::to_string).collect(), effort: Effort::Quick, seed: 1, case }
}

#[test]
fn every_claim_holds_and_every_control_fails() {
    for verdict in verify(&options(&[], None), &|_| {}).expect("a valid plan") {
        assert!(verdict.holds, "{verdict:#?}");
        assert_eq!(verdict.control.points, verdict.setups);
        assert!(verdict.control.smallest_residual > Some(verdict.tolerance));
    }
}

#[test]
fn one_case_rerun_alone_measures_the_same() {
    let whole = &verify(&options(&["B5"], None), &|_| {}).expect("a valid plan")[0];
    let alone = &verify(&options(&["B5"], Some(whole.worst.case)), &|_| {}).expect("a valid plan")[0];
    assert_eq!(alone.worst, whole.worst);
    assert_eq!(alone.setups, 1);
}

/// Logits of 1.7e4 with flows of 1e-50; an intercept of -18 beside coefficients of 1e-6; a start beside a saddle.
#[test]
fn hard_draws_of_other_seeds_are_solved() {
    for (id, case, seed) in [("B5", 111, 5), ("B4", 60, 8), ("C1", 0, 2)] {
        let options = VerifyOptions { effort: Effort::Full, seed, ..options(&[id], Some(case)) };
        let verdict = &verify(&options, &|_| {}).expect("a valid plan")[0];
        assert!(verdict.holds, "{verdict:#?}");
    }
}

#[cfg(feature = "parallel")]
#[test]
fn the_number_of_threads_changes_nothing() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| verify(&options(&["B6", "R2"], None), &|_| {}))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn unknown_ids_and_cases_are_refused() {
    let refused = |options: &VerifyOptions| verify(options, &|_| {}).expect_err("refused").to_string();
    assert!(refused(&options(&["Z9"], None)).contains("the ids are B1, B2"));
    assert!(refused(&options(&["I1"], Some(99))).contains("cases 2 to 6"));
}
