//! Trains the networks that the benchmark trains with `PyTorch` too, for their losses or for their time.
//!
//! `cnn_contender losses DIRECTORY NETWORK LOSS IMAGES` trains one epoch, 50 steps, on some of the images in the
//! directory IMAGES, and leaves in DIRECTORY what another program needs to do the same: `start.safetensors` (the
//! parameters before the first step, the plan as metadata), `images.raw` (little-endian floats as the network is given
//! them, in the order of the steps, channels last), `labels.raw` (32-bit integers), and the loss of each step in
//! `losses.raw` (doubles).
//! `cnn_contender speed NETWORK STEPS` trains on random images and prints processor seconds, wall seconds, images, and
//! the most memory (KiB) that was resident before the first step and in all.

use anyhow::{Context, Result, bail, ensure};
use equipoise::cnn::{Architecture, Optimizer, Recipe, Schedule, Training, TrainingPlan};
use equipoise::data::random::stream;
use equipoise::data::{ImageSample, ImageShape, Images, Part, read_images};
use equipoise::loss::{ClassWeights, FocalProbability, InrVariant, LossSpec};
use rand::Rng;
use rand::seq::SliceRandom;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["losses", directory, network, loss, images] => {
            losses(Path::new(directory), architecture(network)?, loss, Path::new(images))
        }
        ["speed", network, steps] => speed(&architecture(network)?, steps.parse()?),
        _ => {
            bail!("cnn_contender losses DIRECTORY NETWORK LOSS IMAGES, or cnn_contender speed NETWORK STEPS")
        }
    }
}

fn architecture(network: &str) -> Result<Architecture> {
    Ok(match network {
        "lenet" => Architecture::Lenet,
        "vgg" => Architecture::Vgg,
        _ => bail!("{network}: lenet or vgg"),
    })
}

/// A loss and its class weights; some weights have another mean than 1, by which the weighted mean must divide.
fn loss_of(name: &str) -> Result<(LossSpec, ClassWeights)> {
    let effective = ClassWeights::EffectiveNumber(0.999);
    Ok(match name {
        "logistic" => (LossSpec::Logistic, effective),
        "softmax" => (LossSpec::Softmax, ClassWeights::Balanced),
        "inr" => (LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached }, ClassWeights::None),
        "focal" => (LossSpec::Focal { gamma: 2.0, probability: FocalProbability::Plain }, effective),
        "logit-adjusted" => (LossSpec::LogitAdjusted { strength: 1.0 }, ClassWeights::None),
        _ => bail!("{name}: logistic, softmax, inr, focal or logit-adjusted"),
    })
}

/// Images of each class: 50 batches of 64, the last one smaller; of the rarest classes many batches have none.
const COUNTS: [usize; 10] = [1000, 700, 480, 340, 240, 160, 110, 70, 45, 25];

/// Random draws: which images, their order, the parameters, the pixels of images of no meaning.
const SEED: u64 = 20;

fn losses(directory: &Path, network: Architecture, loss: &str, images: &Path) -> Result<()> {
    let images = read_images(images, Part::Train)?;
    let classes: Vec<u8> = (0..10).collect();
    let (sample, _) = ImageSample::draw(&images, &classes, &COUNTS, &[], SEED)?;
    let (loss, weights) = loss_of(loss)?;
    // Small steps: at ten times this rate, rounding alone moves losses by up to 1 % within 50 steps (PyTorch's in single
    // precision from its own in double). A decay strong enough to be seen, and on what it acts.
    // LGL-INR sums over classes where the others take a mean: its gradient is larger by their number, and its steps are to be
    // as small (at the common rate one order of sums grows 1.4e-5 away from another within 50 steps).
    let rate = if matches!(loss, LossSpec::Inr { .. }) { 1e-4 } else { 1e-3 };
    let recipe = Recipe { network, epochs: 1, batch: 64, rate, decay: 0.1, ..Recipe::default() };
    let batch = recipe.batch;
    let mut training = Training::new(TrainingPlan::new(recipe, loss, &weights, &sample, SEED)?, &sample)?;
    training.save(&directory.join("start.safetensors"), &())?;

    let mut order: Vec<usize> = (0..sample.labels().samples()).collect();
    order.shuffle(&mut stream(SEED, 0));
    let mut pixels = vec![0.0_f32; order.len() * training.pictures().shape().values()];
    training.pictures().fill(&order, &mut pixels);
    let labels = order.iter().map(|&place| sample.labels().class_indices()[place]);
    let losses = order.chunks(batch).map(|batch| training.step(batch)).collect::<Result<Vec<_>, _>>()?;

    let write =
        |name: &str, bytes: Vec<u8>| std::fs::write(directory.join(name), bytes).context(name.to_owned());
    write("images.raw", pixels.iter().flat_map(|value| value.to_le_bytes()).collect())?;
    write("labels.raw", labels.flat_map(u32::to_le_bytes).collect())?;
    write("losses.raw", losses.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// Images in a step, steps before the clock starts, and steps after which images come again.
const BATCH: usize = 128;
const WARM_UP: usize = 3;
const DIFFERENT: usize = 10;

fn speed(network: &Architecture, steps: usize) -> Result<()> {
    let shape = match network {
        Architecture::Vgg => ImageShape { channels: 3, height: 32, width: 32 },
        _ => ImageShape { channels: 1, height: 28, width: 28 },
    };
    let count = BATCH * DIFFERENT;
    let mut pixels = vec![0; count * shape.values()];
    stream(SEED, 1).fill_bytes(&mut pixels);
    let classes: Vec<u8> = (0..10).collect();
    let of_image = classes.iter().copied().cycle().take(count).collect();
    let sample = ImageSample::all(&Arc::new(Images::new(shape, pixels, of_image)?), &classes)?;
    let recipe = Recipe {
        network: network.clone(),
        batch: BATCH,
        optimizer: Optimizer::Sgd { momentum: 0.9 },
        schedule: Schedule::Constant,
        rate: 0.01,
        ..Recipe::default()
    };
    let plan = TrainingPlan::new(recipe, LossSpec::Softmax, &ClassWeights::None, &sample, SEED)?;
    let mut training = Training::new(plan, &sample)?;
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut stream(SEED, 0));
    let mut batches = order.chunks(BATCH).cycle();
    let at_first = peak_resident()?;
    for batch in batches.by_ref().take(WARM_UP) {
        training.step(batch)?;
    }
    let (wall, processor) = (Instant::now(), processor_seconds());
    for batch in batches.take(steps) {
        ensure!(training.step(batch)?.is_finite(), "the loss is no longer finite");
    }
    let (processor, wall) = (processor_seconds() - processor, wall.elapsed().as_secs_f64());
    println!("{processor} {wall} {} {at_first} {}", steps * BATCH, peak_resident()?);
    Ok(())
}

/// The most memory that was resident so far, in KiB.
fn peak_resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()).context("no VmHWM")?;
    Ok(kibibytes.parse()?)
}

/// Processor seconds of all threads so far, from the kernel's nanosecond counters.
fn processor_seconds() -> f64 {
    let of_thread = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    };
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    tasks.flatten().filter_map(of_thread).sum::<f64>() / 1e9
}
