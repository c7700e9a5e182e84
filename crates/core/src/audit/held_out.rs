//! The balance on samples that the loss has not seen (docs/theory.md#out-of-sample).

use super::memory::{check_held_out, check_layer};
use super::record::problem;
use super::tables::TextTable;
use super::{AuditInput, AuditRecord};
use crate::balance::{
    Calibration, HeldOutBalance, MeanProbability, NORMAL_95, NORMAL_999, accuracy, held_out_balance,
    held_out_bias, hits, recalls,
};
use crate::data::taken::list;
use crate::data::{DataError, Dataset};
use crate::loss::{ClassWeights, Link, Loss, LossSpec, Targets};
use crate::numeric::{Count, rows, significant};
use serde::Serialize;

/// Samples that the loss has not seen, beside those that it was audited on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldOut {
    /// `n_c`, the sum of the sample weights of each class.
    pub class_counts: Vec<Count>,
    /// Class by class.
    pub balance: Vec<HeldOutClass>,
    /// What that says.
    pub reading: HeldOutReading,
    /// Whether class frequencies differ from those of the audited samples by more than chance explains (0.1%).
    pub priors_differ: bool,
    /// `P[c][k]`, row = true class.
    pub mean_probability: Vec<Vec<f64>>,
    /// Whether probabilities are frequencies.
    pub calibration: Calibration,
    /// Fraction of samples correctly classified.
    pub accuracy: f64,
    /// Recall of each class.
    pub recall: Vec<f64>,
}

/// How far a class is from its balance on held-out samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HeldOutClass {
    /// `D_k = sum_c m_c (P_held_out[c][k] - P[c][k])`, in weighted samples; where training is stationary, `sum_c m_c
    /// P_held_out[c][k] - m_k`.
    pub difference: f64,
    /// What chance makes of it (T1).
    pub standard_deviation: f64,
    /// What fitting each sample by itself makes of it (T2); with features, for softmax and binary logistic loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias: Option<f64>,
    /// 95% interval of the difference.
    pub interval: [f64; 2],
}

/// What the differences say, beyond 99.9% of what chance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOutReading {
    /// Chance explains them: the balance holds on held-out samples too.
    Balanced,
    /// Fitting each sample by itself explains them.
    Overfitting,
    /// Samples of a class are other than in training: more than overfitting explains.
    Shifted,
    /// One of these two: without features there is no telling.
    OverfittingOrShifted,
}

/// Holds predictions on samples that the loss has not seen against its balance. `l2` is the penalty of the last layer, which
/// is read where the input has features.
///
/// # Errors
/// The loss is neither softmax nor logistic, held-out samples are of other classes, lack one, or are not finite, or the
/// problem is one that [`audit`](super::audit()) refuses.
pub fn compare_held_out(
    input: &AuditInput,
    held_out: &AuditInput,
    spec: &LossSpec,
    weights: &ClassWeights,
    l2: f64,
) -> Result<HeldOut, DataError> {
    let invalid = |problem: String| DataError::invalid("`held_out`", problem);
    if !matches!(spec, LossSpec::Softmax | LossSpec::Logistic) {
        let row = spec.row();
        return Err(invalid(format!("goes with `loss` softmax and logistic, not with {}", row.name)));
    }
    check_classes(input, held_out).map_err(invalid)?;
    check_held_out(input, held_out)?;
    let (training, loss) = problem(input, spec, weights)?;
    let link = loss.link();
    let explicit = ClassWeights::Explicit(training.class_weights().to_vec());
    let (test, _) = problem(held_out, spec, &explicit)?;
    let fitted = input.logits(0..training.samples(), link)?;
    let logits = held_out.logits(0..test.samples(), link)?;
    let own = held_out_balance(link, &training, &fitted, &training);
    let other = held_out_balance(link, &training, &logits, &test);
    let bias = bias_of(input, (link, l2), &training, &fitted)?;
    let class = |k: usize| HeldOutClass::of(own[k], other[k], bias.as_ref().map(|bias| bias[k]));
    let balance: Vec<HeldOutClass> = (0..training.classes()).map(class).collect();
    let means = MeanProbability::of(link, &logits, &test);
    let hits = hits(&logits, &test);
    Ok(HeldOut {
        class_counts: Count::all(test.sizes()),
        reading: HeldOutReading::of(&balance),
        balance,
        priors_differ: priors_differ(training.sizes(), test.sizes()),
        mean_probability: rows(&means.matrix),
        calibration: Calibration::of(link, &logits, &test),
        accuracy: accuracy(&hits, &test),
        recall: recalls(&hits, &test),
    })
}

fn check_classes(input: &AuditInput, held_out: &AuditInput) -> Result<(), String> {
    if held_out.columns() != input.columns() {
        return Err(format!(
            "{} logits per sample, but {} in training; give the logits of the same model",
            held_out.columns(),
            input.columns()
        ));
    }
    let (names, own) = (held_out.labels().class_names(), input.labels().class_names());
    if names != own {
        return Err(format!("classes {}, but {} in training; name them alike", list(names), list(own)));
    }
    for (whose, labels) in [("", held_out.labels()), ("training ", input.labels())] {
        if let Some(class) = labels.counts().iter().position(|&count| count == 0) {
            return Err(format!("class {} has no {whose}samples; each class needs some", own[class]));
        }
    }
    Ok(())
}

/// T2, where there are features.
fn bias_of(
    input: &AuditInput,
    (link, l2): (Link, f64),
    training: &Targets,
    logits: &nalgebra::DMatrix<f64>,
) -> Result<Option<Vec<f64>>, DataError> {
    if let Some(features) = &input.features {
        check_layer(input, features.columns())?;
    }
    let Some(features) = input.feature_matrix()? else { return Ok(None) };
    let dataset = Dataset::unnamed(features, training.labels().clone())?;
    Ok(held_out_bias(link, &dataset, training, logits, l2))
}

