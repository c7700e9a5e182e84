//! Runs claims over their set-ups and makes verdicts of what was measured.

use super::claim::{
    BALANCE_LAWS, Balance, CaseReport, Cases, ComparisonClaim, LawClaim, SetupFailure, TOLERANCE,
};
use super::dimension;
use super::error::ClaimError;
use super::kept::{CheckedSetups, SetupName};
use super::measurement::{Solved, measure};
#[cfg(feature = "networks")]
use super::networks;
use super::setup::FIRST_DIGITS_CASE;
use super::verdict::{Control, Finding, Rate, Verdict};
use super::{
    averaging, flows, held_out, laws, mini_batch, minority_collapse, other_heads, separable, weight_effects,
    zoo,
};
use crate::numeric::{largest, try_map_items};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// A sample of the set-ups, in seconds.
    Quick,
    /// All of them.
    #[default]
    Full,
}

/// What to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Claim ids; none means all.
    pub ids: Vec<String>,
    /// How much.
    pub effort: Effort,
    /// Seed of every set-up.
    pub seed: u64,
    /// Only this set-up.
    pub case: Option<usize>,
}

/// Failures, and controls that pass, are listed up to this many.
pub(super) const MAX_LISTED: usize = 10;

/// Of the set-ups of a balance, one in so many is held against the certificate that `solve` prints, which takes longer than the law.
const CERTIFIED_EVERY: usize = 4;

/// How far checking has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// Set-ups checked.
    pub done: usize,
    /// Set-ups in all.
    pub total: usize,
    /// The claim just worked on.
    pub id: &'static str,
}

/// A claim of either kind.
#[derive(Clone, Copy)]
enum Claim {
    Law(&'static LawClaim),
    Dimension,
    Comparison(&'static ComparisonClaim),
}

/// All claims in the order of docs/theory.md, each with the number its random streams are drawn from.
fn catalogue() -> Vec<(u64, Claim)> {
    let laws = laws::BINARY.iter().chain(&laws::SOFTMAX[..1]).chain(&laws::ONE_VS_ALL[..1]);
    let later = laws::SOFTMAX[1..].iter().chain(&laws::ONE_VS_ALL[1..]).chain(&laws::INR);
    let beyond = mini_batch::CLAIMS
        .iter()
        .chain(&separable::CLAIMS)
        .chain(&held_out::CLAIMS)
        .chain([&other_heads::LABEL_NOISE, &separable::DIRECTION, &minority_collapse::CLAIM])
        .chain(&other_heads::CLAIMS);
    let comparisons = averaging::CLAIMS.iter().chain([&averaging::REPAIR]);
    let comparisons = comparisons
        .chain(&flows::CLAIMS)
        .chain(&weight_effects::CLAIMS)
        .chain([&weight_effects::CONTRARY_WEIGHT])
        .map(Some)
        .chain(claims_of_networks())
        .chain([&zoo::CLAIM].into_iter().map(Some))
        .chain(beyond.map(Some))
        .map(|comparison| comparison.map(Claim::Comparison));
    let claims = laws.map(Claim::Law).chain([Claim::Dimension]).chain(later.map(Claim::Law));
    let all = (1..).zip(claims.map(Some).chain(comparisons));
    let mut numbered: Vec<(u64, Claim)> =
        all.filter_map(|(number, claim)| claim.map(|claim| (number, claim))).collect();
    // Numbers stay with claims; a claim that came later is listed with its family all the same.
    numbered.sort_by_key(|(_, claim)| ("BIWARNMSTCH".find(&claim.id()[..1]), claim.id()));
    numbered
}

/// How many claims are about trained networks.
const NETWORK_CLAIMS: usize = 4;

/// The claims about trained networks, which only a build with networks can check.
#[cfg(feature = "networks")]
fn claims_of_networks() -> [Option<&'static ComparisonClaim>; NETWORK_CLAIMS] {
    let [first, second, third] = &networks::CLAIMS;
    [&networks::ALONG_TRAINING, first, second, third].map(Some)
}

/// In their places, so that every other claim keeps its number.
#[cfg(not(feature = "networks"))]
fn claims_of_networks() -> [Option<&'static ComparisonClaim>; NETWORK_CLAIMS] {
    [None; NETWORK_CLAIMS]
}

/// The report of a set-up of a law: the saved one, or a new one, which is then saved.
pub(super) fn checked_law(
    id: &str,
    seed: u64,
    case: usize,
    checked: &CheckedSetups,
) -> Result<CaseReport, ClaimError> {
    let (family, law) = catalogue()
        .into_iter()
        .find(|(_, claim)| claim.id() == id)
        .ok_or_else(|| ClaimError::UnknownId { id: id.to_owned() })?;
    checked_report(law, (seed, family, case), checked)
}

fn checked_report(
    claim: Claim,
    (seed, family, case): (u64, u64, usize),
    checked: &CheckedSetups,
) -> Result<CaseReport, ClaimError> {
    let name = SetupName::of(claim.id(), seed, case);
    if let Some(report) = checked.report(&name) {
        return Ok(report);
    }
    let report = claim.run(seed, family, case);
    checked.keep(name, &report)?;
    Ok(report)
}

/// The ids of all claims.
#[must_use]
pub fn claim_ids() -> Vec<&'static str> {
    catalogue().into_iter().map(|(_, claim)| claim.id()).collect()
}

/// The id of the claim that is asked for. H1 and H4 were called F1 and F4, which are figures too; the old names are understood
/// for one release.
#[must_use]
pub fn current_id(asked: &str) -> &str {
    match asked {
        "F1" => "H1",
        "F4" => "H4",
        id => id,
    }
}

/// What the claim of an id is about, in a few words that go on after it: `B5 softmax balance`; `None` for an id that no claim has.
#[must_use]
pub fn claim_title(id: &str) -> Option<&'static str> {
    catalogue().into_iter().find(|(_, claim)| claim.id() == id).map(|(_, claim)| claim.title())
}

