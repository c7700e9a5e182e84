//! How a text table is written, where that cannot be found in it.

use equipoise::data::{Encoding, TableFormat};

/// Options of every command that reads tables.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Format of a text table")]
pub(super) struct TableArguments {
    /// What stands between columns: a character, or tab [default: found in the file]
    #[arg(long, value_name = "CHARACTER", value_parser = separator)]
    separator: Option<char>,
    /// What stands before decimals: . or , [default: found in the file]
    #[arg(long, value_name = "CHARACTER", value_parser = decimal)]
    decimal: Option<char>,
    /// utf-8, utf-16 or latin-1 [default: utf-8, or what a byte-order mark says]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// The first row holds values: columns are called x0, x1, ..
    #[arg(long)]
    no_header: bool,
    /// Leave out rows that begin with this character [default: # above the headings]
    #[arg(long, value_name = "CHARACTER")]
    comment: Option<char>,
}

impl TableArguments {
    pub(super) fn format(&self) -> TableFormat {
        TableFormat {
            separator: self.separator,
            decimal: self.decimal,
            encoding: self.encoding,
            no_header: self.no_header,
            comment: self.comment,
        }
    }
}

fn separator(text: &str) -> Result<char, String> {
    match text {
        "tab" | "\\t" => Ok('\t'),
        "space" => Ok(' '),
        _ => text.parse().map_err(|_| "give one character, tab or space".to_owned()),
    }
}

fn decimal(text: &str) -> Result<char, String> {
    match text {
        "." | "point" => Ok('.'),
        "," | "comma" => Ok(','),
        _ => Err("give . or ,".to_owned()),
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| "give utf-8, utf-16, utf-16be or latin-1".to_owned())
}
