use rand::RngExt;

use super::{assert_nothing_runs_through_text, assert_printable, assert_written, marks, random};
use crate::analysis::balance_law::{BalanceLawRecord, BalancePoint};
use crate::figure::{Figure, FigureError, Theme, balance_law};

/// As on paper.
fn draw(record: &BalanceLawRecord) -> Result<Figure, FigureError> {
    balance_law::draw(record, Theme::Paper)
}

const LAWS: [&str; 5] = ["B1", "B5", "B6", "R1", "R2"];

fn record(per_law: usize) -> BalanceLawRecord {
    let mut random = random();
    let mut points = Vec::new();
    for law in LAWS {
        for index in 0..per_law {
            let stationary = index % 6 != 0;
            let outflow = 10_f64.powf(random.random_range(-6.5..-1.2));
            let factor = if stationary {
                1.0 + 10_f64.powf(random.random_range(-16.5..-12.5))
            } else {
                10_f64.powf(random.random_range(-2.5..0.3)).exp()
            };
            let inflow = if random.random_bool(0.5) { outflow * factor } else { outflow / factor };
            let residual = (outflow - inflow).abs() / outflow.max(inflow);
            points.push(BalancePoint { law: law.to_owned(), outflow, inflow, residual, stationary });
        }
    }
    BalanceLawRecord { points, tolerance: 1e-10 }
}

/// A small figure for tests of what any figure does.
pub(super) fn figure() -> crate::figure::Figure {
    draw(&record(6)).expect("a good record")
}

#[test]
fn every_point_is_shown_in_both_panels() {
    let record = record(90);
    let figure = draw(&record).expect("a good record");
    assert_printable(&figure);
    assert_nothing_runs_through_text(&figure);
    assert_written(
        &figure,
        &[
            "a",
            "b",
            "outflow of a class, share of the total mass",
            "inflow, share of the total mass",
            "relative residual",
            "tolerance 10⁻¹⁰",
            "LGL, one-vs-all",
            "not stationary",
        ],
    );
    assert!(marks(&figure).len() >= 2 * record.points.len());
    assert_eq!(figure, draw(&record).expect("a good record"), "same record, same bytes");
}

#[test]
fn the_caption_counts_what_the_record_holds() {
    let mut record = record(12);
    record.points[1].residual = 3.0e-4;
    let caption = draw(&record).expect("a good record").caption;
    assert!(caption.contains("in 49 of 50 balances"), "{caption}");
    assert!(caption.contains("the worst residual is 3.0 × 10⁻⁴"), "{caption}");
    assert!(caption.contains("At 10 control points"), "{caption}");
}

#[test]
fn a_lone_point_makes_a_figure() {
    let point =
        BalancePoint { law: "B1".to_owned(), outflow: 0.1, inflow: 0.1, residual: 0.0, stationary: true };
    let figure = draw(&BalanceLawRecord { points: vec![point], tolerance: 1e-10 }).expect("a good record");
    assert_nothing_runs_through_text(&figure);
    assert!(!figure.caption.contains("control"));
}

#[test]
fn a_bad_record_is_refused() {
    let empty = BalanceLawRecord { points: Vec::new(), tolerance: 1e-10 };
    assert!(draw(&empty).expect_err("nothing to draw").to_string().contains("no stationary points"));
    let loose = BalanceLawRecord { tolerance: 2.0, ..record(2) };
    assert!(draw(&loose).expect_err("no such tolerance").to_string().contains("not between 1e-18 and 1"));
    let spoilt = |spoil: fn(&mut BalancePoint)| {
        let mut record = record(2);
        spoil(&mut record.points[1]);
        draw(&record).expect_err("a bad point").to_string()
    };
    assert!(spoilt(|point| point.law = "Z9".to_owned()).contains("point 1: unknown law \"Z9\""));
    assert!(spoilt(|point| point.inflow = 0.0).contains("must both be positive"));
    assert!(spoilt(|point| point.residual = f64::NAN).contains("not between 0 and 1"));
}

#[test]
fn larger_text_for_slides_stays_on_a_sheet_of_the_same_width() {
    let width = |svg: &str| {
        let (_, rest) = svg.split_once("width=\"").expect("a width");
        let (number, _) = rest.split_once('"').expect("its end");
        number.trim_end_matches(|letter: char| !letter.is_ascii_digit()).parse::<f64>().expect("a number")
    };
    let [paper, slides] =
        [Theme::Paper, Theme::Slides].map(|theme| balance_law::draw(&record(6), theme).expect("drawn"));
    assert_ne!(paper.svg, slides.svg);
    assert!(
        (width(&paper.svg) - width(&slides.svg)).abs() < 1.0,
        "{} {}",
        width(&paper.svg),
        width(&slides.svg)
    );
}
