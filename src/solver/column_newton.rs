//! Damped Newton for losses that are sums over logit columns: each column is a problem of `D` unknowns with its
//! own Hessian, line search and end, while products with the features are shared by all active columns.

use super::descent::{Descent, Progress};
use super::direction::{Direction, descent, smallest_curvature};
use super::scaled_features::ScaledFeatures;
use super::separation::{Margins, Separation, find_separation};
use super::tolerance::{Goal, Trial};
use crate::loss::{ColumnLoss, Targets};
use nalgebra::{DMatrix, DVector};

/// Newton over the columns of a [`ColumnLoss`]; exact second derivatives, so that a convex column converges
/// quadratically and the others end in a minimum whose smallest eigenvalue is known.
pub(super) struct ColumnNewton<'a, L> {
    features: &'a ScaledFeatures,
    targets: &'a Targets,
    loss: L,
    theta: DMatrix<f64>,
    logits: DMatrix<f64>,
    columns: Vec<Column>,
    separation_possible: bool,
}

/// Where one column stands.
#[derive(Debug, Clone)]
struct Column {
    value: f64,
    gradient: DVector<f64>,
    goal: Goal,
    progress: Progress,
}

/// A column moved to `theta`, with everything known there.
struct Moved {
    column: usize,
    theta: DVector<f64>,
    logits: Vec<f64>,
    value: f64,
    gradient: DVector<f64>,
    /// `sum_i |dL/dz_i|`: what the gradient's terms add up to before they cancel.
    magnitude: f64,
}

impl<'a, L: ColumnLoss> ColumnNewton<'a, L> {
    /// Starts from `theta` (`Q x D`).
    pub(super) fn new(
        features: &'a ScaledFeatures,
        targets: &'a Targets,
        loss: L,
        theta: DMatrix<f64>,
        separation_possible: bool,
    ) -> Self {
        let columns = Vec::new();
        let logits = DMatrix::zeros(theta.nrows(), features.samples());
        let mut newton = Self { features, targets, loss, theta, logits, columns, separation_possible };
        newton.restart();
        newton
    }

    /// Evaluates every column anew and makes it active.
    fn restart(&mut self) {
        let requests =
            (0..self.theta.nrows()).map(|column| (column, self.theta.row(column).transpose())).collect();
        let at_start = self.evaluate(requests);
        self.columns = at_start
            .iter()
            .map(|moved| Column {
                value: moved.value,
                gradient: moved.gradient.clone(),
                goal: Goal::new(&moved.gradient, moved.magnitude),
                progress: Progress::Active,
            })
            .collect();
        for moved in at_start {
            self.logits.row_mut(moved.column).copy_from_slice(&moved.logits);
        }
    }

    /// Continues from where it stands with another loss of the same columns.
    pub(super) fn replace_loss(&mut self, loss: L) {
        self.loss = loss;
        self.restart();
    }

    /// Logits at the current point, `Q x N`.
    pub(super) fn logits(&self) -> &DMatrix<f64> {
        &self.logits
    }

    /// Values and gradients of the columns moved to the given parameters.
    fn evaluate(&self, requests: Vec<(usize, DVector<f64>)>) -> Vec<Moved> {
        let columns: Vec<usize> = requests.iter().map(|(column, _)| *column).collect();
        let dimension = self.features.dimension();
        let theta = DMatrix::from_fn(columns.len(), dimension, |row, entry| requests[row].1[entry]);
        let logits = self.features.logits(&theta, &columns);
        let mut residuals = DMatrix::zeros(columns.len(), logits.ncols());
        let values = self.loss.evaluate_columns(&columns, &logits, self.targets, &mut residuals);
        let gradients = self.features.pull_back(&residuals);
        let finish = |(row, (column, theta)): (usize, (usize, DVector<f64>))| {
            let penalty_slope =
                theta.zip_map(&DVector::from_column_slice(&self.features.penalty), |w, l| w * l);
            Moved {
                column,
                logits: logits.row(row).iter().copied().collect(),
                value: values[row] + self.features.penalty_of(&theta),
                gradient: gradients.row(row).transpose() + penalty_slope,
                magnitude: residuals.row(row).iter().map(|residual| residual.abs()).sum(),
                theta,
            }
        };
        requests.into_iter().enumerate().map(finish).collect()
    }

    /// The Hessian of one column at the current point.
    pub(super) fn hessian(&self, column: usize) -> DMatrix<f64> {
        let own: Vec<f64> = self.logits.row(column).iter().copied().collect();
        let curvature = self.loss.column_curvature(column, &own, self.targets);
        let mut hessian = self.features.gram(&curvature.diagonal);
        if let Some(coupling) = curvature.coupling {
            let (labels, classes) = (self.targets.of_sample(), self.targets.classes());
            let losses = self.features.class_sums(&coupling.loss_slope, labels, classes);
            let probabilities = self.features.class_sums(&coupling.probability_slope, labels, classes);
            let mut slopes = DMatrix::zeros(hessian.nrows(), 2 * classes);
            slopes.columns_mut(0, classes).copy_from(&losses);
            slopes.columns_mut(classes, classes).copy_from(&probabilities);
            hessian += &slopes * coupling.matrix * slopes.transpose();
        }
        for (entry, penalty) in self.features.penalty.iter().enumerate() {
            hessian[(entry, entry)] += penalty;
        }
        hessian
    }

