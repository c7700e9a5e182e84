//! The verdicts: one line on all of them, a table, and what was measured for each claim.

use super::Report;
use super::formulas::{displayed, law};
use super::markup::{described, each, escape, prose, table};
use super::results::residual;
use crate::claims::{Control, Effort, Finding, LEAST_RATE, Verdict, claim_follows_from};
use crate::numeric::counted;

/// The whole outcome in a sentence or two.
pub(super) fn summary(verdicts: &[Verdict]) -> String {
    let broken: Vec<&str> = verdicts.iter().filter(|one| !one.holds).map(|one| one.id.as_str()).collect();
    let setups = counted(verdicts.iter().map(|one| one.setups as u64).sum(), "set-up");
    let total = verdicts.len();
    let kept = total - broken.len();
    let (class, symbol) = if broken.is_empty() { ("good", "✓") } else { ("bad", "✗") };
    let failing =
        if broken.is_empty() { String::new() } else { format!(" Failing: {}.", escape(&broken.join(", "))) };
    format!(
        "<p class=\"summary {class}\"><span aria-hidden=\"true\">{symbol}</span> <strong>{kept} of {total} claims \
         hold</strong> over {setups}; {}; {}.{failing}</p>\n",
        worst_of_all(verdicts),
        controls_in_words(verdicts)
    )
}

fn worst_of_all(verdicts: &[Verdict]) -> String {
    let judged = verdicts.iter().filter(|one| !one.holds_by_rate());
    if judged.clone().any(|one| one.worst.residual.is_none()) {
        return "not every set-up could be solved".to_owned();
    }
    let worst = judged.filter_map(|one| one.worst.residual).fold(0.0, larger);
    format!("worst relative residual {}", residual(worst))
}

/// The larger number; what is not a number counts as larger than any.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn controls_in_words(verdicts: &[Verdict]) -> String {
    let points: usize = verdicts.iter().map(|one| one.control.points).sum();
    let violated: usize = verdicts.iter().map(|one| one.control.violated).sum();
    let missed = points - violated;
    let is_allowed = |one: &Verdict| one.holds || one.control.violated == one.control.points;
    if verdicts.iter().any(|one| one.control.points == 0) {
        "some claims had no control".to_owned()
    } else if missed == 0 {
        "every control was caught".to_owned()
    } else if verdicts.iter().all(is_allowed) {
        format!("controls were caught but for {missed} of {points}, which are draws of random designs")
    } else {
        format!("{missed} of {points} controls were not caught")
    }
}

/// One row per claim.
pub(super) fn overview(report: &Report) -> String {
    let headings = [
        "Claim",
        "Verdict",
        "Statement",
        "Worst residual",
        "Tolerance",
        "Set-ups",
        "Controls caught",
        "Run it again",
    ];
    let row = |verdict: &Verdict| {
        vec![
            format!("<a href=\"#{}\">{}</a>", anchor(verdict), name(verdict)),
            judgement(verdict),
            prose(&verdict.statement),
            verdict
                .rate
                .map_or_else(|| worst(verdict), |rate| format!("{} of {} draws", rate.held, rate.draws)),
            verdict.rate.map_or_else(|| residual(verdict.tolerance), |_| least_rate()),
            verdict.setups.to_string(),
            caught(&verdict.control),
            code(&rerun(verdict, report)),
        ]
    };
    table("verdicts", "Verdicts", &headings, &report.verdicts.iter().map(row).collect::<Vec<_>>())
}

fn worst(verdict: &Verdict) -> String {
    verdict.worst.residual.map_or_else(|| "no stationary point".to_owned(), residual)
}

fn least_rate() -> String {
    format!("at least {:.0}%", 100.0 * LEAST_RATE)
}

/// A claim and what was measured for it; open where it fails.
pub(super) fn detail(verdict: &Verdict) -> String {
    let open = if verdict.holds { "" } else { " open" };
    format!(
        "<article id=\"{}\">\n<h3>{} {}</h3>\n<p>{}</p>\n{}{}{}<details{open}>\n<summary>Worst of {}, and how to run it again</summary>\n\
         <dl>\n{}</dl>\n</details>\n</article>\n",
        anchor(verdict),
        name(verdict),
        judgement(verdict),
        statement(verdict),
        law(&verdict.id).as_deref().map(displayed).unwrap_or_default(),
        verdict.rate_in_words().map(|rate| format!("<p>{}.</p>\n", prose(&rate))).unwrap_or_default(),
        measured(verdict),
        counted(verdict.setups as u64, "set-up"),
        facts(verdict)
    )
}

