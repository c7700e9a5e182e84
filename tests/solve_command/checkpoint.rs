//! `solve --checkpoint`: a search that is killed, interrupted or out of time is resumed; what it was not saved for is refused.

use super::run::{Folder, Run, number};
use assert_cmd::cargo::cargo_bin;
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KEPT: [&str; 4] = ["--checkpoint", "kept", "--checkpoint-every", "0"];

/// Classes that overlap, each around a place of its own.
fn table(samples: u32, features: u32, classes: u32) -> String {
    let mut csv = "y".to_owned();
    (0..features).for_each(|feature| write!(csv, ",x{feature}").expect("written"));
    for sample in 0..samples {
        let (class, turn) = (sample % classes, f64::from(sample));
        write!(csv, "\nc{class}").expect("written");
        for feature in 0..features {
            let phase = 0.37 * f64::from(feature);
            let place = 0.7 * (f64::from(class) * (1.1 + phase)).sin();
            write!(csv, ",{:.4}", place + (turn * (1.3 + phase) + 0.05 * turn * turn).sin())
                .expect("written");
        }
    }
    csv + "\n"
}

fn small() -> Folder {
    Folder::with(table(240, 3, 3))
}

fn json(folder: &Folder, options: &[&str]) -> Run {
    folder.solve(&[options, &["--format", "json"]].concat())
}

/// Takes one step of the search and saves it.
fn one_step(folder: &Folder, options: &[&str]) {
    let run = folder.solve(&[options, &KEPT, &["--time-limit", "1e-9"]].concat());
    assert_eq!(run.code, 1, "{run:?}");
}

/// A run that ends as one that was never disturbed.
fn ends_alike(resumed: &Run, whole: &Run) {
    assert_eq!((resumed.code, whole.code), (0, 0), "{resumed:?}");
    let (resumed, whole) = (resumed.json(), whole.json());
    assert_eq!(resumed["status"], "stationary");
    assert!(number(&resumed["gradient_inf"]) < 1e-13, "{}", resumed["gradient_inf"]);
    assert!((number(&resumed["loss"]) / number(&whole["loss"]) - 1.0).abs() < 1e-13);
    for name in ["ledger", "coefficients", "mean_probabilities"] {
        assert!(resumed[name].is_array() || whole[name].is_null(), "{name}");
    }
}

#[test]
fn a_search_out_of_time_is_resumed() {
    for options in
        [&["--l2", "1e-4"][..], &["--loss", "logistic"], &["--class-weights", "balanced", "--no-intercept"]]
    {
        let folder = small();
        let whole = json(&folder, options);
        one_step(&folder, options);
        let resumed = json(&folder, &[options, &KEPT].concat());
        ends_alike(&resumed, &whole);
        let said = "note: kept was saved after 1 iteration with a relative gradient of ";
        for part in [said, "; the search resumes there\n"] {
            assert!(resumed.complained.contains(part), "{}", resumed.complained);
        }
        // Steps are counted from the beginning, and the end is kept, too.
        let again = json(&folder, &[options, &KEPT, &["--tolerance", "1e-9"]].concat());
        assert_eq!(again.code, 0, "{again:?}");
        let steps = number(&resumed.json()["iterations"]);
        assert!(steps > 1.0 && number(&again.json()["iterations"]) >= steps);
    }
}

#[test]
fn separable_classes_are_found_from_a_checkpoint_too() {
    let folder = Folder::with("y,x\na,1\na,2\nb,3\nb,4\n".to_owned() + &"a,0.5\nb,5\n".repeat(20));
    one_step(&folder, &[]);
    let run = json(&folder, &KEPT);
    assert_eq!((run.code, run.json()["status"].as_str()), (1, Some("separable")), "{run:?}");
}

#[test]
fn a_checkpoint_of_another_search_is_refused_and_kept() {
    let folder = small();
    let options = ["--l2", "1e-4"];
    one_step(&folder, &options);
    let before = std::fs::read(folder.file("kept")).expect("a checkpoint");
    let refused = |more: &[&str], part: &str| {
        let run = folder.solve(&[more, &KEPT].concat());
        // What was read, and what is wrong.
        let [_, wrong] = run.complained.lines().collect::<Vec<_>>()[..] else { panic!("{run:?}") };
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{run:?}");
        assert!(wrong.starts_with("error: checkpoint kept: ") && wrong.contains(part), "{run:?}");
    };
    refused(&["--l2", "2e-4"], "is of a search with another penalty; solve with the same data and options");
    refused(&["--l2", "1e-4", "--loss", "logistic"], "with another loss");
    refused(&["--l2", "1e-4", "--class-weights", "1,2,3"], "with other class weights");
    refused(&["--l2", "1e-4", "--no-intercept"], "with intercepts");
    refused(&["--l2", "1e-4", "--standardize"], "over other samples");
    refused(&["--l2", "1e-4", "--test", "0.2"], "over other samples");
    refused(&["--l2", "1e-4", "--drop", "x2"], "over other samples");
    std::fs::write(folder.file("data.csv"), table(240, 3, 3).replacen("c1", "c2", 1)).expect("written");
    refused(&options, "over other samples");
    assert!(std::fs::read(folder.file("kept")).expect("there") == before);
    let mut flipped = before;
    let middle = flipped.len() - 20;
    flipped[middle] ^= 4;
    std::fs::write(folder.file("kept"), flipped).expect("written");
    refused(&options, "is damaged");
    std::fs::write(folder.file("kept"), "my notes").expect("written");
    refused(&options, "is no checkpoint");
    assert_eq!(std::fs::read_to_string(folder.file("kept")).expect("there"), "my notes");
}

