//! Features and labels in NPY files: the same answers as from a CSV file, and every way such files can be wrong.

use super::run::{Folder, Run};
use std::fmt::Write;
use std::path::Path;

const SAMPLES: usize = 900;

/// An NPY file of version 1.
fn npy(descr: &str, fortran_order: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
    let mut dictionary =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran_order}, 'shape': {shape}, }}");
    while (dictionary.len() + 11) % 64 != 0 {
        dictionary.push(' ');
    }
    dictionary.push('\n');
    let length = u16::try_from(dictionary.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], dictionary.as_bytes(), numbers].concat()
}

/// Two features that singles hold exactly, and the class.
fn samples() -> Vec<([f32; 2], i64)> {
    let sample = |index: usize| {
        let class = index * index / 3 % 3;
        let wave = ((index as f32) * 1.7).sin();
        ([class as f32 + 2.0 * wave, 1e3 + ((index as f32) * 0.9).cos()], [-1, 0, 1][class])
    };
    (0..SAMPLES).map(sample).collect()
}

fn features(descr: &str) -> Vec<u8> {
    let bytes = |value: f32| {
        if descr == "<f4" { value.to_le_bytes().to_vec() } else { f64::from(value).to_le_bytes().to_vec() }
    };
    let numbers: Vec<u8> =
        samples().iter().flat_map(|(features, _)| features.iter().copied().flat_map(bytes)).collect();
    npy(descr, "False", &format!("({SAMPLES}, 2)"), &numbers)
}

fn labels(descr: &str, to_bytes: impl Fn(i64) -> Vec<u8>) -> Vec<u8> {
    let numbers: Vec<u8> = samples().iter().flat_map(|(_, class)| to_bytes(*class)).collect();
    npy(descr, "False", &format!("({SAMPLES},)"), &numbers)
}

fn whole_labels() -> Vec<u8> {
    labels("<i8", |class| class.to_le_bytes().to_vec())
}

fn folder(features: &[u8], labels: &[u8]) -> Folder {
    let folder = Folder::with("unused");
    std::fs::write(folder.file("x.npy"), features).expect("written");
    std::fs::write(folder.file("y.npy"), labels).expect("written");
    folder
}

fn solve(folder: &Folder, options: &[&str]) -> Run {
    folder.run(&[&["solve", "x.npy", "--label", "y.npy", "--format", "json"], options].concat())
}

#[test]
fn either_precision_gives_the_bytes_that_a_csv_file_gives() {
    let mut csv = "y,x0,x1\n".to_owned();
    for ([first, second], class) in samples() {
        writeln!(csv, "{class},{},{}", f64::from(first), f64::from(second)).expect("written");
    }
    for options in [&["--loss", "softmax"][..], &["--loss", "logistic", "--class-weights", "balanced"]] {
        let from_csv = Folder::with(&csv).solve(&[options, &["--format", "json"]].concat());
        assert_eq!(from_csv.code, 0, "{from_csv:?}");
        for descr in ["<f4", "<f8"] {
            let from_npy = solve(&folder(&features(descr), &whole_labels()), options);
            assert_eq!(from_npy.code, 0, "{from_npy:?}");
            assert_eq!(from_npy.without_input(), from_csv.without_input());
        }
    }
}

/// Halves are mapped as they are: the answer is that of the same numbers in single precision.
#[test]
fn halves_give_the_answer_of_the_same_numbers_in_single_precision() {
    // A number of 11 bits, and the bits of the half that it is.
    let half = |index: usize, feature: usize| {
        let fraction = u16::try_from((index * (37 + 23 * feature)) % 1024).expect("small");
        let negative = (index / 3 + feature) % 2 == 1;
        let magnitude = (1024.0 + f32::from(fraction)) / 512.0;
        let bits = 0x4000 | fraction | if negative { 0x8000 } else { 0 };
        (if negative { -magnitude } else { magnitude }, bits)
    };
    let all = || (0..SAMPLES).flat_map(|index| (0..2).map(move |feature| half(index, feature)));
    let shape = format!("({SAMPLES}, 2)");
    let singles: Vec<u8> = all().flat_map(|(value, _)| value.to_le_bytes()).collect();
    let halves: Vec<u8> = all().flat_map(|(_, bits): (f32, u16)| bits.to_le_bytes()).collect();
    for loss in ["softmax", "logistic"] {
        let [single, half] = [("<f4", &singles), ("<f2", &halves)].map(|(descr, numbers)| {
            let run =
                solve(&folder(&npy(descr, "False", &shape, numbers), &whole_labels()), &["--loss", loss]);
            assert_eq!(run.code, 0, "{run:?}");
            run.without_input()
        });
        assert_eq!(single, half);
    }
}

#[test]
fn labels_may_be_of_any_whole_kind() {
    let expected = solve(&folder(&features("<f4"), &whole_labels()), &[]);
    assert_eq!(expected.json()["classes"], serde_json::json!(["-1", "0", "1"]));
    let short = labels("<i2", |class| i16::try_from(class).expect("small").to_le_bytes().to_vec());
    let byte = labels("|i1", |class| vec![class.to_le_bytes()[0]]);
    for kind in [short, byte] {
        assert_eq!(
            solve(&folder(&features("<f4"), &kind), &[]).without_seconds(),
            expected.without_seconds()
        );
    }
    let positive = labels("|u1", |class| vec![u8::try_from(class + 1).expect("small")]);
    let run = solve(&folder(&features("<f4"), &positive), &[]);
    assert_eq!(run.json()["classes"], serde_json::json!(["0", "1", "2"]));
    assert_eq!(run.json()["coefficients"], expected.json()["coefficients"]);
}

