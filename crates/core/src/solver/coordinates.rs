//! The coordinates that a problem is solved in, and the conversion to the user's units.
//!
//! Where columns are independent, each feature is centred and scaled by itself ([`Scaling`]). Where columns are dependent
//! or nearly so, unpenalised problems are solved over an orthogonal basis of the columns, found by a QR factorisation
//! with column pivoting of the data (never of their Gram matrix, which loses half the digits). Where there are more
//! features than samples, penalised problems are solved in the span of the samples: coefficients off it are zero at the
//! minimum.

use super::dense::cholesky;
use super::dependence::{Dependence, Pivots};
use super::least_norm::LeastNorm;
use super::problem::Intercept;
use super::solution::Head;
use super::tall_qr;
use super::wide_dependence;
use crate::data::{Dataset, Number, Values};
use crate::numeric::{
    DoubleDouble, Kernel, Sum, fold_sample_spans, largest_magnitude, median, sort_largest_first,
    update_sample_chunks, vectorised,
};
use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, DVector, DVectorView};

/// Rows on which columns are checked first; columns independent there are independent in all rows.
const ROWS_LOOKED_AT: usize = 2048;
/// Correlations whose smallest eigenvalue is above this leave the scaled features as they are: Newton's steps lose no more than half of
/// their digits.
const WELL_CONDITIONED: f64 = 1e-8;
/// With larger coefficients a basis would cancel more digits than a double has.
const LARGEST_PLAIN: f64 = 1e3;
/// The largest change of a coefficient that makes good for the rounding of an intercept, as a fraction of the largest one, under a
/// penalty of itself.
const DIGITS_KEPT: f64 = 1e-13;
/// An error of logits beyond which intercepts and coefficients are rounded together, and intercepts that are tried on either side.
const VISIBLE_IN_LOGITS: f64 = 1e-14;
const NEIGHBOURS: i32 = 400;

/// Width of a scaled feature below which the penalty has shrunk it: by its spread alone it would be wider.
const NARROW: f64 = 0.25;

/// Relations that a sentence writes out.
const MAX_RELATIONS: usize = 5;

/// How features become the numbers that are solved over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Coordinates {
    scaling: Scaling,
    basis: Option<Basis>,
}

/// What the columns of a table have to do with each other.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Conditioning {
    /// Largest over smallest singular value of the standardised independent columns; absent where there are as many columns
    /// as rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<f64>,
    /// Columns that others determine, exactly or nearly. Where there are as many columns as rows, only constants, multiples, and dummies
    /// side by side that add to one: other relations hold there for want of rows.
    pub dependent_columns: Vec<Dependence>,
}

/// `q = transform^T x + shift` of scaled features `x`.
#[derive(Debug, Clone, PartialEq)]
struct Basis {
    /// `d x r`.
    transform: DMatrix<f64>,
    shift: Vec<f64>,
    /// The scaled sample that is the middle of all: what directions of samples are differences from. Zeros where they are none.
    middle: DVector<f64>,
    penalty: Vec<f64>,
    /// The independent columns, by which coefficients are rounded; nothing where there are as many columns as samples.
    pivots: Option<Pivots>,
    /// The choice that dependent columns leave. A penalty makes the same one, but no gradient sees it: along what leaves the logits as
    /// they are, its curvature is nothing beside that of features in large units.
    least_norm: Option<LeastNorm>,
}

impl Conditioning {
    /// Of the features of a data set; samples count by their weights.
    ///
    /// ```
    /// # use equipoise_core as equipoise;
    /// use equipoise::data::{Dataset, Labels};
    /// use equipoise::solver::Conditioning;
    /// use nalgebra::DMatrix;
    ///
    /// // Two columns and their total, beside them.
    /// let features = DMatrix::from_row_slice(3, 6, &[
    ///     2.0, 1.0, 4.0, 3.0, 5.0, 2.0,
    ///     1.0, 3.0, 2.0, 2.0, 0.0, 4.0,
    ///     3.0, 4.0, 6.0, 5.0, 5.0, 6.0,
    /// ]);
    /// let dataset = Dataset::unnamed(features, Labels::numbered(vec![0, 1, 0, 0, 1, 1], 2)?)?;
    /// assert_eq!(Conditioning::of(&dataset).dependent_columns.len(), 1);
    /// # Ok::<(), equipoise::data::DataError>(())
    /// ```
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        Self::of_head(dataset, Intercept::Free)
    }

    /// The same for a head without intercepts: columns are standardised about zero, and no relation has a constant.
    #[must_use]
    pub fn of_head(dataset: &Dataset, intercept: Intercept) -> Self {
        if is_wide(dataset) {
            let dependent_columns = wide_dependence::dependences(dataset, intercept);
            return Self { condition: None, dependent_columns };
        }
        let scaling = Scaling::new(dataset, 0.0, intercept, SpreadOf::AllRows);
        if !scaling.holds(dataset.labels().samples()) {
            return Self { condition: None, dependent_columns: Vec::new() };
        }
        if well_conditioned_on_some_rows(dataset, &scaling) {
            let condition = tall_qr::correlation(dataset, &scaling).map_or(1.0, condition_of);
            return Self { condition: Some(condition), dependent_columns: Vec::new() };
        }
        let pivots = Pivots::of(dataset, &scaling);
        let dependent_columns = pivots.dependences(dataset, &scaling);
        Self { condition: Some(pivots.condition()), dependent_columns }
    }

    /// The dependent columns in one sentence, the first few relations written out; `None` where there are none.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let count = self.dependent_columns.len();
        let shown: Vec<&str> =
            self.dependent_columns.iter().take(MAX_RELATIONS).map(|one| one.relation.as_str()).collect();
        let more =
            if count > shown.len() { format!("; and {} more", count - shown.len()) } else { String::new() };
        (count > 0).then(|| format!("columns depend on each other: {}{more}", shown.join("; ")))
    }
}

