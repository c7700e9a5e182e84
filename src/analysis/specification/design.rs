//! `[data]`: where the samples of a problem come from.

use super::TrainingSpec;
use super::either::list_or_rule;
use super::table_design::TableDesign;
use crate::balance::witness;
use crate::claims::{contrary_weight, contrary_weight_of_three, helping_weight, hindering_weight};
use crate::data::random::stream;
use crate::data::{
    Covariance, DataError, Dataset, GaussianMixture, GroupedDesign, ImageSample, Images, ImbalanceProfile,
    Labels, Part, PlacedGroups, Split, TabularSet, check_digits, class_means, digit_images, digits_subset,
    image_files, raw_binary_logits, raw_logits, read_images,
};
use nalgebra::DMatrix;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::path::{Path, PathBuf};

/// A design: each repetition draws from it anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Design {
    /// Normal classes around their means, the same variance in every direction.
    Gaussian {
        /// Where the class means lie.
        means: Means,
        /// Variance of a class in each direction.
        #[serde(default = "one")]
        variance: f64,
        /// Samples of each class.
        counts: ClassSizes,
        /// Shares of the samples of each class that are labelled as the next class, those of the last as class 0 (docs/theory.md#c2);
        /// fresh test samples have correct labels.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wrong_labels: Vec<f64>,
    },
    /// Saturated groups (docs/theory.md#i5): the samples of a group share their features.
    Groups {
        /// Samples of each group (rows) and class (columns).
        counts: Vec<Vec<usize>>,
    },
    /// Saturated groups over which the samples of each class are spread at random, at least one in each.
    RandomGroups {
        /// Number of groups.
        groups: usize,
        /// Samples of each class.
        counts: Vec<usize>,
    },
    /// Normal logits without features: only intercepts are solved for.
    Logits {
        /// Number of classes; two classes have one logit, for the binary logistic loss.
        classes: usize,
        /// Standard deviation of a logit.
        scale: f64,
        /// Samples of each class.
        counts: ClassSizes,
    },
    /// The embedded handwritten digits (8 x 8 pixels).
    Digits {
        /// Digits that are the classes, in order.
        #[serde(default = "all_digits")]
        classes: Vec<u8>,
        /// Images of each class (the rarest digit has 174).
        counts: ClassSizes,
    },
    /// Groups at points of a space: the samples of a group share their features, which a linear head cannot fit group by
    /// group.
    PlacedGroups {
        /// Where each group lies: a list of coordinates.
        points: Vec<Vec<f64>>,
        /// Samples of each group (rows) and class (columns).
        counts: Vec<Vec<usize>>,
    },
    /// docs/theory.md#w4: six groups on which more weight on the positives lowers their mean probability; the same in every
    /// repetition.
    ContraryWeight,
    /// docs/theory.md#w4 with three classes: more weight on class 1 lowers its own mean probability, under a penalty of 0.001.
    ContraryWeightOfThree,
    /// Three classes, of which more weight on class 0 raises the mean probability of class 1.
    HelpingWeight,
    /// As many samples of each class as in `helping_weight`, but more weight on class 0 lowers that of class 1.
    HinderingWeight,
    /// docs/theory.md#i6: saturated groups on which softmax outflows, under inverse-frequency weights, point where they are wanted.
    Witness {
        /// Samples of each class.
        counts: Vec<usize>,
        /// Outflows wanted, one per class, up to a common factor; none above the sum of the others.
        outflows: Vec<f64>,
    },
    /// Features that are free, as those of a large network nearly are (docs/theory.md#c1): solved for beside the coefficients of
    /// softmax, with the penalty on both; the same in every repetition.
    FreeFeatures {
        /// Samples of each class.
        counts: Vec<usize>,
    },
    /// An image set in files of the usual names: IDX (MNIST, Fashion-MNIST, KMNIST; plain or gzipped) or CIFAR binaries, or in
    /// an NPZ file laid out as those of `MedMNIST`.
    Images {
        /// The directory that holds it, or its NPZ file, relative to where the analysis file is.
        path: PathBuf,
        /// Which of its parts.
        #[serde(default)]
        part: Part,
        /// Numbers of the classes, in order; by default all that occur.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        classes: Vec<u8>,
        /// Images of each class.
        counts: ClassSizes,
    },
    /// One of the small tables embedded in the program; the same in every repetition, unless `[test]` keeps a share apart.
    /// Features are standardised by means and deviations of the samples that are solved on.
    Tabular {
        /// Which one.
        set: TabularSet,
    },
    /// A table (CSV, Parquet) or an archive of arrays; the same in every repetition, unless it is resampled or
    /// `[test]` keeps a share apart.
    #[serde(alias = "csv")]
    Table(TableDesign),
}

