//! Measures along a sweep or along another measure: lines with bands over repetitions, labelled where they end, and circles
//! that mark points on them.

use super::axes::{Axis, Panel, PanelPlan, panel_row, stacked};
use super::canvas::{Point, Shape, Stroke, draw_highlight, draw_mark, draw_svg};
use super::draw::Task;
use super::head::{HeadItem, KeyLine, SeriesLook, looks};
use super::labels::{EndLabel, Note, box_obstacles, draw_end_labels, end_label_room, trace};
use super::render::FigureError;
use super::scale::Scale;
use super::theme::{
    BAND_ALPHA, CURVE_WIDTH, Colour, DASHED, DOTTED, GAP, GREY, INK, THIN_WIDTH, lighter, sequence_colour,
};
use crate::analysis::specification::{Band, Colouring, CurvePanel, Line, LineStyle, Mark, Names};
use crate::analysis::summary::{Spread, median};
use crate::analysis::{Measure, Record, Results, Selector};

/// Radius of a dot on a line.
const MARKED: f64 = 1.7;
/// Radius of a lone dot.
const DOT: f64 = 1.4;

/// A panel's plan and what it shows.
struct Content<'a> {
    plan: &'a CurvePanel,
    groups: Vec<Group<'a>>,
    named: Names,
}

pub(super) fn draw(task: &Task, panels: &[CurvePanel]) -> Result<String, FigureError> {
    let contents: Vec<Content> = panels
        .iter()
        .map(|plan| Content { plan, groups: groups(task.results, plan), named: task.plan.names })
        .collect();
    if let Some(empty) = contents.iter().position(Content::is_empty) {
        return Err(task.invalid(format!("panel {empty}"), "no problem has an answer; nothing can be drawn"));
    }
    let plans: Vec<PanelPlan> = contents.iter().map(Content::panel_plan).collect();
    let sheet = stacked(task.sheet, &plans);
    draw_svg(sheet, &task.caption, |canvas| {
        for (panel, content) in panel_row(canvas, sheet.size(), plans)?.iter().zip(&contents) {
            content.draw(panel)?;
        }
        Ok(())
    })
}

