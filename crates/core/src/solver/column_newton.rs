//! Damped Newton for losses that are sums over logit columns: each column is a problem of `D` unknowns with its
//! own Hessian, line search and end, while passes over the samples are shared by all active columns.
//!
//! A Hessian costs as much as many gradients. It is kept for as long as the steps it gives promise to finish soon,
//! and accumulated in single precision while that suffices: only the gradient decides where a search ends.

use super::column_pass::{ColumnPass, Precision};
use super::descent::{ColumnState, ConvergenceCheck, Descent, LineSearch, Progress};
use super::hessian::{Curvature, by_standardised, regular_factor, smallest_curvature};
use super::pass::Evaluated;
use super::separation::{SeparationOutcome, SeparationSearch, Sides, Thoroughness};
use super::start::GOOD_INITIAL_GUESS;
use super::user_curvature;
use crate::loss::{ColumnLoss, ColumnMeans};
use crate::numeric::{largest, map_items};
use nalgebra::{DMatrix, DVector};
use std::cmp::Ordering::{Equal, Less};

/// Newton over the columns of a [`ColumnLoss`]; convex columns converge quadratically and the others end at a minimum
/// whose smallest eigenvalue is computed.
pub(super) struct ColumnNewton<'a, L> {
    pass: ColumnPass<'a, L>,
    theta: DMatrix<f64>,
    columns: Vec<Column>,
    /// Where separability is to be looked for, if it is possible.
    separation: Option<SeparationSearch<'a>>,
}

/// A column that looks for the length of its step.
struct Pending {
    column: usize,
    step: DVector<f64>,
    line_search: LineSearch,
}

impl<'a, L: ColumnLoss> ColumnNewton<'a, L> {
    /// Starts from `theta` (`D x Q`).
    pub(super) fn new(
        pass: ColumnPass<'a, L>,
        theta: DMatrix<f64>,
        separation: Option<SeparationSearch<'a>>,
    ) -> Self {
        let mut newton = Self { pass, theta, columns: Vec::new(), separation };
        newton.restart(true);
        newton
    }

    /// Starts from the end of a search on a subsample, with that search's Hessians for the first step: they are as
    /// accurate as the point.
    pub(super) fn after(
        small: ColumnNewton<L>,
        pass: ColumnPass<'a, L>,
        separation: Option<SeparationSearch<'a>>,
    ) -> Self {
        let mut newton = Self { pass, theta: small.theta, columns: Vec::new(), separation };
        newton.restart(false);
        for (own, small) in newton.columns.iter_mut().zip(small.columns) {
            own.curvature = small.curvature.filter(|curvature| !curvature.is_indefinite());
        }
        newton
    }

    /// Evaluates every column anew and makes it active.
    fn restart(&mut self, wants_hessian: bool) {
        let all: Vec<usize> = (0..self.theta.ncols()).collect();
        let (evaluated, hessian) = self.evaluate(&all, &self.theta, wants_hessian);
        let precision =
            |column: usize| self.columns.get(column).map_or(Precision::Single, |own| own.precision);
        self.columns = all.iter().map(|&column| Column::at(&evaluated, column, precision(column))).collect();
        self.take_hessian(hessian);
    }

    /// Values and gradients of some columns; for a lone column that will need one, its Hessian from the same pass.
    fn evaluate(
        &self,
        columns: &[usize],
        theta: &DMatrix<f64>,
        wants_hessian: bool,
    ) -> (Evaluated, Option<DMatrix<f64>>) {
        let single = self.columns.first().is_none_or(|own| own.precision == Precision::Single);
        if self.theta.ncols() == 1
            && wants_hessian
            && single
            && !self.pass.loss.reads_class_means()
            && let Some((evaluated, hessian)) = self.pass.evaluate_with_hessian(theta)
        {
            return (evaluated, Some(hessian));
        }
        (self.pass.evaluate(columns, theta), None)
    }

    /// Takes the Hessian of a lone column at its present parameters.
    fn take_hessian(&mut self, hessian: Option<DMatrix<f64>>) {
        let (Some(hessian), [own]) = (hessian, self.columns.as_mut_slice()) else { return };
        if own.curvature.is_none() {
            own.set_single(&hessian);
        }
    }

    /// Whether every column is where another loss may take over.
    pub(super) fn can_go_on(&self) -> bool {
        matches!(self.progress(), Progress::Active | Progress::Converged)
    }

