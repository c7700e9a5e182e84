//! What class weights do: mean predicted probabilities, and their exact derivatives by every weight.

use equipoise::balance::{MeanProbability, WeightEffects};
use equipoise::data::{Covariance, Dataset, GaussianMixture};
use equipoise::loss::{ClassWeights, Link, LossSpec};
use equipoise::solver::{Problem, StationaryPoint, solve};
use nalgebra::DMatrix;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let means = DMatrix::from_column_slice(2, 3, &[0.0, 0.0, 1.5, 0.0, 0.0, 1.5]);
    let dataset =
        GaussianMixture::new(means, Covariance::Spherical(1.0), vec![300, 100, 20])?.sample(1, 0)?;

    let point = solved(&dataset, &[1.0, 1.0, 1.0])?;
    println!("unweighted, mean probability of the own class: {:.3?}", own(&point));
    // Inverse frequency, as `balanced` is in scikit-learn.
    let inverse = ClassWeights::Balanced.resolve(dataset.labels())?;
    println!("weights {inverse:.2?}: {:.3?}", own(&solved(&dataset, &inverse)?));

    // dP[k][k] / d log lambda_j, by implicit differentiation: nothing is solved again.
    let effects = WeightEffects::at(&point)?;
    println!("effect of 10% more weight on a class:");
    for (class, effect) in effects.of_weight.iter().enumerate() {
        let foreseen: Vec<f64> = effect.diagonal().iter().map(|rate| rate * 1.1_f64.ln()).collect();
        let mut weights = vec![1.0; 3];
        weights[class] = 1.1;
        let moved = own(&solved(&dataset, &weights)?);
        let found: Vec<f64> = moved.iter().zip(own(&point)).map(|(after, before)| after - before).collect();
        println!("  class {class}: foreseen {foreseen:+.4?}, solved again {found:+.4?}");
    }
    Ok(())
}

fn solved<'a>(dataset: &'a Dataset, weights: &[f64]) -> Result<StationaryPoint<'a>, Box<dyn Error>> {
    let weights = ClassWeights::Explicit(weights.to_vec());
    let problem = Problem::new(dataset, &LossSpec::Softmax, &weights, 0.0)?;
    solve(&problem).stationary().ok_or_else(|| "no stationary point".into())
}

/// The mean probability that each class's own samples give to it.
fn own(point: &StationaryPoint) -> Vec<f64> {
    let means = MeanProbability::of(Link::Softmax, &point.logits(), point.problem().targets());
    means.matrix.diagonal().iter().copied().collect()
}
