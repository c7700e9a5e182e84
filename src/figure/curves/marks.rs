//! Circles that mark points on curves, and a note for them.

use crate::analysis::specification::Mark;

use super::super::axes::Panel;
use super::super::canvas::{Point, Stroke};
use super::super::error::FigureError;
use super::super::labels::{Note, box_obstacles};
use super::super::marker::draw_highlight;
use super::super::theme::{CURVE_WIDTH, GREY};
use super::data::{Curve, Group};

/// Radius of a circle.
const RADIUS: f64 = 2.5;
/// Paper between the first circle and its note.
const LEADER: f64 = 9.0;

pub(super) fn draw(
    panel: &Panel,
    mark: &Mark,
    groups: &[Group],
    obstacles: &mut Vec<Point>,
) -> Result<(), FigureError> {
    let mut leftmost: Option<Point> = None;
    let (Mark::Crossing { note, .. } | Mark::FirstBelow { note, .. }) = mark;
    for group in groups {
        let Some((at, line)) = place(panel, mark, group) else { continue };
        draw_highlight(panel.canvas, at, RADIUS, Stroke::solid(group.curves[line].colour, CURVE_WIDTH))?;
        obstacles.extend(box_obstacles(at, (2.0 * RADIUS, 2.0 * RADIUS)));
        leftmost = Some(leftmost.filter(|first| first.0 <= at.0).unwrap_or(at));
    }
    let Some(at) = leftmost.filter(|_| !note.is_empty()) else {
        return Ok(());
    };
    let lines: Vec<&str> = note.iter().map(String::as_str).collect();
    let note = Note::new(&lines, GREY);
    let wanted = (at.0 - note.size().0 / 2.0 - LEADER - RADIUS, at.1);
    let centre = note.draw_near(panel.canvas, panel.frame, wanted, obstacles)?;
    note.draw_leader(panel.canvas, centre, at, RADIUS + CURVE_WIDTH)
}

/// Where a mark is on the paper for one group, and on which of its lines.
fn place(panel: &Panel, mark: &Mark, group: &Group) -> Option<(Point, usize)> {
    match mark {
        Mark::Crossing { lines: [one, other], .. } => {
            Some((crossing(panel, &group.curves[*one], &group.curves[*other])?, *one))
        }
        Mark::FirstBelow { measure, level, line, .. } => {
            let found = group.curves[*line].first_below(measure, *level)?;
            Some((panel.visible([found]).first().copied()?, *line))
        }
    }
}

/// Where two curves over the same places first cross on the paper, straight between places.
fn crossing(panel: &Panel, one: &Curve, other: &Curve) -> Option<Point> {
    let pairs: Vec<(Point, Point)> =
        panel.visible(one.middles()).into_iter().zip(panel.visible(other.middles())).collect();
    pairs.windows(2).find_map(|pair| {
        let (before, after) = (pair[0].0.1 - pair[0].1.1, pair[1].0.1 - pair[1].1.1);
        let fraction = if before == after { 0.0 } else { before / (before - after) };
        let ((x0, y0), (x1, y1)) = (pair[0].0, pair[1].0);
        (before * after <= 0.0 && (0.0..=1.0).contains(&fraction))
            .then_some((x0 + fraction * (x1 - x0), y0 + fraction * (y1 - y0)))
    })
}
