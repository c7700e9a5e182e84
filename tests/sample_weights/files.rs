//! Small random tables whose rows have whole weights, and runs of the real program over them.

use assert_cmd::Command;
use equipoise::data::random::stream;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Rows of a CSV file, each with how often it counts; the last counts not at all, and holds what is no number.
pub(crate) struct Table {
    pub(crate) classes: usize,
    header: String,
    rows: Vec<(String, usize)>,
}

impl Table {
    /// Overlapping classes `y`, the later the rarer, in one to three features.
    pub(crate) fn features(case: usize) -> Self {
        let mut generator = stream(23, case as u64);
        let (classes, width) = ([2, 3, 4, 2][case % 4], generator.random_range(1..4_usize));
        let names = (0..width).map(|feature| format!(",x{feature}")).collect();
        let size = (classes, (12 + case) * classes);
        Self::drawn(case, size, &["y".to_owned(), names].concat(), width, |class, column| {
            if class % (width + 1) == column { 0.5 } else { 0.0 }
        })
    }

    /// The same with every fourth value of the last feature missing.
    pub(crate) fn with_gaps(case: usize) -> Self {
        let mut table = Self::features(case);
        for (row, _) in table.rows.iter_mut().step_by(4) {
            row.truncate(row.rfind(',').expect("a feature") + 1);
        }
        table
    }

    /// Classes that a line or a plane sets apart.
    pub(crate) fn apart(case: usize) -> Self {
        let classes = [2, 3][case % 2];
        Self::drawn(case + 300, (classes, 20 + case), "y,x0,x1", 2, |class, column| {
            4.0 * class as f64 + if column == 1 { 0.1 } else { 0.0 }
        })
    }

    /// Levels of a factor, all of them kept, beside a number of one decimal; most classes lie apart, or a level does. Rows that occur
    /// several times have weights of their own.
    pub(crate) fn levels(case: usize) -> Self {
        const LEVELS: usize = 3;
        let mut generator = stream(31, case as u64);
        let classes = 2 + case % 3;
        let rows = (0..12 + case % 14).map(|row| {
            let level = generator.random_range(0..LEVELS);
            let nearest = (level * classes) / LEVELS;
            let is_drawn = generator.random_range(0..4) == 0;
            let class = if row < classes || is_drawn { row % classes } else { nearest };
            let number = generator.random_range(-1..3);
            let indicators: String =
                (0..LEVELS).map(|other| format!(",{}", u8::from(other == level))).collect();
            (format!("{class}{indicators},{number}.5"), generator.random_range(1..5))
        });
        Self { classes, header: "y,a,b,c,x".to_owned(), rows: rows.collect() }
    }

    /// As many samples as searches begin on a share of, in features wide enough for the passes over single columns.
    pub(crate) fn large(classes: usize) -> Self {
        let (samples, width) = (4_500, 9);
        let names: String = (0..width).map(|feature| format!(",x{feature}")).collect();
        let header = ["y".to_owned(), names].concat();
        Self::drawn(classes + 200, (classes, samples), &header, width, |class, column| {
            if class == column { 0.7 } else { 0.0 }
        })
    }

    /// Logits of as many classes, which are right now and then, and the column `label`.
    pub(crate) fn scores(case: usize) -> Self {
        let classes = [3, 2, 4][case % 3];
        let names: String = (0..classes).map(|class| format!(",z{class}")).collect();
        let header = ["label".to_owned(), names].concat();
        Self::drawn(case + 100, (classes, (12 + case) * classes), &header, classes, |class, column| {
            if class == column { 1.0 } else { 0.0 }
        })
    }

    fn drawn(
        case: usize,
        (classes, samples): (usize, usize),
        header: &str,
        width: usize,
        mean: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let mut generator = stream(29, case as u64);
        let mut rows = Vec::with_capacity(samples + 1);
        for sample in 0..samples {
            // Every class has some, and of the rest each half of those before it.
            let mut class = sample % classes;
            if sample >= 4 * classes {
                class = (0..classes - 1).find(|_| generator.random_range(0..2) == 0).unwrap_or(classes - 1);
            }
            let mut row = class.to_string();
            for column in 0..width {
                let noise: f64 = generator.sample(StandardNormal);
                row += &format!(",{:.3}", noise + mean(class, column));
            }
            rows.push((row, [1, 1, 2, 3, 5][generator.random_range(0..5_usize)]));
        }
        rows.push((format!("nobody{}", ",?".repeat(width)), 0));
        Self { classes, header: header.to_owned(), rows }
    }

    /// Every row once, with the column `w` of its weight, times a factor.
    pub(crate) fn weighted(&self, factor: f64) -> String {
        let row = |(row, times): &(String, usize)| format!("{row},{:e}\n", *times as f64 * factor);
        std::iter::once(format!("{},w\n", self.header)).chain(self.rows.iter().map(row)).collect()
    }

    /// Every row as often as it counts.
    pub(crate) fn repeated(&self) -> String {
        let row = |(row, times): &(String, usize)| format!("{row}\n").repeat(*times);
        std::iter::once(format!("{}\n", self.header)).chain(self.rows.iter().map(row)).collect()
    }

    /// The same with one row of one weight counted once more.
    pub(crate) fn off_by_one(mut self) -> Self {
        self.rows[5].1 += 1;
        self
    }
}

/// A directory for the files of a test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// With the table as `weighted.csv` and `repeated.csv`.
    pub(crate) fn with(table: &Table) -> Self {
        let folder = Self::new();
        folder.add("weighted.csv", table.weighted(1.0));
        folder.add("repeated.csv", table.repeated());
        folder
    }

    pub(crate) fn add(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        file
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The exit code and what was printed and complained of.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::cargo_bin("equipoise").expect("built");
        let output = command.current_dir(self.path()).args(arguments).output().expect("started");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
    }

    /// The record that a command prints with `--format json`, and its exit code.
    pub(crate) fn record(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, printed, complained) = self.run(&[arguments, &["--format", "json"]].concat());
        assert!(code < 2, "{arguments:?}: {complained}");
        (code, serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}")))
    }

    /// The one line by which bad input is refused.
    pub(crate) fn complaint(&self, arguments: &[&str]) -> String {
        let (code, printed, complained) = self.run(arguments);
        assert_eq!((code, printed.as_str()), (2, ""), "{arguments:?}: {complained}");
        assert_eq!(complained.lines().count(), 1, "{complained}");
        complained
    }
}
