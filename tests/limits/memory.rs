//! Little memory: what does not fit is refused with both numbers before it is begun.

use super::{MINE, assert_one_line, mine, npy};
use std::path::Path;
use std::process::{Command, Output};

/// Runs with so many KiB of address space.
fn within(kibibytes: u64, directory: &Path, arguments: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_equipoise");
    let script = format!("ulimit -v {kibibytes}; exec timeout 100 {program} --threads 2 {arguments}");
    Command::new("sh").args(["-c", &script]).current_dir(directory).output().expect("a shell")
}

fn write(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(directory.join(name), bytes).expect("written");
}

#[test]
fn what_does_not_fit_is_refused_with_both_numbers() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    let classes: String = (0..60_000).map(|class| format!("{},{class}\n", class % 97)).collect();
    write(home, "classes.csv", format!("x,y\n{classes}"));
    write(home, "z.npy", npy("<f4", "(6, 50000)", &vec![0; 6 * 50_000 * 4]));
    write(home, "few.npy", npy("|u1", "(6,)", &[0, 1, 2, 3, 4, 5]));
    let (rows, columns) = (3_000, 2_000);
    let wide: Vec<u8> =
        (0..rows * columns).flat_map(|place| ((place * 31 % 1009) as f32).to_le_bytes()).collect();
    write(home, "wide.npy", npy("<f4", &format!("({rows}, {columns})"), &wide));
    let labels: Vec<u8> = (0..10).cycle().take(3_000).collect();
    write(home, "labels.npy", npy("|u1", &format!("({rows},)"), &labels));
    write(home, "n.toml", "layers = [{ convolution = { channels = 1000000, kernel = 3 } }]\n");
    write(
        home,
        "many.toml",
        mine("repetitions = 2", "repetitions = 1000000").replace("[0.01, 0.1]", "[0.01]"),
    );
    let (rows, columns, classes) = (3_000, 60, 60);
    let several: Vec<u8> =
        (0..rows * columns).flat_map(|place| ((place * 31 % 1009) as f32).to_le_bytes()).collect();
    write(home, "several.npy", npy("<f4", &format!("({rows}, {columns})"), &several));
    let of_several: Vec<u8> = (0..classes).cycle().take(rows).collect();
    write(home, "of-several.npy", npy("|u1", &format!("({rows},)"), &of_several));
    write(home, "records.toml", mine("repetitions = 2", "repetitions = 20000"));
    write(home, "large.toml", mine("counts = [30, 10]", "counts = [3000000, 1000000]"));
    write(
        home,
        "points.toml",
        mine("over = [0.01, 0.1]", "over = { linear = { from = 0.1, to = 1.0, steps = 90000 } }")
            .replace("counts = [30, 10]", &format!("counts = [30, {}10]", " ".repeat(50_000))),
    );
    for (kibibytes, arguments, what) in [
        (3_000_000, "solve classes.csv --label y --l2 1", "solving takes up to"),
        (3_000_000, "weights classes.csv --label y --target equal-shortfall --l2 1", "solving takes up to"),
        (3_000_000, "audit z.npy few.npy", "an audit of 50000 classes takes up to"),
        (3_000_000, "audit z.npy few.npy --loss inr", "an audit of 50000 classes takes up to"),
        (3_000_000, "audit z.npy few.npy --loss logit-adjusted --format json", "class"),
        (3_000_000, "train --epochs 1 --network n.toml", "the network takes up to"),
        (300_000, "train --epochs 1 --batch 65536 --network vgg", "the network takes up to"),
        (300_000, "solve wide.npy --label labels.npy --l2 1e-2", "solving takes up to"),
        (300_000, "weights wide.npy --label labels.npy --target equal-recall", "solving takes up to"),
        // A class has a head of its own, and each pair of classes a block of the Hessian.
        (
            400_000,
            "weights several.npy --label of-several.npy --target equal-shortfall --l2 1",
            "the search for weights takes up to",
        ),
        (300_000, "run records.toml", "the list of problems takes up to"),
        (600_000, "run many.toml", "the list of problems takes up to"),
        (600_000, "run many.toml --estimate", "the list of problems takes up to"),
        (300_000, "run large.toml", "the problems that are solved at once take up to"),
        (3_000_000, "run points.toml", "the points of the sweep take up to"),
    ] {
        let output = within(kibibytes, home, arguments);
        let numbers: &[&str] =
            if what == "class" { &[] } else { &["iB, and", "of memory are free", "ulimit -v"] };
        assert_one_line(&output, &[numbers, &[what]].concat());
        assert!(!home.join("mine").exists(), "{arguments}: nothing is begun");
    }
}

