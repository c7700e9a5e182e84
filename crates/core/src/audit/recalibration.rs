//! Recalibration: solves for the intercepts alone and leaves everything else as it is.

use super::AuditInput;
use super::batch::without_objective;
use super::memory::check_recalibration;
use super::pass::tally;
use super::record::{Measured, problem};
use crate::data::{DataError, Dataset};
use crate::loss::{ClassWeights, Link, Loss, LossSpec, Targets};
use crate::solver::{Outcome, Problem, SolverSettings, solve, solve_general};
use serde::Serialize;

/// Intercepts that make the loss stationary, and what is measured with them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recalibration {
    /// To be added to the logits, or to the last layer's bias; of softmax losses, for which many would do, those of least
    /// norm, whose mean is zero unless the loss scales each logit by a factor of its own.
    pub added: Vec<f64>,
    /// Whether a stationary point was found; if not, where the search ended, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_converged: Option<String>,
    /// Everything measured with them; the loss is in its own reduction.
    pub measured: Measured,
}

/// Solves for the intercepts. All logits are held in memory as doubles, four times.
///
/// # Errors
/// As [`audit`](super::audit()).
pub fn recalibrate(
    input: &AuditInput,
    spec: &LossSpec,
    weights: &ClassWeights,
    tolerance: f64,
) -> Result<Recalibration, DataError> {
    if let Some(why) = without_objective(input, spec)? {
        return Err(DataError::invalid("`recalibrate`", why.to_owned()));
    }
    check_recalibration(input)?;
    let (targets, loss) = problem(input, spec, weights)?;
    let logits = input.logits(0..targets.samples(), loss.link())?;
    let dataset = Dataset::from_logits(logits, targets.labels().clone())?;
    let problem = Problem::of_parts(&dataset, targets.clone(), Some(spec.clone()), loss.clone(), 0.0)
        .map_err(|error| DataError::invalid("`loss`", error.to_string()))?;
    let (mut added, not_converged) = match intercepts_of(&problem, &targets) {
        Outcome::Stationary(point) => (point.head.intercepts, None),
        Outcome::NotConverged { why, reached, .. } => {
            let reached = reached.map(|head| head.intercepts);
            (reached.unwrap_or_else(|| vec![0.0; input.columns()]), Some(why))
        }
        // Intercepts alone separate nothing.
        Outcome::Separable(_) => (vec![0.0; input.columns()], Some("the classes are separable".to_owned())),
    };
    if let Some(free) = loss.free_shift() {
        let along: f64 = added.iter().zip(&free).map(|(entry, free)| entry * free).sum();
        let coefficient = along / free.iter().map(|free| free * free).sum::<f64>();
        added.iter_mut().zip(&free).for_each(|(entry, free)| *entry -= coefficient * free);
    }
    let tallied = tally(input, &targets, &loss, &added)?;
    let measured = Measured::of(&tallied, &targets, &loss, 1.0, tolerance);
    Ok(Recalibration { added, not_converged, measured })
}

/// A search from zero; where logits are so far off that it ends on flat ground, the loss's own search, and one from the intercepts
/// that the softmax loss would have.
fn intercepts_of<'a>(problem: &Problem<'a>, targets: &Targets) -> Outcome<'a> {
    let settings = SolverSettings::default();
    let from_zero = solve_general(problem, None).confirmed(&settings);
    // A convex loss has one minimum, and its search says why it is not come to.
    if problem.is_convex() || !matches!(from_zero, Outcome::NotConverged { .. }) {
        return from_zero;
    }
    // LGL-INR has a search of its own, from the loss without its weights to the one with them.
    let found = match solve(problem).confirmed(&settings) {
        Outcome::NotConverged { .. } => {
            from_softmax(problem, targets).map(|found| found.confirmed(&settings))
        }
        found => Some(found),
    };
    found.filter(|found| matches!(found, Outcome::Stationary(_))).unwrap_or(from_zero)
}

fn from_softmax<'a>(problem: &Problem<'a>, targets: &Targets) -> Option<Outcome<'a>> {
    if problem.loss().link() != Link::Softmax {
        return None;
    }
    let spec = LossSpec::Softmax;
    let loss = spec.build_columns(targets, problem.loss().logit_rows());
    let usual = Problem::of_parts(problem.dataset(), targets.clone(), Some(spec), loss, 0.0).ok()?;
    let guess = solve(&usual).stationary()?;
    Some(solve_general(problem, Some(&guess.head)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::ReadOptions;
    use crate::loss::{InrVariant, loss_named};

    /// Logits far off, of few samples: the search from zero ends on flat ground.
    #[test]
    fn intercepts_are_found_from_logits_far_off() {
        for (scale, shift) in [(1.0, 0.0), (8.0, 0.0), (3.0, 80.0), (20.0, 200.0)] {
            let logit = |sample: u8, class: u8| {
                scale * (f64::from((sample * 7 + class * 5) % 11) - 5.0) + shift * f64::from(class % 2)
            };
            let rows = (0..9).map(|sample| {
                let logits =
                    (0..4).map(|class| logit(sample, class).to_string()).collect::<Vec<_>>().join(",");
                format!("{},{logits}\n", char::from(b"abcd"[usize::from(sample % 4)]))
            });
            let table = format!("label,a,b,c,d\n{}", rows.collect::<String>());
            let input = AuditInput::of_bytes(table.into_bytes(), "logits", &ReadOptions::default())
                .expect("an input");
            let inr = |beta: f64| LossSpec::Inr { beta, variant: InrVariant::Detached };
            let seesaw = loss_named("seesaw").expect("a loss").default.clone();
            for spec in [inr(0.5), inr(2.0), seesaw] {
                let found = recalibrate(&input, &spec, &ClassWeights::None, 0.01).expect("an answer");
                let name = format!("{spec:?} at {scale} and {shift}");
                assert_eq!(found.not_converged, None, "{name}: {:?}", found.added);
                assert!(found.measured.verdict.worst_residual < 1e-9, "{name}: {:?}", found.added);
            }
        }
    }
}
