//! The page holds everything, loads nothing, and trusts no text.

use super::*;
use crate::claims::{Control, Effort, Finding, Verdict};
use crate::figure::Figure;

fn verdict(id: &str, setup: &str) -> Verdict {
    let finding = Finding {
        case: 3,
        setup: setup.to_owned(),
        residual: Some(3.2e-14),
        unsolved: None,
        rerun: format!("equipoise verify {id} --case 3 --seed 1"),
    };
    Verdict {
        id: id.to_owned(),
        statement: "Outflow & inflow.".to_owned(),
        holds: true,
        tolerance: 1e-10,
        setups: 5,
        worst: finding,
        failures: Vec::new(),
        penalised: 0,
        control: Control { points: 5, violated: 5, smallest_residual: Some(0.5) },
        measured: vec!["a number: 3".to_owned()],
    }
}

fn page(setup: &str) -> String {
    let figure = Figure {
        id: "F9",
        file_stem: "F9-x".to_owned(),
        svg: "<?xml version=\"1.0\"?><svg><text>drawn</text></svg>".to_owned(),
        caption: "What is seen. More words.".to_owned(),
    };
    render(&Report {
        verdicts: &[verdict("B1", setup), verdict("R2", "softmax")],
        figures: &[figure],
        seed: 1,
        effort: Effort::Quick,
        duration_seconds: 1.5,
    })
}

#[test]
fn every_claim_and_figure_is_there() {
    let page = page("softmax");
    for expected in [
        "id=\"claim-B1\"",
        "id=\"claim-R2\"",
        "<text>drawn</text>",
        "verify R2 --case 3",
        "2 of 2 claims hold",
        "3.2 × 10<sup>−14</sup>",
    ] {
        assert!(page.contains(expected), "{expected} is missing");
    }
    assert!(!page.contains("<?xml"));
}

#[test]
fn nothing_is_loaded_and_no_text_is_trusted() {
    let page = page("<script>alert(1)</script> & \"quotes\"");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;"));
    for forbidden in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden} is in the page");
    }
}

#[test]
fn a_page_is_written_whole_or_an_error_names_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let report = Report { verdicts: &[], figures: &[], seed: 1, effort: Effort::Full, duration_seconds: 0.0 };
    let path = write(&report, directory.path()).expect("written");
    assert!(std::fs::read_to_string(path).expect("readable").ends_with("</html>\n"));
    let missing = write(&report, &directory.path().join("nowhere")).expect_err("no such directory");
    assert!(missing.to_string().contains("report.html"));
}
