//! Shares of the classes in all outflow, as the pictures of admissible sets show them (I3, I6).

use crate::analysis::{Measure, Record};

use super::canvas::Point;
use super::draw::Task;
use super::render::FigureError;

/// Radius of the diamond that marks a data set built for its place.
pub(super) const DIAMOND: f64 = 3.4;
/// Opacity of what no data can have.
pub(super) const OUTSIDE_ALPHA: f64 = 0.10;
/// Colours of the admissible set and of the diamonds.
pub(super) const INSIDE: usize = 0;
pub(super) const BUILT: usize = 2;

/// A point of shares that sum to one.
pub(super) type OutflowFractions<const K: usize> = [f64; K];

/// Where data sets land.
pub(super) struct Landed<const K: usize> {
    /// Every record at the first value of the axis of built data sets; all records without such an axis.
    pub(super) dots: Vec<OutflowFractions<K>>,
    /// The first record at every other value, and what the value is called.
    pub(super) built: Vec<(String, OutflowFractions<K>)>,
}

impl<const K: usize> Landed<K> {
    pub(super) fn of(task: &Task, built: Option<&str>) -> Result<Self, FigureError> {
        let results = task.results;
        let axis = built.and_then(|name| results.experiment.axis(name));
        let place = |record: &Record| axis.and_then(|axis| record.at.get(axis).copied()).unwrap_or(0);
        let at = |number: usize| results.records.iter().filter(move |record| place(record) == number);
        let dots: Vec<OutflowFractions<K>> = at(0).filter_map(fractions).collect();
        if dots.is_empty() {
            return Err(task.empty("stationary points of as many classes"));
        }
        let labels = axis.map(|axis| results.experiment.axes[axis].labels.as_slice()).unwrap_or_default();
        let built = labels.iter().enumerate().skip(1).filter_map(|(number, label)| {
            let first = at(number).next().and_then(fractions)?;
            Some((label.clone(), first))
        });
        Ok(Self { dots, built: built.collect() })
    }
}

/// The place of shares between the corners where all outflow is that of one class.
pub(super) fn place<const K: usize>(corners: [Point; K], fractions: OutflowFractions<K>) -> Point {
    let along = |pick: fn(Point) -> f64| (0..K).map(|class| fractions[class] * pick(corners[class])).sum();
    (along(|corner| corner.0), along(|corner| corner.1))
}

/// The share of each class in all outflow.
fn fractions<const K: usize>(record: &Record) -> Option<OutflowFractions<K>> {
    let outflows: [f64; K] = record.all(Measure::Outflow).try_into().ok()?;
    let total: f64 = outflows.iter().sum();
    (total > 0.0).then(|| outflows.map(|outflow| outflow / total))
}
