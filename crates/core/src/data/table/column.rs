//! One column of a table.

use super::cell::{Cell, NumberMarks, Spelling, is_decorated};
use crate::data::quoted;
use crate::data::rounding::Rounding;
use std::collections::HashMap;

/// A column and what its cells are.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its heading; empty where it has none.
    pub name: String,
    /// What it holds.
    pub cells: Cells,
}

/// The cells of a column, one per row.
#[derive(Debug, Clone)]
pub enum Cells {
    /// Nobody asked for them.
    Skipped,
    /// Numbers; NaN in the rows of `odd`, whose cells are something else.
    Numbers {
        /// One per row.
        values: Vec<f64>,
        /// Rows of other cells, and what these are.
        odd: Vec<(usize, String)>,
    },
    /// Texts, of which few or many may be equal.
    Texts(Texts),
    /// A kind that is neither, by its name.
    Other(&'static str),
}

/// Texts by the numbers of their levels.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// The distinct texts, by first appearance.
    pub levels: Vec<String>,
    /// The level of each row.
    pub codes: Vec<u32>,
}

impl Texts {
    /// Rows of each level.
    pub(crate) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.levels.len()];
        self.codes.iter().for_each(|&code| counts[code as usize] += 1);
        counts
    }

    /// The levels that occur in some rows.
    pub fn occurring(&self, counts: impl Fn(usize) -> bool) -> Vec<String> {
        let mut occurs = vec![false; self.levels.len()];
        let rows = self.codes.iter().enumerate().filter(|&(row, _)| counts(row));
        rows.for_each(|(_, &code)| occurs[code as usize] = true);
        self.levels.iter().zip(occurs).filter(|(_, occurs)| *occurs).map(|(level, _)| level.clone()).collect()
    }

    /// The first row of each level.
    pub(crate) fn first_row(&self, level: usize) -> usize {
        self.codes.iter().position(|&code| code as usize == level).unwrap_or(0)
    }
}

impl Column {
    /// The text of a cell.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        match &self.cells {
            Cells::Texts(texts) => texts.levels[texts.codes[row] as usize].clone(),
            Cells::Numbers { values, odd } => match odd.binary_search_by_key(&row, |(row, _)| *row) {
                Ok(place) => odd[place].1.clone(),
                Err(_) => values[row].to_string(),
            },
            Cells::Skipped | Cells::Other(_) => String::new(),
        }
    }

    /// The cells as texts, whatever they are.
    #[must_use]
    pub fn texts(&self, rows: usize) -> Texts {
        if let Cells::Texts(texts) = &self.cells {
            return texts.clone();
        }
        let mut collected = Collected::texts();
        for row in 0..rows {
            // Of texts, no spelling is wrong.
            let _ = collected.add(&self.text(row), NumberMarks::default());
        }
        match collected.cells(NumberMarks::default()) {
            Cells::Texts(texts) => texts,
            _ => Texts::default(),
        }
    }

    /// What every row holds, as numbers where they are numbers.
    #[must_use]
    pub fn read(&self, marks: NumberMarks) -> Vec<Cell> {
        match &self.cells {
            Cells::Texts(texts) => {
                let levels: Vec<Cell> = texts.levels.iter().map(|text| Cell::of(text, marks)).collect();
                texts.codes.iter().map(|&code| levels[code as usize]).collect()
            }
            Cells::Numbers { values, odd } => {
                let mut cells: Vec<Cell> = values.iter().map(|&value| Cell::Number(value)).collect();
                odd.iter().for_each(|(row, text)| cells[*row] = Cell::of(text, marks));
                cells
            }
            Cells::Skipped | Cells::Other(_) => Vec::new(),
        }
    }

    /// Whether most cells that are not missing are text, so that the column holds categories.
    #[must_use]
    pub fn is_text(&self, marks: NumberMarks) -> bool {
        let Cells::Texts(texts) = &self.cells else { return false };
        let counts = texts.counts();
        let (mut words, mut numbers) = (0, 0);
        for (text, count) in texts.levels.iter().zip(counts) {
            match Cell::of(text, marks) {
                // Neither a word nor a number: what it means has to be said.
                Cell::Text if is_decorated(text) => {}
                Cell::Text => words += count,
                Cell::Missing => {}
                _ => numbers += count,
            }
        }
        words > numbers
    }

    /// How many different cells are text.
    pub(crate) fn words(&self, marks: NumberMarks) -> usize {
        let Cells::Texts(texts) = &self.cells else { return 0 };
        let is_word = |text: &&String| Cell::of(text, marks) == Cell::Text && !is_decorated(text);
        texts.levels.iter().filter(is_word).count()
    }

    /// Whether the cells count rows: 0, 1, 2, .. or 1, 2, 3, ..
    pub(crate) fn counts_rows(&self) -> bool {
        let Some(first) = self.read_one(0).filter(|&first| first == 0.0 || first == 1.0) else {
            return false;
        };
        let cells = self.read(NumberMarks::default());
        cells.len() > 2
            && cells.iter().enumerate().all(|(row, cell)| *cell == Cell::Number(first + row as f64))
    }

    /// What moments whole numbers may stand for: days written as 20250131, or time since 1970 in seconds or parts of them.
    pub(crate) fn moments(&self) -> Option<&'static str> {
        /// From 2000 to 2040.
        const SECONDS: std::ops::Range<f64> = 946_684_800.0..2_208_988_800.0;
        let first = self.read_one(0)?;
        let all = |is: &dyn Fn(f64) -> bool| {
            let cells = if is(first) { self.read(NumberMarks::default()) } else { return false };
            cells.iter().all(|cell| cell.number().is_some_and(is))
                && cells.iter().any(|cell| *cell != Cell::Number(first))
        };
        if all(&is_day) {
            return Some("dates");
        }
        let since_1970 = |part: f64| all(&|value| SECONDS.contains(&(value / part)) && value.fract() == 0.0);
        [1.0, 1e3, 1e6, 1e9].into_iter().any(since_1970).then_some("time since 1970")
    }

    /// A number that marks missing values in many data sets (-999, 9999), if it is far from all others, and its rows.
    pub(crate) fn mark_of_missing(&self, marks: NumberMarks) -> Option<(f64, usize)> {
        /// How many times as large as all other numbers it is.
        const FAR: f64 = 10.0;
        let numbers: Vec<f64> = self.read(marks).into_iter().filter_map(Cell::number).collect();
        let rows = |code: f64| numbers.iter().filter(|&&number| number == code).count();
        let is_far = |&code: &f64| {
            let others = numbers.iter().filter(|&&number| number != code);
            let (size, most) =
                others.fold((0, 0.0_f64), |(size, most), number| (size + 1, most.max(number.abs())));
            size > numbers.len() / 2 && most > 0.0 && code.abs() >= FAR * most
        };
        // Nines, and the ends of whole numbers of 32 bits.
        let nines = (2..=10).map(|digits| 10.0_f64.powi(digits) - 1.0);
        let codes = nines.chain([2_147_483_647.0, 2_147_483_648.0]).flat_map(|code| [-code, code]);
        codes.into_iter().find(|code| rows(*code) > 0 && is_far(code)).map(|code| (code, rows(code)))
    }

    fn read_one(&self, row: usize) -> Option<f64> {
        match &self.cells {
            Cells::Numbers { values, .. } => values.get(row).copied(),
            Cells::Texts(texts) => {
                let code = *texts.codes.get(row)?;
                Cell::of(&texts.levels[code as usize], NumberMarks::default()).number()
            }
            Cells::Skipped | Cells::Other(_) => None,
        }
    }
}

