//! Times solving along three decades of samples, features and classes, and draws figures/F22-scaling.
//!
//!     cargo bench --bench scaling
//!     cargo bench --bench scaling -- --draw      only the figure, from figures/F22-scaling.json
//!
//! Every problem is solved in a process of its own, so that its peak memory is its own.

use anyhow::{Context, Result, bail, ensure};
use equipoise::analysis::scaling::{ScalingAxis, ScalingPoint, ScalingRecord, ScalingSeries};
use equipoise::data::{Dataset, Labels};
use equipoise::figure::scaling;
use equipoise::files::write_whole;
use equipoise::loss::{ClassWeights, InrVariant, LossSpec};
use equipoise::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gumbel, StandardNormal};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Where the measurements are kept, among the figures.
const RECORD: &str = "F22-scaling.json";
const L2: f64 = 1e-6;
const LOSSES: [&str; 3] = ["LGL", "SML", "LGL-INR"];
/// Sizes that are held while another grows.
const HELD: Shape = Shape { samples: 20_000, features: 20, classes: 3 };
/// Features while classes grow: with more, the ten samples that 2,000 classes have each would be separable.
const FEW_FEATURES: usize = 5;
/// Half decades of three.
const STEPS: i32 = 6;
/// Repetitions go on until this has passed, at least one and at most [`MAX_REPETITIONS`].
const PATIENCE: Duration = Duration::from_secs(2);
const MAX_REPETITIONS: usize = 15;

#[derive(Debug, Clone, Copy)]
struct Shape {
    samples: usize,
    features: usize,
    classes: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--one", loss, samples, features, classes] => {
            let shape =
                Shape { samples: samples.parse()?, features: features.parse()?, classes: classes.parse()? };
            one(loss, shape)
        }
        ["--draw", ..] => {
            draw_record(&serde_json::from_str(&std::fs::read_to_string(figures().join(RECORD))?)?)
        }
        _ => all(),
    }
}

fn figures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("figures")
}

fn all() -> Result<()> {
    let mut series = Vec::new();
    for axis in ScalingAxis::ALL {
        for loss in LOSSES {
            let points = (0..=STEPS).map(|step| point(loss, axis, step)).collect::<Result<_>>()?;
            series.push(ScalingSeries { loss: loss.to_owned(), axis, points });
        }
    }
    let record = ScalingRecord { machine: machine(), threads: rayon::current_num_threads(), series };
    write_whole(&figures().join(RECORD), (serde_json::to_string_pretty(&record)? + "\n").as_bytes())?;
    draw_record(&record)
}

fn draw_record(record: &ScalingRecord) -> Result<()> {
    let figure = scaling::draw(record)?;
    write_whole(&figures().join(format!("{}.svg", figure.file_stem)), figure.svg.as_bytes())?;
    println!("{}", figure.caption);
    Ok(())
}

/// The size at a half decade, with the sizes held.
fn grown(axis: ScalingAxis, step: i32) -> (usize, Shape) {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes are positive and far below 2^53"
    )]
    let from = |least: f64| (least * 10.0_f64.powf(f64::from(step) / 2.0)).round() as usize;
    match axis {
        ScalingAxis::Samples => (from(1e3), Shape { samples: from(1e3), ..HELD }),
        ScalingAxis::Features => (from(2.0), Shape { features: from(2.0), ..HELD }),
        ScalingAxis::Classes => (from(2.0), Shape { classes: from(2.0), features: FEW_FEATURES, ..HELD }),
    }
}

fn point(loss: &str, axis: ScalingAxis, step: i32) -> Result<ScalingPoint> {
    let (size, shape) = grown(axis, step);
    let sizes = [shape.samples, shape.features, shape.classes].map(|size| size.to_string());
    let output = Command::new(std::env::current_exe()?).args(["--one", loss]).args(&sizes).output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{loss} {sizes:?}: {}", String::from_utf8_lossy(&output.stderr));
    let numbers = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    let [seconds, memory, foreseen] = numbers[..] else { bail!("{loss} {sizes:?}: printed {text:?}") };
    eprintln!("{loss} {axis:?} {size}: {seconds:.4} s, {memory:.3e} of {foreseen:.3e} bytes");
    Ok(ScalingPoint { size, seconds, memory, foreseen })
}

/// Solves one problem and prints median seconds, memory beyond the data, and memory foreseen.
fn one(loss: &str, shape: Shape) -> Result<()> {
    let choice = match loss {
        "LGL" => LossSpec::Logistic,
        "SML" => LossSpec::Softmax,
        "LGL-INR" => LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached },
        _ => bail!("{loss}: one of {LOSSES:?}"),
    };
    let dataset = draw(shape)?;
    // The peak so far was that of drawing.
    std::fs::write("/proc/self/clear_refs", "5").context("the peak of memory cannot be reset")?;
    let before = memory("VmRSS:")?;
    let begun = Instant::now();
    let (mut seconds, mut foreseen) = (Vec::new(), 0.0);
    while seconds.is_empty() || (begun.elapsed() < PATIENCE && seconds.len() < MAX_REPETITIONS) {
        let clock = Instant::now();
        let problem = Problem::new(&dataset, &choice, &ClassWeights::Balanced, L2)?;
        foreseen = problem.memory() as f64;
        match solve(&problem) {
            Outcome::Stationary(_) => seconds.push(clock.elapsed().as_secs_f64()),
            other => bail!("{loss} {shape:?}: {other:?}"),
        }
    }
    seconds.sort_by(f64::total_cmp);
    println!("{} {} {foreseen}", seconds[seconds.len() / 2], memory("VmHWM:")? - before);
    Ok(())
}

/// Normal features and classes drawn from a softmax model of them; every class occurs.
fn draw(Shape { samples, features, classes }: Shape) -> Result<Dataset> {
    let mut random = ChaCha8Rng::seed_from_u64(22);
    let mut normal = |size: f64| -> f64 { size * Distribution::<f64>::sample(&StandardNormal, &mut random) };
    let x = DMatrix::from_fn(features, samples, |_, _| normal(1.0));
    let head = DMatrix::from_fn(classes, features, |_, _| normal(1.5 / (features as f64).sqrt()));
    let scores = &head * &x;
    let noise = Gumbel::new(0.0, 1.0)?;
    let mut random = ChaCha8Rng::seed_from_u64(23);
    let mut labels = Vec::with_capacity(samples);
    for sample in 0..samples {
        let noisy: Vec<f64> =
            scores.column(sample).iter().map(|score| score + noise.sample(&mut random)).collect();
        let best = (0..classes).max_by(|&a, &b| noisy[a].total_cmp(&noisy[b])).context("a class")?;
        // The first samples see to it that no class is empty.
        let class = if sample < classes { sample } else { best };
        labels.push(u32::try_from(class)?);
    }
    Ok(Dataset::unnamed(x, Labels::numbered(labels, classes)?)?)
}

/// A figure of the process's memory, in bytes.
fn memory(name: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("memory is read from /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such figure")?;
    Ok(1024.0 * line.trim().trim_end_matches("kB").trim().parse::<f64>()?)
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}
