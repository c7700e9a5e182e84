//! What a run leaves: the same bytes on any number of threads, a directory that reruns itself, numbers that agree.

use super::{equipoise, read, with_small};
use predicates::prelude::*;

#[test]
fn the_same_bytes_on_any_number_of_threads_and_from_its_own_directory() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert().success();
    run(&["run", "small.toml", "--threads", "1", "--out", "one"]);
    run(&["run", "small.toml", "--threads", "4", "--out", "four"]);
    run(&["run", "one/analysis.toml", "--out", "again"]);
    let files = [
        "analysis.toml",
        "records.json",
        "records.csv",
        "mine-small.svg",
        "mine-small.png",
        "mine-small.pdf",
    ];
    for file in files {
        let bytes = |out: &str| std::fs::read(directory.path().join(out).join(file)).expect("written");
        assert!(bytes("one") == bytes("four") && bytes("one") == bytes("again"), "{file}");
    }
    assert!(read(directory.path().join("one/analysis.toml")).contains("version = "));
}

#[test]
fn a_directory_is_gone_on_with_where_it_is() {
    let directory = with_small();
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert().success();
    run(&["run", "small.toml"]).stdout(predicate::str::contains("18 problems solved in"));
    run(&["run", "small/analysis.toml"])
        .stdout(predicate::str::contains("18 problems solved (18 of them earlier)"));
    // More repetitions: the old ones are found.
    run(&["run", "small.toml", "--set", "repetitions=4"])
        .stdout(predicate::str::contains("24 problems solved (18 of them"));
}

#[test]
fn the_table_holds_the_numbers_of_the_records() {
    let directory = with_small();
    equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert().success();
    let table = read(directory.path().join("small/records.csv"));
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("series,radius,repetition,status,measure,row,class,column,value"));
    // Two series, three points, three draws, three measures of three classes.
    assert_eq!(lines.clone().count(), 2 * 3 * 3 * 3 * 3);
    let records: serde_json::Value =
        serde_json::from_str(&read(directory.path().join("small/records.json"))).expect("JSON");
    let first = &records["records"][0];
    let value = |line: &str| -> f64 { line.rsplit(',').next().expect("a cell").parse().expect("a number") };
    let row = lines.find(|line| line.starts_with("LGL,1,0,stationary,hardest,0,0,")).expect("a row");
    assert_eq!(Some(value(row)), first["measured"]["hardest"][0].as_f64());
}

#[test]
fn the_parquet_file_holds_the_same_table() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let directory = with_small();
    equipoise(directory.path())
        .args(["run", "small.toml", "--format", "svg", "--parquet"])
        .assert()
        .success();
    let file = std::fs::File::open(directory.path().join("small/records.parquet")).expect("there");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
    let table = read(directory.path().join("small/records.csv"));
    assert_eq!(rows.len(), table.lines().count() - 1);
    for (row, line) in rows.iter().zip(table.lines().skip(1)) {
        let cells: Vec<String> = row
            .get_column_iter()
            .map(|(_, field)| match field {
                parquet::record::Field::Null => String::new(),
                parquet::record::Field::Str(text) => text.clone(),
                parquet::record::Field::Double(number) => number.to_string(),
                other => other.to_string(),
            })
            .collect();
        assert_eq!(cells.join(","), line);
    }
}

#[test]
fn equal_problems_are_solved_once() {
    let directory = with_small();
    // A second softmax that differs in nothing but its name.
    let text =
        super::SMALL.replace("[[sweep]]", "[[series]]\nlabel = \"twin\"\nloss = \"softmax\"\n\n[[sweep]]");
    std::fs::write(directory.path().join("small.toml"), text).expect("written");
    equipoise(directory.path())
        .args(["run", "small.toml"])
        .assert()
        .success()
        .stdout(predicate::str::contains("18 problems solved"));
}