/// What is claimed, and of a claim that follows from others, from which.
fn statement(verdict: &Verdict) -> String {
    let from = claim_follows_from(&verdict.id);
    let from = if from.is_empty() { String::new() } else { format!(" (Follows from {}.)", from.join(", ")) };
    prose(&(verdict.statement.clone() + &from))
}

/// Id and title, as `B5 softmax balance`.
pub(super) fn name(verdict: &Verdict) -> String {
    format!("{} {}", escape(&verdict.id), prose(&verdict.title))
}

/// What else was measured, in sentences.
fn measured(verdict: &Verdict) -> String {
    if verdict.measured.is_empty() {
        return String::new();
    }
    let sentences = each(&verdict.measured, |sentence| format!("<li>{}</li>", prose(sentence)));
    format!("<p class=\"measured\">Also measured:</p>\n<ul class=\"measured\">{sentences}</ul>\n")
}

/// The name by which the page links to a claim's details.
pub(super) fn anchor(verdict: &Verdict) -> String {
    format!("claim-{}", escape(&verdict.id))
}

fn facts(verdict: &Verdict) -> String {
    let mut facts = described("Worst set-up", &finding(&verdict.worst));
    if verdict.penalised > 0 {
        let has = if verdict.penalised == 1 { "has" } else { "have" };
        let count = format!("{} {has}", counted(verdict.penalised as u64, "set-up"));
        facts += &described(
            "Separable",
            &format!(
                "{count} no finite minimiser and {} solved with a small penalty instead",
                was(verdict.penalised)
            ),
        );
    }
    if !verdict.holds && (verdict.control.violated < verdict.control.points || verdict.control.points == 0) {
        let needed = if verdict.rate.is_some() { "as many as the rate asks for" } else { "all of them" };
        facts += &described("Controls", &format!("{} caught; {needed} must be", caught(&verdict.control)));
    }
    let listed =
        [("Controls not caught", &verdict.control.missed), ("Failures, worst first", &verdict.failures)];
    for (title, findings) in listed.into_iter().filter(|(_, findings)| !findings.is_empty()) {
        let list = each(findings, |one| format!("<li>{}</li>", finding(one)));
        facts += &described(title, &format!("<ol>{list}</ol>"));
    }
    facts
}

fn was(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

fn finding(finding: &Finding) -> String {
    let measured = match (&finding.unsolved, finding.residual) {
        (Some(why), _) => format!("no stationary point: {}", prose(why)),
        (None, Some(value)) => format!("residual {}", residual(value)),
        (None, None) => "nothing measured".to_owned(),
    };
    format!("case {}: {}; {measured}<br>{}", finding.case, prose(&finding.setup), code(&finding.rerun))
}

/// The verdict in a word and a sign, so that nothing depends on colour.
fn judgement(verdict: &Verdict) -> String {
    let (class, symbol, word) =
        if verdict.holds { ("good", "✓", "holds") } else { ("bad", "✗", "fails") };
    format!("<span class=\"{class}\"><span aria-hidden=\"true\">{symbol}</span> {word}</span>")
}

fn caught(control: &Control) -> String {
    let smallest = control
        .smallest_residual
        .map_or_else(String::new, |least| format!(" <small>(smallest residual {})</small>", residual(least)));
    format!("{}/{}{smallest}", control.violated, control.points)
}

/// The command that checks a whole claim as this report did.
fn rerun(verdict: &Verdict, report: &Report) -> String {
    let quick = match report.effort {
        Effort::Quick => " --quick",
        Effort::Full => "",
    };
    format!("equipoise verify {}{quick} --seed {}", verdict.id, report.seed)
}

/// A command; a line may end before an option but not inside it.
fn code(command: &str) -> String {
    let html = escape(command).replace(" --", "</span> <span>--");
    format!("<code><span>{html}</span></code>")
}
