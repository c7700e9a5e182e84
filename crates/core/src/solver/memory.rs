//! Predicts the memory of a search before any of it is allocated.

use super::column_pass::{HESSIANS_AT_ONCE, MEANS_AT_ONCE};
use super::general_loss::MAX_DENSE;
use super::pass::LARGEST_HELD;
use super::problem::Problem;
use super::separation;
use super::softmax_system::{Form, Room};
use super::solution::SAMPLES_AT_ONCE;
use super::start::SubsampleSize;
use crate::loss::{BuiltLoss, ColumnWeights, Loss, LossSpec};
use crate::numeric::{accumulators_per_thread, threads};

/// The kind of search, as far as memory depends on it.
#[derive(Clone, Copy, PartialEq)]
enum SearchKind {
    /// Column by column, with weights of classes.
    Columns,
    /// The same with a weight for each pair of class and column.
    PairWeightedColumns,
    /// The same, with weights that depend on all samples of a class.
    ReweightedColumns,
    /// All columns at once.
    Joint,
    /// All logits at once.
    General,
}

impl Problem<'_> {
    /// Bytes that a search takes at most beyond the data.
    ///
    /// For a `D x Q` head (`D = d + 1`) on `T` threads: a few Hessians or factors of `D^2` per logit column, the sums
    /// of `4 T` runs of samples, subsamples to begin on, for softmax what it keeps of features and probabilities, for
    /// LGL-INR and pair weights a few numbers for every pair of class and column, for losses without an algorithm of
    /// their own copies of features and logits, and without penalty the margins of the separability check.
    #[must_use]
    pub fn memory(&self) -> u128 {
        let search = match *self.loss {
            BuiltLoss::Logistic(ref loss) => match loss.column_weights() {
                ColumnWeights::OfClass(_) => SearchKind::Columns,
                ColumnWeights::OfPair(_) => SearchKind::PairWeightedColumns,
            },
            BuiltLoss::Inr(_) => SearchKind::ReweightedColumns,
            BuiltLoss::Softmax(_) => SearchKind::Joint,
            BuiltLoss::PerSample(_) => SearchKind::General,
        };
        let head = (self.dataset.dimension() + 1, self.loss.logit_rows());
        memory(search, head, self.targets.counts(), self.l2 == 0.0)
    }
}

impl LossSpec {
    /// [`Problem::memory`] of a problem before it is drawn, from its numbers of features and samples of each class.
    #[must_use]
    pub fn memory(&self, features: usize, counts: &[usize], l2: f64) -> u128 {
        let search = match self {
            Self::Logistic => SearchKind::Columns,
            Self::PosWeight { .. } | Self::Equalization { .. } => SearchKind::PairWeightedColumns,
            Self::Inr { .. } => SearchKind::ReweightedColumns,
            Self::Softmax => SearchKind::Joint,
            _ => SearchKind::General,
        };
        memory(search, (features.saturating_add(1), self.columns(counts.len())), counts, l2 == 0.0)
    }

    /// How many samples a solution is measured on at a time; `None` for all at once.
    #[must_use]
    pub fn samples_measured_at_once(&self) -> Option<usize> {
        matches!(self, Self::Softmax | Self::Logistic).then_some(SAMPLES_AT_ONCE)
    }
}

fn memory(
    search: SearchKind,
    (dimension, rows): (usize, usize),
    counts: &[usize],
    unpenalised: bool,
) -> u128 {
    let wide = |size: usize| size as u128;
    let samples = counts.iter().fold(0_usize, |sum, &count| sum.saturating_add(count));
    let coordinates = coordinates(wide(dimension), wide(samples), unpenalised);
    // More features than samples are solved in the span of the samples.
    let dimension = dimension.min(samples.saturating_add(1));
    let (d, q, n, classes) = (wide(dimension), wide(rows), wide(samples), wide(counts.len()));
    let (double, running) = (wide(size_of::<f64>()), 4 * wide(threads()));
    let mut hessians = 4 * q * d * d;
    let mut sums = running * (2 * d * d + 4 * q * d + 1024 * (d + q));
    let (mut pairs, mut kept) = (0, 0);
    match search {
        SearchKind::Columns => sums += running * wide(HESSIANS_AT_ONCE) * d * d,
        SearchKind::PairWeightedColumns => {
            sums += running * wide(HESSIANS_AT_ONCE) * d * d;
            pairs = 8 * q * classes;
        }
        SearchKind::ReweightedColumns => {
            let (means, slopes) = (4 * wide(MEANS_AT_ONCE), 2 * wide(HESSIANS_AT_ONCE) * d);
            sums += running * (wide(HESSIANS_AT_ONCE) * d * d + (means + slopes) * classes);
            pairs = 8 * q * classes;
        }
        SearchKind::Joint => {
            let room = Room::of(dimension, rows);
            kept = room.features.min(double * n * d) + room.probabilities.min(double * n * q);
            if Form::of(dimension, rows) == Form::Shared {
                // One factor in place of those of all classes, and the vectors of a search.
                hessians = SHARED.0 * d * d + SHARED.1 * q * d;
                let at_a_time = wide(accumulators_per_thread(2 * dimension.saturating_mul(rows)) * threads());
                sums = at_a_time * (2 * d * d + 3 * q * d + 1024 * (d + q));
                // Probabilities at the present point, and at the one that is tried or of the samples that second derivatives take.
                kept = room.features.min(SINGLE * n * d) + 2 * room.probabilities.min(SINGLE * n * q);
            }
        }
        SearchKind::General => {
            kept = double * (GENERAL.0 * n * d + GENERAL.1 * n * q + wide(MAX_DENSE).pow(2) * GENERAL.0);
        }
    }
    let drawn = |size: SubsampleSize| wide(size.samples(counts)) * d;
    let to_precondition = match (search, Form::of(dimension, rows)) {
        // Samples are read where they are; curvatures of a class on each thread, and two numbers for each sample.
        (SearchKind::Joint, Form::Blocks) => (wide(threads()) + 2) * n,
        (SearchKind::Joint, Form::Shared) => n / 4,
        _ => 0,
    };
    let subsamples = drawn(SubsampleSize::to_begin_on(dimension)) + to_precondition;
    let program = || separation::largest_program(dimension.saturating_mul(rows));
    let margins = if unpenalised { 5 * n * q + program() } else { 0 };
    // Labels and weights of samples are at hand up to three times.
    let numbers = hessians + sums + pairs + subsamples + margins + coordinates + 3 * n;
    double * numbers + kept + wide(LARGEST_HELD).min(double * n * d) + OVERHEAD
}

