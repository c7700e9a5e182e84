//! Files of other people in the directory of a run, and finished records that a run would drop.

use super::{SMALL, equipoise, read, with_small};
use predicates::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Every name that a run of the small analysis uses.
const NAMES: [&str; 15] = [
    "analysis.toml",
    "records.jsonl",
    "records.1-of-4.jsonl",
    "records.json",
    "records.csv",
    "records.parquet",
    "mine-small.svg",
    "mine-small.png",
    "mine-small.pdf",
    "mine-small.tex",
    "mine-small.txt",
    "mine-small.pgf",
    "slurm-array.sh",
    "slurm-merge.sh",
    "slurm-jobs.txt",
];

/// What is in the files of a directory.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).expect("listable").map(|entry| entry.expect("an entry"));
    let file = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, std::fs::read(entry.path()).unwrap_or_default())
    };
    entries.map(file).collect()
}

/// Runs a command, which must be refused with these words in one line, beside what was read, and change nothing in `out`.
fn refused(directory: &Path, out: &Path, arguments: &[&str], words: &[&str]) {
    let before = contents(out);
    let assert = equipoise(directory).args(arguments).assert().code(2).stdout("");
    let is_one_line = |text: &str| {
        text.lines().filter(|line| !line.starts_with("read ")).count() == 1 && text.ends_with('\n')
    };
    let assert = assert.stderr(predicate::function(is_one_line));
    words.iter().fold(assert, |assert, word| assert.stderr(predicate::str::contains(*word)));
    assert!(contents(out) == before, "{arguments:?} changes something");
}

#[test]
fn a_file_that_no_run_has_written_is_left_alone() {
    let directory = with_small();
    let out = directory.path().join("out");
    for name in NAMES {
        std::fs::create_dir(&out).expect("made");
        std::fs::write(out.join(name), format!("my own {name}")).expect("written");
        for more in [&["--format", "svg"][..], &["--shard", "1/2"], &["--slurm", "--dry-run"]] {
            let arguments = [&["run", "small.toml", "--out", "out"], more].concat();
            refused(directory.path(), &out, &arguments, &[name, "not written by equipoise", "--force"]);
        }
        std::fs::remove_dir_all(&out).expect("removed");
    }
    // Others of one's own are no hindrance, and --force overwrites.
    std::fs::create_dir(&out).expect("made");
    std::fs::write(out.join("notes.txt"), "my own").expect("written");
    std::fs::write(out.join("records.csv"), "my own").expect("written");
    equipoise(directory.path()).args(["run", "small.toml", "--out", "out", "--force"]).assert().success();
    assert_eq!(read(out.join("notes.txt")), "my own");
    assert!(read(out.join("records.csv")).starts_with("series,"));
}

