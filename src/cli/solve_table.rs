//! A solved problem as text for people.

use super::output::{Align, Style, columns};
use super::solve_record::{End, Measured, Separation, SolveRecord};
use crate::numeric::significant;
use crate::solver::SeparationKind;
use std::fmt::Write;

/// Larger matrices are left to JSON.
const MOST_CLASSES_SHOWN: usize = 12;
const MOST_COEFFICIENTS_SHOWN: usize = 80;

pub(super) fn table(record: &SolveRecord, style: Style) -> String {
    let samples: usize = record.class_counts.iter().sum();
    let shape =
        format!("{samples} samples, {} features, {} classes", record.features.len(), record.classes.len());
    let mut text = format!("{}: {shape}, l2 {}\n", name(record), significant(record.l2, 3));
    match &record.end {
        End::Stationary(measured) => text + &stationary(record, measured, style),
        End::Separable { separation, advice } => {
            let _ = writeln!(text, "{}: {}\n{advice}", style.bad("separable"), explain(separation));
            text
        }
        End::NotConverged { why, relative_gradient, advice, .. } => {
            let left = significant(*relative_gradient, 2);
            let _ =
                writeln!(text, "{}: {why} (relative gradient {left})\n{advice}", style.bad("not converged"));
            text
        }
    }
}

fn name(record: &SolveRecord) -> String {
    match (record.beta, record.detached) {
        (Some(beta), Some(true)) => format!("inr, beta {beta}, detached"),
        (Some(beta), _) => format!("inr, beta {beta}"),
        _ => record.loss_name.to_owned(),
    }
}

fn explain(separation: &Separation) -> String {
    let (count, classes) = (separation.separated_samples, separation.classes.join(", "));
    let side = separation
        .column_class
        .as_ref()
        .map_or_else(String::new, |class| format!(" class {class} against the rest;"));
    match separation.kind {
        SeparationKind::Complete => format!("{side} a linear head tells all {count} samples apart (classes {classes})"),
        SeparationKind::Quasi => format!(
            "{side} a linear head puts {count} samples of classes {classes} on their own side and no sample on the wrong one"
        ),
    }
    .trim_start()
    .to_owned()
}

fn stationary(record: &SolveRecord, measured: &Measured, style: Style) -> String {
    let mut text = format!(
        "{} after {} iterations, {} s: gradient {}, relative {}\n",
        style.good("stationary"),
        measured.iterations,
        significant(record.seconds, 2),
        significant(measured.gradient_inf, 2),
        significant(measured.relative_gradient, 2)
    );
    if let Some(curvature) = measured.smallest_curvature {
        let _ = writeln!(
            text,
            "local minimum: smallest Hessian eigenvalue {} (scaled features)",
            significant(curvature, 3)
        );
    }
    let _ = writeln!(
        text,
        "loss {}, without penalty {}\n",
        significant(measured.loss, 8),
        significant(measured.data_loss, 8)
    );
    text += &class_table(record, measured, style);
    if record.classes.len() <= MOST_CLASSES_SHOWN {
        text += "\nmean predicted probability (row: true class, column: predicted)\n";
        text += &matrix(&record.classes, &record.classes, &measured.mean_probability, 4);
    }
    let shown = measured.coefficients.len() * (record.features.len() + 1);
    if shown <= MOST_COEFFICIENTS_SHOWN {
        text += "\ncoefficients\n";
        text += &coefficients(record, measured);
    } else {
        let _ = writeln!(text, "\n{shown} coefficients: use --format json or --save");
    }
    text
}

fn class_table(record: &SolveRecord, measured: &Measured, style: Style) -> String {
    let header = ["class", "samples", "weight", "mean p", "shortfall", "outflow", "inflow", "residual"];
    let mut rows = vec![header.iter().map(|title| style.strong(title)).collect::<Vec<_>>()];
    for (class, line) in measured.ledger.iter().enumerate() {
        let own = measured.mean_probability[class][class];
        rows.push(vec![
            line.class.clone(),
            record.class_counts[class].to_string(),
            significant(record.class_weights[class], 4),
            significant(own, 4),
            significant(1.0 - own, 4),
            significant(line.entry.outflow, 5),
            significant(line.entry.inflow, 5),
            significant(line.entry.residual, 2),
        ]);
    }
    columns(&rows, &alignment(header.len()))
}

fn matrix(row_names: &[String], column_names: &[String], values: &[Vec<f64>], digits: usize) -> String {
    let mut rows = vec![[vec![String::new()], column_names.to_vec()].concat()];
    for (name, row) in row_names.iter().zip(values) {
        rows.push(
            [vec![name.clone()], row.iter().map(|&value| significant(value, digits)).collect()].concat(),
        );
    }
    columns(&rows, &alignment(column_names.len() + 1))
}

/// One row per feature, so that wide heads stay readable; the single row of a binary head speaks for its second class.
fn coefficients(record: &SolveRecord, measured: &Measured) -> String {
    let heads =
        if measured.coefficients.len() == 1 { &record.classes[1..] } else { record.classes.as_slice() };
    let names = [record.features.clone(), vec!["intercept".to_owned()]].concat();
    let by_feature = (0..names.len()).map(|feature| {
        let of_head = |(row, intercept): (&Vec<f64>, &f64)| row.get(feature).copied().unwrap_or(*intercept);
        measured.coefficients.iter().zip(&measured.intercepts).map(of_head).collect()
    });
    matrix(&names, heads, &by_feature.collect::<Vec<_>>(), 6)
}

/// First column left, numbers right.
fn alignment(count: usize) -> Vec<Align> {
    (0..count).map(|column| if column == 0 { Align::Left } else { Align::Right }).collect()
}