/// Whether a number is a day of 1900 to 2100, as 20250131 is.
fn is_day(value: f64) -> bool {
    let (year, month, day) = ((value / 1e4).floor(), (value / 1e2).floor() % 1e2, value % 1e2);
    (1900.0..=2100.0).contains(&year)
        && (1.0..=12.0).contains(&month)
        && (1.0..=31.0).contains(&day)
        && value.fract() == 0.0
}

/// Numbers, and the rows that hold something else.
type Numbers = (Vec<f64>, Vec<(usize, String)>);

/// So many different texts make a column of numbers one that is kept as numbers.
const MANY: usize = 512;

/// The cells of a column while they are read: as texts, until there are many and most are numbers.
#[derive(Debug, Default)]
pub(super) struct Collected {
    seen: HashMap<String, u32>,
    texts: Texts,
    numbers: usize,
    keep_texts: bool,
    switched: Option<Numbers>,
    /// The first number that no program would write so.
    written: Option<(String, f64)>,
    /// The first number other than zero, and how it is spelled.
    first: Option<(String, Spelling)>,
    rounding: Rounding,
}

impl Collected {
    /// Of texts that stay texts.
    pub(super) fn texts() -> Self {
        Self { keep_texts: true, ..Self::default() }
    }

    /// Adds the cell of the next row.
    ///
    /// # Errors
    /// It has a sign of currency or of per cent, and an earlier one has not, or the reverse: 50% may be 50 or a half there.
    pub(super) fn add(&mut self, text: &str, marks: NumberMarks) -> Result<(), String> {
        // As 3.0 beside decimal points: whole numbers, as data frames write them beside missing ones.
        let text = if self.keep_texts && marks.comma { without_decimals(text) } else { text };
        if let Some((values, odd)) = &mut self.switched {
            let (cell, spelling) = Cell::spelled(text, marks);
            if let Cell::Number(value) = cell {
                values.push(value);
                return self.spelling(text, value, spelling);
            }
            odd.push((values.len(), text.to_owned()));
            values.push(f64::NAN);
            return Ok(());
        }
        let code = if let Some(&code) = self.seen.get(text) {
            code
        } else {
            // More rows than fit into memory would be needed to leave the 32 bits.
            let code = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
            self.seen.insert(text.to_owned(), code);
            self.texts.levels.push(text.to_owned());
            if let (Cell::Number(value), spelling) = Cell::spelled(text, marks) {
                self.numbers += 1;
                if !self.keep_texts {
                    self.spelling(text, value, spelling)?;
                }
            }
            code
        };
        self.texts.codes.push(code);
        let levels = self.texts.levels.len();
        if !self.keep_texts && levels > MANY && self.numbers * 10 >= levels * 9 {
            self.switched = Some(as_numbers(&std::mem::take(&mut self.texts), marks));
            self.seen = HashMap::new();
        }
        Ok(())
    }