    fn active(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&column| self.columns[column].progress == Progress::Active).collect()
    }

    /// Moves each column along its direction, halving its step until the step is acceptable.
    fn line_search(&mut self, directions: Vec<(usize, Direction)>) {
        let columns: Vec<usize> = directions.iter().map(|(column, _)| *column).collect();
        let steps = DMatrix::from_fn(columns.len(), self.features.dimension(), |row, entry| {
            directions[row].1.step[entry]
        });
        let change = self.features.product(&steps);
        let mut pending: Vec<(usize, DVector<f64>, Trial)> = directions
            .into_iter()
            .enumerate()
            .map(|(row, (column, direction))| {
                let own = &mut self.columns[column];
                let slope = own.gradient.dot(&direction.step);
                let trial = own.goal.begin(change.row(row).amax(), slope, direction.newton);
                (column, direction.step, trial)
            })
            .collect();
        while !pending.is_empty() {
            let request = |(column, step, trial): &(usize, DVector<f64>, Trial)| {
                (*column, self.theta.row(*column).transpose() + step * trial.length())
            };
            let moved = self.evaluate(pending.iter().map(request).collect());
            let mut remaining = Vec::new();
            for (moved, (column, step, mut trial)) in moved.into_iter().zip(pending) {
                let own = &self.columns[column];
                if trial.accepts(own.value, &own.gradient, moved.value, &moved.gradient) {
                    self.accept(moved, &trial);
                } else if trial.shorten() {
                    remaining.push((column, step, trial));
                } else {
                    let own = &mut self.columns[column];
                    own.progress = own.goal.no_step_left(&trial);
                }
            }
            pending = remaining;
        }
    }

    fn accept(&mut self, moved: Moved, trial: &Trial) {
        let largest_logit = moved.logits.iter().fold(0.0_f64, |largest, z| largest.max(z.abs()));
        self.theta.row_mut(moved.column).copy_from_slice(moved.theta.as_slice());
        self.logits.row_mut(moved.column).copy_from_slice(&moved.logits);
        let own = &mut self.columns[moved.column];
        own.value = moved.value;
        own.progress = own.goal.moved(&moved.gradient, moved.magnitude, trial, largest_logit);
        own.gradient = moved.gradient;
    }

    /// Asks whether a column that is slow to settle can settle at all.
    fn look_for_separation(&mut self, column: usize) {
        if !self.separation_possible || !self.columns[column].goal.wants_separation_check() {
            return;
        }
        let target = self.loss.target_of(column);
        let margins = Margins::one_against_rest(self.features, self.targets, target);
        let start = self.theta.rows(column, 1).into_owned();
        if let Some(separation) = find_separation(&margins, &start, self.columns[column].goal.lp_is_due()) {
            self.columns[column].progress = Progress::Separable(separation.for_column(column));
        }
    }

    /// At a stationary point that is not a minimum, steps off along the direction of negative curvature.
    fn leave_saddle(&mut self, column: usize) {
        let (smallest, along) = self.curvature_floor(column);
        if smallest >= 0.0 {
            return;
        }
        let reach = self.features.product(&DMatrix::from_row_slice(1, along.len(), along.as_slice())).amax();
        let here = self.columns[column].value;
        let mut length = 1.0 / reach;
        for _ in 0..20 {
            for signed in [length, -length] {
                let theta = self.theta.row(column).transpose() + &along * signed;
                let Some(moved) = self.evaluate(vec![(column, theta)]).pop() else { continue };
                if moved.value < here {
                    let trial = Trial::off_saddle(reach * length);
                    self.accept(moved, &trial);
                    return;
                }
            }
            length *= 0.5;
        }
    }

    /// Smallest Hessian eigenvalue of a column, zero when it is rounding error, and its eigenvector.
    pub(super) fn curvature_floor(&self, column: usize) -> (f64, DVector<f64>) {
        let hessian = self.hessian(column);
        let rounding = 1e-13 * hessian.amax();
        let (smallest, along) = smallest_curvature(hessian, self.features);
        (if smallest.abs() <= rounding { 0.0 } else { smallest }, along)
    }
}

impl<L: ColumnLoss> Descent for ColumnNewton<'_, L> {
    fn name(&self) -> &'static str {
        "damped Newton, one Hessian per column"
    }

    fn step(&mut self) {
        let active = self.active();
        let directions = active
            .iter()
            .map(|&column| {
                (column, descent(self.hessian(column), &self.columns[column].gradient, self.features))
            })
            .collect();
        self.line_search(directions);
        for column in active {
            match self.columns[column].progress {
                Progress::Active => self.look_for_separation(column),
                Progress::Settled if self.columns[column].goal.met_indefinite() => self.leave_saddle(column),
                _ => {}
            }
        }
    }

    fn progress(&self) -> Progress {
        Progress::of_all(self.columns.iter().map(|column| &column.progress))
    }

    fn theta(&self) -> &DMatrix<f64> {
        &self.theta
    }

    fn value(&self) -> f64 {
        self.columns.iter().map(|column| column.value).sum()
    }

    fn gradient(&self) -> DMatrix<f64> {
        let rows: Vec<_> = self.columns.iter().map(|column| column.gradient.transpose()).collect();
        DMatrix::from_rows(&rows)
    }

    fn relative_gradient(&self) -> f64 {
        self.columns.iter().map(|column| column.goal.relative()).fold(0.0, f64::max)
    }
}

/// Separations of several columns, joined when the head as a whole is reported.
impl Separation {
    fn for_column(self, column: usize) -> Self {
        Self { column: Some(column), ..self }
    }
}