#[test]
fn draw_solves_nothing_and_takes_its_options() {
    let directory = with_small();
    equipoise(directory.path()).args(["run", "small.toml", "--format", "svg"]).assert().success();
    let draw =
        |arguments: &[&str]| equipoise(directory.path()).args(["draw", "small"]).args(arguments).assert();
    draw(&["--format", "pdf,png", "--dpi", "50", "--theme", "slides", "--out", "wall"]).success();
    assert!(directory.path().join("wall/mine-small.pdf").is_file());
    assert!(!directory.path().join("wall/mine-small.svg").exists());
    draw(&["--dpi", "5"]).code(2).stderr(predicate::str::contains("between 30 and 2400"));
    equipoise(directory.path())
        .args(["draw", "wall"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("wall: holds no analysis.toml"));
}

#[test]
fn problems_without_an_answer_are_said() {
    let directory = with_small();
    // Far apart and unpenalised: separable.
    equipoise(directory.path())
        .args(["run", "small.toml", "--set", "sweep.0.values=[1.0, 50.0]"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("`radius` never is 2"));
    std::fs::remove_dir_all(directory.path().join("small")).expect("removed");
    let text = super::SMALL.replace("values = [1.0, 1.5, 2.0]", "values = [1.0, 2.0, 50.0]");
    std::fs::write(directory.path().join("small.toml"), text).expect("written");
    equipoise(directory.path())
        .args(["run", "small.toml"])
        .assert()
        .code(1)
        .stdout(predicate::str::contains("6 of 18 problems had no answer"))
        .stderr(
            predicate::str::contains("LGL, radius = 50, repetition 0: separable").and(
                predicate::str::contains("exit code 1").and(predicate::str::contains("--accept-unsolved")),
            ),
        );
    // Where that is meant, it is said all the same.
    equipoise(directory.path()).args(["run", "small.toml", "--accept-unsolved"]).assert().success().stderr(
        predicate::str::contains("6 problems of 18").and(predicate::str::contains("exit code").not()),
    );
    equipoise(directory.path()).args(["results", "merge", "small"]).assert().code(1);
    equipoise(directory.path()).args(["results", "merge", "small", "--accept-unsolved"]).assert().success();
}

#[test]
fn a_csv_file_is_found_from_where_the_analysis_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let inner = directory.path().join("inner");
    std::fs::create_dir(&inner).expect("made");
    let rows: String = (0..40)
        .map(|i| format!("{},{}\n", f64::from(i * 7 % 13), if i % 3 == 0 { "a" } else { "b" }))
        .collect();
    std::fs::write(inner.join("data.csv"), format!("x,y\n{rows}")).expect("written");
    let text = "name = \"own\"\ntitle = \"Own data\"\nmeasure = [\"shortfall\"]\n\n[data.table]\npath = \"data.csv\"\nlabel = \"y\"\n\n[[series]]\nloss = \"logistic\"\n";
    std::fs::write(inner.join("own.toml"), text).expect("written");
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "inner/own.toml"]).success();
    run(&["run", "own/analysis.toml"]).success().stdout(predicate::str::contains("(1 of them earlier)"));
    run(&["run", "inner/own.toml", "--set", "data.table.label=z"])
        .code(2)
        .stderr(predicate::str::contains("inner/own.toml:5"));
}

#[test]
fn an_image_set_is_found_by_the_names_of_its_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let inner = directory.path().join("inner");
    std::fs::create_dir_all(inner.join("set")).expect("made");
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let classes: Vec<u8> = (0..90).map(|image| image % 3).collect();
    let noise = (0_u32..).map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 25).expect("seven bits"));
    let pixels: Vec<u8> =
        classes.iter().flat_map(|class| [class * 20; 4]).zip(noise).map(|(a, b)| a + b).collect();
    std::fs::write(inner.join("set/train-images-idx3-ubyte"), [words(&[0x0803, 90, 2, 2]), pixels].concat())
        .expect("written");
    std::fs::write(inner.join("set/train-labels-idx1-ubyte"), [words(&[0x0801, 90]), classes].concat())
        .expect("written");
    let text = "name = \"own\"\ntitle = \"Own images\"\npenalty = 1e-3\nmeasure = [\"balance_residual\", \"class_count\"]\n\n[data.images]\npath = \"set\"\ncounts = [30, 20, 5]\n\n[[series]]\nloss = \"softmax\"\n";
    std::fs::write(inner.join("own.toml"), text).expect("written");
    let run = |arguments: &[&str]| equipoise(directory.path()).args(arguments).assert();
    run(&["run", "inner/own.toml"]).success();
    let records = std::fs::read_to_string(directory.path().join("own/records.json")).expect("written");
    assert!(records.contains("30.0") && records.contains("\"stationary\""), "{records}");
    run(&["run", "own/analysis.toml"]).success().stdout(predicate::str::contains("(1 of them earlier)"));
    run(&["run", "inner/own.toml", "--out", "more", "--set", "data.images.counts=[40,1,1]"])
        .code(2)
        .stderr(predicate::str::contains("class 0: 40 images asked for, but there are 30"));
    run(&["run", "inner/own.toml", "--out", "test", "--set", "data.images.part=test"])
        .code(2)
        .stderr(predicate::str::contains("holds no image set"));
}
