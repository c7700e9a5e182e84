//! `[[figure]]`: how records become a picture.

use crate::analysis::measure::{Measure, Selector};
use schemars::JsonSchema;
use serde::de::{Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt::{Formatter, Result as Written};

/// One figure of an analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FigurePlan {
    /// Name of the figure, such as `F7`; part of the names of its files.
    pub id: String,
    /// Claims it shows, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// The text, with measured numbers in braces: `{median hardest.0 of LGL at hard=12}`. The first word is `count`,
    /// `mean`, `median`, `min` or `max`; a series (`of`) and places on axes (`at`, more separated by commas) may follow
    /// the measure. Settings too: `{repetitions}`, `{penalty}`, `{seed}`, `{points}`, `{classes}`, `{samples}`, the ends of a
    /// sweep (`{first radius}`, `{last radius}`, `{steps radius}`), and the whole name of a series (`{series LGL-INR}`).
    pub caption: String,
    /// Width on paper: `"one_column"`, `"two_columns"`, or inches such as 5.5. Panels that it has no room for side by side are
    /// stacked.
    #[serde(default)]
    pub width: Width,
    /// Height on paper of a row of panels, in inches.
    #[serde(default = "usual_height")]
    pub height: f64,
    /// Where curves are named.
    #[serde(default, skip_serializing_if = "is_default")]
    pub names: Names,
    /// What is drawn.
    pub plot: Plot,
}

/// Width of a figure on paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Width {
    /// That of one or two columns.
    Columns(Columns),
    /// In inches.
    Inches(f64),
}

/// Widths of a page with two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// One column, 3.35 inches.
    OneColumn,
    /// Two columns, 6.8 inches.
    TwoColumns,
}

impl Default for Width {
    fn default() -> Self {
        Self::Columns(Columns::TwoColumns)
    }
}

impl Width {
    /// In inches.
    #[must_use]
    pub fn inches(self) -> f64 {
        match self {
            Self::Columns(Columns::OneColumn) => 3.35,
            Self::Columns(Columns::TwoColumns) => 6.8,
            Self::Inches(inches) => inches,
        }
    }
}

impl<'de> Deserialize<'de> for Width {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrInches;
        impl Visitor<'_> for NameOrInches {
            type Value = Width;

            fn expecting(&self, formatter: &mut Formatter) -> Written {
                formatter.write_str("\"one_column\", \"two_columns\", or inches such as 5.5")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Width, E> {
                Columns::deserialize(name.into_deserializer()).map(Width::Columns)
            }

            fn visit_f64<E: Error>(self, inches: f64) -> Result<Width, E> {
                Ok(Width::Inches(inches))
            }

            fn visit_i64<E: Error>(self, inches: i64) -> Result<Width, E> {
                Ok(Width::Inches(inches as f64))
            }
        }
        deserializer.deserialize_any(NameOrInches)
    }
}

/// Where the curves of a figure are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// Where they end.
    #[default]
    Ends,
    /// Above the panels, beside a piece of each.
    Legend,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A kind of picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Plot {
    /// Measures along an axis of the sweep, or along another measure.
    Curves {
        /// Side by side.
        panels: Vec<CurvePanel>,
    },
    /// One dot per class of every problem.
    Scatter {
        /// Side by side.
        panels: Vec<ScatterPanel>,
        /// What the colour of a dot means.
        #[serde(default)]
        colour: Colouring,
    },
    /// A measure of each series as a map: class by class, class by feature, or one row of classes.
    Maps {
        /// What is shown.
        measure: Measure,
        /// Places on the axes of the sweep, as in a panel of curves.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        at: BTreeMap<String, String>,
        /// Series that are shown, by name; all if none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only: Vec<String>,
    },
    /// Decision regions of each series over the samples of one draw; two features.
    Regions {
        /// The class whose shortfall is written above each panel.
        target: usize,
        /// Half the width of the window around the origin, in units of the features.
        #[serde(alias = "reach")]
        half_width: f64,
    },
    /// Decision lines and residual-weighted centroids of a binary head along the sweep, over the samples of one draw; two
    /// features.
    Lines {
        /// Half the width of the window around the origin, in units of the features.
        #[serde(alias = "reach")]
        half_width: f64,
        /// The axis along which the lines move.
        along: String,
        /// What the numbers along that axis are.
        label: String,
    },
    /// Outflow shares of three classes in a triangle, over all repetitions.
    Ternary {
        /// An axis of the sweep of which only the first value gives dots; every other one is a data set built for its place,
        /// marked and named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        built: Option<String>,
    },
    /// Outflow shares of four classes: the tetrahedron seen along the line through the middles of the edges 0–2 and 1–3.
    Quaternary {
        /// As in `ternary`; the data sets are built for the middles of the other edges.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        built: Option<String>,
    },
    /// How often each entry of a class-by-class matrix is positive, over all repetitions.
    Signs {
        /// The matrix.
        measure: Measure,
        /// The axis of the sweep whose values are drawn side by side.
        designs: String,
    },
    /// Means of a number and their 95% confidence intervals, one row for each series.
    Intervals {
        /// Side by side.
        panels: Vec<IntervalPanel>,
        /// Series whose means run through as level lines, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        beside: Vec<String>,
    },
    /// The differences of a family of a table and their 95% intervals, one row for each pair of series: a forest plot.
    Forest {
        /// The table, by its id.
        table: String,
        /// The family, by its name.
        family: String,
        /// Side by side.
        panels: Vec<ForestPanel>,
    },
    /// Outflow of one class, and inflow of the others from it, as bars for each series (A1).
    Bars {
        /// The class.
        target: usize,
        /// What each class is called.
        classes: Vec<String>,
    },
}

