//! Reports a proof of separability: the classes that separate, and the answer for the others.

use super::descent::{Descent, Progress};
use super::problem::Problem;
use super::recomputed::Recomputed;
use super::scaled_features::ScaledFeatures;
use super::search::solve;
use super::separation::{Separation, Sides};
use super::settings::Watch;
use super::solution::{Certificate, Head, Outcome, Remaining, RemainingAnswer, Separable, SeparatedClass};
use crate::data::{DataError, Dataset, Labels};
use crate::loss::{BuiltLoss, ClassWeights, Loss, LossSpec};
use crate::numeric::largest;
use crate::solver::StationaryPoint;
use nalgebra::DMatrix;

/// A search that ended in a separation.
pub(super) struct Found<'p, 'a, 'w, 'c> {
    pub(super) problem: &'p Problem<'a>,
    pub(super) features: &'p ScaledFeatures<'a>,
    pub(super) watch: &'w Watch<'c>,
}

impl Found<'_, '_, '_, '_> {
    /// The proof, the classes that separate, and the answer for those that do not.
    pub(super) fn separable(&self, separation: Separation, descent: &impl Descent) -> Separable {
        let columns = descent.columns();
        let own_column = |progress: &Progress| match progress {
            Progress::Separable(own) => Some((**own).clone()),
            _ => None,
        };
        let by_column: Vec<Separation> =
            columns.iter().filter_map(|column| own_column(column.progress)).collect();
        // A lone column speaks of both classes.
        let separated = if columns.len() == 1 { Vec::new() } else { by_column };
        let separated = if separated.is_empty() { separation.by_class.clone() } else { separated };
        let separated_classes: Vec<SeparatedClass> =
            separated.into_iter().filter_map(separated_class).collect();
        let remaining = match *self.problem.loss {
            _ if separated_classes.is_empty() => None,
            BuiltLoss::Softmax(_) => self.without(&separated_classes),
            BuiltLoss::Logistic(_) => self.other_columns(descent),
            // Where a column separates, the others were not brought to the sharpness asked for, or columns are one problem.
            BuiltLoss::Inr(_) | BuiltLoss::PerSample(_) => None,
        };
        Separable {
            kind: separation.kind,
            column_class: match separation.sides {
                Sides::OneAgainstRest(class) => Some(class),
                Sides::AllPairs => None,
            },
            direction: separation.direction,
            separated_samples: separation.samples,
            separated_size: separation.size,
            classes: separation.classes,
            given_away: separation.given_away,
            separated_classes,
            remaining,
        }
    }

    /// The columns that converged.
    fn other_columns(&self, descent: &impl Descent) -> Option<Remaining> {
        let columns = descent.columns();
        let of_others: Vec<usize> = (0..columns.len())
            .filter(|&column| !matches!(columns[column].progress, Progress::Separable(_)))
            .collect();
        if of_others.is_empty() {
            return None;
        }
        let unsolved = of_others.iter().find_map(|&column| match columns[column].progress {
            Progress::NotConverged(why) | Progress::Undecided(why) => Some((column, why)),
            _ => None,
        });
        let classes = of_others.iter().map(|&column| self.problem.loss.target_of(column)).collect();
        if let Some((column, why)) = unsolved {
            let name = &self.problem.dataset.labels().class_names()[self.problem.loss.target_of(column)];
            let answer = RemainingAnswer::NotConverged { why: format!("class {name}: {why}") };
            return Some(Remaining { classes, answer });
        }
        let whole = self.features.to_user(descent.theta());
        let rows = |matrix: &DMatrix<f64>| {
            DMatrix::from_fn(of_others.len(), matrix.ncols(), |row, j| matrix[(of_others[row], j)])
        };
        let head = Head {
            coefficients: rows(&whole.coefficients),
            intercepts: of_others.iter().map(|&column| whole.intercepts[column]).collect(),
        };
        let Some(recomputed) = Recomputed::of_columns(self.problem, &whole, &of_others) else {
            let why =
                "the gradient leaves the range of double precision in these units; rescale the features";
            return Some(Remaining {
                classes,
                answer: RemainingAnswer::NotConverged { why: why.to_owned() },
            });
        };
        let relative = of_others.iter().map(|&column| columns[column].relative_gradient);
        let certificate = Certificate {
            relative_gradient: largest(relative),
            smallest_curvature: None,
            iterations: self.watch.iterations,
            seconds: self.watch.started.elapsed().as_secs_f64(),
        };
        let loss = of_others.iter().map(|&column| columns[column].value).sum();
        Some(Remaining {
            classes,
            answer: RemainingAnswer::Stationary { head, loss, certificate, recomputed },
        })
    }

    /// Softmax over the samples of the classes that no row of their own sets apart.
    fn without(&self, separated: &[SeparatedClass]) -> Option<Remaining> {
        let targets = &self.problem.targets;
        let stays = |class: usize| {
            targets.counts()[class] > 0 && separated.iter().all(|separated| separated.class != class)
        };
        let classes: Vec<usize> = (0..targets.classes()).filter(|&class| stays(class)).collect();
        if classes.len() < 2 {
            return None;
        }
        let answer = match of_classes(self.problem.dataset, &classes) {
            Ok(dataset) => {
                let weights = classes.iter().map(|&class| targets.class_weights()[class]).collect();
                solved(&dataset, &ClassWeights::Explicit(weights))
            }
            Err(error) => RemainingAnswer::NotConverged { why: error.to_string() },
        };
        Some(Remaining { classes, answer })
    }
}

fn separated_class(separation: Separation) -> Option<SeparatedClass> {
    let Sides::OneAgainstRest(class) = separation.sides else { return None };
    Some(SeparatedClass {
        class,
        kind: separation.kind,
        direction: separation.direction,
        separated_samples: separation.samples,
        separated_size: separation.size,
        given_away: separation.given_away,
    })
}

/// The samples of some classes, which are numbered anew.
fn of_classes(dataset: &Dataset, classes: &[usize]) -> Result<Dataset, DataError> {
    let labels = dataset.labels();
    let mut number = vec![None; labels.classes()];
    classes.iter().zip(0_u32..).for_each(|(&class, new)| number[class] = Some(new));
    let (mut values, mut class_indices, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for (sample, &label) in labels.class_indices().iter().enumerate() {
        if let Some(new) = number[label as usize] {
            class_indices.push(new);
            weights.push(labels.weight(sample));
            dataset.values(sample..sample + 1).for_each(|value| values.push(value));
        }
    }
    let names = classes.iter().map(|&class| labels.class_names()[class].clone()).collect();
    let features = DMatrix::from_vec(dataset.dimension(), class_indices.len(), values);
    let left = Labels::new(class_indices, names)?;
    let left = if labels.weights().is_some() { left.with_weights(weights)? } else { left };
    Dataset::new(features, dataset.feature_names().to_vec(), left)
}

fn solved(dataset: &Dataset, weights: &ClassWeights) -> RemainingAnswer {
    match Problem::new(dataset, &LossSpec::Softmax, weights, 0.0).map(|problem| solve(&problem)) {
        Ok(Outcome::Stationary(point)) => {
            let recomputed = point.recomputed().clone();
            let StationaryPoint { head, loss, certificate, .. } = *point;
            RemainingAnswer::Stationary { head, loss, certificate, recomputed }
        }
        Ok(Outcome::Separable(found)) => RemainingAnswer::Separable(found),
        Ok(Outcome::NotConverged { why, .. }) => RemainingAnswer::NotConverged { why },
        Err(error) => RemainingAnswer::NotConverged { why: error.to_string() },
    }
}
