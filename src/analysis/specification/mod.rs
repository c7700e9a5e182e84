//! What an analysis file says, field by field. The documentation of a field is also its description in the JSON Schema.
//!
//! [`Source`](super::Source) reads and checks a file; this module only holds what it says.

mod design;
mod either;
mod plot;
mod series;
mod size;
mod sweep;
mod table;
mod table_design;
mod test_samples;
mod training;

pub use design::{ClassSizes, Design, Draw, DrawnImages, Means};
pub use plot::{
    AxisPlan, Band, Colouring, Columns, CurvePanel, FigurePlan, ForestPanel, IntervalPanel, Level, Line,
    LineStyle, Mark, Names, Plot, ScaleKind, ScatterPanel, Width,
};
pub use series::{Hue, Loss, Marker, NamedWeights, Series, SeriesOptimizer, WeightRule, series_named};
pub use size::DesignSize;
pub(super) use size::MAX_CLASSES;
pub use sweep::{Ends, Range, Sweep, Values};
pub use table::{Family, TablePlan};
pub use table_design::TableDesign;
pub use test_samples::TestSamples;
pub use training::{Halving, RateUnit, TrainingSpec};

use super::measure::Measure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An experiment: data, losses and sweep axes; what to measure; how to draw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// Name of the analysis: letters, digits and hyphens. Result files carry it.
    pub name: String,
    /// What it shows, in a line.
    pub title: String,
    /// Version of the program that wrote this file beside its results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Seed of every draw.
    #[serde(default = "one")]
    pub seed: u64,
    /// Draws of the data at every sweep point.
    #[serde(default = "one")]
    pub repetitions: u64,
    /// L2 penalty on the coefficients, added to the weighted mean loss as `penalty / 2 * ||W||^2`.
    #[serde(default)]
    pub penalty: f64,
    /// Class weights of every series that names none.
    #[serde(default)]
    pub class_weights: WeightRule,
    /// What is measured, for every problem.
    pub measure: Vec<Measure>,
    /// Where samples come from.
    pub data: Design,
    /// What is solved over them.
    pub series: Vec<Series>,
    /// Samples to test solved heads on, for measures that begin with `test_`; a trained network has `training.test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestSamples>,
    /// Trains networks on the images of the design, instead of solving for heads. Measures are of the last layer on the
    /// training images, as the gradient saw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingSpec>,
    /// Axes along which keys of this file vary; several make a product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweep: Vec<Sweep>,
    /// Tables of series beside each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<TablePlan>,
    /// Figures drawn from the records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figure: Vec<FigurePlan>,
}

fn one() -> u64 {
    1
}

impl Analysis {
    /// Class weights of a series.
    #[must_use]
    pub fn weights_of<'a>(&'a self, series: &'a Series) -> &'a WeightRule {
        series.class_weights.as_ref().unwrap_or(&self.class_weights)
    }

    /// A family of a table, by their names.
    #[must_use]
    pub fn family(&self, table: &str, family: &str) -> Option<&Family> {
        let table = self.table.iter().find(|plan| plan.id == table)?;
        table.family.iter().find(|found| found.name == family)
    }

    /// Name of the files of a figure or table, without extension.
    #[must_use]
    pub fn file_stem(&self, id: &str) -> String {
        format!("{id}-{}", self.name)
    }
}