impl Coordinates {
    /// For a linear head over a data set with a penalty `l2`.
    pub(super) fn of(dataset: &Dataset, l2: f64, intercept: Intercept, rows: SpreadOf) -> Self {
        let scaling = Scaling::new(dataset, l2, intercept, rows);
        let basis = if !scaling.holds(dataset.labels().samples()) {
            // The search ends with that reason.
            None
        } else if is_wide(dataset) {
            Some(Basis::span(dataset, &scaling, l2))
        } else if well_conditioned_on_some_rows(dataset, &scaling) {
            None
        } else if l2 > 0.0 {
            Some(Basis::span(dataset, &scaling, l2))
        } else {
            Some(Basis::orthogonal(Pivots::of(dataset, &scaling), &scaling))
        };
        Self { scaling, basis }
    }

    /// Centring and scaling of the user's features.
    pub(super) fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// Whether coordinates are combinations of several features.
    pub(super) fn combines_features(&self) -> bool {
        self.basis.is_some()
    }

    /// `D`, unknowns of a logit column, the intercept included.
    pub(super) fn dimension(&self) -> usize {
        self.penalty().len()
    }

    /// Penalty of each coefficient on the mean loss; zero for a free intercept.
    pub(super) fn penalty(&self) -> &[f64] {
        self.basis.as_ref().map_or(&self.scaling.penalty, |basis| &basis.penalty)
    }

    /// Coordinates of all samples in the basis, `D x N`, the intercept's below each; `None` where coordinates are single features.
    pub(super) fn in_basis(&self, dataset: &Dataset) -> Option<Vec<f64>> {
        let basis = self.basis.as_ref()?;
        let (samples, rank) = (dataset.labels().samples(), basis.shift.len());
        let precise = basis.transform.amax() > LARGEST_PLAIN;
        let mut held = DMatrix::from_element(rank + 1, samples, self.scaling.intercept.coordinate());
        update_sample_chunks(&mut held, |range, part| {
            let mut scaled = Vec::new();
            super::pass::scaled(dataset, &self.scaling, range.clone(), &mut scaled);
            let block = DMatrixView::from_slice(&scaled, dataset.dimension() + 1, range.len());
            let mut into = DMatrixViewMut::from_slice(part, rank + 1, range.len());
            let sample_of = block.rows(0, dataset.dimension());
            if precise {
                for (sample, mut into) in sample_of.column_iter().zip(into.column_iter_mut()) {
                    basis.apply_precisely(sample.as_slice(), into.as_mut_slice());
                }
            } else {
                let mut over = into.rows_mut(0, rank);
                over.copy_from(&basis.transform.tr_mul(&sample_of));
                let shift = DVectorView::from_slice(&basis.shift, rank);
                over.column_iter_mut().for_each(|mut sample| sample += shift);
            }
        });
        Some(held.data.into())
    }

    /// The head that `theta` (`D x Q`) is, rounded to doubles in the user's units.
    ///
    /// Where columns are dependent, many heads have the same logits: this is the one whose coefficients have the least
    /// norm. Coefficients rounded later compensate for earlier roundings, the intercept last, so that logits change as
    /// little as doubles allow.
    pub(crate) fn to_user(&self, theta: &DMatrix<f64>) -> Head {
        self.to_user_beside(theta, None)
    }

    /// The same where scaled coefficients (`d x Q`) are added to those that `theta` is.
    pub(super) fn to_user_beside(&self, theta: &DMatrix<f64>, added: Option<&DMatrix<f64>>) -> Head {
        let of_column = |column: usize| {
            let added = added.map(|added| added.column(column).clone_owned());
            let added = added.as_ref().map_or(&[][..], |added| added.as_slice());
            self.column_to_user(theta.column(column).clone_owned().as_slice(), added)
        };
        let columns: Vec<(Vec<f64>, f64)> = (0..theta.ncols()).map(of_column).collect();
        head_of(&columns, self.scaling.factor.len())
    }