    /// Continues from its present point with another loss of the same columns.
    pub(super) fn replace_loss(&mut self, loss: L) {
        self.pass.loss = loss;
        self.restart(true);
    }

    /// Switches to another problem on the same features. Starts from an initial guess or, column by column where that
    /// is far off and worse, from the present point. Hessians are kept while they are useful.
    pub(super) fn go_on_with(&mut self, pass: ColumnPass<'a, L>, guess: DMatrix<f64>) {
        self.pass = pass;
        let here = std::mem::replace(&mut self.theta, guess);
        let kept: Vec<_> = self.columns.iter_mut().map(|own| own.curvature.take()).collect();
        self.restart(false);
        for (own, kept) in self.columns.iter_mut().zip(kept) {
            own.curvature = kept;
        }
        if self.relative_gradient() > GOOD_INITIAL_GUESS {
            let all: Vec<usize> = (0..self.columns.len()).collect();
            let values = self.pass.evaluate(&all, &here).value;
            self.replace_worse_columns(&here, &values);
        }
    }

    /// The data and loss being searched over.
    pub(super) fn pass(&self) -> &ColumnPass<'a, L> {
        &self.pass
    }

    /// The value of every column.
    pub(super) fn values(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.value).collect()
    }

    /// Columns that have converged, each with its value.
    pub(super) fn converged_values(&self) -> impl Iterator<Item = (usize, f64)> {
        let converged =
            self.columns.iter().enumerate().filter(|(_, own)| own.progress == Progress::Converged);
        converged.map(|(column, own)| (column, own.value))
    }

    /// The parameters of a column.
    pub(super) fn column(&self, column: usize) -> DVector<f64> {
        self.theta.column(column).into_owned()
    }

    /// Puts columns whose value exceeds that at another head there.
    pub(super) fn replace_worse_columns(&mut self, theta: &DMatrix<f64>, values: &[f64]) {
        // A column that is not a number is worse, too.
        let worse: Vec<usize> = (0..values.len())
            .filter(|&column| {
                !matches!(self.columns[column].value.partial_cmp(&values[column]), Some(Less | Equal))
            })
            .collect();
        if worse.is_empty() {
            return;
        }
        let evaluated = self.pass.evaluate(&worse, &theta.select_columns(&worse));
        for (index, column) in worse.into_iter().enumerate() {
            self.columns[column] = Column::at(&evaluated, index, Precision::Single);
            self.theta.column_mut(column).copy_from(&theta.column(column));
        }
    }

    /// Runs until the search ends, the relative gradient falls to `enough`, or `steps` steps are done.
    pub(super) fn run(&mut self, steps: usize, enough: f64) {
        for _ in 0..steps {
            if self.progress() != Progress::Active || self.relative_gradient() <= enough {
                return;
            }
            self.step();
        }
    }

    /// The parameters of some columns side by side.
    fn theta_of(&self, columns: &[usize]) -> DMatrix<f64> {
        self.theta.select_columns(columns)
    }

    /// The Hessian of one column at the current point, in double precision.
    pub(super) fn hessian(&self, column: usize) -> DMatrix<f64> {
        self.hessians(&[column], Precision::Double).pop().unwrap_or_else(|| DMatrix::zeros(0, 0))
    }

    /// The Hessians of some columns at the current point.
    fn hessians(&self, columns: &[usize], precision: Precision) -> Vec<DMatrix<f64>> {
        let means: Vec<ColumnMeans> =
            columns.iter().filter_map(|&column| self.columns[column].means.clone()).collect();
        self.pass.hessians(columns, &self.theta_of(columns), &means, precision)
    }

    fn active(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&column| self.columns[column].progress == Progress::Active).collect()
    }

    /// Computes the curvature of every column that lacks one.
    fn refresh_curvature(&mut self, active: &[usize]) {
        for precision in [Precision::Single, Precision::Double] {
            let lacking: Vec<usize> = active
                .iter()
                .copied()
                .filter(|&column| {
                    let own = &self.columns[column];
                    own.curvature.is_none() && own.precision == precision
                })
                .collect();
            let hessians = self.hessians(&lacking, precision);
            let is_gradient = self.pass.loss.has_objective();
            for (column, hessian) in lacking.into_iter().zip(hessians) {
                let own = &mut self.columns[column];
                match precision {
                    _ if !is_gradient => own.set(Curvature::of_field(hessian)),
                    Precision::Single => own.set_single(&hessian),
                    Precision::Double => own.set(Some(Curvature::of(hessian))),
                }
            }
        }
    }

    fn begin(&mut self, column: usize) -> Option<Pending> {
        let own = &mut self.columns[column];
        let curvature = own.curvature.as_ref()?;
        let step = curvature.direction(&own.gradient.as_view());
        let logit_change = self.pass.features.max_logit_change(step.iter().copied());
        let line_search = own.convergence.begin(
            logit_change,
            curvature.slope(&own.gradient, &step),
            !curvature.is_indefinite(),
        );
        Some(Pending { column, step, line_search })
    }

    /// Moves each column along its direction, shortening its step until the step is acceptable.
    fn line_search(&mut self, active: &[usize]) {
        let mut pending: Vec<Pending> = active.iter().filter_map(|&column| self.begin(column)).collect();
        while !pending.is_empty() {
            let columns: Vec<usize> = pending.iter().map(|search| search.column).collect();
            let mut theta = self.theta_of(&columns);
            for (mut own, search) in theta.column_iter_mut().zip(&pending) {
                own.axpy(search.line_search.length(), &search.step, 1.0);
            }
            let far_off = self.relative_gradient() > NEAR_END;
            let (evaluated, hessian) = self.evaluate(&columns, &theta, far_off);
            let (mut remaining, mut accepted) = (Vec::new(), false);
            for (index, mut search) in pending.into_iter().enumerate() {
                let own = &mut self.columns[search.column];
                let raised = evaluated.largest_logit[index] - own.largest_logit;
                let gradient = evaluated.gradient.column(index);
                if search.line_search.overshoots(raised) {
                    remaining.push(search);
                } else if search.line_search.accepts(
                    own.value,
                    own.gradient.norm(),
                    evaluated.value[index],
                    gradient.norm(),
                ) {
                    own.accept(&evaluated, index, &search.line_search);
                    self.theta.column_mut(search.column).copy_from(&theta.column(index));
                    accepted = true;
                } else if search.line_search.shorten() {
                    remaining.push(search);
                } else {
                    own.fail(&search.line_search);
                }
            }
            if accepted {
                self.take_hessian(hessian);
            }
            pending = remaining;
        }
    }

    /// Checks separability: of a column that is slow to converge or did not converge, and, by features that floating
    /// point treats as equal, of one that did.
    fn look_for_separation(&mut self, column: usize) {
        let Some(separation) = &self.separation else { return };
        let own = &mut self.columns[column];
        let (features, targets) = (self.pass.features, self.pass.targets);
        let sides = Sides::OneAgainstRest(self.pass.loss.target_of(column));
        let head = || features.to_user(&self.theta.columns(column, 1).into_owned());
        let verdict = match &own.progress {
            Progress::Active if own.convergence.wants_separation_check() => {
                let effort =
                    if own.convergence.lp_is_due() { Thoroughness::Thorough } else { Thoroughness::Glance };
                separation.find(targets, sides, head(), effort)
            }
            Progress::Converged => separation.find_where_converged(targets, sides),
            Progress::NotConverged(_) => separation.find(targets, sides, head(), Thoroughness::Thorough),
            Progress::Active | Progress::Separable(_) | Progress::Undecided(_) => SeparationOutcome::None,
        };
        own.progress = own.progress.clone().after(verdict);
    }

    /// At a stationary point that is not a minimum, steps along the direction of negative curvature.
    fn leave_saddle(&mut self, column: usize) {
        let (smallest, along) = curvature_floor(self.hessian(column));
        if smallest >= 0.0 {
            return;
        }
        let logit_change = self.pass.features.max_logit_change(along.iter().copied());
        let mut length = 1.0 / logit_change;
        for _ in 0..20 {
            for signed in [length, -length] {
                let mut theta = self.theta_of(&[column]);
                theta.column_mut(0).axpy(signed, &along, 1.0);
                let evaluated = self.pass.evaluate(&[column], &theta);
                let own = &mut self.columns[column];
                if evaluated.value[0] < own.value {
                    own.accept(&evaluated, 0, &LineSearch::off_saddle(logit_change * length));
                    own.curvature = None;
                    self.theta.column_mut(column).copy_from(&theta.column(0));
                    return;
                }
            }
            length *= 0.5;
        }
    }

    /// Smallest Hessian eigenvalue over all columns, in the user's units; its sign, and whether it is rounding error and
    /// therefore zero, is that of standardised features. `None` where it leaves the range of doubles.
    pub(super) fn smallest_curvature(&self) -> Option<f64> {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let hessians = self.hessians(&all, Precision::Double);
        let change = by_standardised(self.pass.features, self.pass.targets);
        let metric = user_curvature::metric(self.pass.features);
        let floor_of = |hessian: DMatrix<f64>| {
            let (floor, _) = curvature_floor(change.tr_mul(&hessian) * &change);
            if floor > 0.0 { user_curvature::smallest(&hessian, &metric) } else { Some(floor) }
        };
        let floors: Option<Vec<f64>> = map_items(hessians, floor_of).into_iter().collect();
        let smaller = |least: f64, floor: f64| if least.is_nan() || floor >= least { least } else { floor };
        Some(floors?.into_iter().fold(f64::INFINITY, smaller))
    }
}

