//! The solver's pieces on one thread beside what the machine can do: matrix products in both precisions, and reading
//! memory.
//!
//!     cargo bench --bench parts
//!
//! A Hessian counts `N D (D + 1)` operations for each column (its lower triangle), a softmax product `4 N D K`, and an
//! evaluation the bytes of the features.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, Loss, LossSpec};
use equipoise::solver::{Problem, SolverKernels};
use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, Mat, Par};
use nalgebra::DMatrix;
use std::hint::black_box;

/// Rows of the matrices whose product sets the peak.
const PEAK: usize = 2048;
/// Doubles whose reading sets the bandwidth: many times what caches hold.
const READ: usize = 1 << 26;

fn product_of<T: ComplexField + Copy>(criterion: &mut Criterion, name: &str, one: T) {
    let (a, b) = (Mat::from_fn(PEAK, PEAK, |_, _| one), Mat::from_fn(PEAK, PEAK, |_, _| one));
    let mut c = Mat::from_fn(PEAK, PEAK, |_, _| one);
    let mut group = criterion.benchmark_group("limits");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.throughput(Throughput::Elements(2 * (PEAK as u64).pow(3)));
    group.bench_function(name, |bencher| {
        bencher.iter(|| matmul(c.as_mut(), Accum::Replace, a.as_ref(), b.as_ref(), one, Par::Seq));
    });
    group.finish();
}

fn limits(criterion: &mut Criterion) {
    product_of(criterion, "product in double precision", 1.0_f64);
    product_of(criterion, "product in single precision", 1.0_f32);
    let numbers = vec![1.0_f64; READ];
    let mut group = criterion.benchmark_group("limits");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.throughput(Throughput::Bytes(8 * READ as u64));
    group.bench_function("reading memory", |bencher| bencher.iter(|| read(&numbers)));
    group.finish();
}

/// A sum in as many lanes as keep memory busy.
fn read(numbers: &[f64]) -> f64 {
    let mut lanes = [0.0; 64];
    for part in black_box(numbers).as_chunks::<64>().0 {
        lanes.iter_mut().zip(part).for_each(|(lane, number)| *lane += number);
    }
    lanes.iter().sum()
}

/// Features and labels that look random.
fn dataset(samples: usize, features: usize, classes: usize) -> Dataset {
    let wave = |sample: usize, feature: usize| {
        let wave = (12.9898 * sample as f64 + 78.233 * feature as f64).sin() * 43_758.545;
        wave - wave.floor() - 0.5
    };
    let x = DMatrix::from_fn(features, samples, |feature, sample| wave(sample, feature));
    let labels = (0..samples).map(|sample| u32::try_from(sample % classes).expect("few classes")).collect();
    Dataset::unnamed(x, Labels::numbered(labels, classes).expect("every class occurs")).expect("finite")
}

fn kernels(criterion: &mut Criterion) {
    for (name, choice, samples, features, classes) in [
        ("S1", LossSpec::Logistic, 100_000, 50, 2),
        ("S2", LossSpec::Softmax, 50_000, 64, 10),
        ("S3", LossSpec::Softmax, 50_000, 128, 100),
        ("S4", LossSpec::Logistic, 50_000, 64, 10),
        ("S5", LossSpec::Logistic, 1_000_000, 20, 2),
    ] {
        let dataset = dataset(samples, features, classes);
        let problem = Problem::new(&dataset, &choice, &ClassWeights::Balanced, 1e-8).expect("a problem");
        let kernels = SolverKernels::new(&problem);
        let (n, dimension, columns) =
            (samples as u64, features as u64 + 1, problem.loss().logit_rows() as u64);
        let mut group = criterion.benchmark_group(name);
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
        group.throughput(Throughput::Bytes(kernels.bytes()));
        group.bench_function("evaluation", |bencher| bencher.iter(|| kernels.evaluate()));
        if choice == LossSpec::Logistic {
            group.throughput(Throughput::Elements(n * dimension * (dimension + 1) * columns));
            for (precision, single) in [("single", true), ("double", false)] {
                let name = format!("Hessian in {precision} precision");
                group.bench_function(name, |bencher| bencher.iter(|| kernels.hessians(single)));
            }
        } else {
            group.throughput(Throughput::Elements(4 * n * dimension * columns));
            kernels.products(|product| {
                group.bench_function("Hessian product in single precision", |bencher| bencher.iter(product));
            });
        }
        group.finish();
    }
}

fn on_one_thread(criterion: &mut Criterion) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool before");
    limits(criterion);
    kernels(criterion);
}

criterion_group!(benches, on_one_thread);
criterion_main!(benches);
