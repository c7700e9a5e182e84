//! An analysis in shards, on one machine or several, and what becomes of them.

use super::{SMALL, equipoise, read, with_small};
use predicates::prelude::*;
use std::path::Path;
use std::process::{Command, Stdio};

/// Every file of a directory with its bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries =
        std::fs::read_dir(directory).expect("listable").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut files: Vec<(String, Vec<u8>)> =
        entries.map(|path| (name(&path), std::fs::read(&path).expect("readable"))).collect();
    files.sort();
    files
}

#[test]
fn parts_merge_into_the_bytes_of_the_whole() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert().success();
    run(&["run", "small.toml", "--out", "whole"]);
    let whole = files(&directory.path().join("whole"));
    for of in [1, 2, 7] {
        let out = format!("merged-{of}");
        // Any order.
        let mut solved = 0;
        for number in (1..=of).rev() {
            let shard = format!("{number}/{of}");
            let message =
                run(&["run", "small.toml", "--out", &out, "--shard", &shard]).get_output().stdout.clone();
            let message = String::from_utf8(message).expect("text");
            let count =
                message.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
            solved += count.unwrap_or_else(|| panic!("{message}"));
        }
        assert_eq!(solved, 18, "shards are disjoint and leave nothing out");
        run(&["results", "merge", &out]);
        assert_eq!(files(&directory.path().join(&out)), whole, "{of} shards");
    }
}

#[test]
fn every_kind_of_shipped_analysis_merges_alike() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert().success();
    // Curves, maps, decision regions, a triangle, and small networks whose learning rates are chosen.
    for (name, settings) in [
        ("binary-weights", vec!["repetitions=2"]),
        ("probability-maps", vec!["repetitions=1"]),
        ("decision-regions", vec!["repetitions=2"]),
        ("triangle", vec!["repetitions=6"]),
        ("digits-table", vec!["repetitions=1", "training.recipe.epochs=1", "training.rates=[0.05, 0.2]"]),
    ] {
        let settings: Vec<&str> = settings.into_iter().flat_map(|setting| ["--set", setting]).collect();
        let with =
            |more: &[&str]| run(&[&["run", name, "--format", "svg"], settings.as_slice(), more].concat());
        with(&["--out", "whole"]);
        for number in 1..=3 {
            with(&["--out", &format!("part-{number}"), "--shard", &format!("{number}/3")]);
        }
        run(&["results", "merge", "part-1", "part-2", "part-3", "--out", "merged", "--format", "svg"]);
        let [whole, merged] = ["whole", "merged"].map(|place| files(&directory.path().join(place)));
        assert_eq!(merged, whole, "{name}");
        for place in ["whole", "merged", "part-1", "part-2", "part-3"] {
            std::fs::remove_dir_all(directory.path().join(place)).expect("removed");
        }
    }
}

#[test]
fn a_missing_part_is_named_with_the_command_that_runs_it() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "small.toml", "--shard", "1/3"]).success();
    run(&["run", "small.toml", "--shard", "3/3"]).success();
    run(&["results", "merge", "small"]).code(2).stdout("").stderr(
        predicate::str::contains(
            "a part lacks 6 of 6 problems: equipoise run small/analysis.toml --shard 2/3",
        )
        .and(predicate::str::contains("\n").count(1)),
    );
    run(&["status", "small"]).code(1).stdout(
        predicate::str::contains("12 of 18 problems solved")
            .and(predicate::str::contains("shard 2/3  [------------------------]  0 of 6  not running")),
    );
    run(&["run", "small/analysis.toml", "--shard", "2/3"]).success();
    run(&["results", "merge", "small"]).success();
    run(&["results", "verify", "small"]).success().stdout("sound: 18 records, all intact\n");
    // The whole finds what shards have solved.
    run(&["run", "small.toml", "--out", "other", "--shard", "2/2"]).success();
    run(&["run", "small.toml", "--out", "other"])
        .success()
        .stdout(predicate::str::contains("(9 of them earlier)"));
}

#[test]
fn a_run_is_followed_to_its_end() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "small.toml", "--shard", "1/2"]).success();
    // Nobody works on the other shard.
    run(&["status", "small", "--follow"]).code(1).stdout(predicate::str::contains("9 of 18 problems solved"));
    let program = assert_cmd::cargo::cargo_bin("equipoise");
    let mut following = std::process::Command::new(program)
        .args(["status", "small", "--follow"])
        .current_dir(directory.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    run(&["run", "small/analysis.toml", "--shard", "2/2"]).success();
    let mut said = String::new();
    let mut stdout = following.stdout.take().expect("its output");
    std::io::Read::read_to_string(&mut stdout, &mut said).expect("text");
    assert!(following.wait().expect("ended").success(), "{said}");
    assert!(said.contains("18 of 18 problems solved"), "{said}");
}

