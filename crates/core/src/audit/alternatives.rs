//! Of which loss and weights the logits would be a stationary point, where they are none of what was said.

use super::AuditInput;
use super::pass::tally;
use super::record::{StationaryVerdict, ledger_of, problem};
use crate::data::DataError;
use crate::loss::{BuiltLoss, ClassWeighting, ClassWeights, LOSS_TABLE, Loss, LossRow, LossSpec, Targets};
use crate::progress::Stage;
use serde::Serialize;

/// A loss and weights that were tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Name of the loss, with its usual parameters.
    pub loss: &'static str,
    /// `none`, `balanced` or `effective:0.999`.
    pub class_weights: &'static str,
    /// The largest relative difference of a class's outflow and inflow.
    pub worst_residual: f64,
    /// Whether that is evidence of this loss and these weights: it is within the tolerance, so small that one in twenty sets of
    /// wrong ones would come as near at most, and an intercept that is off would show.
    pub stationary: bool,
}

/// The weights that are tried.
const WEIGHTS: [(&str, ClassWeights); 3] = [
    ("none", ClassWeights::None),
    ("balanced", ClassWeights::Balanced),
    ("effective:0.999", ClassWeights::EffectiveNumber(0.999)),
];

/// How often one of the combinations may be as near by chance.
const BY_CHANCE: f64 = 0.05;
/// An intercept that is off by so much has to show as so large a residual. Saturated logits answer to nothing: what balances there
/// would with any intercepts.
const OFF: f64 = 0.5;
const SHOWS: f64 = 0.1;

/// Up to so many logits all losses are tried; of more, the two usual ones.
const MANY_LOGITS: usize = 20_000_000;