/// What the claim of an id states, in one sentence; `None` for an id that no claim has.
#[must_use]
pub fn claim_statement(id: &str) -> Option<&'static str> {
    catalogue().into_iter().find(|(_, claim)| claim.id() == id).map(|(_, claim)| claim.statement())
}

impl Claim {
    fn id(self) -> &'static str {
        match self {
            Self::Law(law) => law.id,
            Self::Dimension => dimension::ID,
            Self::Comparison(comparison) => comparison.id,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Law(law) => law.title,
            Self::Dimension => dimension::TITLE,
            Self::Comparison(comparison) => comparison.title,
        }
    }

    fn statement(self) -> &'static str {
        match self {
            Self::Law(law) => law.statement,
            Self::Dimension => dimension::STATEMENT,
            Self::Comparison(comparison) => comparison.statement,
        }
    }

    /// Case numbers; those of the quick run are among those of the full one.
    fn cases(self, effort: Effort) -> Vec<usize> {
        match (self, effort) {
            (Self::Dimension, Effort::Quick) => (2..=3).collect(),
            (Self::Dimension, Effort::Full) => (2..=6).collect(),
            (Self::Comparison(comparison), Effort::Quick) => quick_cases(comparison.cases.count()),
            (Self::Comparison(comparison), Effort::Full) => (0..comparison.cases.count()).collect(),
            (Self::Law(_), Effort::Quick) => {
                (0..24).chain(FIRST_DIGITS_CASE..FIRST_DIGITS_CASE + 2).collect()
            }
            (Self::Law(_), Effort::Full) => {
                (0..240).chain(FIRST_DIGITS_CASE..FIRST_DIGITS_CASE + 8).collect()
            }
        }
    }

    /// Whether its set-ups are draws that are judged by their rate.
    fn is_of_draws(self) -> bool {
        matches!(self, Self::Comparison(ComparisonClaim { cases: Cases::Draws(_), .. }))
    }

    fn run(self, seed: u64, family: u64, case: usize) -> CaseReport {
        let report = match self {
            Self::Law(law) => check_law(law, seed, family, case),
            Self::Dimension => dimension::check(seed, family, case),
            Self::Comparison(comparison) => (comparison.check)((seed, (family << 32) | case as u64), case),
        };
        report.unwrap_or_else(|error| CaseReport {
            setup: "could not be drawn".to_owned(),
            unsolved: Some(error.to_string()),
            ..CaseReport::default()
        })
    }

    fn summarise(self, observed: &[Vec<f64>]) -> Vec<String> {
        match self {
            Self::Law(law) => (law.summarise)(observed),
            Self::Dimension => dimension::summarise(observed),
            Self::Comparison(comparison) => (comparison.summarise)(observed),
        }
    }
}

