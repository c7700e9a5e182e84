//! Separable data have no finite solution: the proof, what gives the class away, and what a penalty does.

use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Every sample of class 1 has a dose above 4, no other has.
    let features =
        DMatrix::from_row_slice(2, 6, &[1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 30.0, 60.0, 45.0, 50.0, 35.0, 55.0]);
    let names = vec!["dose".to_owned(), "age".to_owned()];
    let labels = Labels::numbered(vec![0, 0, 0, 1, 1, 1], 2)?;
    let dataset = Dataset::new(features, names, labels)?;

    for l2 in [0.0, 1e-6, 1e-3, 1e-1] {
        let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, l2)?;
        match solve(&problem) {
            Outcome::Separable(proof) => {
                // Every margin along the direction was multiplied out in exact arithmetic.
                let sentence = proof.sentence(dataset.feature_names(), dataset.labels().class_names());
                let because = sentence.unwrap_or_else(|| "several features together".to_owned());
                println!("l2 = {l2}: no minimiser, {:?} separation: {because}", proof.kind);
            }
            Outcome::Stationary(point) => {
                // The smaller the penalty, the longer the coefficients: they are what the penalty makes them.
                println!("l2 = {l2}: coefficient of the dose {:+.3}", point.head.coefficients[0]);
            }
            Outcome::NotConverged { why, .. } => println!("l2 = {l2}: {why}"),
        }
    }
    Ok(())
}
