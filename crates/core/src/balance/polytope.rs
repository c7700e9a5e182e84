//! The set of flows that class sizes and softmax weights allow (docs/theory.md#i1 to #i4): the flows
//! `F[c][k] = m_c P[c][k]` may be any non-negative matrix whose row and column sums both are the masses `m`.

use super::mean_probability::MeanProbability;
use crate::numeric::{largest, sort_largest_first};
use crate::solver::{Inequality, LinearProgram};
use nalgebra::{DMatrix, DVector};
use std::fmt::{Display, Formatter, Result as Written};

/// Smallest and largest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

/// The transportation polytope of softmax flows, by its `K >= 2` masses.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::balance::FlowPolytope;
///
/// let flows = FlowPolytope::new(vec![10.0, 2.0, 3.0]);
/// // Half of the weighted mass or more guarantees a mean probability (I4).
/// assert_eq!(flows.mean_probability(0, 0).low, 0.5);
/// assert_eq!(flows.mean_probability(1, 1).low, 0.0);
/// // No class loses more than all others together (I3).
/// assert!(flows.admits(&[3.0, 1.0, 2.0], 1e-12).is_ok());
/// assert!(flows.admits(&[4.0, 1.0, 2.0], 1e-12).is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FlowPolytope {
    mass: Vec<f64>,
    total: f64,
}

/// The inequality that outflows break (I3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Violation {
    /// `u_k <= sum_{j != k} u_j`.
    AboveTheOthers {
        /// `k`.
        class: usize,
        /// `u_k`.
        outflow: f64,
        /// The sum of the others.
        others: f64,
    },
    /// `0 <= u_k <= m_k`.
    BeyondTheMass {
        /// `k`.
        class: usize,
        /// `u_k`.
        outflow: f64,
        /// `m_k`.
        mass: f64,
    },
}

impl Violation {
    /// The violation in words, of a class called `name`.
    #[must_use]
    pub fn of_class(&self, name: &str) -> String {
        match self {
            Self::AboveTheOthers { outflow, others, .. } => format!(
                "class {name} would lose {outflow:.4}, more than all others together ({others:.4}): what flows out must \
                 flow in somewhere"
            ),
            Self::BeyondTheMass { outflow, mass, .. } => {
                format!("class {name} would lose {outflow:.4}, but has a mass of {mass:.4}")
            }
        }
    }

    /// The number of the class.
    #[must_use]
    pub fn class(&self) -> usize {
        let (Self::AboveTheOthers { class, .. } | Self::BeyondTheMass { class, .. }) = self;
        *class
    }
}

impl Display for Violation {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        formatter.write_str(&self.of_class(&self.class().to_string()))
    }
}

impl FlowPolytope {
    /// Of the masses `m_c = lambda_c N_c`, all positive and finite.
    #[must_use]
    pub fn new(mass: Vec<f64>) -> Self {
        let total = mass.iter().sum();
        Self { mass, total }
    }

