//! Verdicts as a table for people and as Markdown.

use super::output::{Align, Style, columns, counted};
use equipoise::claims::{Finding, LEAST_RATE, Rate, SeedsVerdict, Verdict};
use equipoise::numeric::significant;
use std::fmt::Write;

/// One line a claim, then what failed and what else was measured.
pub(super) fn table(verdicts: &[Verdict], style: Style) -> String {
    let header = ["claim", "verdict", "worst", "tolerance", "set-ups", "controls"];
    let mut rows = vec![header.iter().map(|title| style.strong(title)).collect::<Vec<_>>()];
    rows.extend(verdicts.iter().map(|verdict| {
        let word = if verdict.holds { style.good("holds") } else { style.bad("FAILS") };
        let [worst, tolerance, setups, controls] = measured_cells(verdict);
        vec![named(&verdict.id, &verdict.title), word, worst, tolerance, setups, controls]
    }));
    let alignment = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
    let mut text = columns(&rows, &alignment);
    text.push('\n');
    for verdict in verdicts {
        text.push_str(&details(verdict, style));
    }
    text.push_str(&summary(verdicts, style));
    text
}

/// A claim as people speak of it.
fn named(id: &str, title: &str) -> String {
    format!("{id} {title}")
}

fn measured_cells(verdict: &Verdict) -> [String; 4] {
    let [worst, tolerance] = judged_cells(verdict.rate, &verdict.worst, verdict.tolerance);
    [
        worst,
        tolerance,
        verdict.setups.to_string(),
        format!("{}/{} caught", verdict.control.violated, verdict.control.points),
    ]
}

/// The worst residual beside the tolerance; of a claim about random designs, in how many draws it holds and has to.
fn judged_cells(rate: Option<Rate>, worst: &Finding, tolerance: f64) -> [String; 2] {
    match (rate, worst.residual) {
        (Some(rate), _) => {
            [format!("{}/{} hold", rate.held, rate.draws), format!("{:.0}%", 100.0 * LEAST_RATE)]
        }
        (None, Some(residual)) => [significant(residual, 2), significant(tolerance, 1)],
        (None, None) => ["unsolved".to_owned(), significant(tolerance, 1)],
    }
}

fn details(verdict: &Verdict, style: Style) -> String {
    let name = named(&verdict.id, &verdict.title);
    let mut text = format!("{}: {}\n", style.strong(&name), verdict.statement);
    for sentence in verdict.rate_in_words().iter().chain(&verdict.measured) {
        let _ = writeln!(text, "    {sentence}");
    }
    if verdict.penalised > 0 {
        let penalised = counted(verdict.penalised as u64, "separable set-up");
        let _ = writeln!(text, "    {penalised} solved with a small penalty");
    }
    let listed = [("control not caught:", &verdict.control.missed), ("failed:", &verdict.failures)];
    for (word, finding) in listed.into_iter().flat_map(|(word, all)| all.iter().map(move |one| (word, one))) {
        let _ =
            writeln!(text, "    {} {}\n      rerun: {}", style.bad(word), describe(finding), finding.rerun);
    }
    text
}

/// A set-up and what was measured there, in one line.
fn describe(finding: &Finding) -> String {
    let measured = match (&finding.unsolved, finding.residual) {
        (Some(why), _) => why.clone(),
        (None, Some(residual)) => format!("residual {}", significant(residual, 2)),
        (None, None) => "nothing measured".to_owned(),
    };
    format!("case {}, {}: {measured}", finding.case, finding.setup)
}

/// The last line: how many hold, and the worst residual of all.
fn summary(verdicts: &[Verdict], style: Style) -> String {
    let holding = verdicts.iter().filter(|verdict| verdict.holds).count();
    let setups: usize = verdicts.iter().map(|verdict| verdict.setups).sum();
    let setups = counted(setups as u64, "set-up");
    let judged = verdicts.iter().filter(|verdict| !verdict.holds_by_rate());
    let worst = judged.filter_map(|verdict| verdict.worst.residual).fold(0.0, f64::max);
    let count = format!("{holding} of {} claims hold", verdicts.len());
    let count = if holding == verdicts.len() { style.good(&count) } else { style.bad(&count) };
    format!("\n{count} over {setups}; worst relative residual {}\n", significant(worst, 2))
}

