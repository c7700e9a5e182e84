//! Weights that are none are refused in one line that names option, file and row; where they may be given, and rows of weight
//! zero.

use super::files::{Folder, Table};
use serde_json::Value;

/// An NPY file of numbers.
fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(text.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), bytes].concat()
}

fn doubles(values: &[f64], shape: &str) -> Vec<u8> {
    npy("<f8", shape, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

fn whole(values: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy("<i8", &format!("({},)", values.len()), &bytes)
}

const CELLS: [&str; 6] = ["-1", "NaN", "inf", "1e-300", "1e300", "many"];

#[test]
fn cells_of_a_table() {
    let folder = Folder::new();
    for cell in CELLS {
        folder.add("t.csv", format!("y,x,w\na,1,1\nb,2,{cell}\na,3,2\nb,1,1\n"));
        for command in ["solve", "weights"] {
            let mut arguments = vec![command, "t.csv", "--label", "y", "--sample-weights", "w"];
            if command == "weights" {
                arguments.extend(["--target", "equal-shortfall"]);
            }
            let complaint = folder.complaint(&arguments);
            for part in ["sample weights", "t.csv", "line 3", "\"w\""] {
                assert!(complaint.contains(part), "{cell}: {complaint}");
            }
        }
        folder.add("s.csv", format!("label,p,q,w\n0,1,2,1\n1,2,0,{cell}\n0,1,1,1\n"));
        let complaint = folder.complaint(&["audit", "s.csv", "--sample-weights", "w"]);
        assert!(complaint.contains("sample weights") && complaint.contains("line 3"), "{complaint}");
    }
}

#[test]
fn columns_that_are_not_there() {
    let folder = Folder::new();
    folder.add("t.csv", "y,x,w\na,1,0\nb,2,0\n");
    let solve = |more: &[&str]| folder.complaint(&[&["solve", "t.csv", "--label", "y"], more].concat());
    assert!(solve(&["--sample-weights", "v"]).contains("sample weights"));
    assert!(solve(&["--sample-weights", "y"]).contains("is the label column"));
    assert!(solve(&["--sample-weights", "w"]).contains("every sample weight is zero"));
    assert!(
        solve(&["--sample-weights", "w", "--features", "x,w"]).contains("is the column of sample weights")
    );
    folder.add("s.csv", "label,p,q,w\n0,1,2,0\n1,2,0,0\n");
    let audit = |name: &str| folder.complaint(&["audit", "s.csv", "--sample-weights", name]);
    assert!(audit("v").contains("sample weights") && audit("v").contains("there is no column \"v\""));
    assert!(audit("label").contains("is the label column"));
    assert!(audit("w").contains("every sample weight is zero"));
    let message = folder.complaint(&["audit", "s.csv", "--sample-weights", "none.npy"]);
    assert!(message.contains("none.npy"), "{message}");
}

#[test]
fn arrays() {
    let folder = Folder::new();
    folder.add("x.npy", doubles(&[0.0, 1.0, 2.0, 0.5, 1.0, 1.5], "(6, 1)"));
    folder.add("y.npy", whole(&[0, 1, 1, 0, 0, 1]));
    folder.add("z.npy", doubles(&[0.0, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0, 1.0, 1.5], "(6, 2)"));
    let solve = |weights: &[u8]| {
        folder.add("w.npy", weights);
        folder.complaint(&["solve", "x.npy", "--label", "y.npy", "--sample-weights", "w.npy"])
    };
    let audit = |weights: &[u8]| {
        folder.add("w.npy", weights);
        folder.complaint(&["audit", "z.npy", "y.npy", "--sample-weights", "w.npy"])
    };
    for complain in [&solve as &dyn Fn(&[u8]) -> String, &audit] {
        let negative = complain(&doubles(&[1.0, 1.0, 1.0, -2.0, 1.0, 1.0], "(6,)"));
        assert!(
            ["sample weights", "w.npy", "row 4 (index 3)"].iter().all(|part| negative.contains(part)),
            "{negative}"
        );
        assert!(complain(&doubles(&[1.0; 5], "(5,)")).contains("has shape (5,)"));
        assert!(complain(&doubles(&[1.0; 12], "(6, 2)")).contains("has shape (6, 2)"));
        assert!(complain(&doubles(&[0.0; 6], "(6,)")).contains("every sample weight is zero"));
        assert!(complain(b"not an array").contains("w.npy"));
    }
}

/// The same weights from a column, an NPY file beside a table, and NPY files alone give the same numbers.
#[test]
fn weights_from_every_kind_of_file() {
    let folder = Folder::new();
    let (x, y, w) =
        ([0.0, 1.0, 2.0, 0.5, 1.0, 1.5, 9.0], [0, 1, 1, 0, 0, 0, 2], [1.0, 2.0, 1.0, 0.5, 3.0, 1.0, 0.0]);
    let rows: String = (0..7).map(|row| format!("{},{},{}\n", y[row], x[row], w[row])).collect();
    folder.add("t.csv", format!("y,x0,w\n{rows}"));
    folder.add("x.npy", doubles(&x, "(7, 1)"));
    folder.add("y.npy", whole(&y));
    folder.add("w.npy", doubles(&w, "(7,)"));
    let solve = |file: &str, label: &str, weights: &str| {
        let (code, mut record) =
            folder.record(&["solve", file, "--label", label, "--sample-weights", weights]);
        assert_eq!(code, 0, "{record}");
        record["seconds"] = Value::Null;
        record["input"] = Value::Null;
        record
    };
    let of_table = solve("t.csv", "y", "w");
    assert_eq!(of_table["classes"], serde_json::json!(["0", "1"]), "the row of weight zero is absent");
    assert_eq!(of_table["class_counts"], serde_json::json!([5.5, 3]));
    assert_eq!(solve("x.npy", "y.npy", "w.npy"), of_table);
    let scores: String =
        (0..6).map(|row| format!("{},{},{},{}\n", y[row], x[row], 1.0 - x[row], w[row])).collect();
    folder.add("s.csv", format!("label,p,q,w\n{scores}2.5,?,?,0\n"));
    let scores: String = (0..6).map(|row| format!("{},{},{}\n", y[row], x[row], 1.0 - x[row])).collect();
    folder.add("u.csv", format!("label,p,q\n{scores}"));
    folder.add("v.npy", doubles(&w[..6], "(6,)"));
    let audit = |file: &str, weights: &str| {
        let mut record = folder.record(&["audit", file, "--sample-weights", weights]).1;
        record["input"] = Value::Null;
        record
    };
    assert_eq!(audit("s.csv", "w"), audit("u.csv", "v.npy"));
}

/// What is printed for people counts by weights, and says so.
#[test]
fn tables_say_how_rows_count() {
    let folder = Folder::with(&Table::features(1));
    let table = |command: &str, more: &[&str]| {
        let fixed = [command, "weighted.csv", "--label", "y", "--sample-weights", "w", "--l2", "0.01"];
        let (code, printed, complained) = folder.run(&[&fixed, more].concat());
        assert_eq!(code, 0, "{complained}");
        printed
    };
    let solved = table("solve", &[]);
    assert!(solved.contains(" rows)") && solved.contains("each row by its weight"), "{solved}");
    assert!(table("weights", &["--target", "equal-shortfall"]).contains("each row by its weight"));
}
