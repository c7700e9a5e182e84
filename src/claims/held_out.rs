//! T1 and T2: what is left of the balance on samples that the loss has not seen, over many draws.

use super::case::{CaseReport, SetupFailure};
use super::comparison::{Comparison, missed};
use super::sentence::shown;
use crate::balance::{NORMAL_95, NORMAL_999, held_out_balance, held_out_bias};
use crate::data::random::{normal_matrix, normal_vector, stream};
use crate::data::{Dataset, Labels};
use crate::loss::{ClassWeights, Loss, LossSpec, Targets};
use crate::solver::{Outcome, Problem, solve};
use nalgebra::DMatrix;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Penalty on the coefficients; the laws do not ask for one, but small classes are now and then separable.
const PENALTY: f64 = 1e-3;
/// Draws of training and held-out samples.
const REPETITIONS: usize = 400;
/// Where the coverage of nominal 95% intervals has to lie.
const COVERAGE: [f64; 2] = [0.93, 0.97];
/// How far the mean of what T2 leaves may be from zero, in standard deviations of `D`.
const CENTRED: f64 = 0.25;

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
struct Design {
    choice: LossSpec,
    weights: ClassWeights,
    counts: &'static [usize],
    dimension: usize,
    noise: Noise,
    words: &'static str,
}

/// Designs whose rarest class has at least ten samples per feature, and more.
const DESIGNS: [Design; 4] = [
    Design {
        choice: LossSpec::Logistic,
        weights: ClassWeights::None,
        counts: &[240, 60],
        dimension: 3,
        noise: Noise::Normal,
        words: "binary logistic, normal classes",
    },
    Design {
        choice: LossSpec::Softmax,
        weights: ClassWeights::None,
        counts: &[240, 120, 60],
        dimension: 3,
        noise: Noise::HeavyTails,
        words: "softmax, heavy tails",
    },
    Design {
        choice: LossSpec::Softmax,
        weights: ClassWeights::Balanced,
        counts: &[240, 120, 60],
        dimension: 3,
        noise: Noise::HeavyTails,
        words: "softmax, inverse-frequency weights, heavy tails",
    },
    Design {
        choice: LossSpec::Softmax,
        weights: ClassWeights::None,
        counts: &[200, 150, 100, 80],
        dimension: 4,
        noise: Noise::TwoCentres,
        words: "softmax, classes of two centres, which no linear head fits",
    },
];

/// A rare class with two samples per feature that weighs as much as the other: fitting each sample by itself biases `D`.
const CROWDED: Design = Design {
    choice: LossSpec::Logistic,
    weights: ClassWeights::Balanced,
    counts: &[240, 60],
    dimension: 30,
    noise: Noise::Normal,
    words: "binary logistic, inverse-frequency weights, 30 features",
};

/// Designs whose bias is predicted: less crowded, so that leave-one-out steps are small.
const BIASED: [Design; 3] = [
    Design { dimension: 20, words: "binary logistic, inverse-frequency weights, 20 features", ..CROWDED },
    Design {
        counts: &[400, 50],
        dimension: 15,
        words: "binary logistic, inverse-frequency weights, 15 features",
        ..CROWDED
    },
    Design {
        counts: &[300, 100],
        dimension: 25,
        words: "binary logistic, inverse-frequency weights, 25 features",
        ..CROWDED
    },
];

