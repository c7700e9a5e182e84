//! Features that are free, as those of a large network nearly are: softmax over features that are solved for beside the
//! coefficients, with a penalty on both (docs/theory.md#c1).
//!
//! The loss sees the products of coefficients and features alone, and the least penalty of all factors of a product is its nuclear
//! norm (Srebro, Rennie and Jaakkola 2005). So the problem is convex in the logits, and has one minimum. It is found by
//! accelerated proximal gradient steps, of which each shrinks singular values.

use crate::loss::Targets;
use crate::numeric::{Sigmoid, softmax_with_complements};
use nalgebra::DMatrix;
use thiserror::Error;

/// Steps at most; some hundred suffice up to ratios of a thousand.
const STEPS: usize = 50_000;
/// Sweeps over all pairs of columns at most; a dozen suffice.
const SWEEPS: usize = 60;
/// Length of a step at the end, in units of the gradient and relative to the penalty; and that from which on differences of gradients
/// are rounding, so that curvatures are no longer read off them.
const CONVERGED: f64 = 1e-14;
const NEAR: f64 = 1e-8;
/// Where steps have not become shorter for so many, the assumed curvature was too low and is doubled; after so many times
/// rounding is the reason, and this length suffices.
const PATIENCE: usize = 100;
const DOUBLED: usize = 3;
const ROUNDING: f64 = 1e-10;
/// What the assumed curvature falls by from step to step; where it was too low it is doubled.
const BOLDER: f64 = 0.95;

/// Why no features were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoFreeFeatures {
    /// Features and coefficients grow for ever.
    #[error("features that are free have no finite minimum without a penalty; give one above 0")]
    NoPenalty,
    /// The steps did not end.
    #[error(
        "{STEPS} steps did not find the features; give a larger penalty, or weights and sizes less far apart"
    )]
    NotConverged,
}

/// The features of every class (`K x K`, one column per class) at the minimum of `sum_c (m_c / M) CE(W h_c + b, c) + l2/2 |W|^2 +
/// l2/2 sum_c (N_c / N) |h_c|^2`; samples of a class have the same ones. Rotations of the features change nothing and are
/// chosen by the singular vectors; softmax solved over these features under `l2` gives `W` and `b`.
///
/// # Errors
/// There is no penalty, or the search does not converge.
pub fn free_features(targets: &Targets, l2: f64) -> Result<DMatrix<f64>, NoFreeFeatures> {
    if l2 <= 0.0 {
        return Err(NoFreeFeatures::NoPenalty);
    }
    let model = Product::of(targets, l2);
    let at = model.minimised().ok_or(NoFreeFeatures::NotConverged)?;
    Ok(model.features(&at))
}

/// The problem in `X = W H D^{1/2}`, with `D` the shares of the classes: points are `K x (K + 1)`, `X` and then the intercepts.
struct Product {
    /// `m_c / M`.
    mass: Vec<f64>,
    /// Roots of `N_c / N`.
    root: Vec<f64>,
    l2: f64,
}

impl Product {
    fn of(targets: &Targets, l2: f64) -> Self {
        let share = |size: &f64| (size / targets.total_size()).sqrt();
        Self {
            mass: targets.mass().iter().map(|mass| mass / targets.total_mass()).collect(),
            root: targets.sizes().iter().map(share).collect(),
            l2,
        }
    }

    fn classes(&self) -> usize {
        self.mass.len()
    }

    /// Of the loss without penalty.
    fn gradient(&self, at: &DMatrix<f64>) -> DMatrix<f64> {
        let classes = self.classes();
        let mut gradient = DMatrix::zeros(classes, classes + 1);
        let mut sample = vec![Sigmoid { probability: 0.0, complement: 1.0 }; classes];
        for class in 0..classes {
            let logits = at.column(class) / self.root[class] + at.column(classes);
            softmax_with_complements(logits.as_slice(), &mut sample);
            for (k, p) in sample.iter().enumerate() {
                let residual = self.mass[class] * if k == class { -p.complement } else { p.probability };
                gradient[(k, class)] = residual / self.root[class];
                gradient[(k, classes)] += residual;
            }
        }
        gradient
    }

    /// An upper bound on the curvature anywhere.
    fn steepest(&self) -> f64 {
        self.mass.iter().zip(&self.root).map(|(mass, root)| mass / root.powi(2)).fold(0.0, f64::max) + 1.0
    }