/// Samples of each class: a list, or a rule from the number of classes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ClassSizes {
    /// One number per class.
    Each(Vec<usize>),
    /// A shape of imbalance.
    Profile(ImbalanceProfile),
}

/// Where the means of normal classes lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Means {
    /// Every two of them equally far apart, in one dimension less than there are classes.
    Simplex {
        /// Number of classes.
        classes: usize,
        /// Distance of every two means.
        distance: f64,
    },
    /// Evenly on a circle in the plane.
    Ring {
        /// Number of classes.
        classes: usize,
        /// Radius of the circle.
        radius: f64,
    },
    /// Class 0 at the centre of a ring of the others (docs/theory.md#a4).
    RingAroundTarget {
        /// Classes on the ring.
        easy_classes: usize,
        /// Radius of the ring.
        radius: f64,
    },
    /// On a line, neighbours equally far apart.
    Line {
        /// Number of classes.
        classes: usize,
        /// Distance of neighbours.
        spacing: f64,
    },
    /// Class 0, a class that is hard to separate from it, and easy classes far off, each in a direction of its own (docs/theory.md#a3).
    HardAndEasy {
        /// Distance of class 1 from class 0.
        hard_distance: f64,
        /// Number of easy classes.
        easy_classes: usize,
        /// Distance of each easy class from class 0.
        easy_distance: f64,
    },
    /// Drawn from a normal distribution, anew in each repetition.
    Random {
        /// Number of classes.
        classes: usize,
        /// Number of features.
        dimension: usize,
        /// Standard deviation of the means in each direction.
        spread: f64,
    },
    /// Given one by one: a list of coordinates for each class.
    At(Vec<Vec<f64>>),
}

/// Which draw: the seed of the analysis and the number of the repetition. Every sweep point and series sees the same
/// draws, so that they are compared on the same ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// Seed of the analysis.
    pub seed: u64,
    /// Number of the repetition, from 0.
    pub repetition: u64,
}

/// Streams beside the samples' own: class means, class weights, trainings, and images held out.
const MEANS_STREAM: u64 = 1 << 62;
const WEIGHTS_STREAM: u64 = 1 << 63;
const TRAINING_STREAM: u64 = WEIGHTS_STREAM | MEANS_STREAM;
const HELD_OUT_STREAM: u64 = TRAINING_STREAM | 1 << 61;

impl Draw {
    /// The stream that random class means are drawn from.
    fn means(self) -> rand_chacha::ChaCha8Rng {
        stream(self.seed, MEANS_STREAM | self.repetition)
    }

    /// The seed that images are chosen by.
    fn images(self) -> u64 {
        stream(self.seed, self.repetition).random()
    }

    /// The seed of a network's parameters and of whatever its training draws.
    pub(in crate::analysis) fn training(self) -> u64 {
        stream(self.seed, TRAINING_STREAM | self.repetition).random()
    }

    /// The stream that held-out shares of images are drawn from.
    fn held_out(self) -> rand_chacha::ChaCha8Rng {
        stream(self.seed, HELD_OUT_STREAM | self.repetition)
    }

