//! The `equipoise` command.

mod allocator;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: allocator::OrOneLine = allocator::OrOneLine;

fn main() -> ExitCode {
    equipoise::cli::run()
}
