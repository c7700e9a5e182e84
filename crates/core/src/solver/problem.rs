//! What is to be solved: data x loss x class weights x penalty.

use super::coordinates::{Conditioning, Coordinates, SpreadOf};
use crate::data::Dataset;
use crate::loss::{
    BuiltLoss, ClassWeighting, ClassWeights, Logistic, Loss, LossSpec, SampleLoss, Targets, WeightError,
};
use crate::numeric::plain;
use nalgebra::DMatrix;
use std::sync::{Arc, OnceLock};
use thiserror::Error;

/// A problem that cannot be stated.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProblemError {
    /// Class weights that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightError),
    /// A penalty that is negative, not finite, or too large to compute with.
    #[error("{name}: {} must be a number between 0 and {LARGEST_PARAMETER:e}", plain(*.value))]
    Parameter {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A loss whose parameters are out of range or do not fit the classes.
    #[error("{name}: {problem}")]
    Loss {
        /// Its name.
        name: &'static str,
        /// What is wrong, and what to give.
        problem: String,
    },
    /// Something whose shape or size does not fit the data.
    #[error("{0}")]
    Shape(String),
}

/// Whether the logits of a head have intercepts.
///
/// Searches hold an unknown for it in either case, so that heads have one shape. Without intercepts its coordinate is zero in
/// every sample, where no logit sees it, and a penalty of its own keeps it at zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Intercept {
    /// Not penalised; balance laws follow from it (docs/theory.md#balance).
    #[default]
    Free,
    /// None: of the balance laws remains what docs/theory.md#h1 says.
    None,
}

impl Intercept {
    /// What the intercept is multiplied by in every sample.
    pub(super) fn coordinate(self) -> f64 {
        match self {
            Self::Free => 1.0,
            Self::None => 0.0,
        }
    }

    /// The penalty of its unknown in a search.
    pub(super) fn penalty(self) -> f64 {
        1.0 - self.coordinate()
    }
}

/// A linear head over a data set, a loss, class weights and an L2 penalty on the coefficients.
///
/// A clone shares everything with its original.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) targets: Arc<Targets>,
    pub(super) loss: Arc<BuiltLoss>,
    /// What the loss was built from, if it has a name.
    pub(super) spec: Option<LossSpec>,
    pub(super) l2: f64,
    pub(super) intercept: Intercept,
    coordinates: Arc<OnceLock<Arc<Coordinates>>>,
    conditioning: Arc<OnceLock<Conditioning>>,
}

/// A penalty above this would overflow with any data.
pub const LARGEST_PARAMETER: f64 = 1e100;

impl<'a> Problem<'a> {
    /// Binds the parts; `l2` multiplies `||W||^2 / 2` and is added to the weighted mean loss.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::data::GroupedDesign;
    /// use equipoise::loss::{ClassWeights, LossSpec};
    /// use equipoise::solver::{Problem};
    ///
    /// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
    /// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
    /// let problem = Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::Balanced, 1e-3)?;
    /// assert_eq!(problem.targets().sizes(), [35.0, 30.0]);
    /// assert!(Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::Balanced, -1.0).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `l2` is not between 0 and [`LARGEST_PARAMETER`], a parameter of the loss is out of range or does not fit the
    /// classes ([`ProblemError::Loss`]), class weights cannot be used ([`ProblemError::Weights`]), or given logits do
    /// not fit the classes ([`ProblemError::Shape`]).
    pub fn new(
        dataset: &'a Dataset,
        spec: &LossSpec,
        weights: &ClassWeights,
        l2: f64,
    ) -> Result<Self, ProblemError> {
        if let Some(problem) = spec.problem_on(dataset.labels()) {
            return Err(ProblemError::Loss { name: spec.row().name, problem });
        }
        let targets = Targets::new(dataset.labels(), weights)?;
        let loss = spec.build(&targets);
        Self::of_parts(dataset, targets, Some(spec.clone()), loss, l2)
    }