    /// A head moved by a change of the parameters of the scaled features (`(d + 1) x Q`), rounded to doubles. Intercepts make good for
    /// the rounding of coefficients at `middle`, scaled features for each column (`d x Q`): where the samples are that count.
    pub(super) fn moved(&self, head: &Head, change: &DMatrix<f64>, middle: &DMatrix<f64>) -> Head {
        let features = self.scaling.factor.len();
        let of_column = |(row, change): (usize, DVectorView<f64>)| {
            let before = head.coefficients.row(row);
            let scaled = before.iter().zip(&self.scaling.factor).map(|(w, factor)| w / factor);
            let at_centre = DoubleDouble::from(head.intercepts[row]) + DoubleDouble::from(change[features]);
            let at_centre = scaled
                .clone()
                .zip(self.scaled_centre())
                .fold(at_centre, |sum, (w, centre)| sum + DoubleDouble::product_of(w, centre));
            let moved: Vec<f64> = scaled.clone().zip(change.iter()).map(|(w, change)| w + change).collect();
            let rounding = scaled.zip(change.iter()).zip(&moved);
            let rounding = rounding
                .map(|((w, &change), &moved)| (DoubleDouble::sum_of(w, change) - moved.into()).value());
            let at_centre = rounding
                .zip(middle.column(row).iter())
                .fold(at_centre, |sum, (lost, &at)| sum + DoubleDouble::product_of(lost, at));
            // A step may lead anywhere along what leaves the logits as they are.
            let (moved, at_centre) = match &self.basis {
                Some(basis @ Basis { pivots: Some(pivots), least_norm: Some(_), .. }) => {
                    let exact: Vec<DoubleDouble> = moved.into_iter().map(DoubleDouble::from).collect();
                    basis.chosen(pivots, &exact, at_centre)
                }
                _ => (moved, at_centre),
            };
            self.rounded_together(moved, at_centre)
        };
        let columns: Vec<(Vec<f64>, f64)> = change.column_iter().enumerate().map(of_column).collect();
        head_of(&columns, features)
    }

    fn column_to_user(&self, theta: &[f64], added: &[f64]) -> (Vec<f64>, f64) {
        let (slopes, intercept) = theta.split_at(theta.len() - 1);
        let (scaled, at_centre) = match &self.basis {
            None => (slopes.to_vec(), DoubleDouble::from(intercept[0])),
            Some(basis) => basis.rounded(slopes, intercept[0], added),
        };
        self.rounded_together(scaled, at_centre)
    }

    /// Scaled coefficients of a column and its intercept at the centre as doubles in the user's units.
    fn rounded_together(&self, mut scaled: Vec<f64>, at_centre: DoubleDouble) -> (Vec<f64>, f64) {
        // Factors are powers of two: nothing is rounded here, and products stay within range.
        let centre: Vec<f64> = self.scaled_centre().collect();
        let exact = scaled
            .iter()
            .zip(&centre)
            .fold(at_centre, |sum, (&w, &centre)| sum - DoubleDouble::product_of(w, centre));
        let intercept = match self.scaling.intercept {
            Intercept::Free => exact.value(),
            Intercept::None => 0.0,
        };
        let most = self.most_changes(&scaled);
        let left = make_good(exact - intercept.into(), &mut scaled, &centre, &most);
        let intercept = match self.scaling.intercept {
            Intercept::Free => moved_together(left, intercept, &mut scaled, &centre, &most),
            Intercept::None => intercept,
        };
        (scaled.iter().zip(&self.scaling.factor).map(|(w, factor)| w * factor).collect(), intercept)
    }

    /// How far each scaled coefficient may change to make good for the rounding of the intercept. A penalty's gradient goes with the
    /// coefficient, and cancels residuals that may all be tiny: there each keeps its own digits.
    fn most_changes(&self, scaled: &[f64]) -> Vec<f64> {
        let largest = largest_magnitude(scaled.iter().copied());
        let of_column = |(own, &penalty): (&f64, &f64)| if penalty > 0.0 { own.abs() } else { largest };
        scaled.iter().zip(&self.scaling.penalty).map(of_column).map(|size| DIGITS_KEPT * size).collect()
    }

    /// From a gradient with respect to parameters of the scaled features, `(d + 1) x Q`, to that with respect to the coordinates.
    pub(super) fn gradient(&self, scaled: DMatrix<f64>) -> DMatrix<f64> {
        let Some(basis) = &self.basis else { return scaled };
        let dimension = self.scaling.factor.len();
        let by_intercept = scaled.row(dimension).into_owned();
        let shift = DVector::from_column_slice(&basis.shift);
        let by_slopes = basis.transform.tr_mul(&scaled.rows(0, dimension)) + shift * &by_intercept;
        let rank = by_slopes.nrows();
        let mut gradient = by_slopes.insert_row(rank, 0.0);
        gradient.set_row(rank, &by_intercept);
        gradient
    }

