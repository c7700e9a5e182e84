//! What is left of a class weight's effect on decisions where features separate all samples (docs/theory.md#s3).

use crate::loss::Targets;
use crate::numeric::significant;
use nalgebra::DMatrix;
use serde::Serialize;

/// S3 at the margins of a head: weights of ratio `r` move the boundary of two classes by `log r / (m_1 + m_2)` of half the gap
/// between their nearest samples, and no further.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightEffectLeft {
    /// Whose margins these are.
    pub measured_at: MeasuredAt,
    /// The two classes whose boundary weights move most, that of the larger weight first.
    pub classes: [usize; 2],
    /// `r`, above 1.
    pub weight_ratio: f64,
    /// `m_1` and `m_2`: by how much the logit of its own class exceeds that of the other one, smallest over the samples of each.
    pub margins: [f64; 2],
    /// `log r / (m_1 + m_2)`, in units of half the gap: at 1 the boundary would lie at the nearest sample.
    pub boundary_shift: f64,
}

/// Which logits margins are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasuredAt {
    /// The exact last layer under the penalty given.
    ExactLayer,
    /// The logits given: without a penalty there is no exact layer.
    GivenLogits,
}

impl WeightEffectLeft {
    /// Of logits (`K x N`, or `1 x N` of two classes); `None` where no weights differ, or a sample is not classified correctly.
    pub(super) fn of(measured_at: MeasuredAt, logits: &DMatrix<f64>, targets: &Targets) -> Option<Self> {
        let margins = margins(logits, targets);
        let is_separated = |k: usize, j: usize| k == j || margins[(k, j)] > 0.0;
        let classes = targets.classes();
        if !(0..classes).all(|k| (0..classes).all(|j| is_separated(k, j))) {
            return None;
        }
        let weights = targets.class_weights();
        let of_pair = |k: usize, j: usize| {
            let (weight_ratio, margins) = (weights[k] / weights[j], [margins[(k, j)], margins[(j, k)]]);
            let boundary_shift = weight_ratio.ln() / (margins[0] + margins[1]);
            (weight_ratio > 1.0 && boundary_shift > 0.0).then_some(Self {
                measured_at,
                classes: [k, j],
                weight_ratio,
                margins,
                boundary_shift,
            })
        };
        let pairs = (0..classes).flat_map(|k| (0..classes).filter_map(move |j| of_pair(k, j)));
        pairs.max_by(|one, other| one.boundary_shift.total_cmp(&other.boundary_shift))
    }

    pub(super) fn sentence(&self, classes: &[String]) -> String {
        let [one, other] = self.classes.map(|class| &classes[class]);
        let less = match self.measured_at {
            MeasuredAt::ExactLayer => "a smaller penalty",
            MeasuredAt::GivenLogits => "more training",
        };
        format!(
            "All samples are separated, so that class weights hardly move decisions (S3): the weight ratio {} of classes {one} \
             and {other} moves the boundary between them by {} of half the gap between their nearest samples (log {} = {}, \
             margins {} and {}); {less} leaves less.",
            significant(self.weight_ratio, 3),
            super::words::percent(self.boundary_shift),
            significant(self.weight_ratio, 3),
            significant(self.weight_ratio.ln(), 3),
            significant(self.margins[0], 3),
            significant(self.margins[1], 3)
        )
    }
}

/// The smallest `z_k - z_j` over the samples of class `k` (row), for every other class `j` (column); infinite for classes without
/// samples and on the diagonal.
fn margins(logits: &DMatrix<f64>, targets: &Targets) -> DMatrix<f64> {
    let classes = targets.classes();
    let mut margins = DMatrix::from_element(classes, classes, f64::INFINITY);
    for (z, &label) in logits.column_iter().zip(targets.class_indices()) {
        let own = label as usize;
        for other in (0..classes).filter(|&other| other != own) {
            let margin = match z.as_slice() {
                // The logit of class 1 over class 0.
                &[z] => z * if own == 1 { 1.0 } else { -1.0 },
                z => z[own] - z[other],
            };
            margins[(own, other)] = margins[(own, other)].min(margin);
        }
    }
    margins
}
