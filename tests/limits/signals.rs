//! Signals, pipes and limits of the system.

use super::{MINE, assert_one_line, npy, program};
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Features that take some seconds to solve over, with their labels.
fn large(directory: &Path) {
    let (rows, columns) = (100_000, 40);
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / 16_777_216.0
    };
    let numbers: Vec<u8> = (0..rows * columns).flat_map(|_| random().to_le_bytes()).collect();
    let labels: Vec<u8> = (0..rows).map(|_| u8::try_from(random().to_bits() % 3).expect("small")).collect();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(directory.join(name), bytes).expect("written");
    write("x.npy", npy("<f4", &format!("({rows}, {columns})"), &numbers));
    write("y.npy", npy("|u1", &format!("({rows},)"), &labels));
}

/// Waits until a program has mapped a file, where the system says so, or has ended.
fn until_mapped(child: &mut Child, name: &str) {
    let maps = format!("/proc/{}/maps", child.id());
    while child.try_wait().expect("its status").is_none() {
        match std::fs::read_to_string(&maps) {
            Ok(maps) if !maps.contains(name) => std::thread::sleep(Duration::from_millis(1)),
            _ => return,
        }
    }
}

/// Solves over mapped features and changes their file once it is mapped.
#[cfg(target_os = "linux")]
fn solve_while(directory: &Path, change: impl FnOnce(&Path)) -> Output {
    large(directory);
    let mut child = program(directory)
        .args(["solve", "x.npy", "--label", "y.npy", "--l2", "1e-3", "--save", "head.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    until_mapped(&mut child, "x.npy");
    change(&directory.join("x.npy"));
    child.wait_with_output().expect("it ends")
}

/// Less than a page of it ends nobody by a signal: the last numbers would be zeros.
#[cfg(target_os = "linux")]
#[test]
fn a_mapped_file_that_loses_its_last_bytes_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = solve_while(directory.path(), |features| {
        let file = std::fs::File::options().write(true).open(features).expect("opened");
        file.set_len(file.metadata().expect("there").len() - 8).expect("shorter");
    });
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("x.npy: was cut short") || said.contains("x.npy: holds"), "{said}");
    assert!(!directory.path().join("head.json").exists() && output.stdout.is_empty());
}

/// Overwritten in place, it has as many bytes as before and other numbers.
#[cfg(target_os = "linux")]
#[test]
fn a_mapped_file_that_is_overwritten_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = solve_while(directory.path(), |features| {
        let file = std::fs::File::options().write(true).open(features).expect("opened");
        file.write_all_at(&[0; 4096], 8192).expect("overwritten");
    });
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("error: x.npy: was written to by another program"), "{said}");
    assert!(!directory.path().join("head.json").exists() && output.stdout.is_empty());
}

/// Another file in its place is not the one that is read.
#[cfg(target_os = "linux")]
#[test]
fn a_mapped_file_that_is_replaced_is_read_to_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = solve_while(directory.path(), |features| {
        std::fs::write(directory.path().join("new.npy"), [0; 64]).expect("written");
        std::fs::rename(directory.path().join("new.npy"), features).expect("renamed");
    });
    assert_eq!(output.status.code(), Some(0));
}

/// A file that is cut short while it is mapped is named; one that is removed stays readable.
#[test]
fn a_mapped_file_that_is_cut_short_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let name = "x.npy";
    let mut cut_short = false;
    // How long it reads depends on the machine: ever later, until it is met while it reads.
    for wait in [0, 1, 5, 10, 20, 30, 45, 60, 80, 100, 130, 160, 200, 250, 300, 370, 450, 550, 700, 900] {
        if cut_short {
            break;
        }
        large(directory.path());
        let mut command = program(directory.path());
        command.args(["solve", "x.npy", "--label", "y.npy"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        until_mapped(&mut child, name);
        std::thread::sleep(Duration::from_millis(wait));
        let file = std::fs::OpenOptions::new().write(true).open(directory.path().join(name)).expect("there");
        file.set_len(4_096).expect("cut");
        let output = child.wait_with_output().expect("it ends");
        // It may have been done before, or not yet have begun.
        if output.status.code() == Some(2) {
            // What was read is said before, where it was read.
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = said.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
            assert!(last.starts_with("error: x.npy: "), "{said}");
            cut_short = last.contains("was cut short");
        } else {
            assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}", output.status);
        }
    }
    assert!(cut_short, "never cut while it was read");
}

#[test]
fn a_file_that_may_not_grow_is_an_error_of_writing() {
    let directory = tempfile::tempdir().expect("a directory");
    let limited = |blocks: u32, arguments: &str| {
        let binary = env!("CARGO_BIN_EXE_equipoise");
        let script = format!("ulimit -f {blocks}; exec {binary} {arguments}");
        Command::new("sh").args(["-c", &script]).current_dir(directory.path()).output().expect("a shell")
    };
    std::fs::write(directory.path().join("mine.toml"), MINE).expect("written");
    std::fs::write(directory.path().join("s.csv"), "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n").expect("written");
    assert_one_line(&limited(0, "run mine.toml --out o"), &["File too large"]);
    // What was read is said before.
    let unwritten = limited(0, "solve s.csv --label y --l2 1 --save h.json");
    let said = String::from_utf8_lossy(&unwritten.stderr).into_owned();
    assert!(
        said.trim_end().lines().last().is_some_and(|line| line.starts_with("error: cannot write h.json")),
        "{said}"
    );
    assert_eq!(unwritten.status.code(), Some(2), "{said}");
    assert!(!directory.path().join("h.json").exists(), "nothing half-written");
    // Some records, then no more.
    let many = MINE.replace("repetitions = 2", "repetitions = 200");
    std::fs::write(directory.path().join("mine.toml"), many).expect("written");
    assert_one_line(
        &limited(8, "run mine.toml --out m"),
        &["records", "kept, the same command resumes there"],
    );
}

