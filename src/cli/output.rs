//! All output: standard output, notes, colours, aligned columns.

use super::progress::aside;
use anyhow::{Context, Result};
use equipoise::numeric::Count;
pub(super) use equipoise::numeric::counted;
pub(super) use equipoise::text::one_line;
use equipoise::text::{both_ends, is_unprintable, markdown, with_settings, with_short_numbers};
use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    Table,
    Json,
}

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

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[1;31m";
const BOLD: &str = "\u{1b}[1m";
/// Ends each of the others.
const PLAIN: &str = "\u{1b}[0m";
/// All that the program writes of this kind.
const COLOUR_CODES: [&str; 4] = [GREEN, RED, BOLD, PLAIN];

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
        if self.colored { [code, text, PLAIN].concat() } else { text.to_owned() }
    }

    pub(super) fn good(self, text: &str) -> String {
        self.paint(GREEN, text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.paint(RED, text)
    }

    pub(super) fn strong(self, text: &str) -> String {
        self.paint(BOLD, text)
    }

    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { colored: false }
    }
}

/// What is said when standard output takes nothing.
pub(super) const UNWRITABLE: &str = "standard output cannot be written";

/// The options that settings are called by, without dashes.
static OPTIONS: OnceLock<Vec<String>> = OnceLock::new();

/// From now on, output names settings of the library by these options.
pub(super) fn call_settings_by(options: Vec<String>) {
    let _ = OPTIONS.set(options);
}

/// A text of the library with `--one-hot` where it names the setting `one_hot`.
pub(super) fn with_options(text: &str) -> Cow<'_, str> {
    let option = |name: &str| {
        let option = name.replace('_', "-");
        OPTIONS.get()?.contains(&option).then(|| format!("--{option}"))
    };
    with_settings(text, option)
}

/// Writes to standard output, without characters that are none.
pub(super) fn print(text: &str) -> Result<()> {
    print_bytes(screened(&with_options(text)).as_bytes())
}

/// Writes bytes to standard output as they are. A reader that has seen enough (`| head`) is no error.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context(UNWRITABLE),
    }
}

/// Text without characters that are no text, but for line ends and the program's own colours. Names from files are clean when
/// they are read; paths, which must stay what they are, come as they are.
fn screened(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| is_unprintable(character) && character != '\n') {
        return Cow::Borrowed(text);
    }
    let mut screened = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let code = COLOUR_CODES.into_iter().find(|code| rest.starts_with(code));
        let length = code.map_or(character.len_utf8(), str::len);
        match code {
            Some(code) => screened.push_str(code),
            None if character == '\n' || !is_unprintable(character) => screened.push(character),
            None => screened.push(' '),
        }
        rest = &rest[length..];
    }
    Cow::Owned(screened)
}

/// A line on standard error; an error of writing it is ignored.
pub(super) fn note(text: &str) {
    let text = with_options(text);
    let write = || writeln!(std::io::stderr(), "{}", shortened(&with_short_numbers(&one_line(&text))));
    let _ = aside(write);
}

/// A line without its middle where a name in it, which may be a file's, is as long as a book.
fn shortened(line: &str) -> Cow<'_, str> {
    const FIRST: usize = 3_000;
    const LAST: usize = 1_000;
    let place = |characters: usize| line.char_indices().nth(characters).map(|(place, _)| place);
    let count = line.chars().count();
    match (place(FIRST), place(count.saturating_sub(LAST))) {
        (Some(end), Some(begin)) if end < begin => {
            Cow::Owned(format!("{} ... {}", &line[..end], &line[begin..]))
        }
        _ => Cow::Borrowed(line),
    }
}

