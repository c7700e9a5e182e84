//! The CSV reader against files as people and accidents write them.

use std::io::Write;
use std::path::Path;

use equipoise::data::{DataError, Dataset, read_table};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::NamedTempFile;

fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("written");
    file.flush().expect("flushed");
    file
}

fn read(text: impl AsRef<[u8]>) -> Result<Dataset, DataError> {
    read_table(file_of(text.as_ref()).path(), "y", None)
}

fn read_features(text: &str, features: &[&str]) -> Result<Dataset, DataError> {
    let features: Vec<String> = features.iter().map(ToString::to_string).collect();
    read_table(file_of(text.as_bytes()).path(), "y", Some(&features))
}

/// The error of `text`, which must name the file first and be a single line; returned without the file.
fn complaint(text: impl AsRef<[u8]>) -> String {
    let file = file_of(text.as_ref());
    let message = read_table(file.path(), "y", None).expect_err("an error").to_string();
    assert!(!message.contains('\n'), "more than one line: {message:?}");
    let start = format!("{}: ", file.path().display());
    message
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{message:?} does not name the file first"))
        .to_owned()
}

#[test]
fn a_plain_file_is_read_column_per_sample() {
    let dataset = read("age,y,height\n31,b,1.8\n-4.5,a,1e-3\n.5,b,+2.\n").expect("valid");
    assert_eq!(dataset.feature_names(), ["age", "height"]);
    assert_eq!(dataset.features().shape(), (2, 3));
    assert_eq!(dataset.features().as_slice(), [31.0, 1.8, -4.5, 0.001, 0.5, 2.0]);
    assert_eq!(dataset.labels().class_names(), ["a", "b"]);
    assert_eq!(dataset.labels().class_indices(), [1, 0, 1]);
}

#[test]
fn the_way_a_file_is_written_makes_no_difference() {
    let plain = read("age,y,height\n31,b,1.8\n-4,a,2\n").expect("valid");
    let ways = [
        "age,y,height\n31,b,1.8\n-4,a,2",
        "age,y,height\r\n31,b,1.8\r\n-4,a,2\r\n",
        "age,y,height\r31,b,1.8\r-4,a,2\r",
        "\u{feff}age,y,height\n31,b,1.8\n-4,a,2\n",
        "\u{feff}\"age\",y,height\n31,b,1.8\n-4,a,2\n",
        "\n\r\nage,y,height\n\n\n31,b,1.8\n\n-4,a,2\n\n\n",
        " age , y\t, height \n 31 ,b , 1.8\n\t-4, a,2 \n",
        "\"age\",\"y\",\"height\"\n\"31\",\"b\",\"1.8\"\n\"-4\",\"a\",\"2\"\n",
    ];
    for way in ways {
        assert_eq!(read(way).as_ref(), Ok(&plain), "{way:?}");
    }
}

#[test]
fn quoted_labels_may_hold_commas_quotes_and_line_ends() {
    let dataset = read("y,x\n\"a, b\",1\n\"say \"\"c\"\"\",2\n\"d\ne\",3\n").expect("valid");
    assert_eq!(dataset.labels().class_names(), ["a, b", "d\ne", "say \"c\""]);
}

#[test]
fn integer_labels_sort_as_numbers() {
    let dataset = read("x,y\n1,10\n2,9.0\n3,-1\n4,9\n").expect("valid");
    assert_eq!(dataset.labels().class_names(), ["-1", "9", "10"]);
    assert_eq!(dataset.labels().class_indices(), [2, 1, 0, 1]);
}

#[test]
fn a_label_column_alone_gives_no_features() {
    let dataset = read("y\n1\n0\n1\n").expect("valid");
    assert_eq!(dataset.features().shape(), (0, 3));
    assert_eq!(dataset.labels().counts(), [1, 2]);
}

#[test]
fn chosen_features_come_in_the_order_asked_and_others_may_hold_anything() {
    let text = "id,y,b,a,note,note,\nx1,0,1,2,,?,\nx2,1,3,4,inf,,\n";
    let dataset = read_features(text, &["a", "b"]).expect("valid");
    assert_eq!(dataset.feature_names(), ["a", "b"]);
    assert_eq!(dataset.features().as_slice(), [2.0, 1.0, 4.0, 3.0]);
    assert_eq!(read_features(text, &[]).expect("valid").features().shape(), (0, 2));
}

