//! Finds class weights for a purpose: every class falls equally short of probability one.

use equipoise::balance::{DesignError, WeightTarget, design_weights};
use equipoise::data::{Covariance, GaussianMixture};
use equipoise::loss::LossSpec;
use nalgebra::DMatrix;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let means = DMatrix::from_column_slice(2, 3, &[0.0, 0.0, 1.5, 0.0, 0.0, 1.5]);
    let dataset =
        GaussianMixture::new(means, Covariance::Spherical(1.0), vec![300, 100, 20])?.sample(1, 0)?;

    let design = design_weights(&dataset, &LossSpec::Softmax, 1e-3, &WeightTarget::equal_shortfall(3))?;
    // The search begins at inverse frequencies, which equalise shortfalls for two classes only.
    println!("step  class weights         shortfall of each class");
    for (number, step) in design.path.iter().enumerate() {
        println!("{number:>4}  {:.3?}  {:.4?}", step.class_weights, step.shortfall);
    }

    // Not every target can be met. The error says which inequality forbids it.
    let target = WeightTarget::Shortfall(vec![1.0, 1.0, 1e6]);
    match design_weights(&dataset, &LossSpec::Softmax, 1e-3, &target) {
        Ok(design) => println!("met by {:?}", design.reached.class_weights),
        Err(error @ DesignError::Target(_)) => return Err(error.into()),
        Err(error) => println!("shortfalls of 1 : 1 : 1,000,000: {error}"),
    }
    Ok(())
}