#[test]
fn sample_weights_are_a_part_of_the_samples() {
    let weighted: String = table(240, 2, 3)
        .lines()
        .enumerate()
        .map(|(row, line)| {
            format!("{line},{}\n", if row == 0 { "w".to_owned() } else { (row % 3).to_string() })
        })
        .collect();
    let folder = Folder::with(weighted.replace(",0\n", ",4\n"));
    one_step(&folder, &["--l2", "1e-4", "--drop", "w"]);
    let run = folder.solve(&[&["--l2", "1e-4", "--sample-weights", "w"], &KEPT[..]].concat());
    assert!(run.code == 2 && run.complained.contains("over other samples"), "{run:?}");
}

#[test]
fn a_training_is_not_resumed_as_a_search() {
    let folder = small();
    let quick = ["train", "--epochs", "1", "--classes", "0,1", "--counts", "8,8", "--checkpoint", "kept"];
    assert_eq!(folder.run(&quick).code, 0);
    let run = folder.solve(&KEPT);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.complained.contains("is of a training, not of a search; name another file"), "{run:?}");
}

#[test]
fn what_has_no_checkpoint_says_so_before_any_work() {
    let folder = small();
    for (options, part) in [
        (&["--loss", "inr"][..], "--checkpoint: goes with --loss softmax and --loss logistic"),
        (&["--l2", "1e-3..1:3", "--test", "0.2"], "--checkpoint: goes with one penalty, not with a sweep"),
        (&["--estimate"], "--checkpoint: --estimate solves nothing"),
    ] {
        let run = folder.solve(&[options, &KEPT].concat());
        assert_eq!((run.code, run.printed.as_str(), run.complained.lines().count()), (2, "", 1), "{run:?}");
        assert!(run.complained.contains(part), "{run:?}");
        assert!(!Path::exists(&folder.file("kept")));
    }
    let run = folder.solve(&["--checkpoint-every", "5"]);
    assert!(run.code == 2 && run.complained.contains("--checkpoint"), "{run:?}");
    for place in ["data.csv", ".", "no/such"] {
        let run = folder.solve(&["--checkpoint", place]);
        assert_eq!((run.code, run.complained.lines().count()), (2, 1), "{run:?}");
        assert!(run.complained.contains(&format!("--checkpoint {place}: ")), "{run:?}");
    }
}

/// Options of a search that takes seconds.
const LONG: [&str; 4] = ["--l2", "1e-6", "--threads", "1"];

fn long() -> Folder {
    Folder::with(table(9000, 24, 30))
}

/// Starts the search and waits until there is something to resume from.
fn under_way(folder: &Folder) -> Child {
    // A shell in the background has its children ignore interrupts: this one is to heed them all the same.
    let child = Command::new("env")
        .arg("--default-signal=INT")
        .arg(cargo_bin("equipoise"))
        .current_dir(folder.path())
        .args(["solve", "data.csv", "--label", "y"])
        .args(LONG)
        .args(KEPT)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let begun = Instant::now();
    while !std::fs::metadata(folder.file("kept")).is_ok_and(|found| found.len() > 0) {
        assert!(begun.elapsed() < Duration::from_secs(120), "there is no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

#[cfg(target_os = "linux")]
#[test]
fn a_search_that_is_killed_comes_to_the_same_point() {
    let folder = long();
    let mut child = under_way(&folder);
    child.kill().expect("killed");
    assert!(!child.wait().expect("ended").success(), "it was over before it could be killed");
    let left = std::fs::read_dir(folder.path()).expect("listed").count();
    let resumed = json(&folder, &[&LONG[..], &KEPT].concat());
    assert!(resumed.complained.contains("the search resumes there"), "{}", resumed.complained);
    ends_alike(&resumed, &json(&folder, &LONG));
    assert!(std::fs::read_dir(folder.path()).expect("listed").count() <= left.min(3));
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_search_says_that_it_is_kept() {
    use std::os::unix::process::ExitStatusExt;
    let folder = long();
    let child = under_way(&folder);
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
        assert!(sent.success(), "it was over before {name}");
    };
    // It waits for the second one, however quick it is.
    signal("-STOP");
    let second = folder.solve(&[&LONG[..], &KEPT].concat());
    assert_eq!(second.code, 2, "{second:?}");
    assert!(second.complained.contains("checkpoint kept: another search is saved there; wait"), "{second:?}");
    signal("-INT");
    signal("-CONT");
    let ended = child.wait_with_output().expect("ended");
    assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.ends_with("\nnote: interrupted; the same command resumes from kept\n"), "{said}");
    assert!(std::fs::metadata(folder.file("kept")).expect("there").len() > 0);
}
