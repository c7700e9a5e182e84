//! H1, H4 and C2: heads without an intercept, logit adjustment beside class weights, and what the balance certifies where labels are wrong.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, missed, shown};
use super::newton::{Local, minimised};
use crate::balance::{Ledger, MeanProbability, predicted_class, relative_difference};
use crate::data::random::{normal_matrix, stream};
use crate::data::{Covariance, Dataset, GaussianMixture, Labels};
use crate::loss::{ClassWeights, Loss, LossSpec, Softmax, Targets};
use crate::numeric::largest;
use crate::solver::{Outcome, Problem, solve};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;

/// Sizes of the classes of H1, and penalties on the coefficients.
const COUNTS: [usize; 3] = [60, 30, 15];
const PENALTIES: [f64; 3] = [0.0, 1e-3, 1e-1];
/// Groups whose indicators are features.
const GROUPS: usize = 3;
/// Class sizes of H4, how much larger the larger sample is, and random designs.
const SIZES: [usize; 3] = [160, 40, 20];
const LARGER: usize = 16;
const DESIGNS: usize = 100;
/// Draws of each size from a design, over which the share is a mean.
const DRAWS: u64 = 4;
/// Held-out samples of each class whose decisions are compared.
const HELD_OUT: usize = 500;
/// What is left of the difference of two decisions at most in the larger sample, where theory says a quarter.
const LEFT: f64 = 0.5;

pub(super) const CLAIMS: [ComparisonClaim; 2] = [
    ComparisonClaim {
        id: "H1",
        title: "no free intercept",
        statement: "Without an intercept, softmax's balance survives along a vector a with a·h = 1 on all samples, off by the penalty's gradient, outflow − inflow = l2·M (wₖ·a), and of a one-hot group within the group; over features without such a direction it is off.",
        cases: Cases::All(2 * PENALTIES.len()),
        check: without_intercept,
        summarise: |cases| {
            let off = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
            off.map(|off| {
                vec![format!("without such a direction the balance is off by up to {}", shown(off))]
            })
            .unwrap_or_default()
        },
    },
    ComparisonClaim {
        id: "H4",
        title: "logit adjustment beside weights",
        statement: "Logit adjustment and inverse-frequency weights come to the same decisions as samples grow in number where a linear head is right, and stay apart where it is not.",
        cases: Cases::Draws(DESIGNS),
        check: adjusted_or_weighted,
        summarise: |cases| {
            let mean = |place: usize| {
                let numbers = || cases.iter().filter_map(|case| case.get(place));
                shown(100.0 * numbers().sum::<f64>() / numbers().count().max(1) as f64)
            };
            vec![format!(
                "decisions that differ: {}% of {} samples, {}% of {}; where no linear head is right {}% and {}%",
                mean(0),
                SIZES.iter().sum::<usize>(),
                mean(1),
                LARGER * SIZES.iter().sum::<usize>(),
                mean(2),
                mean(3)
            )]
        },
    },
];

/// Softmax over features without an intercept.
struct BiasFree<'a> {
    features: &'a DMatrix<f64>,
    targets: &'a Targets,
    l2: f64,
}

impl BiasFree<'_> {
    /// `K x d`, row after row.
    fn coefficients(&self, point: &DVector<f64>) -> DMatrix<f64> {
        DMatrix::from_row_slice(self.targets.classes(), self.features.nrows(), point.as_slice())
    }

    fn at(&self, point: &DVector<f64>) -> Local {
        let (classes, dimension) = (self.targets.classes(), self.features.nrows());
        let logits = self.coefficients(point) * self.features;
        let loss = Softmax::new(self.targets);
        let mut residuals = DMatrix::zeros(classes, logits.ncols());
        let value = loss.value_and_gradient(&logits, self.targets, &mut residuals);
        let slope = &residuals * self.features.transpose() + self.coefficients(point) * self.l2;
        let mut hessian = DMatrix::identity(point.len(), point.len()) * self.l2;
        for (sample, h) in self.features.column_iter().enumerate() {
            let class = self.targets.class_indices()[sample] as usize;
            let weight = self.targets.weight_of(sample) / self.targets.total_mass();
            // Residuals are weighted probabilities, the class's own less one.
            let own = |k: usize| if k == class { 1.0 } else { 0.0 };
            let p = |k: usize| residuals[(k, sample)] / weight + own(k);
            for (a, b) in (0..classes).flat_map(|a| (0..classes).map(move |b| (a, b))) {
                let curvature = weight * if a == b { p(a) * (1.0 - p(a)) } else { -p(a) * p(b) };
                let place = (a * dimension, b * dimension);
                hessian.view_mut(place, (dimension, dimension)).ger(curvature, &h, &h, 1.0);
            }
        }
        let gradient = DVector::from_iterator(point.len(), slope.transpose().iter().copied());
        Local { value: value + 0.5 * self.l2 * point.norm_squared(), gradient, hessian }
    }

    fn solved(&self) -> Result<DMatrix<f64>, SetupFailure> {
        let start = DVector::zeros(self.targets.classes() * self.features.nrows());
        Ok(self.coefficients(&minimised(start, |point| self.at(point))?))
    }

    /// The worst of `|outflow - inflow - penalty_k|` beside the larger flow, over some samples.
    fn off(&self, head: &DMatrix<f64>, samples: &[usize], penalty: &DVector<f64>) -> f64 {
        let labels = samples.iter().map(|&sample| self.targets.class_indices()[sample]).collect();
        let targets = self.targets.of_batch(labels);
        let logits = head * self.features.select_columns(samples);
        let ledger = Ledger::at(&Softmax::new(&targets), &logits, &targets);
        largest(
            ledger
                .entries
                .iter()
                .zip(penalty.iter())
                .map(|(entry, penalty)| (entry.difference - penalty).abs() / entry.outflow.max(entry.inflow)),
        )
    }
}

