//! Solves a problem that the peers' benchmark wrote to files, times it, and writes the head back.
//!
//! `contender DIRECTORY LOSS N D K L2`: `x.raw` holds `N x D` little-endian doubles, sample by sample, `y.raw` the `N`
//! classes as 32-bit integers; the coefficients and intercepts go to `head.raw`, the seconds to standard output.
//! `contender --path STEPS DIRECTORY LOSS N D K L2` solves that many problems whose weights go from equal to balanced.
//! `contender --mapped DIRECTORY LOSS L2 [TOLERANCE]` does the same with `x.npy` and `y.npy`, whose reading counts; to a
//! tolerance, the certificate counts too.
//! `contender --many COUNT N D K L2` solves that many small problems drawn with seeds 0, 1, ..

use anyhow::{Context, Result, bail};
use equipoise::data::{Dataset, Labels, SampleRequest};
use equipoise::loss::{ClassWeights, InrVariant, LossSpec};
use equipoise::solver::{
    Iteration, Outcome, Problem, SolverSettings, StationaryPoint, solve_path, solve_with,
};
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--many", count, n, d, k, l2] => {
            many(count.parse()?, n.parse()?, d.parse()?, k.parse()?, l2.parse()?)
        }
        ["--path", steps, directory, loss, n, d, k, l2] => {
            let data = read(Path::new(directory), n.parse()?, d.parse()?, k.parse()?)?;
            path(steps.parse()?, data, &choice_of(loss)?, l2.parse()?)
        }
        ["--mapped", directory, loss, l2] => mapped(Path::new(directory), loss, l2.parse()?, None),
        ["--mapped", directory, loss, l2, tolerance] => {
            mapped(Path::new(directory), loss, l2.parse()?, Some(tolerance.parse()?))
        }
        [directory, loss, n, d, k, l2] => {
            let directory = Path::new(directory);
            let (features, labels) = read(directory, n.parse()?, d.parse()?, k.parse()?)?;
            let clock = Clock::start();
            one(directory, &Dataset::unnamed(features, labels)?, (loss, l2.parse()?, None), &clock)
        }
        _ => bail!("contender DIRECTORY LOSS N D K L2, or contender --many COUNT N D K L2"),
    }
}

/// Solves over mapped files.
fn mapped(directory: &Path, loss: &str, l2: f64, tolerance: Option<f64>) -> Result<()> {
    let clock = Clock::start();
    let request = SampleRequest::of_label(&directory.join("y.npy").display().to_string());
    let dataset = request.read(&directory.join("x.npy"))?.dataset;
    one(directory, &dataset, (loss, l2, tolerance), &clock)
}

/// Features and labels that the benchmark wrote.
fn read(directory: &Path, n: usize, d: usize, k: usize) -> Result<(DMatrix<f64>, Labels)> {
    let read = |name: &str| std::fs::read(directory.join(name)).with_context(|| name.to_owned());
    let values: Vec<f64> =
        read("x.raw")?.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let classes = read("y.raw")?.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    Ok((DMatrix::from_vec(d, n, values), Labels::numbered(classes, k)?))
}

fn choice_of(loss: &str) -> Result<LossSpec> {
    Ok(match loss {
        "softmax" => LossSpec::Softmax,
        "logistic" => LossSpec::Logistic,
        "inr" => LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached },
        "inr-detached" => LossSpec::Inr { beta: 5.0, variant: InrVariant::Detached },
        _ => bail!("{loss}: softmax, logistic, inr or inr-detached"),
    })
}