#[test]
fn chosen_features_must_exist_once_and_not_be_the_label() {
    let text = "id,y,bmi,note,note\n1,0,1,2,3\n1,1,1,2,3\n";
    let cases: [(&[&str], &str); 4] = [
        (&["bmj"], "line 1: there is no column \"bmj\"; did you mean \"bmi\"?"),
        (&["bmi", "y"], "feature \"y\": is the label column"),
        (&["bmi", "id", "bmi"], "feature \"bmi\": is asked for twice"),
        (&["note"], "line 1, column \"note\": columns 4 and 5 both have this name"),
    ];
    for (features, expected) in cases {
        let message = read_features(text, features).expect_err("invalid").to_string();
        assert!(message.contains(expected), "{message:?} lacks {expected:?}");
    }
}

#[test]
fn bad_cells_are_named_by_line_and_column() {
    let cases = [
        (
            "age,y\n1,a\n2,b\n,a\n",
            "line 4, column \"age\": the cell is empty; fill it in, or give `missing` drop-row",
        ),
        ("age,y\n1,a\n2, \n", "line 3, column \"y\": the label is missing"),
        (
            "age,y\n1,a\nold,b\n",
            "line 3, column \"age\": \"old\" is not a number; leave the column out with `drop` age",
        ),
        (
            "age,y\n\"1,5\",a\n",
            "line 2, column \"age\": \"1,5\" is not a number with a decimal point; give `decimal` ,",
        ),
        ("age,y\n1,a\nnan,b\n", "line 3, column \"age\": \"nan\" marks a missing value"),
        ("age,y\n1,a\n-inf,b\n", "line 3, column \"age\": \"-inf\" is not finite"),
        ("age,y\n1,a\nInfinity,b\n", "line 3, column \"age\": \"Infinity\" is not finite"),
        ("age,y\n1,a\n1e999,b\n", "line 3, column \"age\": \"1e999\" is too large"),
        (
            "age,y\n1,0.37\n2,1\n",
            "line 2, column \"y\": holds real numbers such as 0.37; class labels are strings",
        ),
        (
            "age,y\n1,2\n2,1\n3,nan\n",
            "line 4, column \"y\": the label is \"nan\", which marks a missing value",
        ),
    ];
    for (text, expected) in cases {
        let message = complaint(text);
        assert!(message.starts_with(expected), "{message:?} does not start with {expected:?}");
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let expected = "line 7, column \"age\": \"old\" is not a number";
    let texts = [
        "age,y\n1,a\n\n\n\n2,b\nold,c\n",
        "age,y\r\n1,a\r\n\r\n\r\n\r\n2,b\r\nold,c\r\n",
        "age,y\r1,a\r\r\r\r2,b\rold,c",
        "age,y\n1,a\n2,\"b\n\nb\n\"\nold,c",
        "\n\n\n\nage,y\n1,a\nold,\"c\nd\n\"",
    ];
    for text in texts {
        let message = complaint(text);
        assert!(message.starts_with(expected), "{text:?} gives {message:?}");
    }
}

#[test]
fn bad_shapes_are_explained() {
    let cases = [
        ("", "is empty"),
        ("\n\r\n", "is empty"),
        ("\u{feff}", "is empty"),
        ("age,y\n", "holds a header but no rows"),
        ("age,y\n1,a\n2,b,c\n", "line 3: 3 cells, but the header has 2 columns"),
        ("age,y\n1,a\n2\n", "line 3: 1 cell, but the header has 2 columns"),
        // Row names are not what the first row begins with, where another has none.
        ("age,y\n1,a,3\n2,b\n", "line 2: 3 cells, but the header has 2 columns"),
        ("age,y\n1,2,a\n2,3,b\n3,4,b,c\n", "line 4: 4 cells, but the header has 2 columns"),
        ("age,y\n1,a\n\"2,b\n3,c\n", "line 3, column 1: a quotation mark is opened but never closed"),
        ("age,y\n1,a\n3,\"c", "line 3, column 2: a quotation mark is opened but never closed"),
        ("age,y\n1,a\n2,a\n", "column \"y\": holds one class only, \"a\""),
        ("y,age,y\n1,2,3\n", "line 1, column \"y\": columns 1 and 3 both have this name"),
        ("age,y,age\n1,2,3\n", "line 1, column \"age\": columns 1 and 3 both have this name"),
        (
            "age,Y\n1,a\n",
            "line 1: there is no column \"y\"; did you mean \"Y\"?; the columns are \"age\", \"Y\"",
        ),
        ("a,b,c,d,e,f,g,h,i,j,k,l,m\n", "line 1: there is no column \"y\""),
        ("1.5,2\n2,3\n", "line 1: the first row holds numbers only"),
    ];
    for (text, expected) in cases {
        let message = complaint(text);
        assert!(message.starts_with(expected), "{message:?} does not start with {expected:?}");
    }
    assert!(
        !complaint("a,b,c,d,e,f,g,h,i,j,k,l,m\n").contains("the columns are"),
        "thirteen names are too many to list"
    );
}

#[test]
fn text_in_another_encoding_is_refused_with_its_place() {
    assert!(complaint(b"age,y\n1,a\n2,caf\xe9\n").starts_with("line 3, column \"y\": is not UTF-8"));
    assert!(complaint(b"age,y\n1,a\n\xff2,b\n").starts_with("line 3, column \"age\": is not UTF-8"));
    assert!(complaint(b"age,\xe9t\xe9,y\n1,2,a\n").starts_with("line 1, column 2: is not UTF-8"));
    // UTF-16 without a byte-order mark.
    assert!(complaint(b"a\0,\0y\0\n\0").contains("`encoding` utf-16"));
}

#[test]
fn long_and_many_line_cells_are_shown_short_and_on_one_line() {
    let message = complaint(format!("age,y\n\"{}\n\",a\n", "z\n".repeat(500)));
    assert!(message.contains("line 2, column \"age\"") && message.len() < 250, "{message}");
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let missing = read_table(Path::new("no/such/file.csv"), "y", None).expect_err("missing").to_string();
    assert_eq!(missing, "cannot read no/such/file.csv: there is no such file; check the path");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let message = read_table(directory.path(), "y", None).expect_err("a directory").to_string();
    assert!(message.contains("it is a directory"), "{message}");
}

/// What must hold whatever the bytes: no panic, errors on one line, and only sound data sets.
fn check_sound(outcome: Result<Dataset, DataError>) {
    match outcome {
        Ok(dataset) => {
            assert!(dataset.features().iter().all(|value| value.is_finite()));
            assert_eq!(dataset.features().ncols(), dataset.labels().samples());
            assert_eq!(dataset.features().nrows(), dataset.feature_names().len());
            assert!(dataset.labels().classes() >= 2);
            assert!(dataset.labels().counts().iter().all(|&count| count > 0));
        }
        Err(error) => assert!(!error.to_string().contains('\n'), "{error:?}"),
    }
}

/// A cell that is often fine and sometimes not.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => any::<f64>().prop_map(|value| value.to_string()),
        8 => (-3_i32..4).prop_map(|value| value.to_string()),
        1 => "[ \t\"',;\r\n\u{feff}a-cE0-9.+-]{0,6}",
    ]
}

