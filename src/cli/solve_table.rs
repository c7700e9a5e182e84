//! A solved problem as text for people.

use super::classification::{accuracies, confusion, test_table};
use super::output::{MAX_CLASSES_SHOWN, Style, columns, counted, counted_samples, numbers_right, short_name};
use super::{calibration, inference, separation, sweep};
use equipoise::loss::{FocalProbability, InrVariant, LossSpec, SmoothingWeights};
use equipoise::numeric::{Count, largest_magnitude, significant};
use equipoise::record::{
    End, HeadRows, OtherPointsRecord, PointRecord, RemainingBalanceRecord, SampleMeasures, SolveRecord,
    TestRecord,
};
use std::fmt::Write;

/// More coefficients are left to JSON.
const MAX_COEFFICIENTS_SHOWN: usize = 60;

/// The problem, the end of its search, and the measures or the advice.
pub(super) fn table(record: &SolveRecord, style: Style) -> String {
    let samples = Count(record.class_counts.iter().map(|count| count.0).sum());
    let rows = record.rows.map_or_else(String::new, |rows| format!(" ({})", counted(rows as u64, "row")));
    let sizes = [
        counted_samples(samples) + &rows,
        counted(record.features.len() as u64, "feature"),
        counted(record.classes.len() as u64, "class"),
    ];
    let swept = record.sweep.as_ref().map_or_else(String::new, |found| sweep::table(found, style));
    let mut text = format!("{swept}{}: {}, l2 {:?}\n", name(record), sizes.join(", "), record.l2);
    match &record.end {
        End::Stationary(measured) => text += &stationary(record, measured, style),
        End::Separable { separation: proof, advice } => {
            let _ = writeln!(text, "{}: {}", style.bad("separable"), separation::explained(proof));
            text += &separation::classes_apart(proof, &record.loss_plan);
            let _ = writeln!(text, "What to do: {advice}.\n");
            text += &head(record, "the head that separates", &proof.direction, proof.column_class.as_ref());
        }
        End::NotConverged { why, relative_gradient, advice, iterations, .. } => {
            let ended = format!(
                "{why} (relative gradient {} after {})",
                significant(*relative_gradient, 2),
                counted(*iterations, "iteration")
            );
            let _ = writeln!(text, "{}: {ended}\nWhat to do: {advice}.", style.bad("not converged"));
        }
    }
    text
}

/// The loss with its parameters, and with what is unusual about it.
fn name(record: &SolveRecord) -> String {
    let spec = &record.loss_plan;
    let numbers = spec.numbers();
    let numbers = numbers.iter().map(|(parameter, value)| format!(", {} {value:?}", parameter.name));
    let unusual = match spec {
        LossSpec::Inr { variant: InrVariant::Detached, .. } => ", detached",
        LossSpec::Focal { probability: FocalProbability::OfWeightedLoss, .. } => ", of the weighted loss",
        LossSpec::LabelSmoothing { weights: SmoothingWeights::Sample, .. } => ", samples weighted",
        _ => "",
    };
    format!("{}{}{unusual}", record.loss_name, numbers.collect::<String>())
}

fn stationary(record: &SolveRecord, measured: &PointRecord, style: Style) -> String {
    let recomputed = &measured.recomputed;
    let mut text = format!(
        "{} after {}, {} s\ngradient at the coefficients in full (--format json), in double-double arithmetic: largest entry {},\n\
         {} of its terms; {}\n",
        if measured.only_within_tolerance {
            "within the tolerance asked for, not stationary to rounding (separable data meet a tolerance too)"
                .to_owned()
        } else {
            style.good("stationary")
        },
        counted(measured.iterations, "iteration"),
        significant(record.seconds, 2),
        significant(recomputed.gradient_inf, 2),
        significant(recomputed.relative_gradient, 2),
        balance(record, measured)
    );
    if let Some(curvature) = measured.smallest_curvature {
        let kind =
            if curvature > 0.0 { "local minimum" } else { "stationary point that is no strict minimum" };
        let _ = writeln!(
            text,
            "{kind}: smallest Hessian eigenvalue {}, by coefficients and intercepts as printed",
            significant(curvature, 3)
        );
    }
    if let Some(continues) = measured.continues {
        let _ = writeln!(text, "which one: the stationary point that continues {continues}");
    }
    if let Some(others) = &measured.other_points {
        text += &explain_others(others);
    }
    let (loss, data_loss) = (significant(measured.loss, 8), significant(measured.data_loss, 8));
    let _ = writeln!(text, "loss {loss}, without penalty {data_loss}\n");
    if let Some(samples) = &measured.samples {
        text += &of_samples(record, samples, measured.test.as_ref(), style);
    }
    for errors in measured.standard_errors.iter().flatten() {
        text += &inference::table(errors, style);
        text += "\n";
    }
    let title = if measured.standardized.is_some() {
        "coefficients in the units of the file (the gradient and the penalty are those of standard units)"
    } else {
        "coefficients"
    };
    text + &head(record, title, &measured.head, None)
}