    /// One-vs-all logistic loss with the weight `A[c][k]` of class-`c` samples in column `k`, divided by `N`
    /// (docs/theory.md#b6).
    ///
    /// # Errors
    /// `l2` is not between 0 and [`LARGEST_PARAMETER`], or pair weights or given logits do not fit the classes
    /// ([`ProblemError::Shape`]).
    pub fn pair_weighted(
        dataset: &'a Dataset,
        pair_weights: &DMatrix<f64>,
        l2: f64,
    ) -> Result<Self, ProblemError> {
        let targets = Targets::new(dataset.labels(), &ClassWeights::None)?;
        let classes = targets.classes();
        let usable = |weight: &f64| weight.is_finite() && *weight > 0.0;
        if pair_weights.shape() != (classes, classes) || !pair_weights.iter().all(usable) {
            return Err(ProblemError::Shape(format!(
                "pair weights: a {classes} x {classes} matrix of positive numbers is needed"
            )));
        }
        let loss = Logistic::with_pair_weights(pair_weights.clone(), targets.total_size());
        Self::of_parts(dataset, targets, None, BuiltLoss::Logistic(loss), l2)
    }

    /// A loss of your own over the samples of `targets`, which are those of the data set.
    ///
    /// # Errors
    /// `l2` is not between 0 and [`LARGEST_PARAMETER`], or targets or given logits do not fit the data or the loss
    /// ([`ProblemError::Shape`]).
    pub fn of_loss(
        dataset: &'a Dataset,
        targets: Targets,
        loss: Arc<dyn SampleLoss>,
        l2: f64,
    ) -> Result<Self, ProblemError> {
        Self::of_parts(dataset, targets, None, BuiltLoss::PerSample(loss), l2)
    }

    /// The parts of a problem; the loss is built from `spec`, if it has a name.
    ///
    /// # Errors
    /// As [`Problem::new`].
    pub fn of_parts(
        dataset: &'a Dataset,
        targets: Targets,
        spec: Option<LossSpec>,
        loss: BuiltLoss,
        l2: f64,
    ) -> Result<Self, ProblemError> {
        check_penalty(l2)?;
        if targets.samples() != dataset.labels().samples() {
            return Err(ProblemError::Shape(format!(
                "targets of {} samples for data of {}",
                targets.samples(),
                dataset.labels().samples()
            )));
        }
        check_rows(dataset, &loss)?;
        Ok(Self {
            dataset,
            targets: Arc::new(targets),
            loss: Arc::new(loss),
            spec,
            l2,
            intercept: Intercept::Free,
            coordinates: Arc::default(),
            conditioning: Arc::default(),
        })
    }

    /// The same problem with another penalty. Shares with this one all that does not depend on the penalty.
    ///
    /// # Errors
    /// `l2` is not between 0 and [`LARGEST_PARAMETER`].
    pub fn with_penalty(&self, l2: f64) -> Result<Self, ProblemError> {
        check_penalty(l2)?;
        Ok(Self { l2, coordinates: Arc::default(), ..self.clone() })
    }

    /// The same problem with intercepts, as it is stated, or without.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::data::{Dataset, Labels};
    /// use equipoise::loss::{ClassWeights, LossSpec};
    /// use equipoise::solver::{Intercept, Problem, solve};
    /// use nalgebra::DMatrix;
    ///
    /// // Three of five samples are on the side that a positive coefficient says: at x = 1 of class 1, at x = -1 of class 0.
    /// let features = DMatrix::from_row_slice(1, 5, &[1.0, 1.0, 1.0, -1.0, -1.0]);
    /// let dataset = Dataset::unnamed(features, Labels::numbered(vec![0, 1, 1, 0, 1], 2)?)?;
    /// let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;
    /// let point = solve(&problem.with_intercept(Intercept::None)?).stationary().ok_or("none")?;
    /// assert!((point.head.coefficients[0] - 1.5_f64.ln()).abs() < 1e-12);
    /// assert_eq!(point.head.intercepts, [0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Without features nothing would be left to solve for ([`ProblemError::Shape`]).
    pub fn with_intercept(self, intercept: Intercept) -> Result<Self, ProblemError> {
        if intercept == Intercept::None && self.dataset.dimension() == 0 {
            return Err(ProblemError::Shape(
                "without features and without intercepts there is nothing to solve for".to_owned(),
            ));
        }
        Ok(Self { intercept, coordinates: Arc::default(), conditioning: Arc::default(), ..self })
    }

