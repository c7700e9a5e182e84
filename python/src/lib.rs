//! The compiled part of the Python package `equipoise`: arrays in, records out. Conventions of Python, defaults and words for
//! people are in the Python files beside it.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands over what it has converted")]

mod analysis;
mod arguments;
mod arrays;
mod audit;
mod balance;
mod claims;
mod errors;
mod fit_path;
mod interrupt;
mod losses;
mod samples;
mod solve;
mod threads;
mod weights;

/// `equipoise._core`, which the Python files call.
#[pyo3::pymodule(name = "_core")]
mod core_module {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::threads::note_process();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use super::analysis::{analyses, run};
    #[pymodule_export]
    use super::audit::{audit, check_scores};
    #[pymodule_export]
    use super::balance::balance;
    #[pymodule_export]
    use super::claims::{claims, verify};
    #[pymodule_export]
    use super::fit_path::fit_path;
    #[pymodule_export]
    use super::losses::{check_loss, loss_value_and_gradient, losses};
    #[pymodule_export]
    use super::samples::Samples;
    #[pymodule_export]
    use super::solve::{Record, solve, solve_penalties};
    #[pymodule_export]
    use super::weights::{design_weights, weight_effects};
}
