//! A measure of each series as a map: class by class, class by feature, or one row of classes. Shares are shaded from 0 to 1,
//! other measures to their largest value, those with both signs in two hues from zero on.

use crate::analysis::{Measure, Record, Results, Shape, has_failed, mean_of};
use crate::numeric::power_of_ten;
use std::collections::BTreeMap;

use super::axes::{Frame, draw_letter_at};
use super::canvas::{Anchor, Canvas, Lettering, Sheet, Stroke, draw_svg, text_width, widest};
use super::draw::Task;
use super::head;
use super::head::{SeriesLook, looks};
use super::render::FigureError;
use super::theme::{
    AXIS_WIDTH, CAP_HEIGHT, Colour, GAP, GREY, INK, LABEL_SIZE, LETTER_SIZE, LINE_HEIGHT, MARGIN, NOTE_SIZE,
    TICK_SIZE, diverging_colour, sequential_colour, text_on,
};

/// Space between two maps.
const MAP_GAP: f64 = 16.0;
/// Height above the maps for letter and series, and for a line below them.
const HEAD_ROOM: f64 = 13.0;
const REMARK_ROOM: f64 = 12.0;
/// Largest side of a map, so that few maps do not make a tall figure.
const LARGEST_SIDE: f64 = 120.0;
/// Narrower maps than this have another one below in place of beside them.
const SMALLEST_SIDE: f64 = 62.0;
/// More maps side by side than this leave too little width for the words above each.
const MAX_BESIDE: usize = 4;
/// Numbers smaller than this are left out: nobody could read them.
const SMALLEST_TEXT: f64 = 3.0;
/// Width of the outline of the lowest diagonal entry.
const HEAVY_OUTLINE: f64 = 1.5;
/// White between cells, which keeps the seams even at any resolution.
const SEAM: f64 = 0.3;

/// The matrix of one series: its mean over repetitions.
struct MatrixMap {
    name: String,
    colour: Colour,
    rows: Vec<Vec<f64>>,
}

impl MatrixMap {
    /// The class with the smallest diagonal entry, and that entry.
    fn lowest_diagonal(&self) -> (usize, f64) {
        let diagonal =
            self.rows.iter().enumerate().filter_map(|(class, row)| Some((class, *row.get(class)?)));
        diagonal.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    }

    fn columns(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }
}

/// What a value means as a shade, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shades {
    /// From 0 to 1.
    Share,
    /// From 0 to the largest value.
    Upward { most: f64 },
    /// As far to either side of zero as the value farthest from it.
    Signed { most: f64 },
}

impl Shades {
    fn of(measure: Measure, maps: &[MatrixMap]) -> Self {
        let values =
            || maps.iter().flat_map(|map| map.rows.iter().flatten()).filter(|value| value.is_finite());
        let most = values().fold(0.0_f64, |most, value| most.max(value.abs()));
        let most = if most > 0.0 { most } else { 1.0 };
        if values().any(|&value| value < 0.0) {
            Self::Signed { most }
        } else if is_share(measure) {
            Self::Share
        } else {
            Self::Upward { most }
        }
    }

    /// Value at the far end of the scale.
    fn most(self) -> f64 {
        match self {
            Self::Share => 1.0,
            Self::Upward { most } | Self::Signed { most } => most,
        }
    }

    fn colour(self, value: f64) -> Colour {
        match self {
            Self::Signed { most } => diverging_colour(value / most),
            Self::Share | Self::Upward { .. } => sequential_colour(value / self.most()),
        }
    }

