//! Series beside each other over the same draws: means and deviations, and differences of the pairs that a table names.

use super::measure::{Measure, Selector};
use super::paired::{Draws, PairedDifference, adjust, mean_and_deviation};
use super::records::{Ended, Record, Results};
use super::specification::{Family, Series, TablePlan};

/// The numbers of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// One for each sweep point and measure.
    pub means: Vec<PointMeans>,
    /// One for each family.
    pub families: Vec<FamilyDifferences>,
    /// How the draws hang together.
    pub draws: Draws,
}

/// A measure at a sweep point, for every series.
#[derive(Debug, Clone, PartialEq)]
pub struct PointMeans {
    /// The sweep point in words; empty if nothing is swept.
    pub point: String,
    /// What is compared.
    pub measure: Selector,
    /// One row per series, in order.
    pub rows: Vec<SeriesMeans>,
}

/// A series at a sweep point.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesMeans {
    /// Its name.
    pub name: String,
    /// Draws that have numbers.
    pub draws: usize,
    /// Draws whose training [failed](has_failed), or whose problem has no answer. They are in no mean.
    pub failed: usize,
    /// Mean, and standard deviation (of `draws - 1`; NaN of a single one), of each number.
    pub numbers: Vec<(f64, f64)>,
}

/// All differences of a family.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyDifferences {
    /// What is asked.
    pub name: String,
    /// The number.
    pub measure: Selector,
    /// The sweep points in words.
    pub points: Vec<String>,
    /// One for each pair.
    pub pairs: Vec<Pair>,
}

/// Two series.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Whose numbers are taken.
    pub series: String,
    /// What is subtracted.
    pub against: String,
    /// One for each sweep point.
    pub differences: Vec<PairedDifference>,
}

impl FamilyDifferences {
    /// Number of tests that were adjusted together.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.pairs.iter().flat_map(|pair| &pair.differences).filter(|one| one.inference.is_some()).count()
    }
}

/// The numbers of a table.
#[must_use]
pub fn compare(results: &Results, plan: &TablePlan) -> Comparison {
    let points = 0..results.experiment.points.len();
    let at = |point: usize| plan.measures.iter().map(move |measure| means(results, point, measure));
    Comparison {
        means: points.flat_map(at).collect(),
        families: plan.family.iter().map(|family| differences(results, family)).collect(),
        draws: draws_of(results),
    }
}

/// The differences of one family.
#[must_use]
pub fn differences(results: &Results, family: &Family) -> FamilyDifferences {
    let names: Vec<String> = results.experiment.analysis.series.iter().map(Series::name).collect();
    let points = 0..results.experiment.points.len();
    let draws = draws_of(results);
    let numbers = |name: &String, point: usize| -> Vec<(u64, f64)> {
        let series = names.iter().position(|found| found == name);
        let records = results.records.iter().filter(|record| Some(record.series) == series);
        let records = records.filter(|record| record.at == results.experiment.places(point));
        let records = records.filter(|record| !has_failed(results, record));
        records.filter_map(|record| Some((record.repetition, record.one(&family.measure)?))).collect()
    };
    let pair = |(series, against): (String, String)| {
        let difference =
            |point| PairedDifference::of(&numbers(&series, point), &numbers(&against, point), draws);
        Pair { differences: points.clone().map(difference).collect(), series, against }
    };
    let mut pairs: Vec<Pair> = family.pairs(&names).into_iter().map(pair).collect();
    let all = pairs.iter_mut().flat_map(|pair| &mut pair.differences);
    adjust(all.filter_map(|difference| difference.inference.as_mut()).collect());
    FamilyDifferences {
        name: family.name.clone(),
        measure: family.measure.clone(),
        points: points.map(|point| results.experiment.point_in_words(point).unwrap_or_default()).collect(),
        pairs,
    }
}

fn means(results: &Results, point: usize, measure: &Selector) -> PointMeans {
    let places = results.experiment.places(point);
    let row = |(number, series): (usize, &Series)| {
        let records: Vec<&Record> =
            results.records.iter().filter(|record| record.series == number && record.at == places).collect();
        let (failed, sound): (Vec<&Record>, Vec<&Record>) =
            records.into_iter().partition(|record| has_failed(results, record));
        let lists: Vec<Vec<f64>> = sound.iter().map(|record| record.picked(measure)).collect();
        let length = lists.iter().map(Vec::len).max().unwrap_or(0);
        // A draw that lacks a number has none in its place that could be averaged.
        let lists: Vec<Vec<f64>> =
            lists.into_iter().filter(|list| length > 0 && list.len() == length).collect();
        let of_place =
            |place: usize| mean_and_deviation(&lists.iter().map(|list| list[place]).collect::<Vec<_>>());
        SeriesMeans {
            name: series.name(),
            draws: lists.len(),
            failed: failed.len(),
            numbers: (0..length).map(of_place).collect(),
        }
    };
    PointMeans {
        point: results.experiment.point_in_words(point).unwrap_or_default(),
        measure: measure.clone(),
        rows: results.experiment.analysis.series.iter().enumerate().map(row).collect(),
    }
}

