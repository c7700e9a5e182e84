//! The theme of all figures: sizes in points, colours, stroke widths.

use super::canvas::Sheet;
use crate::analysis::specification::Hue;
use plotters::style::RGBColor;

/// A colour without transparency.
pub(super) type Colour = RGBColor;

/// What a figure is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// A page: the true size of one or two columns.
    #[default]
    Paper,
    /// A screen on a wall: text and lines 1.3 times larger, two columns as wide as on paper.
    Slides,
}

impl Theme {
    /// How many times larger the sheet is shown than it is drawn.
    pub(super) const fn zoom(self) -> f64 {
        match self {
            Self::Paper => 1.0,
            Self::Slides => 1.3,
        }
    }

    /// The sheet that a figure is drawn on, which on paper has this width and height in points. What is narrower than two columns
    /// becomes wider; larger text needs the height that it has on paper.
    pub(super) fn sheet(self, (width, height): (f64, f64)) -> Sheet {
        Sheet { width: width.min(width.max(TWO_COLUMNS) / self.zoom()), height, zoom: self.zoom() }
    }
}

/// Drawing units per point: fine enough that whole units look continuous on paper.
pub(super) const UNITS_PER_POINT: f64 = 10.0;
/// Points per inch, by definition.
pub(super) const POINTS_PER_INCH: f64 = 72.0;
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

/// The colour that a file names.
pub(super) const fn hue_colour(hue: Hue) -> Colour {
    match hue {
        Hue::Blue => BLUE,
        Hue::Vermillion => VERMILLION,
        Hue::Green => GREEN,
        Hue::Purple => PURPLE,
        Hue::Sky => SKY,
        Hue::Amber => AMBER,
        Hue::Grey => GREY,
        Hue::Black => INK,
    }
}

/// The colour a loss keeps in every figure, by the paper's name for it ("LGL-INR, β = 5" counts as LGL-INR). Losses of other
/// authors share four colours.
pub(super) fn loss_colour(loss: &str) -> Colour {
    const OTHERS: [(&str, Colour); 10] = [
        ("focal", GREEN),
        ("sigmoid focal", GREEN),
        ("label smoothing", SKY),
        ("logit-adjusted", PURPLE),
        ("balanced softmax", PURPLE),
        ("LDAM", AMBER),
        ("vector scaling", SKY),
        ("equalization", GREEN),
        ("seesaw", AMBER),
        ("SS-LR", PURPLE),
    ];
    if loss.starts_with("LGL-INR") {
        BLUE
    } else if loss.starts_with("LGL") {
        VERMILLION
    } else if loss.starts_with("SML") {
        GREY
    } else {
        OTHERS.iter().find(|(name, _)| loss.starts_with(name)).map_or(PURPLE, |(_, colour)| *colour)
    }
}

/// Colours that are none of the paper's losses, for further series of one loss.
pub(super) const FREE: [Colour; 5] = [GREEN, PURPLE, SKY, AMBER, INK];

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

/// From the most negative (−1, orange) over none (0, nearly white) to the most positive (1, blue).
pub(super) fn diverging_colour(fraction: f64) -> Colour {
    const NONE: Colour = RGBColor(0xf7, 0xf7, 0xf5);
    const ENDS: (Colour, Colour) = (RGBColor(0x9a, 0x48, 0x04), RGBColor(0x0b, 0x4a, 0x85));
    let end = if fraction < 0.0 { ENDS.0 } else { ENDS.1 };
    mix(NONE, end, fraction.abs().min(1.0))
}

/// The colour that text needs on a background.
pub(super) fn text_on(background: Colour) -> Colour {
    // About where white and ink have equal contrast.
    const MIDDLE: f64 = 0.48;
    if luminance(background) < MIDDLE { PAPER } else { INK }
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
        assert_eq!(text_on(sequential_colour(0.0)), INK);
        assert_eq!(text_on(sequential_colour(1.0)), PAPER);
        assert_eq!([-1.0, 0.0, 1.0].map(|end| text_on(diverging_colour(end))), [PAPER, INK, PAPER]);
    }

    /// What a person without one kind of cone sees of a colour (Viénot, Brettel and Mollon 1999), in linear light.
    fn seen_without(kind: &str, RGBColor(red, green, blue): Colour) -> [f64; 3] {
        let linear = |byte: u8| (f64::from(byte) / 255.0).powf(2.2);
        let [r, g, b] = [red, green, blue].map(linear);
        match kind {
            "long" => {
                [0.112_38 * r + 0.887_62 * g, 0.112_38 * r + 0.887_62 * g, 0.004_01 * r - 0.004_01 * g + b]
            }
            "middle" => {
                [0.292_75 * r + 0.707_25 * g, 0.292_75 * r + 0.707_25 * g, -0.022_34 * r + 0.022_34 * g + b]
            }
            _ => [r, g, b],
        }
    }

    /// Distance in CIE L*a*b*, of which 2 is just noticeable side by side.
    fn distance(one: [f64; 3], other: [f64; 3]) -> f64 {
        let lab = |[r, g, b]: [f64; 3]| {
            let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505;
            let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089;
            let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
            let [x, y, z] = [x, y, z].map(root);
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        let (one, other) = (lab(one), lab(other));
        one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_colours_can_be_told_apart_with_every_kind_of_sight() {
        const LEAST: f64 = 10.0;
        let hues = [
            Hue::Blue,
            Hue::Vermillion,
            Hue::Green,
            Hue::Purple,
            Hue::Sky,
            Hue::Amber,
            Hue::Grey,
            Hue::Black,
        ];
        for kind in ["none", "long", "middle"] {
            let seen = hues.map(|hue| seen_without(kind, hue_colour(hue)));
            for (place, one) in seen.iter().enumerate() {
                for (other, hue) in seen[..place].iter().zip(hues) {
                    let apart = distance(*one, *other);
                    assert!(apart > LEAST, "{:?} and {hue:?}, without {kind}: {apart}", hues[place]);
                }
            }
        }
        // A control: two reds of nearly one kind.
        assert!(
            distance(seen_without("none", RGBColor(200, 0, 0)), seen_without("none", RGBColor(205, 0, 0)))
                < LEAST
        );
    }
}