    /// The change of scaled coefficients (`d x Q`) that takes out of a penalised gradient (`(d + 1) x Q`, by parameters of the
    /// scaled features) what no step in the span of the samples can: its part off the span, where the penalty is all that
    /// curves. Rounding of the basis leaves one: where features lie far apart in size, it is much of the small ones' coefficients.
    /// `None` where coordinates are no span.
    pub(super) fn step_off_span(&self, gradient: &DMatrix<f64>, l2: f64) -> Option<DMatrix<f64>> {
        let basis = self.basis.as_ref().filter(|_| l2 > 0.0)?;
        let (slopes, by_intercept) =
            (gradient.rows(0, gradient.nrows() - 1), gradient.row(gradient.nrows() - 1));
        // About another place than the middle, what the intercepts leave of the gradient would be a part off the span.
        let gradient = slopes - &basis.middle * by_intercept;
        let mut within = basis.transform.tr_mul(&gradient);
        for (mut row, penalty) in within.row_iter_mut().zip(&basis.penalty) {
            row /= *penalty;
        }
        let mut step = &basis.transform * within;
        for ((mut row, by), factor) in step.row_iter_mut().zip(gradient.row_iter()).zip(&self.scaling.factor)
        {
            row -= by / (l2 * factor * factor);
        }
        step.iter().all(|entry| entry.is_finite()).then_some(step)
    }

    /// A lower bound on the largest entry of a gradient (`D x Q`) in the user's units: that entry where coordinates are
    /// single features, elsewhere the intercept's.
    pub(super) fn smallest_gradient(&self, gradient: &DMatrix<f64>) -> f64 {
        let last = gradient.nrows() - 1;
        let by_intercepts = gradient.row(last).iter().copied().collect::<Vec<f64>>();
        if self.combines_features() {
            return largest_magnitude(by_intercepts);
        }
        let of_user = |j: usize, k: usize| {
            gradient[(j, k)] / self.scaling.factor[j] + gradient[(last, k)] * self.scaling.centre[j]
        };
        let entries = (0..last).flat_map(|j| (0..gradient.ncols()).map(move |k| of_user(j, k)));
        largest_magnitude(entries.chain(by_intercepts))
    }

    /// A head in the user's units as parameters of the scaled features, `(d + 1) x Q`: exact but for one rounding of the
    /// intercept at the centre.
    pub(super) fn scaled_head(&self, head: &Head) -> DMatrix<f64> {
        let dimension = self.scaling.factor.len();
        DMatrix::from_fn(dimension + 1, head.intercepts.len(), |entry, row| {
            if entry < dimension {
                return head.coefficients[(row, entry)] / self.scaling.factor[entry];
            }
            let shifts = self.scaled_centre().enumerate().map(|(j, centre)| {
                DoubleDouble::product_of(head.coefficients[(row, j)] / self.scaling.factor[j], centre)
            });
            shifts.fold(DoubleDouble::from(head.intercepts[row]), |sum, shift| sum + shift).value()
        })
    }

    /// The parameters (`D x Q`) whose head is this one but for rounding: an initial guess. `None` where coordinates cannot
    /// be solved for.
    pub(super) fn guess_of(&self, head: &Head) -> Option<DMatrix<f64>> {
        let scaled = self.scaled_head(head);
        let Some(basis) = &self.basis else { return Some(scaled) };
        let (slopes, at_centre) = (scaled.rows(0, scaled.nrows() - 1), scaled.row(scaled.nrows() - 1));
        let over_basis =
            cholesky(basis.transform.tr_mul(&basis.transform))?.solve(&basis.transform.tr_mul(&slopes));
        let shift = DVector::from_column_slice(&basis.shift);
        let intercepts = at_centre - shift.tr_mul(&over_basis);
        let rank = over_basis.nrows();
        let mut theta = over_basis.insert_row(rank, 0.0);
        theta.set_row(rank, &intercepts);
        Some(theta)
    }

    fn scaled_centre(&self) -> impl Iterator<Item = f64> {
        self.scaling.centre.iter().zip(&self.scaling.factor).map(|(centre, factor)| centre * factor)
    }
}

/// A head of the coefficients and the intercept of each logit column.
fn head_of(columns: &[(Vec<f64>, f64)], features: usize) -> Head {
    Head {
        coefficients: DMatrix::from_fn(columns.len(), features, |row, j| columns[row].0[j]),
        intercepts: columns.iter().map(|(_, intercept)| *intercept).collect(),
    }
}

/// Moves the rounding error of an intercept into the coefficients of columns that lie far from zero, where so small a
/// change hardly turns the head; returns what is left of it. The coarsest column comes first; each leaves less than the one
/// before. Beside coefficients that are tiny altogether the error stays where it is: they would lose digits that the intercept does
/// not need.
fn make_good(lost: DoubleDouble, scaled: &mut [f64], centre: &[f64], most: &[f64]) -> DoubleDouble {
    let grain = |j: usize, w: f64| grain(w, centre[j]);
    let far = |&j: &usize| centre[j].abs() > 1.0 && scaled[j].is_finite();
    let mut columns: Vec<usize> = (0..scaled.len()).filter(far).collect();
    sort_largest_first(&mut columns, |j| grain(j, scaled[j]));
    let mut left = lost;
    for j in columns {
        let moved = scaled[j] + left.value() / centre[j];
        let change = moved - scaled[j];
        let then = left - DoubleDouble::product_of(change, centre[j]);
        // In units of its spread, the column's change is smaller than the intercept's error.
        if change != 0.0
            && change.abs() <= most[j]
            && then.value().abs() + change.abs() < 0.5 * left.value().abs()
        {
            (scaled[j], left) = (moved, then);
        }
    }
    left
}

