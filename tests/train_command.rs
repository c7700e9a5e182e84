//! `train` as a practitioner uses it.

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin;
use predicates::prelude::*;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn train(directory: &Path, more: &[&str]) -> Assert {
    command(directory, more).assert()
}

fn command(directory: &Path, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.current_dir(directory).arg("train").args(more);
    command
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(number).collect()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn digits_are_classified_within_seconds() {
    let directory = directory();
    let record = json(&train(directory.path(), &["--format", "json"]).success());
    assert!(number(&record["test"]["accuracy"]) > 0.8, "{}", record["test"]);
    assert_eq!(numbers(&record["test"]["class_counts"]), [40.0; 10]);
    assert_eq!(record["class_counts"][0], 138);
    let epochs = record["epochs"].as_array().expect("a list");
    assert_eq!(epochs.len(), 5);
    assert!(number(&epochs[4]["loss"]) < number(&epochs[0]["loss"]));
    assert_eq!(epochs[4]["balance_residual"], record["final"]["balance_residual"]);
    assert_eq!(epochs[4]["test_accuracy"], record["test"]["accuracy"]);
    assert_eq!(numbers(&epochs[4]["own_probability"])[3], number(&record["final"]["mean_probability"][3][3]));
    for class in record["final"]["ledger"].as_array().expect("a list") {
        let difference = number(&class["outflow"]) - number(&class["inflow"]);
        assert!((difference - number(&class["difference"])).abs() < 1e-12, "{class}");
        assert!(class.get("bias_penalty_gradient").is_none());
    }
    assert!(record.get("polished").is_none());
}

/// Options of a training that takes about a second.
const QUICK: [&str; 8] = ["--classes", "3,8,9", "--counts", "60,30,15", "--batch", "16", "--epochs", "3"];

fn quick(directory: &Path, more: &[&str]) -> Assert {
    train(directory, &[&QUICK, more].concat())
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let directory = directory();
    let more = ["--flips", "--shifts", "1", "--polish", "1e-3", "--format", "json"];
    let on = |threads: &str| {
        let mut command = command(directory.path(), &[&QUICK[..], &more].concat());
        command.env("RAYON_NUM_THREADS", threads).assert().success().get_output().stdout.clone()
    };
    assert!(on("1") == on("4"));
}

#[test]
fn the_table_shows_epochs_balance_and_curve() {
    let directory = directory();
    quick(directory.path(), &["--polish"])
        .success()
        .stderr("")
        .stdout(predicate::str::contains(
            "digits: small network, SML; 105 images of 3 classes, tested on 120 images",
        ))
        .stdout(predicate::str::contains("loss over steps  accuracy  loss after  gradient  balance residual"))
        .stdout(predicate::str::contains("outflow  inflow  residual  polished  P[k][k]  test recall"))
        .stdout(predicate::str::contains("balance residual, log scale  "))
        .stdout(predicate::str::contains("last layer, l2 0.0001"))
        .stdout(predicate::str::contains("mu b_k").not());
    quick(directory.path(), &["--decay-bias", "--decay", "0.01"])
        .success()
        .stdout(predicate::str::is_match("inflow  difference +mu b_k  residual").expect("a pattern"))
        .stdout(predicate::str::contains("vanishes where outflow - inflow = mu b_k"));
}

#[test]
fn polishing_brings_the_balance_that_training_only_nears() {
    let directory = directory();
    for loss in [
        &["softmax"][..],
        &["logistic"],
        &["inr", "--beta", "2"],
        &["inr", "--detached"],
        &["focal"],
        &["balanced-softmax"],
    ] {
        let more = [&["--polish", "1e-3", "--format", "json", "--loss"], loss].concat();
        let record = json(&quick(directory.path(), &more).success());
        // Batches make another loss of LGL-INR, and of no other.
        let law = if loss[0] == "inr" { "simulated" } else { "own" };
        assert_eq!(record["batch_law"], law, "{loss:?}");
        let polished = &record["polished"];
        assert_eq!(polished["status"], "stationary", "{loss:?}");
        let residual = |when: &str| number(&polished[when]["balance_residual"]);
        assert!(residual("before") > 1e-4 && residual("after") < 1e-10, "{loss:?}: {polished}");
        assert!(number(&polished["after"]["gradient_inf"]) < 1e-10, "{loss:?}: {polished}");
    }
}

#[test]
fn images_that_the_features_separate_have_no_polished_layer() {
    let directory = directory();
    let more = ["--classes", "0,1", "--counts", "8,8", "--polish", "0", "--format", "json"];
    let assert = train(directory.path(), &more)
        .code(1)
        .stderr(predicate::str::contains("--polish: no stationary point: the features separate"))
        .stderr(predicate::str::contains("\n").count(1));
    assert_eq!(json(&assert)["polished"]["status"], "separable");
}

/// Starts a training and kills it some time after its checkpoint is there. Returns whether it was still under way.
fn killed(directory: &Path, options: &[&str], after: Duration) -> bool {
    let mut child = std::process::Command::new(cargo_bin("equipoise"))
        .current_dir(directory)
        .arg("train")
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    let begun = Instant::now();
    while !directory.join("kept").exists() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(after);
    child.kill().expect("killed");
    !child.wait().expect("waited for").success()
}

#[test]
fn a_training_killed_again_and_again_ends_in_the_same_bits() {
    let (whole, broken) = (directory(), directory());
    let options: Vec<&str> = "--counts 40,40,40,40,30,30,30,20,20,20 --epochs 20 --batch 8 --shifts 1 --optimizer adamw --rate 0.002 \
                              --checkpoint kept --checkpoint-every 0 --format json"
        .split_whitespace()
        .collect();
    let printed = train(whole.path(), &options).success().get_output().stdout.clone();
    let moments = [0, 300, 700, 100, 400].map(Duration::from_millis);
    let kills = moments.iter().filter(|&&after| killed(broken.path(), &options, after)).count();
    assert!(kills >= 2, "killed {kills} times before the end");
    let again = train(broken.path(), &options).success().get_output().stdout.clone();
    assert!(again == printed);
    let read = |directory: &Path| std::fs::read(directory.join("kept")).expect("a checkpoint");
    assert!(read(broken.path()) == read(whole.path()));
    // Nothing is left to do, and the same is printed.
    assert!(train(broken.path(), &options).success().get_output().stdout == printed);
}

#[test]
fn a_loss_that_diverges_names_the_step_and_leaves_the_checkpoint() {
    let directory = directory();
    quick(directory.path(), &["--rate", "1e30", "--checkpoint", "kept"]).code(1).stdout("").stderr(
        predicate::str::contains("training, epoch 1, step ").and(predicate::str::contains("\n").count(1)),
    );
    assert!(!directory.path().join("kept").exists());
    let later = ["--schedule", "step:2:1e30", "--checkpoint", "kept"];
    let diverges = || {
        quick(directory.path(), &later).code(1).stdout("").stderr(predicate::str::contains("epoch 3, step "));
        std::fs::read(directory.path().join("kept")).expect("a checkpoint")
    };
    assert!(diverges() == diverges());
}

fn refused(directory: &Path, options: &[&str], words: &[&str]) {
    let mut assert = train(directory, options).code(2).stdout("");
    for words in words {
        assert = assert.stderr(predicate::str::contains(*words));
    }
    assert.stderr(predicate::str::contains("\n").count(1));
}

#[test]
fn bad_input_is_named() {
    let directory = directory();
    let cases: &[(&str, &[&str])] = &[
        ("--loss hinge", &["'hinge'", "--loss"]),
        (
            "--gamma 1",
            &["--gamma: goes with --loss focal, sigmoid-focal, vector-scaling, soft-selection only"],
        ),
        ("--loss inr --beta -1", &["beta = -1", "from 0"]),
        ("--counts 5,5", &["--counts: 2 given for 10 classes"]),
        ("--classes 3,8 --counts 5,0", &["--counts: class 8 gets 0 images"]),
        ("--classes 3,8 --counts 5,500", &["class 8: 500 images asked for and 40 to be kept apart"]),
        ("--classes 3,12", &["--classes: no image is of class 12"]),
        ("--classes 3,3", &["class 3 is named twice"]),
        ("--classes 3", &["at least two are needed"]),
        ("--imbalance exponential:0:10", &["--imbalance exponential:0:10", "must be at least 1"]),
        ("--imbalance tail", &["give exponential:LARGEST:RATIO"]),
        ("--imbalance step:9:x:1", &["\"x\" is not a number"]),
        ("--test 0", &["--test 0", "at least 1"]),
        ("--test 180", &["--test 180: class 0 has 178 images"]),
        ("--data nowhere", &["nowhere", "cannot read nowhere"]),
        ("--class-weights 1,2", &["2 given for 10 classes"]),
        ("--class-weights effective:1", &["give B from 0 to below 1"]),
        ("--class-weights effective:x", &["\"x\" is not a number"]),
        ("--network huge", &["--network huge: give small, lenet, vgg"]),
        ("--network none.toml", &["--network none.toml", "cannot be read"]),
        ("--epochs 0", &["epochs: 0"]),
        ("--rate nan", &["rate: NaN"]),
        ("--optimizer adam --momentum 0.5", &["--momentum: goes with --optimizer sgd only"]),
        ("--schedule step:0:0.1", &["schedule", "above 0"]),
        ("--shifts 8", &["shifts: 8; give at most 7, since images have 8 rows or columns"]),
        ("--schedule linear", &["--schedule linear: give constant, cosine"]),
        ("--polish much", &["'much'", "--polish", "give a number"]),
        ("--polish -1", &["--polish -1: give zero"]),
        ("--checkpoint .", &["--checkpoint .", "not a regular file"]),
        ("--checkpoint no/such", &["--checkpoint no/such", "cannot write into"]),
    ];
    for (options, words) in cases {
        refused(directory.path(), &options.split_whitespace().collect::<Vec<_>>(), words);
    }
}

#[test]
fn networks_from_files_say_which_layer_cannot_be() {
    let directory = directory();
    let file = |text: &str| std::fs::write(directory.path().join("mine.toml"), text).expect("written");
    let with_file = |words: &[&str]| refused(directory.path(), &["--network", "mine.toml"], words);
    file("layers = [\"relu\", { convolution = { channels = 8, kernel = 4 } }]");
    with_file(&["layer 2", "a kernel of 4"]);
    file("layers = [{ linear = 8 }, { max_pool = 2 }]");
    with_file(&["layer 2", "after a linear layer"]);
    file("layers = [\n  \"relu\",\n  \"sigmoid\",\n]");
    with_file(&["--network mine.toml: line 3", "sigmoid"]);
    file("depth = 3");
    with_file(&["mine.toml", "depth"]);
    file(
        "layers = [{ convolution = { channels = 4, kernel = 3 } }, \"relu\", { max_pool = 2 }, { dropout = 0.5 }]",
    );
    quick(directory.path(), &["--network", "mine.toml"])
        .success()
        .stdout(predicate::str::contains("mine.toml network"));
}

#[test]
fn a_checkpoint_of_something_else_is_refused_and_kept() {
    let directory = directory();
    let start = ["--checkpoint", "kept", "--epochs", "2"];
    let with = |more: &[&str], words: &[&str]| {
        refused(directory.path(), &[&QUICK[..6], &start, more].concat(), words);
    };
    train(directory.path(), &[&QUICK[..6], &start].concat()).success();
    let before = std::fs::read(directory.path().join("kept")).expect("a checkpoint");
    with(&["--network", "lenet"], &["checkpoint kept", "another architecture"]);
    with(&["--rate", "0.1"], &["another learning rate"]);
    with(&["--seed", "2"], &["another seed"]);
    with(&["--test", "30"], &["tested on other images"]);
    assert!(std::fs::read(directory.path().join("kept")).expect("a checkpoint") == before);
    std::fs::write(directory.path().join("kept"), "layers = []").expect("written");
    with(&[], &["checkpoint kept", "damaged"]);
}

#[test]
fn a_flipped_bit_of_a_checkpoint_is_named() {
    let directory = directory();
    let start = ["--checkpoint", "kept", "--epochs", "1"];
    train(directory.path(), &[&QUICK[..6], &start].concat()).success();
    let kept = directory.path().join("kept");
    let whole = std::fs::read(&kept).expect("a checkpoint");
    // Over the head, the seal and the tensors.
    for place in (0..40).map(|part| part * (whole.len() - 1) / 39).chain(0..100) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        std::fs::write(&kept, &flipped).expect("written");
        refused(directory.path(), &[&QUICK[..6], &start].concat(), &["checkpoint kept: "]);
        assert!(std::fs::read(&kept).expect("there") == flipped, "byte {place}");
    }
}