/// Whether a problem has no answer, or a training led nowhere: its loss is no longer finite, or the network gives every
/// image the same class (which is seen where recalls are measured).
#[must_use]
pub fn has_failed(results: &Results, record: &Record) -> bool {
    if matches!(record.ended, Ended::Unsolved(_)) {
        return true;
    }
    let recalls = [Measure::TestRecall, Measure::Recall].map(|measure| record.all(measure));
    let recalls = recalls.into_iter().find(|recalls| !recalls.is_empty()).unwrap_or_default();
    let of_one = recalls.iter().filter(|&&recall| recall == 1.0).count() == 1;
    let of_others = recalls.iter().filter(|&&recall| recall == 0.0).count() + 1 == recalls.len();
    results.experiment.analysis.training.is_some() && recalls.len() > 1 && of_one && of_others
}

fn draws_of(results: &Results) -> Draws {
    let share = results.experiment.analysis.share_of_one_data_set();
    share.map_or(Draws::Independent, |test_share| Draws::Splits { test_share })
}

#[cfg(test)]
mod tests {
    use super::super::file::Source;
    use super::*;
    use std::collections::BTreeMap;

    /// Two series over three draws, with these recalls of two classes.
    fn results(training: &str, recalls: [[[f64; 2]; 3]; 2]) -> Results {
        let text = format!(
            r#"name = "mine"
               title = "t"
               repetitions = 3
               measure = ["test_accuracy", "test_recall"]
               series = [{{ loss = "softmax" }}, {{ loss = "logistic" }}]
               data.digits = {{ classes = [3, 8], counts = [20, 20] }}
               {training}
               table = [{{ id = "T", measures = ["test_accuracy"], family = [
                 {{ name = "f", measure = "test_accuracy", against = ["LGL"] }} ] }}]"#
        );
        let source = Source { name: "mine".to_owned(), text, directory: ".".into() };
        let experiment = source.experiment(&[]).expect("a sound analysis");
        let record = |series: usize, repetition: usize| {
            let recalls = recalls[series][repetition];
            let accuracy = f64::midpoint(recalls[0], recalls[1]);
            Record {
                key: String::new(),
                at: Vec::new(),
                series,
                repetition: repetition as u64,
                ended: Ended::Stopped,
                classes: 2,
                features: 1,
                dependent_columns: Vec::new(),
                measured: BTreeMap::from([
                    (Measure::TestAccuracy, vec![accuracy]),
                    (Measure::TestRecall, recalls.to_vec()),
                ]),
            }
        };
        let records = (0..2).flat_map(|series| (0..3).map(move |draw| (series, draw)));
        let records = records.map(|(series, draw)| record(series, draw)).collect();
        Results { experiment, records }
    }

    const RECALLS: [[[f64; 2]; 3]; 2] =
        [[[0.9, 0.8], [1.0, 0.0], [0.7, 0.5]], [[0.8, 0.7], [0.9, 0.9], [0.7, 0.6]]];

    #[test]
    fn a_network_that_gives_all_images_one_class_is_counted_and_in_no_mean() {
        let results = results("training = { test = 10 }", RECALLS);
        let plan = results.experiment.analysis.table[0].clone();
        let compared = compare(&results, &plan);
        let softmax = &compared.means[0].rows[0];
        assert_eq!((softmax.draws, softmax.failed), (2, 1));
        assert!((softmax.numbers[0].0 - f64::midpoint(0.85, 0.6)).abs() < 1e-12);
        assert_eq!((compared.means[0].rows[1].draws, compared.means[0].rows[1].failed), (3, 0));
        // Of the draws that both have there are two, which is too few for a test.
        let difference = compared.families[0].pairs[0].differences[0];
        assert_eq!((difference.pairs, difference.inference), (2, None));
        assert_eq!(compared.families[0].tests(), 0);
    }

    #[test]
    fn a_solved_head_may_give_all_samples_one_class() {
        let results = results("test = { share = 0.5 }", RECALLS);
        let plan = results.experiment.analysis.table[0].clone();
        let compared = compare(&results, &plan);
        assert_eq!(compared.means[0].rows[0].failed, 0);
        assert_eq!(compared.families[0].pairs.len(), 1);
        assert_eq!((compared.families[0].tests(), compared.draws), (1, Draws::Independent));
    }
}