    /// The power of ten that numbers are divided by, so that two digits of the largest are seen.
    fn power(self) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "decimal exponents of f64 lie within ±324")]
        let power = self.most().log10().floor() as i32;
        if (-1..=2).contains(&power) { 0 } else { power }
    }

    /// Digits behind the point: two of the largest number, at least, are seen.
    fn decimals(self) -> usize {
        match self.most() / 10_f64.powi(self.power()) {
            _ if self.power() != 0 => 1,
            ..10.0 => 2,
            ..100.0 => 1,
            _ => 0,
        }
    }

    /// A number in a cell; empty where it would read as zero.
    fn write(self, value: f64) -> String {
        let decimals = self.decimals();
        let shown = value / 10_f64.powi(self.power());
        let text = format!("{shown:.decimals$}");
        if text.chars().all(|digit| "-0.".contains(digit)) { String::new() } else { text.replace('-', "−") }
    }

    /// Values at the places of the bar that are marked, from 0 to 1.
    fn marks(self) -> Vec<(f64, String)> {
        let places: &[(f64, f64)] = match self {
            Self::Share | Self::Upward { .. } => &[(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)],
            Self::Signed { .. } => &[(0.0, -1.0), (0.5, 0.0), (1.0, 1.0)],
        };
        let written = |fraction: f64| match self {
            Self::Share => format!("{fraction:.1}"),
            _ if fraction == 0.0 => "0".to_owned(),
            _ => self.write(fraction * self.most()),
        };
        places.iter().map(|&(place, fraction)| (place, written(fraction))).collect()
    }

    fn colour_at(self, place: f64) -> Colour {
        match self {
            Self::Signed { .. } => diverging_colour(2.0 * place - 1.0),
            Self::Share | Self::Upward { .. } => sequential_colour(place),
        }
    }
}

/// Whether a measure lies between 0 and 1.
fn is_share(measure: Measure) -> bool {
    use Measure as M;
    matches!(
        measure,
        M::MeanProbability
            | M::TestMeanProbability
            | M::TargetProbability
            | M::GuaranteedProbability
            | M::Shortfall
            | M::OutflowShare
            | M::Recall
            | M::TestRecall
            | M::Hardest
            | M::Pooled
            | M::TestBalanceCovered
    )
}

/// What rows and columns of a measure are, and what its numbers are.
fn in_words(measure: Measure) -> (&'static str, &'static str, String) {
    use Measure as M;
    let plain = measure.name().replace('_', " ");
    match measure {
        M::MeanProbability | M::TestMeanProbability => {
            ("true class", "predicted class", "mean probability".to_owned())
        }
        M::WeightEffect | M::WeightEffectByDifferences => {
            ("more weight on", "mean probability of", "effect dP[k][k] / d log λ".to_owned())
        }
        M::Contribution => ("samples of", "inflow of", "share of its mass".to_owned()),
        M::Coefficient | M::Centroid => ("class", "feature", plain),
        _ => ("class", "class", plain),
    }
}

/// Names of rows and columns.
struct CellNames {
    rows: Vec<String>,
    columns: Vec<String>,
    /// Whether rows say how many samples they are.
    counted: bool,
}

/// Positions of the maps.
struct MatrixLayout {
    first_left: f64,
    head: f64,
    cell: f64,
    /// Rows and columns of cells.
    shape: (usize, usize),
    /// Maps side by side, and those below each other.
    grid: (usize, usize),
    /// Height of the columns' names.
    below: f64,
}

impl MatrixLayout {
    fn of(sheet: Sheet, maps: &[MatrixMap], names: &CellNames, (bar, remark): (f64, bool)) -> Self {
        let (rows, columns) = (names.rows.len(), names.columns.len());
        let left = MARGIN + LABEL_SIZE + GAP + widest(names.rows.iter().map(String::as_str), TICK_SIZE) + GAP;
        let right = MAP_GAP + bar + MARGIN;
        let side_of = |beside: usize| {
            let beside = beside as f64;
            (sheet.width - left - right - MAP_GAP * (beside - 1.0)) / beside
        };
        let most = maps.len().min(MAX_BESIDE);
        let beside = (1..=most).rev().find(|&beside| side_of(beside) >= SMALLEST_SIDE).unwrap_or(1);
        let room = side_of(beside).max(1.0);
        let widest_map = LARGEST_SIDE * (columns as f64 / rows.max(1) as f64).clamp(1.0, 3.0);
        let cell = room.min(widest_map) / columns as f64;
        // What capped maps leave over goes to both margins alike.
        let first_left = left + (room - cell * columns as f64) * beside as f64 / 2.0;
        let name = widest(names.columns.iter().map(String::as_str), TICK_SIZE);
        let below =
            if name > cell * 0.95 && columns <= 40 && name > 2.0 * TICK_SIZE { name } else { TICK_SIZE };
        let head = HEAD_ROOM + if remark { REMARK_ROOM } else { 0.0 };
        let grid = (beside, maps.len().div_ceil(beside));
        Self { first_left, head, cell, shape: (rows, columns), grid, below }
    }

