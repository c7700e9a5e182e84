//! Files of logits, through `audit`. The losses are those of the case sheet, or were computed by `NumPy`.

use super::{check_said, read, refused, typed};

const PLAIN: f64 = 0.776_909_462_946_293;

#[track_caller]
fn audited(file: &str, options: &str, loss: f64, words: &[&str]) {
    let (record, said) = read(&[&["audit", file], typed(options).as_slice()].concat());
    let found = record["loss"].as_f64().expect("a loss");
    assert!((found - loss).abs() < 5e-7, "{file} {options}: {found} for {loss}");
    check_said(file, &said, words);
    assert_eq!(record["input"]["file"], file);
}

#[test]
fn rows_of_the_case_sheet() {
    for (file, options, loss, words) in [
        ("a00-plain.csv", "", PLAIN, &["logits ant, bee, cat; 24 rows\n"][..]),
        ("a01-pandas-index.csv", "", PLAIN, &["left out: column \"\" (it has no heading)"]),
        ("a03-id-column.csv", "", PLAIN, &["left out: column \"id\""]),
        ("a06-index-level.parquet", "", PLAIN, &["left out: column \"__index_level_0__\""]),
        ("a07-date-column.parquet", "", PLAIN, &["left out: column \"day\" (holds dates)"]),
        ("b22-polars-duration.parquet", "", PLAIN, &["left out: column \"took\" (holds durations)"]),
        ("a09-polars-zstd.parquet", "", PLAIN, &["Parquet"]),
        ("a11-float16.parquet", "", 0.776_903_388_7, &["Parquet"]),
        ("a13-headings-1-2-3.csv", "", 1.136_701, &["labels are headings", "no row has the class \"3\""]),
        ("a16-labels-pm1.csv", "", 1.230_279, &["24 rows", "labels are -1 and 1"]),
        ("a19-masked-minus-inf.npz", "", 0.593_628, &["16 logits masked"]),
        ("a21-positional-names.npz", "--logits arr_0 --label arr_1", PLAIN, &["logits arr_0 (24, 3)"]),
        ("a23-target.npz", "", PLAIN, &["label target"]),
        ("a25-probabilities-2-decimals.npz", "", 0.779_818_797_881, &["they are normalised"]),
        ("a27-probabilities-called-logits.npz", "--probabilities", PLAIN, &["probabilities logits (24, 3)"]),
        ("a27-probabilities-called-logits.npz", "", 0.942_522, &["sums to 1", "give --probabilities"]),
        ("a29-prefixed-headings.csv", "", PLAIN, &["columns prob_.. are those of the classes"]),
        (
            "a31-ignore-255.npz",
            "--ignore-index 255",
            0.809_118_558_141,
            &["left out: 4 rows (label to ignore)"],
        ),
        ("a40-label-option-ignored.npz", "--label true_labels", PLAIN, &["label true_labels"]),
        ("a40-label-option-ignored.npz", "", 1.657_201_13, &["left out: array true_labels"]),
    ] {
        audited(file, options, loss, words);
    }
    audited("b13-text-labels.npz", "--classes ant,bee,cat", PLAIN, &["24 rows"]);
    refused(
        &["audit", "b13-text-labels.npz", "--classes", "ant,bee,dog"],
        &["\"cat\" is none of the classes ant, bee, dog"],
    );
    refused(&["audit", "a21-positional-names.npz"], &["arr_0, arr_1", "--logits"]);
    refused(&["audit", "a31-ignore-255.npz"], &["255", "--ignore-index 255"]);
    let (record, said) = read(&["audit", "a34-confidence-one.npz"]);
    let error = record["calibration"]["calibration_error"]["l1"].as_f64().expect("a number");
    assert!((error - 0.475).abs() < 1e-12, "{error}");
    assert!(said.contains("1 probability is zero, in 1 row for the row's own class"), "{said}");
    audited("a37-bf16.safetensors", "", 0.777_239_294, &["bfloat16"]);
}

#[test]
fn columns_that_are_no_logits_are_named_and_left_out() {
    for (file, words) in [
        ("b01-pred-column.csv", "left out: column \"pred\""),
        ("b02-loss-column.csv", "left out: column \"loss\""),
        ("b03-text-column.csv", "left out: column \"sample\" (holds text)"),
        ("b04-unknown-id.csv", "left out: column \"key\" (whole numbers, each once"),
        ("b07-number-headings-index.csv", "left out: column \"\""),
        ("b19-polars-names-fold.parquet", "left out: column \"fold\""),
    ] {
        audited(file, "", PLAIN, &[words]);
    }
    audited("b04-unknown-id.csv", "--columns ant,bee,cat", PLAIN, &["logits ant, bee, cat"]);
    audited("b01-pred-column.csv", "--drop pred", PLAIN, &["column \"pred\" (--drop)"]);
    refused(&["audit", "b01-pred-column.csv", "--columns", "ant,bee,ca"], &["no column \"ca\"", "\"cat\"?"]);
    refused(&["audit", "b01-pred-column.csv", "--logits", "ant"], &["--logits", "--columns"]);
    refused(&["audit", "a00-plain.csv", "n00-labels.npy"], &["is not needed"]);
    refused(&["audit", "a23-target.npz", "--columns", "a"], &["--columns", "goes with a table"]);
}

