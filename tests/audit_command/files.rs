//! Files with logits and labels, and audits of them.

use assert_cmd::Command;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An NPY file: its type as `NumPy` writes it, shape, order, and the bytes of its numbers.
pub(crate) fn npy(descr: &str, shape: &[usize], fortran: bool, bytes: &[u8]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    let order = if fortran { "True" } else { "False" };
    let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({axes}), }}\n");
    let length = u16::try_from(text.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), bytes].concat()
}

/// Doubles, row after row.
pub(crate) fn doubles(rows: &[Vec<f64>]) -> Vec<u8> {
    let bytes: Vec<u8> = rows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    npy("<f8", &[rows.len(), rows.first().map_or(0, Vec::len)], false, &bytes)
}

/// Whole numbers.
pub(crate) fn whole(numbers: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy("<i8", &[numbers.len()], false, &bytes)
}

/// An archive of such files.
pub(crate) fn npz(arrays: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(format!("{name}.npy"), options).expect("a file");
        archive.write_all(bytes).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

/// Logits and labels in a stored archive.
pub(crate) fn stored(logits: &[Vec<f64>], labels: &[i64]) -> Vec<u8> {
    npz(&[("logits", doubles(logits)), ("labels", whole(labels))], CompressionMethod::Stored)
}

/// Fixed, irregular logits, and labels of three classes of 20, 12 and 8 samples.
pub(crate) fn sample() -> (Vec<Vec<f64>>, Vec<i64>) {
    let labels: Vec<i64> = (0..40).map(|row| if row < 20 { 0 } else { i64::from(row >= 32) + 1 }).collect();
    let logit = |row: usize, k: usize| {
        let own = if labels[row] == i64::try_from(k).expect("small") { 1.5 } else { 0.0 };
        // Sixteenths, which every kind of number holds.
        own + (32.0 * (1.7 * row as f64 + 2.3 * k as f64).sin()).round() / 16.0
    };
    ((0..40).map(|row| (0..3).map(|k| logit(row, k)).collect()).collect(), labels)
}

/// A directory with files to audit.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn with(name: &str, bytes: &[u8]) -> Self {
        let folder = Self::new();
        folder.add(name, bytes);
        folder
    }

    pub(crate) fn add(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.file(name), bytes).expect("written");
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
        command.current_dir(self.0.path()).arg("audit").args(arguments);
        command
    }

    /// The audit of a file as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut command = self.command(arguments);
        let output = command.args(["--format", "json"]).output().expect("run");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The one line by which bad input is refused.
    pub(crate) fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("run");
        let complaint = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert!(output.stdout.is_empty() && complaint.lines().count() == 1, "{arguments:?}: {complaint}");
        complaint
    }
}

/// All numbers of a list, however deep.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::String(text) => vec![text.parse().expect("a number")],
        value => vec![value.as_f64().unwrap_or(f64::NAN)],
    }
}
