//! What options say about network, steps and images.

use anyhow::{Context, Result, bail, ensure};
use equipoise::analysis::read_toml;
use equipoise::cnn::{Architecture, LayerPlan, Optimizer, Recipe, Schedule};
use equipoise::data::{
    ImageSample, Images, ImbalanceProfile, Part, check_files_whole, digit_images, read_images,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The options of the network and its training; the defaults are those of [`Recipe::default`].
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Network and steps")]
pub(super) struct RecipeArguments {
    /// small (two convolutions of 8 and 16 channels, 32 features), lenet (32 and 64 channels, 256 features), vgg (six
    /// convolutions of 32 to 128 channels, 128 features), or a TOML file with a list of layers
    #[arg(long, default_value = "small", value_name = "small|lenet|vgg|FILE.toml")]
    network: String,
    /// Epochs: how often every image is seen
    #[arg(long, default_value_t = Recipe::default().epochs, value_name = "N")]
    epochs: usize,
    /// Batch size: images in a step
    #[arg(long, default_value_t = Recipe::default().batch, value_name = "N")]
    batch: usize,
    /// Optimizer; adam and adamw need a --rate of about 0.001
    #[arg(long, value_enum, default_value_t = OptimizerName::Sgd)]
    optimizer: OptimizerName,
    /// Momentum of sgd, from 0 to below 1 [default: 0.9]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    momentum: Option<f64>,
    /// Initial learning rate
    #[arg(long, default_value_t = Recipe::default().rate, value_name = "X", allow_hyphen_values = true)]
    rate: f64,
    /// Schedule of the learning rate: constant, cosine (to zero at the end), step:EVERY:FACTOR (times FACTOR every so many
    /// epochs), or plateau:WINDOW:FALL:FACTOR:CUTS (times FACTOR when the mean loss of WINDOW epochs is lower than that of the WINDOW
    /// epochs before by at most FALL times what it has fallen since the first epoch; ends training after the last of CUTS)
    #[arg(long, default_value = "cosine", value_name = "SCHEDULE")]
    schedule: String,
    /// mu of the penalty mu/2 ||w||^2 on all parameters but the last layer's bias
    #[arg(long, default_value_t = Recipe::default().decay, value_name = "MU", allow_hyphen_values = true)]
    decay: f64,
    /// Let the last layer's bias decay too, which moves the balance by `mu b_k`
    #[arg(long)]
    decay_bias: bool,
    /// Mirror every second image left to right, drawn anew in every epoch
    #[arg(long)]
    flips: bool,
    /// Move images by up to so many rows and columns, anew in every epoch
    #[arg(long, default_value_t = Recipe::default().shifts, value_name = "N")]
    shifts: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OptimizerName {
    Sgd,
    Adam,
    Adamw,
}

/// What a file of layers holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkFile {
    layers: Vec<LayerPlan>,
}

/// A file of layers larger than this is something else.
const LARGEST_FILE: u64 = 1 << 20;

impl RecipeArguments {
    /// What the network is called.
    pub(super) fn network_name(&self) -> &str {
        &self.network
    }

    /// The recipe; the library checks its numbers.
    pub(super) fn recipe(&self) -> Result<Recipe> {
        ensure!(
            self.momentum.is_none() || self.optimizer == OptimizerName::Sgd,
            "--momentum: goes with --optimizer sgd only"
        );
        Ok(Recipe {
            network: architecture(&self.network)?,
            epochs: self.epochs,
            batch: self.batch,
            optimizer: match self.optimizer {
                OptimizerName::Sgd => {
                    self.momentum.map_or_else(Optimizer::default, |momentum| Optimizer::Sgd { momentum })
                }
                OptimizerName::Adam => Optimizer::Adam,
                OptimizerName::Adamw => Optimizer::Adamw,
            },
            rate: self.rate,
            schedule: schedule(&self.schedule)?,
            decay: self.decay,
            decay_head_bias: self.decay_bias,
            flips: self.flips,
            shifts: self.shifts,
        })
    }
}

fn architecture(name: &str) -> Result<Architecture> {
    match name {
        "small" => Ok(Architecture::Small),
        "lenet" => Ok(Architecture::Lenet),
        "vgg" => Ok(Architecture::Vgg),
        file if Path::new(file)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) =>
        {
            read_layers(Path::new(file)).with_context(|| format!("--network {file}"))
        }
        other => bail!("--network {other}: give small, lenet, vgg, or a file that ends in .toml"),
    }
}

