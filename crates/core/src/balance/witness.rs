//! Data sets of given sizes and weights with given outflows within the admissible set (docs/theory.md#i6).

use super::polytope::{FlowPolytope, Violation, pair_flows};
use crate::data::{DataError, GroupedDesign};
use crate::numeric::largest_magnitude;
use nalgebra::DMatrix;
use thiserror::Error;

/// Why no such data set can be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The direction is not admissible.
    #[error("outflows {0}")]
    Inadmissible(Violation),
    /// Not one outflow per class, or none that is positive.
    #[error("{given} outflows for {classes} classes; give one for each, some above 0")]
    Outflows {
        /// Outflows given.
        given: usize,
        /// Classes.
        classes: usize,
    },
    /// A class has fewer samples than there are groups.
    #[error("class {class}: {samples} samples are too few; each of {groups} groups needs one of every class")]
    TooFew {
        /// The class.
        class: usize,
        /// Its samples.
        samples: usize,
        /// Groups that the direction takes.
        groups: usize,
    },
    /// The counts could not be made a design.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Share of a class that its pairings take at most; the rest is in no pairing.
const PAIRED: f64 = 0.98;

/// A saturated design with `counts[c]` samples of each class whose softmax outflows, under `weights`, point in the
/// direction of `target` as nearly as whole samples allow.
///
/// A pair of classes that is to lose much to each other shares a group, in equal masses: masses `a` and `a` add `a / 2` to
/// the flow between them. What is left of a class has a group of its own. Every group holds a sample of every class, so that
/// the minimiser is finite; these are the price in distance.
///
/// # Errors
/// `target` has not one outflow per class, none is positive, or they are not admissible, or a class has fewer
/// samples than there are groups.
///
/// # Panics
/// There are fewer weights than classes.
pub fn witness(counts: &[usize], weights: &[f64], target: &[f64]) -> Result<GroupedDesign, WitnessError> {
    let mass: Vec<f64> = counts.iter().zip(weights).map(|(&count, weight)| count as f64 * weight).collect();
    let total: f64 = target.iter().sum();
    if target.len() != counts.len() || !(total > 0.0 && total.is_finite()) {
        return Err(WitnessError::Outflows { given: target.len(), classes: counts.len() });
    }
    let direction: Vec<f64> = target.iter().map(|outflow| outflow / total).collect();
    FlowPolytope::new(vec![f64::INFINITY; counts.len()])
        .admits(&direction, 1e-12)
        .map_err(WitnessError::Inadmissible)?;
    // As far out as no class has to pair more than it has.
    let scale = mass
        .iter()
        .zip(&direction)
        .map(|(mass, proportion)| PAIRED * mass / (2.0 * proportion))
        .fold(f64::INFINITY, f64::min);
    let flows = pair_flows(&direction) * scale;
    let classes = counts.len();
    let pairs: Vec<(usize, usize)> = (0..classes)
        .flat_map(|j| (j + 1..classes).map(move |k| (j, k)))
        .filter(|&pair| flows[pair] > 0.0)
        .collect();
    let groups = pairs.len() + classes;
    if let Some(class) = (0..classes).find(|&class| counts[class] < groups) {
        return Err(WitnessError::TooFew { class, samples: counts[class], groups });
    }
    let mut group_counts = vec![vec![1; classes]; groups];
    let mut left: Vec<usize> = counts.iter().map(|count| count - groups).collect();
    for (group, &(j, k)) in pairs.iter().enumerate() {
        for class in [j, k] {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of samples"
            )]
            let wanted = (2.0 * flows[(j, k)] / weights[class]).round() as usize;
            let more = wanted.saturating_sub(1).min(left[class]);
            group_counts[group][class] += more;
            left[class] -= more;
        }
    }
    for class in 0..classes {
        group_counts[pairs.len() + class][class] += left[class];
    }
    Ok(GroupedDesign::new(group_counts)?)
}

/// The flows of a saturated softmax model, which predicts every group's own weighted frequencies (I5):
/// `F = sum_g a_g a_g^T / M_g`, `a_g` the weighted masses in group `g`.
#[must_use]
pub fn saturated_flows(design: &GroupedDesign, weights: &[f64]) -> DMatrix<f64> {
    let classes = weights.len();
    let mut flows = DMatrix::zeros(classes, classes);
    for counts in design.group_counts() {
        let mass: Vec<f64> =
            counts.iter().zip(weights).map(|(&count, weight)| count as f64 * weight).collect();
        let total: f64 = mass.iter().sum();
        if total > 0.0 {
            flows += DMatrix::from_fn(classes, classes, |c, k| mass[c] * mass[k] / total);
        }
    }
    flows
}

/// How far outflows point from a target: the largest difference of their shares.
#[must_use]
pub fn distance(outflows: &[f64], target: &[f64]) -> f64 {
    let (total, wanted): (f64, f64) = (outflows.iter().sum(), target.iter().sum());
    largest_magnitude(outflows.iter().zip(target).map(|(one, other)| one / total - other / wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_the_triangle_are_reached_with_the_same_sizes() {
        let (counts, weights) = ([900, 300, 600], [1.0, 3.0, 1.5]);
        let mut second = Vec::new();
        for target in [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]] {
            let design = witness(&counts, &weights, &target).expect("admissible");
            assert_eq!(design.class_counts(), counts);
            let flows = saturated_flows(&design, &weights);
            let outflows: Vec<f64> = (0..3).map(|k| flows.row(k).sum() - flows[(k, k)]).collect();
            assert!(distance(&outflows, &target) < 0.02, "{target:?}: {outflows:?}");
            second.push(flows[(2, 2)] / 900.0);
        }
        assert!(second[0] - second[1] > 0.4, "{second:?}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |counts: &[usize], target: &[f64]| {
            witness(counts, &[1.0; 3], target).expect_err("impossible").to_string()
        };
        assert!(refused(&[50, 50], &[1.0, 1.0, 1.0]).contains("3 outflows for 2 classes"));
        assert!(refused(&[50, 50, 50], &[0.0; 3]).contains("some above 0"));
        assert!(refused(&[50, 50, 50], &[1.0, 1.0, 3.0]).contains("class 2 would lose"));
        assert!(refused(&[50, 50, 4], &[1.0, 1.0, 1.0]).contains("class 2: 4 samples are too few"));
    }
}