    /// `K`.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.mass.len()
    }

    /// Bounds on `P[class][predicted]` (I4), exact: `F` lies between `max(0, m_c + m_k - M)` and `min(m_c, m_k)`.
    ///
    /// # Panics
    /// There is no such class.
    #[must_use]
    pub fn mean_probability(&self, class: usize, predicted: usize) -> Bounds {
        let (own, other) = (self.mass[class], self.mass[predicted]);
        // Of a class with itself: what the others cannot take, `m_c - sum of the others`.
        let rest = self.total - own;
        let low = (other - rest).max(0.0);
        Bounds { low: low / own, high: own.min(other) / own }
    }

    /// Bounds on the outflow `u_k = m_k s_k` (I3), exact: none above the mass, none above what the others can take.
    ///
    /// # Panics
    /// There is no such class.
    #[must_use]
    pub fn outflow(&self, class: usize) -> Bounds {
        Bounds { low: 0.0, high: self.mass[class].min(self.total - self.mass[class]) }
    }

    /// Whether some flows have these outflows (I3), to a relative `slack`.
    ///
    /// # Errors
    /// A class would lose less than nothing or more than its mass ([`Violation::BeyondTheMass`]), or more than
    /// all others together ([`Violation::AboveTheOthers`]).
    pub fn admits(&self, outflows: &[f64], slack: f64) -> Result<(), Violation> {
        let total: f64 = outflows.iter().sum();
        for (class, (&outflow, &mass)) in outflows.iter().zip(&self.mass).enumerate() {
            if !(outflow >= 0.0 && outflow <= mass * (1.0 + slack)) {
                return Err(Violation::BeyondTheMass { class, outflow, mass });
            }
            let others = total - outflow;
            if outflow > others + slack * total {
                return Err(Violation::AboveTheOthers { class, outflow, others });
            }
        }
        Ok(())
    }

    /// The largest `sum weight[c][k] F[c][k]` over the polytope, by linear programming; `None` when the library fails.
    ///
    /// # Panics
    /// `weight` has not one row and one column per class.
    #[must_use]
    pub fn maximum(&self, weight: &DMatrix<f64>) -> Option<f64> {
        maximum(&self.mass, weight)
    }

    /// How far measured mean probabilities lie outside their bounds; zero inside, NaN where one of them is.
    ///
    /// # Panics
    /// `means` are of fewer classes.
    #[must_use]
    pub fn excess(&self, means: &MeanProbability) -> f64 {
        let classes = self.mass.len();
        let pairs = (0..classes).flat_map(|c| (0..classes).map(move |k| (c, k)));
        largest(pairs.flat_map(|(c, k)| {
            let Bounds { low, high } = self.mean_probability(c, k);
            let measured = means.matrix[(c, k)];
            [low - measured, measured - high]
        }))
    }
}

/// A symmetric non-negative matrix of flows between classes with zero diagonal, whose rows sum to `outflows`. The
/// outflows must be admissible.
///
/// The two largest are paired with each other for as much as leaves the rest admissible, until nothing is left.
///
/// # Panics
/// There is one outflow only.
#[must_use]
pub fn pair_flows(outflows: &[f64]) -> DMatrix<f64> {
    let classes = outflows.len();
    let mut left = outflows.to_vec();
    let mut flows = DMatrix::zeros(classes, classes);
    let smallest = 1e-15 * outflows.iter().sum::<f64>();
    // Every pairing empties a class or makes the largest equal to the sum of the others, which then all go to it.
    for _ in 0..classes * classes {
        let mut order: Vec<usize> = (0..classes).collect();
        sort_largest_first(&mut order, |class| left[class]);
        let (first, second) = (order[0], order[1]);
        let half: f64 = left.iter().sum::<f64>() / 2.0;
        let third = order.get(2).map_or(0.0, |&class| left[class]);
        let amount = left[second].min(half - third).min(left[first]);
        // With the largest at half, only pairs with it are admissible; they empty the second largest.
        let amount = if amount > smallest { amount } else { left[second] };
        if amount <= smallest {
            break;
        }
        flows[(first, second)] += amount;
        flows[(second, first)] += amount;
        left[first] = (left[first] - amount).max(0.0);
        left[second] -= amount;
    }
    flows
}