#[test]
fn results_written_by_hand_are_left_alone() {
    let directory = with_small();
    let run = |out: &str| equipoise(directory.path()).args(["run", "small.toml", "--out", out]).assert();
    run("made").success();
    let out = directory.path().join("copied");
    std::fs::create_dir(&out).expect("made");
    for name in ["analysis.toml", "records.json"] {
        std::fs::copy(directory.path().join("made").join(name), out.join(name)).expect("copied");
    }
    let arguments = |arguments: &[&'static str]| [arguments, &["copied"]].concat();
    refused(
        directory.path(),
        &out,
        &arguments(&["run", "small.toml", "--out"]),
        &["analysis.toml", "--force"],
    );
    refused(directory.path(), &out, &arguments(&["results", "prune"]), &["was not filled by equipoise run"]);
    refused(
        directory.path(),
        &out,
        &["results", "merge", "made", "--out", "copied"],
        &["analysis.toml", "--force"],
    );
    // In a directory of ours too, records are known by their own seals.
    for (name, words) in [
        ("records.json", "was changed since equipoise wrote it"),
        ("records.jsonl", "not written by equipoise"),
    ] {
        let path = directory.path().join("made").join(name);
        let kept = std::fs::read(&path).ok();
        std::fs::write(&path, "{\"my own\": 1}\n").expect("written");
        for command in [&["run", "small.toml", "--out", "made"][..], &["results", "prune", "made"]] {
            refused(directory.path(), &directory.path().join("made"), command, &[name, words]);
        }
        match kept {
            Some(bytes) => std::fs::write(&path, bytes).expect("written"),
            None => std::fs::remove_file(&path).expect("removed"),
        }
    }
    run("made").success();
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_before_the_work() {
    use std::os::unix::fs::symlink;
    let directory = with_small();
    let out = directory.path().join("out");
    let victim = directory.path().join("victim");
    std::fs::write(&victim, "precious").expect("written");
    for name in NAMES {
        for (kind, words) in
            [("link", "is a link to"), ("dangling", "is a link to"), ("directory", "regular file")]
        {
            std::fs::create_dir(&out).expect("made");
            match kind {
                "link" => symlink(&victim, out.join(name)).expect("linked"),
                "dangling" => symlink("nowhere", out.join(name)).expect("linked"),
                _ => std::fs::create_dir(out.join(name)).expect("made"),
            }
            // Not even on request.
            for more in [&[][..], &["--force"]] {
                let arguments = [&["run", "small.toml", "--out", "out"], more].concat();
                refused(directory.path(), &out, &arguments, &[name, words]);
            }
            std::fs::remove_dir_all(&out).expect("removed");
        }
    }
    // A second name of a journal is another file of somebody's.
    std::fs::create_dir(&out).expect("made");
    std::fs::write(directory.path().join("empty"), "").expect("written");
    std::fs::hard_link(directory.path().join("empty"), out.join("records.jsonl")).expect("linked");
    refused(directory.path(), &out, &["run", "small.toml", "--out", "out"], &["records.jsonl", "hard link"]);
    assert_eq!(read(&victim), "precious");
}

#[test]
fn an_analysis_that_cannot_be_read_is_a_reason_to_stop() {
    let directory = with_small();
    let out = directory.path().join("small");
    let run = |more: &[&str]| equipoise(directory.path()).args(["run", "small.toml"]).args(more).assert();
    run(&[]).success();
    let kept = read(out.join("analysis.toml"));
    for bytes in [&b"name = = 1"[..], b"name = \"small\"\n\xff", b"\0\0\0"] {
        std::fs::write(out.join("analysis.toml"), bytes).expect("written");
        refused(
            directory.path(),
            &out,
            &["run", "small.toml"],
            &["analysis.toml: cannot be read", "--force"],
        );
    }
    // Nor is one that somebody has changed replaced.
    std::fs::write(out.join("analysis.toml"), kept + "# my own\n").expect("written");
    refused(
        directory.path(),
        &out,
        &["run", "small.toml"],
        &["analysis.toml: was changed since equipoise wrote it", "--force"],
    );
    std::fs::write(out.join(".equipoise"), "{}").expect("written");
    refused(directory.path(), &out, &["run", "small.toml"], &[".equipoise: is damaged", "--force"]);
    run(&["--force"]).success();
}

#[test]
fn finished_records_are_dropped_on_request_alone() {
    let directory = with_small();
    let out = directory.path().join("small");
    let run = |more: &[&str]| equipoise(directory.path()).args(["run", "small.toml"]).args(more).assert();
    run(&[]).success();
    for (setting, words) in [
        ("seed=7", "18 of 18 finished records are none of this run's: seed is 5 there and 7 here"),
        ("penalty=0.5", "penalty is 0.0 there and 0.5 here"),
        ("data.gaussian.counts=[40, 30, 21]", "data.gaussian.counts is [40, 30, 20] there"),
    ] {
        refused(directory.path(), &out, &["run", "small.toml", "--set", setting], &[words, "--force"]);
    }
    // Half a run counts too: records of a journal are finished records.
    let lines = super::journal_lines(&read(out.join("records.json")));
    std::fs::write(out.join("records.jsonl"), lines[..9].concat()).expect("written");
    std::fs::remove_file(out.join("records.json")).expect("removed");
    refused(directory.path(), &out, &["run", "small.toml", "--set", "seed=7"], &["9 of 9 finished records"]);
    let shard = ["run", "small.toml", "--set", "seed=7", "--shard", "1/2"];
    refused(directory.path(), &out, &shard, &["9 of 9 finished records"]);
    // Whatever keeps them all goes on.
    run(&["--set", "repetitions=4"])
        .success()
        .stdout(predicate::str::contains("24 problems solved (9 of them"));
    run(&["--set", "seed=7", "--force"]).success().stdout(predicate::str::contains("18 problems solved in"));
}

#[test]
fn fewer_repetitions_keep_what_is_finished() {
    let directory = with_small();
    let out = directory.path().join("small");
    let command = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    let fewer = ["run", "small.toml", "--set", "repetitions=1"];
    command(&["run", "small.toml"]).success();
    let whole = read(out.join("records.json"));
    // The other records stay, whatever is done with the directory.
    let others = || read(out.join("records.jsonl")).lines().count();
    for _ in 0..2 {
        let found = predicate::str::contains("6 problems solved (6 of them earlier)");
        command(&fewer).success().stdout(found).stderr("");
        assert_eq!(others(), 12);
    }
    assert_eq!(super::journal_lines(&read(out.join("records.json"))).len(), 6);
    command(&["results", "verify", "small"]).success();
    command(&["results", "prune", "small"]).success().stdout("0 records taken out\n");
    command(&["draw", "small", "--format", "svg"]).success();
    assert_eq!(others(), 12);
    // Another seed is another run for them too.
    let seed = ["run", "small.toml", "--set", "seed=7"];
    refused(directory.path(), &out, &seed, &["18 of 18 finished records"]);
    command(&["run", "small.toml", "--set", "repetitions=2"])
        .success()
        .stdout(predicate::str::contains("(12 of them earlier)"));
    command(&["run", "small.toml"])
        .success()
        .stdout(predicate::str::contains("18 problems solved (18 of them earlier)"));
    assert!(read(out.join("records.json")) == whole && !out.join("records.jsonl").exists());
}

#[test]
fn an_analysis_that_is_not_there_or_not_ours_is_not_guessed_at() {
    let directory = with_small();
    let out = directory.path().join("small");
    equipoise(directory.path()).args(["run", "small.toml"]).assert().success();
    let run = ["run", "small.toml"];
    for (text, words) in [
        ("", "there is no `name`"),
        ("name = \"small\"", "there is no `version`"),
        ("name = ", "cannot be read"),
    ] {
        std::fs::write(out.join("analysis.toml"), text).expect("written");
        refused(directory.path(), &out, &run, &["analysis.toml", words, "--force"]);
    }
    std::fs::remove_file(out.join("analysis.toml")).expect("removed");
    let seed = ["run", "small.toml", "--set", "seed=7"];
    let words = ["18 of 18 finished records are none of this run's: they are of other data"];
    refused(directory.path(), &out, &seed, &words);
    equipoise(directory.path()).args(run).assert().success();
    // Of a list, the entry that differs is named.
    let values = ["run", "small.toml", "--set", "sweep.0.values=[1.2,1.5,2.0]"];
    refused(
        directory.path(),
        &out,
        &values,
        &["sweep.0.values is [1.0, 1.5, 2.0] there and [1.2, 1.5, 2.0] here"],
    );
}

#[test]
fn a_file_that_somebody_has_put_among_ours_is_left_alone() {
    let directory = with_small();
    let out = directory.path().join("small");
    let command = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    let run = ["run", "small.toml", "--format", "svg", "--parquet"];
    let draw = ["draw", "small", "--format", "svg"];
    let merge = ["results", "merge", "small"];
    let slurm = ["run", "small.toml", "--slurm", "--dry-run"];
    command(&run).success();
    for name in ["records.csv", "records.parquet", "mine-small.svg", "mine-small.png", "slurm-array.sh"] {
        let path = out.join(name);
        let ours = std::fs::read(&path).ok();
        let words =
            if ours.is_some() { "was changed since equipoise wrote it" } else { "not written by equipoise" };
        std::fs::write(&path, "my own").expect("written");
        for arguments in [&run[..], &merge, &slurm] {
            refused(directory.path(), &out, arguments, &[name, words, "--force"]);
        }
        if name == "mine-small.svg" {
            refused(directory.path(), &out, &draw, &[name, words, "--force"]);
        }
        std::fs::remove_file(&path).expect("removed");
        command(&run).success();
    }
    // One picture is drawn over on request, and is ours again.
    std::fs::write(out.join("mine-small.svg"), "my own").expect("written");
    command(&[&draw[..], &["--force"]].concat()).success();
    command(&run).success();
}

#[cfg(unix)]
#[test]
fn records_that_cannot_be_read_are_not_taken_for_none() {
    let directory = with_small();
    let out = directory.path().join("small");
    equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert().success();
    let kept = std::fs::read(out.join("records.json")).expect("there");
    std::fs::write(directory.path().join("elsewhere"), kept).expect("written");
    for name in ["records.json", "analysis.toml", ".equipoise", "records.jsonl", "records.1-of-2.jsonl"] {
        let path = out.join(name);
        let ours = std::fs::read(&path).ok();
        for kind in ["pipe", "link", "directory"] {
            let _ = std::fs::remove_file(&path);
            match kind {
                "pipe" => {
                    let made = std::process::Command::new("mkfifo").arg(&path).status();
                    assert!(made.expect("run").success());
                }
                "link" => std::os::unix::fs::symlink("../elsewhere", &path).expect("linked"),
                _ => std::fs::create_dir(&path).expect("made"),
            }
            let mut commands: Vec<&[&str]> = vec![&["run", "small.toml"]];
            if name != ".equipoise" {
                commands.push(&["results", "prune", "small"]);
            }
            if name.starts_with("records") {
                commands.extend([&["results", "list", "small"][..], &["results", "verify", "small"]]);
            }
            if name == "records.json" {
                commands.push(&["draw", "small", "--out", "drawn"]);
            }
            for arguments in commands {
                let mut command = equipoise(directory.path());
                let assert = command.args(arguments).timeout(std::time::Duration::from_secs(60)).assert();
                assert
                    .code(2)
                    .stderr(predicate::str::contains(name).and(predicate::str::contains("\n").count(1)));
                let same = path.symlink_metadata().is_ok_and(|found| !found.is_file());
                assert!(same, "{kind} {name}: {arguments:?}");
            }
            if kind == "directory" {
                std::fs::remove_dir(&path).expect("removed");
            } else {
                std::fs::remove_file(&path).expect("removed");
            }
        }
        if let Some(bytes) = ours {
            std::fs::write(&path, bytes).expect("written");
        }
    }
    // A list of jobs that is none is nobody's.
    let made = std::process::Command::new("mkfifo").arg(out.join("slurm-jobs.txt")).status();
    assert!(made.expect("run").success());
    let mut status = equipoise(directory.path());
    status.args(["status", "small"]).timeout(std::time::Duration::from_secs(60)).assert().success();
}

#[test]
fn a_file_that_the_analysis_reads_is_not_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    let rows: String = (0..40).map(|i| format!("{},{}\n", i * 7 % 13, i % 3 % 2)).collect();
    std::fs::write(directory.path().join("records.csv"), format!("x,y\n{rows}")).expect("written");
    let text = "name = \"own\"\ntitle = \"Own\"\nmeasure = [\"shortfall\"]\n\n[data.table]\npath = \"records.csv\"\nlabel = \"y\"\n\n[[series]]\nloss = \"logistic\"\n";
    std::fs::write(directory.path().join("own.toml"), text).expect("written");
    let run = ["run", "own.toml", "--out", ".", "--force"];
    refused(directory.path(), directory.path(), &run, &["records.csv: is a file that the analysis reads"]);
    // Nor is the analysis itself.
    std::fs::remove_file(directory.path().join("own.toml")).expect("removed");
    std::fs::write(directory.path().join("analysis.toml"), SMALL).expect("written");
    let run = ["run", "analysis.toml", "--out", ".", "--force"];
    refused(directory.path(), directory.path(), &run, &["analysis.toml: is the file that is read"]);
}

#[test]
fn pictures_are_not_drawn_over_others() {
    let directory = with_small();
    equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert().success();
    let wall = directory.path().join("wall");
    std::fs::create_dir(&wall).expect("made");
    std::fs::write(wall.join("mine-small.svg"), "my own").expect("written");
    let draw = ["draw", "small", "--out", "wall", "--format", "svg"];
    refused(directory.path(), &wall, &draw, &["mine-small.svg", "--force"]);
    for more in [&["--force"][..], &[]] {
        equipoise(directory.path()).args(draw).args(more).assert().success();
    }
}

#[test]
fn records_are_not_lost_between_pruning_and_a_run() {
    let directory = with_small();
    let out = directory.path().join("small");
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "small.toml"]).success();
    // A live run holds the journal: pruning of finished records that would go there waits too.
    let whole = read(out.join("records.json"));
    std::fs::write(out.join("records.json"), whole.replacen("\"hardest\":[0.", "\"hardest\":[1.", 1))
        .expect("written");
    let held = std::fs::File::create(out.join("records.jsonl")).expect("made");
    held.lock().expect("locked");
    refused(directory.path(), &out, &["results", "prune", "small"], &["another run is running here"]);
    drop(held);
    let shard = std::fs::File::create(out.join("records.1-of-2.jsonl")).expect("made");
    shard.lock().expect("locked");
    refused(directory.path(), &out, &["results", "prune", "small"], &["shard 1/2 is running here"]);
    drop(shard);
    run(&["results", "prune", "small"]).success().stdout("1 record taken out\n");
    run(&["run", "small.toml"]).success().stdout(predicate::str::contains("18 problems solved in"));
    assert_eq!(read(out.join("records.json")), whole);
    // What fits is kept, and nothing else is left.
    run(&["results", "prune", "small"]).success().stdout("0 records taken out\n");
    assert!(!out.join("records.jsonl").exists());
}

