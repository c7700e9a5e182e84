//! Standard errors of coefficients without a penalty: from the Hessian of the log-likelihood, and robust ones (the sandwich).
//!
//! The log-likelihood is the sum over samples of `w_i lambda_c` times the log-probability of the own class. With `H` its negative
//! Hessian and `s_i` the score of a sample, the covariance is `H^-1`, and the sandwich `H^-1 (sum_i w_i lambda^2 s_i s_i^T) H^-1`
//! (White's HC0). A sample weight counts as so many equal samples.

use super::sample_probabilities;
use crate::loss::{BuiltLoss, ColumnWeights, Link, Loss, Targets, class_weights_differ};
use crate::numeric::Sigmoid;
use crate::solver::{Head, Intercept, StationaryPoint};
use nalgebra::{DMatrix, DVector};

/// Coefficients and intercept of one column of logits, with their standard errors; the intercept, where there is one, is last.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnErrors {
    /// The class that the column speaks of.
    pub class: usize,
    /// The class that it is held against: the first of softmax, the other of two, none of one-vs-all.
    pub reference: Option<usize>,
    /// The estimates.
    pub estimates: Vec<f64>,
    /// From the Hessian. Not given where classes have different weights, under which it is no likelihood.
    pub standard_errors: Option<Vec<f64>>,
    /// Robust ones.
    pub robust: Vec<f64>,
}

/// More unknowns than these are not looked at together.
const MAX_UNKNOWNS: usize = 2000;
/// Condition of the columns beyond which their Hessian has lost the digits of an inverse: combinations take their place.
const WELL_CONDITIONED: f64 = 1e4;

const SINGULAR: &str = "the Hessian is singular in double precision; rescale or leave out features";

/// Standard errors at a stationary point of the logistic or the softmax loss without a penalty.
///
/// Of softmax, the estimates are differences to the first class, as `statsmodels.MNLogit` has them.
///
/// # Errors
/// There is a penalty, the loss is another, columns depend on each other, or there are too many unknowns; in words.
pub fn standard_errors(point: &StationaryPoint) -> Result<Vec<ColumnErrors>, String> {
    let problem = point.problem();
    if problem.l2() > 0.0 {
        return Err(
            "a penalty biases the coefficients, and standard errors do not say by how much; give `l2` 0"
                .to_owned(),
        );
    }
    // Columns that nearly depend on each other have errors, which show it.
    if problem.conditioning().dependent_columns.iter().any(|dependence| dependence.digits.is_none()) {
        return Err("columns depend on each other, so that coefficients are not determined; leave some out with `drop`".to_owned());
    }
    let columns = problem.loss().logit_rows();
    let softmax = match problem.loss() {
        BuiltLoss::Softmax(_) => true,
        BuiltLoss::Logistic(loss) if matches!(loss.column_weights(), ColumnWeights::OfClass(_)) => false,
        _ => return Err("they are known for `loss` softmax and `loss` logistic".to_owned()),
    };
    let design = Design::of(point);
    let blocks: Vec<Vec<usize>> = match (softmax, columns) {
        (true, _) => vec![(1..columns).collect()],
        (false, _) => (0..columns).map(|column| vec![column]).collect(),
    };
    let mut found = Vec::new();
    for block in blocks {
        let unknowns = block.len() * design.rows.nrows();
        if unknowns > MAX_UNKNOWNS {
            return Err(format!(
                "{unknowns} coefficients that depend on each other; at most {MAX_UNKNOWNS} are looked at"
            ));
        }
        let (covariance, sandwich) = design.covariances(point, &block, softmax)?;
        for (place, &column) in block.iter().enumerate() {
            let errors = |covariance: &DMatrix<f64>| design.errors(covariance, place);
            let alike = !class_weights_differ(problem.targets().class_weights());
            let class = if columns == 1 { 1 } else { column };
            found.push(ColumnErrors {
                class,
                reference: if softmax || columns == 1 { Some(0) } else { None },
                estimates: estimates(&point.head, column, softmax, problem.intercept()),
                standard_errors: alike.then(|| errors(&covariance)).transpose()?,
                robust: errors(&sandwich)?,
            });
        }
    }
    Ok(found)
}

