//! One program of all integration tests, so that the library is linked once: `cargo test --test tests NAME` runs those whose
//! path has the name in it, such as `solve_command` or `separability`.

mod any_small_problem;
mod audit_command;
mod browser;
mod claims;
mod csv_reader;
mod dependent_columns;
mod documents;
mod effect_search;
mod exact;
mod extreme_designs;
mod large_problem;
mod limits;
mod mutations;
mod problem_path;
mod proof;
mod report_in_browser;
mod reproduce_command;
mod run_command;
mod sample_weights;
mod search_command;
mod separability;
mod solve_command;
mod tables;
mod targets;
mod teach_page;
mod train_command;
mod verify_command;
mod weights_command;
mod without_intercept;
