//! Scripts for Slurm, and what is submitted when, with a Slurm of three lines.
#![cfg(unix)]

use super::{equipoise, read, with_small};
use predicates::prelude::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A program of the fake Slurm.
fn fake(directory: &Path, name: &str, text: &str) {
    let bin = directory.join("bin");
    std::fs::create_dir_all(&bin).expect("made");
    std::fs::write(bin.join(name), format!("#!/bin/sh\n{text}\n")).expect("written");
    std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).expect("set");
}

fn slurm(directory: &Path, out: &str) -> assert_cmd::assert::Assert {
    let mut command = equipoise(directory);
    command.env("PATH", format!("{}/bin:/usr/bin:/bin", directory.display()));
    command.args(["run", "small.toml", "--slurm", "--array", "2", "--out", out]).assert()
}

/// What was submitted, a line each.
fn submitted(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("submitted")).unwrap_or_default()
}

/// An `sbatch` that submits the array as 17 and does `merge` with the merging.
fn sbatch(directory: &Path, merge: &str) {
    let log = directory.join("submitted");
    fake(
        directory,
        "sbatch",
        &format!(
            "case \"$*\" in *array.sh) echo array >> {0}; echo 17;; *) {merge}; echo merge >> {0};; esac",
            log.display()
        ),
    );
}

#[test]
fn an_array_is_never_submitted_twice() {
    let directory = with_small();
    let place = directory.path();
    sbatch(place, "echo refused >&2; exit 1");
    slurm(place, "out").code(2).stderr(
        predicate::str::contains("array job 17 is submitted, the merging after it is not")
            .and(predicate::str::contains("refused"))
            .and(predicate::str::contains("\n").count(1)),
    );
    assert_eq!(read(place.join("out/slurm-jobs.txt")), "17\n");
    // Whether Slurm answers or not, the merging alone is submitted.
    slurm(place, "out").code(2);
    fake(place, "squeue", "echo RUNNING");
    sbatch(place, "echo 18");
    slurm(place, "out").success().stdout(predicate::str::contains("merging after it: job 18"));
    assert_eq!(
        (submitted(place).as_str(), read(place.join("out/slurm-jobs.txt")).as_str()),
        ("array\nmerge\n", "17\n18\n")
    );
    // Both are at work, or nobody knows.
    slurm(place, "out")
        .code(2)
        .stderr(predicate::str::contains("array job 17 and merging job 18 are not done"));
    fake(place, "squeue", "echo 'slurm_load_jobs error: Unable to contact' >&2; exit 1");
    slurm(place, "out").code(2).stderr(predicate::str::contains("squeue does not say"));
    assert_eq!(submitted(place), "array\nmerge\n");
    // Both have ended, and shards are still open.
    for ended in ["exit 0", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"] {
        fake(place, "squeue", ended);
        slurm(place, "out").success();
    }
    assert_eq!(submitted(place), "array\nmerge\n".repeat(3));
}

