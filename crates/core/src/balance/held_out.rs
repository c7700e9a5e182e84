//! The balance on samples that the loss has not seen: its spread and its bias (docs/theory.md#t1, #t2).

use super::mean_probability::{MeanProbability, sample_probabilities};
use crate::data::Dataset;
use crate::loss::{Link, Targets};
use crate::numeric::{Sigmoid, Sum};
use nalgebra::{Cholesky, DMatrix, DVector};

/// Two-sided 95% and 99.9% points of the normal distribution.
pub const NORMAL_95: f64 = 1.959_963_984_540_054;
/// Findings are made beyond this one, so that many classes raise few false alarms.
pub const NORMAL_999: f64 = 3.290_526_731_491_896;

/// How far predictions on held-out samples are from the balance of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOutBalance {
    /// `D_k = sum_c m_c P_test[c][k] - m_k`, with the masses of the training samples.
    pub difference: f64,
    /// `sqrt(sum_c m_c^2 Var_c(p^k) (1/N_c + 1/n_c))`: what chance makes of it (T1).
    pub standard_deviation: f64,
}

/// T1, class by class: `logits` (`Q x n`) and `test` are those of held-out samples, `training` are the targets that the
/// head was fitted to.
///
/// # Panics
/// The targets are of different classes, or a class has no held-out sample.
#[must_use]
pub fn held_out_balance(
    link: Link,
    training: &Targets,
    logits: &DMatrix<f64>,
    test: &Targets,
) -> Vec<HeldOutBalance> {
    let means = MeanProbability::of(link, logits, test);
    let variance = class_variances(link, logits, test, &means);
    let (mass, classes) = (training.mass(), training.classes());
    let of_class = |k: usize| {
        let others = (0..classes).filter(|&c| c != k).map(|c| mass[c] * means.matrix[(c, k)]);
        let inflow: Sum = others.collect();
        let spread = |c: usize| {
            let draws = 1.0 / training.sizes()[c] + 1.0 / test.sizes()[c];
            mass[c].powi(2) * variance[(c, k)] * draws
        };
        HeldOutBalance {
            difference: inflow.value() - mass[k] * means.shortfall[k],
            standard_deviation: (0..classes).map(spread).sum::<f64>().sqrt(),
        }
    };
    (0..classes).map(of_class).collect()
}

/// `Var_c(p^k)`: how much the probability of class `k` (column) varies over the samples of class `c` (row).
fn class_variances(
    link: Link,
    logits: &DMatrix<f64>,
    targets: &Targets,
    means: &MeanProbability,
) -> DMatrix<f64> {
    let classes = targets.classes();
    let mut sums = DMatrix::<f64>::zeros(classes, classes);
    let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
    for (number, (z, &label)) in logits.column_iter().zip(targets.class_indices()).enumerate() {
        let class = label as usize;
        sample_probabilities(link, z.as_slice(), class, &mut sample);
        for (k, pair) in sample.iter().enumerate() {
            let off = pair.probability - means.matrix[(class, k)];
            sums[(class, k)] += targets.sample_weight(number) * off * off;
        }
    }
    DMatrix::from_fn(classes, classes, |c, k| sums[(c, k)] / targets.sizes()[c])
}

