//! The engine of claims on what takes long: hard draws, other seeds, a check that was interrupted.

use equipoise::claims::{CheckedSetups, Effort, VerifyOptions, verify, verify_on};

fn options(ids: &[&str], case: Option<usize>) -> VerifyOptions {
    VerifyOptions { ids: ids.iter().map(ToString::to_string).collect(), effort: Effort::Quick, seed: 1, case }
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

/// One draw of each loss, each on a seed of its own.
#[test]
fn the_difference_along_training_is_the_gradient_on_any_seed() {
    for (case, seed) in [(0, 2), (4, 3), (8, 5), (12, 8), (16, 13), (20, 21)] {
        let options = VerifyOptions { seed, ..options(&["N1"], Some(case)) };
        let verdict = &verify(&options, &|_| {}).expect("a valid plan")[0];
        assert!(verdict.holds && verdict.setups == 1, "{verdict:#?}");
        assert!(verdict.control.smallest_residual > Some(1e-6), "{:?}", verdict.control);
    }
}

#[test]
fn a_check_that_was_interrupted_goes_on_to_the_same_verdicts() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("setups.jsonl");
    let options = |seed| VerifyOptions { seed, ..options(&["B1", "A4"], None) };
    let open = || CheckedSetups::open(&path).expect("opened").expect("free");
    let whole = verify(&options(1), &|_| {}).expect("a valid plan");
    assert_eq!(verify_on(&options(1), &open(), &|_| {}), Ok(whole.clone()));
    // As a kill leaves it: some lines, and a piece of one.
    let text = std::fs::read(&path).expect("kept");
    std::fs::write(&path, &text[..text.len() / 2]).expect("cut");
    let half = open();
    let kept = half.found;
    assert!(kept > 5 && half.remarks.len() == 1, "{kept}, {:?}", half.remarks);
    assert_eq!(verify_on(&options(1), &half, &|_| {}), Ok(whole.clone()));
    assert!(CheckedSetups::open(&path).expect("tried").is_none());
    drop(half);
    // Whatever was kept is not checked again: nothing is added.
    let lines = || std::fs::read_to_string(&path).expect("kept").lines().count();
    let before = lines();
    assert_eq!(verify_on(&options(1), &open(), &|_| {}), Ok(whole));
    assert_eq!(lines(), before);
    // Another seed is another set-up.
    assert_eq!(verify_on(&options(2), &open(), &|_| {}), verify(&options(2), &|_| {}));
    assert!(lines() > before);
    open().remove_file().expect("removed");
    assert!(!path.exists());
}
