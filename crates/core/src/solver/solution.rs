//! Outcomes: a certified stationary point, a proof that there is none (which classes separate, and the answer for the
//! others), or the reason for neither.

use super::descent::{Descent, Progress};
use super::pass::ScaledFeatures;
use super::problem::{Intercept, Problem};
use super::recomputed::Recomputed;
use super::search::{LARGEST_AS_PRINTED, solve, unprintable};
use super::separation::{GivenAway, Separation, SeparationKind, Sides};
use super::settings::{SolverSettings, Watch};
use crate::data::{DataError, Dataset, Labels};
use crate::loss::{BuiltLoss, ClassWeights, Loss, LossSpec, Targets};
use crate::numeric::{SAMPLES_PER_CHUNK, largest};
use nalgebra::DMatrix;
use serde::Serialize;
use std::sync::OnceLock;

/// A linear head in the user's units: `z = coefficients h + intercepts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// `K x d` (`1 x d` for the binary logistic loss); softmax rows sum to zero over classes.
    pub coefficients: DMatrix<f64>,
    /// One per row of `coefficients`.
    pub intercepts: Vec<f64>,
}

impl Head {
    /// Of zeros.
    pub(super) fn zeros(columns: usize, features: usize) -> Self {
        Self { coefficients: DMatrix::zeros(columns, features), intercepts: vec![0.0; columns] }
    }

    /// `W h + b` of features (`d x N`), one sample per column.
    ///
    /// # Panics
    /// `features` do not have one row per column of the coefficients.
    #[must_use]
    pub fn logits(&self, features: &DMatrix<f64>) -> DMatrix<f64> {
        let mut logits = &self.coefficients * features;
        for mut column in logits.column_iter_mut() {
            column.iter_mut().zip(&self.intercepts).for_each(|(logit, intercept)| *logit += intercept);
        }
        logits
    }

    /// The features with a coefficient that is not zero, where these are at most three.
    fn few_features(&self) -> Option<Vec<usize>> {
        const FEW: usize = 3;
        let carries = |&feature: &usize| self.coefficients.column(feature).iter().any(|&value| value != 0.0);
        let features: Vec<usize> = (0..self.coefficients.ncols()).filter(carries).take(FEW + 1).collect();
        (features.len() <= FEW).then_some(features)
    }
}

/// The search's own certificate. That of the rounded head is [`StationaryPoint::recomputed`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// Largest entry of a logit column's gradient relative to the sum of the magnitudes of its residuals, in the coordinates of the
    /// search, before the head was rounded.
    pub relative_gradient: f64,
    /// Smallest eigenvalue of the Hessian by coefficients and intercepts in the user's units, over columns or over directions
    /// that change a probability; positive at a strict local minimum. Given for losses that are not convex, but not where there are more
    /// than a few hundred unknowns that are one problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_curvature: Option<f64>,
    /// Outer iterations.
    pub iterations: u64,
    /// Wall time of solving, in seconds; NaN without the feature `clock`.
    pub seconds: f64,
}

/// A point where the gradient of a problem vanishes, with its problem, so that it cannot be measured on another.
#[derive(Debug, Clone)]
pub struct StationaryPoint<'a> {
    /// The head.
    pub head: Head,
    /// The loss without penalty.
    pub data_loss: f64,
    /// The loss with penalty.
    pub loss: f64,
    /// How it was found.
    pub certificate: Certificate,
    pub(super) recomputed: OnceLock<Recomputed>,
    pub(super) problem: Problem<'a>,
    /// The head in the coordinates it was solved in, before it was rounded.
    pub(super) theta: DMatrix<f64>,
}

impl<'a> StationaryPoint<'a> {
    /// The problem that it solves.
    #[must_use]
    pub fn problem(&self) -> &Problem<'a> {
        &self.problem
    }

    /// Gradient and balance at the doubles of the head, in the user's units, on the user's data and in double-double
    /// arithmetic: the certificate of the result.
    ///
    /// Where rounding moves no logit by more than 1e-13, as is proved from the coefficients without a pass over the
    /// data, it is computed on first use; [`Outcome::confirmed`] makes the status depend on it there too. Elsewhere the
    /// search has checked it already.
    #[must_use]
    pub fn recomputed(&self) -> &Recomputed {
        self.recomputed.get_or_init(|| Recomputed::at(&self.problem, &self.head))
    }

    /// Whether the gradient meets the tolerance that was asked for and no more: separable data, which have no stationary point,
    /// meet one too.
    #[must_use]
    pub fn is_within_tolerance_only(&self) -> bool {
        self.recomputed().relative_gradient > LARGEST_AS_PRINTED
    }

    /// Logits of the samples of the problem's data set, one sample per column, by the rounded head.
    #[must_use]
    pub fn logits(&self) -> DMatrix<f64> {
        let coordinates = self.problem.coordinates();
        if coordinates.combines_features() {
            return Recomputed::logits(self.problem.dataset, coordinates.scaling(), &self.head);
        }
        let features = ScaledFeatures::new(self.problem.dataset, coordinates);
        features.logits(&coordinates.scaled_head(&self.head))
    }
}