/// A path on one line: its name may hold line ends and what commands a terminal.
pub(super) fn path_line(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// Tables of more classes are left to JSON.
pub(super) const MAX_CLASSES_SHOWN: usize = 12;

/// Longer names are cut.
const LONGEST_NAME: usize = 20;

/// A name from the data on one line, both ends of a long one.
pub(super) fn short_name(name: &str) -> String {
    both_ends(&one_line(name), LONGEST_NAME).into_owned()
}

/// How a column of a table is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of cells in columns, two spaces apart; widths count characters, not bytes or colour codes. A table that is wider than the
/// terminal goes on below, its first column repeated.
pub(super) fn columns(rows: &[Vec<String>], alignment: &[Align]) -> String {
    columns_within(rows, alignment, terminal_width())
}

/// The width of the terminal, or what `COLUMNS` says; nothing where standard output is a file.
fn terminal_width() -> Option<usize> {
    let named = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = if std::io::stdout().is_terminal() {
        terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
    } else {
        None
    };
    named.or(width)
}

fn columns_within(rows: &[Vec<String>], alignment: &[Align], most: Option<usize>) -> String {
    let width_of =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| visible(cell)).max();
    let widths: Vec<usize> = (0..alignment.len()).map(|column| width_of(column).unwrap_or(0)).collect();
    let mut text = String::new();
    let mut next = 1;
    loop {
        let mut width = widths.first().copied().unwrap_or(0);
        let first = next;
        // At least one column, however narrow the terminal.
        while next < widths.len()
            && (next == first || most.is_none_or(|most| width + 2 + widths[next] <= most))
        {
            width += 2 + widths[next];
            next += 1;
        }
        if first > 1 {
            text.push('\n');
        }
        let shown: Vec<usize> = [0].into_iter().chain(first..next).collect();
        text += &block(rows, alignment, &widths, &shown);
        if next >= widths.len() {
            return text;
        }
    }
}

/// Some columns of a table.
fn block(rows: &[Vec<String>], alignment: &[Align], widths: &[usize], shown: &[usize]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (&column, cell) in shown.iter().filter_map(|column| Some((column, row.get(*column)?))) {
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

/// The same as a Markdown table, the first row of headings; numbers in all columns but the first.
pub(super) fn markdown_table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|cell| markdown(&with_options(cell))).collect();
        text += &format!("| {} |\n", cells.join(" | "));
        if number == 0 {
            text += &format!("| --- |{}\n", " ---: |".repeat(row.len() - 1));
        }
    }
    text
}

/// The alignment of a first column of names and `count - 1` of numbers.
pub(super) fn numbers_right(count: usize) -> Vec<Align> {
    (0..count).map(|column| if column == 0 { Align::Left } else { Align::Right }).collect()
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

/// A number of samples that may be weighted.
pub(super) fn counted_samples(count: Count) -> String {
    count.whole().map_or_else(|| format!("{count} samples"), |whole| counted(whole, "sample"))
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

    #[test]
    fn wide_tables_go_on_below() {
        let rows: Vec<Vec<String>> = [["a", "bb", "cc", "dd"], ["1", "2", "3", "4"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec();
        let within = |most| columns_within(&rows, &numbers_right(4), most);
        assert_eq!(within(None), "a  bb  cc  dd\n1   2   3   4\n");
        assert_eq!(within(Some(13)), within(None));
        assert_eq!(within(Some(12)), "a  bb  cc\n1   2   3\n\na  dd\n1   4\n");
        assert_eq!(within(Some(1)), "a  bb\n1   2\n\na  cc\n1   3\n\na  dd\n1   4\n");
        assert_eq!(columns_within(&[vec!["x".to_owned()]], &numbers_right(1), Some(1)), "x\n");
    }

    #[test]
    fn nothing_but_the_programs_own_colours_commands_a_terminal() {
        let bold = Style { colored: true }.strong("a");
        assert_eq!(
            screened(&format!("{bold}\n\u{1b}[31mb\u{1b}]0;c\u{7}\u{9b}1m\u{202e}\n")),
            format!("{bold}\n [31mb ]0;c  1m \n")
        );
        assert!(matches!(screened("λ = 1\n"), Cow::Borrowed("λ = 1\n")));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\nb\u{1b}[2J"), "a b [2J");
    }
}
