//! From a lesson to its answer: the one call of the page, and the samples behind an entry of the mean-probability matrix.

use super::lesson::{self, Lesson, LessonError, Look, LossNamed, Posed, Profiles};
use super::table::{TableAnswer, answer_table};
use crate::analysis::specification::{Analysis, Design, Draw, Series};
use crate::analysis::{Ended, Experiment, Measure, Record, solve_all};
use crate::balance::sample_probabilities;
use crate::data::Dataset;
use crate::loss::{LossProfile, LossRow, Moved, loss_named, no_such_loss};
use crate::numeric::{Sigmoid, sort_largest_first};
use crate::record::HeadRows;
use crate::solver::{Head, Outcome};
use nalgebra::DMatrix;
use serde::Serialize;

/// What the page is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The stationary points of losses.
    Problem(Box<Solved>),
    /// How losses change with one logit.
    Losses(Vec<ProfiledLoss>),
    /// What holds on a user's own table.
    Table(TableAnswer),
}

/// A problem, solved.
#[derive(Debug, Serialize)]
pub struct Solved {
    /// The analysis as a file that `equipoise run` accepts.
    pub file: String,
    /// Name of each series.
    pub names: Vec<String>,
    /// The samples, for drawing.
    pub samples: ShownSamples,
    /// A record for each series that was asked for, the same that `equipoise run` writes for that file.
    pub records: Vec<Record>,
    /// For each of them whose classes are separable, the head along which they are; `None` for the others.
    pub separating: Vec<Option<HeadRows>>,
    /// The samples that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Vec<SampleView>>,
}

/// Samples as a picture needs them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownSamples {
    /// Two features: coordinates of the samples of each class, alternating.
    Plane(Vec<Vec<f32>>),
    /// Groups that share their features: samples of each group (rows) and class (columns).
    Groups(Vec<Vec<usize>>),
    /// Anything that no picture shows whole.
    Unseen,
}

/// A loss of the catalogue over a range of one logit; three lists of equal length.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfiledLoss {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// A sample's loss.
    pub equation: String,
    /// The law of its balance.
    pub law: String,
    /// The logit that moves.
    pub logit: Vec<f64>,
    /// The sample's loss; empty where the loss has no value.
    pub value: Vec<f64>,
    /// Its derivative with respect to that logit.
    pub gradient: Vec<f64>,
}

/// Answers a lesson.
///
/// # Errors
/// The lesson is too large (see the limits), reads files, or is unsound. A search without an answer is no
/// failure: its record says how it ended.
pub fn solve(lesson: &Lesson) -> Result<Answer, LessonError> {
    match lesson {
        Lesson::Problem(posed) => solve_problem(posed).map(|solved| Answer::Problem(Box::new(solved))),
        Lesson::Losses(profiles) => profile(profiles).map(Answer::Losses),
        Lesson::Table(table) => answer_table(table).map(Answer::Table),
    }
}

fn solve_problem(posed: &Posed) -> Result<Solved, LessonError> {
    lesson::check(posed)?;
    let experiment = Experiment::of_one_point(posed.analysis.clone())?;
    let analysis = &experiment.analysis;
    let records = match &posed.only {
        None => solve_all(&experiment)?,
        Some(wanted) => solve_some(analysis, wanted)?,
    };
    let dataset = analysis.data.sample(Draw { seed: analysis.seed, repetition: 0 });
    let dataset = dataset.map_err(|error| LessonError::refused("data", error.to_string()))?;
    let separating = records.iter().map(|record| separating(record, analysis, &dataset)).collect();
    let seen = posed.look.map(|asked| looked_at(asked, analysis, &records, &dataset)).transpose()?;
    let file = toml::to_string(analysis);
    Ok(Solved {
        file: file.map_err(|error| LessonError::refused("analysis", error.to_string()))?,
        names: analysis.series.iter().map(Series::name).collect(),
        samples: samples(&analysis.data, &dataset),
        records,
        separating,
        seen,
    })
}

