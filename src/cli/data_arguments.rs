//! Where a user's samples come from: the options that `solve` and `weights` share, and how a text table is written, where
//! the table does not show it.

use super::class_weights::NameList;
use super::output::note;
use super::progress::Busy;
use anyhow::Result;
use equipoise::data::{Encoding, Missing, SampleRequest, Samples, TableFormat, Taken};
use std::path::{Path, PathBuf};

/// A file of samples and which of its columns is the class.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DataArguments {
    /// Table (CSV, TSV, Parquet) with a row per sample, archive of arrays (NPZ, safetensors), NPY file of features, or - for
    /// standard input; any of them may be packed with gzip or zstd
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Name of the column or array with the class of each row; for an NPY file of features, the NPY file of labels
    #[arg(long, visible_alias = "labels", value_name = "NAME")]
    pub(super) label: String,
    /// Weight of each row (frequency, survey or importance weight; 0 leaves it out): a column of a table, an array of an archive,
    /// or an NPY file
    #[arg(long, visible_alias = "weights", value_name = "NAME")]
    pub(super) sample_weights: Option<String>,
    /// Feature columns of a table, or arrays of an archive, separated by commas; "a, b" is one name [default: all that are nothing
    /// else]
    #[arg(long, value_name = "A,B,..")]
    features: Option<NameList>,
    /// Columns of numbers that are added to the logits, as the offset of a generalised linear model: of two classes one, added to
    /// the logit of the second, else one for each class (--loss softmax and logistic)
    #[arg(long, value_name = "A,B,..")]
    pub(super) offset: Option<NameList>,
    /// Columns to leave out
    #[arg(long, value_name = "A,B,..")]
    drop: Option<NameList>,
    /// The classes in their order; rows of others are left out [default: all, sorted]
    #[arg(long, value_name = "A,B,..", allow_hyphen_values = true)]
    classes: Option<NameList>,
    /// Leave out rows with this label; may be given several times
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    ignore_index: Vec<String>,
    /// One-hot encode text columns: a column of 0 and 1 for each level but the first, the reference
    #[arg(long)]
    one_hot: bool,
    /// What to do about missing values
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = MissingName::Refuse)]
    missing: MissingName,
    #[command(flatten)]
    table: TableArguments,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum MissingName {
    /// Name the first and stop
    #[default]
    Refuse,
    /// Leave out rows with missing values, or without a label
    DropRow,
    /// Replace them by the mean and add a column of 0 and 1 that marks them
    Indicator,
}

impl From<MissingName> for Missing {
    fn from(name: MissingName) -> Self {
        match name {
            MissingName::Refuse => Self::Refuse,
            MissingName::DropRow => Self::DropRow,
            MissingName::Indicator => Self::Indicator,
        }
    }
}

impl DataArguments {
    /// Reads or maps the samples.
    pub(super) fn read(&self) -> Result<Samples> {
        let _busy = Busy::new("reading");
        Ok(self.request().read(&self.file)?)
    }

    pub(super) fn request(&self) -> SampleRequest {
        let names = |list: &Option<NameList>| list.as_ref().map(|list| list.0.clone());
        SampleRequest {
            label: self.label.clone(),
            features: names(&self.features),
            drop: names(&self.drop).unwrap_or_default(),
            sample_weights: self.sample_weights.clone(),
            offset: names(&self.offset).unwrap_or_default(),
            classes: names(&self.classes),
            ignore_index: self.ignore_index.clone(),
            one_hot: self.one_hot,
            missing: self.missing.into(),
            format: self.table.format(),
        }
    }

    /// All files that are read.
    pub(super) fn files(&self) -> Vec<&Path> {
        let names = if self.is_npy() { vec![Some(&self.label)] } else { Vec::new() };
        let is_file = |name: &&String| {
            Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"))
        };
        let weights = self.sample_weights.as_ref().filter(is_file);
        let named = names.into_iter().flatten().chain(weights).map(Path::new);
        [self.file.as_path()].into_iter().chain(named).collect()
    }

    /// Whether the file is one of features alone, and the label another file.
    pub(super) fn is_npy(&self) -> bool {
        self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
    }
}

/// Says on standard error what was taken for what.
pub(super) fn say_taken(taken: &Taken) {
    note(&taken.line());
    for text in &taken.notes {
        note(&format!("note: {text}"));
    }
}

/// Options of every command that reads tables.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Format of a text table")]
pub(super) struct TableArguments {
    /// Separator of columns: a character, or tab [default: found in the file]
    #[arg(long, value_name = "CHARACTER", value_parser = separator)]
    separator: Option<char>,
    /// Decimal mark: . or , [default: found in the file]
    #[arg(long, value_name = "CHARACTER", value_parser = decimal)]
    decimal: Option<char>,
    /// What separates thousands, as in 1,234 [default: found where a number has only one reading]
    #[arg(long, value_name = "CHARACTER", value_parser = thousands)]
    thousands: Option<char>,
    /// utf-8, utf-16 or latin-1 [default: utf-8, or what a byte-order mark says]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// Lines above the headings to leave out, such as titles
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_lines: u64,
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
            thousands: self.thousands,
            skip_lines: self.skip_lines,
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

fn thousands(text: &str) -> Result<char, String> {
    match text {
        "space" => Ok(' '),
        "point" => Ok('.'),
        "comma" => Ok(','),
        _ => match text.parse::<char>() {
            Ok(mark) if !mark.is_alphanumeric() && !"+-".contains(mark) => Ok(mark),
            _ => {
                Err("give one character that is no digit, letter or sign, such as , . ' or space".to_owned())
            }
        },
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| "give utf-8, utf-16, utf-16be or latin-1".to_owned())
}
