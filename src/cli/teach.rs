//! `teach`: the lecture page, served to the browser on this machine, or written as one file. Each lesson of the page that is
//! served is solved by `lesson`, in a process that can be ended with it.

use super::Ending;
use super::files::{Destination, save_into};
use super::output::{note, path_line, print, print_bytes};
use anyhow::{Context, Result, bail, ensure};
use equipoise::files::{OwnFile, is_same_file, mark_directory, read_input};
use equipoise::teach::{
    LessonProgram, MAX_TABLE_BYTES, PATIENCE, Reply, SOLVER, Server, offline_files, page_with_solver,
    worksheets,
};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::exit;

const EXAMPLES: &str = "Examples:
  equipoise teach                      opens the page in your browser
  equipoise teach --no-open            prints its address alone
  equipoise teach --port 0 --no-open   on any free port
  equipoise teach --export site        writes the page with its solver, for any web server

The page is served to this machine alone and fetches nothing from the network. Ctrl-C ends it.
Exercises with links into the page: docs/teaching.md (Chinese: docs/teaching.zh.md).";

/// Where the links of the exercises lead.
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
    /// Write the page with its solver as one HTML file, and the exercises, into this directory, and serve nothing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["port", "no_open"])]
    export: Option<PathBuf>,
    /// The solver, compiled to WebAssembly by scripts/site; by default the one that this program was built with
    #[arg(long, value_name = "FILE", requires = "export", conflicts_with_all = ["port", "no_open"])]
    solver: Option<PathBuf>,
    /// Overwrite files that this program did not write
    #[arg(long, requires = "export", conflicts_with_all = ["port", "no_open"])]
    force: bool,
}

/// The page as one file.
const PAGE: &str = "index.html";

/// The page with the solver that was named, or the one that this program was built with.
fn page(solver: Option<&Path>) -> Result<String> {
    if let Some(file) = solver {
        let place = || format!("--solver {}", file.display());
        let solver = read_input(file).with_context(place)?;
        return page_with_solver(&solver).with_context(place);
    }
    ensure!(
        !SOLVER.is_empty(),
        "--export: this program was built without the solver for browsers; run scripts/site, which compiles it, or name one with \
         --solver"
    );
    Ok(page_with_solver(SOLVER)?)
}

/// Writes the page with its solver, and the exercises.
fn export(directory: &Path, arguments: &TeachArguments) -> Result<Ending> {
    let page = page(arguments.solver.as_deref())?;
    let mut files = worksheets(PAGE);
    files.extend(offline_files(&page));
    files.push((PAGE, page));
    let own: Vec<OwnFile> = files.iter().map(|(name, _)| OwnFile::marked(*name)).collect();
    if let Some(solver) = &arguments.solver {
        let read = |(name, _): &&(&str, String)| is_same_file(solver, &directory.join(name));
        if let Some((name, _)) = files.iter().find(read) {
            bail!("{}: is the file that is read; choose another directory", directory.join(name).display());
        }
    }
    Destination { directory, files: &own, overwrite: arguments.force }.claim()?;
    mark_directory(directory, "lecture page")?;
    for (name, text) in &files {
        save_into(directory, name, text)?;
    }
    print(&(path_line(&directory.join(PAGE)) + "\n"))?;
    Ok(Ending::Done)
}

pub(super) fn run(arguments: &TeachArguments) -> Result<Ending> {
    if let Some(directory) = &arguments.export {
        return export(directory, arguments);
    }
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
    let input = std::io::stdin().lock().take(MAX_TABLE_BYTES as u64 + 1).read_to_end(&mut lesson);
    input.context("the lesson cannot be read")?;
    let reply = Reply::to(&lesson);
    // As it is: the page has words of its own for the settings of the library, which are no options there.
    print_bytes(&[format!("{}\n", reply.kind.status()).as_bytes(), &reply.json, b"\n"].concat())?;
    Ok(Ending::Done)
}