/// A panel of curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurvePanel {
    /// The horizontal axis: the name of a sweep, or a measure with a number for every class or iteration.
    pub x: String,
    /// The horizontal axis.
    pub x_axis: AxisPlan,
    /// The vertical axis.
    pub y_axis: AxisPlan,
    /// What is drawn, for each colour.
    pub lines: Vec<Line>,
    /// What colours mean.
    #[serde(default)]
    pub colour: Colouring,
    /// What line styles mean, said above the panel; by default the labels or measures of its lines, where styles differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The heading above the labels at the line ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Places on other axes of the sweep, axis and value as it is labelled: the panel shows only records there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at: BTreeMap<String, String>,
    /// Series that are shown, by name; all if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Level lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
    /// Circles where the eye should go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

/// A panel of intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntervalPanel {
    /// The number.
    pub measure: Selector,
    /// The horizontal axis.
    pub x_axis: AxisPlan,
    /// The heading above the panel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Places on the axes of the sweep, as in a panel of curves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at: BTreeMap<String, String>,
}

/// A panel of differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForestPanel {
    /// The horizontal axis.
    pub x_axis: AxisPlan,
    /// The heading above the panel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Places on the axes of the sweep, as in a panel of curves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at: BTreeMap<String, String>,
}

/// A panel of dots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScatterPanel {
    /// Measure along the horizontal axis.
    pub x: Measure,
    /// The horizontal axis.
    pub x_axis: AxisPlan,
    /// Measure along the vertical axis, of the same shape.
    pub y: Measure,
    /// The vertical axis.
    pub y_axis: AxisPlan,
    /// Whether to draw the line on which both are equal, and what to call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagonal: Option<String>,
    /// Level lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
}

/// What colours mean.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Colouring {
    /// Series; a loss keeps its colour in every figure.
    #[default]
    Series,
    /// The lines of a panel.
    Lines,
    /// The values of an axis of the sweep, by its name.
    Sweep(String),
}

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AxisPlan {
    /// Symbol and meaning.
    pub label: String,
    /// Linear or logarithmic.
    #[serde(default)]
    pub scale: ScaleKind,
    /// Lowest value; by default what the data need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Highest value; by default what the data need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Where the axis is marked; by default at round numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticks: Vec<f64>,
    /// Whether values fall from left to right.
    #[serde(default)]
    pub reversed: bool,
}

/// How values are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScaleKind {
    /// Equal steps are equally long.
    #[default]
    Linear,
    /// Equal factors are equally long.
    Log,
}

/// One line of every colour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What it shows.
    pub measure: Selector,
    /// How it is drawn.
    #[serde(default)]
    pub style: LineStyle,
    /// What surrounds it.
    #[serde(default)]
    pub band: Band,
    /// What it is called: at its end where colours mean lines, above the panel where its style has to be explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineStyle {
    /// Solid.
    #[default]
    Solid,
    /// Solid and thin, for a law beside what was measured.
    Thin,
    /// Solid, with a dot at every value.
    Marked,
    /// Dashed.
    Dashed,
    /// Dotted.
    Dotted,
    /// A dot for every problem and no line.
    Dots,
}

/// What surrounds a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Nothing; the line is the median over repetitions.
    #[default]
    None,
    /// The 95% confidence interval of the mean over repetitions (Student's t); the line is the mean.
    #[serde(alias = "ci")]
    Confidence,
    /// One standard deviation over repetitions either way; the line is the mean.
    Sd,
    /// From the 10% to the 90% quantile over repetitions; the line is the median.
    Range,
}

/// A level line across a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Height.
    pub at: f64,
    /// What it is.
    pub label: String,
}

/// Circles on the curves of a panel, and what they mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mark {
    /// Where two lines of the panel cross, by their numbers.
    Crossing {
        /// The two lines.
        lines: [usize; 2],
        /// What to say of it, in lines.
        note: Vec<String>,
    },
    /// Where a measure first falls below a level, on the given line of the panel.
    FirstBelow {
        /// The measure, of the shape of the horizontal axis.
        measure: Selector,
        /// The level.
        level: f64,
        /// The line that is circled, by its number.
        line: usize,
        /// What to say of it, in lines.
        note: Vec<String>,
    },
}

impl FigurePlan {
    /// Every number of a measure that the figure shows, with its key below that of the figure.
    pub(in crate::analysis) fn selectors(&mut self) -> Vec<(String, &mut Selector)> {
        let mut all = Vec::new();
        match &mut self.plot {
            Plot::Curves { panels } => {
                for (number, panel) in panels.iter_mut().enumerate() {
                    let key = format!("plot.curves.panels.{number}");
                    let lines = panel.lines.iter_mut().enumerate();
                    all.extend(lines.map(|(line, plan)| (format!("{key}.lines.{line}"), &mut plan.measure)));
                    for (mark, plan) in panel.marks.iter_mut().enumerate() {
                        if let Mark::FirstBelow { measure, .. } = plan {
                            all.push((format!("{key}.marks.{mark}"), measure));
                        }
                    }
                }
            }
            Plot::Intervals { panels, .. } => {
                for (number, panel) in panels.iter_mut().enumerate() {
                    all.push((format!("plot.intervals.panels.{number}.measure"), &mut panel.measure));
                }
            }
            _ => {}
        }
        all
    }
}

fn usual_height() -> f64 {
    2.5
}
