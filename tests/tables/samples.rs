//! Files of samples, through `solve` under an L2 penalty of 0.01. The losses were computed by BFGS of `SciPy` on the same
//! numbers as pandas reads them.

use super::{check_said, read, refused, run, typed};

const PLAIN: f64 = 0.773_751_811_962;
const WITHOUT_ROW_4: f64 = 0.748_063_984_755;

#[track_caller]
fn solved(file: &str, options: &str, loss: f64, words: &[&str]) {
    let (record, said) = read(&[&["solve", file, "--l2", "0.01"], typed(options).as_slice()].concat());
    let found = record["data_loss"].as_f64().expect("a loss");
    assert!((found - loss).abs() < 1e-9, "{file} {options}: {found} for {loss}");
    check_said(file, &said, words);
    let input = &record["input"];
    assert!(input["rows"].as_u64() >= input["used_rows"].as_u64() && input["classes"].is_array(), "{input}");
}

#[test]
fn rows_of_the_case_sheet() {
    let species = "--label species";
    for (file, words) in [
        ("c00-plain.csv", &["(CSV): label species, classes ant, bee, cat; features a, b; 30 rows\n"][..]),
        ("c01-pandas-index.csv", &["left out: column \"\" (it has no heading)"]),
        ("c02-unnamed-0.csv", &["left out: column \"Unnamed: 0\""]),
        ("c05-semicolon.csv", &["; between columns"]),
        ("c16-gzip.csv.gz", &["CSV"]),
        ("c30-table.parquet", &["Parquet"]),
    ] {
        solved(file, species, PLAIN, words);
    }
    for labels in ["n00-labels.npy", "n04-labels-N-1.npy", "n05-labels-text.npy"] {
        for features in ["n00-features.npy", "n01-dataframe-values.npy"] {
            solved(features, &format!("--label {labels}"), PLAIN, &["30 rows"]);
        }
    }
}

#[test]
fn missing_labels_are_no_class() {
    let file = "c10-label-NA-text.csv";
    refused(
        &["solve", file, "--label", "species"],
        &["line 5, column \"species\"", "the label is \"NA\"", "--missing drop-row", "--classes"],
    );
    let out = "29 of 30 rows; left out: 1 row";
    solved(file, "--label species --missing drop-row", WITHOUT_ROW_4, &[out, "(no label)"]);
    solved(file, "--label species --ignore-index NA", WITHOUT_ROW_4, &[out, "(--ignore-index)"]);
    solved(file, "--label species --classes ant,bee,cat", WITHOUT_ROW_4, &[out]);
}

#[test]
fn text_columns_are_encoded_on_request() {
    let file = "c12-text-column.csv";
    refused(
        &["solve", file, "--label", "species"],
        &["line 2, column \"colour\"", "--drop colour", "--one-hot"],
    );
    let said = ["levels blue, red; blue is the reference"];
    solved(file, "--label species --one-hot", 0.770_387_901_490, &said);
    solved(file, "--label species --drop colour", PLAIN, &["left out: column \"colour\" (--drop)"]);
    let (record, _) = read(&["solve", file, "--label", "species", "--l2", "0.01", "--one-hot"]);
    assert_eq!(record["features"], serde_json::json!(["a", "b", "colour=red"]));
    let said = ["True and False are 1 and 0 in colour_blue, colour_red"];
    solved("c13-get-dummies-booleans.csv", "--label species", 0.770_251_562_820, &said);
}

#[test]
fn csv_in_other_dialects() {
    let species = "--label species";
    for (file, words) in [
        ("t01-decimal-comma.csv", &["; between columns, decimal comma"][..]),
        ("t02-tabs.tsv", &["tabs between columns"]),
        ("t03-utf16.csv", &["tabs between columns, UTF-16"]),
        ("t05-bom-crlf.csv", &["(CSV)"]),
        ("t06-comments.csv", &["2 lines at the top left out as comments"]),
        ("t07-r-write-table.txt", &["spaces between columns", "one cell more than there are headings"]),
        ("t08-r-write-csv.csv", &["left out: column \"\""]),
        ("t10-sep-line.csv", &["; between columns"]),
        ("t11-savetxt.csv", &["headings taken from the comment above the first row"]),
        ("t12-trailing-comma.csv", &["left out: column \"\""]),
        ("t13-pipes-quoted.csv", &["| between columns"]),
        ("t14-unnamed-0-1.csv", &["column \"Unnamed: 0.1\"", "column \"Unnamed: 0\""]),
        ("t15-zstd.csv.zst", &["(CSV)"]),
    ] {
        solved(file, species, PLAIN, words);
    }
    refused(&["solve", "t04-latin1.csv", "--label", "species"], &["line 2", "--encoding latin-1"]);
    solved("t04-latin1.csv", "--label species --encoding latin-1", PLAIN, &["Latin-1", "fourmi é"]);
    refused(&["solve", "t09-no-header.csv", "--label", "species"], &["line 1", "the columns are \"0.35\""]);
    solved("t09-no-header.csv", "--label x2 --no-header", PLAIN, &["features x0, x1"]);
    solved("t01-decimal-comma.csv", "--label species --separator ; --decimal ,", PLAIN, &["decimal comma"]);
}

