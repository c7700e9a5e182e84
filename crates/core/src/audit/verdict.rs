//! Three lines for someone who has read nothing else: is the model fine, which class is worst, and what to try.

use super::HeadComparison;
use super::record::{AuditRecord, Measured};
use super::words::percent;
use crate::loss::class_weights_differ;
use crate::numeric::significant;

/// Is the model fine, which class is worst, what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Whether the first line is good news.
    pub is_good: bool,
    /// The lines.
    pub lines: [String; 3],
}

/// A calibration error that is worth a remedy.
const UNCALIBRATED: f64 = 0.05;
/// A recall so far below the accuracy is worth a remedy.
const FAR_BELOW: f64 = 0.1;

/// So many exchanged columns are named at most.
const MAX_PAIRS: usize = 3;

/// The column that has most of the probability of each class's samples, where that is another order of the classes.
fn other_order(measured: &Measured) -> Option<Vec<usize>> {
    let rows = &measured.mean_probability;
    let most = |row: &Vec<f64>| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let order: Vec<usize> = rows.iter().map(most).collect::<Option<_>>()?;
    let mut seen = vec![false; order.len()];
    let is_order = order.iter().all(|&column| !std::mem::replace(&mut seen[column], true));
    let mostly = rows.iter().zip(&order).all(|(row, &column)| row[column] > 0.5);
    let is_another = order.iter().enumerate().any(|(class, &column)| class != column);
    (is_order && mostly && is_another).then_some(order)
}

/// The verdict on an audit.
#[must_use]
pub fn verdict(record: &AuditRecord) -> AuditVerdict {
    let measured = &record.measured;
    // Only what is evidence is named; the others are near by chance or not at all.
    let other = record.alternatives.iter().find(|other| other.stationary);
    let weighted = class_weights_differ(&record.class_weights);
    let asked = format!("{}{}", record.loss_name, if weighted { " with these class weights" } else { "" });
    let residual = percent(measured.verdict.worst_residual);
    let bare = record.head.as_ref().filter(|head| !head.intercept);
    let fine = if let Some(head) = bare.filter(|_| !measured.stationary) {
        without_bias(head)
    } else if measured.stationary {
        balanced(record.head.as_ref(), &asked, &residual)
    } else if let Some(other) = other {
        format!(
            "Not the end of training for {asked} (off by {residual}), but stationary for {} (to {}).",
            other.in_words(),
            percent(other.worst_residual)
        )
    } else {
        format!(
            "Not the end of training for {asked}: classes still gain or lose up to {residual} of what they should; or these \
             are not the samples, the loss or the weights of training."
        )
    };
    AuditVerdict {
        is_good: (measured.stationary && !record.head.as_ref().is_some_and(is_unsolved))
            || bare.is_some_and(is_solved),
        lines: [fine, worst(record), advice(record, other.map(super::Alternative::options).as_deref())],
    }
}

/// The largest share by which the exact layer may lower the objective of one that is trained to the end.
const SOLVED: f64 = 1e-3;

/// Whether the last layer is as good as the exact one.
fn is_solved(head: &HeadComparison) -> bool {
    let objectives = head.own.as_ref().zip(head.exact.as_ref());
    objectives.is_some_and(|(own, exact)| own.objective - exact.objective <= SOLVED * exact.objective.abs())
}

/// Whether the exact layer is better by more than that.
fn is_unsolved(head: &HeadComparison) -> bool {
    head.own.is_some() && head.exact.is_some() && !is_solved(head)
}

/// Of a balanced model. Balance is what intercepts alone bring about: only features say whether the weights have come to their end.
fn balanced(head: Option<&HeadComparison>, asked: &str, residual: &str) -> String {
    match head.map(|head| (head, &head.own, &head.exact)) {
        Some((head, Some(own), Some(exact))) if is_unsolved(head) => format!(
            "Not the end of training for {asked}: no class is still gaining or losing (to {residual}), as intercepts alone bring about, \
             but the exact layer over the same features lowers the objective from {} to {}; or training had a penalty (give `l2`).",
            significant(own.objective, 6),
            significant(exact.objective, 6)
        ),
        Some((_, Some(_), Some(_))) => format!(
            "Trained to the end for {asked}: no class is still gaining or losing (to {residual}), and no last layer over the same \
             features is better."
        ),
        _ => format!(
            "Balanced as at the end of training for {asked}: no class is still gaining or losing (to {residual})."
        ),
    }
}