impl Content<'_> {
    fn is_empty(&self) -> bool {
        self.curves().all(|curve| curve.points.is_empty())
    }

    fn curves(&self) -> impl Iterator<Item = &Curve<'_>> {
        self.groups.iter().flat_map(|group| &group.curves)
    }

    fn panel_plan(&self) -> PanelPlan {
        let points = || self.curves().flat_map(|curve| &curve.points);
        let along = points().map(|point| point.x);
        let levels = self.plan.levels.iter().map(|level| level.at);
        let heights = self
            .curves()
            .flat_map(|curve| curve.points.iter().flat_map(move |point| point.shown(curve.style)));
        let key = self.plan.key.as_deref().filter(|_| self.named == Names::Ends);
        let names: Vec<&str> = self.names().into_iter().chain(key).collect();
        let right = if names.is_empty() { GAP } else { end_label_room(names) };
        PanelPlan {
            x: Axis::across(&self.plan.x_axis, along),
            y: Axis::upward(&self.plan.y_axis, heights.chain(levels)),
            right,
            head: self.head(),
            head_runs_on: self.plan.key.is_none() || self.named == Names::Legend,
        }
    }

    /// What line styles mean, and the legend if there is one.
    fn head(&self) -> Vec<HeadItem> {
        let mut head = match &self.plan.heading {
            Some(heading) => HeadItem::words(heading),
            None => self.styles_in_words().map(|words| HeadItem::words(&words)).unwrap_or_default(),
        };
        if self.named == Names::Legend {
            let key = self.plan.key.as_deref().map(HeadItem::words).unwrap_or_default();
            head.splice(0..0, self.legend().into_iter().chain(key));
        } else if self.plan.heading.is_some() || self.plan.lines.len() == 1 {
            head.extend(self.breaks_in_words().map(|words| HeadItem::words(&words)).unwrap_or_default());
        }
        head
    }

    /// What each line style shows, where the lines of a colour differ.
    fn styles_in_words(&self) -> Option<String> {
        let lines = &self.plan.lines;
        let differ = lines.iter().any(|line| line.style != lines[0].style);
        if !differ || self.plan.colour == Colouring::Lines {
            return None;
        }
        let words = |line: &Line| format!("{}: {}", style_in_words(line.style), line_name(line));
        Some(lines.iter().map(words).collect::<Vec<_>>().join("   "))
    }

    /// Which series are broken because another one has their colour; by what sets them apart, where that is the same in all.
    fn breaks_in_words(&self) -> Option<String> {
        let own = self.plan.lines.first()?.style;
        let words = |style: LineStyle| {
            let broken = |group: &&Group| own != style && group.curves[0].style == style;
            let names: Vec<&str> =
                self.groups.iter().filter(broken).map(|group| group.name.as_str()).collect();
            let ends: Vec<&str> = names.iter().filter_map(|name| Some(name.split_once(", ")?.1)).collect();
            let same = ends.len() == names.len() && ends.iter().all(|end| *end == ends[0]);
            let named = if same { ends.first()?.to_string() } else { names.join(", ") };
            (!names.is_empty()).then(|| format!("{}: {named}", style_in_words(style)))
        };
        let both: Vec<String> =
            [LineStyle::Dashed, LineStyle::Dotted].into_iter().filter_map(words).collect();
        (!both.is_empty()).then(|| both.join("   "))
    }

    /// A piece of every line that has a name.
    fn legend(&self) -> Vec<HeadItem> {
        let item = |name: &str, curve: &Curve| {
            let line = KeyLine { dash: dash(curve.style), shape: marks(curve.style).then_some(curve.shape) };
            HeadItem::line(name.to_owned(), curve.colour, line)
        };
        if self.plan.colour == Colouring::Lines {
            let named = self.plan.lines.iter().zip(self.curves());
            return named.map(|(line, curve)| item(&line_name(line), curve)).collect();
        }
        let several = self.groups.len() > 1;
        self.groups.iter().filter(|_| several).map(|group| item(&group.name, &group.curves[0])).collect()
    }

    /// Labels at line ends: groups, or the lines of the only group.
    fn names(&self) -> Vec<&str> {
        if self.named == Names::Legend {
            return Vec::new();
        }
        let by_line = self.plan.colour == Colouring::Lines;
        if by_line {
            self.plan.lines.iter().filter_map(|line| line.label.as_deref()).collect()
        } else if self.groups.len() > 1 && !self.ends_early() {
            self.groups.iter().map(|group| group.name.as_str()).collect()
        } else {
            Vec::new()
        }
    }

    fn draw(&self, panel: &Panel) -> Result<(), FigureError> {
        for curve in self.curves() {
            draw_band(panel, curve)?;
        }
        let mut obstacles = Vec::new();
        let mut levels = Vec::new();
        for level in &self.plan.levels {
            let height = panel.draw_level(level.at, GREY, 2.0 * THIN_WIDTH, DOTTED)?;
            obstacles.extend(trace(&[(panel.frame.left, height), (panel.frame.right, height)]));
            levels.push((level.label.as_str(), height));
        }
        for curve in self.curves() {
            obstacles.extend(draw_curve(panel, curve)?);
        }
        self.draw_ends(panel, &mut obstacles)?;
        for (label, height) in levels {
            let wanted = (panel.frame.left, height);
            Note::new(&[label], GREY).draw_near(panel.canvas, panel.frame, wanted, &mut obstacles)?;
        }
        self.plan.marks.iter().try_for_each(|mark| draw_marks(panel, mark, &self.groups, &mut obstacles))
    }

    /// Labels where lines end: each line its own, or each group on the line whose ends lie farthest apart.
    fn draw_ends(&self, panel: &Panel, obstacles: &mut Vec<Point>) -> Result<(), FigureError> {
        if self.named == Names::Legend {
            return Ok(());
        }
        let heading = self.plan.key.as_deref().unwrap_or("");
        let end = |curve: &Curve| panel.visible(curve.middles()).last().map(|&(_, y)| y);
        let mut labels = Vec::new();
        if self.ends_early() {
            return self.draw_names_at_ends(panel, obstacles);
        }
        if self.plan.colour == Colouring::Lines {
            for (line, curve) in self.plan.lines.iter().zip(self.curves()) {
                if let (Some(text), Some(y)) = (&line.label, end(curve)) {
                    labels.push(EndLabel { y, text: text.clone(), colour: curve.colour });
                }
            }
        } else if self.groups.len() > 1 {
            let line = self.most_spread(&end);
            for group in &self.groups {
                if let Some(y) = end(&group.curves[line]) {
                    labels.push(EndLabel { y, text: group.name.clone(), colour: group.curves[line].colour });
                }
            }
        }
        if labels.is_empty() { Ok(()) } else { draw_end_labels(panel.canvas, panel.frame, heading, &labels) }
    }

    /// Whether lines of the panel end far from its right edge and from each other.
    fn ends_early(&self) -> bool {
        const EARLY: f64 = 0.85;
        let along = self.curves().flat_map(|curve| &curve.points).map(|point| point.x);
        let scale = Scale::planned(&self.plan.x_axis, along, false);
        let last_place = |group: &Group| Some(scale.fraction(group.curves.first()?.points.last()?.x));
        self.groups.len() > 1
            && self.groups.iter().filter_map(last_place).any(|last_place| last_place < EARLY)
    }

    /// The name of each group beside the end of its first line.
    fn draw_names_at_ends(&self, panel: &Panel, obstacles: &mut Vec<Point>) -> Result<(), FigureError> {
        for group in &self.groups {
            let Some(curve) = group.curves.first() else { continue };
            let Some(&(x, y)) = panel.visible(curve.middles()).last() else { continue };
            let note = Note::new(&[group.name.as_str()], curve.colour);
            let wanted = (x + GAP + note.size().0 / 2.0, y);
            note.draw_near(panel.canvas, panel.frame, wanted, obstacles)?;
        }
        Ok(())
    }

    /// The line whose ends are easiest to distinguish; the first unless another is clearly better.
    fn most_spread(&self, end: &impl Fn(&Curve) -> Option<f64>) -> usize {
        const CLEARLY: f64 = 1.5;
        let least_gap = |line: usize| {
            let ends: Option<Vec<f64>> = self.groups.iter().map(|group| end(&group.curves[line])).collect();
            // A line that some group has not cannot name the groups.
            let Some(mut ends) = ends else { return 0.0 };
            ends.sort_by(f64::total_cmp);
            ends.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min)
        };
        let drawn = (0..self.plan.lines.len()).filter(|&line| self.plan.lines[line].style != LineStyle::Dots);
        drawn
            .reduce(|best, line| if least_gap(line) > CLEARLY * least_gap(best) { line } else { best })
            .unwrap_or(0)
    }
}

