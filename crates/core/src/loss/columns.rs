//! Losses that are sums over logit columns: a logistic loss in each, with a weight for each pair of true class and column.

use super::block::{LogitBlock, PerSample, lane_largest, lane_sum, lane_sum_of, update_in_blocks, weigh};
use super::{ColumnLoss, ColumnPart, Targets};
use crate::numeric::{Kernel, SAMPLES_PER_CHUNK, Sigmoid, Sum, softplus, vectorised};
use nalgebra::{DMatrix, DVector};
use std::borrow::Cow;
use std::sync::Arc;

/// Weights of every column at `logits` (`Q x N`), and the class means they come from.
fn weights_at(
    loss: &impl ColumnLoss,
    logits: &DMatrix<f64>,
    targets: &Targets,
) -> (PairWeights, Vec<ColumnMeans>) {
    let columns: Vec<usize> = (0..loss.logit_rows()).collect();
    let accepted: Vec<usize> = columns.iter().map(|&column| loss.target_of(column)).collect();
    let mut sums = ClassSums::new(columns.len(), targets.classes());
    if loss.reads_class_means() {
        let parts = update_in_blocks(&mut logits.clone(), targets, |block| {
            let mut part = ClassSums::new(accepted.len(), targets.classes());
            let seen = SeenBlock::of(block, &accepted);
            part.add(&seen, (block.labels, block.weights));
            part
        });
        parts.iter().for_each(|part| sums.merge(part));
    }
    let means = sums.means(targets.sizes());
    (loss.pair_weights(&columns, &means, targets), means)
}

/// [`super::Loss::value_and_gradient`] of a loss over columns.
pub(super) fn value_and_gradient(
    loss: &impl ColumnLoss,
    logits: &DMatrix<f64>,
    targets: &Targets,
    gradient: &mut DMatrix<f64>,
) -> f64 {
    let (weights, _) = weights_at(loss, logits, targets);
    gradient.copy_from(logits);
    let parts = update_in_blocks(gradient, targets, |block| weights.evaluate(block));
    parts.into_iter().flatten().map(|part| part.value).collect::<Sum>().value()
}

/// [`super::Loss::curvature_product`] of a loss over columns.
pub(super) fn curvature_product(
    loss: &impl ColumnLoss,
    logits: &DMatrix<f64>,
    targets: &Targets,
    direction: &DMatrix<f64>,
    product: &mut DMatrix<f64>,
) {
    let (weights, means) = weights_at(loss, logits, targets);
    product.copy_from(logits);
    update_in_blocks(product, targets, |block| weights.curvature(block));
    product.component_mul_assign(direction);
    for (column, means) in means.iter().enumerate() {
        let Some(coupling) = loss.coupling(column, means) else { continue };
        let (classes, labels) = (targets.classes(), targets.class_indices());
        let mut by_loss: Vec<f64> = logits.row(column).iter().copied().collect();
        let mut by_probability = vec![0.0; by_loss.len()];
        let of_samples = (labels, targets.sample_weights());
        mean_slopes(&mut by_loss, &mut by_probability, of_samples, loss.target_of(column), targets);
        let slopes = || by_loss.iter().zip(&by_probability).zip(labels);
        let mut moved = DVector::zeros(2 * classes);
        for (((by_loss, by_probability), &label), along) in slopes().zip(direction.row(column).iter()) {
            moved[label as usize] += by_loss * along;
            moved[classes + label as usize] += by_probability * along;
        }
        let forces = coupling.product(&moved.column(0));
        for (((by_loss, by_probability), &label), entry) in slopes().zip(product.row_mut(column).iter_mut()) {
            *entry += by_loss * forces[label as usize] + by_probability * forces[classes + label as usize];
        }
    }
}

/// Derivatives of the class means of loss (`w p / N_c`, written over the logits) and of probability (`w p (1 - p) /
/// N_c`) with respect to each sample's logit in one column; zero in the column's target class.
pub(crate) fn mean_slopes(
    logits: &mut [f64],
    probability: &mut [f64],
    (labels, weights): (&[u32], Option<&[f64]>),
    target: usize,
    targets: &Targets,
) {
    let weight = |class: usize| if class == target { 0.0 } else { 1.0 / targets.sizes()[class] };
    let of_class: Vec<f64> = (0..targets.classes()).map(weight).collect();
    for (entry, &label) in probability.iter_mut().zip(labels) {
        *entry = of_class[label as usize];
    }
    weigh(probability, weights);
    vectorised(MeanSlopes { logits, probability });
}