/// How finely a coefficient of a column moves logits that far from zero.
fn grain(coefficient: f64, centre: f64) -> f64 {
    (coefficient.next_up() - coefficient).abs() * centre.abs()
}

/// An intercept near the one given, and the coefficient of one far column that makes good for its distance: of some hundred
/// pairs whose products all but cancel, the one that leaves least. A column at 1e6 has logits to some 1e-12
/// then, where rounding each by itself leaves 1e-10.
fn moved_together(
    left: DoubleDouble,
    intercept: f64,
    scaled: &mut [f64],
    centre: &[f64],
    most: &[f64],
) -> f64 {
    let far = (0..scaled.len()).filter(|&j| centre[j].abs() > 1.0 && scaled[j].is_finite());
    let finest = far.min_by(|&a, &b| grain(scaled[a], centre[a]).total_cmp(&grain(scaled[b], centre[b])));
    let Some(column) = finest.filter(|_| left.value().abs() > VISIBLE_IN_LOGITS) else { return intercept };
    let (own, centre, unit) = (scaled[column], centre[column], intercept.next_up() - intercept);
    let (mut best, mut least) = ((intercept, own), 0.5 * left.value().abs());
    for units in -NEIGHBOURS..=NEIGHBOURS {
        let neighbour = intercept + f64::from(units) * unit;
        let wanted = left - DoubleDouble::sum_of(neighbour, -intercept);
        let moved = own + wanted.value() / centre;
        let change = moved - own;
        let then = wanted - DoubleDouble::product_of(change, centre);
        let cost = then.value().abs() + change.abs();
        if change.abs() <= most[column] && cost < least {
            (best, least) = ((neighbour, moved), cost);
        }
    }
    scaled[column] = best.1;
    best.0
}

impl Basis {
    fn orthogonal(pivots: Pivots, scaling: &Scaling) -> Self {
        let (transform, shift) = pivots.transform(scaling.factor.len());
        let rank = shift.len();
        let least_norm = pivots.least_norm(scaling);
        let mut penalty = vec![0.0; rank];
        penalty.push(scaling.intercept.penalty());
        let middle = DVector::zeros(transform.nrows());
        Self { transform, shift, middle, penalty, pivots: Some(pivots), least_norm }
    }

    /// An orthonormal basis, in the user's units, of the differences between samples. At the minimum of a penalised loss
    /// coefficients are combinations of those, and the norm of coefficients is that of their coordinates.
    fn span(dataset: &Dataset, scaling: &Scaling, l2: f64) -> Self {
        let columns = tall_qr::span_of_samples(dataset, scaling);
        let samples = dataset.labels().samples() as f64;
        let (mut transform, mut penalty) = (columns.directions, Vec::new());
        for (mut column, size) in transform.column_iter_mut().zip(columns.sizes) {
            let factor = inverse_power_of_two((size / samples.sqrt()).hypot(l2.sqrt()));
            // A scaled feature is the user's times its factor. What a decomposition leaves beside a constant is rounding.
            for ((entry, own), &widest) in column.iter_mut().zip(&scaling.factor).zip(&scaling.widest) {
                *entry *= if widest > 0.0 { factor / own } else { 0.0 };
            }
            penalty.push(l2 * factor * factor);
        }
        penalty.push(scaling.intercept.penalty());
        let shift: Vec<f64> = transform.tr_mul(&columns.mean).iter().map(|shift| -shift).collect();
        let pivots = (!is_wide(dataset)).then(|| Pivots::of(dataset, scaling));
        let least_norm = pivots.as_ref().and_then(|pivots| pivots.least_norm(scaling));
        Self { transform, shift, middle: columns.mean, penalty, pivots, least_norm }
    }

    /// Coordinates of a scaled sample in double-double arithmetic, written to `into`, whose last entry stays.
    fn apply_precisely(&self, sample: &[f64], into: &mut [f64]) {
        for ((direction, &shift), into) in self.transform.column_iter().zip(&self.shift).zip(into) {
            let terms = direction.iter().zip(sample).filter(|(t, _)| **t != 0.0);
            let terms = terms.map(|(&t, &x)| DoubleDouble::product_of(t, x));
            *into = terms.fold(DoubleDouble::from(shift), |sum, term| sum + term).value();
        }
    }