/// What the samples say, and others that the head was not solved over.
fn of_samples(
    record: &SolveRecord,
    samples: &SampleMeasures,
    test: Option<&TestRecord>,
    style: Style,
) -> String {
    let classes = record.classes.as_slice();
    let few = classes.len() <= MAX_CLASSES_SHOWN;
    let mut text = class_table(record, samples, style);
    if few {
        text += "\nmean predicted probability (row: true class, column: predicted)\n";
        text += &matrix(classes, classes, &samples.mean_probability, 4);
    }
    let _ = writeln!(text, "\n{}", accuracies(&samples.classification));
    if few {
        text += "confusion matrix (row: true class, column: predicted)\n";
        text += &confusion(&samples.classification, classes, style);
    }
    if let Some(test) = test {
        text += "\n";
        text += &test_table(test, classes, few, style);
    }
    text += "\n";
    text += &calibration::table(&samples.calibration, record.rows, few.then_some(classes), style);
    text + "\n"
}

/// How far outflow and inflow are from equal, and without intercepts what is left of that.
fn balance(record: &SolveRecord, measured: &PointRecord) -> String {
    let apart = significant(largest_magnitude(measured.recomputed.flows.iter().map(|flow| flow.residual)), 2);
    let Some(remaining) = measured.samples.as_ref().and_then(|samples| samples.remaining_balance.as_ref())
    else {
        return format!("outflow and inflow differ by {apart}");
    };
    let RemainingBalanceRecord::Along(found) = remaining else {
        let why = if record.conditioning.condition.is_none() {
            "with as many features as rows a constant combination of them is not looked for"
        } else {
            "no combination of features is constant"
        };
        return format!(
            "outflow and inflow differ by {apart}:\nthere is no intercept, and {why}, so nothing makes them equal (docs/theory.md#h1)"
        );
    };
    let off = significant(found.residual, 2);
    if record.l2 == 0.0 {
        return format!(
            "outflow and inflow differ by {off}:\nfeatures make up for the missing intercept (docs/theory.md#h1): {}",
            found.relation
        );
    }
    format!(
        "outflow and inflow differ by {apart},\n{off} without the penalty's term for the features that make up for the missing \
         intercept (docs/theory.md#h1): {}",
        found.relation
    )
}

/// What random starts led to besides the point reported.
fn explain_others(others: &OtherPointsRecord) -> String {
    let starts = counted(others.starts as u64, "random start");
    if others.found.is_empty() {
        return format!("others: {starts} found none\n");
    }
    let mut text = format!("others: some of {starts} ended elsewhere in these columns\n");
    for other in &others.found {
        let _ = writeln!(
            text,
            "  {}: loss {} by {}, from {}",
            short_name(&other.class),
            if other.loss_difference < 0.0 { "lower" } else { "higher" },
            significant(other.loss_difference.abs(), 3),
            counted(other.starts as u64, "start")
        );
    }
    text
}

fn class_table(record: &SolveRecord, samples: &SampleMeasures, style: Style) -> String {
    let header = ["class", "samples", "weight", "mean p", "shortfall", "outflow", "inflow", "residual"];
    let mut rows = vec![header.iter().map(|title| style.strong(title)).collect::<Vec<_>>()];
    for (class, line) in samples.ledger.iter().enumerate() {
        rows.push(vec![
            short_name(&line.class),
            record.class_counts[class].to_string(),
            significant(record.class_weights[class], 4),
            significant(samples.mean_probability[class][class], 4),
            significant(samples.shortfall[class], 4),
            significant(line.entry.outflow, 5),
            significant(line.entry.inflow, 5),
            significant(line.entry.residual, 2),
        ]);
    }
    columns(&rows, &numbers_right(header.len()))
}

/// One line per feature, so that wide heads stay readable; a single column is that of `column_class`, or of the second
/// class of a binary problem.
fn head(record: &SolveRecord, title: &str, head: &HeadRows, column_class: Option<&String>) -> String {
    let classes = match (column_class, head.coefficients.len()) {
        (Some(class), _) => std::slice::from_ref(class),
        (None, 1) => &record.classes[1..],
        (None, _) => record.classes.as_slice(),
    };
    let count = classes.len() * record.features.len();
    if count > MAX_COEFFICIENTS_SHOWN {
        return format!("{title}: {}, see --format json\n", counted(count as u64, "number"));
    }
    let mut names = record.features.clone();
    names.extend(record.intercept.then(|| "intercept".to_owned()));
    let of_feature = |feature: usize| -> Vec<f64> {
        let rows = head.coefficients.iter().zip(&head.intercepts);
        rows.map(|(row, intercept)| row.get(feature).copied().unwrap_or(*intercept)).collect()
    };
    let values: Vec<Vec<f64>> = (0..names.len()).map(of_feature).collect();
    format!("{title}\n{}", matrix(&names, classes, &values, 6))
}

fn matrix(row_names: &[String], column_names: &[String], values: &[Vec<f64>], digits: usize) -> String {
    let mut rows = vec![
        std::iter::once(String::new()).chain(column_names.iter().map(|name| short_name(name))).collect(),
    ];
    for (name, row) in row_names.iter().zip(values) {
        let numbers = row.iter().map(|&value| significant(value, digits));
        rows.push(std::iter::once(short_name(name)).chain(numbers).collect::<Vec<_>>());
    }
    columns(&rows, &numbers_right(column_names.len() + 1))
}