/// Turns logits, and the weights of samples in their classes' means, into the slopes of those means.
struct MeanSlopes<'a> {
    logits: &'a mut [f64],
    probability: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for MeanSlopes<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (z, weight) in self.logits.iter_mut().zip(self.probability.iter_mut()) {
            let sigmoid = Sigmoid::of(*z);
            *z = *weight * sigmoid.probability;
            *weight *= sigmoid.slope();
        }
    }
}

/// Weight of a sample of each class in each logit column, reduction included (docs/theory.md#b6: `A[c][q]`).
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnWeights<T = f64> {
    /// The same in every column: one number per class, however many columns there are.
    OfClass(Arc<[T]>),
    /// One number for each pair of class (row) and column.
    OfPair(DMatrix<T>),
}

impl<T: nalgebra::Scalar> ColumnWeights<T> {
    /// Of every class, in one column.
    ///
    /// # Panics
    ///
    /// Where there is no such column.
    #[must_use]
    pub fn column(&self, column: usize) -> &[T] {
        match self {
            Self::OfClass(weights) => weights,
            Self::OfPair(weights) => {
                &weights.as_slice()[column * weights.nrows()..(column + 1) * weights.nrows()]
            }
        }
    }

    /// Those of some columns.
    pub(crate) fn of_columns(&self, columns: &[usize]) -> Self {
        match self {
            Self::OfClass(weights) => Self::OfClass(Arc::clone(weights)),
            Self::OfPair(weights) => Self::OfPair(weights.select_columns(columns)),
        }
    }

    /// What `change` makes of every number, given its class.
    pub(crate) fn map<R: nalgebra::Scalar>(&self, change: impl Fn(usize, &T) -> R) -> ColumnWeights<R> {
        match self {
            Self::OfClass(weights) => ColumnWeights::OfClass(
                weights.iter().enumerate().map(|(class, weight)| change(class, weight)).collect(),
            ),
            Self::OfPair(weights) => {
                let changed = weights.as_slice().iter().enumerate();
                let changed =
                    changed.map(|(place, weight)| change(place % weights.nrows(), weight)).collect();
                ColumnWeights::OfPair(DMatrix::from_vec(weights.nrows(), weights.ncols(), changed))
            }
        }
    }
}

impl ColumnWeights {
    /// `A[c][q]` as a matrix (`K x Q`) of so many columns.
    #[must_use]
    pub fn matrix(&self, columns: usize) -> Cow<'_, DMatrix<f64>> {
        match self {
            Self::OfClass(weights) => {
                Cow::Owned(DMatrix::from_fn(weights.len(), columns, |class, _| weights[class]))
            }
            Self::OfPair(weights) => Cow::Borrowed(weights),
        }
    }
}

/// Weights under which columns are evaluated.
///
/// For a sample of class `c` in column `q` that is not the column's target, `dL/dz = p (weight + weight_gradient (1 - p))` and the
/// value is `weight softplus(z)`; for a target `dL/dz = -weight (1 - p)` and the value is `weight softplus(-z)`. All of it
/// times the sample's weight.
#[derive(Debug, Clone)]
pub(crate) struct PairWeights {
    /// The class each column accepts.
    pub(crate) targets: Vec<usize>,
    /// `weight[(c, q)]`, reduction included.
    pub(crate) weight: ColumnWeights,
    /// `weight_gradient[(c, q)]`, zero for targets; `None` where no weight depends on the logits.
    pub(crate) weight_gradient: Option<DMatrix<f64>>,
}

/// Class means of one column at the present logits.
#[derive(Debug, Clone)]
pub struct ColumnMeans {
    /// Mean of `-log(1 - p)` over each class, of `-log p` over the target class.
    pub(crate) loss: Vec<f64>,
    /// Mean of `p` over each class.
    pub(crate) probability: Vec<f64>,
}

