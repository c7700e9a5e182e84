//! The weight-effect Jacobian: what every class weight does to every mean probability (docs/theory.md#w1, #w2).

use super::mean_probability::{ClassRows, MeanProbability};
use crate::data::Dataset;
use crate::loss::{ClassWeights, Link, Loss, LossSpec, Targets};
use crate::numeric::{Sigmoid, Sum, largest_magnitude, map_items};
use crate::solver::{NoResponse, Problem, StationaryPoint, WeightResponse, solve};
use nalgebra::DMatrix;

/// `J[c][k][j] = dP[c][k] / d log lambda_j` at a stationary point.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightEffects {
    /// One `K x K` matrix (true class, predicted class) for every class `j` whose weight changes.
    pub of_weight: Vec<DMatrix<f64>>,
    /// How far from stationary the response of the head leaves it: the largest slope of its gradient along weight and
    /// head, beside the residuals of the weight's class, at the doubles of the head, on the user's data and in
    /// double-double arithmetic.
    pub residual: f64,
}

/// Default step of central differences in `log lambda`.
pub const USUAL_STEP: f64 = 2e-3;

impl WeightEffects {
    /// At a stationary point.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::balance::WeightEffects;
    /// use equipoise::data::GroupedDesign;
    /// use equipoise::loss::{ClassWeights, LossSpec};
    /// use equipoise::solver::{Problem, solve};
    ///
    /// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
    /// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
    /// let problem = Problem::new(&dataset, &LossSpec::Logistic, &ClassWeights::None, 0.0)?;
    /// let point = solve(&problem).stationary().ok_or("no stationary point")?;
    /// let effects = WeightEffects::at(&point)?;
    /// // More weight on class 1 raises the mean probability that its own samples give to it.
    /// assert!(effects.of_weight[1][(1, 1)] > 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`WeightResponse::with_residual`].
    pub fn at(point: &StationaryPoint) -> Result<Self, NoResponse> {
        Self::at_observed(point, &|| ())
    }

    /// The same; `observe` is called before each class, and may unwind to end the work.
    ///
    /// # Errors
    /// Those of [`WeightResponse::with_residual`].
    pub fn at_observed(point: &StationaryPoint, observe: &dyn Fn()) -> Result<Self, NoResponse> {
        let problem = point.problem();
        let (response, residual) = WeightResponse::with_residual_observed(point, observe)?;
        let of_weight = effects(&response, problem.loss().link(), point.logits(), problem.targets());
        Ok(Self { of_weight, residual })
    }

    /// The effect of the weight of one class by central differences of problems solved again, with steps of `step` and
    /// half of it in `log lambda`, extrapolated: `K x K`, as [`Self::of_weight`]; `None` where one of them has no
    /// stationary point.
    ///
    /// # Panics
    /// There is no weight of the class `class`.
    #[must_use]
    pub fn by_differences(
        dataset: &Dataset,
        spec: &LossSpec,
        class_weights: &[f64],
        l2: f64,
        class: usize,
        step: f64,
    ) -> Option<DMatrix<f64>> {
        let side = |step: f64| {
            let mut weights = class_weights.to_vec();
            weights[class] *= step.exp();
            means_with(dataset, spec, weights, l2).map(|means| means.matrix)
        };
        let slope = |step: f64| Some((side(step)? - side(-step)?) / (2.0 * step));
        Some((slope(step / 2.0)? * 4.0 - slope(step)?) / 3.0)
    }

    /// W2, softmax and binary logistic: `sum_c m_c J[c][k][j] = m_j (1[j = k] - P[j][k])` for every `k` and `j`; the worst
    /// residual, relative to the sum of the magnitudes of the terms.
    #[must_use]
    pub fn sum_rule(&self, means: &MeanProbability, targets: &Targets) -> f64 {
        let (classes, mass) = (targets.classes(), targets.mass());
        let residual = |j: usize, k: usize| {
            let term = |c: usize| mass[c] * self.of_weight[j][(c, k)];
            let total: Sum = (0..classes).map(term).collect();
            let expected =
                if j == k { mass[j] * means.shortfall[j] } else { -mass[j] * means.matrix[(j, k)] };
            let size: f64 = expected.abs() + (0..classes).map(|c| term(c).abs()).sum::<f64>();
            let off = (total.value() - expected).abs();
            if off == 0.0 { 0.0 } else { off / size }
        };
        largest_magnitude((0..classes).flat_map(|j| (0..classes).map(move |k| residual(j, k))))
    }
}

/// One matrix of effects per class, from the response of the head and the logits (`Q x N`) at the point.
pub(crate) fn effects(
    response: &WeightResponse,
    link: Link,
    logits: DMatrix<f64>,
    targets: &Targets,
) -> Vec<DMatrix<f64>> {
    let rates = rates(link, logits);
    let effect = |class: usize| class_means(link, &rates, &response.logits(class), targets);
    map_items(0..targets.classes(), effect)
}

/// Mean probabilities with some class weights; `None` without a stationary point.
pub(crate) fn means_with(
    dataset: &Dataset,
    spec: &LossSpec,
    class_weights: Vec<f64>,
    l2: f64,
) -> Option<MeanProbability> {
    let problem = Problem::new(dataset, spec, &ClassWeights::Explicit(class_weights), l2).ok()?;
    let logits = solve(&problem).stationary()?.logits();
    Some(MeanProbability::of(problem.loss().link(), &logits, problem.targets()))
}

/// The rates of change of every probability, from logits (`Q x N`): slopes of sigmoids, or softmax probabilities.
fn rates(link: Link, mut logits: DMatrix<f64>) -> DMatrix<f64> {
    for mut z in logits.column_iter_mut() {
        match link {
            Link::Sigmoid => z.apply(|z| *z = Sigmoid::of(*z).slope()),
            Link::Softmax => {
                let largest = z.max();
                z.apply(|z| *z = (*z - largest).exp());
                let total = z.sum();
                z.unscale_mut(total);
            }
        }
    }
    logits
}

