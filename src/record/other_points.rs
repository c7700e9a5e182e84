//! Stationary points other than the one reported.

use crate::solver::{StationaryPoint, other_points_while};
use serde::Serialize;

/// What random starts led to.
#[derive(Debug, Serialize)]
pub struct OtherPointsRecord {
    /// How many were tried.
    pub starts: usize,
    /// What they were drawn from.
    pub seed: u64,
    /// Points other than the one reported.
    pub found: Vec<OtherPointRecord>,
}

/// One of them: only the column of its class differs.
#[derive(Debug, Serialize)]
pub struct OtherPointRecord {
    /// The class.
    pub class: String,
    /// Its loss minus that of the point reported.
    pub loss_difference: f64,
    /// How many starts ended there.
    pub starts: usize,
}

impl OtherPointsRecord {
    /// From so many random starts, or those that `goes_on` leaves time for.
    pub fn look_for(
        point: &StationaryPoint,
        (starts, seed): (usize, u64),
        goes_on: &mut dyn FnMut(usize) -> bool,
    ) -> Self {
        let classes = point.problem().dataset().labels().class_names();
        let others = other_points_while(point, starts, seed, goes_on);
        let found = others.points.into_iter().map(|other| OtherPointRecord {
            class: classes[other.class].clone(),
            loss_difference: other.loss_difference,
            starts: other.starts,
        });
        Self { starts: others.tried, seed, found: found.collect() }
    }
}
