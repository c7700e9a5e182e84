//! A first look at scores: masked classes, probabilities of zero, and numbers that look like something else.

use super::{AuditInput, ScoreKind};
use crate::data::DataError;
use crate::loss::Link;
use crate::numeric::{counted, map_sample_chunks};
use crate::progress::Stage;

/// Sums over samples of larger ones would lose everything else, or overflow.
const LARGEST_LOGIT: f64 = 1e12;
/// Logits below are the lowest number of their kind (float32, bfloat16, float64), or meant as it: a masked class.
const MASKED: f64 = -1e30;
/// How far below all others the logit of a masked class is put: its probability is zero in doubles.
const BELOW: f64 = 1e5;

/// The lowest number of float16, which mixed precision masks with; copied to a wider kind it stays itself.
const LOWEST_HALF: f64 = -65504.0;

/// Whether a logit says that its class is masked for the sample.
fn is_masked(logit: f64) -> bool {
    logit <= MASKED || logit == LOWEST_HALF
}

/// How far the sum of a row of probabilities may be from one: each may be rounded to two decimals.
fn sum_slack(classes: usize) -> f64 {
    (0.0051 * classes as f64).clamp(2e-3, 0.1)
}

/// How far from one the sums of probabilities are that were not rounded.
const UNROUNDED: f64 = 1e-5;

/// Why a row of scores is none.
#[derive(Debug)]
pub(super) struct BadScores {
    /// The column that is to blame, if it is one alone.
    column: Option<usize>,
    problem: String,
}

impl BadScores {
    /// The error, given where the row is, and where its columns are.
    pub(super) fn at(self, row: String, column: impl Fn(usize) -> String) -> DataError {
        DataError::invalid(self.column.map_or(row, column), self.problem)
    }
}

/// Makes logits of a row of scores.
///
/// # Errors
/// A number is no logit or no probability.
pub(super) fn to_logits(row: &mut [f64], kind: ScoreKind, link: Link) -> Result<(), BadScores> {
    match kind {
        ScoreKind::Logits => checked_logits(row, link),
        ScoreKind::Probabilities => logits_of_probabilities(row, link),
    }
}

fn checked_logits(row: &mut [f64], link: Link) -> Result<(), BadScores> {
    let sound = |logit: f64| logit.abs() <= LARGEST_LOGIT || is_masked(logit);
    if let Some(column) = row.iter().position(|&logit| !sound(logit)) {
        let problem = format!(
            "the logit is {}; logits are finite numbers of at most {LARGEST_LOGIT:e} in size (-inf masks a class)",
            row[column]
        );
        return Err(BadScores { column: Some(column), problem });
    }
    if row.iter().any(|&logit| is_masked(logit)) {
        let others = row.iter().copied().filter(|&logit| !is_masked(logit));
        let least = match link {
            Link::Sigmoid => others.fold(0.0, f64::min),
            Link::Softmax => others.fold(f64::INFINITY, f64::min),
        };
        let least = if least.is_finite() { least } else { 0.0 };
        row.iter_mut().filter(|logit| is_masked(**logit)).for_each(|logit| *logit = least - BELOW);
    }
    Ok(())
}

/// Logits whose probabilities are those of a row; a probability of zero is the smallest that a double holds in full.
fn logits_of_probabilities(row: &mut [f64], link: Link) -> Result<(), BadScores> {
    if let Some(column) = row.iter().position(|p| !(-1e-6..=1.0 + 1e-6).contains(p)) {
        let percent = if (1.0..=100.0).contains(&row[column]) { "; divide percentages by 100" } else { "" };
        let problem = format!("the probability is {}; probabilities are from 0 to 1{percent}", row[column]);
        return Err(BadScores { column: Some(column), problem });
    }
    let log = |p: f64| p.max(f64::MIN_POSITIVE).ln();
    match link {
        Link::Sigmoid => row.iter_mut().for_each(|p| *p = log(*p) - log(1.0 - *p)),
        Link::Softmax => {
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > sum_slack(row.len()) {
                let problem = format!(
                    "probabilities sum to {sum}, not to 1; are these logits, or of one-vs-all columns?"
                );
                return Err(BadScores { column: None, problem });
            }
            // A common factor shifts all logits alike: the probabilities of these sum to one.
            row.iter_mut().for_each(|p| *p = log(*p));
        }
    }
    Ok(())
}

/// What was found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    samples: usize,
    /// Samples with masked classes, and the classes of all.
    masked: (usize, usize),
    /// Probabilities of zero, and those of the sample's own class.
    zero: (usize, usize),
    /// The largest distance of a row's sum from one.
    off_one: f64,
    /// Rows within 0 and 1, and of these such whose sum is one.
    within: usize,
    sums_to_one: usize,
    /// Rows within 0 and 100 whose sum is 100.
    percentages: usize,
}