/// Class weights `N_c^-t` for `t` from 0 to 1, scaled to a mean of 1 over samples.
fn path(steps: usize, (features, labels): (DMatrix<f64>, Labels), choice: &LossSpec, l2: f64) -> Result<()> {
    let weights_at = |step: usize| {
        let t = step as f64 / (steps - 1).max(1) as f64;
        let powers = labels.counts().iter().map(|&count| (count as f64).powf(-t));
        let mass: f64 = powers.clone().zip(labels.counts()).map(|(power, &count)| power * count as f64).sum();
        ClassWeights::Explicit(powers.map(|power| power * labels.samples() as f64 / mass).collect())
    };
    let weights: Vec<ClassWeights> = (0..steps).map(weights_at).collect();
    let clock = Clock::start();
    let dataset = Dataset::unnamed(features, labels)?;
    let problems = weights.iter().map(|weights| Problem::new(&dataset, choice, weights, l2));
    let outcomes = solve_path(&problems.collect::<Result<Vec<_>, _>>()?);
    clock.report();
    let mut largest: f64 = 0.0;
    for outcome in outcomes {
        let Outcome::Stationary(point) = outcome else { bail!("{outcome:?}") };
        largest = largest.max(point.recomputed().gradient_inf);
    }
    println!("{largest:e}");
    Ok(())
}

/// Solves, reports the time since the clock's start, and writes the head.
fn one(
    directory: &Path,
    dataset: &Dataset,
    (loss, l2, tolerance): (&str, f64, Option<f64>),
    clock: &Clock,
) -> Result<()> {
    let point = stationary(dataset, &choice_of(loss)?, l2, tolerance.unwrap_or(0.0))?;
    if tolerance.is_some() {
        let _certificate = point.recomputed();
    }
    clock.report();
    let intercepts = point.head.intercepts.iter();
    let head: Vec<u8> =
        point.head.coefficients.transpose().iter().chain(intercepts).flat_map(|w| w.to_le_bytes()).collect();
    std::fs::write(directory.join("head.raw"), head)?;
    Ok(())
}

/// Softmax over `k` unit normals in `d` dimensions whose centres are a unit normal each.
fn many(count: u64, n: usize, d: usize, k: usize, l2: f64) -> Result<()> {
    let draw = |seed: u64| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        let centres = DMatrix::from_fn(d, k, |_, _| normal());
        let features = DMatrix::from_fn(d, n, |feature, sample| centres[(feature, sample % k)] + normal());
        let labels = (0..n).map(|sample| u32::try_from(sample % k)).collect::<Result<_, _>>()?;
        Ok(Dataset::unnamed(features, Labels::numbered(labels, k)?)?)
    };
    let datasets: Vec<Dataset> = (0..count).map(draw).collect::<Result<_>>()?;
    let clock = Clock::start();
    let losses: f64 = datasets
        .par_iter()
        .map(|dataset| Ok(stationary(dataset, &LossSpec::Softmax, l2, 0.0)?.loss))
        .collect::<Result<Vec<f64>>>()?
        .iter()
        .sum();
    clock.report();
    println!("{losses}");
    Ok(())
}

fn stationary<'a>(
    dataset: &'a Dataset,
    choice: &LossSpec,
    l2: f64,
    tolerance: f64,
) -> Result<StationaryPoint<'a>> {
    let problem = Problem::new(dataset, choice, &ClassWeights::Balanced, l2)?;
    let settings = SolverSettings { tolerance, ..SolverSettings::default() };
    let mut report = |step: &Iteration| {
        if std::env::var_os("CONTENDER_STEPS").is_some() {
            eprintln!("{} {:.9} {:.1e} {:.1}", step.number, step.loss, step.relative_gradient, step.seconds);
        }
        ControlFlow::Continue(())
    };
    match solve_with(&problem, &settings, &mut report)? {
        Outcome::Stationary(point) => Ok(*point),
        other => bail!("{other:?}"),
    }
}

/// Wall and processor time of a stretch of work.
struct Clock {
    wall: Instant,
    processor: f64,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: processor_seconds() }
    }

    /// Prints both, processor time first.
    fn report(&self) {
        println!("{} {}", processor_seconds() - self.processor, self.wall.elapsed().as_secs_f64());
    }
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
