//! The colour of every series of an analysis.

use crate::analysis::Results;
use crate::analysis::specification::Series;

use super::theme::{Colour, loss_colour, sequence_colour};

/// Name and look of a series, in every panel of its figures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeriesLook {
    pub(super) name: String,
    pub(super) colour: Colour,
    /// Whether an earlier series has the same colour.
    pub(super) second: bool,
}

/// A loss keeps its colour; a flag says that another series has it too. Series that all have one loss take colours in
/// turn.
pub(super) fn looks(results: &Results) -> Vec<SeriesLook> {
    let series = &results.experiment.analysis.series;
    let of_loss: Vec<Colour> = series.iter().map(|series| loss_colour(&series.loss.paper_name())).collect();
    let alike = series.len() > 1 && of_loss.iter().all(|colour| *colour == of_loss[0]);
    let look = |(place, series): (usize, &Series)| SeriesLook {
        name: series.name(),
        colour: if alike { sequence_colour(place) } else { of_loss[place] },
        second: !alike && of_loss[..place].contains(&of_loss[place]),
    };
    series.iter().enumerate().map(look).collect()
}