#[test]
fn missing_values_are_refused_dropped_or_marked() {
    let file = "t16-missing.csv";
    refused(&["solve", file, "--label", "species"], &["line 11, column \"species\"", "--missing drop-row"]);
    let out = ["27 of 30 rows; left out: 1 row (no label), 2 rows (missing values in a 1, b 1)"];
    solved(file, "--label species --missing drop-row", 0.736_565_370_699, &out);
    let said = ["missing values of column \"a\" are its mean", "\"b missing\"", "29 of 30 rows"];
    solved(file, "--label species --missing indicator --ignore-index ~", 0.714_442_948_331, &said);
    let lost = ["no row is left with the label cat", "missing values in n 10"];
    let (_, said) = read(
        &[
            &["solve", "t26-kinds.parquet", "--l2", "0.01"][..],
            &typed("--label species --drop when --missing drop-row"),
        ]
        .concat(),
    );
    check_said("t26-kinds.parquet", &said, &lost);
}

#[test]
fn columns_are_named_and_doubted() {
    let file = "t17-comma-in-name.csv";
    let quoted = ["solve", file, "--label", "species", "--l2", "0.01", "--features", "\"length, cm\",b"];
    let (record, _) = read(&quoted);
    assert_eq!(record["features"], serde_json::json!(["length, cm", "b"]));
    assert!((record["data_loss"].as_f64().expect("a loss") - PLAIN).abs() < 1e-9);
    let file = "t18-row-and-date.csv";
    refused(&["solve", file, "--label", "species"], &["\"2024-01-01\" is not a number", "--drop when"]);
    solved(file, "--label species --drop row,when", PLAIN, &["column \"row\" (--drop)"]);
    let (_, said) = read(&["solve", file, "--label", "species", "--l2", "0.01", "--drop", "when"]);
    assert!(said.contains("column \"row\" counts the rows") && said.contains("--drop row"), "{said}");
    refused(&["solve", file, "--label", "species", "--drop", "ro"], &["no column \"ro\"", "\"row\"?"]);
}

#[test]
fn parquet_of_every_writer() {
    for (file, words) in [
        ("t20-pandas-snappy.parquet", &["Parquet"][..]),
        (
            "t21-pandas-text-index.parquet",
            &["column \"__index_level_0__\" (it is the index of a data frame)"],
        ),
        ("t22-pandas-named-index.parquet", &["column \"id\" (it is the index of a data frame)"]),
        ("t23-polars.parquet", &["Parquet"]),
        ("t24-polars-categorical-lz4.parquet", &["Parquet"]),
        ("t25-pandas-category-gzip.parquet", &["Parquet"]),
        ("t42-duckdb.parquet", &["Parquet"]),
    ] {
        solved(file, "--label species", PLAIN, words);
    }
    let kinds = ["solve", "t26-kinds.parquet", "--label", "species"];
    refused(&kinds, &["row 3 (index 2), column \"n\": the cell is empty", "--missing drop-row"]);
    refused(
        &[&kinds[..], &["--missing", "indicator"]].concat(),
        &["column \"when\": holds dates", "--drop when"],
    );
    for timed in ["t41-timedelta.parquet", "t43-polars-duration.parquet"] {
        let words = ["column \"waited\": holds durations", "--drop waited"];
        refused(&["solve", timed, "--label", "species"], &words);
        solved(timed, "--label species --drop waited", PLAIN, &["column \"waited\" (--drop)"]);
        refused(&["solve", timed, "--label", "waited"], &["column \"waited\": holds durations"]);
        let weighted = ["solve", timed, "--label", "species", "--sample-weights", "waited"];
        refused(&weighted, &["column \"waited\"", "holds durations"]);
    }
    refused(&["solve", "t28-brotli.parquet", "--label", "species"], &["packed with brotli", "zstd"]);
    refused(
        &["solve", "t29-feather.arrow", "--label", "species"],
        &["an Arrow IPC (Feather) file", "pandas.read_feather"],
    );
}

