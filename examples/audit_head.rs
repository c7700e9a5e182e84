//! Audits a model that was stopped too early: its logits and labels are enough.

use equipoise::audit::{AuditInput, ReadOptions, Reduction, audit, findings, recalibrate};
use equipoise::data::{Covariance, GaussianMixture};
use equipoise::loss::{ClassWeights, Loss, LossSpec, Softmax, Targets};
use nalgebra::DMatrix;
use std::fmt::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let means = DMatrix::from_column_slice(2, 3, &[0.0, 0.0, 1.5, 0.0, 0.0, 1.5]);
    let dataset =
        GaussianMixture::new(means, Covariance::Spherical(1.0), vec![300, 100, 20])?.sample(1, 0)?;
    let weights = ClassWeights::Explicit(vec![1.0, 1.0, 5.0]);

    // Somebody's training: 30 steps of gradient descent.
    let targets = Targets::new(dataset.labels(), &weights)?;
    let (loss, features) = (Softmax::new(&targets), dataset.features());
    let (mut coefficients, mut intercepts) = (DMatrix::zeros(3, 2), DMatrix::zeros(3, 1));
    let mut logits = DMatrix::zeros(3, targets.samples());
    let mut gradient = logits.clone();
    for _ in 0..30 {
        loss.value_and_gradient(&logits, &targets, &mut gradient);
        coefficients -= 0.5 * &gradient * features.transpose();
        intercepts -= 0.5 * DMatrix::from_column_slice(3, 1, gradient.column_sum().as_slice());
        logits = &coefficients * &*features;
        logits.column_iter_mut().for_each(|mut column| column += intercepts.column(0));
    }

    // What an audit reads: one column of logits per class, and the labels. Files (NPZ, CSV, ..) go to `AuditInput::read`.
    let mut table = "label,a,b,c\n".to_owned();
    for (z, &label) in logits.column_iter().zip(targets.class_indices()) {
        writeln!(table, "{},{},{},{}", ["a", "b", "c"][label as usize], z[0], z[1], z[2])?;
    }
    let input = AuditInput::of_bytes(table.into_bytes(), "logits", &ReadOptions::default())?;
    let mut record = audit(&input, "softmax", &LossSpec::Softmax, &weights, (Reduction::WeightedMean, 0.01))?;
    // The intercepts that balance every class, the coefficients left as they are.
    record.recalibrated = Some(recalibrate(&input, &LossSpec::Softmax, &weights, 0.01)?);
    for finding in findings(&record) {
        println!("* {finding}");
    }
    Ok(())
}