#[test]
fn headings_and_labels_name_classes_in_every_way() {
    audited("b05-logit-prefix.csv", "", PLAIN, &["columns logit_.. are those of the classes"]);
    audited("b06-probability-suffix.csv", "--probabilities", PLAIN, &["classes ant, bee, cat"]);
    audited("b06-probability-suffix.csv", "", 0.942_522, &["their headings speak of probabilities"]);
    audited("b13-text-labels.npz", "", PLAIN, &["classes ant, bee, cat", "labels are names"]);
    audited("b14-class-names.npz", "", PLAIN, &["classes ant, bee, cat"]);
    audited("b15-fortran-N1.npz", "", PLAIN, &["24 rows"]);
    audited("b16-one-hot.npz", "", PLAIN, &["24 rows"]);
    audited("b12-f16.safetensors", "", 0.776_903_388_7, &["float16"]);
}

#[test]
fn rows_without_labels_are_counted() {
    refused(&["audit", "b08-missing-labels.csv"], &["line 4, column \"label\"", "--missing drop-row"]);
    audited("b08-missing-labels.csv", "--missing drop-row", 0.792_333_136_699, &["2 rows (no label)"]);
    audited("b20-ignore-mixed.npz", "", 0.809_118_558_141, &["4 rows (label to ignore)"]);
}

#[test]
fn masked_classes_have_probability_zero() {
    audited("b10-masked-lowest.npz", "", 0.452_095_402_659, &["24 logits masked"]);
    refused(&["audit", "b11-masked-target.npz"], &["row 6 (index 5)", "class 2 is the label and is masked"]);
    for loss in ["softmax", "logistic", "inr", "focal", "ldam", "logit-adjusted", "seesaw", "sigmoid-focal"] {
        let (record, _) = read(&["audit", "a19-masked-minus-inf.npz", "--loss", loss]);
        let numbers = record["loss"].as_f64().into_iter();
        assert!(numbers.chain(record["accuracy"].as_f64()).all(f64::is_finite), "{loss}: {record}");
    }
    let smoothed = ["audit", "a19-masked-minus-inf.npz", "--loss", "label-smoothing"];
    refused(&smoothed, &["label-smoothing", "masked", "infinite"]);
}

#[test]
fn probabilities_that_are_zero_or_rounded_are_counted() {
    let (_, said) = read(&["audit", "b17-zero-probability.npz"]);
    check_said(
        "b17-zero-probability.npz",
        &said,
        &["2 probabilities are zero, in 1 row for the row's own class"],
    );
    audited("b18-probs.npz", "", 0.776_866_894_312, &["label y_true", "they are normalised"]);
}