#[test]
fn unsigned_numbers_and_decimals_are_what_they_say() {
    let (record, _) = read(&["solve", "t27-decimal-uint32.parquet", "--label", "species", "--l2", "1"]);
    assert_eq!(record["features"], serde_json::json!(["a", "b", "u"]));
    // A penalty of 1 leaves b, in hundredths, to do all: with the sign lost in u or the bytes of b, it would not.
    let whole = ["solve", "t27-decimal-uint32.parquet", "--label", "species", "--l2", "1e-6", "--drop", "u"];
    let (decimal, _) = read(&whole);
    let (plain, _) = read(&["solve", "c00-plain.csv", "--label", "species", "--l2", "1e-6"]);
    let coefficient = |record: &serde_json::Value| record["coefficients"][0][1].as_f64().expect("a number");
    let ratio = coefficient(&plain) / coefficient(&decimal);
    assert!((ratio - 100.0).abs() < 0.01, "{ratio}");
}

#[test]
fn archives_and_arrays_of_every_kind() {
    solved("t30-savez.npz", "--label y", PLAIN, &["features X (30, 2)"]);
    solved("t31-compressed-columns.npz", "--label species", PLAIN, &["features a (30,), b (30,)"]);
    let unread = "left out: array meta (holds Python objects, which are not read)";
    solved("t32-objects.npz", "--label y", PLAIN, &["features X (30, 2)", unread]);
    solved("t32-objects.npz", "--label y --drop meta", PLAIN, &["left out: array meta (--drop)"]);
    // Options of text tables change nothing elsewhere, and it is said so.
    let vain = ["--separator, --no-header: for text tables only", "--one-hot: for tables only"];
    solved("t30-savez.npz", "--label y --separator ; --no-header --one-hot", PLAIN, &vain);
    solved("t23-polars.parquet", "--label species --decimal ,", PLAIN, &["--decimal: for text tables only"]);
    solved("t33-features.safetensors", "--label labels", PLAIN, &["features features (30, 2)"]);
    refused(&["solve", "t30-savez.npz", "--label", "z"], &["holds no array \"z\"", "X, y"]);
    refused(&["solve", "t32-objects.npz", "--label", "y", "--features", "meta"], &["Python objects"]);
    let labels = "--label n00-labels.npy";
    solved("t34-big-endian.npy", labels, PLAIN, &["NPY, float64"]);
    solved("t35-float16.npy", labels, 0.773_673_923_679, &["NPY, float16"]);
    refused(
        &["solve", "t38-nan.npy", "--label", "n00-labels.npy"],
        &["row 4, column 2 (index 3, 1): is NaN", "drop-row"],
    );
    solved("t38-nan.npy", &format!("{labels} --missing drop-row"), WITHOUT_ROW_4, &["1 row (missing values"]);
    for labels in ["t36-float-labels.npy", "t37-bytes-labels.npy"] {
        solved("n00-features.npy", &format!("--label {labels}"), PLAIN, &[labels]);
    }
    refused(
        &["solve", "n00-features.npy", "--label", "t40-objects.npy"],
        &["Python objects", "np.array(y, dtype=str)"],
    );
    refused(&["solve", "n00-features.npy", "--label", "species"], &["--label names the NPY file"]);
}

#[test]
fn order_and_subset_of_classes() {
    solved(
        "c00-plain.csv",
        "--label species --classes bee,ant",
        0.494_024_515_502,
        &["classes bee, ant;", "not among --classes"],
    );
    refused(
        &["solve", "c00-plain.csv", "--label", "species", "--classes", "ant,be"],
        &["no row has the class \"be\"", "\"bee\"?"],
    );
}

#[test]
fn weights_reads_what_solve_reads() {
    for (file, label) in
        [("c01-pandas-index.csv", "species"), ("t23-polars.parquet", "species"), ("t30-savez.npz", "y")]
    {
        let (record, said) =
            read(&["weights", file, "--label", label, "--l2", "0.01", "--target", "equal-shortfall"]);
        assert_eq!(record["attainable"], true);
        assert_eq!(record["input"]["used_rows"], 30);
        check_said(file, &said, &["30 rows"]);
    }
}

