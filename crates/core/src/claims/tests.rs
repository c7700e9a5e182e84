//! The engine itself: verdicts, rates, refusals.

use super::*;

fn options(ids: &[&str], case: Option<usize>) -> VerifyOptions {
    VerifyOptions { ids: ids.iter().map(ToString::to_string).collect(), effort: Effort::Quick, seed: 1, case }
}

/// One claim of each family that takes little time; the test of `reproduce` looks at all claims and controls.
#[test]
fn claims_hold_and_their_controls_fail() {
    for verdict in
        verify(&options(&["B4", "I3", "W3", "M1", "C2", "H1"], None), &|_| {}).expect("a valid plan")
    {
        assert!(verdict.holds, "{verdict:#?}");
        assert_eq!(verdict.control.points, verdict.setups);
        assert!(verdict.rate.is_some() || verdict.control.smallest_residual > Some(verdict.tolerance));
    }
}

/// A draw alone is judged by itself, all draws by their rate.
#[test]
fn a_claim_about_random_designs_is_judged_by_its_rate() {
    let verdict = |case| verify(&options(&["S3"], case), &|_| {}).expect("a valid plan").remove(0);
    let (whole, alone) = (verdict(None), verdict(Some(0)));
    let rate = whole.rate.expect("a rate");
    assert_eq!(rate.draws, whole.setups);
    assert!(whole.holds && whole.failures.is_empty() && rate.interval[0] >= LEAST_RATE);
    assert!(alone.holds && alone.rate.is_none());
    assert!(verify(&options(&["S3"], None), &|_| {}).expect("a valid plan")[0].rate_in_words().is_some());
}

#[test]
fn unknown_ids_and_cases_are_refused() {
    let refused = |options: &VerifyOptions| verify(options, &|_| {}).expect_err("refused").to_string();
    assert!(refused(&options(&["Z9"], None)).contains("the ids are B1, B2"));
    assert!(refused(&options(&["I1"], Some(99))).contains("cases 2 to 6"));
}