/// Numbers that a basis of the columns or of the samples is made of, and the samples over it, where one may be needed.
fn coordinates(dimension: u128, samples: u128, unpenalised: bool) -> u128 {
    let smaller = dimension.min(samples);
    let factored = 4 * dimension * smaller;
    match (unpenalised, dimension > samples) {
        (true, _) => factored + 2 * samples * smaller,
        (false, true) => factored + 2 * samples * samples,
        (false, false) => 0,
    }
}

/// Matrices that the search for softmax over many classes holds: of `D x D` numbers while a factor is made, and of `D x K`.
const SHARED: (u128, u128) = (8, 20);

/// Bytes of a number in single precision.
const SINGLE: u128 = size_of::<f32>() as u128;

/// Copies of features and of logits, with their derivatives, that the search for any loss holds.
const GENERAL: (u128, u128) = (4, 10);

/// Stacks of threads and what the allocator holds back.
const OVERHEAD: u128 = 8 << 20;

#[cfg(test)]
mod tests {
    use crate::data::{Dataset, Labels};
    use crate::loss::{ClassWeights, LOSS_TABLE, LossSpec};
    use crate::solver::Problem;
    use nalgebra::DMatrix;

    fn memory(dimension: usize, spec: &LossSpec) -> u128 {
        let labels = Labels::numbered((0..6).map(|sample| sample % 3).collect(), 3).expect("classes");
        let dataset = Dataset::unnamed(DMatrix::zeros(dimension, 6), labels).expect("finite");
        Problem::new(&dataset, spec, &ClassWeights::None, 1e-3).expect("a problem").memory()
    }

    #[test]
    fn it_holds_the_hessians_and_grows_as_they_do() {
        for spec in [LossSpec::Logistic, LossSpec::Softmax] {
            let of = |features: usize| spec.memory(features, &[20_000, 20_000, 20_000], 1e-3);
            let (small, large) = (of(100), of(10_000));
            assert!(small < 1 << 28, "{spec:?}: {small}");
            assert!(large > 3 * 8 * 10_001 * 10_001, "{spec:?}: {large}");
            assert!(large < 10_000 * small);
        }
    }

    /// A head of `ImageNet`'s size, over features of two widths.
    #[test]
    fn many_classes_take_no_block_each_and_no_logits_of_all_samples() {
        let counts = vec![1280; 1000];
        for (features, gibibytes) in [(512, 4), (2048, 16)] {
            let found = LossSpec::Softmax.memory(features, &counts, 1e-6);
            assert!(found < gibibytes << 30, "{features}: {found}");
        }
    }

    /// What 200 samples of 6,000 features take grows with the samples squared.
    #[test]
    fn more_features_than_samples_take_what_the_samples_take() {
        for spec in [LossSpec::Logistic, LossSpec::Softmax] {
            assert!(spec.memory(6000, &[100, 100], 1e-3) < 1 << 28, "{spec:?}");
        }
    }

    /// One-vs-all of many classes: 60,000 columns have no table of 3.6e9 weights.
    #[test]
    fn class_weights_are_no_table_of_pairs() {
        let counts = vec![1; 60_000];
        let pairs = LossSpec::Equalization { rare: 0.1 }.memory(10, &counts, 1.0);
        assert!(LossSpec::Logistic.memory(10, &counts, 1.0) < 8 << 30);
        assert!(pairs > 28 << 30);
    }

    #[test]
    fn what_is_foreseen_is_what_the_problem_says() {
        for spec in LOSS_TABLE.map(|row| row.default.clone()) {
            assert_eq!(spec.memory(70, &[2, 2, 2], 1e-3), memory(70, &spec), "{spec:?}");
        }
        // What is kept to save work is no more than there is.
        assert!(LossSpec::Softmax.memory(2, &[100, 100], 1e-3) < 16 << 20);
    }
}
