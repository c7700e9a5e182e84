//! Captions with measured numbers in them: `hardest mean {median hardest.0 of LGL at hard=12}`.

use super::check_figure::no_series;
use super::comparison::has_failed;
use super::file::{Experiment, listed, unknown};
use super::measure::Selector;
use super::records::{Record, Results};
use super::specification::{Band, DesignSize, FigurePlan, Plot, Series, series_named};
use super::summary::median;
use crate::numeric::{power_of_ten, significant};

/// The caption of a figure with its numbers; what bands are, unless it says so itself; and, where problems had no answer or
/// trainings failed, how many.
#[must_use]
pub fn caption(results: &Results, plan: &FigurePlan) -> String {
    // A caption is checked before anything is solved.
    let mut text = Caption::parse(&plan.caption, &results.experiment.class_names)
        .map_or_else(|_| plan.caption.clone(), |caption| caption.fill(results));
    if let Some(sentence) = bands_in_words(results, plan).filter(|_| !speaks_of_bands(&plan.caption)) {
        text = format!("{} {sentence}", text.trim_end());
    }
    let failed = results.records.iter().filter(|record| has_failed(results, record)).count();
    let what = match results.experiment.analysis.training {
        None => "problems had no answer",
        Some(_) => "trainings failed",
    };
    match failed {
        0 => text,
        failed => format!("{text} {failed} of {} {what} and are left out.", results.records.len()),
    }
}

/// Whether a caption says itself what surrounds its lines.
fn speaks_of_bands(text: &str) -> bool {
    let text = text.to_lowercase();
    ["band", "interval", "10–90%", "standard deviation"].iter().any(|word| text.contains(word))
}