fn draw_band(panel: &Panel, curve: &Curve) -> Result<(), FigureError> {
    let edge = |pick: fn(&CurvePoint) -> f64| {
        let clamped = curve.points.iter().map(|point| (point.x, panel.clamped(pick(point))));
        panel.visible(clamped)
    };
    if !curve.banded {
        return Ok(());
    }
    let there = edge(|point| point.spread.low);
    let mut back = edge(|point| point.spread.high);
    back.reverse();
    panel.canvas.area(&[there, back].concat(), curve.colour, BAND_ALPHA)
}

/// Draws a curve and returns what no note may cover.
fn draw_curve(panel: &Panel, curve: &Curve) -> Result<Vec<Point>, FigureError> {
    if curve.style == LineStyle::Dots {
        return draw_dots(panel, curve);
    }
    let width = if curve.style == LineStyle::Thin { CURVE_WIDTH / 2.0 } else { CURVE_WIDTH };
    let stroke = Stroke::solid(curve.colour, width);
    let line = panel.visible(curve.middles());
    if line.len() > 1 {
        panel.canvas.line(&line, dash(curve.style).map_or(stroke, |dash| stroke.dashed(dash)))?;
    }
    if curve.style == LineStyle::Marked || line.len() == 1 {
        for &at in &line {
            draw_mark(panel.canvas, curve.shape, at, (MARKED, 1.0), curve.colour)?;
        }
    }
    Ok(trace(&line))
}

