//! The work of an analysis: its units, each problem once, and their distribution over shards.

use super::cost::Costs;
use super::error::AnalysisError;
use super::experiment::Experiment;
use super::records::Record;
use super::store::Shard;
use super::unit::{Origin, Unit, origins, trials, unit_at, units};
use std::collections::{BTreeMap, HashMap, HashSet};

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