#[test]
fn a_second_training_on_one_checkpoint_is_told() {
    let directory = directory();
    let start = ["--checkpoint", "kept", "--epochs", "500"];
    let mut first = std::process::Command::new(cargo_bin("equipoise"))
        .current_dir(directory.path())
        .arg("train")
        .args(QUICK[..6].iter().chain(&start))
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    while !directory.path().join("kept").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(100));
    let other = [&QUICK[..6], &start, &["--seed", "9"]].concat();
    refused(directory.path(), &other, &["checkpoint kept: another training is saved there"]);
    first.kill().expect("killed");
    first.wait().expect("ended");
    // An empty file is nobody's training.
    std::fs::write(directory.path().join("empty"), "").expect("written");
    quick(directory.path(), &["--checkpoint", "empty"]).success();
}

#[cfg(unix)]
#[test]
fn a_file_that_comes_in_the_place_of_a_checkpoint_is_left_alone() {
    let directory = directory();
    let kept = directory.path().join("kept");
    let first = std::process::Command::new(cargo_bin("equipoise"))
        .current_dir(directory.path())
        .arg("train")
        .args(QUICK[..6].iter().chain(&[
            "--checkpoint",
            "kept",
            "--epochs",
            "500",
            "--checkpoint-every",
            "30",
        ]))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    while !std::fs::metadata(&kept).is_ok_and(|found| found.len() > 0) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // As when somebody begins another training there.
    std::fs::write(directory.path().join("other"), "precious").expect("written");
    std::fs::rename(directory.path().join("other"), &kept).expect("renamed");
    let output = first.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("checkpoint kept: "), "{said}");
    assert!(said.contains("moved or removed by another program") && said.lines().count() == 1, "{said}");
    assert_eq!(std::fs::read_to_string(&kept).expect("there"), "precious");
}