/// What is read and grows with its file, whose length is not known before.
#[test]
fn files_that_are_larger_than_memory_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    let row = vec!["1"; 2_000].join(",");
    let header = (0..2_000).map(|column| format!("f{column}")).collect::<Vec<_>>().join(",");
    let rows: String = (0..9_000).map(|number| format!("{row},{}\n", number % 2)).collect();
    write(home, "rows.csv", format!("{header},y\n{rows}"));
    write(home, "line.csv", format!("a,y\n{}", "1".repeat(60_000_000)));
    write(home, "headings.csv", format!("{}y\n", "a,".repeat(1_000_000)));
    let labels = 12_000_000;
    write(home, "labels.npy", npy("|u1", &format!("({labels},)"), &vec![0; labels]));
    write(home, "scores.npy", npy("|u1", &format!("({labels}, 2)"), &vec![0; 2 * labels]));
    for (kibibytes, arguments, what) in [
        (400_000, "solve line.csv --label y --l2 1", "line.csv: a row takes up to"),
        (
            600_000,
            "solve headings.csv --label y --l2 1",
            "headings.csv: line 1, 1000001 columns: its headings take up to",
        ),
        (450_000, "audit scores.npy labels.npy", "labels.npy: its labels take up to"),
        (250_000, "solve rows.csv --label y --l2 1", "rows.csv: its columns take up to"),
        (250_000, "audit rows.csv --label y", "rows.csv: its columns take up to"),
        // Not even the addresses of the mapped file.
        (200_000, "audit rows.csv --label y", "rows.csv"),
    ] {
        assert_one_line(&within(kibibytes, home, arguments), &[what]);
    }
}

/// A picture of 28,800 by 16,320 pixels.
#[test]
fn pictures_are_asked_for_before_the_work() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "tall.toml", mine("id = \"F1\"", "id = \"F1\"\nheight = 12.0"));
    let output = within(3_000_000, directory.path(), "run tall.toml --dpi 2400");
    assert_one_line(&output, &["the largest picture takes up to", "lower --dpi"]);
    assert!(!directory.path().join("mine").exists(), "nothing is begun");
}

/// The same with room enough: the limit must not refuse what fits.
#[test]
fn what_fits_is_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    write(home, "mine.toml", MINE);
    write(home, "s.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n");
    write(home, "z.npy", npy("<f4", "(6, 100)", &vec![0; 2_400]));
    write(home, "few.npy", npy("|u1", "(6,)", &[0, 1, 2, 3, 4, 5]));
    for arguments in [
        "solve s.csv --label y --l2 1",
        "weights s.csv --label y --target equal-shortfall --l2 1",
        "audit z.npy few.npy",
        "run mine.toml --out o --format svg,png",
        "train --epochs 1",
    ] {
        let output = within(1_000_000, home, arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Whatever the budget overlooks ends with one line, too, not with an abort.
#[test]
fn memory_that_is_used_up_gets_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "s.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n");
    let mut refused = 0;
    for kibibytes in (30_000..90_000).step_by(1_000) {
        let output = within(kibibytes, directory.path(), "solve s.csv --label y --l2 1");
        match output.status.code() {
            Some(0) => {}
            Some(2) => refused += 1,
            // The system cannot even load the program.
            None | Some(126 | 127 | 139) if refused == 0 && kibibytes < 60_000 => {}
            _ => panic!("{kibibytes}: {:?}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        }
    }
    assert!(refused > 0);
}

/// Files that are mapped take no memory until their samples are copied.
#[test]
fn copies_of_samples_are_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    let (rows, columns) = (30_000_usize, 500_usize);
    let halves: Vec<u8> =
        [0x00, 0x3c, 0x00, 0x38, 0x00, 0x40].into_iter().cycle().take(2 * rows * columns).collect();
    write(home, "x.npy", npy("<f2", &format!("({rows}, {columns})"), &halves));
    let labels =
        |classes: u8| npy("|u1", &format!("({rows},)"), &(0..classes).cycle().take(rows).collect::<Vec<_>>());
    write(home, "y.npy", labels(2));
    write(home, "many.npy", labels(200));
    write(home, "small.npy", npy("<f4", "(6, 500)", &vec![0; 12_000]));
    write(home, "of-small.npy", npy("|u1", "(6,)", &[0, 1, 0, 1, 1, 0]));
    let solve = "solve x.npy --label y.npy --l2 1";
    for (kibibytes, arguments, what) in [
        (240_000, format!("{solve} --test 0.1"), "setting a share of the samples apart takes up to"),
        (240_000, format!("{solve} --l2 1e-3..1:3 --test 0.1"), "a sweep with --test SHARE takes up to"),
        (
            240_000,
            "solve small.npy --label of-small.npy --l2 1 --predict x.npy --out p.csv".to_owned(),
            "its numbers take up to",
        ),
        (
            600_000,
            "solve x.npy --label many.npy --l2 1 --predict x.npy --out p.npz".to_owned(),
            "predicting takes up to",
        ),
    ] {
        let arguments = arguments.replacen("--l2 1 --l2", "--l2", 1);
        let output = within(kibibytes, home, &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        let error = said.lines().last().unwrap_or_default();
        assert!(
            error.starts_with("error: ") && error.contains(what) && error.contains("ulimit -v"),
            "{said}"
        );
        assert!(!home.join("p.csv").exists() && !home.join("p.npz").exists());
    }
}