    /// Scaled coefficients rounded to doubles, and the intercept that goes with them; `added` to those of the coordinates, if
    /// there are some.
    fn rounded(&self, slopes: &[f64], intercept: f64, added: &[f64]) -> (Vec<f64>, DoubleDouble) {
        let dot = |entries: &mut dyn Iterator<Item = (f64, f64)>| {
            entries.fold(DoubleDouble::default(), |sum, (a, b)| sum + DoubleDouble::product_of(a, b))
        };
        let mut exact: Vec<DoubleDouble> = self
            .transform
            .row_iter()
            .map(|row| dot(&mut row.iter().copied().zip(slopes.iter().copied())))
            .collect();
        exact.iter_mut().zip(added).for_each(|(exact, &added)| *exact += added.into());
        // What is added leaves the logits at the middle as they are.
        let at_centre = dot(&mut self.shift.iter().copied().zip(slopes.iter().copied()))
            - dot(&mut added.iter().copied().zip(self.middle.iter().copied()))
            + DoubleDouble::from(intercept);
        match &self.pivots {
            Some(pivots) => self.chosen(pivots, &exact, at_centre),
            None => (exact.into_iter().map(DoubleDouble::value).collect(), at_centre),
        }
    }

    /// Of all coefficients with the same logits those of least norm, rounded, and the intercept that goes with them.
    fn chosen(
        &self,
        pivots: &Pivots,
        exact: &[DoubleDouble],
        at_centre: DoubleDouble,
    ) -> (Vec<f64>, DoubleDouble) {
        let moved = self.least_norm.as_ref().map_or_else(|| exact.to_vec(), |least| least.solve(exact));
        let penalised = self.penalty[..self.shift.len()].iter().any(|&penalty| penalty > 0.0);
        pivots.rounded(exact, at_centre, &moved, penalised)
    }
}

/// Whether there are at least as many features as samples.
fn is_wide(dataset: &Dataset) -> bool {
    dataset.dimension() >= dataset.labels().samples().max(1)
}

/// Whether columns, with the penalty, are well conditioned on some rows; then they are on all.
fn well_conditioned_on_some_rows(dataset: &Dataset, scaling: &Scaling) -> bool {
    let (dimension, samples) = (dataset.dimension(), dataset.labels().samples());
    if dimension == 0 {
        return true;
    }
    let wanted = ROWS_LOOKED_AT.max(4 * dimension).min(samples);
    // A small data set is read at once, of a larger one every so many rows.
    let run = if wanted == samples { samples.max(1) } else { 1 };
    let mut rows = DMatrix::zeros(dimension, wanted);
    let mut read = Vec::new();
    for first in (0..wanted).step_by(run) {
        let sample = first * samples / wanted;
        super::pass::scaled(dataset, scaling, sample..sample + run, &mut read);
        for (mut row, scaled) in
            rows.columns_mut(first, run).column_iter_mut().zip(read.chunks_exact(dimension + 1))
        {
            row.copy_from_slice(&scaled[..dimension]);
        }
    }
    if scaling.intercept == Intercept::Free {
        let mean = rows.column_mean();
        rows.column_iter_mut().for_each(|mut row| row -= &mean);
    }
    let mut covariance = super::dense::outer(&rows) / wanted as f64;
    (0..dimension).for_each(|j| covariance[(j, j)] += scaling.penalty[j]);
    let Some(factor) = tall_qr::standardised(&covariance).and_then(cholesky) else { return false };
    // Each pivot by itself may be far from zero where all of them together lose every digit, as of a date beside its parts. Of
    // correlations, whose trace is their number, the smallest eigenvalue is above their determinant over e, by the means of the others.
    let determinant: f64 = (0..dimension).map(|j| factor.l_dirty()[(j, j)].powi(2)).product();
    if determinant > std::f64::consts::E * dimension as f64 * WELL_CONDITIONED {
        return true;
    }
    // One over it is below the trace of the inverse.
    let mut inverse = DMatrix::identity(dimension, dimension);
    super::dense::solve_many(&factor, &mut inverse);
    inverse.trace() < 1.0 / WELL_CONDITIONED
}

/// Condition number of a table from the correlations of its columns, to half their digits.
fn condition_of(correlation: DMatrix<f64>) -> f64 {
    let values = super::dense::eigen(correlation).eigenvalues;
    (values.max() / values.min().max(f64::EPSILON * values.max())).sqrt()
}

/// A constant beyond this is scaled too, lest its products leave the range of doubles.
const LARGEST_CONSTANT: f64 = 1e100;
/// Samples whose medians represent all of them.
const MEDIAN_SAMPLES: usize = 64;
/// A spread beyond so many usual deviations is that of a few rows in other units, next to which gradients of all others would vanish.
const LARGEST_SPREAD: f64 = 1e6;
/// The share of deviations that are usual at least.
const USUAL_SHARE: f64 = 0.9;
/// Squares of scaled features remain in the range of doubles.
const WIDEST_SCALED: f64 = 1e120;

/// The rows by whose spread features are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpreadOf {
    AllRows,
    /// All but a few that lie far out.
    UsualRows,
}

