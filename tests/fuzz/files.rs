//! Every other file that is read, and the lessons of the lecture page, when they are nearly what they should be: none may end in a
//! panic.
//!
//! `fuzz_files KIND INPUTS SEED [DIR]` with a KIND of `analysis`, `csv`, `npy`, `images`, `results` or `lesson`; inputs that end in
//! a panic are written into DIR, by default the current one.

mod drive;
mod mutation;

use anyhow::{Result, bail};
use drive::drive;
use equipoise::analysis::specification::Analysis;
use equipoise::analysis::{SHIPPED, Source, Survey};
use equipoise::data::{Part, read_csv, read_images, read_npy};
use equipoise::teach::{Lesson, check_size};
use std::path::{Path, PathBuf};

/// What is done with a mutated file, in a directory of one's own.
type Take = fn(&Path, &[u8], usize) -> bool;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kind, inputs, seed, crashes) = match arguments.as_slice() {
        [kind, inputs, seed] => (kind, inputs, seed, PathBuf::from(".")),
        [kind, inputs, seed, crashes] => (kind, inputs, seed, PathBuf::from(crashes)),
        _ => bail!("fuzz_files analysis|csv|npy|images|results|lesson INPUTS SEED [DIR]"),
    };
    let (seeds, take): (Vec<Vec<u8>>, Take) = match kind.as_str() {
        "analysis" => (analyses(), analysis),
        "csv" => (vec![TABLE.to_vec()], csv),
        "npy" => (vec![npy("<f8", "(4, 2)", 64), npy("<f4", "(4, 2)", 32), npy("|u1", "(4,)", 4)], arrays),
        "images" => (vec![idx(), cifar()], images),
        "results" => (vec![JOURNAL.to_vec()], results),
        "lesson" => (vec![LESSON.to_vec()], lesson),
        other => bail!("{other}: no kind of file; there are analysis, csv, npy, images, results and lesson"),
    };
    let place = tempfile::tempdir()?;
    drive(&seeds, &crashes, (inputs.parse()?, seed.parse()?), |bytes, choice| {
        let own = place.path().join(format!("{:?}", std::thread::current().id()));
        std::fs::create_dir_all(&own).is_ok() && take(&own, &bytes, choice)
    })
}

/// Shipped analyses that train no network and sweep little.
fn analyses() -> Vec<Vec<u8>> {
    let quick = SHIPPED.iter().filter(|shipped| !shipped.text.contains("[training]"));
    quick.map(|shipped| shipped.text.as_bytes().to_vec()).collect()
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

const TABLE: &[u8] = b"x,y,\"a, b\"\n1.5,cat,3\n-2e3,dog,4\n0,\"c\"\"at\",5\n1,dog,6\n";

fn csv(place: &Path, bytes: &[u8], choice: usize) -> bool {
    let path = place.join("table.csv");
    let label = ["y", "x", "a, b"][choice % 3];
    std::fs::write(&path, bytes).is_ok() && read_csv(&path, label, None).is_ok()
}

fn npy(kind: &str, shape: &str, bytes: usize) -> Vec<u8> {
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
    written.is_ok() && read_npy(&features, &labels).is_ok()
}

/// Four images of two by two pixels.
fn idx() -> Vec<u8> {
    let mut file = vec![0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2];
    file.extend(0..16);
    file
}

/// One image of ten classes.
fn cifar() -> Vec<u8> {
    (0..3073_u32).map(|byte| u8::try_from(byte % 10).unwrap_or(0)).collect()
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
const JOURNAL: &[u8] =
    b"{\"seal\":\"0123456789abcdef0123456789abcdef\",\"record\":{\"key\":\"k\",\"at\":[],\"series\":0,\
    \"repetition\":0,\"ended\":\"stationary\",\"classes\":2,\"features\":1,\"measured\":{\"loss\":[0.5]}}}\n";

fn results(place: &Path, bytes: &[u8], choice: usize) -> bool {
    let names = ["records.jsonl", "records.json", "records.1-of-2.jsonl", "analysis.toml"];
    let Ok(directory) = tempfile::tempdir_in(place) else { return false };
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).is_ok();
    write("analysis.toml", ANALYSIS.as_bytes())
        && write(names[choice % names.len()], bytes)
        && Survey::of(directory.path()).is_ok()
}

const LESSON: &[u8] = br#"{"problem":{"analysis":{"name":"x","title":"t","measure":["gradient","mean_probability"],"penalty":0.01,
"class_weights":[1,3],"data":{"gaussian":{"means":{"at":[[-1,0],[1,0]]},"counts":[9,4]}},"series":[{"loss":"logistic"},{"loss":{"inr":{"beta":5}}}]},
"look":{"series":0,"class":1,"predicted":0}}}"#;

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
