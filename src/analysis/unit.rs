//! Units of work: one problem each, with a key that names everything its result depends on; and their distribution over
//! shards.

use super::cost::Costs;
use super::descend::{End, descend};
use super::error::AnalysisError;
use super::file::Experiment;
use super::free_features::freed;
use super::measure::Measure;
use super::networks::{TrainedNetwork, TrainedNetworks};
use super::observe::{is_trace, observe};
use super::records::{Ended, Record};
use super::specification::{
    Analysis, Design, Draw, Loss, Series, SeriesOptimizer, TestSamples, TrainingSpec, WeightRule,
};
use super::store::Shard;
use super::train::{Refused, Task, Trained};
use crate::code::CODE;
use crate::data::DataError;
use crate::files::{open_input, short_digest};
use crate::solver::Problem;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A problem to solve: a series at a sweep point, on one draw.
pub(super) struct Unit<'a> {
    pub(super) key: String,
    /// Number of the sweep point.
    pub(super) point: usize,
    at: Vec<usize>,
    series: usize,
    repetition: u64,
    analysis: &'a Analysis,
    kind: UnitKind,
    /// Key of the training, where two series share it because only one of them is polished.
    shared_training: Option<String>,
}

/// What is done for a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum UnitKind {
    /// A head is solved for.
    Solve,
    /// A network is trained.
    Train,
    /// A network is trained with a learning rate to see how that does.
    Try(f64),
}

/// Learning rates tried for a series at a sweep point, and the mean recall of each; NaN where training failed.
pub(super) type Trials = Vec<(f64, f64)>;

/// Everything that the result of a unit depends on.
#[derive(Serialize)]
struct Identity<'a> {
    /// Digest of the code that computes it.
    code: &'a str,
    data: &'a Design,
    /// Digest of the data file, if there is one.
    contents: Option<&'a str>,
    loss: &'a Loss,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
    optimizer: SeriesOptimizer,
    class_weights: &'a WeightRule,
    penalty: f64,
    seed: u64,
    repetition: u64,
    measure: &'a [Measure],
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a TestSamples>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<&'a TrainingSpec>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    polished: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<f64>,
}

impl Identity<'_> {
    fn key(&self) -> Result<String, AnalysisError> {
        let bytes = serde_json::to_vec(self);
        let bytes = bytes.map_err(|error| AnalysisError::specification("analysis", error.to_string()))?;
        Ok(digest(&bytes))
    }
}

/// The source of the samples of a sweep point, as it enters keys.
pub(super) struct Origin {
    /// The design without its file path: the contents of the files matter, not their place.
    data: Design,
    /// Test samples, in the same way.
    test: Option<TestSamples>,
    /// Digest of the files, if there are any.
    contents: Option<String>,
}

/// Those of all points; every set of files is read once.
pub(super) fn origins(experiment: &Experiment) -> Result<Vec<Origin>, AnalysisError> {
    let mut digests: HashMap<Vec<PathBuf>, String> = HashMap::new();
    let origin = |analysis: &Analysis| {
        let wrong = |error: DataError| AnalysisError::specification("data", error.to_string());
        let mut files = analysis.data.files().map_err(wrong)?;
        files.extend(analysis.test_file().map(Path::to_owned));
        if analysis.training.as_ref().is_some_and(TrainingSpec::tests_on_part) {
            files.extend(analysis.data.test_files().map_err(wrong)?);
        }
        if !files.is_empty() && !digests.contains_key(&files) {
            digests.insert(files.clone(), digest_of_files(&files)?);
        }
        let mut nameless = analysis.clone();
        nameless.rename_files(|_| PathBuf::new());
        Ok(Origin { data: nameless.data, test: nameless.test, contents: digests.get(&files).cloned() })
    };
    experiment.points.iter().map(origin).collect()
}

