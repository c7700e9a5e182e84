//! `analyses`: the experiments embedded in the program.

use super::Ending;
use super::files::{Target, check_targets, save};
use super::output::{Align, Style, columns, path_line, print};
use anyhow::{Result, ensure};
use equipoise::analysis::specification::Analysis;
use equipoise::analysis::{SHIPPED, Shipped, measures, read_toml, schema};
use equipoise::files::directory_of;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  equipoise analyses                             what there is, a line each
  equipoise analyses copy averaging              writes averaging.toml, to edit and run
  equipoise analyses show averaging              prints it
  equipoise analyses measures                    what an analysis can measure
  equipoise analyses schema > equipoise.schema.json   completion and checks in an editor";

const COPY_EXAMPLES: &str = "Examples:
  equipoise analyses copy averaging               writes averaging.toml
  equipoise analyses copy averaging mine.toml     writes mine.toml; change what it says, then
  equipoise run mine.toml --out mine              solve it and draw its figures";

/// What an editor checks copied files by; their first line names it.
const SCHEMA_FILE: &str = "equipoise.schema.json";

/// What to do with them; without a command, list them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AnalysesArguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write one as a file to edit, and beside it the schema by which editors check it
    #[command(after_help = COPY_EXAMPLES)]
    Copy {
        /// Its name
        name: String,
        /// The file to write [default: NAME.toml]
        file: Option<PathBuf>,
        /// Overwrite a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Print one
    #[command(after_help = "Example:\n  equipoise analyses show averaging | less")]
    Show {
        /// Its name
        name: String,
    },
    /// List what can be measured
    #[command(after_help = "Example:\n  equipoise analyses measures | grep recall")]
    Measures,
    /// Print the JSON Schema of analysis files
    #[command(after_help = "Example:\n  equipoise analyses schema > equipoise.schema.json")]
    Schema,
}

pub(super) fn run(arguments: &AnalysesArguments, style: Style) -> Result<Ending> {
    match &arguments.command {
        None => print(&list(style)?)?,
        Some(Command::Show { name }) => print(Shipped::named(name)?.text)?,
        Some(Command::Measures) => {
            let rows: Vec<Vec<String>> =
                measures().into_iter().map(|(name, meaning)| vec![style.strong(&name), meaning]).collect();
            print(&columns(&rows, &[Align::Left; 2]))?;
        }
        Some(Command::Schema) => print(&schema())?,
        Some(Command::Copy { name, file, force }) => {
            let shipped = Shipped::named(name)?;
            let file = file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
            let place = path_line(&file);
            ensure!(
                *force || file.symlink_metadata().is_err(),
                "{place} already exists; name another file, or --force to overwrite"
            );
            let beside = directory_of(&file).join(SCHEMA_FILE);
            let has_schema = beside.symlink_metadata().is_ok();
            let targets = [&file, &beside].map(|file| Target { option: "analyses copy", file });
            check_targets(&targets[..if has_schema { 1 } else { 2 }], &[])?;
            save(&file, &format!("#:schema {SCHEMA_FILE}\n{}", shipped.text))?;
            if !has_schema {
                save(&beside, &schema())?;
            }
            print(&format!("{place} written; `equipoise run {place}` runs it\n"))?;
        }
    }
    Ok(Ending::Done)
}

fn list(style: Style) -> Result<String> {
    let row = |shipped: Shipped| {
        let analysis: Analysis = read_toml(shipped.text)?;
        let figures: Vec<String> = analysis.figure.iter().map(|figure| figure.id.clone()).collect();
        let claims: Vec<String> = analysis.figure.iter().flat_map(|figure| figure.claims.clone()).collect();
        Ok(vec![style.strong(shipped.name), figures.join(" "), claims.join(" "), analysis.title])
    };
    let heads = ["name", "figure", "claims", "what it shows"].map(str::to_owned).to_vec();
    let mut rows = vec![heads];
    rows.extend(SHIPPED.into_iter().map(row).collect::<Result<Vec<_>>>()?);
    Ok(columns(&rows, &[Align::Left; 4]))
}