/// Records of some series.
fn solve_some(analysis: &Analysis, wanted: &[usize]) -> Result<Vec<Record>, LessonError> {
    let missing = || LessonError::refused("only", "names a series that does not exist");
    let series = wanted.iter().map(|&place| analysis.series.get(place).cloned().ok_or_else(missing));
    let series = series.collect::<Result<_, _>>()?;
    // Figures may name series that are not solved here; they were checked with all.
    let some = Analysis { series, figure: Vec::new(), ..analysis.clone() };
    let mut records = solve_all(&Experiment::of_one_point(some)?)?;
    records.iter_mut().for_each(|record| record.series = wanted[record.series]);
    Ok(records)
}

/// The direction along which the classes of a series are separable, if that is why it has no answer.
fn separating(record: &Record, analysis: &Analysis, dataset: &Dataset) -> Option<HeadRows> {
    let series = match record.ended {
        Ended::Unsolved(_) => analysis.series.get(record.series)?,
        Ended::Stationary | Ended::Stopped => return None,
    };
    let draw = Draw { seed: analysis.seed, repetition: 0 };
    let weights = analysis.weights_of(series).weights(dataset.labels().classes(), draw);
    let problem = series.problem(dataset, &weights, analysis.penalty).ok()?;
    match crate::solver::solve(&problem) {
        Outcome::Separable(found) => Some(HeadRows::of(&found.direction)),
        Outcome::Stationary(_) | Outcome::NotConverged { .. } => None,
    }
}

fn looked_at(
    asked: Look,
    analysis: &Analysis,
    records: &[Record],
    dataset: &Dataset,
) -> Result<Vec<SampleView>, LessonError> {
    let classes = dataset.labels().classes();
    match records
        .iter()
        .find(|record| record.series == asked.series)
        .filter(|_| asked.class.max(asked.predicted) < classes)
    {
        Some(record) => Ok(look(asked, analysis, record, dataset)),
        None => Err(LessonError::refused("look", "names a series or class that does not exist")),
    }
}

fn samples(design: &Design, dataset: &Dataset) -> ShownSamples {
    match design {
        Design::Groups { counts } => ShownSamples::Groups(counts.clone()),
        Design::Witness { .. } => ShownSamples::Groups(groups_of_equal_features(dataset)),
        _ if dataset.dimension() == 2 && dataset.fixed_logits().is_none() => {
            ShownSamples::Plane(plane_points(dataset))
        }
        _ => ShownSamples::Unseen,
    }
}

/// Of one-hot group features, all zero in the first group.
fn groups_of_equal_features(dataset: &Dataset) -> Vec<Vec<usize>> {
    let features = dataset.features();
    let mut counts = vec![vec![0; dataset.labels().classes()]; features.nrows() + 1];
    for (column, &label) in features.column_iter().zip(dataset.labels().class_indices()) {
        let group = column.iter().position(|&value| value != 0.0).map_or(0, |place| place + 1);
        counts[group][label as usize] += 1;
    }
    counts
}

pub(super) fn plane_points(dataset: &Dataset) -> Vec<Vec<f32>> {
    let mut of_class = vec![Vec::new(); dataset.labels().classes()];
    #[expect(clippy::cast_possible_truncation, reason = "a place on a screen")]
    for (column, &label) in dataset.features().column_iter().zip(dataset.labels().class_indices()) {
        of_class[label as usize].extend(column.iter().map(|&value| value as f32));
    }
    of_class
}

/// Steps of a curve.
const STEPS: usize = 160;
/// Largest logit of a curve.
const MAX_RANGE: f64 = 50.0;

fn profile(profiles: &Profiles) -> Result<Vec<ProfiledLoss>, LessonError> {
    lesson::check_profiles(profiles)?;
    let Profiles { counts, class, other, max_logit, .. } = profiles;
    if !(*max_logit > 0.0 && *max_logit <= MAX_RANGE) {
        return Err(LessonError::refused(
            "max_logit",
            format!("{max_logit}; give a number up to {MAX_RANGE}"),
        ));
    }
    let Some(profile) = LossProfile::new(counts, *class, other.map_or(Moved::Own, Moved::Other)) else {
        let problem =
            format!("{class} or the other class does not exist among {} with samples", counts.len());
        return Err(LessonError::refused("class", problem));
    };
    profiles.losses.iter().map(|named| profile_loss(named, &profile, *max_logit)).collect()
}

