//! An analysis that was read and expanded along its sweep.

use super::specification::{Analysis, Series};

/// A checked analysis: what its file says, and what that is at each point of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// What the file says.
    pub analysis: Analysis,
    /// The axes of the sweep.
    pub axes: Vec<SweptAxis>,
    /// The analysis at each point of the product of the axes, the last axis fastest; without sweep, tables and figures.
    pub points: Vec<Analysis>,
}

/// An axis of the sweep with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct SweptAxis {
    /// Its name.
    pub name: String,
    /// What each value is called.
    pub labels: Vec<String>,
    /// Position of each value on a drawn axis: the number itself, or its place in the list if it is none.
    pub numbers: Vec<f64>,
}

impl Experiment {
    /// The same with as many repetitions as `most` at most.
    #[must_use]
    pub fn with_at_most(mut self, most: u64) -> Self {
        for analysis in self.points.iter_mut().chain([&mut self.analysis]) {
            analysis.repetitions = analysis.repetitions.min(most);
        }
        self
    }

    /// Problems in all: points times series times repetitions.
    pub(super) fn problem_count(&self) -> u128 {
        let of_point = |point: &Analysis| u128::from(point.repetitions) * point.series.len() as u128;
        self.points.iter().map(of_point).sum()
    }

    /// What a problem is called: series, places on the axes, repetition.
    #[must_use]
    pub fn problem_name(&self, series: usize, at: &[usize], repetition: u64) -> String {
        let mut words: Vec<String> = self.analysis.series.get(series).map(Series::name).into_iter().collect();
        words.extend(places_in_words(&self.axes, at));
        words.push(format!("repetition {repetition}"));
        words.join(", ")
    }

    /// Places of a point on all axes.
    #[must_use]
    pub fn places(&self, point: usize) -> Vec<usize> {
        places(&self.axes, point)
    }

    /// The point at places on all axes, if there is one.
    pub(super) fn point_at(&self, at: &[usize]) -> Option<usize> {
        let fits = |(axis, &place): (&SweptAxis, &usize)| place < axis.labels.len();
        let all_fit = at.len() == self.axes.len() && self.axes.iter().zip(at).all(fits);
        let point =
            || self.axes.iter().zip(at).fold(0, |point, (axis, place)| point * axis.labels.len() + place);
        all_fit.then(point)
    }

    /// A point in words: `hard = 12, easy = 3`; `None` if nothing is swept.
    #[must_use]
    pub fn point_in_words(&self, point: usize) -> Option<String> {
        places_in_words(&self.axes, &self.places(point))
    }

    /// The number of an axis of some name.
    #[must_use]
    pub fn axis(&self, name: &str) -> Option<usize> {
        self.axes.iter().position(|axis| axis.name == name)
    }
}

/// Places of a point on all axes, of which the last moves fastest.
pub(super) fn places(axes: &[SweptAxis], point: usize) -> Vec<usize> {
    let mut rest = point;
    let mut places: Vec<usize> = axes
        .iter()
        .rev()
        .map(|axis| {
            let place = rest % axis.labels.len();
            rest /= axis.labels.len();
            place
        })
        .collect();
    places.reverse();
    places
}

/// Places in words; `None` if nothing is swept.
pub(super) fn places_in_words(axes: &[SweptAxis], places: &[usize]) -> Option<String> {
    let place = |(axis, &place): (&SweptAxis, &usize)| format!("{} = {}", axis.name, axis.labels[place]);
    let words: Vec<String> = axes.iter().zip(places).map(place).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
