//! The 1,797 handwritten digits (8 x 8 pixels) embedded in the program: real data without a download.
//!
//! Source: test set of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak (1998), UCI Machine
//! Learning Repository, licence CC BY 4.0. The embedded file holds one image a line: the label, a space, and 64
//! letters from `a` (0, background) to `q` (16, full ink), row after row.

use super::{DataError, Dataset, ImageShape, Images, Labels};
use nalgebra::{DMatrix, Dyn, VecStorage};
use std::sync::{Arc, OnceLock};

const IMAGES: &str = include_str!("../../assets/digits.txt");
/// Rows, and columns, of an image.
const SIDE: usize = 8;
const PIXELS: usize = SIDE * SIDE;
/// Ink of a pixel is counted from 0 to this.
const FULL_INK: u8 = 16;

/// All 1,797 images in file order; pixels hold ink from 0 to 16.
///
/// # Panics
///
/// Never in a build whose tests pass: the images are part of the program.
#[must_use]
pub fn digit_images() -> Arc<Images> {
    static PARSED: OnceLock<Arc<Images>> = OnceLock::new();
    Arc::clone(PARSED.get_or_init(|| Arc::new(parse(IMAGES).expect("the embedded images are well formed"))))
}

/// All 1,797 images in file order: 64 features named `pixel_r0_c0` to `pixel_r7_c7` (row and column from the top
/// left), each the ink of a pixel from 0 to 1; classes `0` to `9`.
///
/// # Panics
///
/// Never in a build whose tests pass: the images are part of the program.
#[must_use]
pub fn digits() -> Dataset {
    let images = digit_images();
    let ink = (0..images.classes().len()).flat_map(|image| images.pixels(image));
    let ink = ink.map(|&value| f64::from(value) / f64::from(FULL_INK)).collect();
    let features = DMatrix::from_data(VecStorage::new(Dyn(PIXELS), Dyn(images.classes().len()), ink));
    let class_indices = images.classes().iter().map(|&class| u32::from(class)).collect();
    let labels = Labels::numbered(class_indices, 10).expect("every digit occurs");
    Dataset::new(features, images.shape().names(), labels).expect("shapes agree")
}

/// `counts[i]` images of the digit `classes[i]`, chosen at random without replacement; class `i` of the result is
/// that digit, so `classes` gives the order (in a binary problem the second is the positive class).
///
/// Images are drawn digit by digit from streams of their own: the choice for a digit depends on `seed` alone,
/// not on the other digits, and a smaller count is a subset of a larger one. Pixels that are constant in the subset
/// are kept. Samples come class after class.
///
/// # Errors
/// The two lists differ in length, a class is no digit or named twice, fewer than two classes or no image of a
/// class are asked for, or more images than there are.
pub fn digits_subset(classes: &[u8], counts: &[usize], seed: u64) -> Result<Dataset, DataError> {
    check_digits(classes)?;
    digit_images().subset(classes, counts, seed)
}

/// Checks that every class is a digit.
///
/// # Errors
/// A class is no digit.
pub fn check_digits(classes: &[u8]) -> Result<(), DataError> {
    match classes.iter().find(|&&digit| digit > 9) {
        Some(digit) => {
            Err(DataError::invalid("digits", format!("{digit} is no digit; the classes are 0 to 9")))
        }
        None => Ok(()),
    }
}

fn parse(text: &str) -> Result<Images, DataError> {
    let mut ink = Vec::new();
    let mut classes = Vec::new();
    for (line, image) in (1..).zip(text.lines()) {
        let place = || format!("embedded digits, line {line}");
        let (label, pixels) =
            image.split_once(' ').ok_or_else(|| DataError::invalid(place(), "no space after the label"))?;
        classes.push(label.parse().map_err(|_| DataError::invalid(place(), "the label is no number"))?);
        if pixels.len() != PIXELS || !pixels.bytes().all(|letter| (b'a'..=b'q').contains(&letter)) {
            return Err(DataError::invalid(place(), "not 64 letters from a to q"));
        }
        ink.extend(pixels.bytes().map(|letter| letter - b'a'));
    }
    let shape = ImageShape { channels: 1, height: SIDE, width: SIDE };
    Ok(Images::new(shape, ink, classes)?.up_to(FULL_INK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_read() {
        let dataset = digits();
        assert_eq!(dataset.features().shape(), (64, 1_797));
        assert_eq!(dataset.labels().counts(), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(dataset.labels().counts().iter().sum::<usize>(), 1_797);
        assert_eq!(dataset.features().max().to_bits(), 1.0_f64.to_bits());
        assert_eq!(dataset.features().min().to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_first_image_is_the_known_zero() {
        let dataset = digits();
        assert_eq!(dataset.labels().class_indices()[..3], [0, 1, 2]);
        // Second row of the first image: 0 0 13 15 10 15 5 0 sixteenths.
        let row: Vec<f64> = dataset.features().view((8, 0), (8, 1)).iter().map(|ink| ink * 16.0).collect();
        assert_eq!(row, [0.0, 0.0, 13.0, 15.0, 10.0, 15.0, 5.0, 0.0]);
        assert_eq!(dataset.feature_names()[8 * 3 + 5], "pixel_r3_c5");
    }

    #[test]
    fn a_subset_keeps_the_order_and_draws_without_replacement() {
        let subset = digits_subset(&[8, 3], &[174, 20], 5).expect("enough images");
        assert_eq!(subset.labels().class_names(), ["8", "3"]);
        assert_eq!(subset.labels().counts(), [174, 20]);
        assert_eq!(subset.features().shape(), (64, 194));
        // All 174 eights were asked for, so their sum is the sum of all eights in the full set.
        let all = digits();
        let eights = (0..1_797).filter(|&image| all.labels().class_indices()[image] == 8);
        let expected: f64 = eights.map(|image| all.features().column(image).sum()).sum();
        let found = subset.features().columns(0, 174).sum();
        assert!((found - expected).abs() < 1e-9, "{found} against {expected}");
    }

    #[test]
    fn a_smaller_count_is_a_subset_and_other_digits_do_not_matter() {
        let small = digits_subset(&[1, 2], &[5, 4], 8).expect("enough images");
        let large = digits_subset(&[0, 2], &[9, 30], 8).expect("enough images");
        assert_eq!(small.features().columns(5, 4), large.features().columns(9, 4));
        let again = digits_subset(&[1, 2], &[5, 4], 8).expect("enough images");
        assert_eq!(small, again);
        assert_ne!(small, digits_subset(&[1, 2], &[5, 4], 9).expect("enough images"));
    }

    #[test]
    fn impossible_subsets_say_what_is_wrong() {
        let cases: [(&[u8], &[usize], &str); 6] = [
            (&[3, 8], &[10, 175], "class 8: 175 images asked for, but there are 174"),
            (&[3, 10], &[1, 1], "10 is no digit"),
            (&[3, 3], &[1, 1], "class 3 is named twice"),
            (&[3, 8], &[1], "2 classes, but 1 counts"),
            (&[3], &[1], "at least two"),
            (&[3, 8], &[0, 1], "class 3: has no sample"),
        ];
        for (classes, counts, expected) in cases {
            let message = digits_subset(classes, counts, 0).expect_err("impossible").to_string();
            assert!(message.contains(expected), "{message:?} lacks {expected:?}");
        }
    }

    #[test]
    fn malformed_images_are_refused() {
        for text in ["0", "x aa", "0 abc", "0 zzzz"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
