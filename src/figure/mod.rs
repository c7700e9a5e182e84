//! Records become plots: one file per kind of picture, one theme for all.
//!
//! [`draw()`] makes the figures that an analysis plans ([`specification::Plot`](crate::analysis::specification::Plot) lists
//! the kinds); the pictures of `balance_law` and `scaling` have records of their own, those of `loss_gradients` draw the losses themselves. Each [`Figure`] is an SVG with
//! real text at its true size, and a caption with the measured numbers; it can be written as SVG, PNG, PDF and for LaTeX. Nothing is
//! computed here but means and quantiles: a number in a figure comes from its records.
//!
//! Below the pictures, each file uses only those named before it: `theme` (sizes and colours), `canvas` (lines,
//! areas, markers, text in points), `scale` (with ticks), `head` (words above panels), `axes` (panels), `labels`, `colour_bar`, `plane`,
//! `outflows`.

pub mod balance_law;
pub mod scaling;

mod axes;
mod bars;
mod canvas;
mod compact;
mod curves;
mod decision_lines;
mod draw;
mod forest;
mod head;
mod intervals;
mod labels;
mod latex;
mod loss_gradients;
mod maps;
mod outflows;
mod pgf;
mod plane;
mod quaternary;
mod regions;
mod render;
mod scale;
mod scatter;
mod signs;
mod ternary;
mod theme;

#[cfg(test)]
mod tests;

pub(crate) use canvas::escape;
pub use draw::{draw, picture_memory};
pub use loss_gradients::draw_loss_gradients;
pub use render::{DEFAULT_DPI, Figure, FigureError, FileFormat};
pub use theme::Theme;