/// Tries the usual weights and the other losses, the nearest to stationary first. Combinations that do not fit the logits are left
/// out, as is the one that was asked for. `tolerance` is the largest residual of a stationary point.
///
/// # Errors
/// A row holds a number that is not finite or is no probability.
pub fn alternatives(
    input: &AuditInput,
    spec: &LossSpec,
    weights: &ClassWeights,
    tolerance: f64,
) -> Result<Vec<Alternative>, DataError> {
    let few = input.labels().samples().saturating_mul(input.columns()) <= MANY_LOGITS;
    let asked = problem(input, spec, weights)?.0.class_weights().to_vec();
    let mut found: Vec<Candidate> = Vec::new();
    let mut tried: Vec<(&'static str, Vec<f64>)> = Vec::new();
    let is_tried = |row: &&LossRow| few || [LossSpec::Softmax, LossSpec::Logistic].contains(&row.default);
    let rows: Vec<&LossRow> = LOSS_TABLE.into_iter().filter(is_tried).collect();
    let stage = Stage::of((rows.len() * WEIGHTS.len()) as u64);
    for row in rows {
        for (name, weights) in &WEIGHTS {
            stage.advance(1);
            if row.class_weights == ClassWeighting::No && *weights != ClassWeights::None {
                continue;
            }
            let Ok((targets, loss)) = problem(input, &row.default, weights) else { continue };
            let relative = relative(targets.class_weights());
            let is_asked = row.default == *spec && relative == self::relative(&asked);
            // Where classes are of equal size, balanced weights are none.
            let is_known = tried.iter().any(|(loss, weights)| *loss == row.name && *weights == relative);
            if is_asked || is_known || !fits(&loss, input) {
                continue;
            }
            tried.push((row.name, relative));
            // Probabilities of one-vs-all columns need not sum to one: they are none of softmax.
            let Ok(worst_residual) = residual_at(input, (&targets, &loss), &vec![0.0; input.columns()])
            else {
                continue;
            };
            if worst_residual.is_finite() {
                let of =
                    Alternative { loss: row.name, class_weights: name, worst_residual, stationary: false };
                found.push(Candidate { of, targets, loss });
            }
        }
    }
    found.sort_by(|a, b| alike(a.of.worst_residual).total_cmp(&alike(b.of.worst_residual)));
    let near_enough = tolerance.min(rare_residual(found.len(), input.columns()));
    for candidate in found.iter_mut().take_while(|one| one.of.worst_residual <= near_enough) {
        candidate.of.stationary = candidate.shows_intercepts(input)?;
    }
    Ok(found.into_iter().map(|candidate| candidate.of).collect())
}

/// A residual without its rounding, so that combinations with one keep the order of the table.
fn alike(residual: f64) -> f64 {
    (residual * 1e12).round()
}

/// A combination, ready to be measured again.
struct Candidate {
    of: Alternative,
    targets: Targets,
    loss: BuiltLoss,
}

impl Candidate {
    /// Whether any intercept that is off shows in the balance.
    fn shows_intercepts(&self, input: &AuditInput) -> Result<bool, DataError> {
        for column in 0..input.columns() {
            let mut shift = vec![0.0; input.columns()];
            shift[column] = OFF;
            if residual_at(input, (&self.targets, &self.loss), &shift)? < SHOWS {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The largest relative difference of a class's outflow and inflow, with a shift of the logits.
fn residual_at(
    input: &AuditInput,
    (targets, loss): (&Targets, &BuiltLoss),
    shift: &[f64],
) -> Result<f64, DataError> {
    let tallied = tally(input, targets, loss, shift)?;
    Ok(StationaryVerdict::of(&ledger_of(&tallied, loss.denominator()), 0.0).worst_residual)
}

/// The residual that the nearest of so many wrong combinations falls below in one of twenty sets, if their classes' residuals are
/// spread evenly from zero to one and all but one of the columns are independent.
fn rare_residual(combinations: usize, columns: usize) -> f64 {
    let independent = columns.saturating_sub(1).max(1) as f64;
    (BY_CHANCE / combinations.max(1) as f64).powf(independent.recip())
}

/// Weights up to a common factor, which moves no stationary point.
fn relative(weights: &[f64]) -> Vec<f64> {
    weights.iter().map(|weight| weight / weights[0]).collect()
}

fn fits(loss: &BuiltLoss, input: &AuditInput) -> bool {
    loss.logit_rows() == input.columns()
}

impl Alternative {
    /// The loss and its weights in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.class_weights {
            "none" => format!("{} without weights", self.loss),
            "balanced" => format!("{} with balanced weights", self.loss),
            weights => format!("{} with the weights {weights}", self.loss),
        }
    }

    /// The settings that audit under it.
    #[must_use]
    pub fn options(&self) -> String {
        let weights = if self.class_weights == "none" {
            String::new()
        } else {
            format!(" `class_weights` {}", self.class_weights)
        };
        format!("`loss` {}{weights}", self.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::ReadOptions;
    use crate::data::arrays::{Array, Arrays};
    use crate::data::random::{normal_matrix, stream};
    use crate::data::{Dataset, Labels};
    use crate::solver::{Problem, solve};
    use nalgebra::DMatrix;
    use rand::RngExt;

    const TOLERANCE: f64 = 0.01;

    fn input(logits: &DMatrix<f64>, labels: &[u32]) -> AuditInput {
        let owned = |columns: usize, values: Vec<f64>| {
            Array::owned("drawn".to_owned(), labels.len(), columns, values)
        };
        let named = vec![
            ("logits".to_owned(), owned(logits.nrows(), logits.as_slice().to_vec())),
            ("labels".to_owned(), owned(1, labels.iter().map(|&label| f64::from(label)).collect())),
        ];
        AuditInput::of_arrays(&Arrays::in_memory("drawn", named), &ReadOptions::default()).expect("an input")
    }

    fn named(input: &AuditInput) -> Vec<Alternative> {
        let found = alternatives(input, &LossSpec::Softmax, &ClassWeights::None, TOLERANCE).expect("finite");
        found.into_iter().filter(|one| one.stationary).collect()
    }

    /// Labels of every class, the first the most frequent.
    fn labels(samples: usize, classes: usize, generator: &mut impl rand::Rng) -> Vec<u32> {
        let classes = u32::try_from(classes).expect("a few");
        let mut drawn = |_| generator.random_range(0..classes).min(generator.random_range(0..classes));
        (0..classes).chain((0..samples).map(&mut drawn)).collect()
    }

    /// Logits that belong to no loss: few rows and many, saturated and not, right, wrong and neither.
    #[test]
    fn a_loss_is_hardly_ever_named_by_chance() {
        let (mut sets, mut wrong) = (0, Vec::new());
        for draw in 0..60_usize {
            let generator = &mut stream(27, draw as u64);
            for classes in [2, 3, 5] {
                let samples = [3, 12, 40, 300][draw % 4];
                let labels = labels(samples, classes, generator);
                let scale = [0.3, 1.0, 5.0, 40.0][draw / 4 % 4];
                let own = [0.0, 3.0, -3.0][draw % 3];
                let mut logits = normal_matrix(generator, classes, labels.len());
                for (mut z, &label) in logits.column_iter_mut().zip(&labels) {
                    z[label as usize] += own;
                    z *= scale;
                }
                sets += 1;
                wrong
                    .extend(named(&input(&logits, &labels)).first().cloned().map(|one| (draw, classes, one)));
            }
        }
        assert!(wrong.len() * 20 <= sets, "{} of {sets}: {wrong:?}", wrong.len());
    }

    /// Logits whose intercepts were solved for another loss or other weights.
    #[test]
    fn the_loss_that_logits_balance_for_is_named() {
        for draw in 0..8 {
            let generator = &mut stream(28, draw);
            for classes in [2, 3, 5] {
                let labels = labels(200, classes, generator);
                let mut logits = normal_matrix(generator, classes, labels.len());
                for (mut z, &label) in logits.column_iter_mut().zip(&labels) {
                    z[label as usize] += 1.5;
                }
                for (spec, weights, words) in [
                    (LossSpec::Softmax, ClassWeights::Balanced, "softmax with balanced weights"),
                    (
                        LossSpec::Softmax,
                        ClassWeights::EffectiveNumber(0.999),
                        "softmax with the weights effective:0.999",
                    ),
                    (LossSpec::Logistic, ClassWeights::None, "logistic without weights"),
                    (LossSpec::Logistic, ClassWeights::Balanced, "logistic with balanced weights"),
                ] {
                    if classes == 2 && spec == LossSpec::Logistic {
                        continue;
                    }
                    let of_classes = Labels::numbered(labels.clone(), classes).expect("all occur");
                    let dataset = Dataset::from_logits(logits.clone(), of_classes).expect("finite");
                    let problem = Problem::new(&dataset, &spec, &weights, 0.0).expect("a problem");
                    let point = solve(&problem).stationary().expect("a stationary point");
                    let found = named(&input(&point.logits(), &labels));
                    let first = found.first().map(Alternative::in_words);
                    assert_eq!(first.as_deref(), Some(words), "draw {draw}, {classes} classes: {found:?}");
                }
            }
        }
    }
}
