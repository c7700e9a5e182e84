//! Solves a data set and reads the certificate: how small the gradient is, and what each class gives and gets.

use equipoise::data::{Covariance, GaussianMixture};
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::solver::{Outcome, Problem, SolverSettings, solve};
use nalgebra::DMatrix;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Three classes that overlap. Each column of `means` is the mean of a class.
    let means = DMatrix::from_column_slice(2, 3, &[0.0, 0.0, 1.5, 0.0, 0.0, 1.5]);
    let dataset =
        GaussianMixture::new(means, Covariance::Spherical(1.0), vec![300, 100, 20])?.sample(1, 0)?;
    let problem = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::None, 0.0)?;

    // `confirmed` computes the gradient again, in double-double arithmetic, at the numbers that are returned.
    match solve(&problem).confirmed(&SolverSettings::default()) {
        Outcome::Stationary(point) => {
            println!("loss {:.6} after {} iterations", point.loss, point.certificate.iterations);
            let certificate = point.recomputed();
            println!("largest entry of the gradient: {:.1e}", certificate.gradient_inf);
            // The intercept's gradient vanishes, so what a class's own samples do not give to it, others give it.
            println!("class  outflow   inflow");
            for (class, flow) in certificate.flows.iter().enumerate() {
                println!("{class:>5}  {:>7.4}  {:>7.4}", flow.outflow, flow.inflow);
            }
        }
        Outcome::Separable(proof) => println!("no minimiser: {} samples separate", proof.separated_samples),
        Outcome::NotConverged { why, .. } => println!("not converged: {why}"),
    }
    Ok(())
}