    /// The stream that random class weights are drawn from.
    pub(super) fn weights(self) -> rand_chacha::ChaCha8Rng {
        stream(self.seed, WEIGHTS_STREAM | self.repetition)
    }
}

fn one() -> f64 {
    1.0
}

fn all_digits() -> Vec<u8> {
    (0..10).collect()
}

impl<'de> Deserialize<'de> for ClassSizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected =
            "a list of class sizes, or a rule such as { exponential = { largest = 500, ratio = 100.0 } }";
        list_or_rule(deserializer, expected, Self::Each, Self::Profile)
    }
}

impl ClassSizes {
    /// Samples of each of `classes` classes.
    fn counts(&self, classes: usize) -> Result<Vec<usize>, DataError> {
        match self {
            Self::Each(counts) => ImbalanceProfile::Explicit(counts.clone()).counts(classes),
            Self::Profile(profile) => profile.counts(classes),
        }
    }
}

impl Means {
    fn place(&self, draw: Draw) -> Result<DMatrix<f64>, DataError> {
        match *self {
            Self::Simplex { classes, distance } => class_means::simplex(classes, distance),
            Self::Ring { classes, radius } => class_means::ring(classes, radius),
            Self::RingAroundTarget { easy_classes, radius } => {
                class_means::ring_around_target(easy_classes, radius)
            }
            Self::Line { classes, spacing } => class_means::line(classes, spacing),
            Self::HardAndEasy { hard_distance, easy_classes, easy_distance } => {
                class_means::hard_and_easy(hard_distance, easy_classes, easy_distance)
            }
            Self::Random { classes, dimension, spread } => {
                class_means::random(classes, dimension, spread, &mut draw.means())
            }
            Self::At(ref means) => explicit_means(means),
        }
    }
}

fn occurring_unless_given(images: &Images, classes: &[u8]) -> Vec<u8> {
    if classes.is_empty() { images.occurring() } else { classes.to_vec() }
}

fn explicit_means(means: &[Vec<f64>]) -> Result<DMatrix<f64>, DataError> {
    let dimension = means.first().map_or(0, Vec::len);
    if let Some(class) = means.iter().position(|mean| mean.len() != dimension) {
        return Err(DataError::invalid(
            format!("means, class {class}"),
            format!(
                "{} coordinates, but class 0 has {dimension}; give every class as many",
                means[class].len()
            ),
        ));
    }
    Ok(DMatrix::from_fn(dimension, means.len(), |coordinate, class| means[class][coordinate]))
}

/// Images drawn for a training.
pub struct DrawnImages {
    /// To learn from.
    pub learned_from: ImageSample,
    /// To choose a learning rate by; empty if none are held out.
    pub held_out: Option<ImageSample>,
    /// To test on; none if there are none.
    pub tested_on: Option<ImageSample>,
}

impl Design {
    /// The images of one draw, with some of each class held out and some kept apart to test on; with none of those, the
    /// set's own test part if it has one.
    ///
    /// # Errors
    /// As [`Self::sample`]; or the design is not of images, or a share is not between 0 and 1 or leaves a class without images.
    pub fn images(&self, draw: Draw, training: &TrainingSpec) -> Result<DrawnImages, DataError> {
        let &TrainingSpec { held_out, held_out_share, test, .. } = training;
        let (images, classes, counts, test_part) = match self {
            Self::Digits { classes, counts } => {
                check_digits(classes)?;
                (digit_images(), classes.clone(), counts, None)
            }
            Self::Images { path, part, classes, counts } => {
                let images = read_images(path, *part)?;
                let classes = occurring_unless_given(&images, classes);
                let test_part = if test == 0 { Some(read_images(path, Part::Test)?) } else { None };
                (images, classes, counts, test_part)
            }
            _ => return Err(DataError::invalid("data", "networks are trained on `digits` or `images`")),
        };
        let counts = counts.counts(classes.len())?;
        let apart: Vec<usize> = [held_out, test].into_iter().filter(|&count| count > 0).collect();
        let (learned_from, apart) = ImageSample::draw(&images, &classes, &counts, &apart, draw.images())?;
        let mut apart = apart.into_iter();
        let held_out = if held_out > 0 { apart.next() } else { None };
        let tested_on = match test_part {
            Some(images) => Some(ImageSample::all(&images, &classes)?),
            None => apart.next(),
        };
        match held_out_share {
            None => Ok(DrawnImages { learned_from, held_out, tested_on }),
            Some(share) => {
                let (learned_from, held_out) = split_images(&learned_from, share, draw)?;
                Ok(DrawnImages { learned_from, held_out: Some(held_out), tested_on })
            }
        }
    }