/// Sums over samples from which [`ColumnMeans`] are made, block by block.
pub(crate) struct ClassSums {
    classes: usize,
    /// Loss and probability by column and class.
    sums: Vec<(Sum, Sum)>,
}

impl PairWeights {
    /// Writes `dL/dz` over the logits of a block.
    pub(crate) fn evaluate(&self, block: &mut LogitBlock) -> Vec<ColumnPart> {
        let parts = self.map_columns(block, |logits, weight, weight_gradient| {
            vectorised(Residuals { logits, weight, weight_gradient })
        });
        let labels = block.labels;
        for (column, &target) in block.columns().zip(&self.targets) {
            flip_targets(column, labels, target);
        }
        parts
    }

    /// Writes `d2L/dz2`, at fixed class means, over the logits of a block.
    pub(crate) fn curvature(&self, block: &mut LogitBlock) {
        self.map_columns(block, |logits, weight, weight_gradient| {
            vectorised(Curvatures { logits, weight, weight_gradient });
        });
    }

    /// Runs a kernel over the columns, with the logits of targets negated: seen from `-z`, a target is a sample like
    /// any other.
    fn map_columns<T>(
        &self,
        block: &mut LogitBlock,
        kernel: impl Fn(&mut [f64], &[f64], Option<&[f64]>) -> T,
    ) -> Vec<T> {
        let labels = block.labels;
        let samples = (labels, block.weights);
        let mut rooms = [[0.0; SAMPLES_PER_CHUNK]; 2];
        let mut results = Vec::with_capacity(self.targets.len());
        for (index, (column, &target)) in block.columns().zip(&self.targets).enumerate() {
            let (weight, weight_gradient) = self.of_samples(index, samples, &mut rooms);
            flip_targets(column, labels, target);
            results.push(kernel(column, weight, weight_gradient));
        }
        results
    }

    /// Weight and weight gradient of every sample of a block in a column; `rooms` is room for them.
    fn of_samples<'r>(
        &self,
        column: usize,
        (labels, weights): (&[u32], Option<&[f64]>),
        [weight, weight_gradient]: &'r mut [PerSample; 2],
    ) -> (&'r [f64], Option<&'r [f64]>) {
        let (weight, weight_gradient) = (&mut weight[..labels.len()], &mut weight_gradient[..labels.len()]);
        let gather = |table: &[f64], into: &mut [f64]| {
            vectorised(GatherColumns { table, labels, into });
            weigh(into, weights);
        };
        gather(self.weight.column(column), weight);
        let Some(of_pairs) = &self.weight_gradient else { return (weight, None) };
        gather(of_pairs.column(column).as_slice(), weight_gradient);
        (weight, Some(weight_gradient))
    }

    /// [`Self::evaluate`] of a block that has been looked at: writes `dL/dz` to `residuals`, where there is a place for each.
    pub(crate) fn evaluate_seen(&self, seen: &SeenBlock, residuals: &mut LogitBlock) -> Vec<ColumnPart> {
        let labels = residuals.labels;
        let samples = (labels, residuals.weights);
        let mut rooms = [[0.0; SAMPLES_PER_CHUNK]; 2];
        let mut parts = Vec::with_capacity(self.targets.len());
        for (index, (into, &target)) in residuals.columns().zip(&self.targets).enumerate() {
            let (weight, weight_gradient) = self.of_samples(index, samples, &mut rooms);
            let range = index * labels.len()..(index + 1) * labels.len();
            let (value, magnitude) = vectorised(SeenResiduals {
                losses: &seen.losses[range.clone()],
                probability: &seen.probability[range.clone()],
                complement: &seen.complement[range],
                weight,
                weight_gradient,
                into,
            });
            flip_targets(into, labels, target);
            parts.push(ColumnPart { value, magnitude, largest_logit: seen.largest_logit[index] });
        }
        parts
    }
}

impl ClassSums {
    pub(crate) fn new(columns: usize, classes: usize) -> Self {
        Self { classes, sums: vec![(Sum::default(), Sum::default()); columns * classes] }
    }

