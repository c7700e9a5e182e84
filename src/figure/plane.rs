//! A square window on the plane of two features: frames, samples, and the convex pieces that a linear head cuts it into.

use crate::analysis::specification::Draw;
use crate::analysis::{Measure, Record, Results};
use crate::data::Dataset;
use crate::loss::Link;
use crate::numeric::Sigmoid;

use super::axes::Frame;
use super::canvas::{Anchor, Canvas, Lettering, Point, Stroke};
use super::render::FigureError;
use super::theme::{AXIS_WIDTH, Colour, GAP, INK, TICK_SIZE, sequential_colour};

/// A window on the plane from `-half_width` to `half_width` in both features.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) frame: Frame,
    pub(super) half_width: f64,
}

/// The logits of a head: `z_k = w_k . h + b_k`; a binary head has the logit zero for class 0.
pub(super) struct Logits(Vec<[f64; 3]>);

impl Logits {
    /// The head that a record holds; `None` if it holds none over two features.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let (coefficients, intercepts) = (record.all(Measure::Coefficient), record.all(Measure::Intercept));
        if intercepts.is_empty() || coefficients.len() != 2 * intercepts.len() {
            return None;
        }
        let mut rows: Vec<[f64; 3]> =
            coefficients.chunks(2).zip(intercepts).map(|(w, &b)| [w[0], w[1], b]).collect();
        if rows.len() == 1 {
            rows.insert(0, [0.0; 3]);
        }
        Some(Self(rows))
    }

    /// The probability of a class at a point.
    pub(super) fn probability(&self, link: Link, class: usize, at: Point) -> f64 {
        let margin = match link {
            Link::Sigmoid => value(self.0[class], at),
            Link::Softmax => {
                let others = (0..self.classes()).filter(|&other| other != class);
                let above: f64 = others.map(|other| value(self.margin(other, class), at).exp()).sum();
                -above.ln()
            }
        };
        Sigmoid::of(margin).probability
    }

    pub(super) fn classes(&self) -> usize {
        self.0.len()
    }

    /// By how much the logit of one class exceeds that of another, as a linear function.
    fn margin(&self, one: usize, other: usize) -> [f64; 3] {
        let (a, b) = (self.0[one], self.0[other]);
        [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
    }

    /// The corners of the part of a window where a class has the largest logit, in the units of the features; empty if
    /// there is none.
    pub(super) fn region(&self, class: usize, half_width: f64) -> Vec<Point> {
        let window = vec![
            (-half_width, -half_width),
            (half_width, -half_width),
            (half_width, half_width),
            (-half_width, half_width),
        ];
        let others = (0..self.classes()).filter(|&other| other != class);
        others.fold(window, |piece, other| clip(&piece, self.margin(class, other)))
    }

    /// The ends of the line inside a window on which two classes have the same logit.
    pub(super) fn boundary(&self, one: usize, other: usize, half_width: f64) -> Option<[Point; 2]> {
        let margin = self.margin(one, other);
        let corners = [
            (-half_width, -half_width),
            (half_width, -half_width),
            (half_width, half_width),
            (-half_width, half_width),
        ];
        let mut ends = Vec::new();
        for place in 0..corners.len() {
            ends.extend(zero_between(margin, corners[place], corners[(place + 1) % corners.len()]));
        }
        (ends.len() >= 2).then(|| [ends[0], ends[1]])
    }
}

fn value([a, b, c]: [f64; 3], (x, y): Point) -> f64 {
    a * x + b * y + c
}

fn zero_between(line: [f64; 3], from: Point, to: Point) -> Option<Point> {
    let (before, after) = (value(line, from), value(line, to));
    ((before < 0.0) != (after < 0.0)).then(|| {
        let fraction = before / (before - after);
        (from.0 + fraction * (to.0 - from.0), from.1 + fraction * (to.1 - from.1))
    })
}

/// The part of a convex polygon on which a linear function is not negative.
fn clip(corners: &[Point], line: [f64; 3]) -> Vec<Point> {
    let mut kept = Vec::new();
    for (place, &from) in corners.iter().enumerate() {
        let to = corners[(place + 1) % corners.len()];
        if value(line, from) >= 0.0 {
            kept.push(from);
        }
        kept.extend(zero_between(line, from, to));
    }
    kept
}

impl Window {
    pub(super) fn place(&self, (x, y): Point) -> Point {
        let fraction = |value: f64| (value + self.half_width) / (2.0 * self.half_width);
        (
            self.frame.left + fraction(x) * self.frame.width(),
            self.frame.bottom - fraction(y) * self.frame.height(),
        )
    }

