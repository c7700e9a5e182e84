//! T1 and T2: what is left of the balance on samples that the loss has not seen, over many draws.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, missed, shown};
use crate::balance::{
    HeldOutBalance, NORMAL_95, NORMAL_999, held_out_balance, held_out_bias, sample_probabilities,
};
use crate::data::random::{normal_matrix, normal_vector, stream};
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeights, Loss, LossSpec, Targets};
use crate::numeric::Sigmoid;
use crate::solver::{Outcome, Problem, StationaryPoint, solve};
use nalgebra::DMatrix;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Penalty on the coefficients; the laws do not ask for one, but small classes are now and then separable.
const PENALTY: f64 = 1e-3;
/// Draws of training and held-out samples for a coverage, for a control, which is far off, and for a bias.
const COVERAGE_DRAWS: usize = 1500;
const CONTROL_DRAWS: usize = 200;
const BIAS_DRAWS: usize = 400;
/// Held-out samples for each training sample: not one, so that the two parts of the variance differ.
const HELD_OUT_TIMES: usize = 3;
/// Where the coverage of nominal 95% intervals has to lie.
const COVERAGE: [f64; 2] = [0.93, 0.97];
/// How far the mean of what T2 leaves may be from zero, in standard deviations of `D`.
const CENTRED: f64 = 0.25;
/// How far one Newton step may be from leaving a sample out in truth, summed over samples: its error is of second order.
const STEP_ERROR: f64 = 0.1;

/// About how far two classes are apart, in standard deviations, whatever the dimension: overlapping, not separable.
const APART: f64 = 2.0;

/// Where samples come from.
#[derive(Debug, Clone, Copy)]
enum Noise {
    Normal,
    /// Student's t with five degrees of freedom.
    HeavyTails,
    /// Every class has two centres, so that no linear head is right.
    TwoCentres,
}

/// A design from which training and held-out samples are drawn.
struct HeldOutDesign {
    choice: LossSpec,
    weights: ClassWeights,
    counts: &'static [usize],
    dimension: usize,
    noise: Noise,
    words: &'static str,
}

/// Designs whose rarest class has 12 to 20 samples per feature.
const DESIGNS: [HeldOutDesign; 5] = [
    HeldOutDesign {
        choice: LossSpec::Logistic,
        weights: ClassWeights::None,
        counts: &[240, 60],
        dimension: 5,
        noise: Noise::Normal,
        words: "binary logistic, normal classes",
    },
    HeldOutDesign {
        choice: LossSpec::Softmax,
        weights: ClassWeights::None,
        counts: &[240, 120, 60],
        dimension: 3,
        noise: Noise::HeavyTails,
        words: "softmax, heavy tails",
    },
    HeldOutDesign {
        choice: LossSpec::Softmax,
        weights: ClassWeights::Balanced,
        counts: &[240, 120, 60],
        dimension: 5,
        noise: Noise::HeavyTails,
        words: "softmax, inverse-frequency weights, heavy tails",
    },
    HeldOutDesign {
        choice: LossSpec::Softmax,
        weights: ClassWeights::None,
        counts: &[200, 150, 100, 80],
        dimension: 4,
        noise: Noise::TwoCentres,
        words: "softmax, classes of two centres, which no linear head fits",
    },
    // Beside the spread the bias grows with the samples, where features grow with them.
    HeldOutDesign {
        choice: LossSpec::Logistic,
        weights: ClassWeights::Balanced,
        counts: &[600, 240],
        dimension: 20,
        noise: Noise::Normal,
        words: "binary logistic, inverse-frequency weights",
    },
];

/// A rare class with two samples per feature that weighs as much as the other: fitting each sample by itself biases `D`.
const CROWDED: HeldOutDesign = HeldOutDesign {
    choice: LossSpec::Logistic,
    weights: ClassWeights::Balanced,
    counts: &[240, 60],
    dimension: 30,
    noise: Noise::Normal,
    words: "binary logistic, inverse-frequency weights",
};

/// Designs whose bias is predicted: less crowded, so that leave-one-out steps are small.
const BIASED: [HeldOutDesign; 4] = [
    HeldOutDesign { dimension: 20, ..CROWDED },
    HeldOutDesign { counts: &[400, 50], dimension: 15, ..CROWDED },
    HeldOutDesign { counts: &[300, 100], dimension: 25, ..CROWDED },
    HeldOutDesign {
        choice: LossSpec::Softmax,
        counts: &[200, 100, 50],
        dimension: 12,
        weights: ClassWeights::Balanced,
        noise: Noise::Normal,
        words: "softmax, inverse-frequency weights",
    },
];

/// Designs of which every sample is left out in truth.
const REFITTED: [HeldOutDesign; 2] = [
    HeldOutDesign { dimension: 15, ..CROWDED },
    HeldOutDesign {
        choice: LossSpec::Softmax,
        weights: ClassWeights::Balanced,
        counts: &[120, 60, 40],
        dimension: 8,
        noise: Noise::Normal,
        words: "softmax, inverse-frequency weights",
    },
];