    /// Whether the names of columns read upwards.
    fn turned(&self) -> bool {
        self.below > TICK_SIZE
    }

    fn map_height(&self) -> f64 {
        self.head + self.cell * self.shape.0 as f64 + GAP + self.below + GAP + LABEL_SIZE
    }

    fn height(&self) -> f64 {
        let below = self.grid.1.saturating_sub(1) as f64;
        2.0 * MARGIN + self.map_height() * self.grid.1 as f64 + MAP_GAP * below
    }

    fn map(&self, index: usize) -> Frame {
        let (row, column) = (index / self.grid.0, index % self.grid.0);
        let (rows, columns) = (self.shape.0 as f64, self.shape.1 as f64);
        let left = self.first_left + column as f64 * (self.cell * columns + MAP_GAP);
        let top = MARGIN + self.head + row as f64 * (self.map_height() + MAP_GAP);
        Frame { left, top, right: left + self.cell * columns, bottom: top + self.cell * rows }
    }

    fn cell(&self, frame: Frame, row: usize, column: usize) -> Frame {
        let (left, top) = (frame.left + column as f64 * self.cell, frame.top + row as f64 * self.cell);
        Frame { left, top, right: left + self.cell, bottom: top + self.cell }
    }

    /// Every so many names are written, so that they do not run into each other.
    fn step(&self) -> usize {
        let lines = (TICK_SIZE * 1.1 / self.cell).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let step = lines.max(1.0) as usize;
        step
    }
}

/// How the numbers in the cells are written: size, and whether the zero before the point is dropped.
#[derive(Clone, Copy)]
struct CellText {
    shades: Shades,
    size: f64,
    short: bool,
}

impl CellText {
    /// The longer form where it fits at the size of tick labels, else the shorter as large as the cell allows; `None` where that
    /// could not be read.
    fn fitting(shades: Shades, maps: &[MatrixMap], cell: f64) -> Option<Self> {
        const FILL: f64 = 0.86;
        let texts: Vec<String> =
            maps.iter().flat_map(|map| map.rows.iter().flatten()).map(|&value| shades.write(value)).collect();
        // Digits are equally wide.
        let longest = |texts: &mut dyn Iterator<Item = String>| texts.max_by_key(|text| text.chars().count());
        let full = longest(&mut texts.iter().cloned()).unwrap_or_default();
        let short = text_width(&full, TICK_SIZE) > FILL * cell;
        let sample = if short {
            longest(&mut texts.iter().map(|text| shortened(text))).unwrap_or_default()
        } else {
            full
        };
        let width = text_width(&sample, 1.0).max(f64::MIN_POSITIVE);
        let size = (FILL * cell / width).min(TICK_SIZE);
        (size >= SMALLEST_TEXT).then_some(Self { shades, size, short })
    }

    fn write(self, value: f64) -> String {
        let full = self.shades.write(value);
        if self.short { shortened(&full) } else { full }
    }
}

/// Without the zero before the point; `1.00` as `1.0`.
fn shortened(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('−').map_or(("", text), |digits| ("−", digits));
    match digits.strip_prefix("0.") {
        Some(rest) => format!("{sign}.{rest}"),
        None if digits == "1.00" => format!("{sign}1.0"),
        None => text.to_owned(),
    }
}