/// One line a claim over several seeds, then what failed.
pub(super) fn table_of_seeds(verdicts: &[SeedsVerdict], style: Style) -> String {
    let header = ["claim", "verdict", "seeds", "worst", "tolerance", "set-ups", "controls"];
    let mut rows = vec![header.iter().map(|title| style.strong(title)).collect::<Vec<_>>()];
    rows.extend(verdicts.iter().map(|verdict| {
        let word = if verdict.holds { style.good("holds") } else { style.bad("FAILS") };
        [vec![named(&verdict.id, &verdict.title), word], seeds_cells(verdict).to_vec()].concat()
    }));
    let right = [Align::Right; 5];
    let mut text = columns(&rows, &[[Align::Left; 2].as_slice(), &right].concat());
    for verdict in verdicts.iter().filter(|verdict| !verdict.holds) {
        let failed: Vec<String> = verdict.failed_seeds.iter().map(u64::to_string).collect();
        let name = named(&verdict.id, &verdict.title);
        let _ = writeln!(text, "\n{} fails on seed {}", style.strong(&name), failed.join(", "));
        for finding in &verdict.failures {
            let _ = writeln!(text, "    {}\n      rerun: {}", describe(finding), finding.rerun);
        }
    }
    let holding = verdicts.iter().filter(|verdict| verdict.holds).count();
    let count = format!("{holding} of {} claims hold on every seed", verdicts.len());
    let count = if holding == verdicts.len() { style.good(&count) } else { style.bad(&count) };
    let _ = writeln!(text, "\n{count}");
    text
}

fn seeds_cells(verdict: &SeedsVerdict) -> [String; 5] {
    let [worst, tolerance] = judged_cells(verdict.rate, &verdict.worst, verdict.tolerance);
    [
        format!("{} of {}", verdict.held, verdict.seeds),
        worst,
        tolerance,
        verdict.setups.to_string(),
        format!("{}/{} caught", verdict.violated, verdict.controls),
    ]
}

/// The same as a Markdown table.
pub(super) fn markdown_of_seeds(verdicts: &[SeedsVerdict]) -> String {
    let mut text = "| claim | verdict | seeds | worst residual | tolerance | set-ups | controls | statement |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n".to_owned();
    for verdict in verdicts {
        let word = if verdict.holds { "holds" } else { "**fails**" };
        let cells = seeds_cells(verdict).join(" | ");
        let statement = verdict.statement.replace('|', "\\|");
        let name = named(&verdict.id, &verdict.title);
        let _ = writeln!(text, "| {name} | {word} | {cells} | {statement} |");
    }
    for failure in verdicts.iter().flat_map(|verdict| &verdict.failures) {
        let _ = writeln!(text, "\n* `{}`: {}", failure.rerun, describe(failure));
    }
    text
}

/// A Markdown table.
pub(super) fn markdown(verdicts: &[Verdict]) -> String {
    let mut text = "| claim | verdict | worst residual | tolerance | set-ups | controls | statement |\n| --- | --- | ---: | ---: | ---: | ---: | --- |\n".to_owned();
    for verdict in verdicts {
        let word = if verdict.holds { "holds" } else { "**fails**" };
        let cells = measured_cells(verdict).join(" | ");
        let statement = verdict.statement.replace('|', "\\|");
        let name = named(&verdict.id, &verdict.title);
        let _ = writeln!(text, "| {name} | {word} | {cells} | {statement} |");
    }
    for failure in verdicts.iter().flat_map(|verdict| &verdict.failures) {
        let _ = writeln!(text, "\n* `{}`: {}", failure.rerun, describe(failure));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use equipoise::claims::Control;

    fn verdict(residual: Option<f64>) -> Verdict {
        let holds = residual.is_some_and(|residual| residual < 1e-10);
        let finding = Finding {
            case: 7,
            setup: "softmax, sizes 3, 4".to_owned(),
            residual,
            unsolved: residual.is_none().then(|| "no step left".to_owned()),
            rerun: "equipoise verify B5 --case 7 --seed 1".to_owned(),
        };
        Verdict {
            id: "B5".to_owned(),
            title: "softmax balance".to_owned(),
            statement: "Outflow = inflow.".to_owned(),
            holds,
            rate: None,
            tolerance: 1e-10,
            setups: 12,
            failures: if holds { Vec::new() } else { vec![finding.clone()] },
            worst: finding,
            penalised: 2,
            control: Control { points: 12, violated: 12, smallest_residual: Some(0.5), missed: Vec::new() },
            measured: vec!["one more number: 3".to_owned()],
        }
    }

    #[test]
    fn a_table_for_people() {
        insta::assert_snapshot!(table(
            &[verdict(Some(3.2e-14)), verdict(Some(0.01)), verdict(None)],
            Style::plain()
        ));
    }

    #[test]
    fn a_claim_about_random_designs_says_how_often_it_holds() {
        let verdict = Verdict { rate: Rate::of(57, 60), ..verdict(Some(0.01)) };
        let text = table(&[verdict], Style::plain());
        assert!(
            text.contains("\n    holds in 57 of 60 draws (95% interval 86% to 98%); fixed beforehand: "),
            "{text}"
        );
    }

    #[test]
    fn a_table_for_markdown() {
        insta::assert_snapshot!(markdown(&[verdict(Some(3.2e-14)), verdict(Some(0.01))]));
    }
}