/// Coefficients and intercept of a column, of softmax those of the first class taken off.
fn estimates(head: &Head, column: usize, softmax: bool, intercept: Intercept) -> Vec<f64> {
    let row = |column: usize| {
        let own = (intercept == Intercept::Free).then_some(head.intercepts[column]);
        head.coefficients.row(column).iter().copied().chain(own).collect::<Vec<_>>()
    };
    let own = row(column);
    if !softmax {
        return own;
    }
    own.iter().zip(row(0)).map(|(own, first)| own - first).collect()
}

/// Features in standard units with a last row of ones, and the way back to the user's units. Without an intercept features are
/// scaled alone, and there are no ones.
struct Design {
    rows: DMatrix<f64>,
    /// Where `rows` are orthogonal combinations: what they are multiplied by to be the features.
    triangle: Option<DMatrix<f64>>,
    intercept: Intercept,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Design {
    fn of(point: &StationaryPoint) -> Self {
        let dataset = point.problem().dataset();
        let features = dataset.features();
        let samples = features.ncols() as f64;
        let intercept = point.problem().intercept();
        let features_alone = features.clone().into_owned();
        let mut rows = match intercept {
            Intercept::Free => features_alone.insert_row(features.nrows(), 1.0),
            Intercept::None => features_alone,
        };
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        for feature in 0..features.nrows() {
            let mean = match intercept {
                Intercept::Free => features.row(feature).iter().map(|value| value / samples).sum::<f64>(),
                Intercept::None => 0.0,
            };
            let square =
                features.row(feature).iter().map(|value| (value - mean).powi(2) / samples).sum::<f64>();
            let deviation = if square > 0.0 { square.sqrt() } else { 1.0 };
            rows.row_mut(feature).iter_mut().for_each(|value| *value = (*value - mean) / deviation);
            means.push(mean);
            deviations.push(deviation);
        }
        let condition = point.problem().conditioning().condition;
        let triangle = condition.filter(|&condition| condition > WELL_CONDITIONED).map(|_| {
            let factors = rows.transpose().qr();
            rows = factors.q().transpose();
            factors.r()
        });
        Self { rows, triangle, intercept, means, deviations }
    }

    /// Covariances of the unknowns of some columns of logits, from the Hessian and robust.
    fn covariances(
        &self,
        point: &StationaryPoint,
        block: &[usize],
        softmax: bool,
    ) -> Result<(DMatrix<f64>, DMatrix<f64>), String> {
        let targets = point.problem().targets();
        let logits = point.logits();
        let size = self.rows.nrows();
        let unknowns = block.len() * size;
        let (mut hessian, mut meat) =
            (DMatrix::zeros(unknowns, unknowns), DMatrix::zeros(unknowns, unknowns));
        // An overall factor of the class weights changes no estimate, so it must change no error either.
        let scale = targets.total_size() / targets.total_mass();
        for (sample, z) in logits.column_iter().enumerate() {
            let class = targets.class_indices()[sample] as usize;
            let (count, weight) = (targets.sample_weight(sample), scale * targets.class_weights()[class]);
            let residuals = Residuals::of(z.as_slice(), class, block, softmax, targets);
            let x = self.rows.column(sample);
            let outer = x * x.transpose();
            for (i, own) in residuals.residual.iter().enumerate() {
                for (j, other) in residuals.residual.iter().enumerate() {
                    let curvature = count * weight * residuals.curvature[(i, j)];
                    let mut part = hessian.view_mut((i * size, j * size), (size, size));
                    part += curvature * &outer;
                    let mut part = meat.view_mut((i * size, j * size), (size, size));
                    part += (count * weight * weight * own * other) * &outer;
                }
            }
        }
        let inverse = hessian.cholesky().ok_or(SINGULAR)?;
        let inverse = inverse.inverse();
        let sandwich = &inverse * meat * &inverse;
        Ok((inverse, sandwich))
    }

    /// Standard errors of one column's unknowns in the user's units.
    fn errors(&self, covariance: &DMatrix<f64>, place: usize) -> Result<Vec<f64>, String> {
        let size = self.rows.nrows();
        let own = covariance.view((place * size, place * size), (size, size)).into_owned();
        let own = match &self.triangle {
            Some(triangle) => triangle
                .solve_upper_triangular(&own)
                .and_then(|half| triangle.solve_upper_triangular(&half.transpose()))
                .ok_or(SINGULAR)?,
            None => own,
        };
        let mut errors: Vec<f64> = self
            .deviations
            .iter()
            .enumerate()
            .map(|(feature, deviation)| own[(feature, feature)].max(0.0).sqrt() / deviation)
            .collect();
        if self.intercept == Intercept::None {
            return Ok(errors);
        }
        // The intercept at a feature of zero.
        let back =
            self.means.iter().zip(&self.deviations).map(|(mean, deviation)| -mean / deviation).chain([1.0]);
        let back = DVector::from_iterator(size, back);
        errors.push((back.transpose() * own * &back)[(0, 0)].max(0.0).sqrt());
        Ok(errors)
    }
}

/// Probability minus target of the columns of a block, and the curvature of the loss in them.
struct Residuals {
    residual: Vec<f64>,
    curvature: DMatrix<f64>,
}

impl Residuals {
    fn of(z: &[f64], class: usize, block: &[usize], softmax: bool, targets: &Targets) -> Self {
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; targets.classes()];
        let link = if softmax { Link::Softmax } else { Link::Sigmoid };
        sample_probabilities(link, z, class, &mut sample);
        // A single column is that of class 1.
        let first = sample.len() - z.len();
        let of = |column: usize| &sample[first + column];
        let is_own = |column: usize| first + column == class;
        let residual =
            |&column: &usize| if is_own(column) { -of(column).complement } else { of(column).probability };
        let curvature = DMatrix::from_fn(block.len(), block.len(), |i, j| {
            let (one, other) = (of(block[i]), of(block[j]));
            if i == j { one.probability * one.complement } else { -one.probability * other.probability }
        });
        Self { residual: block.iter().map(residual).collect(), curvature }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Labels};
    use crate::loss::{ClassWeights, LossSpec};
    use crate::solver::{Problem, solve};