#[test]
fn an_array_that_may_have_been_submitted_is_not_submitted_again() {
    for (words, answer) in [
        (
            "Socket timed out",
            "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1",
        ),
        ("17", "echo 17; exit 1"),
        ("signal: 9", "kill -9 $$"),
    ] {
        let directory = with_small();
        let place = directory.path();
        fake(place, "squeue", "exit 0");
        fake(place, "sbatch", &format!("echo array >> {}; {answer}", place.join("submitted").display()));
        let unknown = ["whether the array is submitted is not known", words, "squeue --name small-shards"];
        let once = slurm(place, "out").code(2).stderr(predicate::str::contains("\n").count(1));
        unknown.iter().fold(once, |once, words| once.stderr(predicate::str::contains(*words)));
        slurm(place, "out").code(2).stderr(predicate::str::contains("ended while it submitted the array"));
        assert_eq!(
            (submitted(place).as_str(), read(place.join("out/slurm-jobs.txt")).as_str()),
            ("array\n", "submitting\n")
        );
    }
    // What is refused is not submitted.
    let directory = with_small();
    fake(directory.path(), "sbatch", "echo 'sbatch: error: invalid partition specified' >&2; exit 1");
    for _ in 0..2 {
        slurm(directory.path(), "out").code(2).stderr(predicate::str::contains("invalid partition"));
        assert!(!directory.path().join("out/slurm-jobs.txt").exists());
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let directory = with_small();
    let place = directory.path();
    sbatch(place, "echo 18");
    for (jobs, words) in [
        ("submitting\n", "an earlier command ended while it submitted the array"),
        ("my own\n", "is not as equipoise wrote it"),
    ] {
        // The directory is ours.
        equipoise(place).args(["run", "small.toml", "--out", "out", "--shard", "1/2"]).assert().success();
        std::fs::write(place.join("out/slurm-jobs.txt"), jobs).expect("written");
        slurm(place, "out").code(2).stderr(predicate::str::contains(words));
        assert_eq!((submitted(place).as_str(), read(place.join("out/slurm-jobs.txt")).as_str()), ("", jobs));
    }
    let held = std::fs::File::create(place.join("out/slurm-jobs.txt")).expect("made");
    held.lock().expect("locked");
    slurm(place, "out").code(2).stderr(predicate::str::contains("another command submits this run"));
    drop(held);
    fake(place, "sbatch", "echo 'Submitted, more or less'");
    slurm(place, "out").code(2).stderr(predicate::str::contains("which is no job number"));
    assert_eq!(read(place.join("out/slurm-jobs.txt")), "submitting\n");
}

#[test]
fn a_path_is_one_word_of_the_script() {
    let directory = with_small();
    let place = directory.path();
    for name in ["a b", "it's", "$(touch PWNED)", "%j #c", "a\"b", "-x", "é`touch PWNED`", "a;b&&c|d"] {
        let out = format!("./{name}");
        let mut command = equipoise(place);
        command.args(["run", "small.toml", "--slurm", "--dry-run", "--out", &out]).assert().success();
        for script in ["slurm-array.sh", "slurm-merge.sh"] {
            let text = read(place.join(&out).join(script));
            assert!(text.lines().all(|line| !line.starts_with("#SBATCH") || !line.contains('/')), "{text}");
            // The program's arguments, as a shell splits them.
            let program = assert_cmd::cargo::cargo_bin("equipoise");
            let shown = text.replace(&format!("'{}'", program.display()), "printf '[%s]\\n'");
            let output = std::process::Command::new("sh")
                .current_dir(place)
                .args(["-c", &shown])
                .output()
                .expect("run");
            let words = String::from_utf8_lossy(&output.stdout).into_owned();
            let full = place.join(name).canonicalize().expect("there");
            assert!(words.contains(&format!("[{}", full.display())), "{name}: {words}\n{text}");
            assert!(!place.join("PWNED").exists(), "{name}");
        }
        for script in ["slurm-array.sh", "slurm-merge.sh"] {
            assert!(read(place.join(&out).join(script)).contains("#SBATCH --mem="), "{script}");
        }
    }
    for name in [&b"x\ntouch PWNED\n#"[..], b"o\xff", b"a\rb", b"a\x1bb", b"\xe2\x80\xaehs.a"] {
        let name = std::ffi::OsStr::from_bytes(name);
        let mut command = equipoise(place);
        command.args(["run", "small.toml", "--slurm", "--dry-run", "--out"]).arg(name);
        command.assert().code(2).stderr(
            predicate::str::contains("choose another --out").and(predicate::str::contains("\n").count(1)),
        );
        assert!(!place.join(name).exists(), "{}", name.display());
    }
}

/// What goes with --slurm alone is refused without it, whatever else is asked for: a dry run must not run.
#[test]
fn options_of_a_cluster_are_not_passed_over() {
    let directory = with_small();
    for cluster in
        [&["--dry-run"][..], &["--array", "4"], &["--partition", "p"], &["--time", "1:00"], &["--cpus", "2"]]
    {
        for other in [&["--shard", "1/2"][..], &["--parquet"], &["--estimate"], &[]] {
            let mut command = equipoise(directory.path());
            command.args(["run", "small.toml"]).args(cluster).args(other).assert().code(2).stdout("");
            assert!(!directory.path().join("small").exists(), "{cluster:?} {other:?}");
        }
    }
}