/// Of a last layer without intercepts the balance says little: the exact layer does.
fn without_bias(head: &HeadComparison) -> String {
    let why = "the last layer has no bias, so outflow and inflow need not be equal (docs/theory.md#h1)";
    match (&head.own, &head.exact, &head.no_exact) {
        (Some(own), Some(_), _) if is_solved(head) => format!(
            "Trained to the end: {why}, but the exact layer over the same features has the same objective, {}.",
            significant(own.objective, 6)
        ),
        (Some(own), Some(exact), _) => format!(
            "Not the end of training: {why}, and the exact layer over the same features lowers the objective from {} to {}.",
            significant(own.objective, 6),
            significant(exact.objective, 6)
        ),
        (.., Some(reason)) => format!("Not known whether training has ended: {why}, and {reason}."),
        _ => format!("Not known whether training has ended: {why}."),
    }
}

fn worst(record: &AuditRecord) -> String {
    let measured = &record.measured;
    let class = measured.worst_class;
    let name = &record.classes[class];
    let row = &measured.mean_probability[class];
    let others = (0..row.len()).filter(|&k| k != class);
    let taker = others.max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let taken = taker.map_or_else(String::new, |taker| {
        format!(
            ", and class {} gets the most of the rest ({})",
            record.classes[taker],
            significant(row[taker], 2)
        )
    });
    if measured.recall[class] == 1.0 {
        return "Worst class: none; every sample is correctly classified.".to_owned();
    }
    format!(
        "Worst class: {name}. {} of its {} samples are correctly classified (of all, {}); its own samples get probability {} on average{taken}.",
        percent(measured.recall[class]),
        record.class_counts[class],
        percent(measured.accuracy),
        significant(row[class], 2)
    )
}

fn advice(record: &AuditRecord, other: Option<&str>) -> String {
    let measured = &record.measured;
    let name = &record.classes[measured.worst_class];
    if let Some(order) = other_order(measured) {
        let pairs: Vec<String> = (0..order.len())
            .filter(|&class| order[class] != class)
            .take(MAX_PAIRS)
            .map(|class| format!("{} in that of {}", record.classes[class], record.classes[order[class]]))
            .collect();
        return format!(
            "What to try: check the order of the columns; samples of class {} have most of their probability, as if columns stood in \
             another order than the labels.",
            pairs.join(", ")
        );
    }
    if let Some(options) = other {
        return format!("What to try: audit again with {options}, if it was trained so.");
    }
    let bare = record.head.as_ref().filter(|head| !head.intercept);
    if bare.is_some_and(|head| !is_solved(head)) {
        return "What to try: train the last layer longer, or give the `l2` of training.".to_owned();
    }
    if !measured.stationary && bare.is_none() {
        let further = if record.recalibrated.is_some() {
            ""
        } else {
            "; `recalibrate` shows what the intercepts alone would mend"
        };
        return format!(
            "What to try: train longer with a smaller step, or name the loss and weights of training{further}."
        );
    }
    let error = measured.calibration.calibration_error.l1;
    let corrected = measured.prior_corrected.as_ref().map(|corrected| corrected.calibration_error.l1);
    if let Some(after) = corrected.filter(|after| error > UNCALIBRATED && *after < error / 2.0) {
        return format!(
            "What to try: divide probabilities by the class weights before you read them as frequencies (calibration error from {} \
             to {}).",
            significant(error, 2),
            significant(after, 2)
        );
    }
    if measured.recall[measured.worst_class] < measured.accuracy - FAR_BELOW {
        return format!(
            "What to try: a higher weight for class {name} (equipoise weights --target equal-recall finds one), or features that \
             tell it apart."
        );
    }
    if error > UNCALIBRATED {
        return format!(
            "What to try: calibrate (temperature scaling): confidence and accuracy differ by {} on average.",
            significant(error, 2)
        );
    }
    "What to try: nothing that this audit shows.".to_owned()
}
