//! Everything printed: standard output, colours, aligned columns, numbers, files written whole.

use crate::files::write_whole;
use anyhow::{Context, Result};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

/// Whether standard output gets colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    colored: bool,
}

impl Style {
    pub(super) fn choose(choice: ColorChoice) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colored = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => std::io::stdout().is_terminal() && !unwanted,
        };
        Self { colored }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colored { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { colored: false }
    }
}

/// Writes to standard output; a reader that has gone away is an error the caller can tell from others.
pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("standard output")
}

/// A line on standard error.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Text with its line breaks made visible, so that an error is one line whatever a file contains.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// A directory for results, made if need be and checked to be writable before any work starts.
pub(super) fn prepare_directory(directory: &Path) -> Result<()> {
    let name = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {name}"))?;
    tempfile::tempfile_in(directory).with_context(|| format!("cannot write into {name}"))?;
    Ok(())
}

/// Writes a text file whole or not at all.
pub(super) fn save(file: &Path, text: &str) -> Result<()> {
    write_whole(file, text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}

/// How a column of a table is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of cells in columns, two spaces apart; widths count characters, not bytes or colour codes.
pub(super) fn columns(rows: &[Vec<String>], alignment: &[Align]) -> String {
    let width_of =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| visible(cell)).max();
    let widths: Vec<usize> = (0..alignment.len()).map(|column| width_of(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - visible(cell));
            let gap = if column == 0 { "" } else { "  " };
            match alignment[column] {
                Align::Left => line.extend([gap, cell, &padding]),
                Align::Right => line.extend([gap, &padding, cell]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Characters of a cell that take a place on the screen.
fn visible(cell: &str) -> usize {
    let mut count = 0;
    let mut in_code = false;
    for character in cell.chars() {
        match character {
            '\u{1b}' => in_code = true,
            'm' if in_code => in_code = false,
            _ if !in_code => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_the_colour() {
        let style = Style { colored: true };
        let rows = vec![vec!["λ".to_owned(), "1".to_owned()], vec![style.good("word"), "22".to_owned()]];
        let text = columns(&rows, &[Align::Left, Align::Right]);
        assert_eq!(text, "λ      1\n\u{1b}[32mword\u{1b}[0m  22\n");
    }
}