/// All units of an experiment, in the order of its records: points, series, repetitions.
pub(super) fn units<'a>(
    experiment: &'a Experiment,
    origins: &[Origin],
) -> Result<Vec<Unit<'a>>, AnalysisError> {
    let mut units = Vec::new();
    for (point, (analysis, origin)) in experiment.points.iter().zip(origins).enumerate() {
        let kind = if analysis.training.is_some() { UnitKind::Train } else { UnitKind::Solve };
        for series in 0..analysis.series.len() {
            for repetition in 0..analysis.repetitions {
                units.push(Unit::new(experiment, (point, origin), (series, repetition), kind)?);
            }
        }
    }
    Ok(units)
}

/// The unit of which a record says that it is its own; `None` if the experiment has no such place.
fn unit_at<'a>(experiment: &'a Experiment, origins: &[Origin], record: &Record) -> Option<Unit<'a>> {
    let point = experiment.point_at(&record.at)?;
    let analysis = experiment.points.get(point).filter(|analysis| record.series < analysis.series.len())?;
    let kind = if analysis.training.is_some() { UnitKind::Train } else { UnitKind::Solve };
    Unit::new(experiment, (point, origins.get(point)?), (record.series, record.repetition), kind).ok()
}

/// The trials of learning rates that an experiment asks for, in the order of its points, series and rates; all on the first
/// draw.
pub(super) fn trials<'a>(
    experiment: &'a Experiment,
    origins: &[Origin],
) -> Result<Vec<Unit<'a>>, AnalysisError> {
    let mut trials = Vec::new();
    for (point, (analysis, origin)) in experiment.points.iter().zip(origins).enumerate() {
        let Some(training) = analysis.training.as_ref().filter(|training| training.tries_first()) else {
            continue;
        };
        for series in 0..analysis.series.len() {
            for &rate in &training.rates {
                trials.push(Unit::new(experiment, (point, origin), (series, 0), UnitKind::Try(rate))?);
            }
        }
    }
    Ok(trials)
}

impl<'a> Unit<'a> {
    fn new(
        experiment: &'a Experiment,
        (point, origin): (usize, &Origin),
        (number, repetition): (usize, u64),
        kind: UnitKind,
    ) -> Result<Self, AnalysisError> {
        let analysis = &experiment.points[point];
        let series = &analysis.series[number];
        let trial = if let UnitKind::Try(rate) = kind { Some(rate) } else { None };
        let identity = Identity {
            code: CODE,
            data: &origin.data,
            contents: origin.contents.as_deref(),
            loss: &series.loss,
            batch: series.batch,
            optimizer: series.optimizer,
            class_weights: analysis.weights_of(series),
            penalty: analysis.penalty,
            seed: analysis.seed,
            repetition,
            measure: if trial.is_some() { &[] } else { &analysis.measure },
            test: origin.test.as_ref(),
            training: analysis.training.as_ref(),
            polished: series.polished,
            trial,
        };
        let key = identity.key()?;
        let shares = kind == UnitKind::Train
            && !analysis.measure.iter().any(|&measure| is_trace(measure))
            && analysis.series.iter().any(|other| series.differs_in_polish(other));
        let shared_training =
            if shares { Some(Identity { polished: false, ..identity }.key()?) } else { None };
        let at = experiment.places(point);
        Ok(Self { key, point, at, series: number, repetition, analysis, kind, shared_training })
    }

    /// Whether another series trains the network, and this one polishes it.
    pub(super) fn only_polishes(&self) -> bool {
        self.shared_training.is_some() && self.analysis.series[self.series].polished
    }

    /// Whether this unit is a training whose learning rate `trial` is one of those tried for.
    pub(super) fn waits_for(&self, trial: &Self) -> bool {
        (self.series, &self.at) == (trial.series, &trial.at)
    }

    /// Whether it waits for trials of learning rates.
    pub(super) fn chooses(&self) -> bool {
        self.kind == UnitKind::Train && self.analysis.training.as_ref().is_some_and(TrainingSpec::tries_first)
    }

    /// Series and sweep point, by which units wait for the same trials.
    fn asks_for(&self) -> (usize, &[usize]) {
        (self.series, &self.at)
    }