    /// The samples of one draw.
    ///
    /// # Errors
    /// The design is impossible: shapes disagree, a class has no sample, a variance is not positive, there are
    /// fewer images than asked for, or a file cannot be read.
    pub fn sample(&self, draw: Draw) -> Result<Dataset, DataError> {
        match self {
            Self::Gaussian { wrong_labels, .. } if !wrong_labels.is_empty() => {
                mislabelled(&self.once(draw)?, wrong_labels)
            }
            Self::Gaussian { .. } | Self::RandomGroups { .. } => self.once(draw),
            Self::Groups { counts } => GroupedDesign::new(counts.clone())?.dataset(),
            Self::Logits { classes, scale, counts } => match *counts.counts(*classes)? {
                [negatives, positives] => {
                    raw_binary_logits([negatives, positives], *scale, draw.seed, draw.repetition)
                }
                ref counts => raw_logits(counts, *scale, draw.seed, draw.repetition),
            },
            Self::Digits { classes, counts } => {
                digits_subset(classes, &counts.counts(classes.len())?, draw.images())
            }
            Self::PlacedGroups { points, counts } => {
                PlacedGroups::new(points.clone(), counts.clone())?.dataset()
            }
            Self::Witness { counts, outflows } => {
                let weights: Vec<f64> = counts.iter().map(|&count| 1.0 / count as f64).collect();
                let built = witness(counts, &weights, outflows);
                built.map_err(|why| DataError::invalid("witness", why.to_string()))?.dataset()
            }
            Self::FreeFeatures { counts } => free_classes(counts),
            Self::ContraryWeight => contrary_weight()?.dataset(),
            Self::ContraryWeightOfThree => contrary_weight_of_three()?.dataset(),
            Self::HelpingWeight => helping_weight()?.dataset(),
            Self::HinderingWeight => hindering_weight()?.dataset(),
            Self::Images { path, part, classes, counts } => {
                let images = read_images(path, *part)?;
                let classes = occurring_unless_given(&images, classes);
                images.subset(&classes, &counts.counts(classes.len())?, draw.images())
            }
            Self::Tabular { set } => Ok(set.dataset()),
            Self::Table(table) => Ok(table.read()?.dataset),
        }
    }

    /// One draw from the classes, with correct labels.
    fn once(&self, draw: Draw) -> Result<Dataset, DataError> {
        self.times(draw, 1, 0).unwrap_or_else(|| Err(DataError::invalid("data", "the design has no draws")))
    }

    /// `times` the samples of each class from the same classes, with streams marked by `mark`; `None` where a design has no
    /// draws from classes.
    pub(super) fn times(&self, draw: Draw, times: usize, mark: u64) -> Option<Result<Dataset, DataError>> {
        let scaled =
            |counts: Vec<usize>| counts.into_iter().map(|count| count.saturating_mul(times)).collect();
        let number = mark | draw.repetition;
        match self {
            Self::Gaussian { means, variance, counts, .. } => {
                let sample = || -> Result<Dataset, DataError> {
                    let means = means.place(draw)?;
                    let counts = scaled(counts.counts(means.ncols())?);
                    GaussianMixture::new(means, Covariance::Spherical(*variance), counts)?
                        .sample(draw.seed, number)
                };
                Some(sample())
            }
            Self::RandomGroups { groups, counts } => {
                let counts: Vec<usize> = scaled(counts.clone());
                let sample = || GroupedDesign::random(*groups, &counts, draw.seed, number)?.dataset();
                Some(sample())
            }
            _ => None,
        }
    }

