//! The theme of all figures: sizes in points, colours, stroke widths.

use plotters::style::RGBColor;

/// A colour without transparency.
pub(super) type Colour = RGBColor;

/// What a figure is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// A page: the true size of one or two columns.
    #[default]
    Paper,
    /// A screen on a wall: drawn on a narrower sheet and shown larger, so that text and lines are twice as large.
    Slides,
}

impl Theme {
    /// How much narrower the sheet is than on paper, and how many times larger it is shown.
    pub(super) const fn narrowing_and_zoom(self) -> (f64, f64) {
        match self {
            Self::Paper => (1.0, 1.0),
            Self::Slides => (0.9, 2.0),
        }
    }
}

/// Drawing units per point: fine enough that whole units look continuous on paper.
pub(super) const UNITS_PER_POINT: f64 = 10.0;
/// Points per inch, by definition.
pub(super) const POINTS_PER_INCH: f64 = 72.0;
/// Width of a figure that fills one column (3.35 in).
pub(super) const ONE_COLUMN: f64 = 3.35 * POINTS_PER_INCH;
/// Width of a figure that spans both columns (6.8 in).
pub(super) const TWO_COLUMNS: f64 = 6.8 * POINTS_PER_INCH;

/// Family names as a browser reads them; Verdana is as wide, so a replacement still fits.
pub(super) const FONT_FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Height of a capital of the family, as a share of the font size.
pub(super) const CAP_HEIGHT: f64 = 0.729;
/// Distance between the lines of a note, as a multiple of the font size.
pub(super) const LINE_HEIGHT: f64 = 1.35;

/// Size of axis labels.
pub(super) const LABEL_SIZE: f64 = 7.5;
/// Size of tick labels.
pub(super) const TICK_SIZE: f64 = 7.0;
/// Size of notes, headings and end labels.
pub(super) const NOTE_SIZE: f64 = 6.8;
/// Size of panel letters.
pub(super) const LETTER_SIZE: f64 = 8.0;

/// Width of spines and ticks.
pub(super) const AXIS_WIDTH: f64 = 0.6;
/// Width of a curve.
pub(super) const CURVE_WIDTH: f64 = 1.3;
/// Width of reference lines, leaders and outlines.
pub(super) const THIN_WIDTH: f64 = 0.5;
/// On and off lengths of a dashed curve.
pub(super) const DASHED: (f64, f64) = (3.6, 1.6);
/// On and off lengths of a dotted reference line.
pub(super) const DOTTED: (f64, f64) = (0.7, 1.4);
/// Opacity of a band over repetitions.
pub(super) const BAND_ALPHA: f64 = 0.18;

/// Length of a labelled tick.
pub(super) const TICK_LENGTH: f64 = 3.0;
/// Length of an unlabelled tick.
pub(super) const MINOR_TICK_LENGTH: f64 = 1.7;
/// Gap between neighbours: tick and its label, tick label and axis label, line end and label.
pub(super) const GAP: f64 = 3.0;
/// White margin around the whole figure.
pub(super) const MARGIN: f64 = 3.0;

/// Text and spines.
pub(super) const INK: Colour = RGBColor(0x1a, 0x1a, 0x1a);
/// Paper, and the inside of hollow markers.
pub(super) const PAPER: Colour = RGBColor(0xff, 0xff, 0xff);

const BLUE: Colour = RGBColor(0x00, 0x72, 0xb2);
const VERMILLION: Colour = RGBColor(0xd5, 0x5e, 0x00);
const GREEN: Colour = RGBColor(0x00, 0x9e, 0x73);
const PURPLE: Colour = RGBColor(0xcc, 0x79, 0xa7);
const SKY: Colour = RGBColor(0x56, 0xb4, 0xe9);
const AMBER: Colour = RGBColor(0xe6, 0x9f, 0x00);

/// Notes, reference lines and softmax.
pub(super) const GREY: Colour = RGBColor(0x6b, 0x6b, 0x6b);

/// Colours of Okabe and Ito for things that are not losses, in the order of use.
const SEQUENCE: [Colour; 6] = [BLUE, GREEN, VERMILLION, PURPLE, SKY, AMBER];

/// The colour of the `index`-th curve of a figure whose curves are not losses.
pub(super) const fn sequence_colour(index: usize) -> Colour {
    SEQUENCE[index % SEQUENCE.len()]
}

/// The colour a loss keeps in every figure, by the paper's name for it ("LGL-INR, β = 5" counts as LGL-INR).
pub(super) fn loss_colour(loss: &str) -> Colour {
    if loss.starts_with("LGL-INR") {
        BLUE
    } else if loss.starts_with("LGL") {
        VERMILLION
    } else if loss.starts_with("SML") {
        GREY
    } else {
        PURPLE
    }
}

/// From none (0) to all (1) in one hue that darkens steadily, so that it survives grey printing and colour
/// blindness.
pub(super) fn sequential_colour(fraction: f64) -> Colour {
    const STOPS: [(f64, Colour); 3] = [
        (0.0, RGBColor(0xf1, 0xf6, 0xfb)),
        (0.5, RGBColor(0x66, 0xab, 0xd8)),
        (1.0, RGBColor(0x08, 0x2c, 0x59)),
    ];
    let fraction = fraction.clamp(0.0, 1.0);
    let (from, to) = if fraction <= STOPS[1].0 { (STOPS[0], STOPS[1]) } else { (STOPS[1], STOPS[2]) };
    mix(from.1, to.1, (fraction - from.0) / (to.0 - from.0))
}

/// The colour that text needs on a background of [`sequential_colour`].
pub(super) fn text_on(fraction: f64) -> Colour {
    // About where white and ink have equal contrast.
    const MIDDLE: f64 = 0.48;
    if luminance(sequential_colour(fraction)) < MIDDLE { PAPER } else { INK }
}

/// Perceived brightness of a colour, 0 (black) to 1 (white).
fn luminance(RGBColor(red, green, blue): Colour) -> f64 {
    (0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue)) / 255.0
}

/// A lighter shade, for a second thing of the same colour.
pub(super) fn lighter(colour: Colour) -> Colour {
    mix(colour, PAPER, 0.35)
}

fn mix(from: Colour, to: Colour, fraction: f64) -> Colour {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a blend of bytes is a byte")]
    let blend = |a: u8, b: u8| (f64::from(a) + fraction * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(blend(from.0, to.0), blend(from.1, to.1), blend(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_keeps_its_colour() {
        assert_eq!(loss_colour("LGL"), VERMILLION);
        assert_eq!(loss_colour("LGL-INR, β = 5"), BLUE);
        assert_eq!(loss_colour("SML"), GREY);
    }

    #[test]
    fn the_sequential_colours_darken_steadily() {
        let brightness: Vec<f64> =
            (0..=50).map(|i| luminance(sequential_colour(f64::from(i) / 50.0))).collect();
        assert!(brightness.windows(2).all(|pair| pair[1] < pair[0]));
        assert_eq!(text_on(0.0), INK);
        assert_eq!(text_on(1.0), PAPER);
    }
}