    /// What it is a problem of.
    pub(super) fn asks(&self) -> (&Analysis, &Series) {
        (self.analysis, &self.analysis.series[self.series])
    }

    /// What is done for it.
    pub(super) fn kind(&self) -> UnitKind {
        self.kind
    }

    /// Whether the work is to train a network, which keeps a thread busy for long.
    pub(super) fn trains(&self) -> bool {
        self.kind != UnitKind::Solve
    }

    /// The learning rate of a trial and the recall in its record.
    pub(super) fn tried(&self, record: &Record) -> Option<(f64, f64)> {
        let UnitKind::Try(rate) = self.kind else { return None };
        Some((rate, record.all(Measure::HeldOutRecall).first().copied().unwrap_or(f64::NAN)))
    }
}

/// Of one file its digest, of several that of theirs.
fn digest_of_files(files: &[PathBuf]) -> Result<String, AnalysisError> {
    let of_file = |path: &PathBuf| match digest_of_file(path) {
        Ok(digest) => Ok(digest),
        Err(error) => Err(AnalysisError::Unreadable { path: path.clone(), reason: error.to_string() }),
    };
    let digests: Vec<String> = files.iter().map(of_file).collect::<Result<_, _>>()?;
    Ok(if let [one] = digests.as_slice() { one.clone() } else { digest(digests.concat().as_bytes()) })
}