/// What bands and lines are over repetitions; nothing where there is one draw or no band.
fn bands_in_words(results: &Results, plan: &FigurePlan) -> Option<String> {
    let draws = results.experiment.analysis.repetitions;
    let bands: Vec<Band> = match &plan.plot {
        Plot::Curves { panels } => {
            panels.iter().flat_map(|panel| &panel.lines).map(|line| line.band).collect()
        }
        Plot::Intervals { .. } => {
            return (draws > 1)
                .then(|| format!("Means and their 95% confidence intervals over {draws} draws."));
        }
        _ => Vec::new(),
    };
    let with = |band: Band, words: &str| bands.contains(&band).then(|| words.to_owned());
    let kinds: Vec<String> = [
        with(Band::Confidence, "95% confidence intervals of the mean"),
        with(Band::Sd, "the mean ± one standard deviation"),
        with(Band::Range, "the 10–90% range around the median"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (draws > 1 && !kinds.is_empty()).then(|| format!("Bands: {} over {draws} draws.", kinds.join(", ")))
}

/// A caption, taken apart.
pub(super) struct Caption {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    Number(Query),
    Setting(Setting),
}

/// A setting of the analysis.
enum Setting {
    Repetitions,
    Penalty,
    Seed,
    /// Number of points of the sweep.
    Points,
    /// Of the data at the first point.
    Classes,
    Samples,
    /// What the first value on an axis is called.
    First(String),
    /// The last.
    Last(String),
    /// Number of values.
    Steps(String),
    /// Whole name of a series.
    Series(String),
}

impl Setting {
    /// The setting that a text asks for; `None` if it asks for a measured number.
    fn parse(text: &str) -> Option<Self> {
        let (word, name) = text.split_once(' ').map_or((text, ""), |(word, name)| (word, name.trim()));
        let named = |setting: fn(String) -> Self| (!name.is_empty()).then(|| setting(name.to_owned()));
        let plain = |setting: Self| name.is_empty().then_some(setting);
        match word {
            "repetitions" => plain(Self::Repetitions),
            "penalty" => plain(Self::Penalty),
            "seed" => plain(Self::Seed),
            "points" => plain(Self::Points),
            "classes" => plain(Self::Classes),
            "samples" => plain(Self::Samples),
            "first" => named(Self::First),
            "last" => named(Self::Last),
            "steps" => named(Self::Steps),
            "series" => named(Self::Series),
            _ => None,
        }
    }

    /// An error if an axis that it names is not there.
    fn check(&self, experiment: &Experiment) -> Result<(), String> {
        match self {
            Self::First(axis) | Self::Last(axis) | Self::Steps(axis) => axis_of(experiment, axis).map(drop),
            _ => Ok(()),
        }
    }

    fn answer(&self, experiment: &Experiment) -> String {
        let analysis = &experiment.analysis;
        let labels = |axis: &str| {
            experiment.axis(axis).map(|axis| experiment.axes[axis].labels.as_slice()).unwrap_or_default()
        };
        let size = |of: fn(DesignSize) -> usize| {
            let size = experiment.points.first().and_then(|point| point.data.size().ok().flatten());
            size.map_or_else(|| "?".to_owned(), |size| of(size).to_string())
        };
        match self {
            Self::Repetitions => analysis.repetitions.to_string(),
            Self::Penalty => written(analysis.penalty),
            Self::Seed => analysis.seed.to_string(),
            Self::Points => experiment.points.len().to_string(),
            Self::Classes => size(|size| size.classes),
            Self::Samples => size(|size| size.samples),
            Self::First(axis) => labels(axis).first().cloned().unwrap_or_default(),
            Self::Last(axis) => labels(axis).last().cloned().unwrap_or_default(),
            Self::Steps(axis) => labels(axis).len().to_string(),
            Self::Series(name) => series_named(&analysis.series, name)
                .map_or_else(|| lacking(name), |series| analysis.series[series].name()),
        }
    }
}

/// What a caption shows in place of a number of a series that the file lacks.
fn lacking(name: &str) -> String {
    format!("[no series {name}]")
}

/// The number of an axis, or that there is none.
fn axis_of(experiment: &Experiment, name: &str) -> Result<usize, String> {
    let axes: Vec<String> = experiment.axes.iter().map(|axis| axis.name.clone()).collect();
    experiment.axis(name).ok_or_else(|| match axes.len() {
        0 => format!("there is no axis `{name}`; nothing is swept"),
        _ => unknown(name, &axes),
    })
}

/// A number asked for.
struct Query {
    statistic: Statistic,
    /// `None` counts problems.
    selector: Option<Selector>,
    series: Option<String>,
    /// Axis and label of a value.
    at: Vec<(String, String)>,
}

/// What is made of many numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statistic {
    Count,
    Mean,
    Median,
    Min,
    Max,
}

impl Caption {
    /// Parses a caption over classes of these names; the error says which of its numbers is wrong.
    pub(super) fn parse(text: &str, classes: &[String]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (query, behind) =
                after.split_once('}').ok_or_else(|| format!("`{{{after}` has no closing brace"))?;
            if let Some((open, _)) = query.split_once('{') {
                return Err(format!("`{{{}` has no closing brace", open.trim_end()));
            }
            pieces.push(Piece::Text(before.to_owned()));
            let asked = query.trim();
            pieces.push(if let Some(setting) = Setting::parse(asked) {
                Piece::Setting(setting)
            } else {
                let number = Query::parse(asked, classes);
                Piece::Number(number.map_err(|why| format!("{{{query}}}: {why}"))?)
            });
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// Whether all measures and axes are those of the experiment, whose first point has so many classes.
    pub(super) fn check(&self, experiment: &Experiment, classes: usize) -> Result<(), String> {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(_) => Ok(()),
            Piece::Setting(setting) => setting.check(experiment),
            Piece::Number(query) => {
                query.check(experiment)?;
                query.check_classes(experiment, classes)
            }
        })
    }

    /// Series and values on axes that it names and the experiment lacks, each once. They stop nothing, since the first edit of
    /// a file (another parameter of a loss, other values of a sweep) leaves some behind.
    pub(super) fn missing(&self, experiment: &Experiment) -> Vec<String> {
        let of_piece = |piece: &Piece| match piece {
            Piece::Setting(Setting::Series(name)) => missing_series(experiment, name).into_iter().collect(),
            Piece::Text(_) | Piece::Setting(_) => Vec::new(),
            Piece::Number(query) => query.missing(experiment),
        };
        let mut missing: Vec<String> = Vec::new();
        for found in self.pieces.iter().flat_map(of_piece) {
            if !missing.contains(&found) {
                missing.push(found);
            }
        }
        missing
    }

    /// The caption with its numbers.
    fn fill(&self, results: &Results) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Setting(setting) => setting.answer(&results.experiment),
            Piece::Number(query) => query.answer(results),
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// That there is no such series, and what to do; `None` if there is.
fn missing_series(experiment: &Experiment, name: &str) -> Option<String> {
    let series = &experiment.analysis.series;
    if series_named(series, name).is_some() {
        return None;
    }
    let names: Vec<String> = series.iter().map(Series::name).collect();
    let what = no_series(name, &names);
    let joint = if what.ends_with('?') { " Or" } else { "; or" };
    Some(format!("{what}{joint} add label = \"{name}\" to the series that is meant"))
}

impl Query {
    fn parse(text: &str, classes: &[String]) -> Result<Self, String> {
        let (text, at) = text.split_once(" at ").map_or((text, None), |(text, at)| (text, Some(at)));
        let (text, series) =
            text.split_once(" of ").map_or((text, None), |(text, series)| (text, Some(series)));
        let (word, measure) =
            text.split_once(' ').map_or((text, None), |(word, measure)| (word, Some(measure)));
        let statistic = match word.trim() {
            "count" => Statistic::Count,
            "mean" => Statistic::Mean,
            "median" => Statistic::Median,
            "min" => Statistic::Min,
            "max" => Statistic::Max,
            other => {
                return Err(format!(
                    "`{other}` is not `count`, `mean`, `median`, `min` or `max`, nor a setting such as `repetitions`"
                ));
            }
        };
        let selector = match (statistic, measure.map(str::trim)) {
            (Statistic::Count, None) => None,
            (Statistic::Count, Some(_)) => return Err("`count` counts problems, not a measure".to_owned()),
            (_, Some(measure)) => {
                let mut selector = Selector::try_from(measure.to_owned())?;
                selector.resolve(classes)?;
                Some(selector)
            }
            (_, None) => return Err(format!("`{word}` needs a measure after it")),
        };
        let place = |part: &str| {
            let (axis, value) = part.split_once('=').ok_or_else(|| format!("`{part}`: write axis=value"))?;
            Ok((axis.trim().to_owned(), value.trim().to_owned()))
        };
        let at = at.map_or(Ok(Vec::new()), |at| at.split(',').map(place).collect::<Result<_, String>>())?;
        Ok(Self { statistic, selector, series: series.map(|series| series.trim().to_owned()), at })
    }

    fn check(&self, experiment: &Experiment) -> Result<(), String> {
        let analysis = &experiment.analysis;
        if let Some(selector) = self.selector.as_ref().filter(|one| !analysis.measure.contains(&one.measure))
        {
            return Err(format!("`{}` is not measured; add it to `measure`", selector.measure.name()));
        }
        for (number, (name, _)) in self.at.iter().enumerate() {
            if self.at[..number].iter().any(|(other, _)| other == name) {
                return Err(format!("`{name}` is given two values; no problem has both"));
            }
            axis_of(experiment, name)?;
        }
        Ok(())
    }

    /// The series and values on axes that are asked for and are not there.
    fn missing(&self, experiment: &Experiment) -> Vec<String> {
        let series = self.series.iter().filter_map(|name| missing_series(experiment, name));
        let values = self.at.iter().filter_map(|(axis, value)| {
            let labels = &experiment.axes[experiment.axis(axis)?].labels;
            let is_there = [FIRST, LAST].contains(&value.as_str()) || labels.contains(value);
            let ends = "`first` and `last` are its ends";
            (!is_there).then(|| format!("`{axis}` never is {value}; its values are {}; {ends}", few(labels)))
        });
        series.chain(values).collect()
    }

    /// Whether the classes that are asked for exist. A sweep of the data may have other numbers of them elsewhere.
    fn check_classes(&self, experiment: &Experiment, classes: usize) -> Result<(), String> {
        let Some(selector) = &self.selector else { return Ok(()) };
        let sweeps_data = experiment.analysis.sweep.iter().flat_map(|sweep| &sweep.keys);
        if sweeps_data.into_iter().any(|key| key.starts_with("data")) {
            return Ok(());
        }
        selector.check_classes(classes)
    }

    fn answer(&self, results: &Results) -> String {
        let series =
            self.series.as_ref().map(|name| (name, series_named(&results.experiment.analysis.series, name)));
        if let Some((name, None)) = series {
            return lacking(name);
        }
        let series = series.and_then(|(_, place)| place);
        let here = |record: &&Record| {
            series.is_none_or(|place| record.series == place)
                && self.at.iter().all(|(axis, value)| is_there(results, record, axis, value))
        };
        let records = || results.records.iter().filter(here);
        let Some(selector) = &self.selector else {
            return records().count().to_string();
        };
        let records = records().filter(|record| !has_failed(results, record));
        let numbers: Vec<f64> = records.flat_map(|record| record.picked(selector)).collect();
        let answer = match self.statistic {
            Statistic::Mean if !numbers.is_empty() => {
                Some(numbers.iter().sum::<f64>() / numbers.len() as f64)
            }
            Statistic::Median => median(&numbers),
            Statistic::Min => numbers.iter().copied().reduce(f64::min),
            Statistic::Max => numbers.iter().copied().reduce(f64::max),
            Statistic::Mean | Statistic::Count => None,
        };
        answer.map_or_else(|| "no number".to_owned(), written)
    }
}

/// Names of the ends of an axis, whatever its values.
const FIRST: &str = "first";
const LAST: &str = "last";

/// Whether a record is at the value of an axis that is called so, or at that end of it.
fn is_there(results: &Results, record: &Record, axis: &str, value: &str) -> bool {
    let at_end = |place: fn(usize) -> usize| {
        let number = results.experiment.axis(axis);
        number.is_some_and(|axis| record.at[axis] == place(results.experiment.axes[axis].labels.len()))
    };
    results.is_at(record, axis, value)
        || (value == FIRST && at_end(|_| 0))
        || (value == LAST && at_end(|length| length - 1))
}

/// Up to eight names.
fn few(names: &[String]) -> String {
    const MAX_LISTED: usize = 8;
    let listed = listed(&names[..names.len().min(MAX_LISTED)]);
    if names.len() > MAX_LISTED { format!("{listed}, ..") } else { listed }
}

/// A number in running text: two significant digits, three above one; small and large ones with a power of ten.
fn written(number: f64) -> String {
    let digits = if (0.0..1.0).contains(&number.abs()) { 2 } else { 3 };
    let text = significant(number, digits);
    match text.split_once('e').map(|(digits, power)| (digits, power.parse::<i32>())) {
        Some((digits, Ok(power))) => format!("{} × {}", digits.replace('-', "−"), power_of_ten(power)),
        _ => text.replace('-', "−"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_cannot_be_is_named() {
        for (text, expected) in [
            ("{median hardest.0", "no closing brace"),
            ("{average hardest.0}", "is not `count`, `mean`"),
            ("{max}", "needs a measure after it"),
            ("{count hardest}", "counts problems"),
            ("{max hardness.0}", "unknown variant"),
            ("{max hardest.0 at hard}", "write axis=value"),
        ] {
            let error = Caption::parse(text, &[]).err().expect("wrong");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn numbers_read_as_in_print() {
        assert_eq!(written(0.583_4), "0.58");
        assert_eq!(written(12.345), "12.3");
        assert_eq!(written(2.34e-13), "2.3 × 10⁻¹³");
        assert_eq!(written(0.0), "0");
    }
}