impl<L: ColumnLoss> Descent for ColumnNewton<'_, L> {
    fn step(&mut self) {
        let active = self.active();
        self.refresh_curvature(&active);
        self.line_search(&active);
        for column in active {
            if self.columns[column].progress == Progress::Converged
                && self.columns[column].convergence.met_indefinite()
            {
                self.leave_saddle(column);
            }
            self.look_for_separation(column);
        }
    }

    fn progress(&self) -> Progress {
        Progress::of_all(self.columns.iter().map(|column| &column.progress))
    }

    fn theta(&self) -> &DMatrix<f64> {
        &self.theta
    }

    fn gradient(&self) -> DMatrix<f64> {
        let columns: Vec<_> = self.columns.iter().map(|column| column.gradient.clone()).collect();
        DMatrix::from_columns(&columns)
    }

    fn newton_step(&mut self, gradient: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        let mut step = gradient.clone();
        for (column, mut of_column) in step.column_iter_mut().enumerate() {
            let hessian = self.hessian(column);
            let curvature = if self.pass.loss.has_objective() {
                Curvature::Definite(regular_factor(&hessian, Precision::Double)?)
            } else {
                Curvature::of_field(hessian)?
            };
            let direction = curvature.direction(&gradient.column(column));
            of_column.copy_from(&direction);
        }
        Some(step)
    }

    fn value(&self) -> f64 {
        self.columns.iter().map(|column| column.value).sum()
    }

    fn relative_gradient(&self) -> f64 {
        largest(self.columns.iter().map(|column| column.convergence.relative()))
    }

    fn columns(&self) -> Vec<ColumnState<'_>> {
        let states = self.columns.iter().map(|own| ColumnState {
            progress: &own.progress,
            value: own.value,
            relative_gradient: own.convergence.relative(),
        });
        states.collect()
    }
}

