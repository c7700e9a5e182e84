//! Every shipped analysis, with few repetitions, drawn for paper and for slides.

use super::{assert_legible, assert_nothing_runs_through_text, assert_written};
use crate::analysis::{Override, Results, SHIPPED, Shipped, Store, run};
use crate::figure::{Figure, Theme, draw};

fn results(shipped: Shipped) -> Results {
    let given = |text: &str| Override::parse(text).expect("well formed");
    let mut overrides = vec![given("repetitions=2")];
    if shipped.name == "convergence" {
        overrides.push(given("series.2.optimizer.gradient_descent.iterations=300"));
    }
    let experiment = shipped.source().experiment(&overrides).expect("a good file");
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path(), &experiment, None, false).expect("writable");
    run(&experiment, &store, &|_| {}).expect("it runs").0
}

fn figures(name: &str, theme: Theme) -> Vec<Figure> {
    draw(&results(Shipped::named(name).expect("shipped")), theme).expect("it draws")
}

#[test]
fn every_shipped_figure_is_legible_on_paper_and_on_slides() {
    for shipped in SHIPPED {
        let results = results(shipped);
        for theme in [Theme::Paper, Theme::Slides] {
            let figures = draw(&results, theme).expect("it draws");
            assert!(!figures.is_empty(), "{} draws nothing", shipped.name);
            for mut figure in figures {
                assert!(!figure.caption.contains(['{', '}']), "{}", figure.caption);
                assert!(!figure.caption.contains("no number"), "{}", figure.caption);
                figure.file_stem = format!("{}-{theme:?}", figure.file_stem);
                assert_legible(&figure);
            }
        }
    }
}

#[test]
fn the_binary_weight_law_reads_at_a_glance() {
    let figures = figures("binary-weights", Theme::Paper);
    assert_written(&figures[0], &["a", "b", "1 : 2", "1 : 10", "1 : 50", "balanced", "weight ratio λ₁ / λ₀"]);
    assert_nothing_runs_through_text(&figures[0]);
}

#[test]
fn lines_are_named_where_they_end() {
    assert_written(&figures("averaging", Theme::Paper)[0], &["LGL", "SML", "LGL-INR, β = 5", "400", "12"]);
    assert_written(&figures("convergence", Theme::Paper)[0], &["Newton", "L-BFGS", "gradient descent"]);
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let results = results(Shipped::named("averaging").expect("shipped"));
    let drawn = || draw(&results, Theme::Paper).expect("it draws");
    assert_eq!(drawn(), drawn());
    let pdf = || drawn()[0].pdf().expect("it converts");
    assert!((0..8).all(|_| pdf() == pdf()), "the PDF changes from one conversion to the next");
}