#[test]
fn a_bias_that_decays_moves_the_balance_by_its_penalty_and_one_that_does_not_finds_it() {
    let directory = directory();
    // The last layer alone, whole batches: a convex problem that momentum solves as far as single precision goes.
    std::fs::write(directory.path().join("none.toml"), "layers = []").expect("written");
    let options: Vec<&str> =
        "--network none.toml --classes 3,8,9 --counts 60,30,15 --batch 105 --decay 0.05 --rate 0.1 \
                              --momentum 0.98 --epochs 3000 --format json"
            .split_whitespace()
            .collect();
    let end =
        |more: &[&str]| json(&train(directory.path(), &[&options, more].concat()).success())["final"].clone();
    let free = end(&[]);
    assert!(number(&free["balance_residual"]) < 1e-5, "{}", free["balance_residual"]);
    let held = end(&["--decay-bias"]);
    assert!(number(&held["balance_residual"]) > 0.03, "{}", held["balance_residual"]);
    assert!(number(&held["gradient_inf"]) < 1e-6);
    for class in held["ledger"].as_array().expect("a list") {
        let (difference, bias_penalty) =
            (number(&class["difference"]), number(&class["bias_penalty_gradient"]));
        assert!(bias_penalty.abs() > 0.05 && (difference - bias_penalty).abs() < 1e-4, "{class}");
    }
}

