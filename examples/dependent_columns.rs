//! Columns that determine each other: they are named, and the coefficients of least norm are returned.

use equipoise::data::{Dataset, Labels};
use equipoise::loss::{ClassWeights, LossSpec};
use equipoise::solver::{Problem, solve};
use nalgebra::DMatrix;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One row per feature, one column per sample. Both dummies of a factor are there, and a total beside its parts.
    #[rustfmt::skip]
    let features = DMatrix::from_row_slice(5, 8, &[
        1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0,
        0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0,
        2.0, 1.0, 4.0, 3.0, 5.0, 2.0, 3.0, 4.0,
        1.0, 3.0, 2.0, 2.0, 0.0, 4.0, 1.0, 2.0,
        3.0, 4.0, 6.0, 5.0, 5.0, 6.0, 4.0, 6.0,
    ]);
    let names = ["female", "male", "a", "b", "total"].map(str::to_owned).to_vec();
    let labels = Labels::numbered(vec![0, 1, 0, 0, 1, 1, 1, 0], 2)?;
    let dataset = Dataset::new(features, names, labels)?;
    let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;

    for dependence in &problem.conditioning().dependent_columns {
        println!("{} is determined by the others: {}", dependence.column, dependence.relation);
    }
    // Many coefficients give the same logits, so those of single columns mean nothing. Probabilities are unique.
    let point = solve(&problem).stationary().ok_or("no stationary point")?;
    for (name, coefficient) in dataset.feature_names().iter().zip(point.head.coefficients.iter()) {
        println!("{name:>6}  {coefficient:+.4}");
    }
    println!("gradient {:.1e}", point.recomputed().gradient_inf);
    Ok(())
}
