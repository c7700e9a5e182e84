//! Checks that a figure can be drawn: every name it uses, every panel it shows, the limits and ticks of its axes.

use super::caption::Caption;
use super::check::{Fault, fault};
use super::file::{Experiment, listed, unknown};
use super::measure::{Measure, Selector, Shape};
use super::specification::{
    AxisPlan, Band, Colouring, CurvePanel, FigurePlan, IntervalPanel, Line, LineStyle, Mark, Plot, ScaleKind,
    ScatterPanel, Series, series_named,
};
use crate::numeric::plain;
use std::collections::BTreeMap;

fn at_least_one(number: usize, key: &str) -> Result<(), Fault> {
    if number == 0 { fault(key, "there are none; give at least one") } else { Ok(()) }
}

/// That there is no series of a name, or more than one that could be meant.
pub(super) fn no_series(name: &str, names: &[String]) -> String {
    let start = format!("{name}, ");
    if names.iter().any(|full| full.starts_with(&start)) {
        format!("`{name}` could be more than one of {}", listed(names))
    } else {
        unknown(name, names)
    }
}

/// Whether a measure is a class-by-class matrix.
fn matrix(measure: Measure, kind: &str) -> Result<(), Fault> {
    match measure.shape() {
        Shape::ClassPairs => Ok(()),
        _ => fault(
            format!("plot.{kind}.measure"),
            "is not a class-by-class matrix; use `mean_probability` or `weight_effect`",
        ),
    }
}

/// Checks the panels of a plot, of which there is one at least. Faults are named from the figure on.
fn each_panel<P>(plot: &str, panels: &[P], check: impl Fn(&P) -> Result<(), Fault>) -> Result<(), Fault> {
    at_least_one(panels.len(), &format!("plot.{plot}.panels"))?;
    panels.iter().enumerate().try_for_each(|(number, panel)| {
        check(panel)
            .map_err(|found| Fault { key: format!("plot.{plot}.panels.{number}.{}", found.key), ..found })
    })
}

/// A figure of an experiment, whose keys are named from the figure on.
pub(super) struct Drawing<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) plan: &'a FigurePlan,
    /// Of the design at the first sweep point.
    pub(super) class_names: &'a [String],
    pub(super) features: usize,
}