/// `(h - centre) * factor` for each feature.
///
/// Centring costs nothing where the intercept is free; without one the centre is zero. Factors are powers of two, so that going
/// back to the user's units rounds nothing. They include the penalty, so that a feature of any unit (1e-12 or 1e12) has curvature of
/// order one. A constant feature becomes zero.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    pub(super) centre: Vec<f64>,
    pub(super) factor: Vec<f64>,
    /// Largest magnitude of each scaled feature, and of the intercept's coordinate.
    pub(super) widest: Vec<f64>,
    /// Penalty of each scaled coefficient on the mean loss, `l2 factor^2`; zero for a free intercept.
    pub(super) penalty: Vec<f64>,
    pub(super) intercept: Intercept,
}

impl Scaling {
    /// Measures the features.
    pub(super) fn new(dataset: &Dataset, l2: f64, intercept: Intercept, rows: SpreadOf) -> Self {
        let some = some_values(dataset);
        let centre: Vec<f64> = match intercept {
            Intercept::Free => {
                some.column_iter().map(|values| median(values.clone_owned().as_mut_slice())).collect()
            }
            Intercept::None => vec![0.0; dataset.dimension()],
        };
        let deviations = Deviations::of(dataset, &centre);
        let mut scaling =
            Self { centre, factor: Vec::new(), widest: Vec::new(), penalty: Vec::new(), intercept };
        for feature in 0..dataset.dimension() {
            let (widest, centre) = (deviations.widest[feature], scaling.centre[feature]);
            let spread = deviations.spread(feature, dataset, centre);
            let usual = match rows {
                SpreadOf::AllRows => None,
                SpreadOf::UsualRows => usual_deviation(some.column(feature), centre),
            };
            let spread = match usual {
                Some(usual) if spread > LARGEST_SPREAD * usual => usual.max(widest / WIDEST_SCALED),
                _ => spread,
            };
            let factor = match scaling.centre[feature].abs() {
                _ if spread > 0.0 => inverse_power_of_two(spread.hypot(l2.sqrt())),
                constant if constant > LARGEST_CONSTANT => inverse_power_of_two(constant),
                _ => 1.0,
            };
            scaling.factor.push(factor);
            scaling.widest.push(widest * factor);
            scaling.penalty.push(l2 * factor * factor);
        }
        scaling.widest.push(intercept.coordinate());
        scaling.penalty.push(intercept.penalty());
        scaling
    }

    /// The usual deviations of scaled features from their centres; infinite of those that do not vary.
    pub(super) fn usual_deviations(&self, dataset: &Dataset) -> Vec<f64> {
        let some = some_values(dataset);
        let of_feature = |feature: usize| {
            let usual = usual_deviation(some.column(feature), self.centre[feature]);
            usual.map_or(f64::INFINITY, |usual| usual * self.factor[feature])
        };
        (0..self.factor.len()).map(of_feature).collect()
    }

    /// The feature that spreads farthest beyond its usual rows, where a few rows are in other units.
    pub(super) fn farthest_out(&self, dataset: &Dataset) -> Option<usize> {
        let usual = self.usual_deviations(dataset);
        let farthest = (0..usual.len()).min_by(|&a, &b| usual[a].total_cmp(&usual[b]))?;
        (usual[farthest] * LARGEST_SPREAD < 1.0).then_some(farthest)
    }

    /// Whether the penalty leaves a feature much narrower than one, and its gradient that much smaller.
    pub(super) fn is_led_by_penalty(&self) -> bool {
        self.widest.iter().any(|&widest| to_unit_width(widest) > 1.0)
    }

    /// Whether doubles hold the differences between samples and sums of their magnitudes, in the user's units: between -1e308
    /// and 1e308 they do not.
    pub(super) fn holds(&self, samples: usize) -> bool {
        self.factor
            .iter()
            .zip(&self.widest)
            .all(|(factor, widest)| (widest / factor * samples as f64).is_finite())
    }
}

/// The power of two that makes a scaled feature about one wide which a strong penalty's factor leaves much narrower: beside that, no
/// gradient could be told from zero. One for all others.
pub(super) fn to_unit_width(widest: f64) -> f64 {
    if widest > 0.0 && widest < NARROW { inverse_power_of_two(widest) } else { 1.0 }
}

/// Some samples, one per row, whose median is a middle value of each feature. About the mean, one value of 1e8 among values near 1
/// would round all the others.
fn some_values(dataset: &Dataset) -> DMatrix<f64> {
    let samples = dataset.labels().samples();
    let stride = samples.div_ceil(MEDIAN_SAMPLES).max(1);
    let mut some = Vec::with_capacity(dataset.dimension() * samples.div_ceil(stride));
    for sample in (0..samples).step_by(stride) {
        dataset.values(sample..sample + 1).for_each(|value| some.push(value));
    }
    // Samples are far apart in memory, their features are not.
    DMatrix::from_vec(dataset.dimension(), samples.div_ceil(stride), some).transpose()
}

/// A distance from the centre that most values that lie elsewhere do not exceed; `None` where none does.
fn usual_deviation(values: DVectorView<f64>, centre: f64) -> Option<f64> {
    let deviations = values.iter().map(|value| (value - centre).abs());
    let mut elsewhere: Vec<f64> = deviations.filter(|&deviation| deviation > 0.0).collect();
    let last = elsewhere.len().checked_sub(1)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among them")]
    let place = (USUAL_SHARE * last as f64) as usize;
    Some(*elsewhere.select_nth_unstable_by(place, f64::total_cmp).1)
}

