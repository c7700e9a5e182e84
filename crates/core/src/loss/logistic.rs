//! Logistic losses: binary, and one-vs-all with any pair weights (docs/theory.md#b1, #b6).

use super::columns::{ColumnMeans, PairWeights};
use super::{ColumnLoss, ColumnWeights, Link, Loss, Targets, columns};
use crate::numeric::DoubleDouble;
use nalgebra::DMatrix;

/// One logistic loss per logit column `q`, each with a target class `t(q)`:
///
/// `L = sum_q sum_i w_i A[y_i][q] * (softplus(-z_i^q) if y_i = t(q), else softplus(z_i^q))`, `w_i` the sample's weight.
///
/// The pair weights `A` include the reduction (`1 / M` for a weighted mean). Smooth and convex in the logits;
/// `dL/dz_i^q = -A (1 - p)` for targets, `A p` for the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    target_of: Vec<usize>,
    /// `A[c][q]` before the reduction.
    undivided: ColumnWeights,
    /// `A[c][q]`, reduction included: rounded once.
    column_weights: ColumnWeights,
    denominator: f64,
}

impl Logistic {
    /// The loss of the task: [`Self::binary`] for two classes, [`Self::one_vs_all`] for more.
    #[must_use]
    pub fn for_classes(targets: &Targets) -> Self {
        if Self::columns(targets.classes()) == 1 { Self::binary(targets) } else { Self::one_vs_all(targets) }
    }

    /// Columns of logits for so many classes: two need one.
    #[must_use]
    pub fn columns(classes: usize) -> usize {
        if classes == 2 { 1 } else { classes }
    }

    /// Two classes, one column that accepts class 1: the weighted mean of `-log p` or `-log(1 - p)` (B1).
    #[must_use]
    pub fn binary(targets: &Targets) -> Self {
        Self::class_weighted(vec![1], targets)
    }

    /// One column per class; columns are summed before the weighted mean over samples (B6 with
    /// `A[c][k] = lambda_c`).
    #[must_use]
    pub fn one_vs_all(targets: &Targets) -> Self {
        Self::class_weighted((0..targets.classes()).collect(), targets)
    }

    /// Columns in which a sample of class `c` counts `lambda_c / M`: no weight is kept for pairs of class and column.
    fn class_weighted(target_of: Vec<usize>, targets: &Targets) -> Self {
        let undivided = ColumnWeights::OfClass(targets.class_weights().iter().copied().collect());
        Self::new(target_of, undivided, targets.total_mass())
    }

    /// One-vs-all with the weight `A[c][k]` of class-`c` samples in column `k`, the whole divided by `denominator` (B6).
    #[must_use]
    pub fn with_pair_weights(pair_weights: DMatrix<f64>, denominator: f64) -> Self {
        Self::new((0..pair_weights.ncols()).collect(), ColumnWeights::OfPair(pair_weights), denominator)
    }

    /// One column per class, or one for two classes, whose own samples count `positive[k]` times as much as the others do
    /// (B6 with `A[k][k] = lambda_k w_k`, else `lambda_c`), as `PyTorch`'s `pos_weight`.
    ///
    /// # Panics
    /// `positive` has no number for the class of a column.
    #[must_use]
    pub fn positive_weighted(targets: &Targets, columns: usize, positive: &[f64]) -> Self {
        Self::adapted(targets, columns, |class, target| if class == target { positive[target] } else { 1.0 })
    }

    /// One column per class, or one for two classes, in which the samples of other classes do not count where the class is
    /// rarer than `rare`, a share of all samples (B6 with `A[c][k] = 0`). A rare column is never pushed down, so that it has
    /// no stationary point.
    ///
    /// Source: J. Tan and others, *Equalization Loss for Long-Tailed Object Recognition*, CVPR 2020.
    #[must_use]
    pub fn equalized(targets: &Targets, columns: usize, rare: f64) -> Self {
        let is_rare = |class: usize| targets.sizes()[class] < rare * targets.total_size();
        Self::adapted(
            targets,
            columns,
            |class, target| {
                if class != target && is_rare(target) { 0.0 } else { 1.0 }
            },
        )
    }

    /// Class weights times a factor for each pair of class and column.
    fn adapted(targets: &Targets, columns: usize, factor: impl Fn(usize, usize) -> f64) -> Self {
        let target_of: Vec<usize> = if columns == 1 { vec![1] } else { (0..columns).collect() };
        let weights = targets.class_weights();
        let pair = DMatrix::from_fn(targets.classes(), columns, |class, column| {
            weights[class] * factor(class, target_of[column])
        });
        Self::new(target_of, ColumnWeights::OfPair(pair), targets.total_mass())
    }

    fn new(target_of: Vec<usize>, undivided: ColumnWeights, denominator: f64) -> Self {
        let column_weights = undivided.map(|_, weight| weight / denominator);
        Self { target_of, undivided, column_weights, denominator }
    }

    /// `A[c][q]`, reduction included.
    #[must_use]
    pub fn column_weights(&self) -> &ColumnWeights {
        &self.column_weights
    }

    /// `A[c][q]` to 31 digits, for the certificate: a weight that is rounded leaves as much of a gradient as it is off.
    pub(super) fn precise_weights(&self) -> ColumnWeights<DoubleDouble> {
        let denominator = DoubleDouble::from(self.denominator);
        self.undivided.map(|_, &weight| DoubleDouble::from(weight) / denominator)
    }

    /// The same with every sample counted `factor` times.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        self.with_factors(|_| factor)
    }

    /// The same loss with every sample of class `c` counted `factors[c]` times.
    pub(crate) fn reweighted(&self, factors: &[f64]) -> Self {
        self.with_factors(|class| factors[class])
    }

    fn with_factors(&self, factor: impl Fn(usize) -> f64) -> Self {
        let times = |weights: &ColumnWeights| weights.map(|class, weight| weight * factor(class));
        Self {
            undivided: times(&self.undivided),
            column_weights: times(&self.column_weights),
            ..self.clone()
        }
    }
}

impl Loss for Logistic {
    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn logit_rows(&self) -> usize {
        self.target_of.len()
    }

    fn target_of(&self, row: usize) -> usize {
        self.target_of[row]
    }

    fn denominator(&self) -> f64 {
        self.denominator
    }

    fn value_and_gradient(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        gradient: &mut DMatrix<f64>,
    ) -> f64 {
        columns::value_and_gradient(self, logits, targets, gradient)
    }

    fn curvature_product(
        &self,
        logits: &DMatrix<f64>,
        targets: &Targets,
        direction: &DMatrix<f64>,
        product: &mut DMatrix<f64>,
    ) {
        columns::curvature_product(self, logits, targets, direction, product);
    }
}

impl ColumnLoss for Logistic {
    fn pair_weights(&self, columns: &[usize], _: &[ColumnMeans], _: &Targets) -> PairWeights {
        PairWeights {
            targets: columns.iter().map(|&column| self.target_of[column]).collect(),
            weight: self.column_weights.of_columns(columns),
            weight_gradient: None,
        }
    }
}
