//! What is done with an input of each kind. None may end in a panic.
//!
//! The example `fuzz` hands mutated files to these functions, and so do the targets of the crate in `fuzz/`.

use equipoise::analysis::specification::Analysis;
use equipoise::analysis::{Source, Survey};
use equipoise::audit::{AuditInput, ReadOptions, Reduction, audit, recalibrate};
use equipoise::data::{Encoding, Missing, NewSamplesRequest, Part, SampleRequest, TableFormat, read_images};
use equipoise::loss::{ClassWeights, LOSS_TABLE};
use equipoise::teach::{Lesson, check_size};
use std::path::{Path, PathBuf};

/// Takes an input, in a directory of its own, with a number for choices besides; says whether the input was sound.
pub(crate) type Take = fn(&Path, &[u8], usize) -> bool;

/// Every kind of input, by its name.
pub(crate) const KINDS: [(&str, Take); 7] = [
    ("audit", audited),
    ("analysis", analysis),
    ("table", table),
    ("npy", arrays),
    ("images", images),
    ("results", results),
    ("lesson", lesson),
];

/// Larger input takes long and shows nothing new.
const MAX_LOGITS: usize = 4096;

/// Arrays of `audit`, audited under one of the losses.
fn audited(_: &Path, bytes: &[u8], choice: usize) -> bool {
    let Ok(input) = AuditInput::of_bytes(bytes.to_vec(), "input", &ReadOptions::default()) else {
        return false;
    };
    if input.labels().samples() * input.columns() > MAX_LOGITS {
        return false;
    }
    let entry = LOSS_TABLE[choice % LOSS_TABLE.len()];
    let plan = &entry.default;
    let record = audit(&input, entry.name, plan, &ClassWeights::Balanced, (Reduction::WeightedMean, 0.01));
    record.is_ok_and(|_| recalibrate(&input, plan, &ClassWeights::None, 0.01).is_ok())
}

/// Checking an analysis draws its data at every point; larger ones take long and show nothing new.
const MAX_SAMPLES: usize = 2_000;
const MAX_POINTS: usize = 40;

fn analysis(_: &Path, bytes: &[u8], _: usize) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let small = |analysis: &Analysis| {
        let size = analysis.data.size().ok().flatten();
        let points = analysis.sweep.iter().map(|sweep| match &sweep.values {
            equipoise::analysis::specification::Values::List(values) => values.len(),
            equipoise::analysis::specification::Values::Range(_) => MAX_POINTS,
        });
        size.is_some_and(|size| size.samples.max(size.classes).max(size.features) <= MAX_SAMPLES)
            && points.product::<usize>() <= MAX_POINTS
    };
    if toml::from_str::<Analysis>(text).is_ok_and(|analysis| !small(&analysis)) {
        return false;
    }
    let source =
        Source { name: "input".to_owned(), text: text.to_owned(), directory: PathBuf::from("/nowhere") };
    source.experiment(&[]).is_ok()
}

/// A table in any dialect, Parquet, an archive, or any of them packed; with every option that changes what is read.
fn table(place: &Path, bytes: &[u8], choice: usize) -> bool {
    let path = place.join("table.csv");
    if std::fs::write(&path, bytes).is_err() {
        return false;
    }
    let missing = [Missing::Refuse, Missing::DropRow, Missing::Indicator][choice / 4 % 3];
    let encoding =
        [None, None, Some(Encoding::Latin1), Some(Encoding::Utf16 { big_endian: true })][choice / 12 % 4];
    let format = TableFormat { no_header: choice / 48 % 4 == 3, encoding, ..TableFormat::default() };
    let request = SampleRequest {
        one_hot: choice / 192 % 2 == 1,
        missing,
        format,
        offset: if choice / 384 % 2 == 1 { vec!["a".to_owned()] } else { Vec::new() },
        ..SampleRequest::of_label(["species", "y", "x", "a, b"][choice % 4])
    };
    let Ok(samples) = request.read(&path) else { return false };
    // The same file again, by the design that was made of it.
    let new = NewSamplesRequest {
        offset: &request.offset,
        design: &samples.design,
        classes: samples.dataset.labels().class_names(),
        label: Some(&request.label),
        sample_weights: None,
        ignore_index: &[],
        format: &request.format,
    };
    let _ = new.read(&path);
    true
}