    /// With the singular values of `X` lowered by so much, and none below zero.
    fn shrunk(mut at: DMatrix<f64>, by: f64) -> DMatrix<f64> {
        let classes = at.nrows();
        let mut found = SingularValues::of(at.columns(0, classes).into_owned());
        for (mut column, value) in found.scaled.column_iter_mut().zip(&found.values) {
            column *= if *value > by { (value - by) / value } else { 0.0 };
        }
        at.columns_mut(0, classes).copy_from(&(found.scaled * found.right.transpose()));
        at
    }

    /// Beck and Teboulle's steps (2009), begun anew where they turn back (O'Donoghue and Candès 2015).
    fn minimised(&self) -> Option<DMatrix<f64>> {
        let highest = self.steepest();
        let (mut curvature, mut pace) = (highest, 1.0_f64);
        let mut here = DMatrix::zeros(self.classes(), self.classes() + 1);
        let mut ahead = here.clone();
        let (mut shortest, mut best) = (f64::INFINITY, here.clone());
        let (mut since, mut doubled) = (0, 0);
        for _ in 0..STEPS {
            let (next, moved) = self.step(&ahead, &mut curvature, highest);
            let length = curvature * moved.norm() / self.l2;
            since += 1;
            if length < shortest {
                (shortest, best, since) = (length, next.clone(), 0);
            }
            if shortest <= CONVERGED {
                return Some(best);
            }
            if length > NEAR {
                curvature *= BOLDER;
            } else if since >= PATIENCE {
                if shortest <= ROUNDING && doubled >= DOUBLED {
                    return Some(best);
                }
                curvature = (2.0 * curvature).min(highest);
                (since, doubled) = (0, doubled + 1);
            }
            let forward = &next - &here;
            if moved.dot(&forward) < 0.0 {
                (pace, ahead) = (1.0, next.clone());
            } else {
                let faster = f64::midpoint(1.0, (1.0 + 4.0 * pace * pace).sqrt());
                ahead = &next + forward * ((pace - 1.0) / faster);
                pace = faster;
            }
            here = next;
        }
        None
    }

    /// A step from a point, and by how much it moves; the curvature is doubled until the gradient changes no faster than it says.
    fn step(&self, from: &DMatrix<f64>, curvature: &mut f64, highest: f64) -> (DMatrix<f64>, DMatrix<f64>) {
        let slope = self.gradient(from);
        loop {
            let next = Self::shrunk(from - &slope / *curvature, self.l2 / *curvature);
            let moved = &next - from;
            if *curvature >= highest || *curvature * moved.norm() <= NEAR * self.l2 {
                return (next, moved);
            }
            let turned = (self.gradient(&next) - &slope).dot(&moved);
            if turned <= *curvature * moved.norm_squared() {
                return (next, moved);
            }
            *curvature = (2.0 * *curvature).min(highest);
        }
    }

    /// `H` of `X = W H D^{1/2}` whose factors have the same penalty.
    fn features(&self, at: &DMatrix<f64>) -> DMatrix<f64> {
        let SingularValues { values, right, .. } =
            SingularValues::of(at.columns(0, self.classes()).into_owned());
        DMatrix::from_fn(self.classes(), self.classes(), |place, class| {
            // A vector and its negative serve alike; the largest entry is positive here.
            let vector = right.column(place);
            values[place].sqrt() * vector[vector.iamax()].signum() * vector[class] / self.root[class]
        })
    }
}

/// A singular value decomposition: `scaled = U S`, `values` and `right = V`.
struct SingularValues {
    scaled: DMatrix<f64>,
    values: Vec<f64>,
    right: DMatrix<f64>,
}