/// Samples whose logits are looked at together where a loss is a sum over samples.
pub(crate) const SAMPLES_AT_ONCE: usize = 8 * SAMPLES_PER_CHUNK;

impl StationaryPoint<'_> {
    /// Hands out the logits (`Q x n`) of all samples by the rounded head and the targets of these samples, some at a time and in
    /// order; all at once for losses that are not built of sums over samples.
    pub fn for_each_block(&self, mut look: impl FnMut(&DMatrix<f64>, &Targets)) {
        let (coordinates, targets) = (self.problem.coordinates(), self.problem.targets());
        let is_sum = matches!(*self.problem.loss, BuiltLoss::Softmax(_) | BuiltLoss::Logistic(_));
        if !is_sum || targets.samples() <= SAMPLES_AT_ONCE {
            return look(&self.logits(), targets);
        }
        let combined = coordinates.combines_features();
        let scaled = (!combined).then(|| {
            (ScaledFeatures::new(self.problem.dataset, coordinates), coordinates.scaled_head(&self.head))
        });
        for start in (0..targets.samples()).step_by(SAMPLES_AT_ONCE) {
            let range = start..(start + SAMPLES_AT_ONCE).min(targets.samples());
            let logits = if let Some((features, theta)) = &scaled {
                features.logits_of(range.clone(), theta)
            } else {
                let (dataset, scaling) = (self.problem.dataset, coordinates.scaling());
                Recomputed::logits_of(range.clone(), dataset, scaling, &self.head)
            };
            look(&logits, &targets.of_range(range));
        }
    }
}

/// A proof that no finite minimiser exists: along `direction` no sample's loss rises and some fall for ever. Of vector scaling that
/// is so along `direction` with each row divided by its class's factor.
///
/// Every margin has been multiplied out exactly: the direction's doubles on the user's numbers, without rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Separable {
    /// Complete or quasi-complete, along this direction.
    pub kind: SeparationKind,
    /// For one-vs-all losses the class whose column separates; `None` when the direction spans all classes.
    pub column_class: Option<usize>,
    /// The direction in the user's units: one row (its class above, the rest below), or one row per class (each
    /// sample's own row highest).
    pub direction: Head,
    /// Samples with a strictly positive margin.
    pub separated_samples: usize,
    /// The sum of their weights.
    pub separated_size: f64,
    /// Classes those samples belong to.
    pub classes: Vec<usize>,
    /// What a single feature, or the difference of two nearly equal ones, says by itself; empty where it takes more.
    pub given_away: Vec<GivenAway>,
    /// The classes that a direction of their own sets apart from all others, each with its proof; empty where
    /// only a joint direction of several classes was found.
    pub separated_classes: Vec<SeparatedClass>,
    /// The problem without those classes; `None` where nothing is left to solve, or none of them is separated alone.
    pub remaining: Option<Remaining>,
}

impl Separable {
    /// The features that carry the direction, where there are at most three.
    #[must_use]
    pub fn features(&self) -> Option<Vec<usize>> {
        self.direction.few_features()
    }

    /// What single features say, in words; `None` where it takes several.
    #[must_use]
    pub fn sentence(&self, feature_names: &[String], class_names: &[String]) -> Option<String> {
        sentence(&self.given_away, feature_names, class_names, self.column_class)
    }
}

/// A class that one row sets apart from all others.
#[derive(Debug, Clone, PartialEq)]
pub struct SeparatedClass {
    /// The class.
    pub class: usize,
    /// Whether all samples lie strictly on their side.
    pub kind: SeparationKind,
    /// One row in the user's units: samples of the class are nowhere below zero, all others nowhere above.
    pub direction: Head,
    /// Samples with a strictly positive margin.
    pub separated_samples: usize,
    /// The sum of their weights.
    pub separated_size: f64,
    /// What a single feature says by itself.
    pub given_away: Vec<GivenAway>,
}

impl SeparatedClass {
    /// What single features say, in words; `None` where it takes several.
    #[must_use]
    pub fn sentence(&self, feature_names: &[String], class_names: &[String]) -> Option<String> {
        sentence(&self.given_away, feature_names, class_names, Some(self.class))
    }
}