/// A third of the cases, in steps that have no common factor with their number. Set-ups repeat with periods of 2 to 14, or come in runs
/// of 2 to 4; a step of 3, or one that is regular in any of these, would meet the same ones again and again.
fn quick_cases(cases: usize) -> Vec<usize> {
    let steps = cases.div_ceil(4)..;
    let step = steps.into_iter().find(|&step| greatest_common_divisor(step, cases) == 1).unwrap_or(1);
    let mut chosen: Vec<usize> = (0..cases.div_ceil(3)).map(|turn| cases - 1 - turn * step % cases).collect();
    chosen.sort_unstable();
    chosen
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn check_law(law: &LawClaim, seed: u64, family: u64, case: usize) -> Result<CaseReport, SetupFailure> {
    let is_balance = BALANCE_LAWS.contains(&law.id);
    let is_certified = is_balance && case.is_multiple_of(CERTIFIED_EVERY);
    Ok(match measure(law.design.draw(seed, family, case)?)? {
        Solved::Point { at, control, penalised } => CaseReport {
            residual: Some(largest([
                (law.residual)(&at),
                if is_certified { at.certificate_error() } else { 0.0 },
            ])),
            control: Some((law.without_premise.unwrap_or(law.residual))(&control)),
            rounding: at.rounding(),
            observed: (law.observe)(&at),
            penalised,
            balances: if is_balance {
                [at.balances(true), control.balances(false)].concat()
            } else {
                Vec::new()
            },
            setup: at.setup.description,
            ..CaseReport::default()
        },
        Solved::Unsolved { setup, why } => {
            CaseReport { setup: setup.description, unsolved: Some(why), ..CaseReport::default() }
        }
    })
}

/// Largest residual that counts as holding.
#[must_use]
pub fn tolerance() -> f64 {
    TOLERANCE
}

/// Checks claims; `progress` is called for every set-up done, from any thread.
///
/// # Errors
/// No claim has an id, or a claim no set-up of the number asked for ([`ClaimError::UnknownId`],
/// [`ClaimError::UnknownCase`]).
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::claims::{Effort, VerifyOptions, verify};
///
/// let options = VerifyOptions { ids: vec!["B2".to_owned()], effort: Effort::Quick, seed: 0, case: None };
/// let verdicts = verify(&options, &|_| {})?;
/// assert!(verdicts[0].holds && verdicts[0].control.violated == verdicts[0].control.points);
/// # Ok::<(), equipoise::claims::ClaimError>(())
/// ```
pub fn verify(
    options: &VerifyOptions,
    progress: &(dyn Fn(Advance) + Sync),
) -> Result<Vec<Verdict>, ClaimError> {
    verify_on(options, &CheckedSetups::default(), progress)
}

/// The same, reusing set-ups already checked and saving those that are checked now.
///
/// # Errors
/// As [`verify`]; or a set-up cannot be saved ([`ClaimError::Unkept`]).
pub fn verify_on(
    options: &VerifyOptions,
    checked: &CheckedSetups,
    progress: &(dyn Fn(Advance) + Sync),
) -> Result<Vec<Verdict>, ClaimError> {
    let chosen = choose(options)?;
    let tasks: Vec<(u64, Claim, usize)> = chosen
        .iter()
        .flat_map(|(family, claim, cases)| cases.iter().map(|&case| (*family, *claim, case)))
        .collect();
    let done = AtomicUsize::new(0);
    let report = |&(family, claim, case): &(u64, Claim, usize)| {
        let report = checked_report(claim, (options.seed, family, case), checked)?;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress(Advance { done, total: tasks.len(), id: claim.id() });
        Ok(report)
    };
    let mut remaining = try_map_items(&tasks, report)?.into_iter();
    let verdict = |(_, claim, cases): (u64, Claim, Vec<usize>)| {
        let own: Vec<(usize, CaseReport)> = cases.into_iter().zip(remaining.by_ref()).collect();
        judge(claim, options, &own)
    };
    Ok(chosen.into_iter().map(verdict).collect())
}

/// The claims of a plan with the cases to run.
fn choose(options: &VerifyOptions) -> Result<Vec<(u64, Claim, Vec<usize>)>, ClaimError> {
    let known = catalogue();
    let ids: Vec<&str> = options.ids.iter().map(|id| current_id(id)).collect();
    for id in &ids {
        if !known.iter().any(|(_, claim)| claim.id() == *id) {
            return Err(ClaimError::UnknownId { id: (*id).to_owned() });
        }
    }
    let wanted = |claim: &Claim| ids.is_empty() || ids.contains(&claim.id());
    known
        .into_iter()
        .filter(|(_, claim)| wanted(claim))
        .map(|(family, claim)| {
            let cases = match options.case {
                None => claim.cases(options.effort),
                Some(case) if claim.cases(Effort::Full).contains(&case) => vec![case],
                Some(case) => {
                    let available = describe_cases(&claim.cases(Effort::Full));
                    return Err(ClaimError::UnknownCase { id: claim.id(), case, available });
                }
            };
            Ok((family, claim, cases))
        })
        .collect()
}

/// Runs of consecutive case numbers, in words.
fn describe_cases(cases: &[usize]) -> String {
    let runs = cases.chunk_by(|a, b| a + 1 == *b);
    let words: Vec<String> = runs.map(|run| format!("{} to {}", run[0], run[run.len() - 1])).collect();
    words.join(" and ")
}

/// The largest residual with which a set-up holds.
fn allowed(report: &CaseReport) -> f64 {
    TOLERANCE.max(report.rounding)
}

/// The law at points that are not stationary: it must be seen to fail at every one.
fn control(finding: &impl Fn(&(usize, CaseReport)) -> Finding, reports: &[(usize, CaseReport)]) -> Control {
    let residuals: Vec<f64> = reports.iter().filter_map(|(_, report)| report.control).collect();
    let missed = |report: &CaseReport| {
        report.control.is_some_and(|residual| residual.is_nan() || residual <= allowed(report))
    };
    let missed: Vec<&(usize, CaseReport)> = reports.iter().filter(|(_, report)| missed(report)).collect();
    let as_control =
        |of: &(usize, CaseReport)| Finding { residual: of.1.control, unsolved: None, ..finding(of) };
    Control {
        points: residuals.len(),
        violated: residuals.len() - missed.len(),
        smallest_residual: residuals.iter().copied().reduce(f64::min),
        missed: missed.into_iter().take(MAX_LISTED).map(as_control).collect(),
    }
}

fn judge(claim: Claim, options: &VerifyOptions, reports: &[(usize, CaseReport)]) -> Verdict {
    let finding = |(case, report): &(usize, CaseReport)| Finding {
        case: *case,
        setup: report.setup.clone(),
        residual: report.residual,
        unsolved: report.unsolved.clone(),
        rerun: format!("equipoise verify {} --case {case} --seed {}", claim.id(), options.seed),
    };
    // A set-up without a stationary point is worse than any residual.
    let badness = |report: &CaseReport| report.residual.filter(|r| !r.is_nan()).unwrap_or(f64::INFINITY);
    let mut ordered: Vec<&(usize, CaseReport)> = reports.iter().collect();
    ordered.sort_by(|a, b| badness(&b.1).total_cmp(&badness(&a.1)));
    let failed: Vec<_> =
        ordered.iter().filter(|(_, report)| badness(report) > allowed(report)).copied().collect();
    let control = control(&finding, reports);
    // One set-up that is asked for by its number is judged by itself.
    let rate = if claim.is_of_draws() && options.case.is_none() {
        Rate::of(reports.len() - failed.len(), reports.len())
    } else {
        None
    };
    let holds = match rate {
        Some(rate) => {
            let caught = Rate::of(control.violated, control.points);
            rate.is_reached()
                && caught.is_some_and(|caught| caught.is_reached())
                && reports.iter().all(|(_, report)| report.exact <= allowed(report))
        }
        None => failed.is_empty() && control.points > 0 && control.violated == control.points,
    };
    let holds_by_rate = holds && rate.is_some();
    let listed = if holds_by_rate { 0 } else { MAX_LISTED };
    let observed: Vec<Vec<f64>> = reports.iter().map(|(_, report)| report.observed.clone()).collect();
    Verdict {
        id: claim.id().to_owned(),
        title: claim.title().to_owned(),
        statement: claim.statement().to_owned(),
        holds,
        rate,
        tolerance: TOLERANCE,
        setups: reports.len(),
        worst: ordered.first().map_or_else(|| finding(&(0, CaseReport::default())), |worst| finding(worst)),
        failures: failed.into_iter().take(listed).map(finding).collect(),
        penalised: reports.iter().filter(|(_, report)| report.penalised).count(),
        control: if holds_by_rate { Control { missed: Vec::new(), ..control } } else { control },
        measured: claim.summarise(&observed),
    }
}

/// Claims that rearrange, differentiate or apply others, and these.
const FOLLOW: [(&str, &[&str]); 12] = [
    ("B2", &["B1"]),
    ("B3", &["B1"]),
    ("I2", &["B5"]),
    ("W2", &["B5"]),
    ("A1", &["B6"]),
    ("A2", &["A1"]),
    ("R3", &["R1", "R2"]),
    ("N1", &["B5", "B6", "R1", "R2"]),
    ("N2", &["B5", "B6", "R1", "R2"]),
    ("N3", &["B2"]),
    ("N4", &["I2"]),
    ("C2", &["B5"]),
];

/// The claims that the claim of an id follows from; none for one that is independent.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::claims::claim_follows_from;
///
/// assert_eq!(claim_follows_from("B2"), ["B1"]);
/// assert!(claim_follows_from("B1").is_empty());
/// ```
#[must_use]
pub fn claim_follows_from(id: &str) -> &'static [&'static str] {
    FOLLOW.iter().find(|(derived, _)| *derived == id).map_or(&[], |(_, from)| from)
}

