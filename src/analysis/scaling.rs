//! F22: what solving costs as samples, features and classes grow. Measured by `cargo bench --bench scaling`; times are
//! not the same from run to run, so that no other command makes this record.

use serde::{Deserialize, Serialize};

/// Seconds and memory along three axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingRecord {
    /// The machine, as people call it.
    pub machine: String,
    /// Threads that solved.
    pub threads: usize,
    /// One series for each loss and axis.
    pub series: Vec<ScalingSeries>,
}

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingAxis {
    /// `N`.
    Samples,
    /// `d`.
    Features,
    /// `K`.
    Classes,
}

impl ScalingAxis {
    /// All three, in the order of drawing.
    pub const ALL: [Self; 3] = [Self::Samples, Self::Features, Self::Classes];
}

/// One loss along one axis, all else held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingSeries {
    /// The loss by the paper's name.
    pub loss: String,
    /// What grows.
    pub axis: ScalingAxis,
    /// From small to large.
    pub points: Vec<ScalingPoint>,
}

/// One problem.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScalingPoint {
    /// `N`, `d` or `K`.
    pub size: usize,
    /// Wall seconds, the median of the repetitions.
    pub seconds: f64,
    /// Largest memory of the process beyond what it held before solving, in bytes.
    pub memory: f64,
    /// What was foreseen, in bytes.
    pub foreseen: f64,
}

impl ScalingSeries {
    /// The least-squares slope of `log seconds` against `log size` over the upper half of the decades, where constant
    /// costs no longer count.
    #[must_use]
    pub fn exponent(&self) -> f64 {
        let logs: Vec<(f64, f64)> =
            self.points.iter().map(|point| ((point.size as f64).ln(), point.seconds.ln())).collect();
        let (least, most) = logs
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &(x, _)| (low.min(x), high.max(x)));
        let upper: Vec<_> = logs.into_iter().filter(|&(x, _)| x >= f64::midpoint(least, most)).collect();
        let count = upper.len() as f64;
        let mean_x = upper.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = upper.iter().map(|(_, y)| y).sum::<f64>() / count;
        let (mut across, mut along) = (0.0, 0.0);
        for (x, y) in upper {
            across += (x - mean_x) * (y - mean_y);
            along += (x - mean_x).powi(2);
        }
        across / along
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_is_that_of_the_upper_decades() {
        let point = |size: usize| ScalingPoint {
            size,
            seconds: 0.1 + 1e-9 * (size as f64).powi(2),
            memory: 0.0,
            foreseen: 0.0,
        };
        let points = [1000, 10_000, 100_000, 1_000_000].map(point).to_vec();
        let series = ScalingSeries { loss: "SML".to_owned(), axis: ScalingAxis::Samples, points };
        assert!((series.exponent() - 2.0).abs() < 0.01, "{}", series.exponent());
    }
}
