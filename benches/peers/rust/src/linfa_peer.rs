//! linfa-logistic: L-BFGS on the sum of the losses, which knows no class weights; its problems are unweighted.

use crate::clock::Clock;
use crate::{Head, Samples};
use anyhow::{Result, bail};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::{LogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2};

/// Tolerances from the tightest: a line search that fails below what rounding allows is an error here, not an end.
const TOLERANCES: [f64; 6] = [1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0];
const MAX_ITERATIONS: u64 = 20_000;

fn dataset(samples: &Samples) -> Result<DatasetBase<Array2<f64>, Array1<u32>>> {
    let shape = (samples.labels.len(), samples.dimension);
    let features = Array2::from_shape_vec(shape, samples.features.clone())?;
    Ok(DatasetBase::new(features, Array1::from(samples.labels.clone())))
}

/// The tightest fit that does not end in an error; only its time counts.
fn tightest<M>(fit: impl Fn(f64) -> Option<M>) -> Result<M> {
    for tolerance in TOLERANCES {
        let clock = Clock::start();
        if let Some(model) = fit(tolerance) {
            clock.report();
            eprintln!("gradient tolerance {tolerance:e}");
            return Ok(model);
        }
    }
    bail!("every tolerance ends in an error")
}

pub fn binary(samples: &Samples, l2: f64) -> Result<Head> {
    let (data, sum) = (dataset(samples)?, samples.labels.len() as f64);
    let fit = |tolerance| {
        let model = LogisticRegression::default().alpha(l2 * sum).max_iterations(MAX_ITERATIONS);
        model.gradient_tolerance(tolerance).fit(&data).ok()
    };
    let model = tightest(fit)?;
    let sign = if model.labels().pos.class == 1 { 1.0 } else { -1.0 };
    Ok(Head {
        coefficients: model.params().iter().map(|w| sign * w).collect(),
        intercepts: vec![sign * model.intercept()],
    })
}

pub fn softmax(samples: &Samples, l2: f64) -> Result<Head> {
    let (data, sum) = (dataset(samples)?, samples.labels.len() as f64);
    let fit = |tolerance| {
        let model = MultiLogisticRegression::default().alpha(l2 * sum).max_iterations(MAX_ITERATIONS);
        model.gradient_tolerance(tolerance).fit(&data).ok()
    };
    let model = tightest(fit)?;
    // Its classes are in the order it met them.
    let place = |class: u32| model.classes().iter().position(|&met| met == class);
    let places: Vec<usize> = (0..samples.classes as u32).filter_map(place).collect();
    let coefficients = places.iter().flat_map(|&at| model.params().column(at).to_vec()).collect();
    Ok(Head { coefficients, intercepts: places.iter().map(|&at| model.intercept()[at]).collect() })
}
