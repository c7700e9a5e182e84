//! Files that commands are asked to write: never through a link, never onto what is read, never by half.
#![cfg(unix)]

use crate::audit_command::files::{Folder, doubles, sample, whole};
use assert_cmd::Command;
use predicates::prelude::*;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

const DATA: &str = "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n";

fn equipoise(directory: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.current_dir(directory).args(arguments).assert()
}

/// One line, exit code 2.
fn refused(directory: &Path, arguments: &[&str], words: &str) {
    equipoise(directory, arguments)
        .code(2)
        .stdout("")
        .stderr(predicate::str::contains(words).and(predicate::str::contains("\n").count(1)));
}

#[test]
fn what_is_no_file_of_its_own_is_refused_and_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    let write = |name: &str, text: &str| std::fs::write(place.join(name), text).expect("written");
    write("data.csv", DATA);
    write("victim", "precious");
    for (name, to) in
        [("link", "victim"), ("link-link", "link"), ("dangling", "nowhere"), ("device", "/dev/null")]
    {
        symlink(to, place.join(name)).expect("linked");
    }
    std::fs::create_dir(place.join("made")).expect("made");
    let made = std::process::Command::new("mkfifo").arg(place.join("pipe")).status();
    assert!(made.expect("run").success());
    let long = "n".repeat(300);
    for (name, words) in [
        ("link", "is a link to victim"),
        ("link-link", "is a link to link"),
        ("dangling", "is a link to nowhere"),
        ("device", "is a link to /dev/null"),
        ("made", "is not a regular file"),
        ("pipe", "is not a regular file"),
        ("/dev/full", "is not a regular file"),
        ("new/", "is not a regular file"),
        (long.as_str(), "a name of 300 bytes"),
        ("made/../data.csv/x", ""),
    ] {
        let solve = ["solve", "data.csv", "--label", "y", "--l2", "1", "--save", name];
        let search = ["search", "own", "--save", name];
        let train = ["train", "--epochs", "1", "--checkpoint", name];
        let copy = ["analyses", "copy", "averaging", name, "--force"];
        for command in [&solve[..], &search, &train, &copy] {
            refused(place, command, words);
        }
    }
    assert_eq!(std::fs::read_to_string(place.join("victim")).expect("there"), "precious");
    assert!(place.join("link").is_symlink() && place.join("dangling").is_symlink());
    assert!(!place.join("nowhere").exists() && !place.join("new").exists());
    let names = std::fs::read_dir(place).expect("listable").count();
    assert_eq!(names, 8, "nothing is left");
}

#[test]
fn permissions_stay_and_other_names_keep_what_they_had() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    std::fs::write(place.join("data.csv"), DATA).expect("written");
    std::fs::write(place.join("head.json"), "old").expect("written");
    std::fs::set_permissions(place.join("head.json"), std::fs::Permissions::from_mode(0o600)).expect("set");
    std::fs::hard_link(place.join("head.json"), place.join("backup.json")).expect("linked");
    equipoise(place, &["solve", "data.csv", "--label", "y", "--l2", "1", "--save", "head.json"]).success();
    let mode = place.join("head.json").metadata().expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(place.join("backup.json")).expect("there"), "old");
}

#[test]
fn no_input_is_written_under_whatever_name() {
    let (logits, labels) = sample();
    let folder = Folder::with("z.npy", &doubles(&logits));
    folder.add("l.npy", &whole(&labels));
    folder.add("w.npy", &doubles(&vec![vec![1.0]; labels.len()]));
    let place = folder.path();
    for input in ["z", "l", "w"] {
        let file = place.join(format!("{input}.npy"));
        std::fs::hard_link(&file, place.join(format!("{input}-hard.npy"))).expect("linked");
    }
    std::fs::create_dir(place.join("inner")).expect("made");
    symlink(place, place.join("inner/back")).expect("linked");
    let read = |name: &str| std::fs::read(place.join(name)).expect("readable");
    let before = ["z.npy", "l.npy", "w.npy"].map(read);
    for input in ["z", "l", "w"] {
        for name in [
            format!("{input}.npy"),
            format!("./inner/../{input}.npy"),
            format!("{input}-hard.npy"),
            format!("inner/back/{input}.npy"),
        ] {
            for option in ["--biases", "--out"] {
                refused(
                    place,
                    &["audit", "z.npy", "l.npy", "--sample-weights", "w.npy", option, &name],
                    "is the file that is read",
                );
            }
            let solve = ["solve", "z.npy", "--label", "l.npy", "--sample-weights", "w.npy", "--save", &name];
            refused(place, &solve, "is the file that is read");
        }
    }
    assert!(["z.npy", "l.npy", "w.npy"].map(read) == before);
    refused(
        place,
        &["audit", "z.npy", "l.npy", "--biases", "b.json", "--out", "inner/back/b.json"],
        "is the file of --biases too",
    );
    assert!(!place.join("b.json").exists());
    // From a pipe, the file that is read has no name.
    let mut shell = Command::new("sh");
    let program = assert_cmd::cargo::cargo_bin("equipoise");
    let line = format!("'{}' audit - l.npy --out z.npy < z.npy", program.display());
    shell
        .current_dir(place)
        .args(["-c", &line])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("is the file that is read"));
    assert!(read("z.npy") == before[0]);
}