/// Read in pieces, however large the file is.
fn digest_of_file(path: &Path) -> std::io::Result<String> {
    let (mut file, mut digest, mut piece) = (open_input(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(short_digest(digest)),
            length => digest.update(&piece[..length]),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    short_digest(Sha256::new_with_prefix(bytes))
}

impl Unit<'_> {
    /// Draws, solves or trains, and measures. `trials` are the learning rates that were tried, if any were; `networks` those that
    /// are trained already.
    pub(super) fn carry_out(
        &self,
        experiment: &Experiment,
        trials: &Trials,
        networks: &TrainedNetworks,
    ) -> Result<Record, AnalysisError> {
        match self.kind {
            UnitKind::Solve => self.solve(experiment),
            UnitKind::Train => self.train(experiment, trials, networks),
            UnitKind::Try(rate) => self.try_out(experiment, rate),
        }
    }

    fn task(&self, rate: f64) -> Task<'_> {
        let (analysis, series) = (self.analysis, &self.analysis.series[self.series]);
        Task { analysis, series, draw: Draw { seed: analysis.seed, repetition: self.repetition }, rate }
    }

    fn impossible(&self, experiment: &Experiment, why: String) -> AnalysisError {
        AnalysisError::Impossible {
            problem: experiment.problem_name(self.series, &self.at, self.repetition),
            why,
        }
    }

    /// A training that has no end is an answer of the trial too.
    fn try_out(&self, experiment: &Experiment, rate: f64) -> Result<Record, AnalysisError> {
        let (ended, recall) = match self.task(rate).held_out_recall() {
            Ok(recall) => (Ended::Stopped, recall),
            Err(Refused::Endless(why)) => (Ended::Unsolved(why), f64::NAN),
            Err(Refused::Impossible(why)) => return Err(self.impossible(experiment, why)),
        };
        Ok(self.record(ended, (0, 0), BTreeMap::from([(Measure::HeldOutRecall, vec![recall])])))
    }

    fn train(
        &self,
        experiment: &Experiment,
        trials: &Trials,
        networks: &TrainedNetworks,
    ) -> Result<Record, AnalysisError> {
        let of_recipe = self.analysis.training.as_ref().map_or(f64::NAN, TrainingSpec::only_rate);
        // The first of equals: the order of rates is the analysis's.
        let better = |best: Option<(f64, f64)>, &(rate, recall): &(f64, f64)| match best {
            Some((_, highest)) if highest >= recall => best,
            _ if recall.is_nan() => best,
            _ => Some((rate, recall)),
        };
        let rate = trials.iter().fold(None, better).map_or(of_recipe, |(rate, _)| rate);
        let shared = self.shared_training.as_deref();
        let earlier = shared.and_then(|key| networks.take(key));
        // The second of the two series leaves nothing for a third.
        let wanted_again = shared.filter(|_| earlier.is_none());
        let keep = |network: TrainedNetwork| {
            if let Some(key) = wanted_again {
                networks.keep(key, network);
            }
        };
        match self.task(rate).carry_out(&self.analysis.measure, earlier, keep) {
            Ok(Trained { ended, classes, features, mut measured }) => {
                for (measure, numbers) in measured.iter_mut().filter(|_| !trials.is_empty()) {
                    match measure {
                        Measure::TriedRate => *numbers = trials.iter().map(|trial| trial.0).collect(),
                        Measure::HeldOutRecall => *numbers = trials.iter().map(|trial| trial.1).collect(),
                        _ => {}
                    }
                }
                Ok(self.record(ended, (classes, features), measured))
            }
            Err(Refused::Endless(why)) => Ok(self.record(Ended::Unsolved(why), (0, 0), BTreeMap::new())),
            Err(Refused::Impossible(why)) => Err(self.impossible(experiment, why)),
        }
    }

    fn solve(&self, experiment: &Experiment) -> Result<Record, AnalysisError> {
        let impossible = |why: String| self.impossible(experiment, why);
        let (analysis, series) = (self.analysis, &self.analysis.series[self.series]);
        let draw = Draw { seed: analysis.seed, repetition: self.repetition };
        let (dataset, test) = analysis.samples(draw).map_err(|error| impossible(error.to_string()))?;
        let classes = dataset.labels().classes();
        let weights = analysis.weights_of(series).weights(classes, draw);
        let dataset = match freed(analysis, dataset, &weights) {
            Ok(dataset) => dataset,
            Err(why) => return Ok(self.record(Ended::Unsolved(why), (classes, classes), BTreeMap::new())),
        };
        let problem = series.problem(&dataset, &weights, analysis.penalty).map_err(impossible)?;
        let traced = analysis.measure.iter().any(|&measure| is_trace(measure));
        let descended = descend(&problem, &dataset, series.optimizer, traced);
        let measured =
            observe(&analysis.measure, &problem, &dataset, test.as_ref(), &descended).map_err(impossible)?;
        let ended = match descended.end {
            End::Stationary(_) => Ended::Stationary,
            End::Stopped(_) => Ended::Stopped,
            End::Unsolved(why) => Ended::Unsolved(why),
        };
        let dependent_columns =
            if analysis.data.table().is_some() { relations(&problem) } else { Vec::new() };
        Ok(Record { dependent_columns, ..self.record(ended, (classes, dataset.dimension()), measured) })
    }

    /// The record of this unit with what another of the same key left.
    pub(super) fn record_from(&self, other: &Record) -> Record {
        Record {
            dependent_columns: other.dependent_columns.clone(),
            ..self.record(other.ended.clone(), (other.classes, other.features), other.measured.clone())
        }
    }

    fn record(
        &self,
        ended: Ended,
        (classes, features): (usize, usize),
        measured: BTreeMap<Measure, Vec<f64>>,
    ) -> Record {
        Record {
            key: self.key.clone(),
            at: self.at.clone(),
            series: self.series,
            repetition: self.repetition,
            ended,
            classes,
            features,
            dependent_columns: Vec::new(),
            measured,
        }
    }
}

/// How the columns of a problem's table depend on each other, in words.
fn relations(problem: &Problem) -> Vec<String> {
    problem.conditioning().dependent_columns.iter().map(|dependence| dependence.relation.clone()).collect()
}

/// All units of an experiment.
pub(super) struct WorkList<'a> {
    experiment: &'a Experiment,
    origins: Vec<Origin>,
    /// In the order of records.
    pub(super) units: Vec<Unit<'a>>,
    /// Trials of learning rates, on whose outcome trainings wait.
    pub(super) trials: Vec<Unit<'a>>,
    /// Units by number, without duplicates: units whose key an earlier one has.
    distinct: Vec<usize>,
}