    /// Looks at how a number is spelled.
    fn spelling(&mut self, text: &str, value: f64, spelling: Spelling) -> Result<(), String> {
        self.rounding.see(text, value);
        if spelling != Spelling::Plain && self.written.is_none() {
            self.written = Some((text.to_owned(), value));
        }
        let sign = |spelling: Spelling| matches!(spelling, Spelling::Sign(_)).then_some(spelling);
        match &self.first {
            // A zero is zero in any unit.
            _ if value == 0.0 => Ok(()),
            None => {
                self.first = Some((text.to_owned(), spelling));
                Ok(())
            }
            Some((_, first)) if sign(*first) == sign(spelling) => Ok(()),
            Some((first, _)) => Err(format!(
                "{} is not a plain number, or {} above it is not: currencies and per cent are signs of all numbers of a column or \
                 of none",
                quoted(text),
                quoted(first)
            )),
        }
    }

    /// What is worth saying of a column of numbers that are not written as programs write them.
    pub(super) fn note(&self, name: &str) -> Option<String> {
        let (text, value) = self.written.as_ref()?;
        Some(format!("column {}: {} is read as {value}, and others like it", quoted(name), quoted(text)))
    }

    /// What doubles lose of its numbers.
    pub(super) fn rounding(&self) -> &Rounding {
        &self.rounding
    }

    /// The same, to be told of numbers that are kept elsewhere.
    #[cfg(feature = "parquet")]
    pub(super) fn rounding_mut(&mut self) -> &mut Rounding {
        &mut self.rounding
    }

    /// The column; numbers where every cell is one and nobody asked for texts.
    pub(super) fn cells(self, marks: NumberMarks) -> Cells {
        if let Some((values, odd)) = self.switched {
            return Cells::Numbers { values, odd };
        }
        if !self.keep_texts && self.numbers == self.texts.levels.len() && self.numbers > 0 {
            let (values, odd) = as_numbers(&self.texts, marks);
            return Cells::Numbers { values, odd };
        }
        Cells::Texts(self.texts)
    }
}

/// A text without the decimals of a whole number.
fn without_decimals(text: &str) -> &str {
    let is_whole = |(whole, zeros): &(&str, &str)| {
        let digits = whole.trim_start_matches(['-', '+', '\u{2212}']);
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        are_digits(digits) && are_digits(zeros) && zeros.bytes().all(|byte| byte == b'0')
    };
    text.split_once(',').filter(is_whole).map_or(text, |(whole, _)| whole)
}

fn as_numbers(texts: &Texts, marks: NumberMarks) -> Numbers {
    let levels: Vec<Option<f64>> = texts
        .levels
        .iter()
        .map(|text| match Cell::of(text, marks) {
            Cell::Number(value) => Some(value),
            _ => None,
        })
        .collect();
    let value = |&code: &u32| levels[code as usize].unwrap_or(f64::NAN);
    let is_odd = |&(_, &code): &(usize, &u32)| levels[code as usize].is_none();
    let odd = texts.codes.iter().enumerate().filter(is_odd);
    let odd = odd.map(|(row, &code)| (row, texts.levels[code as usize].clone())).collect();
    (texts.codes.iter().map(value).collect(), odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_from_measurements() {
        let of = |values: &[f64]| {
            let cells = Cells::Numbers { values: values.to_vec(), odd: Vec::new() };
            Column { name: "when".to_owned(), cells }.moments()
        };
        assert_eq!(of(&[20_200_101.0, 19_991_231.0]), Some("dates"));
        assert_eq!(of(&[1_577_836_800.0, 1_577_923_200.0]), Some("time since 1970"));
        assert_eq!(of(&[1_577_836_800_000.0, 1_577_836_800_001.0]), Some("time since 1970"));
        for others in [
            &[20_200_101.0, 20_200_132.0][..],
            &[20_200_101.0, 20_201_301.0],
            &[20_200_101.0, 20_200_101.0],
            &[20_200_101.5, 20_200_102.0],
            &[1_577_836_800.5, 1_577_923_200.0],
            &[1.0, 2.0],
            &[],
        ] {
            assert_eq!(of(others), None, "{others:?}");
        }
    }
}