/// `1 / value`, rounded to a power of two that is finite whatever the unit.
pub(super) fn inverse_power_of_two(value: f64) -> f64 {
    (-value.log2().round()).min(1000.0).exp2()
}

/// Largest and squared deviations of every feature from its centre.
struct Deviations {
    widest: Vec<f64>,
    squares: Vec<f64>,
}

impl Deviations {
    fn of(dataset: &Dataset, centre: &[f64]) -> Self {
        let dimension = dataset.dimension();
        let zeros = || Self { widest: vec![0.0; dimension], squares: vec![0.0; dimension] };
        let mut total = zeros();
        fold_sample_spans(
            if dimension == 0 { 0 } else { dataset.labels().samples() },
            zeros,
            |part, range| match dataset.values(range) {
                Values::Half(values) => vectorised(AddDeviations { values, centre, to: part }),
                Values::Single(values) => vectorised(AddDeviations { values, centre, to: part }),
                Values::Double(values) => vectorised(AddDeviations { values, centre, to: part }),
            },
            |part| {
                for feature in 0..dimension {
                    total.widest[feature] = total.widest[feature].max(part.widest[feature]);
                    total.squares[feature] += part.squares[feature];
                }
            },
        );
        total
    }

    /// Root mean square deviation; zero for a constant.
    fn spread(&self, feature: usize, dataset: &Dataset, centre: f64) -> f64 {
        let samples = dataset.labels().samples();
        let (widest, squares, count) = (self.widest[feature], self.squares[feature], samples as f64);
        if widest == 0.0 || (squares.is_finite() && squares > f64::MIN_POSITIVE) {
            return (squares / count).sqrt();
        }
        // Squares of 1e300 or 1e-300: divided by the widest first, they neither overflow nor vanish.
        let (mut squares, mut place) = (Sum::default(), 0);
        dataset.values(0..samples).for_each(|value| {
            if place % dataset.dimension() == feature {
                squares.add(((value - centre) / widest).powi(2));
            }
            place += 1;
        });
        widest * (squares.value() / count).sqrt()
    }
}

struct AddDeviations<'a, T> {
    values: &'a [T],
    centre: &'a [f64],
    to: &'a mut Deviations,
}

#[allow(clippy::inline_always, reason = "kernels are compiled for the caller's instructions")]
impl<T: Number> Kernel for AddDeviations<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, centre, to } = self;
        let note = |value: T, centre: f64, widest: &mut f64, squares: &mut f64| {
            let deviation = (value.value() - centre).abs();
            *widest = if deviation > *widest { deviation } else { *widest };
            *squares += deviation * deviation;
        };
        let (centre8, last_centre) = centre.as_chunks::<8>();
        let (widest8, last_widest) = to.widest.as_chunks_mut::<8>();
        let (squares8, last_squares) = to.squares.as_chunks_mut::<8>();
        for sample in values.chunks_exact(centre.len()) {
            let (sample8, last_sample) = sample.as_chunks::<8>();
            let lanes = sample8.iter().zip(centre8).zip(widest8.iter_mut()).zip(squares8.iter_mut());
            for (((sample, centre), widest), squares) in lanes {
                for lane in 0..8 {
                    note(sample[lane], centre[lane], &mut widest[lane], &mut squares[lane]);
                }
            }
            let last =
                last_sample.iter().zip(last_centre).zip(last_widest.iter_mut()).zip(last_squares.iter_mut());
            last.for_each(|(((&value, &centre), widest), squares)| note(value, centre, widest, squares));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;

    fn dataset(features: DMatrix<f64>) -> Dataset {
        let labels = (0..features.ncols()).map(|sample| u32::from(sample % 2 == 0)).collect();
        Dataset::unnamed(features, Labels::numbered(labels, 2).expect("two classes")).expect("finite")
    }

    #[test]
    fn features_of_any_unit_come_out_near_one() {
        let units = [1.0, 1e-300, 1e300, 1e-12, 1e8];
        let features =
            DMatrix::from_fn(5, 1000, |feature, sample| units[feature] * (3.0 + (sample as f64 * 0.7).sin()));
        let scaling = Scaling::new(&dataset(features), 0.0, Intercept::Free, SpreadOf::AllRows);
        for feature in 0..5 {
            assert!((0.5..4.0).contains(&scaling.widest[feature]), "{feature}: {}", scaling.widest[feature]);
            assert_eq!(scaling.factor[feature].log2().fract(), 0.0);
        }
    }

    #[test]
    fn constants_vanish() {
        let scaling = Scaling::new(
            &dataset(DMatrix::from_element(1, 10, 7.0)),
            0.1,
            Intercept::Free,
            SpreadOf::AllRows,
        );
        assert_eq!(scaling.widest, [0.0, 1.0]);
    }
}
