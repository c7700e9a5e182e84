//! `lesson`: solves one lesson of the lecture page, for `teach`, in a process that can be ended with it.

use super::Ending;
use super::output::print;
use anyhow::{Context, Result};
use equipoise::teach::{LessonProgram, MAX_BYTES, PATIENCE, Reply};
use std::io::Read;
use std::process::exit;

/// What `teach` calls: this program, with as many threads as it has itself.
pub(super) fn program() -> Result<LessonProgram> {
    let program = std::env::current_exe().context("the program does not find itself")?;
    let threads = rayon::current_num_threads().to_string();
    Ok(LessonProgram { program, arguments: ["--threads", &threads, "lesson"].map(Into::into).to_vec() })
}

/// Reads a lesson from standard input and prints status and reply.
pub(super) fn run() -> Result<Ending> {
    // Nobody waits longer, even if the server that asked is gone and cannot end this process.
    std::thread::Builder::new()
        .spawn(|| {
            std::thread::sleep(PATIENCE);
            exit(i32::from(super::BAD_INPUT));
        })
        .context("no thread can be started")?;
    let mut lesson = Vec::new();
    let input = std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut lesson);
    input.context("the lesson cannot be read")?;
    let reply = Reply::to(&lesson);
    print(&format!("{}\n{}\n", reply.kind.status(), String::from_utf8_lossy(&reply.json)))?;
    Ok(Ending::Done)
}