fn profile_loss(
    named: &LossNamed,
    profile: &LossProfile,
    max_logit: f64,
) -> Result<ProfiledLoss, LessonError> {
    let row = row_of(named)?;
    let mut spec = row.default.clone();
    for (name, &value) in &named.settings {
        if !spec.set(name, value) {
            return Err(LessonError::refused("losses", format!("{} has no setting {name}", row.name)));
        }
    }
    if let Some(problem) = spec.problem() {
        return Err(LessonError::refused("losses", problem));
    }
    let logits = (0..=STEPS).map(|step| max_logit * (2.0 * step as f64 / STEPS as f64 - 1.0));
    let points = profile.of(&spec, logits);
    Ok(ProfiledLoss {
        name: row.name.to_owned(),
        title: row.title.to_owned(),
        equation: row.equation.to_owned(),
        law: row.law.to_owned(),
        logit: points.iter().map(|point| point.logit).collect(),
        value: points.iter().map(|point| point.value).filter(|value| value.is_finite()).collect(),
        gradient: points.iter().map(|point| point.gradient).collect(),
    })
}

fn row_of(named: &LossNamed) -> Result<&'static LossRow, LessonError> {
    loss_named(&named.name).ok_or_else(|| LessonError::refused("losses", no_such_loss(&named.name)))
}

/// Samples that are looked at, at most.
const MAX_SAMPLES_SHOWN: usize = 12;

/// A sample and what a head says of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleView {
    /// `p^k` of the class asked about.
    pub probability: f64,
    /// Its features.
    pub features: Vec<f64>,
}

