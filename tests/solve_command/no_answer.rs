//! Problems without an answer: exit 1, the reason printed, nothing saved.

use super::run::{Folder, matrix, number, numbers};
use predicates::prelude::*;

/// Runs with `--save` and checks what every such end has in common.
fn denied(csv: &str, options: &[&str]) -> serde_json::Value {
    let folder = Folder::with(csv);
    let run = folder.solve(&[options, &["--format", "json", "--save", "head.json"]].concat());
    assert_eq!(run.code, 1, "{run:?}");
    assert!(!folder.file("head.json").exists());
    assert!(run.complained.contains("head.json is not written"), "{}", run.complained);
    let record = run.json();
    assert!(record.get("coefficients").is_none() && record.get("loss").is_none());
    assert!(record["advice"].as_str().is_some_and(|advice| advice.contains("--l2")));
    run.without_seconds();
    record
}

#[test]
fn completely_separable_data_come_with_a_direction_that_proves_it() {
    let rows =
        [("dog", -1.0, 3.0), ("dog", 0.5, 5.0), ("cat", 1.0, 2.0), ("cat", 3.0, 4.0), ("dog", 1.0, 6.0)];
    let csv = rows.map(|(class, a, b)| format!("{class},{a},{b}\n")).concat();
    for loss in ["logistic", "softmax"] {
        let record = denied(&format!("y,a,b\n{csv}"), &["--loss", loss]);
        assert_eq!(record["status"], "separable");
        let separation = &record["separation"];
        assert_eq!(separation["kind"], "complete");
        assert_eq!(separation["classes"], serde_json::json!(["cat", "dog"]));
        assert_eq!(separation["separated_samples"], 5);
        let coefficients = matrix(&separation["direction"]["coefficients"]);
        let intercepts = numbers(&separation["direction"]["intercepts"]);
        for (class, a, b) in rows {
            let logit = |row: usize| coefficients[row][0] * a + coefficients[row][1] * b + intercepts[row];
            let for_dog = if coefficients.len() == 1 { logit(0) } else { logit(1) - logit(0) };
            assert_eq!(for_dog > 0.0, class == "dog", "{loss}");
        }
    }
}

#[test]
fn quasi_separable_data_name_the_column_and_its_samples() {
    let csv = "y,x\na,0\na,1\nb,1\nb,2\nc,0\nc,1\nc,-1\nb,0.5\na,-2\n";
    // Only class b reaches above 1, and only class a below -1; nothing separates class c.
    let record = denied("y,x\na,0\na,1\nb,1\nb,2\n", &["--loss", "logistic"]);
    assert_eq!(record["separation"]["kind"], "quasi");
    assert_eq!(record["separation"]["separated_samples"], 2);
    assert_eq!(record["separation"]["column_class"], "b");
    let overlapping = Folder::with(csv).solve(&["--loss", "logistic", "--format", "json"]);
    assert_eq!(overlapping.code, 0, "{overlapping:?}");
}

#[test]
fn a_penalty_makes_separable_data_solvable() {
    let run = Folder::with("y,x\na,0\nb,1\n").solve(&["--l2", "1e-3", "--format", "json"]);
    assert_eq!(run.code, 0);
    assert!(number(&run.json()["loss"]) > 0.0);
}

#[test]
fn an_answer_beyond_double_precision_is_not_given() {
    let csv = "y,x\n0,1e-310\n1,2e-310\n0,3e-310\n1,4e-310\n1,0\n0,0.5e-310\n";
    let record = denied(csv, &["--loss", "logistic"]);
    assert_eq!(record["status"], "not_converged");
    assert!(record["why"].as_str().is_some_and(|why| why.contains("rescale the features")));
    assert!(record["iterations"].is_u64());
}

#[test]
fn the_table_says_what_to_do() {
    let run = Folder::with("y,x\na,0\na,1\nb,1\nb,2\n").solve(&[]);
    assert_eq!(
        (run.code, run.complained.as_str()),
        (1, "read data.csv (CSV): label y, classes a, b; features x; 4 rows\n")
    );
    let message = "separable: every sample with x = 2 belongs to class b, and every sample with x = 0 belongs to class a.";
    let expected = predicate::str::contains(message)
        .and(predicate::str::contains("What to do: add a penalty such as --l2 1e-3"))
        .and(predicate::str::contains("the head that separates"));
    assert!(expected.eval(&run.printed), "{}", run.printed);
}

#[test]
fn a_level_without_negatives_is_named() {
    let csv =
        "p,q,s,x,y\n1,0,0,8,0\n1,0,0,3,1\n0,0,1,1,1\n0,1,0,5,0\n0,1,0,4,1\n1,0,0,2,0\n0,1,0,6,0\n0,1,0,9,1\n";
    for loss in ["logistic", "softmax"] {
        let record = denied(csv, &["--loss", loss]);
        let separation = &record["separation"];
        assert_eq!(separation["because"], "every sample with s = 1 belongs to class 1");
        assert_eq!(separation["features"], serde_json::json!(["s"]));
        let message = serde_json::json!([
            { "feature": "s", "values": { "equal_to": 1.0 }, "classes": ["1"], "samples": 1 }
        ]);
        assert_eq!(separation["given_away"], message);
    }
}

#[test]
fn classes_that_separate_are_named_and_the_rest_is_solved() {
    let csv = "y,x\na,0\na,1\na,3\nb,1\nb,2\nb,0.5\nc,9\nc,8\n";
    for loss in ["logistic", "softmax"] {
        let record = denied(csv, &["--loss", loss]);
        let separation = &record["separation"];
        assert_eq!(separation["separated_classes"][0]["class"], "c", "{loss}");
        let left = &separation["remaining"];
        assert_eq!(
            (&left["status"], &left["classes"]),
            (&"stationary".into(), &serde_json::json!(["a", "b"]))
        );
        assert_eq!(matrix(&left["coefficients"]).len(), 2);
    }
    let run = Folder::with(csv).solve(&[]);
    let expected = predicate::str::contains("every sample with x > 5.5 belongs to class c")
        .and(predicate::str::contains("Separated from all others: 1 class (c)."))
        .and(predicate::str::contains("The other 2 classes are solved: loss"));
    assert!(expected.eval(&run.printed), "{}", run.printed);
}