fn without_intercept((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(seed, number);
    let l2 = PENALTIES[case % PENALTIES.len()];
    let (grouped, classes) = (case >= PENALTIES.len(), COUNTS.len());
    let mixture = GaussianMixture::new(
        normal_matrix(generator, 2, classes),
        Covariance::Spherical(1.0),
        COUNTS.to_vec(),
    )?;
    let dataset = mixture.sample(seed, number)?;
    let targets = Targets::new(dataset.labels(), &ClassWeights::Explicit(vec![1.0, 2.0, 5.0]))?;
    let plain = dataset.features().into_owned();
    let group_of: Vec<usize> = (0..targets.samples()).map(|_| generator.random_range(0..GROUPS)).collect();
    let extra = if grouped { GROUPS } else { 1 };
    let indicator = |row: usize, sample: usize| f64::from(u8::from(!grouped || group_of[sample] == row));
    let upper = DMatrix::from_fn(extra, targets.samples(), indicator);
    // Mixed, so that no single feature is constant: a is a row of the inverse.
    let mixed = normal_matrix(generator, 2 + extra, 2 + extra);
    let inverse = mixed.clone().try_inverse().ok_or("a singular mixture of features")?;
    let stacked = DMatrix::from_fn(2 + extra, targets.samples(), |row, sample| {
        if row < 2 { plain[(row, sample)] } else { upper[(row - 2, sample)] }
    });
    let features = mixed * stacked;
    let model = BiasFree { features: &features, targets: &targets, l2 };
    let head = model.solved()?;
    let mut worst: f64 = 0.0;
    let mut without_penalty = f64::INFINITY;
    for row in 0..extra {
        let samples: Vec<usize> =
            (0..targets.samples()).filter(|&sample| upper[(row, sample)] == 1.0).collect();
        let penalty = &head * inverse.row(2 + row).transpose() * (l2 * targets.total_mass());
        worst = largest([worst, model.off(&head, &samples, &penalty)]);
        without_penalty = without_penalty.min(model.off(&head, &samples, &DVector::zeros(classes)));
    }
    // Neither without the penalty's gradient, nor over features of which no direction is constant.
    let bare = BiasFree { features: &plain, targets: &targets, l2 };
    let everyone: Vec<usize> = (0..targets.samples()).collect();
    let off = bare.off(&bare.solved()?, &everyone, &DVector::zeros(classes));
    Ok(CaseReport {
        setup: format!(
            "softmax without intercept, three Gaussian classes of {COUNTS:?}, {}, l2 {l2}",
            if grouped { "three groups" } else { "a constant direction" }
        ),
        residual: Some(worst),
        control: Some(if l2 > 0.0 { off.min(without_penalty) } else { off }),
        observed: vec![off],
        ..CaseReport::default()
    })
}

/// Classes of one centre each, or of two, which no linear head fits.
fn mixture(means: &DMatrix<f64>, sizes: &[usize], draw: (u64, u64)) -> Result<Dataset, SetupFailure> {
    let centres = means.ncols() / sizes.len();
    let counts = (0..means.ncols()).map(|centre| sizes[centre % sizes.len()] / centres).collect();
    let drawn =
        GaussianMixture::new(means.clone(), Covariance::Spherical(1.0), counts)?.sample(draw.0, draw.1)?;
    let classes = u32::try_from(sizes.len())?;
    let labels = drawn.labels().class_indices().iter().map(|&centre| centre % classes).collect();
    Ok(Dataset::unnamed(drawn.features().into_owned(), Labels::numbered(labels, sizes.len())?)?)
}

/// The share of held-out samples on which the two heads decide differently, over draws.
fn apart(means: &DMatrix<f64>, times: usize, seed: u64) -> Result<f64, SetupFailure> {
    let sizes = SIZES.map(|size| size * times);
    let mut different = 0.0;
    for draw in 0..DRAWS {
        let training = mixture(means, &sizes, (seed, draw))?;
        let test = mixture(means, &[HELD_OUT; SIZES.len()], (seed, DRAWS + draw))?;
        let decisions = |spec: LossSpec, weights: ClassWeights| -> Result<Vec<usize>, SetupFailure> {
            let problem = Problem::new(&training, &spec, &weights, 0.0)?;
            let Outcome::Stationary(point) = solve(&problem) else {
                return Err("no stationary point".into());
            };
            let logits = point.head.logits(&test.features());
            Ok(logits.column_iter().map(|z| predicted_class(z.as_slice())).collect())
        };
        let adjusted = decisions(LossSpec::LogitAdjusted { strength: 1.0 }, ClassWeights::None)?;
        let weighted = decisions(LossSpec::Softmax, ClassWeights::Balanced)?;
        let differ = adjusted.iter().zip(&weighted).filter(|(a, b)| a != b).count();
        different += differ as f64 / adjusted.len() as f64;
    }
    Ok(different / DRAWS as f64)
}

fn adjusted_or_weighted((seed, number): (u64, u64), _: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(seed, number);
    let own = generator.random::<u64>();
    let classes = SIZES.len();
    let one = normal_matrix(generator, 2, classes);
    // Two centres on either side of another class's: beyond a line.
    let two = DMatrix::from_fn(2, 2 * classes, |row, centre| {
        let turn = std::f64::consts::PI * (centre as f64 + 0.1 * one[(0, centre % classes)]) / classes as f64;
        2.0 * if row == 0 { turn.cos() } else { turn.sin() }
    });
    let (few, many) = (apart(&one, 1, own)?, apart(&one, LARGER, own)?);
    let (wrong_few, wrong_many) = (apart(&two, 1, own)?, apart(&two, LARGER, own)?);
    Ok(CaseReport {
        setup: format!(
            "three Gaussian classes of {SIZES:?} and {LARGER} times as many, {DRAWS} draws of each"
        ),
        residual: Some(missed(&[(LEFT * few, many)])),
        control: Some(missed(&[(LEFT * wrong_few, wrong_many)])),
        observed: vec![few, many, wrong_few, wrong_many],
        ..CaseReport::default()
    })
}

const NOISE_PENALTY: f64 = 1e-3;
/// Samples of each class.
const NOISE_COUNTS: [usize; 3] = [200, 100, 50];
/// Share of the labels of each class that are wrong.
const NOISE: [f64; 3] = [0.1, 0.2, 0.4];

pub(super) const LABEL_NOISE: ComparisonClaim = ComparisonClaim {
    id: "C2",
    title: "label noise",
    statement: "Label noise: softmax's balance certifies the prior of the labels that it saw, Σ M_c Q[c][k] = Σ M_c T[c][k] over true classes c, and not the true one.",
    cases: Cases::All(24),
    check: noisy,
    summarise: |cases| {
        let off = cases.iter().filter_map(|case| case.first()).copied().reduce(f64::max);
        off.map(|off| vec![format!("the true prior is missed by up to {} of a class", shown(off))])
            .unwrap_or_default()
    },
};

fn noisy((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let generator = &mut stream(seed, number);
    let (classes, share) = (NOISE_COUNTS.len(), NOISE[case % NOISE.len()]);
    let means = normal_matrix(generator, 2, classes);
    let clean = GaussianMixture::new(means, Covariance::Spherical(1.0), NOISE_COUNTS.to_vec())?
        .sample(seed, number)?;
    let truth = clean.labels().class_indices();
    // A wrong label is always that of the next class, so that the prior moves.
    let next = |class: u32| (class + 1) % u32::try_from(classes).unwrap_or(1);
    let labels: Vec<u32> = truth
        .iter()
        .map(|&class| if generator.random::<f64>() < share { next(class) } else { class })
        .collect();
    let noisy = Dataset::unnamed(clean.features().into_owned(), Labels::numbered(labels.clone(), classes)?)?;
    let problem = Problem::new(&noisy, &LossSpec::Softmax, &ClassWeights::None, NOISE_PENALTY)?;
    let Outcome::Stationary(point) = solve(&problem) else {
        return Err("no stationary point".into());
    };
    let true_targets = Targets::new(clean.labels(), &ClassWeights::None)?;
    let means = MeanProbability::of(problem.loss().link(), &point.logits(), &true_targets);
    let predicted =
        |k: usize| (0..classes).map(|c| NOISE_COUNTS[c] as f64 * means.matrix[(c, k)]).sum::<f64>();
    // `sum_c M_c T[c][k]`: labels of class k, whoever's samples they are.
    let seen = |k: usize| labels.iter().filter(|&&label| label as usize == k).count() as f64;
    let off_truth = largest((0..classes).map(|k| relative_difference(predicted(k), NOISE_COUNTS[k] as f64)));
    Ok(CaseReport {
        setup: format!(
            "softmax, three Gaussian classes of {NOISE_COUNTS:?}, {share} of all labels wrong, l2 {NOISE_PENALTY}"
        ),
        residual: Some(largest((0..classes).map(|k| relative_difference(predicted(k), seen(k))))),
        // The true prior in place of that of the labels.
        control: Some(off_truth),
        observed: vec![off_truth],
        ..CaseReport::default()
    })
}