    /// Adds a block, whose samples have these classes and weights.
    pub(crate) fn add(&mut self, seen: &SeenBlock, (labels, weights): (&[u32], Option<&[f64]>)) {
        let width = COLUMNS_AT_ONCE * labels.len();
        let groups = seen.losses.chunks(width).zip(seen.probability.chunks(width));
        for ((losses, probability), sums) in groups.zip(self.sums.chunks_mut(COLUMNS_AT_ONCE * self.classes))
        {
            add_by_class(losses, probability, (labels, weights), sums);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in self.sums.iter_mut().zip(&other.sums) {
            own.0.merge(other.0);
            own.1.merge(other.1);
        }
    }

    /// The means, given the size of each class.
    pub(crate) fn means(&self, sizes: &[f64]) -> Vec<ColumnMeans> {
        let of_column = |sums: &[(Sum, Sum)]| ColumnMeans {
            loss: sums.iter().zip(sizes).map(|(sum, size)| sum.0.value() / size).collect(),
            probability: sums.iter().zip(sizes).map(|(sum, size)| sum.1.value() / size).collect(),
        };
        self.sums.chunks_exact(self.classes).map(of_column).collect()
    }
}

/// Columns whose sums are taken side by side: each sum waits for its last addition, but not for those of other columns.
const COLUMNS_AT_ONCE: usize = 4;

/// Adds losses and probabilities of some columns (`n x Q`) to the sums by column and class. The probability of a target, whose
/// logit was negated, is that of its complement; no law reads it.
fn add_by_class(
    losses: &[f64],
    probability: &[f64],
    (labels, weights): (&[u32], Option<&[f64]>),
    sums: &mut [(Sum, Sum)],
) {
    let (samples, columns) = (labels.len(), losses.len() / labels.len());
    let classes = sums.len() / columns;
    for (sample, &label) in labels.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[sample]);
        for column in 0..columns {
            let (of_loss, of_probability) = &mut sums[column * classes + label as usize];
            of_loss.add(weight * losses[column * samples + sample]);
            of_probability.add(weight * probability[column * samples + sample]);
        }
    }
}

/// What the samples of a block lose in some columns and how probable they are, one run of samples for each column, targets seen from
/// `-z`. Class means are sums of it; once they are known, so are gradients.
pub(crate) struct SeenBlock {
    losses: Vec<f64>,
    probability: Vec<f64>,
    complement: Vec<f64>,
    largest_logit: Vec<f64>,
}

impl SeenBlock {
    /// Numbers for each sample and column.
    pub(crate) const NUMBERS: usize = 3;

    /// Looks at a block of logits, which is used up, in columns that accept these classes.
    pub(crate) fn of(block: &mut LogitBlock, targets: &[usize]) -> Self {
        let labels = block.labels;
        let zeros = || vec![0.0; labels.len() * targets.len()];
        let (mut probability, mut complement) = (zeros(), zeros());
        let halves =
            probability.chunks_exact_mut(labels.len()).zip(complement.chunks_exact_mut(labels.len()));
        let columns = block.columns().zip(halves).zip(targets);
        let look = |((logits, (probability, complement)), &target): ((&mut [f64], _), _)| {
            flip_targets(logits, labels, target);
            vectorised(LossesAndProbabilities { logits, probability, complement })
        };
        let largest_logit = columns.map(look).collect();
        Self { losses: block.values.to_vec(), probability, complement, largest_logit }
    }
}

fn flip_targets(column: &mut [f64], labels: &[u32], target: usize) {
    // No class is numbered beyond 2^32.
    let target = u32::try_from(target).unwrap_or(u32::MAX);
    vectorised(FlipTargets { column, labels, target });
}

struct FlipTargets<'a> {
    column: &'a mut [f64],
    labels: &'a [u32],
    target: u32,
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for FlipTargets<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (entry, &label) in self.column.iter_mut().zip(self.labels) {
            *entry = if label == self.target { -*entry } else { *entry };
        }
    }
}

/// What a table holds for each sample's class.
struct GatherColumns<'a> {
    table: &'a [f64],
    labels: &'a [u32],
    into: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for GatherColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let entries = self.into.iter_mut().zip(self.labels);
        // A choice of two becomes a vector instruction.
        if let &[first, second] = self.table {
            entries.for_each(|(entry, &label)| *entry = if label == 0 { first } else { second });
        } else {
            entries.for_each(|(entry, &label)| *entry = self.table[label as usize]);
        }
    }
}

