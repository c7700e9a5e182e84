//! C1: features that are free, as in the last layers of a large network, and what class weights do to rare classes there.

use super::claim::{CaseReport, Cases, ComparisonClaim, SetupFailure, missed, shown};
use super::newton::{Local, STATIONARY, minimised};
use crate::balance::{MeanProbability, softmax_balance};
use crate::data::Labels;
use crate::data::random::{log_uniform, normal_vector, stream};
use crate::loss::{ClassWeights, Link, Targets};
use crate::numeric::{Sigmoid, largest, softmax_with_complements};
use nalgebra::{DMatrix, DVector};

/// Samples of a frequent class for each one of a rare class; the last two classes are rare.
const RATIOS: [usize; 4] = [1, 10, 100, 1000];
/// Classes, whose features have as many dimensions.
const CLASSES: [usize; 4] = [3, 4, 5, 6];
/// By how much the cosine of the rare classes rises at least from the first to the last ratio, and how much higher it is
/// there at least without weights.
const RISE: f64 = 0.1;
const SLOWED: f64 = 0.05;

pub(super) const CLAIM: ComparisonClaim = ComparisonClaim {
    id: "C1",
    title: "minority collapse",
    statement: "Free features under penalties: softmax's balance holds at every ratio of class sizes, while the coefficients of rare classes draw together from a cosine of −1/(K − 1) on; inverse-frequency weights slow this down and do not undo it.",
    cases: Cases::All(3 * CLASSES.len()),
    check: collapse,
    summarise: |cases| {
        let of = |classes: usize| {
            let case = cases.iter().find(|case| case.first() == Some(&(classes as f64)))?;
            Some(format!(
                "K = {classes}: cosine of the rare classes {} at 1:1, {} at 1:{} without weights, {} with inverse frequency (l2 = {:.1e})",
                shown(case[1]),
                shown(case[2]),
                RATIOS[RATIOS.len() - 1],
                shown(case[3]),
                case[4]
            ))
        };
        CLASSES.into_iter().filter_map(of).collect()
    },
};

fn classes_of(case: usize) -> usize {
    CLASSES[case % CLASSES.len()]
}

/// Mean loss `sum_c (m_c / M) CE(W h_c + b, c) + l2/2 |W|^2 + l2/2 sum_c (N_c / N) |h_c|^2`, with a feature vector for each
/// class: at given `W` and `b` the loss is strictly convex in the features of each sample, so that samples of a class have the
/// same ones at every stationary point.
struct FreeFeatures<'a> {
    targets: &'a Targets,
    l2: f64,
    /// `mu` of `mu/2 |b|^2`: zero, but for the control.
    bias_decay: f64,
}

impl FreeFeatures<'_> {
    fn classes(&self) -> usize {
        self.targets.classes()
    }

    fn unknowns(&self) -> usize {
        self.classes() * (2 * self.classes() + 1)
    }

    /// Place of `W[k][j]`, of `b[k]` and of `h_c[j]` among the unknowns.
    fn coefficient(&self, k: usize, j: usize) -> usize {
        k * self.classes() + j
    }

    fn intercept(&self, k: usize) -> usize {
        self.classes() * self.classes() + k
    }

    fn feature(&self, class: usize, j: usize) -> usize {
        self.classes() * (self.classes() + 1 + class) + j
    }

    /// Logits of a sample of a class.
    fn logits(&self, point: &DVector<f64>, class: usize) -> DVector<f64> {
        let of = |k: usize| {
            let products =
                (0..self.classes()).map(|j| point[self.coefficient(k, j)] * point[self.feature(class, j)]);
            products.sum::<f64>() + point[self.intercept(k)]
        };
        DVector::from_fn(self.classes(), |k, _| of(k))
    }

    fn at(&self, point: &DVector<f64>) -> Local {
        let (classes, unknowns) = (self.classes(), self.unknowns());
        let penalty = self.penalties();
        let squares = point.component_mul(point);
        let mut local = Local {
            value: 0.5 * penalty.dot(&squares),
            gradient: penalty.component_mul(point),
            hessian: DMatrix::from_diagonal(&penalty),
        };
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
        for class in 0..classes {
            let share = self.targets.mass()[class] / self.targets.total_mass();
            let z = self.logits(point, class);
            let total = softmax_with_complements(z.as_slice(), &mut sample);
            local.value -= share * total.log_probability(z[class]);
            let mut slopes = DMatrix::zeros(classes, unknowns);
            for k in 0..classes {
                slopes[(k, self.intercept(k))] = 1.0;
                for j in 0..classes {
                    slopes[(k, self.coefficient(k, j))] = point[self.feature(class, j)];
                    slopes[(k, self.feature(class, j))] = point[self.coefficient(k, j)];
                }
            }
            let residual = DVector::from_fn(classes, |k, _| {
                share * if k == class { -sample[k].complement } else { sample[k].probability }
            });
            let curvature = DMatrix::from_fn(classes, classes, |a, b| {
                let (p, q) = (sample[a], sample[b].probability);
                share * if a == b { p.slope() } else { -p.probability * q }
            });
            local.gradient += slopes.tr_mul(&residual);
            local.hessian += slopes.tr_mul(&(curvature * &slopes));
            for (k, j) in (0..classes).flat_map(|k| (0..classes).map(move |j| (k, j))) {
                let (a, b) = (self.coefficient(k, j), self.feature(class, j));
                local.hessian[(a, b)] += residual[k];
                local.hessian[(b, a)] += residual[k];
            }
        }
        local
    }

    /// The penalty on each unknown.
    fn penalties(&self) -> DVector<f64> {
        let classes = self.classes();
        let mut penalties = DVector::from_element(self.unknowns(), self.l2);
        for k in 0..classes {
            penalties[self.intercept(k)] = self.bias_decay;
            let share = self.targets.sizes()[k] / self.targets.total_size();
            (0..classes).for_each(|j| penalties[self.feature(k, j)] = self.l2 * share);
        }
        penalties
    }

    /// B5 at a point, and the cosine of the coefficients of the last two classes.
    fn measured(&self, point: &DVector<f64>) -> (f64, f64) {
        let of_class: Vec<DVector<f64>> =
            (0..self.classes()).map(|class| self.logits(point, class)).collect();
        let labels = self.targets.class_indices();
        let columns: Vec<DVector<f64>> =
            labels.iter().map(|&label| of_class[label as usize].clone()).collect();
        let means = MeanProbability::of(Link::Softmax, &DMatrix::from_columns(&columns), self.targets);
        let row = |k: usize| DVector::from_fn(self.classes(), |j, _| point[self.coefficient(k, j)]);
        let (one, other) = (row(self.classes() - 2), row(self.classes() - 1));
        (softmax_balance(&means, self.targets), one.dot(&other) / (one.norm() * other.norm()))
    }
}

