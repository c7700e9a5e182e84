//! The bar that says what shades of the sequential colours mean, from 0 to 1.

use super::axes::Frame;
use super::canvas::{Anchor, Canvas, Lettering, text_width};
use super::render::FigureError;
use super::theme::{GAP, INK, LABEL_SIZE, TICK_SIZE, sequential_colour};

/// Width of the bar itself.
pub(super) const WIDTH: f64 = 7.0;

/// Paper that the bar takes with its marks and its name.
pub(super) fn room() -> f64 {
    WIDTH + GAP + text_width("0.0", TICK_SIZE) + GAP + LABEL_SIZE
}

/// Draws the bar into its frame, marks and name to the right of it.
pub(super) fn draw(canvas: &Canvas, bar: Frame, name: &str) -> Result<(), FigureError> {
    const SHADES: u32 = 64;
    const MARKS: [f64; 3] = [0.0, 0.5, 1.0];
    let height = |fraction: f64| bar.bottom - fraction * bar.height();
    for shade in 0..SHADES {
        let fraction = |step: u32| f64::from(step) / f64::from(SHADES);
        // Each shade reaches to the top and is covered by the next, which leaves no seams.
        let band = Frame { bottom: height(fraction(shade)), ..bar };
        let middle = f64::midpoint(fraction(shade), fraction(shade + 1));
        canvas.area(&band.corners(), sequential_colour(middle), 1.0)?;
    }
    for mark in MARKS {
        let label = Lettering::new(TICK_SIZE, INK);
        canvas.text((bar.right + GAP, height(mark)), &format!("{mark:.1}"), label)?;
    }
    let x = bar.right + GAP + text_width("0.0", TICK_SIZE) + GAP + LABEL_SIZE / 2.0;
    let axis = Lettering::new(LABEL_SIZE, INK).anchored(Anchor::Middle).upward();
    canvas.text((x, f64::midpoint(bar.top, bar.bottom)), name, axis)
}