/// Draws one map for each series, with one colour bar; the sheet is as high as that takes.
pub(super) fn draw(
    task: &Task,
    measure: Measure,
    at: &BTreeMap<String, String>,
    only: &[String],
) -> Result<String, FigureError> {
    let results = task.results;
    let here = |record: &&Record| at.iter().all(|(axis, label)| results.is_at(record, axis, label));
    let records: Vec<&Record> =
        results.records.iter().filter(here).filter(|record| !has_failed(results, record)).collect();
    let maps: Vec<MatrixMap> =
        maps(results, &records, measure, only).into_iter().filter(|map| !map.rows.is_empty()).collect();
    let (rows, columns) = shape_of_all(task, &maps)?;
    let shades = Shades::of(measure, &maps);
    let names = names(results, &records, measure, (rows, columns));
    let (row_words, column_words, mut number_words) = in_words(measure);
    if shades.power() != 0 {
        number_words = format!("{number_words}, {}", power_of_ten(shades.power()));
    }
    let with_remark = has_remark(measure);
    let layout = MatrixLayout::of(task.sheet, &maps, &names, (bar_room(shades), with_remark));
    // The name of the bar may be longer than the maps are high.
    let least = MARGIN + layout.head + text_width(&number_words, LABEL_SIZE) + MARGIN;
    let sheet = Sheet { height: layout.height().max(least), ..task.sheet };
    let number = CellText::fitting(shades, &maps, layout.cell);
    let row_words = if names.counted { format!("{row_words} (samples)") } else { row_words.to_owned() };
    draw_svg(sheet, &task.caption, |canvas| {
        for ((index, map), letter) in maps.iter().enumerate().zip('a'..) {
            let frame = layout.map(index);
            let letter = (maps.len() > 1).then_some(letter);
            draw_head(canvas, (frame, layout.head), letter, (map, with_remark))?;
            draw_cells(canvas, (&layout, frame), map, (shades, number))?;
            if measure.shape() == Shape::ClassPairs {
                draw_diagonal(canvas, (&layout, frame), with_remark.then(|| map.lowest_diagonal().0))?;
            }
            draw_columns(canvas, (&layout, frame), &names.columns, column_words)?;
            if index % layout.grid.0 == 0 && rows > 1 {
                draw_rows(canvas, (&layout, frame), &names.rows, &row_words)?;
            }
        }
        let last = layout.map(layout.grid.0.min(maps.len()) - 1);
        draw_bar(canvas, (last, sheet.height - MARGIN), &number_words, shades)
    })
}

/// Rows and columns of the maps, of which there is one at least, and which are all of one shape.
fn shape_of_all(task: &Task, maps: &[MatrixMap]) -> Result<(usize, usize), FigureError> {
    let Some(first) = maps.first() else { return Err(task.empty("stationary points")) };
    let (rows, columns) = (first.rows.len(), first.columns());
    if maps.iter().any(|map| map.rows.len() != rows || map.rows.iter().any(|row| row.len() != columns)) {
        return Err(task.invalid("maps", "the matrices differ in their number of classes; show one design"));
    }
    Ok((rows, columns))
}

/// Width of the colour bar with the numbers beside it and its name.
fn bar_room(shades: Shades) -> f64 {
    let marks = shades.marks();
    head::COLOUR_BAR_WIDTH
        + GAP
        + widest(marks.iter().map(|(_, label)| label.as_str()), TICK_SIZE)
        + GAP
        + LABEL_SIZE
}

/// The colour bar beside a map: as high as that or as its name is long, but not below `lowest`.
fn draw_bar(
    canvas: &Canvas,
    (beside, lowest): (Frame, f64),
    words: &str,
    shades: Shades,
) -> Result<(), FigureError> {
    let (left, shortest) = (beside.right + MAP_GAP, text_width(words, LABEL_SIZE));
    let bottom = beside.bottom.max(beside.top + shortest);
    let bar =
        Frame { left, right: left + head::COLOUR_BAR_WIDTH, top: beside.top, bottom: bottom.min(lowest) };
    head::draw_scale_bar(canvas, bar, words, (&|place| shades.colour_at(place), &shades.marks()))
}

/// Whether the lowest entry of the diagonal is what to look for.
fn has_remark(measure: Measure) -> bool {
    matches!(measure, Measure::MeanProbability | Measure::TestMeanProbability)
}

/// Whether rows are the samples of a class.
fn is_of_samples(measure: Measure) -> bool {
    matches!(measure, Measure::MeanProbability | Measure::Contribution)
}

