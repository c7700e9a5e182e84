//! Findings in sentences that a practitioner understands, each with its numbers.

use super::record::{AuditRecord, Measured};
use super::{HeadComparison, Recalibration};
use crate::loss::LossSpec;
use crate::numeric::{significant, sort_largest_first};

/// Classes that are spoken of one by one, at most.
const MAX_CLASSES: usize = 3;
/// A non-target class hides behind the average where its mean probability is that many times the average, and at least this.
const HIDDEN: (f64, f64) = (2.0, 0.05);

/// Everything worth saying, the most important first.
#[must_use]
pub fn findings(record: &AuditRecord) -> Vec<String> {
    let sentences = Findings { record };
    let mut findings = vec![sentences.stationarity()];
    findings.extend(record.batch.as_ref().map(|batch| batch.sentence(&record.classes)));
    findings.extend(record.held_out.as_ref().map(|held_out| held_out.sentence(record)));
    findings.extend(sentences.shortfalls());
    findings.extend(sentences.neglected());
    findings.extend(sentences.position());
    findings.push(sentences.calibration());
    findings.push(sentences.recall());
    findings.extend(record.recalibrated.as_ref().map(|recalibrated| sentences.recalibrated(recalibrated)));
    findings.extend(record.head.iter().flat_map(|head| of_head(head, &record.classes)));
    findings
}

struct Findings<'a> {
    record: &'a AuditRecord,
}

impl Findings<'_> {
    fn measured(&self) -> &Measured {
        &self.record.measured
    }

    fn class(&self, class: usize) -> String {
        format!("class {}", self.record.classes[class])
    }

    fn name(&self) -> String {
        let weighted = self.record.class_weights.iter().any(|weight| *weight != 1.0);
        let weights = if weighted { " with these class weights" } else { "" };
        let batches = self
            .record
            .batch
            .as_ref()
            .map_or_else(String::new, |batch| format!(" in batches of {}", batch.size));
        format!("{}{weights}{batches}", self.record.loss_name)
    }

    fn stationarity(&self) -> String {
        let measured = self.measured();
        let worst = percent(measured.verdict.worst_residual);
        if measured.stationary {
            return format!(
                "Stationary for {}: in every class, outflow and inflow differ by at most {worst}.",
                self.name()
            );
        }
        let unit = if matches!(self.record.loss_plan, LossSpec::Inr { .. }) {
            "mean probability"
        } else {
            "weighted samples"
        };
        let flow = |&class: &usize| {
            let entry = measured.ledger[class];
            let more = if entry.difference > 0.0 { "raised" } else { "lowered" };
            format!(
                "the logit of {} would be {more} (outflow {}, inflow {} {unit})",
                self.class(class),
                significant(entry.outflow, 3),
                significant(entry.inflow, 3)
            )
        };
        let mut classes: Vec<usize> =
            measured.verdict.up.iter().chain(&measured.verdict.down).copied().collect();
        sort_largest_first(&mut classes, |class| measured.ledger[class].difference.abs());
        let flows: Vec<String> = classes.iter().take(MAX_CLASSES).map(flow).collect();
        let rest = classes.len().saturating_sub(MAX_CLASSES);
        let rest = if rest > 0 { format!("; {rest} more classes are out of balance") } else { String::new() };
        format!(
            "Not stationary for {}: outflow and inflow differ by up to {worst}; by more training {}{rest}. Training has not \
             converged, the last bias is decayed or there is none, or the samples, loss or weights are others than those of training.",
            self.name(),
            flows.join(", ")
        )
    }

    /// The classes with the largest relative shortfall.
    fn shortfalls(&self) -> Vec<String> {
        let measured = self.measured();
        let mut order: Vec<usize> =
            (0..measured.shortfall.len()).filter(|&class| measured.shortfall[class] > 0.01).collect();
        sort_largest_first(&mut order, |class| measured.shortfall[class]);
        let whole = self.rows_sum_to_one();
        let sentence = |&class: &usize| {
            let (short, count) = (measured.shortfall[class], self.record.class_counts[class]);
            let row = &measured.mean_probability[class];
            let others = (0..row.len()).filter(|&k| k != class);
            let taker = others.max_by(|&a, &b| row[a].total_cmp(&row[b]))?;
            let mut text = format!(
                "{} is short of {} of its {count} samples' probability",
                capital(&self.class(class)),
                significant(short * count.0, 3)
            );
            text += &if whole {
                format!("; {} of it went to {}.", percent(row[taker] / short), self.class(taker))
            } else {
                format!(
                    "; the column of {} takes them for its own with {}.",
                    self.class(taker),
                    significant(row[taker], 2)
                )
            };
            Some(text)
        };
        order.iter().take(MAX_CLASSES).filter_map(sentence).collect()
    }

    fn rows_sum_to_one(&self) -> bool {
        let occurring = self.measured().mean_probability.iter().filter(|row| !row[0].is_nan());
        occurring.map(|row| row.iter().sum::<f64>()).all(|sum| (sum - 1.0).abs() < 1e-6)
    }

    /// Columns whose average hides a class.
    fn neglected(&self) -> Vec<String> {
        let neglect = &self.measured().neglect;
        let mut order: Vec<usize> = (0..neglect.len())
            .filter(|&k| neglect[k].ratio >= HIDDEN.0 && neglect[k].hardest >= HIDDEN.1)
            .collect();
        if neglect.len() < 3 {
            return Vec::new();
        }
        sort_largest_first(&mut order, |k| neglect[k].hardest);
        let sentence = |&k: &usize| {
            let of = neglect[k];
            format!(
                "The column of {} gives other classes' samples {} on average, but those of {} {}, {} times as much; its \
                 balance alone would allow {}.",
                self.class(k),
                significant(of.pooled, 2),
                self.class(of.hardest_class),
                significant(of.hardest, 2),
                significant(of.ratio, 2),
                significant(of.bound, 2)
            )
        };
        order.iter().take(MAX_CLASSES).map(sentence).collect()
    }

    /// The position of the outflows within the admissible set, and what weights alone guarantee.
    fn position(&self) -> Option<String> {
        let polytope = self.measured().polytope.as_ref()?;
        let fraction = &polytope.outflow_fraction;
        let most = (0..fraction.len()).max_by(|&a, &b| fraction[a].total_cmp(&fraction[b]))?;
        let guaranteed = (0..fraction.len()).find(|&class| polytope.guaranteed[class] > 0.0);
        let guarantee = match guaranteed {
            None => "the masses alone guarantee no class anything (I4)".to_owned(),
            Some(class) => format!(
                "the mass of {} alone guarantees it a mean probability of {} (I4)",
                self.class(class),
                significant(polytope.guaranteed[class], 2)
            ),
        };
        Some(format!(
            "{} withholds the most, {} of all outflow, where a stationary point allows at most half (I3); {guarantee}.",
            capital(&self.class(most)),
            percent(fraction[most])
        ))
    }

    fn calibration(&self) -> String {
        let (plain, corrected) = (&self.measured().calibration, self.measured().prior_corrected.as_ref());
        let error = plain.calibration_error.l1;
        let text = format!("Confidence and accuracy differ by {} on average", significant(error, 2));
        match corrected.map(|calibration| calibration.calibration_error.l1) {
            Some(after) if after < error => format!(
                "{text}; class weights move probabilities off frequencies: dividing them by the weights again leaves {}.",
                significant(after, 2)
            ),
            Some(after) => format!(
                "{text}; dividing probabilities by the class weights would leave {}, so the weights are not the reason.",
                significant(after, 2)
            ),
            None => format!("{text}."),
        }
    }

    fn recall(&self) -> String {
        let measured = self.measured();
        let class = measured.worst_class;
        format!(
            "{} of all samples are correctly classified; of {}, the worst, {} of {}.",
            percent(measured.accuracy),
            self.class(class),
            percent(measured.recall[class]),
            self.record.class_counts[class]
        )
    }

    fn recalibrated(&self, recalibrated: &Recalibration) -> String {
        let (before, after) = (self.measured(), &recalibrated.measured);
        let found = match &recalibrated.not_converged {
            None => format!("stationary to {}", significant(after.verdict.worst_residual, 1)),
            Some(why) => format!("not stationary ({why})"),
        };
        let moved = recalibrated.added.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        let most = moved.map_or_else(String::new, |(class, by)| {
            let sign = if *by > 0.0 { "+" } else { "" };
            let class = if recalibrated.added.len() == 1 { 1 } else { class };
            format!(", most for {} ({sign}{})", self.class(class), significant(*by, 3))
        });
        format!(
            "With intercepts corrected{most} the loss is {found}: worst recall from {} to {}, accuracy from {} to {}, \
             calibration error from {} to {}.",
            percent(before.recall[before.worst_class]),
            percent(after.recall[after.worst_class]),
            percent(before.accuracy),
            percent(after.accuracy),
            significant(before.calibration.calibration_error.l1, 2),
            significant(after.calibration.calibration_error.l1, 2)
        )
    }
}