impl Drawing<'_> {
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.size()?;
        let classes = self.class_names.len();
        match Caption::parse(&self.plan.caption, self.class_names)
            .and_then(|caption| caption.check(self.experiment, classes))
        {
            Ok(()) => {}
            Err(why) => return fault("caption", why),
        }
        match &self.plan.plot {
            Plot::Curves { panels } => each_panel("curves", panels, |panel| self.curves(panel)),
            Plot::Scatter { panels, colour } => self.scatter_plot(panels, colour),
            Plot::Maps { measure, at, only } => self.maps(*measure, at, only),
            Plot::Intervals { panels, beside } => {
                self.only(beside)
                    .map_err(|found| Fault { key: format!("plot.intervals.{}", found.key), ..found })?;
                each_panel("intervals", panels, |panel| self.interval(panel))
            }
            Plot::Forest { table, family, panels } => {
                self.family(table, family)?;
                each_panel("forest", panels, |panel| {
                    check_axis(&panel.x_axis, "x_axis").and_then(|()| self.fixed_axes(&panel.at, |_| false))
                })
            }
            Plot::Regions { target, half_width } => self.regions(*target, *half_width),
            Plot::Lines { half_width, along, .. } => self.decision_lines(*half_width, along),
            Plot::Ternary { built } => self.outflows("ternary", 3, built.as_deref()),
            Plot::Quaternary { built } => self.outflows("quaternary", 4, built.as_deref()),
            Plot::Signs { measure, designs } => self.signs(*measure, designs),
            Plot::Bars { target, classes } => self.bars(*target, classes),
        }
    }

    /// Points of the records, one for each class.
    fn scatter_plot(&self, panels: &[ScatterPanel], colour: &Colouring) -> Result<(), Fault> {
        at_least_one(panels.len(), "plot.scatter.panels")?;
        self.colour(colour, false)
            .map_err(|why| Fault { key: "plot.scatter.colour".to_owned(), problem: why })?;
        panels.iter().enumerate().try_for_each(|(number, panel)| {
            let key = format!("plot.scatter.panels.{number}");
            check_axis(&panel.x_axis, &format!("{key}.x_axis"))?;
            check_axis(&panel.y_axis, &format!("{key}.y_axis"))?;
            self.scatter(panel).map_err(|problem| Fault { key, problem })
        })
    }

    /// Decision regions at one sweep point.
    fn regions(&self, target: usize, half_width: f64) -> Result<(), Fault> {
        let needed = [Measure::Coefficient, Measure::Intercept, Measure::Shortfall, Measure::Accuracy];
        self.all_of(&needed, "regions")?;
        self.plane("regions", half_width)?;
        self.class(target, "plot.regions.target")?;
        self.unswept("regions", None)
    }

    /// Decision lines along an axis.
    fn decision_lines(&self, half_width: f64, along: &str) -> Result<(), Fault> {
        let needed = [Measure::Coefficient, Measure::Intercept, Measure::Centroid];
        self.all_of(&needed, "lines")?;
        self.plane("lines", half_width)?;
        self.axis_at("plot.lines.along", along)?;
        self.unswept("lines", Some(along))
    }

    /// The signs of a matrix in every design of an axis.
    fn signs(&self, measure: Measure, designs: &str) -> Result<(), Fault> {
        self.all_of(&[measure], "signs")?;
        matrix(measure, "signs")?;
        self.axis_at("plot.signs.designs", designs)?;
        self.unswept("signs", Some(designs))
    }

    /// Outflow of one class and inflow of the others from it, as bars.
    fn bars(&self, target: usize, classes: &[String]) -> Result<(), Fault> {
        self.all_of(&[Measure::Contribution, Measure::Shortfall, Measure::MeanProbability], "bars")?;
        self.class(target, "plot.bars.target")?;
        let count = self.class_names.len();
        if classes.len() != count {
            return fault(
                "plot.bars.classes",
                format!("{} names for {count} classes; give one for each", classes.len()),
            );
        }
        self.unswept("bars", None)
    }

    /// Whether a table has a family.
    fn family(&self, table: &str, family: &str) -> Result<(), Fault> {
        let tables = &self.experiment.analysis.table;
        let Some(plan) = tables.iter().find(|plan| plan.id == table) else {
            let ids: Vec<String> = tables.iter().map(|plan| plan.id.clone()).collect();
            let problem =
                if ids.is_empty() { "there are no tables".to_owned() } else { unknown(table, &ids) };
            return fault("plot.forest.table", problem);
        };
        if plan.family.iter().any(|found| found.name == family) {
            return Ok(());
        }
        let names: Vec<String> = plan.family.iter().map(|found| found.name.clone()).collect();
        let problem =
            if names.is_empty() { format!("table {table} has none") } else { unknown(family, &names) };
        fault("plot.forest.family", problem)
    }

    fn maps(&self, measure: Measure, at: &BTreeMap<String, String>, only: &[String]) -> Result<(), Fault> {
        self.all_of(&[measure], "maps")?;
        if !matches!(measure.shape(), Shape::ClassPairs | Shape::Features | Shape::Classes) {
            return fault(
                "plot.maps.measure",
                format!(
                    "`{}` has no number for every class; take one that has, such as `recall`",
                    measure.name()
                ),
            );
        }
        let keyed = |found: Fault| Fault { key: format!("plot.maps.{}", found.key), ..found };
        self.only(only).map_err(keyed)?;
        self.fixed_axes(at, |_| false).map_err(keyed)
    }

    /// Whether width and height are those of a page.
    fn size(&self) -> Result<(), Fault> {
        const HEIGHTS: std::ops::RangeInclusive<f64> = 0.8..=12.0;
        const WIDTHS: std::ops::RangeInclusive<f64> = 1.5..=20.0;
        if !HEIGHTS.contains(&self.plan.height) {
            return fault("height", format!("{} inches; give 0.8 to 12", plain(self.plan.height)));
        }
        let width = self.plan.width.inches();
        if !WIDTHS.contains(&width) {
            return fault(
                "width",
                format!("{} inches; give 1.5 to 20, \"one_column\" or \"two_columns\"", plain(width)),
            );
        }
        Ok(())
    }

    /// Shares of `classes` classes in all outflow.
    fn outflows(&self, kind: &str, classes: usize, built: Option<&str>) -> Result<(), Fault> {
        self.all_of(&[Measure::Outflow], kind)?;
        if self.class_names.len() != classes {
            let has = self.class_names.len();
            return fault(
                format!("plot.{kind}"),
                format!("shows {classes} classes, but the design has {has}"),
            );
        }
        if let Some(name) = built {
            self.axis_at(&format!("plot.{kind}.built"), name)?;
        }
        self.unswept(kind, built)
    }

    fn class(&self, class: usize, key: &str) -> Result<(), Fault> {
        let classes = self.class_names.len();
        if class < classes {
            Ok(())
        } else {
            fault(
                key,
                format!("there is no class {class}; the classes are 0 to {}", classes.saturating_sub(1)),
            )
        }
    }

    fn plane(&self, kind: &str, half_width: f64) -> Result<(), Fault> {
        const WIDTHS: std::ops::RangeInclusive<f64> = 1e-100..=1e100;
        if !WIDTHS.contains(&half_width) {
            let problem = format!("{}; give a number between 1e-100 and 1e100", plain(half_width));
            return fault(format!("plot.{kind}.half_width"), problem);
        }
        match self.features {
            2 => Ok(()),
            features => fault(
                format!("plot.{kind}"),
                format!("shows a plane, but the design has {features} features"),
            ),
        }
    }

    fn all_of(&self, needed: &[Measure], kind: &str) -> Result<(), Fault> {
        match needed.iter().find(|measure| !self.experiment.analysis.measure.contains(measure)) {
            Some(missing) => {
                fault(format!("plot.{kind}"), format!("needs `{}`; add it to `measure`", missing.name()))
            }
            None => Ok(()),
        }
    }

    fn unswept(&self, kind: &str, except: Option<&str>) -> Result<(), Fault> {
        let swept = self
            .experiment
            .axes
            .iter()
            .find(|axis| axis.labels.len() > 1 && Some(axis.name.as_str()) != except);
        match swept {
            Some(axis) => fault(
                format!("plot.{kind}"),
                format!("shows one sweep point, but `{}` takes {} values", axis.name, axis.labels.len()),
            ),
            None => Ok(()),
        }
    }

    fn axis(&self, name: &str) -> Result<usize, String> {
        let names: Vec<String> = self.experiment.axes.iter().map(|axis| axis.name.clone()).collect();
        self.experiment.axis(name).ok_or_else(|| match names.len() {
            0 => format!("there is no axis `{name}`; nothing is swept"),
            _ => unknown(name, &names),
        })
    }

    /// The same, at a key that names it.
    fn axis_at(&self, key: &str, name: &str) -> Result<usize, Fault> {
        self.axis(name).map_err(|problem| Fault { key: key.to_owned(), problem })
    }

    fn colour(&self, colour: &Colouring, lines_allowed: bool) -> Result<(), String> {
        match colour {
            Colouring::Series => Ok(()),
            Colouring::Lines if lines_allowed => Ok(()),
            Colouring::Lines => Err("there are no lines here; use `series` or { sweep = \"..\" }".to_owned()),
            Colouring::Sweep(name) => self.axis(name).map(|_| ()),
        }
    }

    fn measured(&self, selector: &Selector) -> Result<(), String> {
        if !self.experiment.analysis.measure.contains(&selector.measure) {
            return Err(format!("`{}` is not measured; add it to `measure`", selector.measure.name()));
        }
        selector.check_classes(self.class_names.len())
    }

    fn scatter(&self, panel: &ScatterPanel) -> Result<(), String> {
        for measure in [panel.x, panel.y] {
            self.measured(&Selector::from(measure))?;
        }
        if panel.x.shape() == panel.y.shape() {
            Ok(())
        } else {
            Err(format!("`{}` and `{}` are not lists of the same things", panel.x.name(), panel.y.name()))
        }
    }

    fn curves(&self, panel: &CurvePanel) -> Result<(), Fault> {
        let keyed = |key: &str| {
            let key = key.to_owned();
            move |problem| Fault { key, problem }
        };
        check_axis(&panel.x_axis, "x_axis")?;
        check_axis(&panel.y_axis, "y_axis")?;
        let of_measure = Measure::named(&panel.x).ok();
        match of_measure {
            None => {
                let mut names: Vec<String> =
                    self.experiment.axes.iter().map(|axis| axis.name.clone()).collect();
                names.extend(self.experiment.analysis.measure.iter().map(|measure| measure.name()));
                if self.experiment.axis(&panel.x).is_none() {
                    return fault("x", unknown(&panel.x, &names));
                }
            }
            Some(measure) => {
                self.measured(&Selector::from(measure)).map_err(keyed("x"))?;
                if !matches!(measure.shape(), Shape::Classes | Shape::Iterations) {
                    return fault("x", format!("`{}` has no number for every class or iteration", panel.x));
                }
            }
        }
        at_least_one(panel.lines.len(), "lines")?;
        for (number, line) in panel.lines.iter().enumerate() {
            self.line(line, of_measure).map_err(keyed(&format!("lines.{number}")))?;
        }
        self.colour(&panel.colour, true).map_err(keyed("colour"))?;
        self.fixed_axes(&panel.at, |name| {
            *name == panel.x || panel.colour == Colouring::Sweep(name.clone())
        })?;
        self.only(&panel.only)?;
        if panel.colour != Colouring::Series
            && self.experiment.analysis.series.len() > 1
            && panel.only.len() != 1
        {
            return fault("colour", "several series would share a colour; name one of them under `only`");
        }
        panel.marks.iter().enumerate().try_for_each(|(number, mark)| {
            self.mark(mark, panel, of_measure).map_err(keyed(&format!("marks.{number}")))
        })
    }

    fn line(&self, line: &Line, along: Option<Measure>) -> Result<(), String> {
        self.measured(&line.measure)?;
        match along {
            None if !line.measure.is_one_number() => {
                Err(format!("`{0}` is a list; say which number of it, such as `{0}.0`", line.measure))
            }
            Some(x) if !line.measure.indices.is_empty() || line.measure.measure.shape() != x.shape() => {
                Err(format!("`{}` has no number for every place of `{}`", line.measure, x.name()))
            }
            _ => Ok(()),
        }
    }

    fn interval(&self, panel: &IntervalPanel) -> Result<(), Fault> {
        check_axis(&panel.x_axis, "x_axis")?;
        let at_measure = |problem| Fault { key: "measure".to_owned(), problem };
        self.measured(&panel.measure).map_err(at_measure)?;
        if !panel.measure.is_one_number() {
            return fault(
                "measure",
                format!("`{0}` is a list; say which number of it, such as `{0}.0`", panel.measure),
            );
        }
        self.fixed_axes(&panel.at, |_| false)
    }

    /// Whether all series that are named exist.
    fn only(&self, named: &[String]) -> Result<(), Fault> {
        let series = &self.experiment.analysis.series;
        let names: Vec<String> = series.iter().map(Series::name).collect();
        match named.iter().find(|name| series_named(series, name).is_none()) {
            Some(name) => fault("only", no_series(name, &names)),
            None => Ok(()),
        }
    }

    /// A panel shows records at one value of every axis that is not one of its own.
    fn fixed_axes(
        &self,
        at: &BTreeMap<String, String>,
        other: impl Fn(&String) -> bool,
    ) -> Result<(), Fault> {
        for (name, label) in at {
            let axis = self.axis_at("at", name)?;
            let labels = &self.experiment.axes[axis].labels;
            if !labels.contains(label) {
                return fault("at", format!("`{name}` never is {label}; its values are {}", listed(labels)));
            }
        }
        let shown = |name: &String| other(name) || at.contains_key(name);
        match self.experiment.axes.iter().find(|axis| axis.labels.len() > 1 && !shown(&axis.name)) {
            Some(axis) => fault(
                "at",
                format!(
                    "would mix all values of `{0}`; say where under `at`, such as at = {{ {0} = \"{1}\" }}",
                    axis.name, axis.labels[0]
                ),
            ),
            None => Ok(()),
        }
    }

    fn mark(&self, mark: &Mark, panel: &CurvePanel, along: Option<Measure>) -> Result<(), String> {
        let (lines, measure) = match mark {
            Mark::Crossing { lines, .. } => (lines.to_vec(), None),
            Mark::FirstBelow { measure, line, .. } => (vec![*line], Some(measure)),
        };
        if let Some(missing) = lines.iter().find(|&&line| line >= panel.lines.len()) {
            return Err(format!(
                "there is no line {missing}; the panel has {}, counted from 0",
                panel.lines.len()
            ));
        }
        measure.map_or(Ok(()), |measure| {
            let line = Line {
                measure: measure.clone(),
                style: LineStyle::default(),
                band: Band::default(),
                label: None,
            };
            self.line(&line, along)
        })
    }
}