#[test]
fn parts_of_something_else_do_not_merge() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "small.toml", "--shard", "1/2", "--out", "here"]).success();
    run(&["run", "small.toml", "--shard", "2/2", "--out", "there", "--set", "seed=6"]).success();
    run(&["results", "merge", "here", "there", "--out", "whole"]).code(2).stderr(
        predicate::str::contains("there: holds results of another analysis than here")
            .and(predicate::str::contains("\n").count(1)),
    );
    assert!(!directory.path().join("whole").exists(), "nothing is begun");
    run(&["results", "merge", "nowhere"]).code(2).stderr(predicate::str::contains("nowhere: is not there"));
    for (shard, expected) in [
        ("0/4", "there is no shard 0 of 4; shards are numbered from 1 to 4"),
        ("5/4", "there is no shard 5 of 4"),
        ("x/y", "is not I/N; write 1/4 for the first of four shards"),
    ] {
        run(&["run", "small.toml", "--shard", shard])
            .code(2)
            .stderr(predicate::str::contains(expected).and(predicate::str::contains("\n").count(1)));
    }
}

#[test]
fn records_of_other_problems_are_reported_and_taken_out_on_request() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "small.toml", "--shard", "1/2"]).success();
    run(&["run", "small.toml", "--shard", "1/2", "--set", "seed=6", "--out", "other"]).success();
    let journal = |place: &str| directory.path().join(place).join("records.1-of-2.jsonl");
    let both = [journal("small"), journal("other")].map(read).concat();
    std::fs::write(journal("small"), both).expect("written");
    run(&["run", "small.toml", "--shard", "2/2"]).code(2).stderr(
        predicate::str::contains("9 of 18 finished records are none of this run's: they are of other data")
            .and(predicate::str::contains("\n").count(1)),
    );
    run(&["results", "list", "small"]).success().stdout(
        predicate::str::contains("small: 9 of 18 problems solved")
            .and(predicate::str::is_match(r"records\.1-of-2\.jsonl +9 +9 +0").expect("a pattern")),
    );
    run(&["results", "prune", "small"]).success().stdout("9 records taken out\n");
    run(&["results", "prune", "small"]).success().stdout("0 records taken out\n");
    run(&["run", "small.toml", "--shard", "1/2"])
        .success()
        .stdout(predicate::str::contains("(9 of them earlier)"));
}

/// An analysis that takes a while: gradient descent on digits.
const SLOW: [&str; 7] = ["run", "convergence", "--out", "slow", "--format", "svg", "--threads=1"];