fn read_layers(file: &Path) -> Result<Architecture> {
    let found = std::fs::metadata(file).context("cannot be read")?;
    ensure!(found.is_file(), "is not a regular file");
    ensure!(found.len() <= LARGEST_FILE, "{} bytes are too many for a list of layers", found.len());
    let text = std::fs::read_to_string(file).context("cannot be read")?;
    match read_toml::<NetworkFile>(&text) {
        Ok(NetworkFile { layers }) => Ok(Architecture::Layers(layers)),
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| 1 + before.matches('\n').count());
            bail!(
                "line {line}: {}; give layers = [{{ convolution = {{ channels = 8, kernel = 3 }} }}, \"relu\", \
                 {{ max_pool = 2 }}, {{ linear = 32 }}]",
                error.message()
            )
        }
    }
}

fn schedule(text: &str) -> Result<Schedule> {
    match text.split(':').collect::<Vec<_>>()[..] {
        ["constant"] => Ok(Schedule::Constant),
        ["cosine"] => Ok(Schedule::Cosine),
        ["step", every, factor] => {
            let every = every
                .parse()
                .with_context(|| format!("--schedule {text}: {every:?} is no whole number of epochs"))?;
            let factor =
                factor.parse().with_context(|| format!("--schedule {text}: {factor:?} is not a number"))?;
            Ok(Schedule::Step { every, factor })
        }
        ["plateau", window, fall, factor, cuts] => {
            let whole = |number: &str| {
                number.parse().with_context(|| format!("--schedule {text}: {number:?} is no whole number"))
            };
            let decimal = |number: &str| {
                number.parse().with_context(|| format!("--schedule {text}: {number:?} is not a number"))
            };
            let (window, cuts) = (whole(window)?, whole(cuts)?);
            Ok(Schedule::Plateau { window, fall: decimal(fall)?, factor: decimal(factor)?, cuts })
        }
        _ => bail!(
            "--schedule {text}: give constant, cosine, step:EVERY:FACTOR such as step:10:0.1, or \
             plateau:WINDOW:FALL:FACTOR:CUTS such as plateau:3:0.01:0.1:1"
        ),
    }
}

/// Images of each digit kept apart where nothing else is asked for.
const DIGITS_APART: usize = 40;

/// The options about images.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Images")]
pub(super) struct ImageArguments {
    /// Directory of an image set: IDX files (MNIST, Fashion-MNIST, KMNIST; plain or gzipped) or CIFAR-10 or CIFAR-100 binaries
    /// by their usual names; or an NPZ file that holds `x_train`, `y_train`, `x_test` and `y_test` [default: the 1,797
    /// embedded digits]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Classes to train on, by number; of two, the second is the positive one [default: all that occur]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    classes: Option<Vec<u8>>,
    /// Training images of each class [default: all but the test images]
    #[arg(long, value_name = "N,N,..", value_delimiter = ',', conflicts_with = "imbalance")]
    counts: Option<Vec<usize>>,
    /// A rule for the counts: exponential:LARGEST:RATIO (a long tail), or step:LARGEST:RATIO:MINORITY (the last so many classes
    /// have fewer)
    #[arg(long, value_name = "RULE")]
    imbalance: Option<String>,
    /// Test images of each class [default: the test part of --data; 40 of each digit]
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
        check_files_whole()?;
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