#[test]
fn a_search_that_finds_nothing_writes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine.csv"), "mine").expect("written");
    let small = ["--classes", "2", "--draws", "5", "--climbs", "1", "--steps", "1", "--save", "mine.csv"];
    equipoise(directory.path(), &[&["search", "own"], &small[..]].concat())
        .code(1)
        .stderr(predicate::str::contains("mine.csv is not written"));
    assert_eq!(std::fs::read_to_string(directory.path().join("mine.csv")).expect("there"), "mine");
}

/// Somebody else's file that anybody may write cannot be replaced by one of the same owner, and is not written in place.
#[test]
fn a_file_of_another_user_is_refused_before_the_work() {
    use std::os::unix::fs::{MetadataExt, chown};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    std::fs::write(place.join("data.csv"), DATA).expect("written");
    if place.metadata().expect("there").uid() != 0 {
        // Root alone has files of others at hand.
        return;
    }
    let program = place.join("program");
    std::fs::copy(assert_cmd::cargo::cargo_bin("equipoise"), &program).expect("copied");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    mode(place, 0o755);
    mode(&program, 0o755);
    let own = place.join("own");
    std::fs::create_dir(&own).expect("made");
    chown(&own, Some(NOBODY), Some(NOBODY)).expect("given away");
    std::fs::write(own.join("head.json"), "root's").expect("written");
    mode(&own.join("head.json"), 0o666);
    let solve = ["solve", "data.csv", "--label", "y", "--l2", "1", "--save", "own/head.json"];
    let mut command = std::process::Command::new(&program);
    let output = command.current_dir(place).args(solve).uid(NOBODY).gid(NOBODY).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("error: --save own/head.json: belongs to another user") && said.lines().count() == 1,
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(own.join("head.json")).expect("there"), "root's");
    assert_eq!(std::fs::read_dir(&own).expect("listed").count(), 1);
}

/// Through `<` a file is read that the command does not name, and through `>` one is written.
#[test]
fn the_files_of_standard_input_and_output_are_not_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    std::fs::write(place.join("data.csv"), DATA).expect("written");
    std::fs::write(place.join("other.csv"), DATA).expect("written");
    std::fs::hard_link(place.join("data.csv"), place.join("hard.csv")).expect("linked");
    equipoise(place, &["solve", "data.csv", "--label", "y", "--l2", "1", "--save", "head.json"]).success();
    let program = assert_cmd::cargo::cargo_bin("equipoise");
    for (arguments, words) in [
        ("solve - --label y --l2 1 --save data.csv < data.csv", "is the file that is read"),
        ("solve other.csv --label y --l2 1 --test - --save data.csv < data.csv", "is the file that is read"),
        (
            "solve other.csv --label y --l2 1 --predict - --out hard.csv < data.csv",
            "is the file that is read",
        ),
        ("predict head.json - --out data.csv < data.csv", "is the file that is read"),
        ("predict head.json /dev/stdin --out data.csv < data.csv", "is the file that is read"),
        ("audit - --out data.csv < data.csv", "is the file that is read"),
        ("solve other.csv --label y --l2 1 --save out.json > out.json", "that standard output goes to"),
        ("solve - --label y --l2 1 --predict - --out out.csv < data.csv", "can be read once"),
    ] {
        let mut shell = Command::new("sh");
        shell.current_dir(place).args(["-c", &format!("'{}' {arguments}", program.display())]);
        shell
            .assert()
            .code(2)
            .stderr(predicate::str::contains(words).and(predicate::str::contains("\n").count(1)));
        assert_eq!(std::fs::read_to_string(place.join("data.csv")).expect("there"), DATA, "{arguments}");
    }
}

#[test]
fn manual_pages_of_others_are_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = directory.path().join("man/equipoise-solve.1");
    equipoise(directory.path(), &["man", "man"]).success();
    // A page of another version is replaced, in a directory that has no mark.
    let text = std::fs::read_to_string(&page).expect("there");
    std::fs::write(&page, text.replace(".SH DESCRIPTION", ".SH OLDER")).expect("written");
    equipoise(directory.path(), &["man", "man"]).success();
    assert_eq!(std::fs::read_to_string(&page).expect("there"), text);
    for own in ["my own", ".TH solve 1\n"] {
        std::fs::write(&page, own).expect("written");
        refused(directory.path(), &["man", "man"], "equipoise-solve.1: already exists and was not written");
        assert_eq!(std::fs::read_to_string(&page).expect("there"), own);
    }
    equipoise(directory.path(), &["man", "man", "--force"]).success();
    assert_eq!(std::fs::read_to_string(&page).expect("there"), text);
}

#[test]
fn the_solver_of_a_page_is_not_the_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    std::fs::create_dir(place.join("site")).expect("made");
    std::fs::write(place.join("site/index.html"), b"\0asm\x01\0\0\0").expect("written");
    let export = ["teach", "--export", "site", "--force", "--solver"];
    for solver in ["site/index.html", "./site/../site/index.html"] {
        refused(place, &[&export[..], &[solver]].concat(), "site/index.html: is the file that is read");
    }
    assert_eq!(std::fs::read_dir(place.join("site")).expect("listed").count(), 1);
    // An option that does nothing here is not passed over.
    for alone in [&["--force"][..], &["--solver", "site/index.html"]] {
        refused(place, &[&["teach", "--no-open", "--port", "0"][..], alone].concat(), "cannot be used with");
    }
}