#[test]
fn standard_input_is_read() {
    let directory = format!("{}/tests/cases", env!("CARGO_MANIFEST_DIR"));
    for (file, label) in
        [("c16-gzip.csv.gz", "species"), ("t23-polars.parquet", "species"), ("t30-savez.npz", "y")]
    {
        let mut command = assert_cmd::Command::cargo_bin("equipoise").expect("built");
        let bytes = std::fs::read(format!("{directory}/{file}")).expect("a file");
        let output = command
            .args(["solve", "-", "--label", label, "--l2", "0.01", "--format", "json"])
            .write_stdin(bytes)
            .output()
            .expect("started");
        let record: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!((record["data_loss"].as_f64().expect("a loss") - PLAIN).abs() < 1e-9, "{file}");
    }
    let (code, _, said) = run(&["solve", "no-such-file.csv", "--label", "y"]);
    assert!(code == 2 && said.contains("there is no such file"), "{said}");
}

/// One-hot labels, and archives that do not fit, with the shapes of what is there.
#[test]
fn arrays_that_are_nearly_usual_are_read_or_refused() {
    use equipoise::data::{npy_doubles, npz};
    let folder = tempfile::tempdir().expect("a directory");
    let features = || npy_doubles(&[24, 2], (0..48).map(|place| f64::from(place * 7 % 24)));
    let classes = |row: usize| (row * 5 + row / 3) % 3;
    let one_hot =
        npy_doubles(&[24, 3], (0..72).map(|place| f64::from(u8::from(classes(place / 3) == place % 3))));
    let soft = npy_doubles(&[24, 3], (0..72).map(|place| f64::from(place % 3) / 3.0));
    let row = npy_doubles(&[1, 24], (0..24).map(|row| classes(row) as f64));
    let numbers = npy_doubles(&[24], (0..24).map(|row| classes(row) as f64));
    for (name, labels) in [("one-hot", one_hot), ("soft", soft), ("row", row), ("numbers", numbers)] {
        let bytes = npz(&[("x", features()), ("y", labels)]).expect("an archive");
        std::fs::write(folder.path().join(format!("{name}.npz")), bytes).expect("written");
    }
    let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (right, _) = read(&["solve", &file("numbers.npz"), "--label", "y"]);
    let (found, said) = read(&["solve", &file("one-hot.npz"), "--label", "y"]);
    assert_eq!((&found["loss"], &found["classes"]), (&right["loss"], &right["classes"]));
    assert!(said.contains("labels are one-hot: classes are numbered by their columns"), "{said}");
    refused(
        &["solve", &file("soft.npz"), "--label", "y"],
        &["row 1 (index 0): is not one-hot", "shape (24, 3)"],
    );
    refused(
        &["solve", &file("row.npz"), "--label", "y"],
        &["no array of features with 1 rows", "x (24, 2), y (1, 24)"],
    );
}

#[test]
fn whole_numbers_beyond_two_to_53_are_labels_exactly() {
    let file = "t49-int64-labels.parquet";
    let signed = "1700000000000000001, 1700000000000000002, 1700000000000000003";
    let unsigned = "10923372036854775809, 10923372036854775810, 10923372036854775811";
    for (label, classes) in
        [("signed", signed), ("unsigned", unsigned), ("decimal", signed), ("dictionary", signed)]
    {
        solved(file, &format!("--label {label} --features a,b"), PLAIN, &[&format!("classes {classes};")]);
    }
    let chosen = "--label signed --features a,b --ignore-index 1700000000000000002";
    let (_, said) = read(&[&["solve", file, "--l2", "0.01"][..], &typed(chosen)].concat());
    assert!(said.contains("(--ignore-index)") && !said.contains("no row has"), "{said}");
    let named =
        "--label signed --features a,b --classes 1700000000000000003,1700000000000000002,1700000000000000001";
    solved(file, named, PLAIN, &["classes 1700000000000000003, 1700000000000000002, 1700000000000000001;"]);
    refused(
        &[
            "solve",
            file,
            "--label",
            "signed",
            "--features",
            "a,b",
            "--classes",
            "1700000000000000000,1700000000000000001",
        ],
        &["no row has the class \"1700000000000000000\""],
    );
    let (_, said) = read(&["solve", "t50-int64.npz", "--label", "y", "--l2", "0.01"]);
    check_said("t50-int64.npz", &said, &[&format!("classes {unsigned};")]);
}