struct Residuals<'a> {
    logits: &'a mut [f64],
    weight: &'a [f64],
    weight_gradient: Option<&'a [f64]>,
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Residuals<'_> {
    type Output = ColumnPart;

    #[inline(always)]
    fn call(self) -> ColumnPart {
        let mut losses: PerSample = [0.0; SAMPLES_PER_CHUNK];
        let losses = &mut losses[..self.logits.len()];
        let largest_logit = lane_largest(self.logits);
        let Some(weight_gradient) = self.weight_gradient else {
            for ((z, loss), weight) in self.logits.iter_mut().zip(&mut *losses).zip(self.weight) {
                *loss = weight * softplus(*z);
                *z = weight * Sigmoid::of(*z).probability;
            }
            // Plain residuals are not negative, targets having been negated.
            return ColumnPart { value: lane_sum(losses), magnitude: lane_sum(self.logits), largest_logit };
        };
        for (((z, loss), weight), weight_gradient) in
            self.logits.iter_mut().zip(&mut *losses).zip(self.weight).zip(weight_gradient)
        {
            *loss = weight * softplus(*z);
            let sigmoid = Sigmoid::of(*z);
            *z = sigmoid.probability * (weight + weight_gradient * sigmoid.complement);
        }
        let value = lane_sum(losses);
        losses.iter_mut().zip(&*self.logits).for_each(|(entry, residual)| *entry = residual.abs());
        ColumnPart { value, magnitude: lane_sum(losses), largest_logit }
    }
}

struct Curvatures<'a> {
    logits: &'a mut [f64],
    weight: &'a [f64],
    weight_gradient: Option<&'a [f64]>,
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for Curvatures<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Some(weight_gradient) = self.weight_gradient else {
            for (z, weight) in self.logits.iter_mut().zip(self.weight) {
                *z = weight * Sigmoid::of(*z).slope();
            }
            return;
        };
        for ((z, weight), weight_gradient) in self.logits.iter_mut().zip(self.weight).zip(weight_gradient) {
            let sigmoid = Sigmoid::of(*z);
            *z = sigmoid.slope() * (weight + weight_gradient * (sigmoid.complement - sigmoid.probability));
        }
    }
}

/// Turns logits into losses, beside probabilities and their complements; returns the largest magnitude of a logit.
struct LossesAndProbabilities<'a> {
    logits: &'a mut [f64],
    probability: &'a mut [f64],
    complement: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for LossesAndProbabilities<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let largest_logit = lane_largest(self.logits);
        let halves = self.probability.iter_mut().zip(self.complement.iter_mut());
        for (z, (probability, complement)) in self.logits.iter_mut().zip(halves) {
            let sigmoid = Sigmoid::of(*z);
            (*probability, *complement) = (sigmoid.probability, sigmoid.complement);
            *z = softplus(*z);
        }
        largest_logit
    }
}

/// [`Residuals`] of samples that have been looked at.
struct SeenResiduals<'a> {
    losses: &'a [f64],
    probability: &'a [f64],
    complement: &'a [f64],
    weight: &'a [f64],
    weight_gradient: Option<&'a [f64]>,
    into: &'a mut [f64],
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl Kernel for SeenResiduals<'_> {
    /// Value and magnitude.
    type Output = (f64, f64);

    #[inline(always)]
    fn call(self) -> (f64, f64) {
        let Self { losses, probability, complement, weight, weight_gradient, into } = self;
        let mut values: PerSample = [0.0; SAMPLES_PER_CHUNK];
        let values = &mut values[..losses.len()];
        values.iter_mut().zip(losses).zip(weight).for_each(|((value, loss), weight)| *value = weight * loss);
        let residuals = into.iter_mut().zip(probability).zip(weight);
        match weight_gradient {
            None => residuals.for_each(|((residual, probability), weight)| *residual = weight * probability),
            Some(weight_gradient) => residuals.zip(weight_gradient.iter().zip(complement)).for_each(
                |(((residual, probability), weight), (weight_gradient, complement))| {
                    *residual = probability * (weight + weight_gradient * complement);
                },
            ),
        }
        (lane_sum(values), lane_sum_of(into, f64::abs))
    }
}