pub(crate) fn npy(kind: &str, shape: &str, bytes: usize) -> Vec<u8> {
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    header += &" ".repeat(117 - header.len());
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(header.bytes().chain([b'\n']));
    file.extend((0..bytes).map(|byte| u8::try_from(byte % 2).unwrap_or(0)));
    file
}

fn arrays(place: &Path, bytes: &[u8], choice: usize) -> bool {
    let (features, labels) = (place.join("features.npy"), place.join("labels.npy"));
    let (mutated, sound, other) = if choice.is_multiple_of(2) {
        (&features, &labels, npy("|u1", "(4,)", 4))
    } else {
        (&labels, &features, npy("<f8", "(4, 2)", 64))
    };
    let written = std::fs::write(mutated, bytes).and_then(|()| std::fs::write(sound, other));
    let request = SampleRequest::of_label(&labels.display().to_string());
    written.is_ok() && request.read(&features).is_ok()
}

/// Four images of two by two pixels.
pub(crate) fn idx() -> Vec<u8> {
    let mut file = vec![0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2];
    file.extend(0..16);
    file
}

fn images(place: &Path, bytes: &[u8], choice: usize) -> bool {
    let names = [
        ("train-images-idx3-ubyte", Some("train-labels-idx1-ubyte")),
        ("train-labels-idx1-ubyte", Some("train-images-idx3-ubyte")),
        ("data_batch_1.bin", None),
        ("images.npz", None),
    ];
    let (name, beside) = names[choice % names.len()];
    // Files of a name are remembered by when they were written, so every input has a directory of its own.
    let Ok(directory) = tempfile::tempdir_in(place) else { return false };
    let mut written = std::fs::write(directory.path().join(name), bytes);
    if let Some(beside) = beside {
        let sound = if beside.contains("labels") { vec![0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1] } else { idx() };
        written = written.and_then(|()| std::fs::write(directory.path().join(beside), sound));
    }
    let path = if name == "images.npz" { directory.path().join(name) } else { directory.path().to_owned() };
    written.is_ok() && read_images(&path, Part::Train).is_ok()
}

/// A small analysis, beside whose file a mutated journal lies.
const ANALYSIS: &str = "name = \"x\"\ntitle = \"t\"\nmeasure = [\"loss\"]\n[data.gaussian]\nmeans = { at = [[0.0], [1.0]] }\n\
                        counts = [4, 4]\n[[series]]\nloss = \"logistic\"\n";
fn results(place: &Path, bytes: &[u8], choice: usize) -> bool {
    let names = ["records.jsonl", "records.json", "records.1-of-2.jsonl", "analysis.toml"];
    let Ok(directory) = tempfile::tempdir_in(place) else { return false };
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).is_ok();
    write("analysis.toml", ANALYSIS.as_bytes())
        && write(names[choice % names.len()], bytes)
        && Survey::of(directory.path()).is_ok()
}

/// Few samples: what is asked is read, checked and solved, which larger ones take long for and show nothing new.
fn lesson(_: &Path, bytes: &[u8], _: usize) -> bool {
    let Ok(lesson) = serde_json::from_slice::<Lesson>(bytes) else { return false };
    if let Lesson::Problem(posed) = &lesson {
        let small = posed.analysis.data.size().is_ok_and(|size| size.is_none_or(|size| size.samples < 200));
        if !small {
            return check_size(posed).is_ok();
        }
    }
    equipoise::teach::solve(&lesson).is_ok()
}