/// Balance and cosine of classes of which the last two are rare, by a ratio.
fn solved(
    (classes, ratio): (usize, usize),
    weights: &ClassWeights,
    (l2, bias_decay): (f64, f64),
    start: &DVector<f64>,
) -> Result<(f64, f64), SetupFailure> {
    let counts = (0..classes).map(|class| if class < classes - 2 { ratio } else { 1 });
    let labels = (0..).zip(counts).flat_map(|(class, count)| std::iter::repeat_n(class, count)).collect();
    let targets = Targets::new(&Labels::numbered(labels, classes)?, weights)?;
    let model = FreeFeatures { targets: &targets, l2, bias_decay };
    let point = minimised(start.clone(), |point| model.at(point))?;
    Ok(model.measured(&point))
}

fn collapse((seed, number): (u64, u64), case: usize) -> Result<CaseReport, SetupFailure> {
    let classes = classes_of(case);
    let generator = &mut stream(seed, number);
    let l2 = log_uniform(generator, 1e-4, 1e-3);
    let start = normal_vector(generator, classes * (2 * classes + 1));
    let of = |ratio: usize, weights: &ClassWeights| solved((classes, ratio), weights, (l2, 0.0), &start);
    let plain = RATIOS.map(|ratio| of(ratio, &ClassWeights::None));
    let plain: Vec<(f64, f64)> = plain.into_iter().collect::<Result<_, _>>()?;
    let weighted = of(RATIOS[RATIOS.len() - 1], &ClassWeights::Balanced)?;
    let (first, last) = (plain[0].1, plain[plain.len() - 1].1);
    let simplex = -1.0 / (classes - 1) as f64;
    // Unknowns are off by the gradient that is left over the least curvature, that of the penalty; coefficients exceed one.
    let known_to = STATIONARY * (start.len() as f64).sqrt() / l2;
    let cosines = |last: f64, weighted: f64| {
        let rises = plain.windows(2).map(|pair| (pair[1].1, pair[0].1));
        let ends = [(first, simplex - known_to), (simplex + known_to, first), (last, first + RISE)];
        let slowed = [(last, weighted + SLOWED), (weighted, first)];
        missed(&rises.chain(ends).chain(slowed).collect::<Vec<_>>())
    };
    let balance = largest(plain.iter().chain([&weighted]).map(|(balance, _)| *balance));
    // Where the intercept decays the balance does not hold, and of equal sizes no class is rare.
    let decayed = solved((classes, 10), &ClassWeights::None, (l2, l2), &start)?.0;
    Ok(CaseReport {
        setup: format!(
            "{classes} classes, the last two rare by up to 1:1000, free features, penalties {l2:.2e}"
        ),
        residual: Some(largest([balance, cosines(last, weighted.1)])),
        control: Some(decayed.min(cosines(first, first))),
        observed: vec![classes as f64, first, last, weighted.1, l2],
        ..CaseReport::default()
    })
}
