//! Records become the curves of a panel.

use crate::analysis::specification::{Band, Colouring, CurvePanel, LineStyle};
use crate::analysis::summary::{Spread, median};
use crate::analysis::{Measure, Record, Results, Selector};

use super::super::series_look::{SeriesLook, looks};
use super::super::theme::{Colour, INK, lighter, sequence_colour};

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
    /// From left to right, unless the axis is reversed.
    pub(super) points: Vec<CurvePoint>,
    /// Records it was made from, for marks that read other measures.
    records: Vec<&'a Record>,
}

/// One place of a line.
pub(super) struct CurvePoint {
    pub(super) x: f64,
    pub(super) values: Vec<f64>,
    pub(super) spread: Spread,
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
    pub(super) fn first_below(&self, selector: &Selector, level: f64) -> Option<(f64, f64)> {
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
pub(super) fn groups<'a>(results: &'a Results, plan: &CurvePanel) -> Vec<Group<'a>> {
    let fixed = |record: &&Record| {
        let wanted = plan.only.is_empty() || plan.only.contains(&results.series_name(record.series));
        wanted && plan.at.iter().all(|(axis, label)| results.is_at(record, axis, label))
    };
    let records: Vec<&'a Record> = results.records.iter().filter(fixed).collect();
    let group =
        |name: String, colour: Option<Colour>, style: Option<LineStyle>, keep: &dyn Fn(&Record) -> bool| {
            let kept: Vec<&'a Record> = records.iter().copied().filter(|record| keep(record)).collect();
            let curve = |number: usize| {
                let line = &plan.lines[number];
                let colour = colour.unwrap_or_else(|| sequence_colour(number));
                let points = places(results, plan, &kept, &line.measure, line.band);
                Curve {
                    style: style.unwrap_or(line.style),
                    banded: line.band != Band::None,
                    colour,
                    points,
                    records: kept.clone(),
                }
            };
            Group { name, curves: (0..plan.lines.len()).map(curve).collect() }
        };
    let groups: Vec<Group<'a>> = match &plan.colour {
        Colouring::Lines => {
            vec![group(String::new(), (plan.lines.len() == 1).then_some(INK), None, &|_| true)]
        }
        Colouring::Series => {
            let of_series = |(series, look): (usize, SeriesLook)| {
                // A second series of the same colour is dashed, or lighter where dashes already mean something.
                let lone_line = plan.lines.len() == 1;
                let colour = if look.second && !lone_line { lighter(look.colour) } else { look.colour };
                let style = (look.second && lone_line).then_some(LineStyle::Dashed);
                group(look.name, Some(colour), style, &|record| record.series == series)
            };
            looks(results).into_iter().enumerate().map(of_series).collect()
        }
        Colouring::Sweep(name) => {
            let Some(axis) = results.experiment.axis(name) else { return Vec::new() };
            let labels = results.experiment.axes[axis].labels.iter().enumerate();
            labels
                .map(|(place, label)| {
                    group(label.clone(), Some(sequence_colour(place)), None, &|record| {
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
