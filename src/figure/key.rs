//! A key above a panel, for what cannot be said where it is drawn.

use super::axes::Panel;
use super::canvas::Lettering;
use super::error::FigureError;
use super::marker::{Shape, draw_filled, draw_hollow};
use super::text::text_width;
use super::theme::{CAP_HEIGHT, Colour, GAP, LETTER_SIZE, MARGIN, NOTE_SIZE};

/// A mark and its name.
pub(super) struct KeyEntry {
    pub(super) name: String,
    pub(super) colour: Colour,
    /// `None` for the hollow mark of what is shown in contrast.
    pub(super) shape: Option<Shape>,
}

/// Writes entries above a panel, beside its letter, with marks of a radius.
pub(super) fn draw_key(panel: &Panel, entries: &[KeyEntry], radius: f64) -> Result<(), FigureError> {
    let mark = 2.0 * radius + GAP;
    let y = MARGIN + LETTER_SIZE * CAP_HEIGHT / 2.0;
    let mut left = panel.frame.left + 2.0 * LETTER_SIZE;
    for entry in entries {
        let at = (left + radius, y);
        match entry.shape {
            Some(shape) => draw_filled(panel.canvas, shape, at, radius, entry.colour)?,
            None => draw_hollow(panel.canvas, at, radius, entry.colour)?,
        }
        panel.canvas.text((left + mark, y), &entry.name, Lettering::new(NOTE_SIZE, entry.colour))?;
        left += mark + text_width(&entry.name, NOTE_SIZE) + 2.0 * GAP;
    }
    Ok(())
}
