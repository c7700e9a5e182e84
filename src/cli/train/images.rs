//! Which images are learned from and which are kept apart.

use anyhow::{Context, Result, bail, ensure};
use equipoise::data::{ImageSample, Images, ImbalanceProfile, Part, digit_images, read_images};
use std::path::{Path, PathBuf};

/// Images of each digit kept apart where nothing else is asked for.
const DIGITS_APART: usize = 40;

/// The options about images.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Images")]
pub(super) struct ImageArguments {
    /// Directory of an image set: IDX files (MNIST, Fashion-MNIST, KMNIST; plain or gzipped) or CIFAR-10 or CIFAR-100 binaries
    /// by their usual names [default: the 1,797 embedded digits]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Numbers of the classes to learn; of two, the second is the positive one [default: all that occur]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    classes: Option<Vec<u8>>,
    /// Images of each class to learn from [default: all but those kept apart]
    #[arg(long, value_name = "N,N,..", value_delimiter = ',', conflicts_with = "imbalance")]
    counts: Option<Vec<usize>>,
    /// A rule for the counts: exponential:LARGEST:RATIO (a long tail), or step:LARGEST:RATIO:MINORITY (the last so many classes
    /// have fewer)
    #[arg(long, value_name = "RULE")]
    imbalance: Option<String>,
    /// Images of each class kept apart to test on [default: the test part of --data; 40 of each digit]
    #[arg(long, value_name = "N")]
    test: Option<usize>,
}

/// What was drawn.
pub(super) struct Drawn {
    /// Images to learn from.
    pub(super) learned: ImageSample,
    /// Images to test on.
    pub(super) apart: ImageSample,
}

impl ImageArguments {
    /// What the set is called.
    pub(super) fn name(&self) -> String {
        self.data.as_ref().map_or_else(|| "digits".to_owned(), |directory| directory.display().to_string())
    }

    /// The set and all that is in its directory.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let entries = self.data.iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
        self.data.iter().cloned().chain(entries.map(|entry| entry.path())).collect()
    }

    /// Draws both samples.
    pub(super) fn draw(&self, seed: u64) -> Result<Drawn> {
        let images = match &self.data {
            Some(directory) => read_images(directory, Part::Train).context("--data")?,
            None => digit_images(),
        };
        let classes = self.classes_among(&images)?;
        ensure!(self.test != Some(0), "--test 0: give at least 1 image per class");
        let held = self.test.or(if self.data.is_some() { None } else { Some(DIGITS_APART) });
        let counts = self.counts(&images, &classes, held.unwrap_or(0))?;
        let (learned, mut apart) = ImageSample::draw(&images, &classes, &counts, held.as_slice(), seed)?;
        let apart = match (apart.pop(), &self.data) {
            (None, Some(directory)) => test_part(directory, &images, &classes)?,
            (apart, _) => apart.context("--test: no images are kept apart; give at least 1 per class")?,
        };
        Ok(Drawn { learned, apart })
    }

    fn classes_among(&self, images: &Images) -> Result<Vec<u8>> {
        let there = images.occurring();
        let Some(classes) = &self.classes else { return Ok(there) };
        if let Some(missing) = classes.iter().find(|class| !there.contains(class)) {
            let there: Vec<String> = there.iter().map(u8::to_string).collect();
            bail!("--classes: no image is of class {missing}; the classes are {}", there.join(", "));
        }
        Ok(classes.clone())
    }

    /// Images of each class to learn from, `held` of each being kept apart.
    fn counts(&self, images: &Images, classes: &[u8], held: usize) -> Result<Vec<usize>> {
        if let Some(counts) = &self.counts {
            ensure!(
                counts.len() == classes.len(),
                "--counts: {} given for {} classes; give one per class, in order",
                counts.len(),
                classes.len()
            );
            if let Some((class, _)) = classes.iter().zip(counts).find(|&(_, &count)| count == 0) {
                bail!(
                    "--counts: class {class} gets 0 images; give it at least 1, or leave it out with --classes"
                );
            }
            return Ok(counts.clone());
        }
        if let Some(rule) = &self.imbalance {
            let profile = parse_rule(rule)?;
            return profile.counts(classes.len()).with_context(|| format!("--imbalance {rule}"));
        }
        let there = images.counts_of(classes);
        classes.iter().zip(there).map(|(&class, there)| left(class, there, held)).collect()
    }
}

/// All images of the classes in the set's own test part.
fn test_part(directory: &Path, images: &Images, classes: &[u8]) -> Result<ImageSample> {
    let advice = "give --test N to keep training images apart instead";
    let place = || format!("--data {}, the part to test on ({advice})", directory.display());
    let test = read_images(directory, Part::Test).with_context(place)?;
    let (found, expected) = (test.shape(), images.shape());
    ensure!(
        found == expected,
        "{}: its images are {found}, those to learn from {expected}; {advice}",
        directory.display()
    );
    ImageSample::all(&test, classes).with_context(place)
}

/// Images of a class that are not kept apart.
fn left(class: u8, there: usize, held: usize) -> Result<usize> {
    match there.checked_sub(held) {
        None | Some(0) => {
            bail!(
                "--test {held}: class {class} has {there} images, which leaves none to learn from; keep fewer apart"
            )
        }
        Some(left) => Ok(left),
    }
}

fn parse_rule(text: &str) -> Result<ImbalanceProfile> {
    let number = |part: &str| {
        part.parse().with_context(|| format!("--imbalance {text}: {part:?} is not a whole number"))
    };
    let ratio =
        |part: &str| part.parse().with_context(|| format!("--imbalance {text}: {part:?} is not a number"));
    match text.split(':').collect::<Vec<_>>()[..] {
        ["exponential", largest, by] => {
            Ok(ImbalanceProfile::Exponential { largest: number(largest)?, ratio: ratio(by)? })
        }
        ["step", largest, by, minority] => Ok(ImbalanceProfile::Step {
            largest: number(largest)?,
            ratio: ratio(by)?,
            minority_classes: number(minority)?,
        }),
        _ => bail!("--imbalance {text}: give exponential:LARGEST:RATIO or step:LARGEST:RATIO:MINORITY"),
    }
}