/// Expects one line on standard error with all of `parts`, and no file written.
#[track_caller]
fn refused(features: &[u8], labels: &[u8], options: &[&str], parts: &[&str]) {
    let folder = folder(features, labels);
    let run = solve(&folder, &[options, &["--save", "head.json"]].concat());
    assert_eq!((run.code, run.printed.as_str(), run.complained.lines().count()), (2, "", 1), "{run:?}");
    for part in parts {
        assert!(run.complained.contains(part), "{} lacks {part:?}", run.complained);
    }
    assert!(!Path::exists(&folder.file("head.json")));
}

#[test]
fn files_of_another_kind_or_length_are_named() {
    let (good, classes) = (features("<f4"), whole_labels());
    refused(b"", &classes, &[], &["x.npy", "is empty"]);
    refused(&good[..30], &classes, &[], &["x.npy", "ends within its header"]);
    refused(
        &good[..good.len() - 3],
        &classes,
        &[],
        &["x.npy", "7197 bytes", "900 x 2 of 4 bytes each are announced"],
    );
    refused(&[&good[..], &[0]].concat(), &classes, &[], &["7201 bytes", "900 x 2 of 4 bytes each"]);
    refused(&good, &classes[..classes.len() - 8], &[], &["y.npy", "7192 bytes"]);
    let numbers = vec![0; 7200];
    refused(&npy("|O", "False", "(900, 2)", &numbers), &classes, &[], &["Python objects", "astype"]);
    refused(&npy("<U2", "False", "(900, 1)", &numbers), &classes, &[], &["holds text", "numbers are needed"]);
    refused(&npy("<f4", "False", "(900, 2, 1)", &numbers), &classes, &[], &["has 3 axes"]);
    refused(&npy("<f4", "False", "(1800,)", &numbers), &classes, &[], &["x.npy has 1800 samples"]);
    let enormous = format!("({}, {})", u64::MAX, u64::MAX);
    refused(&npy("<f4", "False", &enormous, &numbers), &classes, &[], &["are announced; save it again"]);
    let halves = [0.5_f64.to_le_bytes(), 1.5_f64.to_le_bytes()].concat().repeat(450);
    refused(
        &good,
        &npy("<f8", "False", "(900,)", &halves),
        &[],
        &["y.npy: row 1 (index 0)", "real numbers such as 0.5"],
    );
    refused(&good, &npy("<U1", "False", "(1800,)", &numbers), &[], &["y.npy"]);
    refused(
        &good,
        &npy("<i8", "False", "(450, 2)", &numbers),
        &[],
        &["shape (450, 2)", "x.npy has 900 samples"],
    );
    refused(&good, &npy("<i8", "False", "(900,)", &numbers), &[], &["y.npy", "one class only"]);
    refused(&good, &classes, &["--features", "x0"], &["--features"]);
}

#[test]
fn numbers_that_are_not_finite_are_found() {
    let mut bad = features("<f4");
    let place = bad.len() - 4 * (2 * SAMPLES) + 4 * (2 * 601 + 1);
    bad[place..place + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    refused(&bad, &whole_labels(), &[], &["x.npy: row 602, column 2 (index 601, 1)", "is inf", "finite"]);
}

/// Two hundred thousand features of four samples are solved in the span of the samples.
#[test]
fn many_more_features_than_samples_are_answered() {
    let wide = 200_000;
    let numbers: Vec<u8> = (0..4 * wide).flat_map(|index| (index as f32).sin().to_le_bytes()).collect();
    let folder = folder(
        &npy("<f4", "False", &format!("(4, {wide})"), &numbers),
        &npy("|u1", "False", "(4,)", &[0, 1, 0, 1]),
    );
    let run = solve(&folder, &["--loss", "logistic", "--l2", "1"]);
    let record: serde_json::Value = serde_json::from_str(&run.printed).expect("JSON");
    assert_eq!(record["status"], "stationary", "{}", run.complained);
    let run = solve(&folder, &["--loss", "softmax"]);
    let record: serde_json::Value = serde_json::from_str(&run.printed).expect("JSON");
    assert_eq!(record["status"], "separable", "{}", run.complained);
}

#[test]
fn more_memory_than_there_is_is_refused_with_the_number() {
    let (rows, wide) = (40_000, 20_000);
    let header = npy("<f4", "False", &format!("({rows}, {wide})"), &[]);
    let labels: Vec<u8> = (0..rows).map(|row| u8::from(row % 3 == 0)).collect();
    let folder = folder(&header, &npy("|u1", "False", &format!("({rows},)"), &labels));
    // The numbers are zeros that take no room on the disk.
    let file = std::fs::OpenOptions::new().write(true).open(folder.file("x.npy")).expect("the file");
    file.set_len((header.len() + 4 * rows * wide) as u64).expect("a sparse file");
    let run = solve(&folder, &["--loss", "logistic", "--l2", "1"]);
    assert_eq!((run.code, run.printed.as_str(), run.complained.lines().count()), (2, "", 1), "{run:?}");
    for part in ["solving takes up to", "iB, and", "of memory are free"] {
        assert!(run.complained.contains(part), "{} lacks {part:?}", run.complained);
    }
}
