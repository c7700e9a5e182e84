//! A long solve that is interrupted leaves nothing behind.
#![cfg(target_os = "linux")]

use super::run::Folder;
use assert_cmd::cargo::cargo_bin;
use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const INTERRUPT: i32 = 2;

#[test]
fn an_interrupted_solve_writes_no_file() {
    let mut csv = "y".to_owned();
    (0..40).for_each(|feature| write!(csv, ",x{feature}").expect("written"));
    for row in 0..12_000_u32 {
        write!(csv, "\n{}", row * row / 7 % 30).expect("written");
        for feature in 0..40 {
            write!(csv, ",{:.4}", (f64::from(row) * (1.3 + f64::from(feature) * 0.37)).sin())
                .expect("written");
        }
    }
    let folder = Folder::with(csv + "\n");
    // A shell in the background has its children ignore interrupts: this one is to heed them all the same.
    let mut solving = Command::new("env")
        .arg("--default-signal=INT")
        .arg(cargo_bin("equipoise"))
        .current_dir(folder.path())
        .args(["solve", "data.csv", "--label", "y", "--loss", "inr", "--beta", "20", "--detached"])
        .args(["--threads", "1", "--save", "head.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    std::thread::sleep(Duration::from_millis(150));
    let interrupted = Command::new("kill").args(["-INT", &solving.id().to_string()]).status().expect("kill");
    assert!(interrupted.success(), "it was over before it could be interrupted");
    let started = Instant::now();
    let ended = solving.wait().expect("ended");
    assert_eq!(ended.signal(), Some(INTERRUPT), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("listed").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["data.csv"]);
}