/// Smallest eigenvalue of a Hessian, zero when it is rounding error, and its eigenvector.
fn curvature_floor(hessian: DMatrix<f64>) -> (f64, DVector<f64>) {
    let rounding = 1e-13 * hessian.amax();
    let (smallest, along) = smallest_curvature(hessian);
    (if smallest.abs() <= rounding { 0.0 } else { smallest }, along)
}

/// Below this relative gradient, Newton's steps square it.
const NEAR_END: f64 = 1e-3;

/// The state of one column.
pub(super) struct Column {
    pub(super) value: f64,
    pub(super) gradient: DVector<f64>,
    pub(super) largest_logit: f64,
    /// Its class means, of a loss that reads them.
    means: Option<ColumnMeans>,
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
            means: evaluated.means.get(index).cloned(),
            convergence: ConvergenceCheck::new(&gradient, evaluated.magnitude[index]),
            gradient,
            progress: Progress::Active,
            curvature: None,
            precision,
            fresh: false,
        }
    }

    fn accept(&mut self, evaluated: &Evaluated, index: usize, line_search: &LineSearch) {
        self.value = evaluated.value[index];
        self.gradient.copy_from(&evaluated.gradient.column(index));
        self.largest_logit = evaluated.largest_logit[index];
        self.means = evaluated.means.get(index).cloned();
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
    fn set_single(&mut self, hessian: &DMatrix<f64>) {
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
            means: Vec::new(),
        };
        let mut column = Column::at(&evaluated, 0, Precision::Single);
        column.set(None);
        assert_eq!((&column.progress, column.precision), (&Progress::Active, Precision::Double));
        column.set(None);
        assert!(matches!(column.progress, Progress::NotConverged(_)), "{:?}", column.progress);
    }
}
