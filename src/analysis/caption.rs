//! Captions with measured numbers in them: `hardest mean {median hardest.0 of LGL at hard=12}`.

use super::comparison::has_failed;
use super::file::{Experiment, listed, unknown};
use super::measure::Selector;
use super::records::{Record, Results};
use super::specification::{FigurePlan, Series};
use super::summary::median;
use crate::numeric::{power_of_ten, significant};

/// The caption of a figure with its numbers; where problems had no answer, or trainings failed, it says how many.
#[must_use]
pub fn caption(results: &Results, plan: &FigurePlan) -> String {
    // A caption is checked before anything is solved.
    let text =
        Caption::parse(&plan.caption).map_or_else(|_| plan.caption.clone(), |caption| caption.fill(results));
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

/// A caption, taken apart.
pub(super) struct Caption {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    Number(Query),
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
    Least,
    Most,
}

impl Caption {
    /// Parses a caption; the error says which of its numbers is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (query, behind) =
                after.split_once('}').ok_or_else(|| format!("`{{{after}` has no closing brace"))?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Number(
                Query::parse(query.trim()).map_err(|why| format!("{{{query}}}: {why}"))?,
            ));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// Whether all names are those of the experiment, whose first point has so many classes.
    pub(super) fn check(&self, experiment: &Experiment, classes: usize) -> Result<(), String> {
        self.queries().try_for_each(|query| {
            query.check(experiment)?;
            query.check_classes(experiment, classes)
        })
    }

    /// The caption with its numbers.
    fn fill(&self, results: &Results) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Number(query) => query.answer(results),
        };
        self.pieces.iter().map(piece).collect()
    }

    fn queries(&self) -> impl Iterator<Item = &Query> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Number(query) => Some(query),
            Piece::Text(_) => None,
        })
    }
}

impl Query {
    fn parse(text: &str) -> Result<Self, String> {
        let (text, at) = text.split_once(" at ").map_or((text, None), |(text, at)| (text, Some(at)));
        let (text, series) =
            text.split_once(" of ").map_or((text, None), |(text, series)| (text, Some(series)));
        let (word, measure) =
            text.split_once(' ').map_or((text, None), |(word, measure)| (word, Some(measure)));
        let statistic = match word.trim() {
            "count" => Statistic::Count,
            "mean" => Statistic::Mean,
            "median" => Statistic::Median,
            "min" => Statistic::Least,
            "max" => Statistic::Most,
            other => return Err(format!("`{other}` is not `count`, `mean`, `median`, `min` or `max`")),
        };
        let selector = match (statistic, measure.map(str::trim)) {
            (Statistic::Count, None) => None,
            (Statistic::Count, Some(_)) => return Err("`count` counts problems, not a measure".to_owned()),
            (_, Some(measure)) => Some(Selector::try_from(measure.to_owned())?),
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
        let names: Vec<String> = analysis.series.iter().map(Series::name).collect();
        if let Some(series) = self.series.as_ref().filter(|&series| !names.contains(series)) {
            return Err(unknown(series, &names));
        }
        for (number, (name, value)) in self.at.iter().enumerate() {
            if self.at[..number].iter().any(|(other, _)| other == name) {
                return Err(format!("`{name}` is given two values; no problem has both"));
            }
            let axes: Vec<String> = experiment.axes.iter().map(|axis| axis.name.clone()).collect();
            let Some(axis) = experiment.axis(name) else {
                return Err(unknown(name, &axes));
            };
            let labels = &experiment.axes[axis].labels;
            if !labels.contains(value) {
                return Err(format!("`{name}` never is {value}; its values are {}", listed(labels)));
            }
        }
        Ok(())
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
        let records = || results.records.iter().filter(|record| self.speaks_of(record, results));
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
            Statistic::Least => numbers.iter().copied().reduce(f64::min),
            Statistic::Most => numbers.iter().copied().reduce(f64::max),
            Statistic::Mean | Statistic::Count => None,
        };
        answer.map_or_else(|| "no number".to_owned(), written)
    }

    fn speaks_of(&self, record: &Record, results: &Results) -> bool {
        let of_series =
            self.series.as_ref().is_none_or(|series| results.series_name(record.series) == *series);
        of_series && self.at.iter().all(|(axis, value)| results.is_at(record, axis, value))
    }
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
            let error = Caption::parse(text).err().expect("wrong");
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
