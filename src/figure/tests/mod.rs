//! Tests of figures as readers see them: the text, its position, and that nothing is covered. The committed records of
//! every shipped analysis are drawn for paper and for slides.
//!
//! Set `EQUIPOISE_FIGURES` to a directory to have each tested figure written there as well.

mod balance_law;
mod scaling;

use super::canvas::reading_options;
use super::render::{DEFAULT_DPI, Figure, FileFormat};
use super::{Theme, draw};
use crate::analysis::{Results, SHIPPED, Shipped};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use resvg::tiny_skia::{PathSegment, Pixmap};
use resvg::usvg::{Group, Node, Rect, TextChunk, Tree};
use std::path::Path;

/// Where each text of a figure is, as `(text, box)`.
fn texts(figure: &Figure) -> Vec<(String, Rect)> {
    let mut found = Vec::new();
    visit(tree(figure).root(), &mut |node| {
        if let Node::Text(text) = node {
            let written: String = text.chunks().iter().map(TextChunk::text).collect();
            // The outlines, which are tighter than the text's own box, know nothing of the text's place.
            let outlines = text.flattened().bounding_box().transform(text.abs_transform());
            found.push((written, outlines.expect("a text has a place")));
        }
    });
    found
}

/// The corners of every line, and the centre of every closed mark of the size of a marker.
fn marks(figure: &Figure) -> Vec<(f32, f32)> {
    const MARKER: f32 = 8.0;
    let mut found = Vec::new();
    visit(tree(figure).root(), &mut |node| {
        let Node::Path(path) = node else { return };
        let bounds = path.abs_bounding_box();
        if bounds.width().max(bounds.height()) < MARKER {
            found.push((bounds.x() + bounds.width() / 2.0, bounds.y() + bounds.height() / 2.0));
        } else if path.stroke().is_some() {
            let Some(points) = path.data().clone().transform(path.abs_transform()) else { return };
            found.extend(points.segments().filter_map(|segment| match segment {
                PathSegment::MoveTo(p) | PathSegment::LineTo(p) => Some((p.x, p.y)),
                _ => None,
            }));
        }
    });
    found
}

fn tree(figure: &Figure) -> Tree {
    Tree::from_str(&figure.svg, &reading_options()).expect("a figure is a valid drawing")
}

fn visit(group: &Group, see: &mut impl FnMut(&Node)) {
    for node in group.children() {
        match node {
            Node::Group(inner) => visit(inner, see),
            other => see(other),
        }
    }
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.left() < b.right() && b.left() < a.right() && a.top() < b.bottom() && b.top() < a.bottom()
}

/// Everything that must hold of a figure that spans two columns.
fn assert_printable(figure: &Figure) {
    assert_legible(figure);
    assert!(figure.svg.contains("viewBox=\"0 0 4896 ") && figure.svg.contains("width=\"489.6pt\""));
    let picture = Pixmap::decode_png(&figure.png(DEFAULT_DPI).expect("it renders")).expect("it is a PNG");
    assert_eq!(picture.width(), 2040, "6.8 in at 300 dpi");
}

/// Everything that must hold of any figure.
fn assert_legible(figure: &Figure) {
    let sheet = tree(figure).size();
    let texts = texts(figure);
    for (index, (text, place)) in texts.iter().enumerate() {
        assert!(
            place.left() >= 0.0
                && place.top() >= 0.0
                && place.right() <= sheet.width()
                && place.bottom() <= sheet.height(),
            "{text:?} is clipped: {place:?}"
        );
        for (other, its_place) in &texts[index + 1..] {
            assert!(!overlap(place, its_place), "{text:?} and {other:?} overlap");
        }
    }
    assert!(figure.svg.contains("role=\"img\" aria-label=\""));
    if let Some(directory) = std::env::var_os("EQUIPOISE_FIGURES") {
        figure
            .write(Path::new(&directory), &[FileFormat::Png], DEFAULT_DPI)
            .expect("the directory is writable");
    }
}

/// No marker and no line runs through a text.
fn assert_nothing_runs_through_text(figure: &Figure) {
    let marks = marks(figure);
    for (text, place) in texts(figure) {
        let covered = marks.iter().any(|&(x, y)| {
            (place.left()..place.right()).contains(&x) && (place.top()..place.bottom()).contains(&y)
        });
        assert!(!covered, "something is drawn through {text:?}");
    }
}

fn assert_written(figure: &Figure, wanted: &[&str]) {
    let texts = texts(figure);
    for text in wanted {
        assert!(texts.iter().any(|(written, _)| written.trim() == *text), "{text:?} is not in the figure");
    }
}

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(7)
}

#[test]
fn a_figure_is_written_whole_under_its_stem() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let figure = balance_law::figure();
    let out = directory.path().join("new");
    let files = figure.write(&out, &FileFormat::ALL, 100.0).expect("a writable directory");
    let read = |place: usize| std::fs::read(&files[place]).expect("written");
    assert_eq!(read(0), figure.svg.as_bytes());
    assert_eq!(read(1), figure.png(100.0).expect("it renders"));
    assert!(read(2).starts_with(b"%PDF-"));
    let names = std::fs::read_dir(&out).expect("a directory").count();
    assert_eq!(names, FileFormat::ALL.len(), "no temporary file stays behind");
}

#[test]
fn a_picture_without_pixels_is_refused() {
    for dpi in [0.0, -300.0, f64::NAN] {
        let error = balance_law::figure().png(dpi).expect_err("no such picture");
        assert!(error.to_string().contains("dpi"));
    }
}

/// The committed records of a shipped analysis.
fn results(shipped: Shipped) -> Results {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures").join(shipped.name);
    Results::read(&committed).expect("committed records")
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