pub(super) const CLAIMS: [ComparisonClaim; 2] = [
    ComparisonClaim {
        id: "T1",
        title: "out of sample: spread",
        statement: "Out of sample, D_k = Σ m_c P_test[c][k] − m_k has the variance Σ m_c² Var_c(p^k)(1/N_c + 1/n_c) to leading order, whatever the dimension, also under misspecification: less the bias that T2 predicts, nominal 95% intervals cover 93% to 97% where the rarest class has more than ten samples per feature.",
        cases: Cases::All(DESIGNS.len()),
        check: spread,
        summarise: |cases| {
            let covered: Vec<String> = cases
                .iter()
                .filter(|case| case.len() == 2)
                .map(|case| format!("{:.1}%", 100.0 * case[0]))
                .collect();
            let crowded = cases.iter().filter_map(|case| case.get(1)).copied().reduce(f64::min);
            vec![format!(
                "95% intervals, less the predicted bias, cover {}; with the bias, 30 features and 60 samples of the rarest class, which weighs as much as the other, {:.1}%",
                covered.join(", "),
                100.0 * crowded.unwrap_or(f64::NAN)
            )]
        },
    },
    ComparisonClaim {
        id: "T2",
        title: "out of sample: bias",
        statement: "Out of sample, the bias of D_k is that of fitting each sample by itself; what leave-one-out leverage predicts of it leaves at most a quarter of a standard deviation.",
        cases: Cases::All(BIASED.len()),
        check: bias,
        summarise: |cases| {
            cases
                .iter()
                .filter(|case| case.len() == 2)
                .map(|case| {
                    format!(
                        "mean of D in its standard deviations: {}; less the predicted bias {}",
                        shown(case[0]),
                        shown(case[1])
                    )
                })
                .collect()
        },
    },
];

impl HeldOutDesign {
    /// Centres of the classes: one or two each.
    fn centres(&self, generator: &mut ChaCha8Rng) -> Vec<DMatrix<f64>> {
        let sets = if matches!(self.noise, Noise::TwoCentres) { 2 } else { 1 };
        // The squared distance of two draws of unit variance is twice the dimension on average.
        let scale = APART / (2.0 * self.dimension as f64).sqrt();
        (0..sets).map(|_| normal_matrix(generator, self.dimension, self.counts.len()) * scale).collect()
    }

    /// Samples of `times` the design's sizes.
    fn draw(
        &self,
        centres: &[DMatrix<f64>],
        times: usize,
        generator: &mut ChaCha8Rng,
    ) -> Result<Dataset, SetupFailure> {
        let of_class = |(class, &count): (u32, &usize)| std::iter::repeat_n(class, times * count);
        let labels: Vec<u32> = (0..).zip(self.counts).flat_map(of_class).collect();
        let mut features = DMatrix::zeros(self.dimension, labels.len());
        for (sample, &label) in labels.iter().enumerate() {
            let centre = centres[generator.random_range(0..centres.len())].column(label as usize);
            let noise = normal_vector(generator, self.dimension) * self.scale(generator);
            features.set_column(sample, &(centre + noise));
        }
        Ok(Dataset::unnamed(features, Labels::numbered(labels, self.counts.len())?)?)
    }

    fn scale(&self, generator: &mut ChaCha8Rng) -> f64 {
        match self.noise {
            Noise::HeavyTails => (5.0 / normal_vector(generator, 5).norm_squared()).sqrt(),
            Noise::Normal | Noise::TwoCentres => 1.0,
        }
    }

    /// Looks at a head that is fitted to a drawn training sample, and at its balance on a held-out one.
    fn fitted<T>(
        &self,
        centres: &[DMatrix<f64>],
        generator: &mut ChaCha8Rng,
        look: impl FnOnce(&StationaryPoint, &[HeldOutBalance]) -> T,
    ) -> Result<T, SetupFailure> {
        let (training, test) =
            (self.draw(centres, 1, generator)?, self.draw(centres, HELD_OUT_TIMES, generator)?);
        let problem = Problem::new(&training, &self.choice, &self.weights, PENALTY)?;
        let Outcome::Stationary(point) = solve(&problem) else {
            return Err("no stationary point".into());
        };
        let held_out = Targets::new(test.labels(), &self.weights)?;
        let logits = point.head.logits(&test.features());
        Ok(look(&point, &held_out_balance(problem.loss().link(), problem.targets(), &logits, &held_out)))
    }
}

/// `D_k` of every class in its standard deviations: as it is, and less what T2 predicts. `None` for a singular Hessian.
fn standardised(point: &StationaryPoint, balances: &[HeldOutBalance]) -> Option<Vec<[f64; 2]>> {
    let problem = point.problem();
    let link = problem.loss().link();
    let predicted = held_out_bias(link, problem.dataset(), problem.targets(), &point.logits(), PENALTY)?;
    let of_class = |(balance, bias): (&HeldOutBalance, f64)| {
        [balance.difference, balance.difference - bias].map(|mean| mean / balance.standard_deviation)
    };
    Some(balances.iter().zip(predicted).map(of_class).collect())
}

