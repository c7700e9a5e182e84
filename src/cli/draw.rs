//! `draw`: the figures and tables of a finished run, without solving anything; and the options that `run`, `draw` and `reproduce` share.

use super::files::Destination;
use super::output::{Style, note, path_line, print};
use super::progress::{Busy, progress_bar};
use super::run::{captions, report_unsolved};
use super::{Ending, comparison_table};
use anyhow::Result;
use equipoise::analysis::specification::Analysis;
use equipoise::analysis::{Results, spare_inputs};
use equipoise::figure::{DEFAULT_DPI, Figure, FileFormat, Theme, draw, picture_memory};
use equipoise::files::OwnFile;
use equipoise::memory::check_memory;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "Examples:
  equipoise draw averaging --format pdf
  equipoise draw averaging --format pgf       for LaTeX, which sets the text
  equipoise draw averaging --theme slides     into averaging/slides";

/// Which figures to draw and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DrawArguments {
    /// A directory that `equipoise run` has filled
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Directory for the figures [default: DIR, or DIR/slides for slides]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite files that equipoise did not write
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    drawing: DrawingOptions,
}

pub(super) fn run(arguments: &DrawArguments, style: Style) -> Result<Ending> {
    let busy = Busy::new("reading");
    let results = Results::read(&arguments.directory)?;
    drop(busy);
    let directory = &arguments.destination();
    let analysis = &results.experiment.analysis;
    let stems = analysis.figure.iter().map(|figure| analysis.file_stem(&figure.id));
    let mut files = arguments.drawing.files(stems);
    files.extend(comparison_table::files(analysis));
    spare_inputs(directory, &files, &results.experiment)?;
    Destination { directory, files: &files, overwrite: arguments.force }.prepare_for_figures()?;
    results.experiment.warnings().iter().for_each(|warning| note(&format!("warning: {warning}")));
    let drawn = captions(&arguments.drawing.draw(&results, directory)?, style);
    let (tables, files) = comparison_table::write(&results, directory, style)?;
    let files: String = files.iter().map(|file| path_line(file) + "\n").collect();
    print(&format!("{drawn}{tables}{files}"))?;
    report_unsolved(&results);
    Ok(Ending::Done)
}

impl DrawArguments {
    /// Slides do not take the place of the figures of a paper.
    fn destination(&self) -> PathBuf {
        let beside = || match self.drawing.theme {
            ThemeName::Paper => self.directory.clone(),
            ThemeName::Slides => self.directory.join("slides"),
        };
        self.out.clone().unwrap_or_else(beside)
    }
}

/// Kinds of files, resolution and look.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DrawingOptions {
    /// Kinds of files to write, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = FormatName::USUAL, value_name = "KIND")]
    format: Vec<FormatName>,
    /// Resolution of PNG pictures, in dots per inch
    #[arg(long, default_value_t = DEFAULT_DPI, value_parser = resolution)]
    dpi: f64,
    /// Size of text and lines
    #[arg(long, value_enum, default_value_t = ThemeName::Paper)]
    theme: ThemeName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatName {
    /// Vector drawing for pages
    Svg,
    /// Picture
    Png,
    /// Vector drawing for papers
    Pdf,
    /// For LaTeX: the PDF with its caption, to be read with \input
    Tex,
    /// The caption
    Txt,
    /// For LaTeX: drawing commands of PGF, text set by LaTeX
    Pgf,
}

impl FormatName {
    const USUAL: [Self; 5] = [Self::Svg, Self::Png, Self::Pdf, Self::Tex, Self::Txt];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ThemeName {
    /// The true size of one or two columns of a paper
    Paper,
    /// For a wall: text and lines 1.3 times larger, two columns as wide as on paper
    Slides,
}

/// A resolution that makes a picture neither empty nor larger than memory.
fn resolution(text: &str) -> Result<f64, String> {
    const RANGE: std::ops::RangeInclusive<f64> = 30.0..=2400.0;
    match text.parse() {
        Ok(dpi) if RANGE.contains(&dpi) => Ok(dpi),
        _ => Err("a number of dots per inch between 30 and 2400 is needed".to_owned()),
    }
}

impl DrawingOptions {
    /// The options as another call of the program takes them.
    pub(super) fn as_arguments(&self) -> Vec<String> {
        use clap::ValueEnum;
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |v| v.get_name().to_owned())
        };
        let formats: Vec<String> =
            self.format.iter().map(|format| name(format.to_possible_value())).collect();
        vec![
            format!("--format {}", formats.join(",")),
            format!("--dpi {}", self.dpi),
            format!("--theme {}", name(self.theme.to_possible_value())),
        ]
    }

    /// Fails when a picture of the analysis would not fit into memory: known before anything is solved.
    pub(super) fn check(&self, analysis: &Analysis) -> Result<()> {
        let needed = self.memory(analysis);
        Ok(check_memory(needed, "the largest picture takes", "lower --dpi, or draw --format svg")?)
    }

    /// Bytes of the largest picture of an analysis.
    pub(super) fn memory(&self, analysis: &Analysis) -> u128 {
        let pictures = analysis.figure.iter().filter(|_| self.format.contains(&FormatName::Png));
        pictures.map(|plan| picture_memory(plan, self.theme(), self.dpi)).max().unwrap_or(0)
    }

    /// The files that figures of these stems are written to.
    pub(super) fn files(&self, stems: impl IntoIterator<Item = String>) -> Vec<OwnFile> {
        let formats = self.formats();
        let of = |stem: String| {
            formats
                .iter()
                .map(move |format| OwnFile::marked(format!("{stem}.{}", format.extension())))
                .collect()
        };
        stems.into_iter().flat_map(|stem| -> Vec<OwnFile> { of(stem) }).collect()
    }

    pub(super) fn theme(&self) -> Theme {
        match self.theme {
            ThemeName::Paper => Theme::Paper,
            ThemeName::Slides => Theme::Slides,
        }
    }

    /// Draws every figure of an analysis into `directory`; returns the figures and the files.
    pub(super) fn draw(&self, results: &Results, directory: &Path) -> Result<Vec<(Figure, Vec<PathBuf>)>> {
        self.check(&results.experiment.analysis)?;
        let busy = Busy::new("drawing");
        let formats = self.formats();
        let figures = draw(results, self.theme())?;
        drop(busy);
        let bar = progress_bar("files");
        bar.set_length((figures.len() * formats.len()) as u64);
        let write = |figure: Figure| {
            let mut files = Vec::with_capacity(formats.len());
            for &format in &formats {
                files.extend(figure.write(directory, &[format], self.dpi)?);
                bar.inc(1);
            }
            Ok((figure, files))
        };
        let written = figures.into_iter().map(write).collect();
        bar.finish_and_clear();
        written
    }

    /// Writes a figure that is no analysis's.
    pub(super) fn write(&self, figure: &Figure, directory: &Path) -> Result<()> {
        figure.write(directory, &self.formats(), self.dpi)?;
        Ok(())
    }

    fn formats(&self) -> Vec<FileFormat> {
        let kind = |name: &FormatName| match name {
            FormatName::Svg => FileFormat::Svg,
            FormatName::Png => FileFormat::Png,
            FormatName::Pdf => FileFormat::Pdf,
            FormatName::Tex => FileFormat::Tex,
            FormatName::Txt => FileFormat::Txt,
            FormatName::Pgf => FileFormat::Pgf,
        };
        self.format.iter().map(kind).collect()
    }
}
