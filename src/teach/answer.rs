//! From a lesson to its answer: the one call of the page.

use super::lesson::{Lesson, LessonError, Look, LossNamed, Posed, Profiles};
use super::limits;
use super::look::{SeenSample, look};
use crate::analysis::specification::{Analysis, Design, Draw, Series};
use crate::analysis::{Experiment, Record, solve_in_turn};
use crate::data::Dataset;
use crate::loss::{CATALOGUE, Choices, LossEntry, LossProfile, Moved, loss_named};
use serde::Serialize;

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What losses settle to.
    Problem(Box<Solved>),
    /// How losses change with one logit.
    Losses(Vec<ProfiledLoss>),
    /// The losses there are.
    Catalogue(Vec<ListedLoss>),
}

/// A loss of the catalogue and what can be set of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedLoss {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// Name, default and largest value of each number it hangs on.
    pub settings: Vec<(&'static str, f64, f64)>,
}

/// A problem, solved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Solved {
    /// The analysis as a file that `equipoise run` accepts.
    pub file: String,
    /// Name of each series.
    pub names: Vec<String>,
    /// The samples, for drawing.
    pub samples: Samples,
    /// What was measured, a record for each series: the very records that `equipoise run` writes of that file.
    pub records: Vec<Record>,
    /// The samples that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Vec<SeenSample>>,
}

/// Samples as a picture needs them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Samples {
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
    /// Its derivative by that logit.
    pub gradient: Vec<f64>,
}

/// Answers a lesson.
///
/// Fails when the lesson is too large (see the limits), reads files, or is unsound. A search without an answer is no
/// failure: its record says how it ended.
pub fn solve(lesson: &Lesson) -> Result<Answer, LessonError> {
    match lesson {
        Lesson::Problem(posed) => solve_problem(posed).map(|solved| Answer::Problem(Box::new(solved))),
        Lesson::Losses(profiles) => profile(profiles).map(Answer::Losses),
        Lesson::Catalogue => Ok(Answer::Catalogue(CATALOGUE.iter().map(listed).collect())),
    }
}

fn solve_problem(posed: &Posed) -> Result<Solved, LessonError> {
    limits::check(posed)?;
    let experiment = Experiment::of_one_point(posed.analysis.clone())?;
    let analysis = &experiment.analysis;
    let records = solve_in_turn(&experiment)?;
    let dataset = analysis.data.sample(Draw { seed: analysis.seed, repetition: 0 });
    let dataset = dataset.map_err(|error| LessonError::refused("data", error.to_string()))?;
    let seen = posed.look.map(|asked| looked_at(asked, analysis, &records, &dataset)).transpose()?;
    let file = toml::to_string(analysis);
    Ok(Solved {
        file: file.map_err(|error| LessonError::refused("analysis", error.to_string()))?,
        names: analysis.series.iter().map(Series::name).collect(),
        samples: samples(&analysis.data, &dataset),
        records,
        seen,
    })
}

fn looked_at(
    asked: Look,
    analysis: &Analysis,
    records: &[Record],
    dataset: &Dataset,
) -> Result<Vec<SeenSample>, LessonError> {
    let classes = dataset.labels().classes();
    match records.get(asked.series).filter(|_| asked.class.max(asked.predicted) < classes) {
        Some(record) => Ok(look(asked, analysis, record, dataset)),
        None => Err(LessonError::refused("look", "names a series or class that does not exist")),
    }
}

fn samples(design: &Design, dataset: &Dataset) -> Samples {
    match design {
        Design::Groups { counts } => Samples::Groups(counts.clone()),
        Design::Witness { .. } => Samples::Groups(groups_told_by_features(dataset)),
        _ if dataset.dimension() == 2 && dataset.fixed_logits().is_none() => {
            Samples::Plane(plane_points(dataset))
        }
        _ => Samples::Unseen,
    }
}

/// Of one-hot group features, all zero in the first group.
fn groups_told_by_features(dataset: &Dataset) -> Vec<Vec<usize>> {
    let features = dataset.features();
    let mut counts = vec![vec![0; dataset.labels().classes()]; features.nrows() + 1];
    for (column, &label) in features.column_iter().zip(dataset.labels().of_sample()) {
        let group = column.iter().position(|&value| value != 0.0).map_or(0, |place| place + 1);
        counts[group][label as usize] += 1;
    }
    counts
}

fn plane_points(dataset: &Dataset) -> Vec<Vec<f32>> {
    let mut of_class = vec![Vec::new(); dataset.labels().classes()];
    #[expect(clippy::cast_possible_truncation, reason = "a place on a screen")]
    for (column, &label) in dataset.features().column_iter().zip(dataset.labels().of_sample()) {
        of_class[label as usize].extend(column.iter().map(|&value| value as f32));
    }
    of_class
}

fn listed(entry: &LossEntry) -> ListedLoss {
    let parameters = entry.plan(&Choices::default()).parameters();
    let settings = entry.settings.iter().filter_map(|setting| {
        let parameter = parameters.iter().find(|parameter| parameter.name == setting.name)?;
        Some((setting.name, setting.default, parameter.most))
    });
    ListedLoss { name: entry.name, title: entry.title, settings: settings.collect() }
}

/// Steps of a curve.
const STEPS: usize = 160;
/// Largest logit of a curve.
const MOST_REACH: f64 = 50.0;

fn profile(profiles: &Profiles) -> Result<Vec<ProfiledLoss>, LessonError> {
    limits::check_profiles(profiles)?;
    let Profiles { counts, class, other, reach, .. } = profiles;
    if !(*reach > 0.0 && *reach <= MOST_REACH) {
        return Err(LessonError::refused("reach", format!("{reach}; give a number up to {MOST_REACH}")));
    }
    let Some(profile) = LossProfile::new(counts, *class, other.map_or(Moved::Own, Moved::Other)) else {
        let problem = format!("{class} or the other class does not exist among {} with samples", counts.len());
        return Err(LessonError::refused("class", problem));
    };
    profiles.losses.iter().map(|named| profile_loss(named, &profile, *reach)).collect()
}

fn profile_loss(named: &LossNamed, profile: &LossProfile, reach: f64) -> Result<ProfiledLoss, LessonError> {
    let entry = entry(named)?;
    let chosen = entry.settings.iter().map(|setting| setting.name);
    let numbers = chosen.filter_map(|name| Some((name, *named.settings.get(name)?))).collect();
    let plan = entry.plan(&Choices { numbers, ..Choices::default() });
    if let Some(problem) = plan.problem() {
        return Err(LessonError::refused("losses", problem));
    }
    let logits = (0..=STEPS).map(|step| reach * (2.0 * step as f64 / STEPS as f64 - 1.0));
    let points = profile.of(&plan, logits);
    Ok(ProfiledLoss {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        equation: entry.equation.to_owned(),
        law: entry.law.to_owned(),
        logit: points.iter().map(|point| point.logit).collect(),
        value: points.iter().map(|point| point.value).filter(|value| value.is_finite()).collect(),
        gradient: points.iter().map(|point| point.gradient).collect(),
    })
}

fn entry(named: &LossNamed) -> Result<&'static LossEntry, LessonError> {
    let Some(entry) = loss_named(&named.name) else {
        let known: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
        let problem = format!("{}: no loss; there are {}", named.name, known.join(", "));
        return Err(LessonError::refused("losses", problem));
    };
    match named.settings.keys().find(|name| !entry.takes(name)) {
        Some(name) => Err(LessonError::refused("losses", format!("{} has no setting {name}", entry.name))),
        None => Ok(entry),
    }
}