/// On and off lengths of a style; none where the line is not broken.
fn dash(style: LineStyle) -> Option<(f64, f64)> {
    match style {
        LineStyle::Dashed => Some(DASHED),
        LineStyle::Dotted => Some(DOTTED),
        LineStyle::Solid | LineStyle::Thin | LineStyle::Marked | LineStyle::Dots => None,
    }
}

/// Whether a style has marks.
fn marks(style: LineStyle) -> bool {
    matches!(style, LineStyle::Marked | LineStyle::Dots)
}

fn style_in_words(style: LineStyle) -> &'static str {
    match style {
        LineStyle::Solid => "solid",
        LineStyle::Thin => "thin",
        LineStyle::Marked => "with marks",
        LineStyle::Dashed => "dashed",
        LineStyle::Dotted => "dotted",
        LineStyle::Dots => "dots",
    }
}

/// What a line is called, or else what it measures.
fn line_name(line: &Line) -> String {
    line.label.clone().unwrap_or_else(|| line.measure.to_string().replace('_', " "))
}

/// One dot for every problem, of those that fall on the same spot one.
fn draw_dots(panel: &Panel, curve: &Curve) -> Result<Vec<Point>, FigureError> {
    const SPOT: f64 = 0.1;
    let all = curve.points.iter().flat_map(|point| point.values.iter().map(|&value| (point.x, value)));
    let mut kept: Vec<Point> = Vec::new();
    for (x, y) in panel.visible(all) {
        if !kept.iter().any(|other| (other.0 - x).abs() < SPOT && (other.1 - y).abs() < SPOT) {
            kept.push((x, y));
        }
    }
    for &at in &kept {
        draw_mark(panel.canvas, curve.shape, at, (DOT, 1.0), curve.colour)?;
    }
    Ok(kept)
}

/// The curves of one colour.
pub(super) struct Group<'a> {
    pub(super) name: String,
    pub(super) curves: Vec<Curve<'a>>,
}

/// One line.
pub(super) struct Curve<'a> {
    pub(super) style: LineStyle,
    pub(super) banded: bool,
    pub(super) colour: Colour,
    shape: Shape,
    /// From left to right, unless the axis is reversed.
    pub(super) points: Vec<CurvePoint>,
    /// Records it was made from, for marks that read other measures.
    records: Vec<&'a Record>,
}

/// One place of a line.
pub(super) struct CurvePoint {
    x: f64,
    values: Vec<f64>,
    spread: Spread,
}

impl CurvePoint {
    /// The heights that must lie on the panel.
    pub(super) fn shown(&self, style: LineStyle) -> Vec<f64> {
        if style == LineStyle::Dots {
            self.values.clone()
        } else {
            vec![self.spread.middle, self.spread.low, self.spread.high]
        }
    }
}

impl Curve<'_> {
    /// Places and middle values.
    pub(super) fn middles(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().map(|point| (point.x, point.spread.middle))
    }

    /// The place of the first point at which the median of a list falls below a level.
    fn first_below(&self, selector: &Selector, level: f64) -> Option<(f64, f64)> {
        let below = |place: &usize| {
            let values: Vec<f64> = self
                .records
                .iter()
                .filter_map(|record| record.all(selector.measure).get(*place).copied())
                .collect();
            median(&values).is_some_and(|value| value < level)
        };
        let place = (0..self.points.len()).find(below)?;
        self.middles().nth(place)
    }
}