/// A header and rows that are mostly as long as it, put together with any line end.
fn near_csv() -> impl Strategy<Value = String> {
    let rows = vec(prop_oneof![9 => vec(cell(), 2), 1 => vec(cell(), 0..4)], 0..12);
    (prop_oneof![4 => Just("y,x"), 1 => Just("x,y"), 1 => Just("y,y")], rows, "\r?\n|\r").prop_map(
        |(header, rows, end)| {
            let mut text = header.to_owned();
            for row in rows {
                text.push_str(&end);
                text.push_str(&row.join(","));
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        check_sound(read(&bytes));
    }

    #[test]
    fn any_bytes_below_a_good_header_are_read_or_refused(bytes in vec(any::<u8>(), 0..60)) {
        check_sound(read([b"y,x\n0,1\n1,2\n".as_slice(), &bytes].concat()));
    }

    #[test]
    fn near_csv_is_read_or_refused(text in near_csv()) {
        check_sound(read(&text));
    }

    #[test]
    fn numbers_survive_exactly(values in vec((any::<i8>(), proptest::num::f64::NORMAL), 2..20)) {
        let rows: Vec<String> = values.iter().map(|(label, value)| format!("{label},{value:e}")).collect();
        let text = format!("y,x\n{}", rows.join("\n"));
        let several = values.iter().any(|(label, _)| *label != values[0].0);
        match read(&text) {
            Ok(dataset) => {
                let written: Vec<u64> = values.iter().map(|(_, value)| value.to_bits()).collect();
                let found: Vec<u64> = dataset.features().iter().map(|value| value.to_bits()).collect();
                prop_assert_eq!(found, written);
                let names = dataset.labels().class_names();
                for (label, (written, _)) in dataset.labels().class_indices().iter().zip(&values) {
                    prop_assert_eq!(&names[*label as usize], &written.to_string());
                }
            }
            Err(error) => prop_assert!(!several, "{}", error),
        }
    }
}