/// T2: the mean of every class's `D_k` that fitting each sample by itself brings about, for softmax and binary logistic
/// loss. Leaving sample `i` out moves its logits by `(I - G_i V_i)^-1 G_i r_i`, with `G_i = X_i' H^-1 X_i`, `X_i` the
/// derivative of its logits by the parameters, `r_i` and `V_i` gradient and Hessian of its part of the loss by its logits.
/// For one logit that is `x_i' H^-1 x_i lambda_i r_i / (1 - h_i)`. A row of weight 3 is three equal samples, of which one is left
/// out; a row of less than one is left out whole.
///
/// `logits` (`Q x N`) are those of the training samples at the stationary head, `l2` the penalty of the mean loss. `None`
/// where the Hessian is singular, has more than 2,000 rows or takes more than 2e10 multiplications, and for one-vs-all
/// columns.
///
/// # Panics
/// `logits` or `targets` are not those of the data set.
#[must_use]
pub fn held_out_bias(
    link: Link,
    dataset: &Dataset,
    targets: &Targets,
    logits: &DMatrix<f64>,
    l2: f64,
) -> Option<Vec<f64>> {
    let rows = (dataset.dimension() + 1) * logits.nrows();
    let work = targets.samples() as f64 * (rows as f64).powi(2);
    if rows > MAX_ROWS || work > MAX_WORK || (link == Link::Sigmoid && logits.nrows() > 1) {
        return None;
    }
    let fit = Fit { link, inputs: inputs(dataset), targets, logits };
    let inverse = Cholesky::new(fit.hessian(l2))?.inverse();
    let classes = targets.classes();
    let mut changes = vec![Sum::default(); classes * classes];
    let room = || vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
    let (mut fitted, mut left_out) = (room(), room());
    for (sample, &label) in targets.class_indices().iter().enumerate() {
        let (class, z) = (label as usize, logits.column(sample));
        sample_probabilities(link, z.as_slice(), class, &mut fitted);
        let moved = z + fit.leave_one_out(sample, &fitted, &inverse)?;
        sample_probabilities(link, moved.as_slice(), class, &mut left_out);
        for (k, (after, before)) in left_out.iter().zip(&fitted).enumerate() {
            let change = targets.sample_weight(sample) * (after.probability - before.probability);
            changes[class * classes + k].add(change);
        }
    }
    let mean = |c: usize, k: usize| changes[c * classes + k].value() / targets.sizes()[c];
    Some((0..classes).map(|k| (0..classes).map(|c| targets.mass()[c] * mean(c, k)).sum()).collect())
}

/// Rows of a Hessian that is inverted, and multiplications that it may take.
const MAX_ROWS: usize = 2_000;
const MAX_WORK: f64 = 2e10;

/// Features about their mean, which far from zero would square the condition of the Hessian, with a 1 for the intercept.
fn inputs(dataset: &Dataset) -> DMatrix<f64> {
    let features = dataset.features();
    let centre = features.column_mean();
    DMatrix::from_fn(features.nrows() + 1, features.ncols(), |row, sample| {
        if row < features.nrows() { features[(row, sample)] - centre[row] } else { 1.0 }
    })
}

/// A stationary head's training samples.
struct Fit<'a> {
    link: Link,
    /// `(d + 1) x N`.
    inputs: DMatrix<f64>,
    targets: &'a Targets,
    /// `Q x N`.
    logits: &'a DMatrix<f64>,
}

