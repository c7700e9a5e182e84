//! One column of a search over columns: its state, and the second derivatives it goes on with.

use super::column_pass::Precision;
use super::descent::Progress;
use super::direction::{Curvature, regular_factor};
use super::pass::Evaluated;
use super::tolerance::{ConvergenceCheck, LineSearch};
use nalgebra::{DMatrix, DVector};

/// Below this relative gradient, Newton's steps square it.
pub(super) const NEAR_END: f64 = 1e-3;

/// The state of one column.
pub(super) struct Column {
    pub(super) value: f64,
    pub(super) gradient: DVector<f64>,
    pub(super) largest_logit: f64,
    pub(super) convergence: ConvergenceCheck,
    pub(super) progress: Progress,
    pub(super) curvature: Option<Curvature>,
    pub(super) precision: Precision,
    /// The curvature was computed at this very point.
    pub(super) fresh: bool,
}

impl Column {
    pub(super) fn at(evaluated: &Evaluated, index: usize, precision: Precision) -> Self {
        let gradient = evaluated.gradient.column(index).into_owned();
        Self {
            value: evaluated.value[index],
            largest_logit: evaluated.largest_logit[index],
            convergence: ConvergenceCheck::new(&gradient, evaluated.magnitude[index]),
            gradient,
            progress: Progress::Active,
            curvature: None,
            precision,
            fresh: false,
        }
    }

    pub(super) fn accept(&mut self, evaluated: &Evaluated, index: usize, line_search: &LineSearch) {
        self.value = evaluated.value[index];
        self.gradient.copy_from(&evaluated.gradient.column(index));
        self.largest_logit = evaluated.largest_logit[index];
        let before = self.convergence.relative();
        self.progress = self.convergence.moved(
            &self.gradient,
            evaluated.magnitude[index],
            line_search,
            self.largest_logit,
        );
        if self.convergence.promises_end() {
            self.fresh = false;
        } else {
            self.doubt_precision(before);
            self.curvature = None;
        }
    }

    /// A fresh Hessian whose step hardly helped may have been too coarse.
    fn doubt_precision(&mut self, before: f64) {
        if self.fresh && before < NEAR_END && self.convergence.relative() > 0.5 * before {
            self.precision = Precision::Double;
        }
    }

    /// Stores a Hessian in single precision at the present parameters, unless it may be indefinite; it is then
    /// recomputed in double precision.
    pub(super) fn set_single(&mut self, hessian: &DMatrix<f64>) {
        self.set(regular_factor(hessian, Precision::Single).map(Curvature::Definite));
    }

    /// Stores the curvature at the present parameters. Without one in single precision, double precision is tried;
    /// without one there, the column's search ends.
    pub(super) fn set(&mut self, curvature: Option<Curvature>) {
        self.fresh = true;
        if curvature.is_none() {
            match self.precision {
                Precision::Single => self.precision = Precision::Double,
                Precision::Double => {
                    let why = format!(
                        "no step leads on from a relative gradient of {:.1e}",
                        self.convergence.relative()
                    );
                    self.progress = Progress::NotConverged(why);
                }
            }
        }
        self.curvature = curvature;
    }

    /// No length of the last step was accepted: the search ends, unless the Hessian was old or coarse.
    pub(super) fn fail(&mut self, line_search: &LineSearch) {
        self.progress = self.convergence.no_step_left(line_search);
        let exact = self.fresh && self.precision == Precision::Double;
        if !exact && matches!(self.progress, Progress::NotConverged(_)) {
            self.progress = Progress::Active;
            self.precision = if self.fresh { Precision::Double } else { self.precision };
            self.curvature = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column that stayed active without a direction would be asked for its next step without end.
    #[test]
    fn a_column_without_second_derivatives_ends() {
        let evaluated = Evaluated {
            gradient: DMatrix::from_element(2, 1, 0.5),
            value: vec![1.0],
            magnitude: vec![1.0],
            largest_logit: vec![0.0],
        };
        let mut column = Column::at(&evaluated, 0, Precision::Single);
        column.set(None);
        assert_eq!((&column.progress, column.precision), (&Progress::Active, Precision::Double));
        column.set(None);
        assert!(matches!(column.progress, Progress::NotConverged(_)), "{:?}", column.progress);
    }
}