/// The samples of a class that are most probably another, or surest of their own; none where the search has no answer.
pub(super) fn look(look: Look, analysis: &Analysis, record: &Record, dataset: &Dataset) -> Vec<SampleView> {
    let (intercepts, coefficients) = (record.all(Measure::Intercept), record.all(Measure::Coefficient));
    let Some(series) = analysis.series.get(look.series).filter(|_| !intercepts.is_empty()) else {
        return Vec::new();
    };
    let head = Head {
        coefficients: DMatrix::from_row_slice(intercepts.len(), record.features, coefficients),
        intercepts: intercepts.to_vec(),
    };
    let link = series.loss.row().link;
    let features = dataset.features();
    let logits = head.logits(&features);
    let mut all = vec![Sigmoid { probability: 0.0, complement: 1.0 }; record.classes];
    let mut seen: Vec<(f64, usize)> = Vec::new();
    for (sample, &label) in dataset.labels().class_indices().iter().enumerate() {
        if label as usize == look.class {
            sample_probabilities(link, logits.column(sample).as_slice(), look.class, &mut all);
            seen.push((all[look.predicted].probability, sample));
        }
    }
    let mut order: Vec<usize> = (0..seen.len()).collect();
    sort_largest_first(&mut order, |place| seen[place].0);
    let view = |place: usize| {
        let (probability, sample) = seen[place];
        SampleView { probability, features: features.column(sample).iter().copied().collect() }
    };
    order.into_iter().take(MAX_SAMPLES_SHOWN).map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Measure, Source};
    use serde_json::{Value, json};

    fn lesson(change: impl FnOnce(&mut Value)) -> Value {
        let mut lesson = json!({ "problem": {
            "analysis": {
                "name": "two-classes", "title": "two classes", "class_weights": [1, 3],
                "measure": ["mean_probability", "outflow", "inflow", "coefficient", "intercept", "gradient"],
                "data": { "gaussian": { "means": { "at": [[-1, 0], [1, 0.5]] }, "counts": [60, 20] } },
                "series": [{ "loss": "logistic" }, { "loss": "softmax" }],
            },
        }});
        change(&mut lesson["problem"]);
        lesson
    }

    fn ask(lesson: Value) -> Result<Solved, String> {
        let lesson: Lesson = serde_json::from_value(lesson).map_err(|error| error.to_string())?;
        match solve(&lesson).map_err(|error| error.to_string())? {
            Answer::Problem(solved) => Ok(*solved),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_is_what_its_own_file_gives() {
        let solved = ask(lesson(|_| {})).expect("solved");
        assert_eq!(solved.names, ["LGL", "SML"]);
        let source = Source { name: "saved".to_owned(), text: solved.file.clone(), directory: ".".into() };
        let again = solve_all(&source.experiment(&[]).expect("a file that is read")).expect("solved");
        assert_eq!(again, solved.records);
        // B1: what positives withhold, negatives give.
        let [outflow, inflow] =
            [Measure::Outflow, Measure::Inflow].map(|measure| solved.records[0].all(measure)[1]);
        assert!((outflow - inflow).abs() <= 1e-12 * outflow && outflow > 0.1);
        let ShownSamples::Plane(points) = &solved.samples else { panic!("two features make a plane") };
        assert_eq!(points.iter().map(Vec::len).collect::<Vec<_>>(), [120, 40]);
    }

    #[test]
    fn separable_classes_come_with_a_line_between_them() {
        let apart = |penalty: f64| {
            let solved = ask(lesson(|problem| {
                problem["analysis"]["data"]["gaussian"]["means"]["at"] = json!([[-6, 0], [6, 0.5]]);
                problem["analysis"]["penalty"] = json!(penalty);
            }));
            solved.expect("an answer")
        };
        let solved = apart(0.0);
        let ShownSamples::Plane(points) = &solved.samples else { panic!("two features make a plane") };
        for direction in &solved.separating {
            let direction = direction.as_ref().expect("a line");
            // Two rows are the two classes' logits, of which the second less the first decides.
            let rows = direction.coefficients.len();
            let logit = |row: usize, point: &[f32]| {
                let along = direction.coefficients[row].iter().zip(point);
                along.map(|(w, x)| w * f64::from(*x)).sum::<f64>() + direction.intercepts[row]
            };
            for (class, sign) in [(0, -1.0), (1, 1.0)] {
                for point in points[class].chunks(2) {
                    let margin = logit(rows - 1, point) - if rows == 2 { logit(0, point) } else { 0.0 };
                    assert!(sign * margin > 0.0, "{class}: {point:?} {margin}");
                }
            }
        }
        assert!(apart(1e-3).separating.iter().all(Option::is_none));
    }

    #[test]
    fn series_that_are_solved_apart_are_those_that_are_solved_together() {
        let together = ask(lesson(|_| {})).expect("solved");
        let apart = |only: Value| ask(lesson(|problem| problem["only"] = only));
        for place in [0, 1] {
            let solved = apart(json!([place])).expect("solved");
            assert_eq!(solved.records, together.records[place..=place]);
            assert_eq!((solved.file, solved.names), (together.file.clone(), together.names.clone()));
        }
        assert_eq!(apart(json!([1, 0])).expect("solved").records[0], together.records[1]);
        for (only, expected) in [(json!([2]), "does not exist"), (json!([]), "no series")] {
            let error = apart(only).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn same_lesson_same_bytes_on_one_thread_and_on_many() {
        let bytes = || serde_json::to_vec(&ask(lesson(|_| {})).expect("solved")).expect("written");
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        assert_eq!(alone.install(bytes), bytes());
    }

    #[test]
    fn groups_of_a_witness_hold_its_samples() {
        let witness = json!({ "witness": { "counts": [90, 30, 60], "outflows": [1.0, 1.0, 0.0] } });
        let solved = ask(lesson(|problem| {
            problem["analysis"]["data"] = witness;
            problem["analysis"]["class_weights"] = json!("balanced");
            problem["analysis"]["series"] = json!([{ "loss": "softmax" }]);
        }));
        let ShownSamples::Groups(groups) = solved.expect("solved").samples else { panic!("groups") };
        let totals = (0..3).map(|class| groups.iter().map(|group| group[class]).sum::<usize>());
        assert_eq!(totals.collect::<Vec<_>>(), [90, 30, 60]);
    }

    #[test]
    fn what_is_looked_at_are_the_samples_of_highest_probability() {
        let digits = |look: Value| {
            lesson(|problem| {
                problem["analysis"]["data"] = json!({ "digits": { "classes": [3, 8], "counts": [40, 20] } });
                problem["analysis"]["penalty"] = json!(0.01);
                problem["look"] = look;
            })
        };
        let solved = ask(digits(json!({ "series": 1, "class": 1, "predicted": 0 }))).expect("solved");
        let seen = solved.seen.expect("asked for");
        assert_eq!((seen.len(), seen[0].features.len()), (12, 64));
        assert!(seen.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
        // None of the twenty has a higher one, so the twelve are at least as likely as the mean.
        let mean = solved.records[1].all(Measure::MeanProbability)[2];
        assert!(seen.iter().map(|sample| sample.probability).sum::<f64>() / 12.0 >= mean);
        let error =
            ask(digits(json!({ "series": 2, "class": 0, "predicted": 0 }))).expect_err("no third series");
        assert!(error.contains("`look`: names a series or class that does not exist"), "{error}");
    }

    #[test]
    fn searches_without_an_answer_say_so() {
        let apart = json!({ "gaussian": { "means": { "at": [[-9, 0], [9, 0]] }, "counts": [30, 30] } });
        let solved = ask(lesson(|problem| problem["analysis"]["data"] = apart)).expect("answered");
        let ended = &solved.records[0].ended;
        assert!(
            matches!(ended, crate::analysis::Ended::Unsolved(why) if why.contains("separable")),
            "{ended:?}"
        );
    }

    #[test]
    fn what_is_too_much_or_not_for_a_page_is_refused_before_it_is_drawn() {
        let huge = usize::MAX;
        for (key, value, expected) in [
            (
                "data",
                json!({ "gaussian": { "means": { "at": [[0], [1]] }, "counts": [huge, 7] } }),
                "samples: ",
            ),
            (
                "data",
                json!({ "gaussian": { "means": { "simplex": { "classes": huge, "distance": 1.0 } }, "counts": { "exponential": { "largest": 9, "ratio": 2.0 } } } }),
                "classes",
            ),
            (
                "data",
                json!({ "gaussian": { "means": { "random": { "classes": 2, "dimension": huge, "spread": 1.0 } }, "counts": [5, 5] } }),
                "features: ",
            ),
            ("data", json!({ "random_groups": { "groups": huge, "counts": [5, 5] } }), "samples: "),
            ("data", json!({ "csv": { "path": "/etc/passwd", "label": "y" } }), "read from files"),
            ("data", json!({ "images": { "path": "/", "counts": [5, 5] } }), "read from files"),
            ("repetitions", json!(2), "several points"),
            ("sweep", json!([{ "name": "seed", "keys": ["seed"], "values": [1, 2] }]), "several points"),
            ("training", json!({}), "too long"),
            (
                "series",
                json!([{ "loss": "logistic", "optimizer": { "lbfgs": { "iterations": u64::MAX } } }]),
                "iterations: ",
            ),
            ("series", json!([]), "no series"),
            ("measure", json!([]), "nothing to measure"),
            ("penalty", json!(-1.0), "-1"),
            ("colour", json!("red"), "unknown field `colour`"),
        ] {
            let error = ask(lesson(|problem| problem["analysis"][key] = value)).expect_err(expected);
            assert!(error.contains(expected) && !error.contains('\n'), "{key}: {error}");
        }
    }

    #[test]
    fn curves_of_losses_are_answered_with_their_laws() {
        let profiles = |losses: Value| -> Result<Answer, String> {
            let lesson = json!({ "losses": { "losses": losses, "counts": [100, 30, 10], "class": 2, "max_logit": 6.0 } });
            let lesson: Lesson = serde_json::from_value(lesson).map_err(|error| error.to_string())?;
            solve(&lesson).map_err(|error| error.to_string())
        };
        let answer =
            profiles(json!([{ "name": "softmax" }, { "name": "focal", "settings": { "gamma": 0.0 } }]));
        let Ok(Answer::Losses(answer)) = answer else { panic!("{answer:?}") };
        // Without sharpness focal loss is softmax.
        for (one, other) in answer[0].gradient.iter().zip(&answer[1].gradient) {
            assert!((one - other).abs() < 1e-15, "{one} {other}");
        }
        assert!((answer[0].gradient[STEPS / 2] + 2.0 / 3.0).abs() < 1e-15 && answer[0].law.starts_with("B5"));
        for (losses, expected) in [
            (json!([{ "name": "hinge" }]), "hinge: no loss"),
            (json!([{ "name": "softmax", "settings": { "gamma": 1.0 } }]), "no setting gamma"),
            (json!([{ "name": "focal", "settings": { "gamma": -1.0 } }]), "gamma = -1"),
        ] {
            let error = profiles(losses).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }
}
