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
mod check_axis;
mod check_figure;
mod comparison;
mod comparison_words;
mod cost;
mod descend;
mod error;
mod estimate;
mod experiment;
mod fault;
mod file;
mod keys;
mod logit_measures;
mod measure;
mod observe;
#[cfg(feature = "parquet")]
mod parquet_table;
mod records;
mod run;
mod schema;
mod shipped;
mod store;
pub mod summary;
mod table;
mod tested;
mod train;
mod unit;
mod values;
mod work_list;

pub use caption::caption;
pub use comparison::{ComparedSeries, Comparison, PairedTest, comparisons};
pub use comparison_words::{ComparisonTable, comparison_tables, marks};
pub(crate) use cost::predicted_seconds;
pub use error::AnalysisError;
pub use estimate::{Estimate, estimate, memory_at_once, memory_of_records};
pub use experiment::{Experiment, SweptAxis};
pub use file::{Override, Source};
pub use measure::{Measure, Selector, Shape};
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
};