pub(super) const CLAIMS: [Comparison; 2] = [
    Comparison {
        id: "T1",
        title: "out of sample: spread",
        statement: "Out of sample, D_k = Σ m_c P_test[c][k] − m_k has the variance Σ m_c² Var_c(p^k)(1/N_c + 1/n_c) whatever the dimension, also under misspecification: nominal 95% intervals cover 93% to 97% while d is below a tenth of the rarest class.",
        cases: DESIGNS.len(),
        check: spread,
        summarise: |cases| {
            let covered: Vec<String> = cases
                .iter()
                .filter(|case| case.len() == 2)
                .map(|case| format!("{:.1}%", 100.0 * case[0]))
                .collect();
            let crowded = cases.iter().filter_map(|case| case.get(1)).copied().reduce(f64::min);
            vec![format!(
                "95% intervals cover {}; with 30 features and 60 samples of the rarest class, which weighs as much as the other, {:.1}%",
                covered.join(", "),
                100.0 * crowded.unwrap_or(f64::NAN)
            )]
        },
    },
    Comparison {
        id: "T2",
        title: "out of sample: bias",
        statement: "Out of sample, the bias of D_k is that of fitting each sample by itself, which leave-one-out leverage predicts.",
        cases: BIASED.len(),
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

impl Design {
    /// Centres of the classes: one or two each.
    fn centres(&self, generator: &mut ChaCha8Rng) -> Vec<DMatrix<f64>> {
        let sets = if matches!(self.noise, Noise::TwoCentres) { 2 } else { 1 };
        // The squared distance of two draws of unit variance is twice the dimension on average.
        let scale = APART / (2.0 * self.dimension as f64).sqrt();
        (0..sets).map(|_| normal_matrix(generator, self.dimension, self.counts.len()) * scale).collect()
    }

    fn draw(&self, centres: &[DMatrix<f64>], generator: &mut ChaCha8Rng) -> Result<Dataset, SetupFailure> {
        let labels: Vec<u32> =
            (0..).zip(self.counts).flat_map(|(class, &count)| std::iter::repeat_n(class, count)).collect();
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

    /// `D_k` in standard deviations, class by class, of one draw; and what T2 predicts of the first, for two classes.
    fn standardised(
        &self,
        centres: &[DMatrix<f64>],
        generator: &mut ChaCha8Rng,
    ) -> Result<(Vec<f64>, Option<f64>), SetupFailure> {
        let (training, test) = (self.draw(centres, generator)?, self.draw(centres, generator)?);
        let problem = Problem::new(&training, &self.choice, &self.weights, PENALTY)?;
        let Outcome::Stationary(point) = solve(&problem) else {
            return Err("no stationary point".into());
        };
        let held_out = Targets::new(test.labels(), &self.weights)?;
        let logits = point.head.logits(&test.features());
        let balances = held_out_balance(problem.loss().link(), problem.targets(), &logits, &held_out);
        let all = balances.iter().map(|balance| balance.difference / balance.standard_deviation).collect();
        let bias = if self.counts.len() == 2 {
            let link = problem.loss().link();
            let bias = held_out_bias(link, &training, problem.targets(), &point.logits(), PENALTY);
            bias.map(|bias| bias[1] / balances[1].standard_deviation)
        } else {
            None
        };
        Ok((all, bias))
    }
}

/// The mean over draws, and its standard error.
fn mean_and_error(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// How far the 99.9% interval of the coverage is from where it has to lie, and the coverage.
fn coverage(design: &Design, draws: (u64, u64)) -> Result<(f64, f64), SetupFailure> {
    let generator = &mut stream(draws.0, draws.1);
    let centres = design.centres(generator);
    let covered = |_| -> Result<f64, SetupFailure> {
        let (standardised, _) = design.standardised(&centres, generator)?;
        let inside = standardised.iter().filter(|of_class| of_class.abs() <= NORMAL_95).count();
        Ok(inside as f64 / standardised.len() as f64)
    };
    let covered: Vec<f64> = (0..REPETITIONS).map(covered).collect::<Result<_, _>>()?;
    let (mean, error) = mean_and_error(&covered);
    let [low, high] = COVERAGE;
    let off = missed(&[(mean + NORMAL_999 * error, low), (high, mean - NORMAL_999 * error)]);
    Ok((off, mean))
}

fn spread(draws: (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let design = &DESIGNS[case];
    let (off, covered) = coverage(design, draws)?;
    // Where features are many the intervals miss, and the check has to see it.
    let (control, crowded) = coverage(&CROWDED, draws)?;
    Ok(CaseReport {
        setup: format!("{}, sizes {:?}, {REPETITIONS} draws", design.words, design.counts),
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
    let (mut plain, mut corrected) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let (standardised, bias) = design.standardised(&centres, generator)?;
        plain.push(standardised[1]);
        corrected.push(standardised[1] - bias.ok_or("a singular Hessian")?);
    }
    let off = |numbers: &[f64]| {
        let (mean, error) = mean_and_error(numbers);
        missed(&[(CENTRED, mean.abs() - NORMAL_999 * error)])
    };
    Ok(CaseReport {
        setup: format!("{}, sizes {:?}, {REPETITIONS} draws", design.words, design.counts),
        residual: Some(off(&corrected)),
        // Without the predicted bias.
        control: Some(off(&plain)),
        observed: vec![mean_and_error(&plain).0, mean_and_error(&corrected).0],
        ..CaseReport::default()
    })
}