/// One logistic regression per label, solved by scikit-learn, whose intercepts make every label's mean probability its frequency.
#[test]
fn samples_with_several_labels_are_audited_label_by_label() {
    let file = "b21-multi-label.npz";
    refused(&["audit", file], &["row 1 (index 0): is not one-hot", "--multi-label"]);
    let (record, said) = read(&["audit", file, "--multi-label"]);
    check_said(file, &said.replace(", logits (", " ("), &["classes sun, wind, rain"]);
    assert!((record["loss"].as_f64().expect("a loss") - 1.362_043_034_199_608_4).abs() < 1e-12, "{record}");
    assert_eq!(record["stationary"], true);
    let labels = record["labels"].as_array().expect("labels");
    for (label, (frequency, recall, precision)) in labels.iter().zip([
        (0.55, 26.0 / 33.0, 26.0 / 34.0),
        (0.3, 11.0 / 18.0, 11.0 / 17.0),
        (37.0 / 60.0, 30.0 / 37.0, 30.0 / 39.0),
    ]) {
        let near = |name: &str, right: f64, most: f64| {
            let found = label[name].as_f64().expect("a number");
            assert!((found - right).abs() < most, "{name}: {found} for {right}");
        };
        near("frequency", frequency, 1e-15);
        near("mean_probability", frequency, 1e-7);
        near("recall", recall, 1e-15);
        near("precision", precision, 1e-15);
    }
    // A whole weight counts as so many equal rows, a row of weight zero as none.
    let (counted, said) = read(&["audit", "b23-multi-label-weights.npz", "--multi-label", "--weights", "w"]);
    let (repeated, _) = read(&["audit", "b24-multi-label-repeated.npz", "--multi-label"]);
    assert!(said.contains("sample weights w; 45 of 60 rows; left out: 15 rows (weight 0)"), "{said}");
    assert_eq!(counted["samples"], repeated["samples"]);
    for (one, other) in std::iter::zip(
        counted["labels"].as_array().expect("a list"),
        repeated["labels"].as_array().expect("a list"),
    ) {
        for (name, value) in one.as_object().expect("an object").iter().filter(|(_, value)| value.is_number())
        {
            let (value, right) = (value.as_f64().expect("a number"), other[name].as_f64().expect("a number"));
            assert!((value - right).abs() <= 1e-12 * right.abs().max(1.0), "{name}: {value} for {right}");
        }
    }
    refused(&["audit", file, "--multi-label", "--loss", "inr"], &["--multi-label", "--loss logistic"]);
    refused(&["audit", file, "--multi-label", "--loss", "softmax"], &["--multi-label", "--loss logistic"]);
    read(&["audit", file, "--multi-label", "--loss", "logistic"]);
    for option in
        ["--recalibrate", "--ignore-index=5", "--missing=drop-row", "--columns=a", "--reduction=sum"]
    {
        let name = option.split('=').next().expect("a name");
        refused(&["audit", file, "--multi-label", option], &[&format!("{name}: does not go with")]);
    }
    refused(&["audit", "a00-plain.csv", "--multi-label"], &["is a table", "NPZ"]);
}

/// Audits a table: the exit code, and what was said.
fn audit_of(table: &str, options: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("a.csv"), table).expect("written");
    let mut command = assert_cmd::Command::cargo_bin("equipoise").expect("built");
    let output = command
        .current_dir(folder.path())
        .args([&["audit", "a.csv"], options].concat())
        .output()
        .expect("started");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

/// Headings, and twelve rows below them.
fn table(heading: &str, row: &dyn Fn(usize) -> String) -> String {
    let rows = (0..12).map(|number| row(number) + "\n");
    std::iter::once(format!("{heading}\n")).chain(rows).collect()
}

fn z(row: usize, class: usize) -> f64 {
    (row * (class + 3) % 7) as f64 / 2.0 - 1.5
}

fn logits(row: usize) -> String {
    format!("{},{},{}", z(row, 0), z(row, 1), z(row, 2))
}

fn species(row: usize) -> &'static str {
    ["ant", "bee", "cat"][row % 3]
}

/// Numbers that may be something else, labels of other kinds, and columns by their names.
#[test]
fn logits_that_are_nearly_usual_are_doubted_or_read() {
    for (text, words) in [
        (
            table("ant,bee,cat,label", &|row| format!("{},{},{},{}", 20 + row, 30, 50 - row, species(row))),
            "sums to 100, as percentages do",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("0.{},0.5,0.25,{}", 1 + row % 8, species(row))),
            "every logit is from 0 to 1, as probabilities are (of one-vs-all",
        ),
        (
            table("ant,bee,cat,hit,label", &|row| {
                format!("{},{},{}", logits(row), ["True", "False"][row % 2], species(row))
            }),
            "column \"hit\" (holds True and False)",
        ),
        (
            table("ant,bee,cat,confidence,label", &|row| format!("{},0.{row},{}", logits(row), species(row))),
            "column \"confidence\" (by its name no logit)",
        ),
        (
            table("ant,bee,cat,other,label", &|row| format!("{},0.{row},{}", logits(row), row % 3)),
            "no row has the class 3, column \"other\"",
        ),
        (
            table("ant,bee,cat,dog,elk,label", &|row| {
                format!("{},0.{row},1.{row},{}", logits(row), species(row))
            }),
            "no row has the classes \"dog\", \"elk\"; columns that are no logits are left out with --drop",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("{},{}", logits(row), ["-1", "0", "1"][row % 3])),
            "rows with the label -1 are left out; if it is a class, name the classes in the order of the columns, such as \
             --class-names -1,0,1",
        ),
        (
            table("no,yes,label", &|row| {
                format!("{},{},{}", z(row, 0), z(row, 1), ["FALSE", "TRUE"][row % 2])
            }),
            "labels are False and True: class 0 and class 1",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("{},{}", logits(row), row % 3)),
            "labels are numbers, from 0 in the order of the columns: 0 is ant, 1 is bee, 2 is cat",
        ),
        (
            table("1,2,3,label", &|row| format!("{},{}", logits(row), row % 3)),
            "labels are numbers, from 0 in the order of the columns: 0 is 1, 1 is 2, 2 is 3",
        ),
    ] {
        let (code, said) = audit_of(&text, &[]);
        assert!(code == Some(0) && said.contains(words), "{said} lacks {words:?}");
    }
}