fn maps(results: &Results, records: &[&Record], measure: Measure, only: &[String]) -> Vec<MatrixMap> {
    let map = |(series, look): (usize, SeriesLook)| {
        let records = || records.iter().copied().filter(move |record| record.series == series);
        let entries = mean_of(records(), measure);
        let size = |of: fn(&Record) -> usize| records().map(of).max().unwrap_or(1).max(1);
        let length = match measure.shape() {
            Shape::ClassPairs => size(|record| record.classes),
            Shape::Features => size(|record| record.features),
            _ => entries.len().max(1),
        };
        let rows = entries.chunks(length).map(<[f64]>::to_vec).collect();
        MatrixMap { name: look.name, colour: look.colour, rows }
    };
    let shown = |(series, _): &(usize, SeriesLook)| results.is_among(*series, only);
    looks(results).into_iter().enumerate().filter(shown).map(map).collect()
}

fn names(
    results: &Results,
    records: &[&Record],
    measure: Measure,
    (rows, columns): (usize, usize),
) -> CellNames {
    let class = |class: usize| results.experiment.class_name(class);
    let counts = mean_of(records.iter().copied(), Measure::ClassCount);
    let counted = is_of_samples(measure) && counts.len() == rows;
    let with_count = |place: usize| match counts.get(place).filter(|_| counted) {
        Some(count) => format!("{} ({count:.0})", class(place)),
        None => class(place),
    };
    let of_features = measure.shape() == Shape::Features;
    let column = |place: usize| if of_features { place.to_string() } else { class(place) };
    CellNames {
        rows: (0..rows).map(with_count).collect(),
        columns: (0..columns).map(column).collect(),
        counted,
    }
}

/// The series beside the map's letter, and under it what to look for on the diagonal.
fn draw_head(
    canvas: &Canvas,
    (frame, head): (Frame, f64),
    letter: Option<char>,
    (map, with_remark): (&MatrixMap, bool),
) -> Result<(), FigureError> {
    let first = frame.top - head + LETTER_SIZE * CAP_HEIGHT / 2.0;
    let mut left = frame.left;
    if let Some(letter) = letter {
        draw_letter_at(canvas, (left, first), letter)?;
        left += LETTER_SIZE + GAP;
    }
    canvas.text((left, first), &map.name, Lettering::new(LABEL_SIZE, map.colour).bold())?;
    if !with_remark {
        return Ok(());
    }
    let (_, lowest) = map.lowest_diagonal();
    let second = first + LABEL_SIZE * LINE_HEIGHT + 1.5;
    let text = format!("lowest diagonal {lowest:.2}");
    canvas.text((frame.left, second), &text, Lettering::new(NOTE_SIZE, GREY))
}

fn draw_cells(
    canvas: &Canvas,
    (layout, frame): (&MatrixLayout, Frame),
    map: &MatrixMap,
    (shades, number): (Shades, Option<CellText>),
) -> Result<(), FigureError> {
    for (row, values) in map.rows.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            let inner = layout.cell(frame, row, column).inset(SEAM / 2.0);
            let colour = shades.colour(value);
            canvas.area(&inner.corners(), colour, 1.0)?;
            let text = number.map(|number| (number.size, number.write(value)));
            if let Some((size, text)) = text.filter(|(_, text)| !text.is_empty()) {
                let centre = (f64::midpoint(inner.left, inner.right), f64::midpoint(inner.top, inner.bottom));
                canvas.text(centre, &text, Lettering::new(size, text_on(colour)).anchored(Anchor::Middle))?;
            }
        }
    }
    if map.rows.len() == 1 {
        return draw_outline(canvas, frame, AXIS_WIDTH);
    }
    Ok(())
}

/// Outlines of the diagonal, a heavy one around the entry to look at.
fn draw_diagonal(
    canvas: &Canvas,
    (layout, frame): (&MatrixLayout, Frame),
    heavy: Option<usize>,
) -> Result<(), FigureError> {
    for class in (0..layout.shape.0).filter(|&class| Some(class) != heavy) {
        draw_outline(canvas, layout.cell(frame, class, class), AXIS_WIDTH)?;
    }
    heavy.map_or(Ok(()), |class| draw_outline(canvas, layout.cell(frame, class, class), HEAVY_OUTLINE))
}