impl SingularValues {
    /// Hestenes' rotations of pairs of columns (1958), which keep the digits that steps this short need; nalgebra's own loses some
    /// where singular values are close.
    fn of(mut scaled: DMatrix<f64>) -> Self {
        let columns = scaled.ncols();
        let mut right = DMatrix::identity(columns, columns);
        // Columns that rounding has left of none.
        let nothing = f64::EPSILON.powi(2) * scaled.norm_squared();
        for _ in 0..SWEEPS {
            let mut turned = false;
            for (p, q) in (0..columns).flat_map(|q| (0..q).map(move |p| (p, q))) {
                let (own, other) = (scaled.column(p).norm_squared(), scaled.column(q).norm_squared());
                let both = scaled.column(p).dot(&scaled.column(q));
                if both.abs() <= f64::EPSILON * (own * other).sqrt() || own.min(other) <= nothing {
                    continue;
                }
                turned = true;
                let half = (other - own) / (2.0 * both);
                let tangent = half.signum() / (half.abs() + half.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                for matrix in [&mut scaled, &mut right] {
                    for row in 0..matrix.nrows() {
                        let (a, b) = (matrix[(row, p)], matrix[(row, q)]);
                        matrix[(row, p)] = cosine * (a - tangent * b);
                        matrix[(row, q)] = cosine * (tangent * a + b);
                    }
                }
            }
            if !turned {
                break;
            }
        }
        let values = scaled.column_iter().map(|column| column.norm()).collect();
        Self { scaled, values, right }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Labels};
    use crate::loss::{ClassWeights, LossSpec};
    use crate::numeric::largest_magnitude;
    use crate::solver::{Problem, solve};

    /// One row for each class, which counts as often as the class has samples.
    fn labels(sizes: &[f64]) -> Labels {
        let labels = Labels::numbered((0..).take(sizes.len()).collect(), sizes.len()).expect("classes");
        labels.with_weights(sizes.to_vec()).expect("weights")
    }

    /// Features and the coefficients solved over them.
    fn solved(
        sizes: &[f64],
        weights: &ClassWeights,
        l2: f64,
    ) -> (Targets, DMatrix<f64>, DMatrix<f64>, DMatrix<f64>) {
        let labels = labels(sizes);
        let targets = Targets::new(&labels, weights).expect("targets");
        let features = free_features(&targets, l2).expect("features");
        let dataset = Dataset::unnamed(features.clone(), labels).expect("a dataset");
        let problem = Problem::new(&dataset, &LossSpec::Softmax, weights, l2).expect("a problem");
        let point = solve(&problem).stationary().expect("a stationary point");
        (targets, features, point.head.coefficients.clone(), point.logits())
    }

    fn cosine(coefficients: &DMatrix<f64>, j: usize, k: usize) -> f64 {
        let (one, other) = (coefficients.row(j), coefficients.row(k));
        one.dot(&other) / (one.norm() * other.norm())
    }

    #[test]
    fn equal_classes_form_a_simplex() {
        for classes in [2_usize, 3, 5] {
            let (_, _, coefficients, _) = solved(&vec![7.0; classes], &ClassWeights::None, 1e-3);
            let expected = -1.0 / (classes - 1) as f64;
            for (j, k) in (0..classes).flat_map(|k| (0..k).map(move |j| (j, k))) {
                assert!((cosine(&coefficients, j, k) - expected).abs() < 1e-9, "{classes} classes");
            }
        }
    }

    /// The gradient by the features vanishes at the head that is solved over them, which no step of the search has seen. That head is
    /// stationary to 1e-13 of its terms, so that curvatures down to `l2` leave some 1e-9 of its coefficients.
    #[test]
    fn features_and_coefficients_are_stationary_together() {
        for (sizes, weights, l2) in [
            (vec![1000.0, 1000.0, 1.0, 1.0], ClassWeights::None, 5e-4),
            (vec![1000.0, 1000.0, 1.0, 1.0], ClassWeights::Balanced, 5e-4),
            (vec![30.0, 10.0, 3.0], ClassWeights::Explicit(vec![1.0, 0.2, 5.0]), 1e-2),
        ] {
            let (targets, features, coefficients, logits) = solved(&sizes, &weights, l2);
            for class in 0..sizes.len() {
                let mut p = logits.column(class).into_owned();
                let top = p.max();
                p.apply(|z| *z = (*z - top).exp());
                p /= p.sum();
                p[class] = -(p.sum() - p[class]);
                let mass = targets.mass()[class] / targets.total_mass();
                let share = targets.sizes()[class] / targets.total_size();
                let of_loss = coefficients.tr_mul(&p) * mass / share;
                let gradient = largest_magnitude((&of_loss + features.column(class) * l2).iter().copied());
                assert!(gradient < 1e-7 * of_loss.amax(), "{sizes:?}: {gradient:e} of {:e}", of_loss.amax());
            }
        }
    }

    /// The dual of the nuclear norm: where no singular value of the gradient exceeds the penalty, no other point is lower.
    #[test]
    fn the_minimum_is_the_lowest_of_all() {
        let targets = Targets::new(&labels(&[100.0, 20.0, 5.0, 1.0]), &ClassWeights::None).expect("targets");
        let (model, control) = (Product::of(&targets, 1e-3), Product::of(&targets, 1.1e-3));
        let largest = |at: &DMatrix<f64>| {
            let gradient = model.gradient(at);
            gradient.columns(0, 4).into_owned().singular_values()[0] / model.l2 - 1.0
        };
        assert!(largest(&model.minimised().expect("a minimum")).abs() < 1e-9);
        assert!(largest(&control.minimised().expect("a minimum")) > 0.05);
        assert_eq!(free_features(&targets, 0.0), Err(NoFreeFeatures::NoPenalty));
    }
}