/// Class means of the change of every probability when logits change by `change`; both `Q x N`.
fn class_means(link: Link, rates: &DMatrix<f64>, change: &DMatrix<f64>, targets: &Targets) -> DMatrix<f64> {
    let classes = targets.classes();
    let mut sums = ClassRows::new(classes);
    let mut moved = vec![0.0; classes];
    let samples = rates.column_iter().zip(change.column_iter()).zip(targets.class_indices());
    for (number, ((rate, dz), &label)) in samples.enumerate() {
        match (link, rate.len()) {
            (Link::Sigmoid, 1) => {
                moved[1] = rate[0] * dz[0];
                moved[0] = -moved[1];
            }
            (Link::Sigmoid, _) => {
                moved.iter_mut().enumerate().for_each(|(k, moved)| *moved = rate[k] * dz[k]);
            }
            (Link::Softmax, _) => softmax_change(rate.as_slice(), dz.as_slice(), &mut moved),
        }
        sums.add(label as usize, targets.sample_weight(number), moved.iter().copied());
    }
    sums.means(targets.sizes())
}

/// `p_k sum_l p_l (dz_k - dz_l)`: differences of changes, so that what is common to all cancels exactly.
fn softmax_change(probability: &[f64], change: &[f64], moved: &mut [f64]) {
    let mean: f64 = probability.iter().zip(change).map(|(p, dz)| p * (dz - change[0])).sum();
    for ((moved, p), dz) in moved.iter_mut().zip(probability).zip(change) {
        *moved = p * ((dz - change[0]) - mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::stream;
    use crate::data::{Covariance, GaussianMixture, class_means};
    use crate::loss::InrVariant;

    fn dataset(classes: usize) -> Dataset {
        let means = class_means::random(classes, 3, 1.0, &mut stream(5, 9)).expect("valid");
        let counts = (0..classes).map(|class| 40 + 35 * class).collect();
        GaussianMixture::new(means, Covariance::Spherical(1.5), counts)
            .expect("valid")
            .sample(5, 0)
            .expect("small")
    }

    /// The same samples with weights between 0.3 and 2.3.
    fn weighted(dataset: Dataset) -> Dataset {
        let samples = dataset.labels().samples();
        let weights: Vec<f64> = (0..samples).map(|sample| 0.3 + (sample * 5 % 7) as f64 / 3.0).collect();
        dataset.with_sample_weights(&weights).expect("valid")
    }

    fn at(dataset: &Dataset, spec: &LossSpec, l2: f64, logs: &[f64]) -> (MeanProbability, WeightEffects) {
        let weights = ClassWeights::Explicit(logs.iter().map(|log| log.exp()).collect());
        let problem = Problem::new(dataset, spec, &weights, l2).expect("a problem");
        let point = solve(&problem).stationary().expect("a stationary point");
        let means = MeanProbability::of(problem.loss().link(), &point.logits(), problem.targets());
        let effects = WeightEffects::at(&point).expect("regular");
        (means, effects)
    }

    #[test]
    fn effects_agree_with_problems_solved_again() {
        for (classes, spec, l2) in [
            (2, LossSpec::Logistic, 0.0),
            (2, LossSpec::Softmax, 1e-2),
            (4, LossSpec::Logistic, 1e-3),
            (4, LossSpec::Softmax, 0.0),
            (4, LossSpec::Softmax, 1e-2),
        ] {
            for dataset in [dataset(classes), weighted(dataset(classes))] {
                agree(&dataset, &spec, l2);
            }
        }
    }

    fn agree(dataset: &Dataset, spec: &LossSpec, l2: f64) {
        let classes = dataset.labels().classes();
        let logs: Vec<f64> = (0..classes).map(|class| 0.7 - 0.4 * class as f64).collect();
        let (means, effects) = at(dataset, spec, l2, &logs);
        let weights: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        for class in 0..classes {
            let expected = WeightEffects::by_differences(dataset, spec, &weights, l2, class, USUAL_STEP);
            let expected = expected.expect("solved");
            let apart = (&effects.of_weight[class] - &expected).amax() / expected.amax();
            assert!(apart < 1e-7, "{spec:?}, l2 {l2}, weight {class}: {apart:e}");
        }
        if *spec == LossSpec::Softmax || classes == 2 {
            let weights = ClassWeights::Explicit(logs.iter().map(|log| log.exp()).collect());
            let problem = Problem::new(dataset, spec, &weights, l2).expect("a problem");
            let residual = effects.sum_rule(&means, problem.targets());
            assert!(residual < 1e-10, "{spec:?}, l2 {l2}: {residual:e}");
        }
    }

    #[test]
    fn all_weights_together_change_nothing() {
        let dataset = dataset(4);
        let (_, effects) = at(&dataset, &LossSpec::Softmax, 1e-3, &[0.1, 0.2, 0.3, 0.4]);
        let total = effects.of_weight.iter().fold(DMatrix::zeros(4, 4), |total, one| total + one);
        assert!(total.amax() < 1e-12 * effects.of_weight[0].amax().max(1.0), "{:e}", total.amax());
    }

    #[test]
    fn lgl_inr_does_not_read_class_weights() {
        let spec = LossSpec::Inr { beta: 2.0, variant: InrVariant::Attached };
        let (_, effects) = at(&dataset(3), &spec, 1e-2, &[0.5, 0.0, -0.5]);
        assert!(effects.of_weight.iter().all(|effect| effect.amax() == 0.0));
    }
}
