//! The page as a reader and a browser see it: complete, self-contained, safe, the same twice.

use super::*;
use crate::claims::{Control, Finding};

fn verdict(id: &str, holds: bool) -> Verdict {
    let finding = |case: usize, residual: Option<f64>| Finding {
        case,
        setup: "softmax, K = 3 <script>alert(1)</script>".to_owned(),
        residual,
        unsolved: residual.is_none().then(|| "the data are \"separable\"".to_owned()),
        rerun: format!("equipoise verify {id} --case {case} --seed 7"),
    };
    Verdict {
        id: id.to_owned(),
        title: "a law & its name".to_owned(),
        statement: "Outflow equals inflow, λₖNₖ(1 − P[k][k]) = Σ λ_c N_c P[c][k].".to_owned(),
        holds,
        rate: None,
        tolerance: 1e-10,
        setups: 12,
        worst: finding(3, Some(if holds { 2e-14 } else { 0.25 })),
        failures: if holds { Vec::new() } else { vec![finding(3, Some(0.25)), finding(4, None)] },
        penalised: 1,
        control: Control { points: 12, violated: 12, smallest_residual: Some(0.125), missed: Vec::new() },
        measured: vec!["ratios from 0.1 to 9 & more".to_owned()],
    }
}

fn figure(id: &str) -> DrawnFigure {
    let figure = Figure {
        id: id.to_owned(),
        file_stem: format!("{id}-test"),
        svg: "<svg xmlns=\"http://www.w3.org/2000/svg\"><g id=\"a\"/></svg>".to_owned(),
        caption: format!("What {id} shows: P < 1."),
    };
    DrawnFigure { figure, results: None }
}

fn rendered(verdicts: &[Verdict], figures: &[DrawnFigure]) -> String {
    let report = Report { verdicts, figures, seed: 7, effort: Effort::Quick, duration_seconds: 61.0 };
    render(&report).expect("a page")
}

fn example() -> String {
    rendered(&[verdict("B5", true), verdict("R1", true)], &[figure("F1"), figure("F2")])
}

#[test]
fn nothing_is_loaded_or_run() {
    let page = example();
    let lower = page.to_lowercase();
    for forbidden in
        ["<script", "src=", "<link", "@import", "url(", "<iframe", "<object", "javascript:", " onload"]
    {
        assert!(!lower.contains(forbidden), "{forbidden}");
    }
    // What remains are namespaces and links that a reader may follow.
    for (place, _) in lower.match_indices("http") {
        let before = &lower[..place];
        let harmless = ["<a href=\"", "xmlns=\"", "<meta "].iter().any(|start| before.ends_with(start));
        assert!(harmless, "{}", &lower[place.saturating_sub(20)..place + 30]);
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
}

#[test]
fn every_verdict_and_figure_appears_with_its_link() {
    let page = example();
    for anchor in
        ["claim-B5", "claim-R1", "figure-F1", "figure-F2", "reading", "claims", "chapter-B", "chapter-R"]
    {
        assert_eq!(page.matches(&format!(" id=\"{anchor}\"")).count(), 1, "{anchor}");
        assert!(page.contains(&format!("href=\"#{anchor}\"")), "{anchor}");
    }
    assert!(page.contains("What F2 shows: P &lt; 1."));
    assert!(page.contains(">B5 a law &amp; its name</a>") && page.contains("<h3>R1 a law &amp; its name "));
    // The order of the argument: laws and what shows them, then the repair.
    let place = |text: &str| page.find(text).expect(text);
    assert!(place("<figure id=\"figure-F2\"") < place("id=\"chapter-R\""));
    assert!(
        place("id=\"summary\"") < place("id=\"contents\"")
            && place("id=\"contents\"") < place("id=\"reading\"")
    );
    assert!(page.contains(
        "<code><span>equipoise verify R1</span> <span>--quick</span> <span>--seed 7</span></code>"
    ));
    assert!(page.contains("12/12"));
}

#[test]
fn a_claim_that_follows_from_others_says_from_which() {
    let page = rendered(&[verdict("B5", true), verdict("R3", true)], &[]);
    assert_eq!(page.matches("(Follows from ").count(), 1);
    assert!(page.contains("(Follows from R1, R2.)"));
}

#[test]
fn ids_are_unique() {
    let page = example();
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn text_of_a_set_up_is_never_markup() {
    let page = rendered(&[verdict("<b>&", false)], &[]);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("verify &lt;b&gt;&amp;</span> <span>--case 4"));
    assert!(!page.contains("<script") && !page.contains("<b>"));
}

#[test]
fn the_summary_counts_what_holds() {
    let good = rendered(&[verdict("B5", true), verdict("R1", true)], &[]);
    assert!(
        good.contains(
            "<strong>2 of 2 claims hold</strong> over 24 set-ups; worst relative residual 2&nbsp;×"
        )
    );
    assert!(good.contains("every control was caught"));
    let bad = rendered(&[verdict("B5", true), verdict("R1", false)], &[]);
    assert!(bad.contains("<strong>1 of 2 claims hold</strong>") && bad.contains("Failing: R1."));
    assert!(bad.contains("no stationary point: the data are &quot;separable&quot;"));
}

#[test]
fn an_unsolved_set_up_and_a_missed_control_are_reported() {
    let mut unsolved = verdict("B5", false);
    unsolved.worst.residual = None;
    unsolved.control.violated = 11;
    unsolved.control.missed = vec![unsolved.failures[0].clone()];
    let page = rendered(&[unsolved], &[]);
    assert!(page.contains("not every set-up could be solved; 1 of 12 controls were not caught"));
    assert!(page.contains("all of them must be"));
    // With the command that shows it.
    let (_, missed) = page.split_once("Controls not caught").expect("a list");
    let (missed, _) = missed.split_once("Failures").expect("the list of failures after it");
    assert!(missed.contains("<span>--case 3"), "{missed}");
}

#[test]
fn elements_are_closed_in_order() {
    const VOID: [&str; 3] = ["meta", "br", "!doctype"];
    let page = rendered(&[verdict("B5", true), verdict("R1", false)], &[figure("F1")]);
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.split([' ', '\n']).next().unwrap_or(tag);
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') && !VOID.contains(&name.to_lowercase().as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_same_report_gives_the_same_bytes_but_for_the_date() {
    let dateless = |page: String| page.lines().filter(|line| !line.contains("<dt>Date")).collect::<String>();
    assert_eq!(dateless(example()), dateless(example()));
}

#[test]
fn a_report_without_verdicts_is_refused() {
    let report = Report { verdicts: &[], figures: &[], seed: 1, effort: Effort::Full, duration_seconds: 0.0 };
    assert!(render(&report).expect_err("no verdicts").to_string().contains("no verdicts"));
}

#[test]
fn the_file_appears_whole_and_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let verdicts = [verdict("B5", true)];
    let report =
        Report { verdicts: &verdicts, figures: &[], seed: 1, effort: Effort::Full, duration_seconds: 1.0 };
    let out = directory.path().join("new");
    let path = write(&report, &out).expect("written");
    write(&report, &out).expect("written over");
    assert!(path.ends_with("report.html"));
    assert!(std::fs::read_to_string(&path).expect("read").ends_with("</html>\n"));
    assert_eq!(std::fs::read_dir(&out).expect("listed").count(), 1);
}