fn draw_outline(canvas: &Canvas, frame: Frame, width: f64) -> Result<(), FigureError> {
    canvas.outline(&frame.corners(), Stroke::solid(INK, width))
}

fn draw_columns(
    canvas: &Canvas,
    (layout, frame): (&MatrixLayout, Frame),
    names: &[String],
    words: &str,
) -> Result<(), FigureError> {
    let label = Lettering::new(TICK_SIZE, INK);
    let step = if layout.turned() {
        layout.step()
    } else {
        let width = widest(names.iter().map(String::as_str), TICK_SIZE) + 1.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let step = (width / layout.cell).ceil().max(1.0) as usize;
        step
    };
    for (column, name) in names.iter().enumerate().step_by(step) {
        let x = frame.left + (column as f64 + 0.5) * layout.cell;
        if layout.turned() {
            canvas.text((x, frame.bottom + GAP), name, label.anchored(Anchor::End).upward())?;
        } else {
            canvas.text((x, frame.bottom + GAP + TICK_SIZE / 2.0), name, label.anchored(Anchor::Middle))?;
        }
    }
    let below = frame.bottom + GAP + layout.below + GAP + LABEL_SIZE / 2.0;
    let centre = f64::midpoint(frame.left, frame.right);
    canvas.text((centre, below), words, Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle))
}

fn draw_rows(
    canvas: &Canvas,
    (layout, frame): (&MatrixLayout, Frame),
    names: &[String],
    words: &str,
) -> Result<(), FigureError> {
    for (row, name) in names.iter().enumerate().step_by(layout.step()) {
        let y = frame.top + (row as f64 + 0.5) * layout.cell;
        canvas.text((frame.left - GAP, y), name, Lettering::new(TICK_SIZE, INK).anchored(Anchor::End))?;
    }
    let width = widest(names.iter().map(String::as_str), TICK_SIZE);
    let at = (frame.left - GAP - width - GAP - LABEL_SIZE / 2.0, f64::midpoint(frame.top, frame.bottom));
    canvas.text(at, words, Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle).upward())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shades(measure: Measure, values: &[f64]) -> Shades {
        let map = MatrixMap { name: String::new(), colour: INK, rows: vec![values.to_vec()] };
        Shades::of(measure, &[map])
    }

    #[test]
    fn a_scale_has_the_sign_and_the_size_of_its_numbers() {
        let share = shades(Measure::MeanProbability, &[0.25, 0.004]);
        assert_eq!([0.25, 0.004, 1.0].map(|value| share.write(value)), ["0.25", "", "1.00"]);
        let effects = shades(Measure::WeightEffect, &[0.031, -0.012, 0.0]);
        assert_eq!(effects, Shades::Signed { most: 0.031 });
        assert_eq!([0.031, -0.012, 1e-6].map(|value| effects.write(value)), ["3.1", "−1.2", ""]);
        assert_eq!(effects.power(), -2);
        assert_eq!(effects.marks()[0], (0.0, "−3.1".to_owned()));
        assert!(
            effects.colour(-0.031) != effects.colour(0.031) && effects.colour(0.0) == diverging_colour(0.0)
        );
        let large = shades(Measure::Outflow, &[51_000.0, 300.0]);
        assert_eq!(
            (large.power(), large.write(51_000.0), large.write(300.0)),
            (4, "5.1".to_owned(), String::new())
        );
        let plain = shades(Measure::ClassLoss, &[2.5, 0.1]);
        assert_eq!([2.5, 0.1].map(|value| plain.write(value)), ["2.50", "0.10"]);
    }

    #[test]
    fn numbers_are_shortened_without_losing_their_value() {
        assert_eq!(
            ["0.25", "−0.25", "1.00", "12.5", "−1.00"].map(shortened),
            [".25", "−.25", "1.0", "12.5", "−1.0"]
        );
    }
}