#[test]
fn features_that_doubles_round_are_named() {
    for (file, options, said) in [
        ("t49-int64-labels.parquet", "--label flag --features a,key", "column \"key\" holds whole numbers"),
        ("t50-int64.npz", "--label y", "column \"x0\" holds whole numbers"),
    ] {
        for command in ["solve", "weights --target equal-shortfall"] {
            let (_, found) = read(&[typed(command), vec![file, "--l2", "0.01"], typed(options)].concat());
            assert_eq!(found.matches("doubles round").count(), 1, "{file}: {found}");
            assert!(found.contains(said), "{file}: {found}");
        }
    }
    let (_, said) =
        read(&["solve", "t49-int64-labels.parquet", "--label", "flag", "--features", "a,b", "--l2", "1"]);
    assert!(!said.contains("doubles round"), "{said}");
}

#[test]
fn labels_that_are_doubles_in_the_file_may_have_become_one() {
    for file in ["t54-doubles.parquet", "t54-doubles.npz"] {
        let (_, said) = read(&["solve", file, "--label", "y", "--l2", "0.01"]);
        let note = "the label 9007199254740992 is a float64 in the file";
        assert!(
            said.contains(note) && said.contains("classes 9007199254740992, 9007199254740994;"),
            "{said}"
        );
    }
}

#[test]
fn white_space_around_texts_of_arrays_is_no_part_of_them() {
    solved("t51-spaces.npz", "--label y", PLAIN, &["classes ant, bee, cat;"]);
}

/// What `solve` says of a CSV file of these rows, and its exit code.
fn said_of(name: &str, text: &str, options: &str) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    let file = file.to_str().expect("UTF-8");
    let (code, _, said) = run(&[&["solve", file, "--l2", "0.1"], typed(options).as_slice()].concat());
    (code, said)
}

#[test]
fn labels_sort_as_the_numbers_that_features_would_be() {
    for (text, classes) in [
        ("x,y\n1,\u{2212}1\n2,1\n3,\u{2212}1\n4,1\n", "classes \u{2212}1, 1;"),
        ("x,y\n1,10%\n2,5%\n3,100%\n4,5%\n", "classes 5%, 10%, 100%;"),
        ("x;y\n1,5;1,0\n2,5;10,0\n3,5;2,0\n", "classes 1, 2, 10;"),
    ] {
        let (code, said) = said_of("a.csv", text, "--label y");
        assert!(code == 0 && said.contains(classes), "{said}");
    }
}

#[test]
fn numbers_of_texts_that_doubles_do_not_hold_are_named() {
    let rounded = "x,y\n9007199254740993,a\n9007199254740992,b\n3,a\n";
    let (code, said) = said_of("a.csv", rounded, "--label y");
    let note = "column \"x\" holds whole numbers beyond 2^53, such as 9007199254740993, which doubles round";
    assert!(code == 0 && said.contains(note), "{said}");
    let one = "x,y\n1700000000.1234567890,a\n1700000000.1234567891,b\n3,a\n";
    let (code, said) = said_of("a.csv", one, "--label y");
    assert!(code == 0 && said.contains("are the same double"), "{said}");
    for exact in ["x,y\n9007199254740992,a\n1e300,b\n3,a\n", "x,y\n1700000000000000000,a\n0.1,b\n3,a\n"] {
        let (_, said) = said_of("a.csv", exact, "--label y");
        assert!(!said.contains("double"), "{said}");
    }
    // A column that is not used is not spoken of.
    let (_, said) = said_of("a.csv", "x,z,y\n9007199254740993,1,a\n2,3,b\n3,2,a\n", "--label y --drop x");
    assert!(!said.contains("doubles round"), "{said}");
}

#[test]
fn byte_order_marks_and_spaces_are_no_part_of_headings() {
    for text in
        ["\u{feff}\"y\",x\na,1\nb,2\n", "\"\u{feff}y\",x\na,1\nb,2\n", "\u{feff}\u{feff}y,x\na,1\nb,2\n"]
    {
        let (code, said) = said_of("a.csv", text, "--label y");
        assert!(code == 0 && said.contains("label y, classes a, b;"), "{said}");
    }
    let (code, said) = said_of("a.csv", "x,y\n1,New York\n2,New\u{a0}York\n", "--label y");
    assert!(code == 0 && said.contains("not seen only; are they one?"), "{said}");
    solved("t52-spaces.parquet", "--label species", PLAIN, &["label species", "features a, b;"]);
    solved("t53-spaces.npz", "--label y", PLAIN, &["classes ant, bee, cat; features X (30, 2);"]);
    // Nor does a label that is asked for with spaces become a feature.
    let (record, _) = read(&["solve", "t54-doubles.npz", "--label", " y ", "--l2", "0.01"]);
    assert_eq!(record["features"], serde_json::json!(["x0"]));
}