/// Whoever has given files up with --force has done so for the jobs of the run, and for the run that goes on after an interruption.
#[test]
fn what_was_given_up_once_is_given_up_for_the_rest_of_the_run() {
    let directory = with_small();
    let out = directory.path().join("out");
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    std::fs::create_dir(&out).expect("made");
    for name in ["mine-small.svg", "records.csv", "analysis.toml"] {
        std::fs::write(out.join(name), format!("my own {name}")).expect("written");
    }
    run(&["run", "small.toml", "--out", "out", "--slurm", "--array", "2", "--dry-run", "--force"]).success();
    assert_eq!(read(out.join("mine-small.svg")), "my own mine-small.svg");
    for shard in ["1/2", "2/2"] {
        run(&["run", "out/analysis.toml", "--out", "out", "--shard", shard]).success();
    }
    run(&["results", "merge", "out", "--format", "svg"]).success();
    assert!(read(out.join("mine-small.svg")).starts_with("<svg"));
    // What comes later is somebody else's again.
    std::fs::write(out.join("mine-small.svg"), "my own").expect("written");
    refused(
        directory.path(),
        &out,
        &["run", "small.toml", "--out", "out", "--format", "svg"],
        &["mine-small.svg"],
    );
}

/// Results are not dropped for others that are not complete.
#[test]
fn merging_drops_nothing_before_the_whole_is_there() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "small.toml", "--out", "whole", "--format", "svg"]).success();
    run(&["run", "small.toml", "--out", "part", "--shard", "1/2", "--set", "seed=9"]).success();
    let merge =
        ["results", "merge", "part", "--out", "whole", "--force", "--format", "svg", "--accept-unsolved"];
    refused(directory.path(), &directory.path().join("whole"), &merge, &["a part lacks", "--shard 2/2"]);
    run(&["run", "small.toml", "--out", "part", "--shard", "2/2", "--set", "seed=9"]).success();
    run(&merge).success();
    assert!(read(directory.path().join("whole/analysis.toml")).contains("seed = 9"));
    // Nor is a directory made for them.
    std::fs::remove_file(directory.path().join("part/records.1-of-2.jsonl")).expect("removed");
    run(&["results", "merge", "part", "--out", "new"]).code(2);
    assert!(!directory.path().join("new").exists());
}

/// A picture or table of a drawing may have the name of what the analysis reads.
#[test]
fn what_a_drawing_reads_is_not_drawn_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("T1-mine.csv");
    let rows: String = (0..12).map(|row| format!("{},{}\n", row * 7 % 5, row % 2)).collect();
    let text = "name = \"mine\"\ntitle = \"t\"\npenalty = 0.1\nmeasure = [\"accuracy\"]\nseries = [{ loss = \"softmax\" }]\n\
                data.table = { path = \"T1-mine.csv\", label = \"y\" }\ntable = [{ id = \"T1\", measures = [\"accuracy\"] }]\n";
    std::fs::write(&data, format!("x,y\n{rows}")).expect("written");
    std::fs::write(directory.path().join("mine.toml"), text).expect("written");
    equipoise(directory.path()).args(["run", "mine.toml", "--out", "out"]).assert().success();
    let draw = ["draw", "out", "--out", ".", "--force"];
    refused(directory.path(), directory.path(), &draw, &["T1-mine.csv: is a file that the analysis reads"]);
}