impl HeldOutClass {
    fn of(training: HeldOutBalance, held_out: HeldOutBalance, bias: Option<f64>) -> Self {
        let (difference, deviation) =
            (held_out.difference - training.difference, held_out.standard_deviation);
        let half_width = NORMAL_95 * deviation;
        Self {
            difference,
            standard_deviation: deviation,
            bias,
            interval: [difference - half_width, difference + half_width],
        }
    }

    /// Whether chance does not explain the difference less something.
    fn is_beyond_chance(&self, less: f64) -> bool {
        (self.difference - less).abs() > NORMAL_999 * self.standard_deviation
    }
}

impl HeldOutReading {
    fn of(balance: &[HeldOutClass]) -> Self {
        if !balance.iter().any(|class| class.is_beyond_chance(0.0)) {
            return Self::Balanced;
        }
        let Some(rest) = balance.iter().map(|class| Some((class, class.bias?))).collect::<Option<Vec<_>>>()
        else {
            return Self::OverfittingOrShifted;
        };
        if rest.iter().any(|(class, bias)| class.is_beyond_chance(*bias)) {
            Self::Shifted
        } else {
            Self::Overfitting
        }
    }
}

/// Pearson's test of equal class frequencies, by Wilson and Hilferty's cube root of its chi-square.
fn priors_differ(training: &[f64], held_out: &[f64]) -> bool {
    let (all, other): (f64, f64) = (training.iter().sum(), held_out.iter().sum());
    let statistic: f64 = training
        .iter()
        .zip(held_out)
        .map(|(own, drawn)| {
            let share = (own + drawn) / (all + other);
            (own - all * share).powi(2) / (all * share) + (drawn - other * share).powi(2) / (other * share)
        })
        .sum();
    let freedom = (training.len() - 1) as f64;
    let variance = 2.0 / (9.0 * freedom);
    ((statistic / freedom).cbrt() - (1.0 - variance)) / variance.sqrt() > NORMAL_999_ONE_SIDED
}

/// One-sided 99.9% point of the normal distribution.
const NORMAL_999_ONE_SIDED: f64 = 3.090_232_306_167_813_5;

impl HeldOut {
    /// What held-out samples say, in words.
    pub(super) fn sentence(&self, record: &AuditRecord) -> String {
        let size = |class: &HeldOutClass| (class.difference / class.standard_deviation).abs();
        let worst = self.balance.iter().zip(&record.classes).max_by(|a, b| size(a.0).total_cmp(&size(b.0)));
        let Some((worst, name)) = worst else { return String::new() };
        let balance = format!(
            "On held-out samples class {name} is predicted {} weighted samples {} than balance has it (95% interval {} to {})",
            significant(worst.difference.abs(), 3),
            if worst.difference < 0.0 { "less" } else { "more" },
            significant(worst.interval[0], 3),
            significant(worst.interval[1], 3),
        );
        let bias = worst.bias.map_or_else(String::new, |bias| significant(bias, 3));
        let reading = match self.reading {
            HeldOutReading::Balanced => ", which chance explains: the balance holds out of sample".to_owned(),
            HeldOutReading::Overfitting => {
                format!(". Overfitting explains it: fitting each sample by itself makes {bias} of it")
            }
            HeldOutReading::Shifted => format!(
                ". Overfitting makes {bias} of it; the rest means that samples of a class are other than in training"
            ),
            HeldOutReading::OverfittingOrShifted => {
                ". That is overfitting, or samples of a class are other than in training; \
                 features and `l2` tell, for softmax and binary logistic loss"
                    .to_owned()
            }
        };
        let priors = if self.priors_differ {
            " Class frequencies differ from those of training: a shift of priors, which leaves this balance as it is \
             and biases predicted probabilities."
        } else {
            ""
        };
        format!("{balance}{reading}.{priors}")
    }

    /// Class by class, of the classes that are shown.
    pub(super) fn table(&self, classes: &[String], shown: &[usize]) -> TextTable {
        let headings =
            ["class", "samples", "difference", "sd", "from", "to", "overfitting", "P[k][k]", "recall"];
        let row = |&k: &usize| {
            let of = &self.balance[k];
            let mut row = vec![classes[k].clone(), self.class_counts[k].to_string()];
            let [from, to] = of.interval;
            row.extend([of.difference, of.standard_deviation, from, to].map(|number| significant(number, 3)));
            row.push(of.bias.map_or_else(|| "none".to_owned(), |bias| significant(bias, 3)));
            row.extend([self.mean_probability[k][k], self.recall[k]].map(|number| significant(number, 3)));
            row
        };
        TextTable {
            heading: "Held-out samples: predicted less balance, with 95% interval".to_owned(),
            rows: std::iter::once(headings.map(str::to_owned).to_vec())
                .chain(shown.iter().map(row))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_differ_beyond_chance_only() {
        assert!(!priors_differ(&[100.0, 50.0, 20.0], &[1000.0, 500.0, 200.0]));
        // A chi-square of 5.99 with two degrees of freedom is exceeded by 5% of all draws, one of 13.82 by 0.1%.
        assert!(!priors_differ(&[100.0, 50.0, 20.0], &[90.0, 58.0, 22.0]));
        assert!(priors_differ(&[100.0, 50.0, 20.0], &[60.0, 60.0, 50.0]));
        assert!(priors_differ(&[1000.0, 1000.0], &[800.0, 1200.0]));
    }
}
