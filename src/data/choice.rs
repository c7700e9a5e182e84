//! Samples of a class chosen at random.

use super::DataError;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The first `count` samples of a class in a random order fixed by `generator`: a smaller count is a subset of a larger
/// one. `of_sample` gives the class of each sample.
///
/// Fails, naming the `place`, when there are fewer.
pub(super) fn choose<C: PartialEq + Copy>(
    of_sample: &[C],
    class: C,
    count: usize,
    generator: &mut ChaCha8Rng,
    place: impl FnOnce() -> String,
) -> Result<Vec<usize>, DataError> {
    let mut samples: Vec<usize> = (0..of_sample.len()).filter(|&sample| of_sample[sample] == class).collect();
    if count > samples.len() {
        let problem = format!("{count} images asked for, but there are {}", samples.len());
        return Err(DataError::invalid(place(), problem));
    }
    samples.shuffle(generator);
    samples.truncate(count);
    Ok(samples)
}