#[test]
fn what_is_no_table_of_logits_is_answered_by_what_to_do() {
    for (text, options, words) in [
        (
            table("score,label", &|row| format!("{},{}", z(row, 0), ["no", "yes"][row % 2])),
            &["--loss", "logistic"][..],
            "\"no\" is neither the number of a class nor a heading (score); --class-names",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("{},{},{},{}", 20 + row, 30, 50 - row, species(row))),
            &["--probabilities"],
            "divide percentages by 100",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("{},{}", logits(row), row % 3 + 1)),
            &[],
            "3, but classes are 0 to 2; if labels count from 1, give --class-names 1,2,3, or save y - 1",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("{},{}.5", logits(row), row % 3)),
            &[],
            "but labels are whole numbers or names of classes",
        ),
        (
            table("ant,bee,cat,label", &|row| format!("{},,{},{}", row, row, species(row))),
            &[],
            "column \"bee\": the cell is empty; every row needs all its logits",
        ),
        (
            table("logits,label", &|row| format!("\"[{}]\",{}", logits(row), row % 3)),
            &[],
            "has no column of logits; left out: column \"logits\" (holds text); save a column of numbers",
        ),
        (
            table("score,label", &|row| format!("{},{}", z(row, 0), row % 2)),
            &[],
            "one logit for two classes goes with --loss logistic",
        ),
    ] {
        let (code, said) = audit_of(&text, options);
        assert!(
            code == Some(2) && said.lines().count() == 1 && said.contains(words),
            "{said} lacks {words:?}"
        );
    }
    let named = table("score,label", &|row| format!("{},{}", z(row, 0), ["no", "yes"][row % 2]));
    let (code, said) = audit_of(&named, &["--loss", "logistic", "--class-names", "no,yes"]);
    assert!(code == Some(0) && said.contains("classes no, yes"), "{said}");
}

/// Names that the user gives are those that labels have: -1 is a class then, and numbers need not begin at 0.
#[test]
fn classes_are_numbered_as_the_user_says() {
    for names in [["-1", "0", "1"], ["1", "2", "3"], ["7", "8", "9"]] {
        let text = table("ant,bee,cat,label", &|row| format!("{},{}", logits(row), names[row % 3]));
        let (code, said) = audit_of(&text, &["--class-names", &names.join(",")]);
        let words = format!("classes {}; logits ant, bee, cat; 12 rows", names.join(", "));
        assert!(code == Some(0) && said.contains(&words), "{said} lacks {words:?}");
        assert!(said.contains("labels are names of classes"), "{said}");
    }
    // Labels among the headings -1 and 1 are classes, and both are there.
    let text = table("-1,1,label", &|row| format!("{},{},{}", z(row, 0), z(row, 1), [-1, 1][row % 2]));
    let (code, said) = audit_of(&text, &[]);
    assert!(code == Some(0) && !said.contains("no row has the class"), "{said}");
    // Labels -1 and 1 are the two classes, whatever these are called.
    let text = table("score,label", &|row| format!("{},{}", z(row, 0), ["-1", "1"][row % 2]));
    for names in ["no,yes", "0,1", "-1,1"] {
        let (code, said) = audit_of(&text, &["--loss", "logistic", "--class-names", names]);
        let words = format!("classes {}; logits score; 12 rows", names.replace(',', ", "));
        assert!(code == Some(0) && said.contains(&words), "{said} lacks {words:?}");
    }
    let text =
        table("ant,bee,cat,label", &|row| format!("{},{}", logits(row), ["Ant", "bee", "cat"][row % 3]));
    let (code, said) = audit_of(&text, &[]);
    assert!(code == Some(2) && said.contains("did you mean \"ant\"?"), "{said}");
}

#[test]
fn labels_name_headings_of_whole_numbers_exactly() {
    let classes = "classes 1700000000000000001, 1700000000000000002, 1700000000000000003";
    audited("b28-int64-headings.parquet", "", PLAIN, &[classes]);
}

#[test]
fn probabilities_are_mapped_back_where_class_weights_moved_them() {
    for (loss, is_moved) in [("softmax", true), ("focal", true), ("inr", false)] {
        let (record, _) = read(&["audit", "a00-plain.csv", "--loss", loss, "--class-weights", "1,2,3"]);
        assert_eq!(record.get("prior_corrected").is_some_and(|scores| !scores.is_null()), is_moved, "{loss}");
    }
}
