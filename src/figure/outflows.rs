//! Shares of the classes in all outflow, as the pictures of admissible sets show them (I3, I6).

use crate::analysis::{Measure, Record};

use super::error::FigureError;
use super::task::Task;

/// A point of shares that sum to one.
pub(super) type Shares<const K: usize> = [f64; K];

/// Where data sets land.
pub(super) struct Landed<const K: usize> {
    /// Every record at the first value of the axis of built data sets; all records without such an axis.
    pub(super) dots: Vec<Shares<K>>,
    /// The first record at every other value, and what the value is called.
    pub(super) built: Vec<(String, Shares<K>)>,
}

impl<const K: usize> Landed<K> {
    pub(super) fn of(task: &Task, built: Option<&str>) -> Result<Self, FigureError> {
        let results = task.results;
        let axis = built.and_then(|name| results.experiment.axis(name));
        let place = |record: &Record| axis.and_then(|axis| record.at.get(axis).copied()).unwrap_or(0);
        let at = |number: usize| results.records.iter().filter(move |record| place(record) == number);
        let dots: Vec<Shares<K>> = at(0).filter_map(shares).collect();
        if dots.is_empty() {
            return Err(task.empty("stationary points of as many classes"));
        }
        let labels = axis.map(|axis| results.experiment.axes[axis].labels.as_slice()).unwrap_or_default();
        let built = labels.iter().enumerate().skip(1).filter_map(|(number, label)| {
            let first = at(number).next().and_then(shares)?;
            Some((label.clone(), first))
        });
        Ok(Self { dots, built: built.collect() })
    }
}

/// The share of each class in all outflow.
fn shares<const K: usize>(record: &Record) -> Option<Shares<K>> {
    let outflows: [f64; K] = record.all(Measure::Outflow).try_into().ok()?;
    let total: f64 = outflows.iter().sum();
    (total > 0.0).then(|| outflows.map(|outflow| outflow / total))
}
