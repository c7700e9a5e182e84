//! The `equipoise` command.

mod allocator;
mod cli;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: allocator::OrOneLine = allocator::OrOneLine;

fn main() -> ExitCode {
    cli::run()
}
