//! Records become plots: one file per kind of picture, one theme for all.
//!
//! A picture's file has a `draw` function from its analysis's record to a [`Figure`]: an SVG with real text at its
//! true size, and a caption with the measured numbers. [`Figure::write`] saves the SVG and a PNG. Nothing is computed
//! here but medians and quantiles: a number in a figure comes from its record.
//!
//! Below the pictures, each file uses only those named before it: `theme` (sizes and colours), `canvas`
//! (lines, areas, text in points), `text` (the embedded font), `scale` and `ticks`, `axes` (panels),
//! `labels` and `marker`.

pub mod balance_law;
pub mod binary_weights;
pub mod probability_maps;
pub mod scaling;

mod axes;
mod canvas;
mod error;
mod labels;
mod marker;
mod render;
mod scale;
mod text;
mod theme;
mod ticks;

#[cfg(test)]
mod tests;

pub use error::FigureError;
pub use render::{DEFAULT_DPI, Figure, FigureFiles};