impl Fit<'_> {
    /// The weight of a sample times the Hessian of its loss by its logits (`Q x Q`).
    fn curvature(&self, weight: f64, fitted: &[Sigmoid]) -> DMatrix<f64> {
        match self.link {
            Link::Sigmoid => DMatrix::from_element(1, 1, weight * fitted[1].slope()),
            Link::Softmax => DMatrix::from_fn(fitted.len(), fitted.len(), |a, b| {
                let (p, q) = (fitted[a], fitted[b].probability);
                weight * if a == b { p.slope() } else { -p.probability * q }
            }),
        }
    }

    /// Of the summed loss, by the logits' parameters one after the other (`Q (d + 1)` rows). What is common to all logits of
    /// softmax changes no probability; it is given a curvature of its own, so that there is an inverse.
    fn hessian(&self, l2: f64) -> DMatrix<f64> {
        let (columns, parameters) = (self.logits.nrows(), self.inputs.nrows());
        let mut hessian = DMatrix::zeros(columns * parameters, columns * parameters);
        let mut fitted = vec![Sigmoid { probability: 0.0, complement: 1.0 }; self.targets.classes()];
        for (sample, x) in self.inputs.column_iter().enumerate() {
            let class = self.targets.class_indices()[sample] as usize;
            sample_probabilities(self.link, self.logits.column(sample).as_slice(), class, &mut fitted);
            let curvature = self.curvature(self.targets.weight_of(sample), &fitted);
            for a in 0..columns {
                for b in 0..=a {
                    let place = (a * parameters, b * parameters);
                    let mut block = hessian.view_mut(place, (parameters, parameters));
                    block.ger(curvature[(a, b)], &x, &x, 1.0);
                }
            }
        }
        let penalty = l2 * self.targets.total_mass();
        for row in (0..columns * parameters).filter(|row| row % parameters < parameters - 1) {
            hessian[(row, row)] += penalty;
        }
        if self.link == Link::Softmax {
            let size = self.targets.total_mass() / columns as f64;
            for parameter in 0..parameters {
                let spread = self.inputs.row(parameter).norm_squared() / self.targets.samples() as f64;
                for (a, b) in (0..columns).flat_map(|a| (0..=a).map(move |b| (a, b))) {
                    hessian[(a * parameters + parameter, b * parameters + parameter)] += size * spread;
                }
            }
        }
        hessian.fill_upper_triangle_with_lower_triangle();
        hessian
    }

    /// How far leaving a sample out moves its logits; `None` where they are its own alone.
    fn leave_one_out(
        &self,
        sample: usize,
        fitted: &[Sigmoid],
        inverse: &DMatrix<f64>,
    ) -> Option<DVector<f64>> {
        let (columns, parameters) = (self.logits.nrows(), self.inputs.nrows());
        let x = self.inputs.column(sample);
        let response = DMatrix::from_fn(columns, columns, |a, b| {
            let block = inverse.view((a * parameters, b * parameters), (parameters, parameters));
            x.dot(&(block * x))
        });
        let class = self.targets.class_indices()[sample] as usize;
        let weight = self.targets.class_weights()[class] * self.targets.sample_weight(sample).min(1.0);
        let gradient = DVector::from_fn(columns, |k, _| {
            let k = if columns == 1 { 1 } else { k };
            weight * if k == class { -fitted[k].complement } else { fitted[k].probability }
        });
        let kept = DMatrix::identity(columns, columns) - &response * self.curvature(weight, fitted);
        kept.lu().solve(&(response * gradient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{normal_matrix, stream};
    use crate::data::{Covariance, GaussianMixture, Labels};
    use crate::loss::{ClassWeights, Loss, LossSpec};
    use crate::solver::{Problem, solve};

    /// What leaving each sample out in truth makes of its probabilities, the problem solved again `N` times.
    fn by_refitting(dataset: &Dataset, spec: &LossSpec, weights: &ClassWeights, l2: f64) -> Vec<f64> {
        let whole = Targets::new(dataset.labels(), weights).expect("targets");
        let explicit = ClassWeights::Explicit(whole.class_weights().to_vec());
        let classes = whole.classes();
        let point = solve(&Problem::new(dataset, spec, &explicit, l2).expect("a problem")).stationary();
        let point = point.expect("a stationary point");
        let link = point.problem().loss().link();
        let logits = point.logits();
        let (mut before, mut after) = (
            vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes],
            vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes],
        );
        let mut bias = vec![0.0; classes];
        for left_out in 0..whole.samples() {
            let kept: Vec<usize> = (0..whole.samples()).filter(|&sample| sample != left_out).collect();
            let labels = kept.iter().map(|&sample| whole.class_indices()[sample]).collect();
            let labels = Labels::numbered(labels, classes).expect("labels");
            let features = dataset.features().select_columns(&kept);
            let rest = Dataset::unnamed(features, labels).expect("a data set");
            // The penalty is on the sum of the loss, which has lost a sample.
            let targets = Targets::new(rest.labels(), &explicit).expect("targets");
            let penalty = l2 * whole.total_mass() / targets.total_mass();
            let problem = Problem::new(&rest, spec, &explicit, penalty).expect("a problem");
            let head = solve(&problem).stationary().expect("a stationary point").head.clone();
            let class = whole.class_indices()[left_out] as usize;
            let sample = dataset.features().select_columns(&[left_out]);
            sample_probabilities(link, logits.column(left_out).as_slice(), class, &mut before);
            sample_probabilities(link, head.logits(&sample).as_slice(), class, &mut after);
            for (k, bias) in bias.iter_mut().enumerate() {
                let change = after[k].probability - before[k].probability;
                *bias += whole.class_weights()[class] * change;
            }
        }
        bias
    }

    /// A whole weight counts as so many equal rows.
    #[test]
    fn rows_may_be_counted_or_repeated() {
        for (link, spec, classes) in
            [(Link::Sigmoid, LossSpec::Logistic, 2), (Link::Softmax, LossSpec::Softmax, 3)]
        {
            let counts = vec![20; classes];
            let means = normal_matrix(&mut stream(6, 2), 3, classes);
            let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts).expect("classes");
            let drawn = mixture.sample(6, 2).expect("a draw");
            let samples = 0..drawn.labels().samples();
            let rows: Vec<usize> = samples.clone().flat_map(|row| vec![row; row % 3 + 1]).collect();
            let weights: Vec<f64> = samples.map(|row| (row % 3 + 1) as f64).collect();
            let of = |rows: &[usize]| rows.iter().map(|&row| drawn.labels().class_indices()[row]).collect();
            let repeated = Labels::numbered(of(&rows), classes).expect("labels");
            let repeated =
                Dataset::unnamed(drawn.features().select_columns(&rows), repeated).expect("a data set");
            let counted = drawn.clone().with_sample_weights(&weights).expect("weights");
            let bias = |dataset: &Dataset| {
                let problem = Problem::new(dataset, &spec, &ClassWeights::Balanced, 1e-2).expect("a problem");
                let point = solve(&problem).stationary().expect("a stationary point");
                held_out_bias(link, dataset, problem.targets(), &point.logits(), 1e-2).expect("regular")
            };
            for (one, other) in bias(&counted).iter().zip(bias(&repeated)) {
                assert!((one - other).abs() < 1e-12 * other.abs().max(1.0), "{one} for {other}");
            }
        }
    }

    #[test]
    fn leave_one_out_steps_predict_what_refitting_does() {
        for (spec, counts) in [(LossSpec::Logistic, vec![60, 30]), (LossSpec::Softmax, vec![50, 30, 20])] {
            let means = normal_matrix(&mut stream(5, 2), 3, counts.len());
            let mixture = GaussianMixture::new(means, Covariance::Spherical(1.0), counts).expect("classes");
            let dataset = mixture.sample(5, 2).expect("a draw");
            let problem = Problem::new(&dataset, &spec, &ClassWeights::Balanced, 1e-2).expect("a problem");
            let point = solve(&problem).stationary().expect("a stationary point");
            let (link, targets) = (problem.loss().link(), problem.targets());
            let predicted =
                held_out_bias(link, &dataset, targets, &point.logits(), 1e-2).expect("a regular Hessian");
            let refitted = by_refitting(&dataset, &spec, &ClassWeights::Balanced, 1e-2);
            let size = refitted.iter().fold(0.0_f64, |most, bias| most.max(bias.abs()));
            assert!(size > 0.05, "{refitted:?}");
            for (one, other) in predicted.iter().zip(&refitted) {
                assert!((one - other).abs() < 0.05 * size, "{predicted:?} against {refitted:?}");
            }
            assert!(
                predicted.iter().sum::<f64>().abs() < 1e-9 * size,
                "a shift of all classes: {predicted:?}"
            );
        }
    }
}
