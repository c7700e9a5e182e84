//! A figure as its plan says, from the records of a run.

use super::canvas::Sheet;
use super::render::{Figure, FigureError};
use super::theme::{POINTS_PER_INCH, Theme};
use super::{
    bars, curves, decision_lines, forest, intervals, maps, quaternary, regions, scatter, signs, ternary,
};
use crate::analysis::specification::{FigurePlan, Plot};
use crate::analysis::{Results, caption};

/// Draws every figure of an analysis.
///
/// # Errors
/// The records lack what a figure shows ([`FigureError::Empty`], [`FigureError::Invalid`]), or the drawing
/// fails ([`FigureError::Drawing`]).
pub fn draw(results: &Results, theme: Theme) -> Result<Vec<Figure>, FigureError> {
    results.experiment.analysis.figure.iter().map(|plan| draw_one(results, plan, theme)).collect()
}

/// Bytes that the picture of a figure takes at most while it is made: four for each pixel, and what the encoder holds.
#[must_use]
pub fn picture_memory(plan: &FigurePlan, theme: Theme, dpi: f64) -> u128 {
    const BYTES_PER_PIXEL: f64 = 12.0;
    // At most every panel has a row to itself.
    let rows = match &plan.plot {
        Plot::Curves { panels } => panels.len(),
        Plot::Scatter { panels, .. } => panels.len(),
        Plot::Intervals { panels, .. } => panels.len(),
        Plot::Forest { panels, .. } => panels.len(),
        _ => 1,
    };
    let area = plan.width.inches() * plan.height * rows.max(1) as f64 * dpi.powi(2) * theme.zoom().powi(2);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let bytes = (area * BYTES_PER_PIXEL) as u128;
    bytes
}

fn draw_one(results: &Results, plan: &FigurePlan, theme: Theme) -> Result<Figure, FigureError> {
    let sheet = theme.sheet((plan.width.inches() * POINTS_PER_INCH, plan.height * POINTS_PER_INCH));
    let caption = caption(results, plan);
    let task = Task { results, plan, sheet, caption };
    let svg = match &plan.plot {
        Plot::Curves { panels } => curves::draw(&task, panels),
        Plot::Scatter { panels, colour } => scatter::draw(&task, panels, colour),
        Plot::Maps { measure, at, only } => maps::draw(&task, *measure, at, only),
        Plot::Intervals { panels, beside } => intervals::draw(&task, panels, beside),
        Plot::Forest { table, family, panels } => {
            let plan = results.experiment.analysis.family(table, family);
            let missing =
                || task.invalid("forest", format!("there is no family `{family}` in table {table}"));
            forest::draw(&task, plan.ok_or_else(missing)?, panels)
        }
        Plot::Regions { target, half_width } => regions::draw(&task, *target, *half_width),
        Plot::Lines { half_width, along, label } => decision_lines::draw(&task, *half_width, along, label),
        Plot::Ternary { built } => ternary::draw(&task, built.as_deref()),
        Plot::Quaternary { built } => quaternary::draw(&task, built.as_deref()),
        Plot::Signs { measure, designs } => signs::draw(&task, *measure, designs),
        Plot::Bars { target, classes } => bars::draw(&task, *target, classes),
    }?;
    let file_stem = results.experiment.analysis.file_stem(&plan.id);
    Ok(Figure { id: plan.id.clone(), file_stem, svg, caption: task.caption })
}

/// Everything a kind of picture needs to know.
pub(super) struct Task<'a> {
    pub(super) results: &'a Results,
    pub(super) plan: &'a FigurePlan,
    pub(super) sheet: Sheet,
    pub(super) caption: String,
}

impl Task<'_> {
    /// An error about this figure.
    pub(super) fn invalid(&self, place: impl Into<String>, problem: impl Into<String>) -> FigureError {
        FigureError::invalid(&self.plan.id, place, problem)
    }

    /// An error that says what the records lack.
    pub(super) fn empty(&self, missing: &'static str) -> FigureError {
        FigureError::Empty { figure: self.plan.id.clone(), missing }
    }
}
