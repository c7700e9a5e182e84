//! `teach`: the lecture page, served to the browser on this machine. Each of its lessons is solved by `lesson`, in a process
//! that can be ended with it.

use super::Ending;
use super::output::{note, print};
use anyhow::{Context, Result};
use equipoise::teach::{LessonProgram, MAX_BYTES, PATIENCE, Reply, Server};
use std::io::{ErrorKind, Read};
use std::process::exit;

const EXAMPLES: &str = "Examples:
  equipoise teach                      opens the page in your browser
  equipoise teach --no-open            prints its address alone
  equipoise teach --port 0 --no-open   on any free port

The page is served to this machine alone and fetches nothing from the network. Ctrl-C ends it.
Exercises with links into the page: docs/teaching.md.";

/// Where the links of the worksheet lead.
const USUAL_PORT: u16 = 8309;

/// Where to serve.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TeachArguments {
    /// Port of the loopback interface, 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = USUAL_PORT)]
    port: u16,
    /// Print the address and open no browser
    #[arg(long)]
    no_open: bool,
}

pub(super) fn run(arguments: &TeachArguments) -> Result<Ending> {
    let port = arguments.port;
    let server = Server::open(port, program()?).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "--port {port}: in use, perhaps by a page that is open already; --port 0 takes any free one"
        ),
        _ => anyhow::anyhow!("--port {port}: {error}; --port 0 takes any free one"),
    })?;
    let address = server.address();
    print(&format!("{address}\n"))?;
    if !arguments.no_open
        && let Err(error) = open::that_detached(&address)
    {
        note(&format!("no browser could be opened ({error}); open {address} in one"));
    }
    note("Ctrl-C ends the page");
    server.serve().context("the page cannot be served")?;
    Ok(Ending::Done)
}

/// What `teach` calls: this program, with as many threads as it has itself.
fn program() -> Result<LessonProgram> {
    let program = std::env::current_exe().context("the path of this program is not known")?;
    let threads = rayon::current_num_threads().to_string();
    Ok(LessonProgram { program, arguments: ["--threads", &threads, "lesson"].map(Into::into).to_vec() })
}

/// Reads a lesson from standard input and prints status and reply.
pub(super) fn run_lesson() -> Result<Ending> {
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
