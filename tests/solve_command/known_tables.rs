//! Small tables as people bring them, with answers that were computed independently (closed forms, exact fractions,
//! 60-digit Newton, statsmodels).

use super::run::{Folder, matrix, number, numbers};
use serde_json::Value;

/// Solves a table of `tests/cases` and returns the JSON and what was said on standard error.
fn solved(name: &str, options: &[&str]) -> (Value, String) {
    let file = format!("{}/tests/cases/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read(&file).expect("a table of the tests");
    let run = Folder::with(table).solve(&[options, &["--format", "json"]].concat());
    (serde_json::from_str(&run.printed).expect("JSON"), run.complained)
}

/// A table whose head is unique, with its coefficients and its intercept to so many digits after the point.
fn check_head(name: &str, options: &[&str], coefficients: &[f64], intercept: f64, digits: i32) {
    let (record, _) = solved(name, options);
    assert_eq!(record["status"], "stationary", "{name}: {record}");
    let found = matrix(&record["coefficients"]).swap_remove(0);
    let close = |found: f64, right: f64| (found - right).abs() <= 0.6 * 10.0_f64.powi(-digits);
    for (&found, &right) in found.iter().zip(coefficients) {
        assert!(close(found, right), "{name}: {found} for {right}");
    }
    let found = numbers(&record["intercepts"])[0];
    assert!(close(found, intercept), "{name}: intercept {found} for {intercept}");
    assert!(number(&record["recomputed"]["relative_gradient"]) < 1e-12, "{name}");
}

fn relations(record: &Value) -> Vec<String> {
    let columns = record["dependent_columns"].as_array().expect("a list");
    columns.iter().map(|one| one["relation"].as_str().expect("words").to_owned()).collect()
}

const LOGISTIC: &[&str] = &["--loss", "logistic"];

#[test]
fn all_dummies_of_a_factor_have_their_closed_form_and_are_named() {
    check_head("s01-two-dummies", LOGISTIC, &[-0.549_306, 0.549_306], -0.549_306, 6);
    let (record, said) = solved("s01-two-dummies", LOGISTIC);
    assert_eq!(relations(&record), ["male + female = 1"]);
    assert!(said.contains("male + female = 1"), "{said}");
    let (record, _) = solved("s02-three-dummies", LOGISTIC);
    let coefficients = matrix(&record["coefficients"]).swap_remove(0);
    let intercept = numbers(&record["intercepts"])[0];
    for (coefficient, log_odds) in
        coefficients.iter().zip([-2.197_224_577_336_22, 0.0, 0.405_465_108_108_164])
    {
        assert!((coefficient + intercept - log_odds).abs() < 1e-13, "{record}");
    }
    assert!(coefficients.iter().sum::<f64>().abs() < 1e-14, "the least norm: {coefficients:?}");
}

#[test]
fn a_total_beside_its_parts_has_the_head_of_least_norm() {
    check_head("s04-total-is-a-plus-b", LOGISTIC, &[0.326_634, -0.269_939, 0.056_695], -5.195_717, 6);
    let (record, _) = solved("s04-total-is-a-plus-b", &[]);
    assert!((numbers(&record["intercepts"])[0] - 2.597_858).abs() < 1e-6);
    assert_eq!(relations(&record), ["total = a + b"]);
}

#[test]
fn nearly_dependent_columns_are_solved_to_what_doubles_allow() {
    check_head("s07-cm-and-inch", LOGISTIC, &[1_132.186_33, -2_875.557_41], -1.781_026, 5);
    assert!(relations(&solved("s07-cm-and-inch", LOGISTIC).0)[0].contains("0.3937 cm"));
    for (name, loss) in [("s10-float32-total", 0.532_869_47), ("s24-weekend-dummy", 0.672_780_754)] {
        let (record, _) = solved(name, LOGISTIC);
        assert_eq!(record["status"], "stationary", "{record}");
        assert!((number(&record["loss"]) - loss).abs() < 6e-9, "{name}: {}", record["loss"]);
    }
    let (record, _) = solved("s09-collinear-1e-12", LOGISTIC);
    assert_eq!(record["status"], "not_converged");
    assert!(record["why"].as_str().is_some_and(|why| why.contains("x2 = x1 to 12 digits")), "{record}");
}

#[test]
fn separation_and_overlap_are_distinguished() {
    let (record, _) = solved("s05-onehot-false-proof", LOGISTIC);
    assert_eq!((&record["status"], &record["separation"]["features"][0]), (&"separable".into(), &"s".into()));
    assert_eq!(solved("s14-separable-by-2e-9", LOGISTIC).0["status"], "separable");
    let (record, _) = solved("s12-overlap-of-1e-12", LOGISTIC);
    assert!((matrix(&record["coefficients"])[0][0] - 241.380_818).abs() < 1e-6, "{record}");
}

#[test]
fn a_column_of_frequencies_counts_rows() {
    let options = ["--loss", "logistic", "--sample-weights", "w"];
    check_head("c25-frequency-weights", &options, &[0.908_703, -0.408_737], -1.966_786, 6);
}

/// Powers up to the tenth under a penalty, and one row a million away: the gradient is at rounding, whether or not
/// another step improves it.
#[test]
fn what_is_at_rounding_is_converged() {
    let (record, _) = solved("pm_min", &["--loss", "logistic", "--l2", "0.01"]);
    assert_eq!(record["status"], "stationary", "{record}");
    assert!((number(&record["loss"]) / 6.621_617_835_36e-6 - 1.0).abs() < 1e-9, "{record}");
    // Off the span of the samples, where the penalty alone decides, the first power's coefficient was 1.7e-7 off.
    assert!(number(&record["recomputed"]["relative_gradient"]) < 1e-11, "{record}");
    assert!(
        (matrix(&record["coefficients"])[0][0] / 4.037_191_586_272_86e-5 - 1.0).abs() < 1e-11,
        "{record}"
    );
    let (record, _) = solved("ol_min", &[]);
    assert_eq!(record["status"], "stationary", "{record}");
    assert!((number(&record["loss"]) - 0.438_701_786_734).abs() < 1e-12, "{record}");
}

/// A tolerance ends the search early, and what is printed keeps it.
#[test]
fn a_tolerance_is_kept_and_saves_steps() {
    let exact = solved("s02-three-dummies", &["--l2", "1e-3"]).0;
    let (record, _) = solved("s02-three-dummies", &["--l2", "1e-3", "--tolerance", "1e-2"]);
    assert_eq!(record["status"], "stationary");
    assert!(number(&record["gradient_inf"]) <= 1e-2 && number(&record["gradient_inf"]) > 1e-12, "{record}");
    assert!(record["iterations"].as_u64() < exact["iterations"].as_u64(), "{record} {exact}");
    assert_eq!(
        (&record["only_within_tolerance"], &exact["only_within_tolerance"]),
        (&Value::Bool(true), &Value::Null)
    );
    let separable = Folder::with("x,y\n1,0\n2,0\n3,1\n4,1\n").solve(&["--tolerance", "1"]).printed;
    assert!(separable.contains("within the tolerance asked for, not stationary"), "{separable}");
    for wrong in ["-1", "nan", "inf"] {
        let run = Folder::with("x,y\n1,0\n2,1\n").solve(&["--tolerance", wrong]);
        assert_eq!((run.code, run.complained.lines().count()), (2, 1), "{run:?}");
        assert!(run.complained.contains("--tolerance"), "{run:?}");
    }
}

/// Offsets that leave an intercept no digits are named, and the rounded head is shown with its own gradient.
#[test]
fn a_head_that_doubles_cannot_hold_is_not_called_stationary() {
    let rows = (0..30)
        .map(|i| format!("{},{}\n", 1_000_000_000_000_000_u64 + i * 7 % 5, u8::from(i * i % 7 < i * 7 % 5)));
    let run = Folder::with("x,y\n".to_owned() + &rows.collect::<String>())
        .solve(&["--loss", "logistic", "--format", "json"]);
    let record: Value = serde_json::from_str(&run.printed).expect("JSON");
    assert_eq!((run.code, &record["status"]), (1, &"not_converged".into()));
    assert!(
        record["why"].as_str().is_some_and(|why| why.contains("subtract 1000000000000002 from column x")),
        "{record}"
    );
    // Beyond what a stationary head may have.
    assert!(number(&record["recomputed"]["relative_gradient"]) > 1.5e-8, "{record}");
    assert_eq!(matrix(&record["coefficients"]).len(), 1);
}

/// More features than samples under a penalty: curvatures differ by 1e25 and samples are saturated. Losses and intercepts by 60-digit
/// Newton.
#[test]
fn penalised_tables_with_sizes_far_apart_are_solved_to_what_doubles_allow() {
    let tables: [(&str, &[&str], f64, &[f64]); 3] = [
        (
            "sizes-far-apart-and-saturated",
            &["--l2", "1e-5"],
            3.077_262_573e-14,
            &[-21.065_676_12, 31.297_964_06, -10.232_287_94],
        ),
        (
            "powers-of-x-softmax",
            &["--l2", "1e-5"],
            0.198_042_051_6,
            &[47.853_854_82, 115.320_938_9, -163.174_794_7],
        ),
        (
            "powers-of-x-logistic",
            &["--loss", "logistic", "--l2", "1e-4"],
            0.000_206_053_106,
            &[-17.980_481_5],
        ),
    ];
    for (name, options, loss, intercepts) in tables {
        let (record, _) = solved(name, options);
        assert_eq!(record["status"], "stationary", "{name}: {record}");
        assert!(number(&record["recomputed"]["relative_gradient"]) < 1e-12, "{name}: {record}");
        assert!((number(&record["loss"]) / loss - 1.0).abs() < 1e-8, "{name}: {record}");
        for (found, right) in numbers(&record["intercepts"]).into_iter().zip(intercepts) {
            assert!((found / right - 1.0).abs() < 1e-6, "{name}: {found} for {right}");
        }
    }
}

/// Where there are more columns than rows, relations that hold column by column are named, and no others.
#[test]
fn constants_multiples_and_dummies_of_wide_tables_are_named() {
    let table = "a,one,red,green,blue,twice,b,y\n1.5,1,1,0,0,3,7,0\n2.5,1,0,1,0,5,1,1\n0.3,1,0,0,1,0.6,2,0\n";
    let run = Folder::with(table).solve(&["--l2", "0.1", "--format", "json"]);
    let record: Value = serde_json::from_str(&run.printed).expect("JSON");
    assert_eq!(relations(&record), ["one is constant, 1", "red + green + blue = 1", "twice = 2 a"]);
    assert!(run.complained.contains("twice = 2 a"), "{}", run.complained);
}

/// A constant says nothing of the classes, whatever its size: the others' head is the one without it.
#[test]
fn a_constant_of_any_size_changes_nothing() {
    let table = |constant: &str| {
        let row = |i: usize| format!("{constant},{},{},{}\n", i * 7 % 11, i * i % 5, u8::from(i * i % 7 > 2));
        "c,x,z,y\n".to_owned() + &(0..24).map(row).collect::<String>()
    };
    for options in [&["--loss", "logistic"][..], &["--l2", "0.01"], &["--loss", "logistic", "--l2", "1"]] {
        let solved = |constant| {
            let run = Folder::with(table(constant)).solve(&[options, &["--format", "json"]].concat());
            serde_json::from_str::<Value>(&run.printed).expect("JSON")
        };
        let ordinary = solved("1");
        for constant in ["1e300", "-1.7e308", "1e-300", "3.7e299"] {
            let record = solved(constant);
            assert_eq!(record["status"], "stationary", "{constant}: {record}");
            assert!(number(&record["recomputed"]["relative_gradient"]) < 1e-13, "{constant}: {record}");
            let rows = [&record, &ordinary].map(|record| matrix(&record["coefficients"]));
            for (found, right) in rows[0].iter().flatten().zip(rows[1].iter().flatten()) {
                assert!((found - right).abs() < 1e-12, "{constant}: {record}");
            }
        }
    }
}