fn sentence(
    given_away: &[GivenAway],
    feature_names: &[String],
    class_names: &[String],
    about: Option<usize>,
) -> Option<String> {
    let sentences: Vec<String> =
        given_away.iter().map(|proof| proof.sentence(feature_names, class_names, about)).collect();
    (!sentences.is_empty()).then(|| sentences.join(", and "))
}

/// What is left of a problem once the classes that separate are set aside.
///
/// One-vs-all columns are problems of their own: those of the other classes are solved as they are. Softmax is solved
/// anew over the samples of the other classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Remaining {
    /// The classes that are left, as numbered in the whole problem; rows of a head over them are in this order.
    pub classes: Vec<usize>,
    /// How solving for them ended.
    pub answer: RemainingAnswer,
}

/// How solving for the remaining classes ended.
#[derive(Debug, Clone, PartialEq)]
pub enum RemainingAnswer {
    /// At a stationary point.
    Stationary {
        /// One row per class, in the user's units.
        head: Head,
        /// The mean loss; over columns that are left, the sum of theirs.
        loss: f64,
        /// How it was found.
        certificate: Certificate,
        /// Gradient and balance at the doubles of the head.
        recomputed: Recomputed,
    },
    /// Among the remaining classes some separate again; classes are numbered as in `classes`.
    Separable(Box<Separable>),
    /// Without an answer, and why.
    NotConverged {
        /// What happened.
        why: String,
    },
}

/// How a search ended.
#[derive(Debug, Clone)]
pub enum Outcome<'a> {
    /// Gradient = 0 to rounding, at the head as it is handed out.
    Stationary(Box<StationaryPoint<'a>>),
    /// No finite minimiser exists.
    Separable(Box<Separable>),
    /// Neither a stationary point nor a proof that there is none.
    NotConverged {
        /// What happened.
        why: String,
        /// Outer iterations.
        iterations: u64,
        /// Relative gradient where the search ended.
        relative_gradient: f64,
        /// The head rounded to doubles, where rounding makes it non-stationary.
        rounded: Option<Box<RoundedHead>>,
        /// The head that the search ended at, where there was a search.
        reached: Option<Box<Head>>,
    },
}

/// A head rounded to doubles that is no longer stationary, and its residual.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundedHead {
    /// The head.
    pub head: Head,
    /// Gradient and balance there.
    pub recomputed: Recomputed,
}

impl<'a> Outcome<'a> {
    /// The outcome checked in double-double arithmetic: a stationary point whose [`StationaryPoint::recomputed`]
    /// disagrees becomes not converged.
    #[must_use]
    pub fn confirmed(self, settings: &SolverSettings) -> Self {
        let Self::Stationary(point) = self else { return self };
        let found = point.recomputed();
        if found.relative_gradient <= LARGEST_AS_PRINTED || found.gradient_inf <= settings.tolerance {
            return Self::Stationary(point);
        }
        let StationaryPoint { head, certificate, recomputed, .. } = *point;
        let recomputed = recomputed.into_inner();
        let relative_gradient =
            recomputed.as_ref().map_or(certificate.relative_gradient, |found| found.relative_gradient);
        Self::NotConverged {
            why: "double-double arithmetic finds a larger gradient than the search did; rescale the features"
                .to_owned(),
            iterations: certificate.iterations,
            relative_gradient,
            rounded: recomputed.map(|recomputed| Box::new(RoundedHead { head, recomputed })),
            reached: None,
        }
    }

    /// The stationary point, if that is how it ended.
    #[must_use]
    pub fn stationary(self) -> Option<StationaryPoint<'a>> {
        match self {
            Self::Stationary(point) => Some(*point),
            Self::Separable(_) | Self::NotConverged { .. } => None,
        }
    }
}

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
        let is_met = recomputed.gradient_inf <= self.watch.settings.tolerance;
        if recomputed.relative_gradient > LARGEST_AS_PRINTED && !is_met {
            let answer = RemainingAnswer::NotConverged { why: unprintable(self.problem, &head) };
            return Some(Remaining { classes, answer });
        }
        let relative = of_others.iter().map(|&column| columns[column].relative_gradient);
        let certificate = Certificate {
            relative_gradient: largest(relative),
            smallest_curvature: None,
            iterations: self.watch.iterations,
            seconds: self.watch.clock.seconds(),
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
                solved(&dataset, &ClassWeights::Explicit(weights), self.problem.intercept)
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

fn solved(dataset: &Dataset, weights: &ClassWeights, intercept: Intercept) -> RemainingAnswer {
    let problem = Problem::new(dataset, &LossSpec::Softmax, weights, 0.0);
    match problem.and_then(|problem| problem.with_intercept(intercept)).map(|problem| solve(&problem)) {
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
