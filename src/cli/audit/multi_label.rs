//! `audit --multi-label`: labels of which a sample may have several.

use super::{AuditArguments, AuditFormat, MissingLabels, ReductionName};
use crate::cli::Ending;
use crate::cli::data_arguments::say_taken;
use crate::cli::files::save;
use crate::cli::output::{Style, columns, numbers_right, print, short_name};
use crate::cli::progress::Busy;
use anyhow::{Result, bail, ensure};
use equipoise::audit::{MultiLabelRecord, audit_multi_label};
use equipoise::data::check_files_whole;
use equipoise::numeric::significant;

pub(super) fn run(arguments: &AuditArguments, style: Style) -> Result<Ending> {
    let loss = arguments.loss.named.given();
    ensure!(
        [None, Some("logistic")].contains(&loss) && arguments.loss.class_weights == "none",
        "--multi-label: goes with --loss logistic without class weights"
    );
    let others = [
        ("--ignore-index", !arguments.ignore_index.is_empty()),
        ("--missing", arguments.missing != MissingLabels::Refuse),
        ("--columns", arguments.columns.is_some()),
        ("--drop", arguments.drop.is_some()),
        ("--reduction", arguments.reduction != ReductionName::WeightedMean),
        ("--recalibrate", arguments.recalibrate || arguments.biases.is_some()),
        ("--l2", arguments.l2 != 0.0),
        ("--held-out", arguments.held_out.is_some()),
        ("--batch", arguments.batch.is_some()),
    ];
    if let Some((option, _)) = others.iter().find(|(_, given)| *given) {
        bail!("{option}: does not go with --multi-label");
    }
    let format = arguments.format();
    if !matches!(format, AuditFormat::Json | AuditFormat::Table) {
        bail!(
            "--multi-label: is printed as table or json; give one of these as --format, or an --out that ends in .json"
        );
    }
    let labels = arguments.label_file.as_deref();
    let busy = Busy::new("auditing");
    let record = audit_multi_label(&arguments.file, labels, &arguments.read_options(), arguments.tolerance)?;
    drop(busy);
    check_files_whole()?;
    say_taken(&record.input);
    let text = if format == AuditFormat::Json {
        serde_json::to_string_pretty(&record)? + "\n"
    } else {
        table(&record, style)
    };
    match &arguments.out {
        Some(file) => save(file, &text)?,
        None => print(&text)?,
    }
    Ok(Ending::Done)
}

/// What was found in words, and a line for each label.
fn table(record: &MultiLabelRecord, style: Style) -> String {
    let advice = if record.stationary {
        "What to try: for labels that are missed, a lower threshold than one half or a positive weight."
    } else {
        "What to try: train longer with a smaller step, or audit the samples it was trained on."
    };
    format!(
        "{}\n{}{advice}\n\none logistic loss per label: {} over {} samples, summed over {} labels\n\n{}",
        finding(record, style),
        worst_label(record),
        significant(record.loss, 6),
        record.samples,
        record.labels.len(),
        label_table(record, style)
    )
}

/// Whether this is the end of training.
fn finding(record: &MultiLabelRecord, style: Style) -> String {
    let worst = significant(100.0 * record.worst_residual, 3);
    if record.stationary {
        style.good(&format!(
            "Trained to the end: every label is predicted as often as it occurs (to {worst}%)."
        ))
    } else {
        style
            .bad(&format!("Not the end of training: outflow and inflow of a label differ by up to {worst}%."))
    }
}

/// A line about the label of lowest recall, where one has a recall.
fn worst_label(record: &MultiLabelRecord) -> String {
    let lowest = record.labels.iter().filter(|label| !label.recall.is_nan());
    let lowest = lowest.min_by(|a, b| a.recall.total_cmp(&b.recall));
    lowest.map_or_else(String::new, |label| {
        format!(
            "Worst label: {}. {} of its {} samples are correctly classified; they get probability {} on average.\n",
            short_name(&label.label),
            significant(label.recall, 3),
            label.positives,
            significant(label.own_probability, 2)
        )
    })
}

fn label_table(record: &MultiLabelRecord, style: Style) -> String {
    let heads = [
        "label",
        "positives",
        "frequency",
        "mean p",
        "own p",
        "outflow",
        "inflow",
        "residual",
        "recall",
        "precision",
    ];
    let number = |value: f64| if value.is_nan() { "none".to_owned() } else { significant(value, 3) };
    let mut rows = vec![heads.map(|head| style.strong(head)).to_vec()];
    for label in &record.labels {
        let mut row = vec![short_name(&label.label), label.positives.to_string()];
        let numbers = [
            label.frequency,
            label.mean_probability,
            label.own_probability,
            label.entry.outflow,
            label.entry.inflow,
            label.entry.residual,
            label.recall,
            label.precision,
        ];
        row.extend(numbers.map(number));
        rows.push(row);
    }
    columns(&rows, &numbers_right(heads.len()))
}