/// Balances of the first `cases` set-ups of each balance law, at the stationary point and at the control point, each with the
/// id of its law. Set-ups that are checked are not solved again.
///
/// # Errors
/// A newly checked set-up cannot be saved ([`ClaimError::Unkept`]).
pub fn sample_balances(
    seed: u64,
    cases: usize,
    checked: &CheckedSetups,
) -> Result<Vec<(&'static str, Balance)>, ClaimError> {
    let tasks: Vec<(&'static str, usize)> =
        BALANCE_LAWS.iter().flat_map(|&law| (0..cases).map(move |case| (law, case))).collect();
    let of_task = |(law, case): (&'static str, usize)| {
        let report = checked_law(law, seed, case, checked)?;
        Ok(report.balances.into_iter().map(|balance| (law, balance)).collect())
    };
    let balances: Vec<Vec<_>> = try_map_items(tasks, of_task)?;
    Ok(balances.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws of S1: that many hold, that many controls are caught, and whether what has to vanish in every draw does.
    fn judged(held: usize, caught: usize, exact: f64) -> Verdict {
        let claim = Claim::Comparison(&separable::DIRECTION);
        let options = VerifyOptions { ids: Vec::new(), effort: Effort::Full, seed: 1, case: None };
        let residual = |is: bool| Some(if is { 0.0 } else { 0.5 });
        let report = |case: usize| CaseReport {
            residual: residual(case < held),
            control: residual(case >= caught),
            exact: if case == 7 { exact } else { 0.0 },
            ..CaseReport::default()
        };
        judge(claim, &options, &(0..100).map(|case| (case, report(case))).collect::<Vec<_>>())
    }

    #[test]
    fn random_designs_are_judged_by_the_interval_of_their_rate() {
        let verdict = judged(88, 100, 0.0);
        assert!(verdict.holds_by_rate() && verdict.failures.is_empty(), "{verdict:?}");
        assert!(judged(100, 88, 0.0).holds && judged(100, 88, 0.0).control.missed.is_empty());
        // Four in five of these draws, but not with confidence; controls that are not caught; a law that a draw breaks.
        let failing = judged(87, 100, 0.0);
        assert!(!failing.holds && failing.failures.len() == 13.min(MAX_LISTED), "{failing:?}");
        assert!(!judged(100, 87, 0.0).holds);
        assert!(!judged(100, 100, 1e-6).holds && !judged(100, 100, f64::NAN).holds);
    }

    /// What set-ups of claims vary by, as the number of set-ups and a period, or the length of a run: as many values as may be are met.
    #[test]
    fn a_quick_check_meets_every_kind_of_setup() {
        let distinct = |cases: usize, of: &dyn Fn(usize) -> usize| {
            let mut met: Vec<usize> = quick_cases(cases).into_iter().map(of).collect();
            met.sort_unstable();
            met.dedup();
            met.len()
        };
        let periods: [(usize, usize); 13] = [
            (6, 2),
            (6, 3),
            (8, 2),
            (9, 3),
            (12, 4),
            (24, 3),
            (24, 4),
            (42, 14),
            (60, 4),
            (60, 5),
            (60, 7),
            (60, 10),
            (180, 9),
        ];
        for (cases, period) in periods {
            let most = period.min(cases.div_ceil(3));
            assert_eq!(distinct(cases, &|case| case % period), most, "every {period}th of {cases}");
        }
        let runs: [(usize, usize); 5] = [(6, 2), (8, 2), (9, 3), (12, 4), (24, 4)];
        for (cases, run) in runs {
            let most = (cases / run).min(cases.div_ceil(3));
            assert_eq!(distinct(cases, &|case| case / run), most, "runs of {run} of {cases}");
        }
        for claim in catalogue().into_iter().map(|(_, claim)| claim) {
            let all = claim.cases(Effort::Full);
            assert!(claim.cases(Effort::Quick).iter().all(|case| all.contains(case)), "{}", claim.id());
        }
    }

    /// The last claim's draws are the same with and without the claims about networks before it.
    #[test]
    fn numbers_stay_with_claims_in_every_build() {
        let number =
            |id: &str| catalogue().iter().find(|(_, claim)| claim.id() == id).map(|&(number, _)| number);
        assert_eq!((number("B1"), number("W4"), number("B7")), (Some(1), Some(24), Some(29)));
    }
}
