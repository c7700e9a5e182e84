//! The colour of every series of an analysis.

use crate::analysis::Results;

use super::theme::{Colour, lighter, loss_colour, sequence_colour};

/// What a series is called and how it looks, in every panel of its figures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeriesLook {
    pub(super) name: String,
    pub(super) colour: Colour,
}

/// A loss keeps its colour; a second series of the same loss is lighter. Series that all have one loss differ in something
/// else and take colours in turn.
pub(super) fn looks(results: &Results) -> Vec<SeriesLook> {
    let series = &results.experiment.analysis.series;
    let of_loss: Vec<Colour> =
        series.iter().map(|series| loss_colour(&series.loss.choice().paper_name())).collect();
    let alike = series.len() > 1 && of_loss.iter().all(|colour| *colour == of_loss[0]);
    let colour = |place: usize| match of_loss[..place].contains(&of_loss[place]) {
        _ if alike => sequence_colour(place),
        true => lighter(of_loss[place]),
        false => of_loss[place],
    };
    series.iter().enumerate().map(|(place, series)| SeriesLook { name: series.name(), colour: colour(place) }).collect()
}
