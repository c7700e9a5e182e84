//! An analysis that was read and multiplied out along its sweep.

use super::specification::Analysis;

/// A checked analysis: what its file says, and what that is at each point of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// What the file says.
    pub analysis: Analysis,
    /// The axes of the sweep.
    pub axes: Vec<SweptAxis>,
    /// The analysis at each point of the product of the axes, the last axis fastest.
    pub points: Vec<Analysis>,
}

/// An axis of the sweep with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct SweptAxis {
    /// Its name.
    pub name: String,
    /// What each value is called.
    pub labels: Vec<String>,
    /// Where each value stands on a drawn axis: the number itself, or its place in the list if it is none.
    pub numbers: Vec<f64>,
}

impl Experiment {
    /// Places of a point on all axes.
    #[must_use]
    pub fn places(&self, point: usize) -> Vec<usize> {
        places(&self.axes, point)
    }

    /// A point in words: `hard = 12, easy = 3`; `None` if nothing is swept.
    #[must_use]
    pub fn point_in_words(&self, point: usize) -> Option<String> {
        places_in_words(&self.axes, point)
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

/// A point in words; `None` if nothing is swept.
pub(super) fn places_in_words(axes: &[SweptAxis], point: usize) -> Option<String> {
    let words: Vec<String> = axes
        .iter()
        .zip(places(axes, point))
        .map(|(axis, place)| format!("{} = {}", axis.name, axis.labels[place]))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
