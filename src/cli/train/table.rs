//! A training as text for people.

use super::polish::Polished;
use super::progress::residual_curve;
use super::record::{EpochRecord, TrainRecord};
use crate::cli::output::{MAX_CLASSES_SHOWN, Style, columns, counted, numbers_right, one_line, short_name};
use equipoise::audit::BatchLawName;
use equipoise::numeric::significant;
use std::fmt::Write;

/// Epochs of a longer training are left out in the middle.
const MAX_EPOCHS_SHOWN: usize = 24;
/// Digits of every number.
const DIGITS: usize = 4;

/// The epochs, the balance in the end, the accuracy on the images kept apart, and the polished layer.
pub(super) fn table(record: &TrainRecord, network: &str, style: Style) -> String {
    let counted_images = |counts: &[usize]| counted(counts.iter().sum::<usize>() as u64, "image");
    let mut text = format!(
        "{}: {} network, {}; {} of {}, tested on {}\n\n{}",
        one_line(&record.data),
        one_line(network),
        record.plan.loss.paper_name(),
        counted_images(&record.class_counts),
        counted(record.classes.len() as u64, "class"),
        counted_images(&record.test.class_counts),
        epochs(&record.epochs, style)
    );
    let _ = writeln!(text, "\n{}", curve(record));
    if record.classes.len() <= MAX_CLASSES_SHOWN {
        let _ = write!(text, "\n{}", classes(record, style));
    } else {
        let _ = writeln!(text, "\nthe balance of {} classes is in --format json", record.classes.len());
    }
    if record.plan.recipe.decay_head_bias {
        let _ = writeln!(
            text,
            "\nThe bias decays, so that the gradient vanishes where outflow - inflow = mu b_k, not where they are equal."
        );
    }
    if let Some(law) = batches(record) {
        let _ = writeln!(text, "\n{law}");
    }
    let _ = writeln!(
        text,
        "\ntest accuracy {}, mean recall {}",
        significant(record.test.accuracy, DIGITS),
        significant(record.test.balanced_accuracy, DIGITS)
    );
    if let Some(polished) = &record.polished {
        let _ = write!(text, "\n{}", polish(polished, style));
    }
    text
}

/// Where training in batches comes to rest, if not where the loss over all images does.
fn batches(record: &TrainRecord) -> Option<String> {
    let batch = record.plan.recipe.batch;
    let law = match record.batch_law {
        BatchLawName::Own | BatchLawName::WholeSample => return None,
        BatchLawName::Plain => "is plain logistic loss (M2)",
        BatchLawName::Expected => "has the balance M1, by how often classes are in a batch",
        BatchLawName::Simulated => "has a balance of its own, of which no closed form is known",
    };
    Some(format!(
        "In batches of {batch} LGL-INR {law}; training comes to rest there and not where the balance above vanishes, which is \
         over all images."
    ))
}

fn epochs(epochs: &[EpochRecord], style: Style) -> String {
    let heads = ["epoch", "loss over steps", "accuracy", "loss after", "gradient", "balance residual"];
    let heads = heads.into_iter().chain(["least P[k][k]", "test accuracy"]);
    let mut rows = vec![heads.map(|head| style.strong(head)).collect::<Vec<_>>()];
    let half = MAX_EPOCHS_SHOWN / 2;
    let hidden = if epochs.len() > MAX_EPOCHS_SHOWN { half..epochs.len() - half } else { 0..0 };
    for (number, epoch) in epochs.iter().enumerate() {
        if number == hidden.start && !hidden.is_empty() {
            rows.push(vec!["…".to_owned()]);
        }
        if !hidden.contains(&number) {
            rows.push(row(epoch));
        }
    }
    columns(&rows, &numbers_right(rows[0].len()))
}

fn row(epoch: &EpochRecord) -> Vec<String> {
    let least = epoch.own_probability.iter().copied().fold(f64::INFINITY, f64::min);
    let numbers = [
        (epoch.loss_over_steps, DIGITS),
        (epoch.accuracy_over_steps, DIGITS),
        (epoch.loss, DIGITS),
        (epoch.gradient_inf, 2),
        (epoch.balance_residual, 2),
        (least, DIGITS),
        (epoch.test_accuracy, DIGITS),
    ];
    let written = numbers.map(|(number, digits)| significant(number, digits));
    [epoch.epoch.to_string()].into_iter().chain(written).collect()
}

/// The residual from epoch to epoch, and where polishing takes it.
fn curve(record: &TrainRecord) -> String {
    let of = |epoch: Option<&EpochRecord>| {
        epoch.map_or_else(String::new, |epoch| significant(epoch.balance_residual, 2))
    };
    let (first, last) = (of(record.epochs.first()), of(record.epochs.last()));
    let mut text =
        format!("balance residual, log scale  {}  {first} to {last}", residual_curve(&record.epochs));
    if let Some(after) = record.polished.as_ref().and_then(|polished| polished.after.as_ref()) {
        let _ = write!(text, ", polished {}", significant(after.balance_residual, 2));
    }
    text
}

/// The ledger on the images learned from, and the recall on those kept apart.
fn classes(record: &TrainRecord, style: Style) -> String {
    let penalised = record.plan.recipe.decay_head_bias;
    let polished = record.polished.as_ref().and_then(|polished| polished.after.as_ref());
    let mut heads = vec!["class", "N_k", "weight", "outflow", "inflow"];
    heads.extend(penalised.then_some(["difference", "mu b_k"]).into_iter().flatten());
    heads.push("residual");
    heads.extend(polished.map(|_| "polished"));
    heads.extend(["P[k][k]", "test recall"]);
    let mut rows = vec![heads.iter().map(|head| style.strong(head)).collect::<Vec<_>>()];
    for (class, balance) in record.end.ledger.iter().enumerate() {
        let written = |number: f64| significant(number, DIGITS);
        let mut row = vec![short_name(&balance.class), record.class_counts[class].to_string()];
        row.push(written(record.class_weights[class]));
        row.extend([balance.entry.outflow, balance.entry.inflow].map(written));
        row.extend(
            balance
                .bias_penalty_gradient
                .iter()
                .flat_map(|&bias_penalty| [balance.entry.difference, bias_penalty])
                .map(written),
        );
        row.push(significant(balance.entry.residual, 2));
        row.extend(polished.map(|polished| significant(polished.ledger.entries[class].residual, 2)));
        row.extend([record.end.mean_probability[class][class], record.test.recall[class]].map(written));
        rows.push(row);
    }
    columns(&rows, &numbers_right(heads.len()))
}

fn polish(polished: &Polished, style: Style) -> String {
    let penalty = format!("last layer, l2 {:?}", polished.l2);
    let Some(after) = &polished.after else {
        return format!("{penalty}: {}\n", style.bad("no stationary point"));
    };
    let mut rows =
        vec![[penalty.as_str(), "loss", "gradient", "balance residual"].map(str::to_owned).to_vec()];
    for (name, measures) in [("as trained", &polished.before), ("polished", after)] {
        let mut row = vec![name.to_owned(), significant(measures.loss, DIGITS)];
        row.extend([measures.gradient_inf, measures.balance_residual].map(|number| significant(number, 2)));
        rows.push(row);
    }
    columns(&rows, &numbers_right(4))
}