/// Nobody writes to these pipes: a program that opened them would wait for ever.
#[test]
fn pipes_where_files_are_expected_are_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    large(home);
    std::fs::create_dir(home.join("images")).expect("made");
    for name in
        ["p.toml", "p.npy", "images/train-images-idx3-ubyte", "images/data_batch_1.bin", "p.safetensors"]
    {
        let made = Command::new("mkfifo").arg(home.join(name)).status().expect("mkfifo runs");
        assert!(made.success());
    }
    // An analysis reads its data several times.
    let analysis = "name = \"piped\"\ntitle = \"t\"\nmeasure = [\"shortfall\"]\ndata.csv = { path = \"p.npy\", label = \"y\" }\n[[series]]\nloss = \"logistic\"\n";
    std::fs::write(home.join("data.toml"), analysis).expect("written");
    std::fs::write(home.join("images/train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 0]).expect("written");
    for arguments in [
        "run p.toml",
        "run p.toml --estimate",
        "run data.toml",
        "run data.toml --estimate",
        "analyses show p.toml",
        "solve p.npy --label y.npy",
        "solve x.npy --label p.npy",
        "solve x.npy --label y.npy --sample-weights p.npy",
        "train --network p.toml",
        "train --data images --epochs 1",
        "train --epochs 1 --checkpoint p.safetensors",
        "predict p.toml y.npy --out o.csv",
    ] {
        let begun = Instant::now();
        let mut child = program(home)
            .args(arguments.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        while child.try_wait().expect("its status").is_none() {
            if begun.elapsed() > Duration::from_secs(20) {
                let _ = child.kill();
                panic!("{arguments}: it waits");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().expect("it has ended");
        assert_eq!(output.status.code(), Some(2), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A named pipe is read where everything can come from a pipe, by whoever comes first; nobody is not waited for.
#[test]
fn a_named_pipe_is_read_if_somebody_writes_to_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let pipe = directory.path().join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let run = || {
        let mut command = program(directory.path());
        command.args(["solve", "pipe.csv", "--label", "y", "--l2", "1"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let child = run();
    std::thread::sleep(Duration::from_millis(300));
    std::fs::write(&pipe, "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n").expect("written");
    assert!(child.wait_with_output().expect("it ends").status.success());
    let begun = Instant::now();
    let output = run().wait_with_output().expect("it ends");
    assert_one_line(&output, &["pipe.csv", "a pipe that nobody has opened for writing"]);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

/// What never ends is not read to its end.
#[test]
fn devices_and_rows_without_end_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    for arguments in [
        "predict /dev/zero x.csv --out o.csv",
        "solve /dev/zero --label y",
        "audit /dev/zero",
        "run /dev/zero",
        "run /dev/full",
    ] {
        let output = program(directory.path()).args(arguments.split(' ')).output().expect("it runs");
        assert_one_line(&output, &["it is a device"]);
    }
    let file = std::fs::File::create(directory.path().join("zeros.csv")).expect("created");
    file.set_len(1 << 32).expect("a sparse file");
    let output =
        program(directory.path()).args(["solve", "zeros.csv", "--label", "y"]).output().expect("it runs");
    assert_one_line(&output, &["zeros.csv", "it holds zero bytes"]);
}

/// A pipe of the shell is read like a file.
#[test]
fn an_analysis_may_come_from_a_shell() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine.toml"), MINE).expect("written");
    let script =
        format!("cat mine.toml | {} run /dev/stdin --out o --format svg", env!("CARGO_BIN_EXE_equipoise"));
    let output =
        Command::new("sh").args(["-c", &script]).current_dir(directory.path()).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn threads_have_a_limit_wherever_their_number_comes_from() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("s.csv"), "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n").expect("written");
    let with = |name: &str, value: &str| {
        let mut command = program(directory.path());
        command
            .args(["solve", "s.csv", "--label", "y", "--l2", "1"])
            .env(name, value)
            .output()
            .expect("it runs")
    };
    for (name, value) in [
        ("RAYON_NUM_THREADS", "30000"),
        ("RAYON_NUM_THREADS", "1025"),
        ("RAYON_NUM_THREADS", "many"),
        ("RAYON_NUM_THREADS", "-1"),
        ("RAYON_RS_NUM_CPUS", "99999999999999999999"),
    ] {
        assert_one_line(&with(name, value), &[name, value, "up to 1024"]);
    }
    assert!(with("RAYON_NUM_THREADS", "2").status.success());
    assert!(with("RAYON_NUM_THREADS", "").status.success());
}