/// Maximises `sum weight[c][k] F[c][k]` over `F >= 0` whose row and column sums are `mass`.
///
/// Solved as its dual, which has `2 K - 1` unknowns in place of `K^2`: minimise `sum mass_c (u_c + v_c)` over `u_c + v_k >=
/// weight[c][k]`. The last `v` is zero, since the last column sum follows from the others.
fn maximum(mass: &[f64], weight: &DMatrix<f64>) -> Option<f64> {
    let classes = mass.len();
    let total: f64 = mass.iter().sum();
    let size = weight.amax().max(f64::MIN_POSITIVE);
    let at_least = |class: usize, predicted: usize| {
        let mut entries = vec![(class, -1.0)];
        if predicted + 1 < classes {
            entries.push((classes + predicted, -1.0));
        }
        Inequality { entries, most: -weight[(class, predicted)] / size }
    };
    let pairs = (0..classes).flat_map(|class| (0..classes).map(move |predicted| (class, predicted)));
    let shares = mass.iter().chain(&mass[..classes - 1]).map(|mass| mass / total);
    let cost = DVector::from_iterator(2 * classes - 1, shares);
    let program = LinearProgram {
        cost: cost.clone(),
        inequalities: pairs.map(|(class, predicted)| at_least(class, predicted)).collect(),
        equation: None,
        tolerance: 1e-14,
    };
    let solution = program.minimise()?;
    Some(cost.dot(&solution) * size * total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::{log_uniform, stream};
    use rand::RngExt;

    #[test]
    fn closed_forms_and_the_linear_program_agree() {
        let generator = &mut stream(11, 0);
        for draw in 0..1000 {
            let classes = generator.random_range(2..=6);
            let mass: Vec<f64> = (0..classes).map(|_| log_uniform(generator, 0.01, 100.0)).collect();
            let polytope = FlowPolytope::new(mass.clone());
            let (c, k) = (generator.random_range(0..classes), generator.random_range(0..classes));
            let pick = |sign: f64| {
                let mut weight = DMatrix::zeros(classes, classes);
                weight[(c, k)] = sign;
                polytope.maximum(&weight).expect("solved") * sign / mass[c]
            };
            let Bounds { low, high } = polytope.mean_probability(c, k);
            let scale = 1.0_f64.max(high);
            assert!((pick(1.0) - high).abs() < 1e-9 * scale, "draw {draw}: {} against {high}", pick(1.0));
            assert!((pick(-1.0) - low).abs() < 1e-9 * scale, "draw {draw}: {} against {low}", pick(-1.0));
        }
    }

    #[test]
    fn a_weight_guarantees_something_only_beyond_half_of_the_mass() {
        let polytope = FlowPolytope::new(vec![6.0, 3.0, 1.0]);
        assert!((polytope.mean_probability(0, 0).low - 2.0 / 6.0).abs() < 1e-15);
        assert_eq!(polytope.mean_probability(1, 1), Bounds { low: 0.0, high: 1.0 });
        assert_eq!(polytope.outflow(0).high, 4.0);
        // Two classes: one flow decides everything.
        let binary = FlowPolytope::new(vec![4.0, 1.0]);
        assert_eq!(binary.mean_probability(0, 0), Bounds { low: 0.75, high: 1.0 });
    }

    #[test]
    fn outflows_that_cannot_be_are_named() {
        let polytope = FlowPolytope::new(vec![5.0, 5.0, 5.0]);
        assert_eq!(polytope.admits(&[1.0, 1.0, 2.0], 1e-12), Ok(()));
        let above = polytope.admits(&[1.0, 1.0, 2.5], 1e-12).expect_err("above the others");
        assert!(above.to_string().contains("class 2 would lose 2.5000"), "{above}");
        assert!(matches!(
            polytope.admits(&[6.0, 6.0, 1.0], 0.0),
            Err(Violation::BeyondTheMass { class: 0, .. })
        ));
    }

    #[test]
    fn admissible_outflows_have_flows() {
        let generator = &mut stream(12, 0);
        for _ in 0..500 {
            let classes = generator.random_range(2..=7);
            let mut outflows: Vec<f64> = (0..classes).map(|_| generator.random_range(0.0..1.0)).collect();
            // Cut the largest down to what the others can take.
            let total: f64 = outflows.iter().sum();
            outflows.iter_mut().for_each(|outflow| *outflow = outflow.min(total - *outflow));
            if classes == 2 {
                outflows[1] = outflows[0];
            }
            let flows = pair_flows(&outflows);
            for (class, outflow) in outflows.iter().enumerate() {
                assert!((flows.row(class).sum() - outflow).abs() < 1e-12, "{outflows:?}: {flows}");
            }
            assert!(flows.iter().all(|&flow| flow >= 0.0) && flows.diagonal().amax() == 0.0);
        }
    }
}