/// The groups of a panel, each with one curve per planned line.
fn groups<'a>(results: &'a Results, plan: &CurvePanel) -> Vec<Group<'a>> {
    let fixed = |record: &&Record| {
        results.is_among(record.series, &plan.only)
            && plan.at.iter().all(|(axis, label)| results.is_at(record, axis, label))
    };
    let records: Vec<&'a Record> = results.records.iter().filter(fixed).collect();
    let group = |(name, shape): (String, Shape),
                 colour: Option<Colour>,
                 style: Option<LineStyle>,
                 keep: &dyn Fn(&Record) -> bool| {
        let kept: Vec<&'a Record> = records.iter().copied().filter(|record| keep(record)).collect();
        let curve = |number: usize| {
            let line = &plan.lines[number];
            let colour = colour.unwrap_or_else(|| sequence_colour(number));
            let points = places(results, plan, &kept, &line.measure, line.band);
            Curve {
                style: style.unwrap_or(line.style),
                banded: line.band != Band::None,
                colour,
                shape,
                points,
                records: kept.clone(),
            }
        };
        Group { name, curves: (0..plan.lines.len()).map(curve).collect() }
    };
    let groups: Vec<Group<'a>> = match &plan.colour {
        Colouring::Lines => {
            let nameless = (String::new(), Shape::Circle);
            vec![group(nameless, (plan.lines.len() == 1).then_some(INK), None, &|_| true)]
        }
        Colouring::Series => {
            let of_series = |(series, look): (usize, SeriesLook)| {
                // Further series of the same colour are broken, or lighter where that already means something.
                let lone_line = plan.lines.len() == 1;
                let further = look.rank > 0;
                let colour = if further && !lone_line { lighter(look.colour) } else { look.colour };
                let broken = if look.rank == 1 { LineStyle::Dashed } else { LineStyle::Dotted };
                let style = (further && lone_line).then_some(broken);
                group((look.name, look.shape), Some(colour), style, &|record| record.series == series)
            };
            looks(results).into_iter().enumerate().map(of_series).collect()
        }
        Colouring::Sweep(name) => {
            let Some(axis) = results.experiment.axis(name) else { return Vec::new() };
            let labels = results.experiment.axes[axis].labels.iter().enumerate();
            labels
                .map(|(place, label)| {
                    let plain = (label.clone(), Shape::Circle);
                    group(plain, Some(sequence_colour(place)), None, &|record| {
                        record.at.get(axis) == Some(&place)
                    })
                })
                .collect()
        }
    };
    groups.into_iter().filter(|group| group.curves.iter().any(|curve| !curve.points.is_empty())).collect()
}

/// The places of one line with their values over repetitions; places without values are left out.
fn places(
    results: &Results,
    plan: &CurvePanel,
    records: &[&Record],
    selector: &Selector,
    band: Band,
) -> Vec<CurvePoint> {
    let place = |x: f64, values: Vec<f64>| {
        let spread = match band {
            Band::Confidence => Spread::of_mean(&values),
            Band::Sd => Spread::of_deviation(&values),
            Band::Range => Spread::of_quantiles(&values),
            Band::None => median(&values).map(|middle| Spread { middle, low: middle, high: middle }),
        };
        spread.map(|spread| CurvePoint { x, values, spread })
    };
    let mut points: Vec<CurvePoint> = if let Some(axis) = results.experiment.axis(&plan.x) {
        let numbers = results.experiment.axes[axis].numbers.iter().enumerate();
        let at = |(number, &x): (usize, &f64)| {
            let there = records.iter().filter(|record| record.at.get(axis) == Some(&number));
            place(x, there.filter_map(|record| record.one(selector)).collect())
        };
        numbers.filter_map(at).collect()
    } else {
        let Ok(along) = Measure::named(&plan.x) else { return Vec::new() };
        // Places without a value in some draws are left out: curves would compare different draws.
        let lengths = records.iter().map(|record| record.all(along).len());
        let length = lengths.filter(|&length| length > 0).min().unwrap_or(0);
        let of = |measure: Measure, number: usize| -> Vec<f64> {
            let numbers = records.iter().filter_map(|record| record.all(measure).get(number).copied());
            numbers.filter(|value| value.is_finite()).collect()
        };
        (0..length)
            .filter_map(|number| place(median(&of(along, number))?, of(selector.measure, number)))
            .collect()
    };
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    if plan.x_axis.reversed {
        points.reverse();
    }
    points
}

/// Radius of a circle.
const RADIUS: f64 = 2.5;
/// Paper between the first circle and its note.
const LEADER: f64 = 9.0;

fn draw_marks(
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
    let placed = note.draw_near(panel.canvas, panel.frame, wanted, obstacles)?;
    placed.draw_leader(panel.canvas, at, RADIUS + CURVE_WIDTH)
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