impl<'a> WorkList<'a> {
    /// Of an experiment, whose files are read for their digests.
    pub(super) fn of(experiment: &'a Experiment) -> Result<Self, AnalysisError> {
        let origins = origins(experiment)?;
        let units = units(experiment, &origins)?;
        let trials = trials(experiment, &origins)?;
        let mut seen: HashSet<&str> = HashSet::new();
        let distinct = (0..units.len()).filter(|&number| seen.insert(&units[number].key)).collect();
        Ok(Self { experiment, origins, units, trials, distinct })
    }

    /// Each problem once, or those of a part.
    pub(super) fn of_part(&self, shard: Option<Shard>) -> Result<Vec<&Unit<'a>>, AnalysisError> {
        let Some(shard) = shard else {
            return Ok(self.distinct.iter().map(|&number| &self.units[number]).collect());
        };
        Ok(self.in_parts(shard.of)?.swap_remove(shard.number - 1))
    }

    /// Each problem once, dealt out among so many shards.
    pub(super) fn in_parts(&self, of: usize) -> Result<Vec<Vec<&Unit<'a>>>, AnalysisError> {
        let mut dealt = vec![Vec::new(); of];
        for (&number, part) in self.distinct.iter().zip(self.parts(of)?) {
            dealt[part].push(&self.units[number]);
        }
        Ok(dealt)
    }

    /// Trials that units wait for.
    pub(super) fn awaited(&self, open: &[&Unit]) -> Vec<&Unit<'a>> {
        self.trials.iter().filter(|trial| open.iter().any(|unit| unit.waits_for(trial))).collect()
    }

    /// The shard, from 0, of each distinct unit. The costliest unit goes first, each to the shard with the least work,
    /// so that every machine cuts alike. Units that wait for the same trials stay together.
    fn parts(&self, of: usize) -> Result<Vec<usize>, AnalysisError> {
        let mut costs = Costs::default();
        let mut bundles: BTreeMap<usize, (f64, Vec<usize>)> = BTreeMap::new();
        let mut first_of: HashMap<(usize, &[usize]), usize> = HashMap::new();
        for (place, &number) in self.distinct.iter().enumerate() {
            let unit = &self.units[number];
            let bundle =
                if unit.chooses() { *first_of.entry(unit.asks_for()).or_insert(place) } else { place };
            let (cost, members) = bundles.entry(bundle).or_default();
            *cost += costs.seconds(unit)?;
            members.push(place);
        }
        let mut order: Vec<&(f64, Vec<usize>)> = bundles.values().collect();
        order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1[0].cmp(&other.1[0])));
        let (mut loads, mut parts) = (vec![0.0_f64; of], vec![0; self.distinct.len()]);
        for (cost, members) in order {
            let least = (0..of).fold(0, |least, part| if loads[part] < loads[least] { part } else { least });
            loads[least] += cost;
            members.iter().for_each(|&place| parts[place] = least);
        }
        Ok(parts)
    }

    /// What finished records are to this work.
    pub(super) fn known(&self) -> Known<'_> {
        let keys = self.units.iter().chain(&self.trials).map(|unit| unit.key.as_str()).collect();
        Known { keys, work: self }
    }
}

/// What a finished record is to an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// That of one of its problems.
    Now,
    /// That of a further repetition than it has now.
    Later,
    /// That of another problem, or of another build of this program.
    Never,
}

/// The problems of an analysis, by which its records are known.
pub(super) struct Known<'w> {
    keys: HashSet<&'w str>,
    work: &'w WorkList<'w>,
}

impl Known<'_> {
    /// What a record is to the analysis.
    pub(super) fn use_of(&self, record: &Record) -> Use {
        if self.keys.contains(record.key.as_str()) {
            return Use::Now;
        }
        let WorkList { experiment, origins, .. } = self.work;
        match unit_at(experiment, origins, record) {
            Some(unit) if unit.key == record.key => Use::Later,
            _ => Use::Never,
        }
    }
}
