//! Experiments: the problems solved for a figure, and their records. A record is written once and read by the figure,
//! its caption, the report and the tests.
//!
//! Most experiments are files ([`specification`] says what they may hold; those in `analyses/` are embedded in the
//! program): [`Source`] reads one into a checked [`Experiment`], [`run()`] solves its problems into a [`Store`], and the
//! [`Results`] are drawn by the module `figure`. Two are not: `balance_law`, which looks at the problems of the claims,
//! and `scaling`, which the benchmark measures.

pub mod balance_law;
pub mod scaling;
pub mod specification;

mod caption;
mod check;
mod check_figure;
mod comparison;
mod comparison_text;
mod cost;
mod descend;
mod error;
mod file;
mod free_features;
mod measure;
mod networks;
mod observe;
mod paired;
#[cfg(feature = "parquet")]
mod parquet_table;
mod rate_search;
mod records;
mod run;
mod schema;
mod shipped;
mod store;
pub mod summary;
mod toml_text;
mod train;
mod unit;

pub use caption::caption;
pub use comparison::{
    Comparison, FamilyDifferences, Pair, PointMeans, SeriesMeans, compare, differences, has_failed,
};
pub use comparison_text::{ComparisonTable, comparison_tables};
pub(crate) use cost::predicted_seconds;
pub use cost::{Estimate, Searches, Until, estimate, memory_at_once, memory_of_records};
pub use error::AnalysisError;
pub use file::{Experiment, Override, Source, SweptAxis};
pub use measure::{DisplayUnit, Measure, Selector, Shape};
pub use paired::{Draws, FEWEST_PAIRS, Inference, LEVEL, POWER, PairedDifference};
pub use records::{Ended, Record, Results, mean_of};
pub use run::{
    Event, MissingShard, Workload, experiment_of_shard, missing_shards, run, run_shard, solve_all,
};
pub use schema::{measures, schema};
pub use shipped::{SHIPPED, Shipped};
#[cfg(feature = "parquet")]
pub use store::write_parquet;
pub use store::{
    Merge, SLURM_ARRAY, SLURM_JOBS, SLURM_MERGE, Shard, ShardState, Store, Survey, SurveyedFile, prune,
    spare_inputs,
};
pub use toml_text::{TomlError, read_toml};