    pub(super) fn holds(&self, (x, y): Point) -> bool {
        x.abs() <= self.half_width && y.abs() <= self.half_width
    }

    /// A field of probabilities in shades a tenth apart.
    pub(super) fn draw_field(
        &self,
        canvas: &Canvas,
        field: impl Fn(Point) -> f64,
    ) -> Result<(), FigureError> {
        const CELLS: usize = 64;
        const SHADES: f64 = 10.0;
        /// How far a cell reaches under the next row, which leaves no seams.
        const OVERLAP: f64 = 0.4;
        let step = 2.0 * self.half_width / CELLS as f64;
        let edge = |cell: usize| cell as f64 * step - self.half_width;
        let shade = |row: usize, column: usize| {
            let fraction = field((edge(column) + step / 2.0, edge(row) + step / 2.0));
            (fraction * SHADES).round()
        };
        // Below all rows, so that nothing shines through between them.
        canvas.area(&self.frame.corners(), sequential_colour(shade(CELLS / 2, 0) / SHADES), 1.0)?;
        for row in 0..CELLS {
            let shades: Vec<f64> = (0..CELLS).map(|column| shade(row, column)).collect();
            let mut from = 0;
            for run in shades.chunk_by(|a, b| a == b) {
                let to = from + run.len();
                let (left, bottom) = self.place((edge(from), edge(row)));
                let (right, top) = self.place((edge(to), edge(row + 1)));
                let top = (top - OVERLAP).max(self.frame.top);
                let corners = Frame { left, top, right, bottom }.corners();
                canvas.area(&corners, sequential_colour(run[0] / SHADES), 1.0)?;
                from = to;
            }
        }
        Ok(())
    }

    /// The outline, with the names of the two features below and beside it.
    pub(super) fn draw_frame(&self, canvas: &Canvas, named: [bool; 2]) -> Result<(), FigureError> {
        canvas.outline(&self.frame.corners(), Stroke::solid(INK, AXIS_WIDTH))?;
        let Frame { left, top, right, bottom } = self.frame;
        let name = Lettering::new(TICK_SIZE, INK).anchored(Anchor::Middle);
        if named[0] {
            let below = (f64::midpoint(left, right), bottom + GAP + TICK_SIZE / 2.0);
            canvas.text(below, "feature 1", name)?;
        }
        if named[1] {
            let beside = (left - GAP - TICK_SIZE / 2.0, f64::midpoint(top, bottom));
            canvas.text(beside, "feature 2", name.upward())?;
        }
        Ok(())
    }

    /// Up to `most` samples of each class as dots, in the colour of their class.
    pub(super) fn draw_samples(
        &self,
        canvas: &Canvas,
        dataset: &Dataset,
        most: usize,
        colour: impl Fn(usize) -> Colour,
    ) -> Result<(), FigureError> {
        const RADIUS: f64 = 0.8;
        const ALPHA: f64 = 0.55;
        let mut drawn = vec![0; dataset.labels().classes()];
        let features = dataset.features();
        for (sample, &label) in features.column_iter().zip(dataset.labels().class_indices()) {
            let (class, at) = (label as usize, (sample[0], sample[1]));
            if drawn[class] < most && self.holds(at) {
                drawn[class] += 1;
                canvas.disc(self.place(at), RADIUS, colour(class), ALPHA)?;
            }
        }
        Ok(())
    }
}

/// The samples of the first draw, if they lie in a plane.
pub(super) fn first_draw(results: &Results) -> Option<Dataset> {
    let analysis = results.experiment.points.first()?;
    let dataset = analysis.data.sample(Draw { seed: analysis.seed, repetition: 0 }).ok()?;
    (dataset.dimension() == 2).then_some(dataset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_tile_the_window() {
        let logits = Logits(vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.2], [-1.0, -1.0, -0.1]]);
        let area = |corners: &[Point]| {
            let turn = |place: usize| {
                let (a, b) = (corners[place], corners[(place + 1) % corners.len()]);
                a.0 * b.1 - b.0 * a.1
            };
            (0..corners.len()).map(turn).sum::<f64>() / 2.0
        };
        let total: f64 = (0..3).map(|class| area(&logits.region(class, 2.0))).sum();
        assert!((total - 16.0).abs() < 1e-12, "{total}");
    }

    #[test]
    fn a_class_that_wins_nowhere_has_no_region() {
        let logits = Logits(vec![[0.0, 0.0, 0.0], [0.0, 0.0, -1.0]]);
        assert!(logits.region(1, 1.0).is_empty());
        assert_eq!(logits.boundary(0, 1, 1.0), None);
    }
}