/// Values beyond this are not drawn: their differences would overflow.
const LARGEST: f64 = 1e100;
/// Positive values below this are not drawn on a logarithmic axis.
const LEAST: f64 = 1e-300;
/// Limits that differ by less of their size have no ticks between them that read differently.
const NEAREST: f64 = 1e-9;

/// An axis at `key`.
fn check_axis(plan: &AxisPlan, key: &str) -> Result<(), Fault> {
    let limits = [("low", plan.low), ("high", plan.high)];
    let limits = limits.into_iter().filter_map(|(name, limit)| Some((name.to_owned(), limit?)));
    let ticks = plan.ticks.iter().enumerate().map(|(number, &tick)| (format!("ticks.{number}"), tick));
    for (name, value) in limits.chain(ticks) {
        let key = format!("{key}.{name}");
        if !(-LARGEST..=LARGEST).contains(&value) {
            return fault(
                key,
                format!("{}; give a number between -{LARGEST:e} and {LARGEST:e}", plain(value)),
            );
        }
        if plan.scale == ScaleKind::Log && value < LEAST {
            return fault(
                key,
                format!("{}; a logarithmic axis has positive numbers alone, from {LEAST:e} on", plain(value)),
            );
        }
    }
    match (plan.low, plan.high) {
        (Some(low), Some(high)) if low >= high => fault(
            format!("{key}.high"),
            format!(
                "{}; it must be above `low`, {} (`reversed = true` draws an axis the other way round)",
                plain(high),
                plain(low)
            ),
        ),
        (Some(low), Some(high)) if high - low < LEAST.max(NEAREST * low.abs().max(high.abs())) => fault(
            format!("{key}.high"),
            format!(
                "{}; it must differ from `low`, {}, in one of the first nine digits, and by {LEAST:e}",
                plain(high),
                plain(low)
            ),
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_cannot_be_drawn_are_refused() {
        let axis = |text: &str| -> AxisPlan {
            crate::analysis::read_toml(&format!("label = \"x\"\n{text}")).expect("well formed")
        };
        let check =
            |text: &str| check_axis(&axis(text), "x_axis").map_err(|fault| (fault.key, fault.problem));
        for sound in [
            "",
            "low = 0.0",
            "low = -1.0\nhigh = 1.0\nticks = [0.0]",
            "scale = \"log\"\nlow = 1e-300\nhigh = 1e100",
        ] {
            assert_eq!(check(sound), Ok(()), "{sound}");
        }
        for (text, key) in [
            ("low = nan", "x_axis.low"),
            ("high = inf", "x_axis.high"),
            ("low = -1e308\nhigh = 1e308", "x_axis.low"),
            ("low = 1.0\nhigh = 1.0", "x_axis.high"),
            ("low = 2.0\nhigh = 1.0", "x_axis.high"),
            ("low = 0.0\nhigh = 5e-324", "x_axis.high"),
            ("low = 1.0\nhigh = 1.0000000000000002", "x_axis.high"),
            ("low = -1.0000000000000002\nhigh = -1.0", "x_axis.high"),
            ("low = 1e16\nhigh = 10000000000000002.0", "x_axis.high"),
            ("scale = \"log\"\nlow = 0.0", "x_axis.low"),
            ("scale = \"log\"\nlow = -0.0", "x_axis.low"),
            ("scale = \"log\"\nhigh = -1.0", "x_axis.high"),
            ("scale = \"log\"\nlow = 5e-324", "x_axis.low"),
            ("scale = \"log\"\nticks = [1.0, 0.0]", "x_axis.ticks.1"),
        ] {
            let (found, problem) = check(text).expect_err(text);
            assert_eq!(found, key, "{text}: {problem}");
            assert!(problem.len() < 150, "{problem}");
        }
    }
}
