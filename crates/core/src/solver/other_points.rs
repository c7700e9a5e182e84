//! Whether LGL-INR, which is not convex, has other stationary points than the one that was reported.

use super::column_newton::ColumnNewton;
use super::descent::{Descent, Progress};
use super::pass::ScaledFeatures;
use super::search::{Search, scaled};
use super::solution::StationaryPoint;
use crate::data::random::{normal_matrix, stream};
use crate::loss::{BuiltLoss, Inr};
use nalgebra::DVector;
use serde::Serialize;

/// Standard deviation of the initial parameters about those of the point found, features scaled: wide enough for logits
/// of every relevant size.
const SPREAD: f64 = 2.0;
/// Two points whose logits differ by no more than this fraction are one.
const SAME: f64 = 1e-6;

/// A stationary point of one class's column other than the one reported. Columns are independent of each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherPoint {
    /// The class that the column accepts.
    pub class: usize,
    /// How much higher the loss is there; negative where it is lower than at the point reported.
    pub loss_difference: f64,
    /// How many starts led there.
    pub starts: usize,
    #[serde(skip)]
    theta: DVector<f64>,
}

/// What random initial guesses led to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OtherPoints {
    /// Initial guesses that were tried.
    pub tried: usize,
    /// The points, lowest first, class by class.
    pub points: Vec<OtherPoint>,
}

/// Stationary points found from random initial guesses around the one reported, lowest first, class by class. The other
/// losses are convex and have none.
///
/// Attached, they are local minima; detached, zeros of the field that Newton reaches. Points that no initial guess
/// leads to are not found.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::data::GroupedDesign;
/// use equipoise::loss::{ClassWeights, InrVariant, LossSpec};
/// use equipoise::solver::{Problem, other_points, solve};
///
/// // Samples of two classes: 30 and 10 in the first group, 5 and 20 in the second.
/// let dataset = GroupedDesign::new(vec![vec![30, 10], vec![5, 20]])?.dataset()?;
/// let choice = LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached };
/// let problem = Problem::new(&dataset, &choice, &ClassWeights::None, 1e-3)?;
/// let point = solve(&problem).stationary().ok_or("no stationary point")?;
/// for other in other_points(&point, 10, 1) {
///     println!("class {}: a loss higher by {:.3}", other.class, other.loss_difference);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn other_points(found: &StationaryPoint, starts: usize, seed: u64) -> Vec<OtherPoint> {
    other_points_while(found, starts, seed, &mut |_| true).points
}

/// The same as long as `goes_on` says so, which is asked before every step, with the number of the start. An initial guess whose
/// search is not done by then is not counted.
#[must_use]
pub fn other_points_while(
    found: &StationaryPoint,
    starts: usize,
    seed: u64,
    goes_on: &mut dyn FnMut(usize) -> bool,
) -> OtherPoints {
    let problem = &found.problem;
    let &BuiltLoss::Inr(loss) = problem.loss() else { return OtherPoints::default() };
    let features = scaled(problem);
    let search = Search::going_on(problem, &features);
    let theta = &found.theta;
    let columns: Vec<usize> = (0..theta.ncols()).collect();
    let here = search.column_pass(loss).evaluate(&columns, theta);
    let (mut tried, mut others) = (0, Vec::<OtherPoint>::new());
    'starts: for start in 0..starts {
        let away = normal_matrix(&mut stream(seed, start as u64), theta.nrows(), theta.ncols());
        let mut newton: ColumnNewton<Inr> =
            ColumnNewton::new(search.column_pass(loss), theta + away * SPREAD, None);
        while newton.progress() == Progress::Active && newton.relative_gradient() > 0.0 {
            if !goes_on(start) {
                break 'starts;
            }
            newton.run(1, 0.0);
        }
        tried += 1;
        for (class, value) in newton.converged_values() {
            let reached = newton.column(class);
            let same = |other: &DVector<f64>| are_one(&features, &reached, other, here.largest_logit[class]);
            if same(&theta.column(class).into_owned()) {
                continue;
            }
            match others.iter_mut().find(|other| other.class == class && same(&other.theta)) {
                Some(known) => known.starts += 1,
                None => others.push(OtherPoint {
                    class,
                    loss_difference: value - here.value[class],
                    starts: 1,
                    theta: reached,
                }),
            }
        }
    }
    others.sort_by(|a, b| a.class.cmp(&b.class).then(a.loss_difference.total_cmp(&b.loss_difference)));
    OtherPoints { tried, points: others }
}

fn are_one(features: &ScaledFeatures, one: &DVector<f64>, other: &DVector<f64>, largest_logit: f64) -> bool {
    features.max_logit_change((one - other).iter().copied()) <= SAME * (1.0 + largest_logit)
}