    /// Inches rounded to four decimals beside centimetres: the same likelihood as that of centimetres and of what rounding took away,
    /// whose columns are independent, and the same coefficient and error of the latter.
    #[test]
    fn nearly_dependent_columns_have_their_errors() {
        let centimetres = |sample: usize| 150.0 + ((sample * 37) % 97) as f64 / 2.0;
        let inches = |sample: usize| (centimetres(sample) / 2.54 * 1e4).round() / 1e4;
        let labels: Vec<u32> = (0..97).map(|sample: u32| (sample * sample * 7) % 97 % 3).collect();
        let labels = Labels::numbered(labels, 3).expect("three classes");
        let errors = |second: &dyn Fn(usize) -> f64| {
            let features = DMatrix::from_fn(
                2,
                97,
                |j, sample| if j == 0 { centimetres(sample) } else { second(sample) },
            );
            let dataset = Dataset::unnamed(features, labels.clone()).expect("a data set");
            let problem =
                Problem::new(&dataset, &LossSpec::Softmax, &ClassWeights::None, 0.0).expect("a problem");
            let point = solve(&problem).stationary().expect("a stationary point");
            standard_errors(&point).expect("errors")
        };
        let (found, expected) =
            (errors(&inches), errors(&|sample| inches(sample) - centimetres(sample) / 2.54));
        for (found, expected) in found.iter().zip(&expected) {
            let of = |errors: &ColumnErrors| {
                let classic = errors.standard_errors.as_ref().expect("classes count alike");
                [errors.estimates[1], classic[1], errors.robust[1]]
            };
            for (found, expected) in of(found).into_iter().zip(of(expected)) {
                assert!((found / expected - 1.0).abs() < 1e-6, "{found} for {expected}");
            }
        }
    }
}