/// How far T2's prediction for the last class is from leaving out each sample in truth and solving again, relative to the latter.
fn prediction_error(point: &StationaryPoint) -> Result<f64, SetupFailure> {
    let (problem, logits) = (point.problem(), point.logits());
    let (dataset, targets, link) = (problem.dataset(), problem.targets(), problem.loss().link());
    let predicted = held_out_bias(link, dataset, targets, &logits, PENALTY).ok_or("a singular Hessian")?;
    let (spec, features) = (problem.spec().ok_or("a loss without a name")?, dataset.features());
    let weights = ClassWeights::Explicit(targets.class_weights().to_vec());
    let (classes, last) = (targets.classes(), targets.classes() - 1);
    let mut sample = vec![Sigmoid::of(0.0); classes];
    let mut change = 0.0;
    for left_out in 0..targets.samples() {
        let kept: Vec<usize> = (0..targets.samples()).filter(|&other| other != left_out).collect();
        let labels = kept.iter().map(|&other| targets.class_indices()[other]).collect();
        let rest = Dataset::unnamed(features.select_columns(&kept), Labels::numbered(labels, classes)?)?;
        // The penalty stays that of the sum over all samples.
        let mass = Targets::new(rest.labels(), &weights)?.total_mass();
        let problem = Problem::new(&rest, spec, &weights, PENALTY * targets.total_mass() / mass)?;
        let Outcome::Stationary(refitted) = solve(&problem) else {
            return Err("no stationary point without a sample".into());
        };
        let class = targets.class_indices()[left_out] as usize;
        let mut probability = |z: &DMatrix<f64>| {
            sample_probabilities(link, z.as_slice(), class, &mut sample);
            sample[last].probability
        };
        let after = probability(&refitted.head.logits(&features.select_columns(&[left_out])));
        change += targets.class_weights()[class] * (after - probability(&logits.select_columns(&[left_out])));
    }
    Ok((predicted[last] / change - 1.0).abs())
}

/// The mean over draws, and its standard error.
fn mean_and_error(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// What the intervals of T1 are held against.
#[derive(Debug, Clone, Copy)]
enum Judged {
    Difference,
    LessItsBias,
}

/// How far the 99.9% interval of the coverage is from where it has to lie, and the coverage.
fn coverage(
    design: &HeldOutDesign,
    judged: Judged,
    draws: (u64, u64),
    repetitions: usize,
) -> Result<(f64, f64), SetupFailure> {
    let generator = &mut stream(draws.0, draws.1);
    let centres = design.centres(generator);
    let mut covered = Vec::with_capacity(repetitions);
    for _ in 0..repetitions {
        let classes = design.fitted(&centres, generator, standardised)?.ok_or("a singular Hessian")?;
        let inside = classes.iter().filter(|[difference, less_bias]| {
            let judged = match judged {
                Judged::Difference => difference,
                Judged::LessItsBias => less_bias,
            };
            judged.abs() <= NORMAL_95
        });
        covered.push(inside.count() as f64 / classes.len() as f64);
    }
    let (mean, error) = mean_and_error(&covered);
    let [low, high] = COVERAGE;
    let off = missed(&[(mean + NORMAL_999 * error, low), (high, mean - NORMAL_999 * error)]);
    Ok((off, mean))
}

fn spread(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let design = &DESIGNS[case];
    let (off, covered) = coverage(design, Judged::LessItsBias, draws, COVERAGE_DRAWS)?;
    // Where features are many the bias takes the intervals off, and the check has to see it.
    let (control, crowded) = coverage(&CROWDED, Judged::Difference, draws, CONTROL_DRAWS)?;
    Ok(CaseReport {
        setup: format!(
            "{}, {} features, sizes {:?}, {COVERAGE_DRAWS} draws",
            design.words, design.dimension, design.counts
        ),
        residual: Some(off),
        control: Some(control),
        observed: vec![covered, crowded],
        ..CaseReport::default()
    })
}

fn bias((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let design = &BIASED[case];
    let generator = &mut stream(seed, number);
    let centres = design.centres(generator);
    let small = &REFITTED[case % REFITTED.len()];
    let apart = small.fitted(&small.centres(generator), generator, |point, _| prediction_error(point))??;
    let (mut plain, mut corrected) = (Vec::new(), Vec::new());
    for _ in 0..BIAS_DRAWS {
        let classes = design.fitted(&centres, generator, standardised)?.ok_or("a singular Hessian")?;
        // The last class is the rarest.
        let [found, left] = *classes.last().ok_or("no class")?;
        plain.push(found);
        corrected.push(left);
    }
    let off = |numbers: &[f64]| {
        let (mean, error) = mean_and_error(numbers);
        missed(&[(CENTRED, mean.abs() - NORMAL_999 * error)])
    };
    Ok(CaseReport {
        setup: format!(
            "{}, {} features, sizes {:?}, {BIAS_DRAWS} draws",
            design.words, design.dimension, design.counts
        ),
        residual: Some(off(&corrected).max(missed(&[(STEP_ERROR, apart)]))),
        // Without the predicted bias.
        control: Some(off(&plain)),
        observed: vec![mean_and_error(&plain).0, mean_and_error(&corrected).0],
        ..CaseReport::default()
    })
}