#[test]
fn a_second_process_at_the_same_work_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let start = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_equipoise"));
        command
            .current_dir(directory.path())
            .args(SLOW)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("it starts")
    };
    let refused = |more: &[&str], expected: &str| {
        equipoise(directory.path())
            .args(SLOW)
            .args(more)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains(expected).and(predicate::str::contains("\n").count(1)));
    };
    let begun = |journal: &str| {
        let path = directory.path().join("slow").join(journal);
        while !path.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    let mut whole = start(&[]);
    begun("records.jsonl");
    refused(&[], "slow: another run is running here");
    refused(&["--shard", "1/2"], "slow: a run of the whole is running here");
    whole.kill().expect("killed");
    whole.wait().expect("ended");
    let mut part = start(&["--shard", "1/2"]);
    begun("records.1-of-2.jsonl");
    refused(&["--shard", "1/2"], "slow: another run of shard 1/2 is running here");
    refused(&[], "slow: a run of shard 1/2 is running here");
    // Another part may work beside it.
    let mut other = start(&["--shard", "2/2"]);
    begun("records.2-of-2.jsonl");
    assert_eq!(other.try_wait().expect("its state"), None);
    for child in [&mut part, &mut other] {
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    assert_eq!(
        read(directory.path().join("slow/analysis.toml")).lines().next(),
        Some("name = \"convergence\"")
    );
}

#[test]
fn scripts_for_slurm_are_written_and_its_absence_is_reported() {
    let directory = with_small();
    let run = |arguments: &[&str]| {
        let mut command = equipoise(directory.path());
        // Nothing of the machine's own is found.
        command.env("PATH", directory.path()).args(arguments);
        command.assert()
    };
    run(&[
        "run",
        "small.toml",
        "--slurm",
        "--array",
        "3",
        "--partition",
        "main",
        "--time",
        "1:00:00",
        "--dry-run",
    ])
    .success()
    .stdout(predicate::str::contains("nothing is submitted"));
    let script = read(directory.path().join("small/slurm-array.sh"));
    for line in [
        "#SBATCH --array=1,2,3\n",
        "#SBATCH --partition=main\n",
        "#SBATCH --time=1:00:00\n",
        "#SBATCH --requeue\n",
        "--shard \"${SLURM_ARRAY_TASK_ID}/3\"\n",
    ] {
        assert!(script.contains(line), "{line} in {script}");
    }
    run(&["run", "small.toml", "--slurm"])
        .code(2)
        .stderr(predicate::str::contains("sbatch: not found; run this where Slurm is"));
    run(&["run", "small.toml", "--slurm", "--partition", "a b"])
        .code(2)
        .stderr(predicate::str::contains("--partition \"a b\": use letters"));
    // Shards that are done are not submitted again.
    run(&["run", "small.toml", "--shard", "2/3"]).success();
    run(&["run", "small.toml", "--slurm", "--array", "3", "--dry-run"]).success();
    assert!(read(directory.path().join("small/slurm-array.sh")).contains("#SBATCH --array=1,3\n"));
    // What a refusal says is passed on in one line.
    let sbatch = directory.path().join("sbatch");
    std::fs::write(
        &sbatch,
        "#!/bin/sh\necho 'sbatch: error: invalid partition' >&2\necho 'sbatch: error: failed' >&2\nexit 1\n",
    )
    .expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&sbatch, std::fs::Permissions::from_mode(0o755)).expect("set");
        run(&["run", "small.toml", "--slurm"]).code(2).stderr(
            predicate::str::contains(
                "slurm-array.sh: sbatch: error: invalid partition sbatch: error: failed",
            )
            .and(predicate::str::contains("\n").count(1)),
        );
    }
}

#[test]
fn an_impossible_point_in_a_shard_is_refused_before_anything_is_begun() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = SMALL.replace("values = [1.0, 1.5, 2.0]", "values = [1.0, -1.5, 2.0]");
    std::fs::write(directory.path().join("small.toml"), text).expect("written");
    let part = |number: usize| {
        let (shard, out) = (format!("{number}/9"), format!("part-{number}"));
        let arguments = ["run", "small.toml", "--shard", &shard, "--out", &out];
        let message = equipoise(directory.path()).args(arguments).output().expect("run");
        let stderr = String::from_utf8_lossy(&message.stderr).into_owned();
        assert_eq!(message.status.code() == Some(0), directory.path().join(out).exists(), "{stderr}");
        assert!(message.status.success() || stderr.contains("at radius = -1.5: "), "{stderr}");
        message.status.code()
    };
    // Eighteen problems, two to a part, of which six are impossible.
    let codes: Vec<_> = (1..=9).map(part).collect();
    assert!(
        codes.contains(&Some(0)) && codes.iter().filter(|code| **code == Some(2)).count() >= 3,
        "{codes:?}"
    );
}

#[test]
fn what_no_machine_holds_is_estimated_and_not_begun() {
    let directory = tempfile::tempdir().expect("a directory");
    let huge = "counts = { exponential = { largest = 20000000000, ratio = 2.0 } }";
    let text = SMALL.replace("counts = [40, 30, 20]", huge);
    std::fs::write(directory.path().join("huge.toml"), text).expect("written");
    let run = |more: &[&str]| equipoise(directory.path()).args(["run", "huge.toml"]).args(more).assert();
    run(&["--estimate"]).success().stdout(predicate::str::contains("TiB"));
    for more in [&[][..], &["--shard", "1/2"]] {
        let message = predicate::str::contains("the problems that are solved at once take up to");
        run(more).code(2).stdout("").stderr(message.and(predicate::str::contains("\n").count(1)));
    }
    assert!(!directory.path().join("small").exists());
}

#[test]
fn an_estimate_begins_nothing() {
    let directory = with_small();
    equipoise(directory.path())
        .args(["run", "small.toml", "--estimate"])
        .assert()
        .success()
        .stdout(predicate::str::contains("problems").and(predicate::str::contains("processor time")));
    assert!(!directory.path().join("small").exists());
}