    /// Whether heads have intercepts.
    #[must_use]
    pub fn intercept(&self) -> Intercept {
        self.intercept
    }

    /// The data set.
    #[must_use]
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// The coordinates that the problem is solved in; computed on first use.
    pub(super) fn coordinates(&self) -> &Arc<Coordinates> {
        self.coordinates.get_or_init(|| Arc::new(self.coordinates_by(SpreadOf::AllRows)))
    }

    fn coordinates_by(&self, rows: SpreadOf) -> Coordinates {
        Coordinates::of(self.dataset, self.l2, self.intercept, rows)
    }

    /// The same problem in coordinates scaled by its usual rows, where a few rows lie far out.
    pub(super) fn by_usual_rows(&self) -> Option<Self> {
        self.coordinates().scaling().farthest_out(self.dataset)?;
        let coordinates = Arc::new(self.coordinates_by(SpreadOf::UsualRows));
        Some(Self { coordinates: Arc::new(OnceLock::from(coordinates)), ..self.clone() })
    }

    /// Reuses the coordinates of a problem with the same data, penalty and intercept; they depend on nothing else.
    pub(super) fn share_coordinates(&self, other: &Self) {
        self.coordinates.get_or_init(|| Arc::clone(other.coordinates()));
    }

    /// Conditioning and dependence of the columns of the table. Computed once, by a pass over the data.
    #[must_use]
    pub fn conditioning(&self) -> &Conditioning {
        self.conditioning.get_or_init(|| Conditioning::of_head(self.dataset, self.intercept))
    }

    /// Labels and class weights.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Whether class weights move the probabilities, so that they can be mapped back.
    #[must_use]
    pub fn has_moved_probabilities(&self) -> bool {
        self.loss().moves_probabilities(self.targets.class_weights())
    }

    /// The loss as it is solved.
    #[must_use]
    pub fn loss(&self) -> &BuiltLoss {
        &self.loss
    }

    /// The loss by its name and parameters; `None` of pair weights and of losses without a name.
    #[must_use]
    pub fn spec(&self) -> Option<&LossSpec> {
        self.spec.as_ref()
    }

    /// What class weights do to the loss: nothing to pair weights, which replace them.
    pub(super) fn class_weighting(&self) -> ClassWeighting {
        match (&self.spec, &*self.loss) {
            (Some(spec), _) => spec.row().class_weights,
            (None, BuiltLoss::PerSample(_)) => ClassWeighting::Yes,
            (None, _) => ClassWeighting::No,
        }
    }

    /// Whether every stationary point is known to be a minimum.
    pub(crate) fn is_convex(&self) -> bool {
        self.spec.as_ref().map_or(matches!(*self.loss, BuiltLoss::Logistic(_)), |spec| spec.row().convex)
    }

    /// The penalty.
    #[must_use]
    pub fn l2(&self) -> f64 {
        self.l2
    }
}

fn check_penalty(l2: f64) -> Result<(), ProblemError> {
    if (0.0..=LARGEST_PARAMETER).contains(&l2) {
        Ok(())
    } else {
        Err(ProblemError::Parameter { name: "l2", value: l2 })
    }
}

fn check_rows(dataset: &Dataset, loss: &BuiltLoss) -> Result<(), ProblemError> {
    let rows = loss.logit_rows();
    match dataset.fixed_logits() {
        Some(logits) if logits.nrows() != rows => Err(ProblemError::Shape(format!(
            "logits: this loss takes {rows} rows, the data has {}",
            logits.nrows()
        ))),
        _ => Ok(()),
    }
}
