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
    choose_apart(of_image, classes, counts, &[], seed, place).map(|(chosen, _)| chosen)
}

/// The same, and for each entry of `apart` so many images of every class, none of them among the others.
pub(super) fn choose_apart(
    of_image: &[u32],
    classes: &[u8],
    counts: &[usize],
    apart: &[usize],
    seed: u64,
    place: &str,
) -> Result<(Choice, Vec<Choice>), DataError> {
    if classes.len() != counts.len() {
        let problem =
            format!("{} classes, but {} counts; give one count per class", classes.len(), counts.len());
        return Err(DataError::invalid(place, problem));
    }
    let mut drawn = vec![(Vec::new(), Vec::new()); 1 + apart.len()];
    let held = apart.iter().fold(0_usize, |held, &count| held.saturating_add(count));
    for (position, (&class, &count)) in (0_u32..).zip(classes.iter().zip(counts)) {
        if classes[..position as usize].contains(&class) {
            return Err(DataError::invalid(place, format!("class {class} is named twice; name it once")));
        }
        let mut of_class: Vec<usize> =
            (0..of_image.len()).filter(|&image| of_image[image] == u32::from(class)).collect();
        if count.saturating_add(held) > of_class.len() {
            let besides = if held > 0 { format!(" and {held} to be kept apart") } else { String::new() };
            let problem = format!("{count} images asked for{besides}, but there are {}", of_class.len());
            return Err(DataError::invalid(format!("{place}, class {class}"), problem));
        }
        of_class.shuffle(&mut stream(seed, u64::from(class)));
        // Training images are taken from the front, those kept apart from the back: neither depends on the number of
        // the other.
        let mut end = of_class.len();
        for ((images, labels), (from, count)) in
            drawn.iter_mut().zip(std::iter::once((0, count)).chain(apart.iter().map(|&count| {
                end -= count;
                (end, count)
            })))
        {
            images.extend(&of_class[from..from + count]);
            labels.extend(std::iter::repeat_n(position, count));
        }
    }
    let names: Vec<String> = classes.iter().map(u8::to_string).collect();
    let choice = |(images, labels)| Ok(Choice { images, labels: Labels::new(labels, names.clone())? });
    let mut choices = drawn.into_iter().map(choice).collect::<Result<Vec<_>, DataError>>()?.into_iter();
    let chosen = choices.next().ok_or_else(|| DataError::invalid(place, "nothing to choose"))?;
    Ok((chosen, choices.collect()))
}