/// An IDX file: its magic number, its sizes, its bytes.
fn idx(directory: &Path, name: &str, sizes: &[u32], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, u8::try_from(sizes.len()).expect("few")];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(bytes);
    std::fs::write(directory.join(name), file).expect("written");
}

/// One part of a set of images 6 x 6 of the classes 2 and 5, bright above and below.
fn part(directory: &Path, prefix: &str, images: u8) {
    let bright = |image: u8, row: u8| {
        if (row < 3) == image.is_multiple_of(2) { 200 - 9 * (image % 7) } else { 5 * row }
    };
    let pixels: Vec<u8> =
        (0..images).flat_map(|image| (0..36).map(move |pixel| bright(image, pixel / 6))).collect();
    let labels: Vec<u8> = (0..images).map(|image| if image.is_multiple_of(2) { 2 } else { 5 }).collect();
    idx(directory, &format!("{prefix}-images-idx3-ubyte"), &[images.into(), 6, 6], &pixels);
    idx(directory, &format!("{prefix}-labels-idx1-ubyte"), &[images.into()], &labels);
}

#[test]
fn an_image_set_is_tested_on_its_own_part_or_on_images_kept_apart() {
    let directory = directory();
    let options = ["--data", ".", "--batch", "4", "--epochs", "20", "--format", "json"];
    let with = |more: &[&str]| train(directory.path(), &[&options, more].concat());
    part(directory.path(), "train", 40);
    refused(directory.path(), &options, &["the part to test on (give --test N", "holds no image set"]);
    let apart = json(&with(&["--test", "3", "--loss", "logistic"]).success());
    assert_eq!(apart["classes"], serde_json::json!(["2", "5"]));
    assert_eq!(apart["class_counts"], serde_json::json!([17, 17]));
    assert_eq!(apart["test"]["class_counts"], serde_json::json!([3, 3]));
    part(directory.path(), "t10k", 14);
    let own = json(&with(&["--imbalance", "exponential:20:4"]).success());
    assert_eq!(own["class_counts"], serde_json::json!([20, 5]));
    assert_eq!(own["test"]["class_counts"], serde_json::json!([7, 7]));
    assert_eq!(number(&own["test"]["accuracy"]), 1.0);
}

/// The sets that `scripts/datasets` fetches, plain and gzipped; a machine without them says so and passes.
#[test]
fn sets_as_packages_ship_them_are_learned_from() {
    for set in ["fashion-mnist", "mnist"] {
        let place = format!("/usr/share/datasets/{set}");
        if !Path::new(&place).is_dir() {
            eprintln!("{place} is left out: scripts/datasets fetches it");
            continue;
        }
        let counts = ["60"; 10].join(",");
        let options = ["--data", &place, "--counts", &counts, "--epochs", "6", "--format", "json"];
        let record = json(&train(directory().path(), &options).success());
        assert_eq!(numbers(&record["test"]["class_counts"]).iter().sum::<f64>(), 10_000.0, "{set}");
        assert!(number(&record["test"]["accuracy"]) > 0.6, "{set}: {}", record["test"]["accuracy"]);
    }
}