    /// The table that samples are rows of, if they are.
    #[must_use]
    pub fn table(&self) -> Option<&TableDesign> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The file or directory the samples are read from, if they are.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Table(TableDesign { path, .. }) | Self::Images { path, .. } => Some(path),
            _ => None,
        }
    }

    /// All files the samples are read from.
    ///
    /// # Errors
    /// No image set is found at the path.
    pub fn files(&self) -> Result<Vec<PathBuf>, DataError> {
        match self {
            Self::Table(table) => Ok(vec![table.path.clone()]),
            Self::Images { path, part, .. } => image_files(path, *part),
            _ => Ok(Vec::new()),
        }
    }

    /// The files of the test part, where there is one.
    ///
    /// # Errors
    /// No image set with a test part is found at the path.
    pub fn test_files(&self) -> Result<Vec<PathBuf>, DataError> {
        match self {
            Self::Images { path, .. } => image_files(path, Part::Test),
            _ => Ok(Vec::new()),
        }
    }

    /// The same design with its file named in another way, such as from where the analysis file is.
    pub(super) fn rename_file(&mut self, name: impl Fn(&Path) -> PathBuf) {
        if let Self::Table(TableDesign { path, .. }) | Self::Images { path, .. } = self {
            *path = name(path);
        }
    }
}

/// A share of the images of each class, and the rest first.
fn split_images(
    images: &ImageSample,
    share: f64,
    draw: Draw,
) -> Result<(ImageSample, ImageSample), DataError> {
    let invalid = |problem: String| Err(DataError::invalid("training.held_out_share", problem));
    if !(share > 0.0 && share < 1.0) {
        return invalid(format!("{share}; give a number between 0 and 1"));
    }
    let labels = images.labels();
    if let Some(class) = labels.counts().iter().position(|&count| count < 2) {
        let name = &labels.class_names()[class];
        return invalid(format!("class {name} has one image; at least two are needed to hold one out"));
    }
    let Split { train, test } = Split::stratified(labels, share, &mut draw.held_out());
    Ok((images.some(&train), images.some(&test)))
}

/// The first samples of each class, a share of them, labelled as the next class. Draws are exchangeable, so that it does not matter which.
fn mislabelled(dataset: &Dataset, shares: &[f64]) -> Result<Dataset, DataError> {
    let labels = dataset.labels();
    let (classes, invalid) =
        (labels.classes(), |problem| DataError::invalid("data.gaussian.wrong_labels", problem));
    if shares.len() != classes {
        let problem = format!("{} of {classes} shares are given; give every class one", shares.len());
        return Err(invalid(problem));
    }
    if let Some(share) = shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        return Err(invalid(format!("{share}; give shares from 0 to 1")));
    }
    let mut indices = labels.class_indices().to_vec();
    for (class, (members, share)) in labels.members().into_iter().zip(shares).enumerate() {
        let next = u32::try_from((class + 1) % classes).unwrap_or(0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let wrong = (share * members.len() as f64).round() as usize;
        members.iter().take(wrong).for_each(|&sample| indices[sample] = next);
    }
    Dataset::unnamed(dataset.features().into_owned(), Labels::numbered(indices, classes)?)
}

/// A row for each class, which counts as often as the class has samples; the features are those that a search begins with.
fn free_classes(counts: &[usize]) -> Result<Dataset, DataError> {
    let counts = ImbalanceProfile::Explicit(counts.to_vec()).counts(counts.len())?;
    let classes = counts.len();
    let labels = Labels::numbered((0..).take(classes).collect(), classes)?;
    let labels = labels.with_weights(counts.iter().map(|&count| count as f64).collect())?;
    Dataset::unnamed(DMatrix::identity(classes, classes), labels)
}