impl Scan {
    /// Looks at all samples.
    ///
    /// # Errors
    /// The class of a sample is masked. The error names the row.
    pub(super) fn of(input: &AuditInput) -> Result<Self, DataError> {
        let columns = input.columns();
        let labels = input.labels().class_indices();
        let stage = Stage::of(labels.len() as u64);
        let part = |range: std::ops::Range<usize>| -> Result<Self, DataError> {
            let mut scan = Self::default();
            stage.advance(range.len() as u64);
            let mut row = vec![0.0; columns];
            for sample in range {
                input.raw(sample..sample + 1, &mut row);
                let own = if columns == 1 { 0 } else { labels[sample] as usize };
                scan.add(&row, own, columns > 1 || labels[sample] == 1, input.kind()).map_err(|column| {
                    let name = &input.labels().class_names()[labels[sample] as usize];
                    let problem = format!(
                        "class {name} is the label and is masked (logit {}); mask other classes, or leave the row out",
                        row[column]
                    );
                    DataError::invalid(input.row_place(sample), problem)
                })?;
            }
            Ok(scan)
        };
        let mut whole = Self::default();
        for part in map_sample_chunks(labels.len(), part) {
            whole.merge(part?);
        }
        Ok(whole)
    }

    /// Adds a row; the place of the own class where it is masked.
    fn add(&mut self, row: &[f64], own: usize, is_own: bool, kind: ScoreKind) -> Result<(), usize> {
        self.samples += 1;
        let sum: f64 = row.iter().sum();
        let within = row.iter().all(|score| (0.0..=1.0).contains(score));
        match kind {
            ScoreKind::Logits => {
                let masked = row.iter().filter(|&&logit| is_masked(logit)).count();
                if masked > 0 {
                    if is_own && is_masked(row[own]) {
                        return Err(own);
                    }
                    self.masked = (self.masked.0 + 1, self.masked.1 + masked);
                }
                self.within += usize::from(within);
                self.sums_to_one += usize::from(within && (sum - 1.0).abs() < sum_slack(row.len()));
                let hundredths = row.iter().all(|score| (0.0..=100.0).contains(score));
                let is_all = (sum - 100.0).abs() < 100.0 * sum_slack(row.len());
                self.percentages += usize::from(hundredths && is_all);
            }
            ScoreKind::Probabilities => {
                let zeros = row.iter().filter(|&&p| p == 0.0).count();
                let own_zero = if is_own { row[own] == 0.0 } else { row[own] == 1.0 };
                self.zero = (self.zero.0 + zeros, self.zero.1 + usize::from(own_zero));
                if sum.is_finite() && row.len() > 1 {
                    self.off_one = self.off_one.max((sum - 1.0).abs());
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.samples += other.samples;
        self.masked = (self.masked.0 + other.masked.0, self.masked.1 + other.masked.1);
        self.zero = (self.zero.0 + other.zero.0, self.zero.1 + other.zero.1);
        self.off_one = self.off_one.max(other.off_one);
        self.within += other.within;
        self.sums_to_one += other.sums_to_one;
        self.percentages += other.percentages;
    }

    /// Whether a class is masked somewhere.
    pub(super) fn has_masked(self) -> bool {
        self.masked.0 > 0
    }

    /// What is worth saying.
    pub(super) fn notes(self, input: &AuditInput) -> Vec<String> {
        let mut notes = Vec::new();
        let (samples, classes) = self.masked;
        if samples > 0 {
            notes.push(format!(
                "{} masked (-inf or the lowest number) in {}: probability zero there",
                counted(classes as u64, "logit"),
                counted(samples as u64, "row")
            ));
        }
        if input.columns() > 1 && self.sums_to_one == self.samples {
            notes.push(
                "every row of the logits is from 0 to 1 and sums to 1, as probabilities do; give `probabilities` if they are"
                    .to_owned(),
            );
        } else if self.within == self.samples && self.samples > 0 {
            let columns = if input.columns() == 1 { "" } else { " (of one-vs-all columns, `loss` logistic)" };
            notes.push(format!(
                "every logit is from 0 to 1, as probabilities are{columns}; give `probabilities` if they are"
            ));
        } else if input.columns() > 1 && self.percentages == self.samples {
            notes.push(
                "every row of the logits is from 0 to 100 and sums to 100, as percentages do; if they are, divide by 100 and give \
                 `probabilities`"
                    .to_owned(),
            );
        }
        let (zeros, own) = self.zero;
        if zeros > 0 {
            let of_own = if own > 0 {
                format!(
                    ", in {} for the row's own class, whose log loss would be infinite",
                    counted(own as u64, "row")
                )
            } else {
                String::new()
            };
            notes.push(format!(
                "{} zero{of_own}; zero counts as {:.1e}, the smallest of a double",
                if zeros == 1 { "1 probability is".to_owned() } else { format!("{zeros} probabilities are") },
                f64::MIN_POSITIVE
            ));
        }
        if self.off_one > UNROUNDED && self.off_one <= sum_slack(input.columns()) {
            notes.push(format!(
                "rows of probabilities sum to 1 within {:.1e} only; they are normalised",
                self.off_one
            ));
        }
        notes
    }
}