fn of_head(head: &HeadComparison, classes: &[String]) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(apart) = head.logits_apart.filter(|apart| *apart > 1e-3) {
        sentences.push(format!(
            "Weight times features plus bias differs from the logits by up to {}: they are not of one model.",
            significant(apart, 2)
        ));
    }
    match (&head.own, &head.exact, &head.no_exact) {
        (Some(own), Some(exact), _) => sentences.push(format!(
            "The last layer solved exactly over the same features (l2 {}) lowers the objective from {} to {}; rows of \
             weights turn by up to {} degrees, {} of samples are classified alike, accuracy from {} to {}.",
            significant(head.l2, 3),
            significant(own.objective, 6),
            significant(exact.objective, 6),
            significant(head.angles.iter().flatten().copied().fold(0.0, f64::max), 2),
            percent(head.agreement.unwrap_or(f64::NAN)),
            percent(own.accuracy),
            percent(exact.accuracy)
        )),
        (None, Some(exact), _) => sentences.push(format!(
            "The last layer solved exactly over the features (l2 {}) has the objective {} and the accuracy {}.",
            significant(head.l2, 3),
            significant(exact.objective, 6),
            percent(exact.accuracy)
        )),
        (_, None, Some(why)) => sentences.push(format!("No exact last layer over the features: {why}.")),
        (_, None, None) => {}
    }
    sentences.extend(head.weight_effect_left.as_ref().map(|left| left.sentence(classes)));
    sentences
}

/// A fraction in percent; what is not all is never rounded to 100%.
pub(super) fn percent(fraction: f64) -> String {
    if fraction.is_nan() {
        return "none".to_owned();
    }
    let rounded = |digits: usize| significant(100.0 * fraction, digits);
    let is_whole = |text: &str| text.parse() == Ok(100.0);
    let digits = (3..16).find(|&digits| fraction >= 1.0 || !is_whole(&rounded(digits)));
    format!("{}%", rounded(digits.unwrap_or(16)))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn what_is_not_all_is_not_100_percent() {
        for (fraction, text) in [
            (1.0, "100%"),
            (0.9997, "99.97%"),
            (0.999_999, "99.9999%"),
            (0.123_45, "12.3%"),
            (0.0, "0%"),
            (1.5, "150%"),
            (f64::NAN, "none"),
        ] {
            assert_eq!(percent(fraction), text);
        }
    }
}
