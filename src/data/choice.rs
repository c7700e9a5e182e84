//! Images chosen at random, class by class.

use super::random::stream;
use super::{DataError, Labels};
use rand::seq::SliceRandom;

/// Images of some classes.
pub(super) struct Choice {
    /// Their places among all, class after class.
    pub(super) images: Vec<usize>,
    /// Their classes, named by their numbers, in the order asked for.
    pub(super) labels: Labels,
}

/// `counts[i]` images of class `classes[i]`, without replacement; `of_image` gives the class of each image there is.
///
/// Each class has a stream of its own: the choice of it depends on `seed` alone, and a smaller count is a subset of a larger
/// one.
///
/// Fails, naming the `place`, when the two lists differ in length, a class is named twice, there are fewer images than asked
/// for, fewer than two classes, or a class without images.
pub(super) fn choose(
    of_image: &[u32],
    classes: &[u8],
    counts: &[usize],
    seed: u64,
    place: &str,
) -> Result<Choice, DataError> {
    if classes.len() != counts.len() {
        let problem =
            format!("{} classes, but {} counts; give one count per class", classes.len(), counts.len());
        return Err(DataError::invalid(place, problem));
    }
    let (mut images, mut of_chosen) = (Vec::new(), Vec::new());
    for (position, (&class, &count)) in (0_u32..).zip(classes.iter().zip(counts)) {
        if classes[..position as usize].contains(&class) {
            return Err(DataError::invalid(place, format!("class {class} is named twice; name it once")));
        }
        let mut of_class: Vec<usize> =
            (0..of_image.len()).filter(|&image| of_image[image] == u32::from(class)).collect();
        if count > of_class.len() {
            let problem = format!("{count} images asked for, but there are {}", of_class.len());
            return Err(DataError::invalid(format!("{place}, class {class}"), problem));
        }
        of_class.shuffle(&mut stream(seed, u64::from(class)));
        images.extend(&of_class[..count]);
        of_chosen.extend(std::iter::repeat_n(position, count));
    }
    Ok(Choice { images, labels: Labels::new(of_chosen, classes.iter().map(u8::to_string).collect())? })
}
