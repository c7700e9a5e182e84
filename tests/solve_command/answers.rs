//! Right answers, against closed forms and against the definition of stationarity.

use super::run::{assert_close, groups, matrix, number, numbers, solved};

const TWO_GROUPS: [&[usize]; 2] = [&[12, 3], &[4, 6]];

/// Group log odds of a saturated binary problem, for a weight of the second class relative to the first.
fn log_odds(weight: f64) -> [f64; 2] {
    TWO_GROUPS.map(|group| (weight * group[1] as f64 / group[0] as f64).ln())
}

#[test]
fn binary_logistic_finds_the_log_odds_of_two_groups() {
    for (weights, weight) in [("none", 1.0), ("balanced", 16.0 / 9.0), ("0.5,3", 6.0)] {
        let record = solved(groups(&TWO_GROUPS), &["--loss", "logistic", "--class-weights", weights]);
        let [first, second] = log_odds(weight);
        let coefficients = matrix(&record["coefficients"]);
        assert_eq!((coefficients.len(), coefficients[0].len()), (1, 1));
        assert_close(coefficients[0][0], second - first);
        assert_close(number(&record["intercepts"][0]), first);
    }
}

#[test]
fn every_field_of_the_record_is_there() {
    let record = solved(groups(&TWO_GROUPS), &["--loss", "logistic", "--class-weights", "1,2"]);
    assert_eq!(record["loss_name"], "logistic");
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(record["classes"], serde_json::json!(["c0", "c1"]));
    assert_eq!(record["class_counts"], serde_json::json!([16, 9]));
    assert_eq!(numbers(&record["class_weights"]), [1.0, 2.0]);
    assert_eq!(record["features"], serde_json::json!(["x"]));
    assert_eq!(record["loss"], record["data_loss"]);
    assert!(number(&record["gradient_inf"]) < 1e-13);
    assert!(number(&record["relative_gradient"]) < 1e-13);
    let recomputed = &record["recomputed"];
    assert!(number(&recomputed["gradient_inf"]) < 1e-15);
    assert!(number(&recomputed["relative_gradient"]) < 1e-15);
    let flow = &recomputed["flows"][0];
    assert!(number(&flow["residual"]) < 1e-15);
    assert_close(number(&flow["outflow"]), number(&record["ledger"][1]["outflow"]));
    assert_close(number(&flow["inflow"]), number(&record["ledger"][1]["inflow"]));
    assert!(record["iterations"].as_u64().is_some_and(|count| count > 0));
    assert!(number(&record["seconds"]) >= 0.0);
    // B1: 2 N_1 (1 - P1) = N_0 P0, and P follows from the group probabilities.
    let [p, q] = log_odds(2.0).map(|z| 1.0 / (1.0 + (-z).exp()));
    let (of_negatives, of_positives) = ((12.0 * p + 4.0 * q) / 16.0, (3.0 * p + 6.0 * q) / 9.0);
    let means = matrix(&record["mean_probability"]);
    assert_close(means[0][1], of_negatives);
    assert_close(means[1][1], of_positives);
    assert_close(means[0][0] + means[0][1], 1.0);
    assert_close(number(&record["ledger"][1]["outflow"]), 18.0 * (1.0 - of_positives));
    assert_close(number(&record["ledger"][1]["inflow"]), 16.0 * of_negatives);
    assert_eq!(record["ledger"][0]["class"], "c0");
    assert!(record.get("neglect").is_none(), "a single column has no pooled average");
}

#[test]
fn softmax_finds_the_centred_logarithms_of_group_counts() {
    let counts: [&[usize]; 2] = [&[5, 2, 9], &[3, 8, 4]];
    let record = solved(groups(&counts), &[]);
    assert_eq!(record["loss_name"], "softmax");
    let centred = |group: &[usize]| -> Vec<f64> {
        let logarithms: Vec<f64> = group.iter().map(|&count| (count as f64).ln()).collect();
        let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
        logarithms.iter().map(|logarithm| logarithm - mean).collect()
    };
    let (first, second) = (centred(counts[0]), centred(counts[1]));
    let (coefficients, intercepts) = (matrix(&record["coefficients"]), numbers(&record["intercepts"]));
    for class in 0..3 {
        assert_close(coefficients[class][0], second[class] - first[class]);
        assert_close(intercepts[class], first[class]);
    }
    assert_close(coefficients.iter().map(|row| row[0]).sum(), 0.0);
    for row in matrix(&record["mean_probability"]) {
        assert_close(row.iter().sum(), 1.0);
    }
}

#[test]
fn one_vs_all_columns_are_binary_problems() {
    let counts: [&[usize]; 2] = [&[5, 2, 9], &[3, 8, 4]];
    let record = solved(groups(&counts), &["--loss", "logistic"]);
    let mut loss = 0.0;
    for class in 0..3 {
        let odds =
            counts.map(|group| group[class] as f64 / (group.iter().sum::<usize>() - group[class]) as f64);
        assert_close(number(&record["intercepts"][class]), odds[0].ln());
        assert_close(number(&record["coefficients"][class][0]), (odds[1] / odds[0]).ln());
        for (group, odds) in counts.iter().zip(odds) {
            let probability = odds / (1.0 + odds);
            let (own, all) = (group[class] as f64, group.iter().sum::<usize>() as f64);
            loss -= own * probability.ln() + (all - own) * (1.0 - probability).ln();
        }
    }
    assert_close(number(&record["loss"]), loss / 31.0);
    let of_first = &record["neglect"][0];
    assert!(number(&of_first["hardest"]) >= number(&of_first["pooled"]));
    assert!(["c1", "c2"].iter().any(|name| of_first["hardest_class"] == *name));
}

#[test]
fn inr_of_two_classes_is_a_balanced_problem_whatever_beta() {
    let [first, second] = log_odds(16.0 / 9.0);
    for options in [&["--beta", "0"][..], &["--beta", "7.5"], &["--detached"], &[]] {
        let record = solved(groups(&TWO_GROUPS), &[&["--loss", "inr"], options].concat());
        assert_close(number(&record["intercepts"][1]), first);
        assert_close(number(&record["intercepts"][0]), -first);
        assert_close(number(&record["coefficients"][1][0]), second - first);
        assert_eq!(record["detached"], options.contains(&"--detached"));
    }
}

#[test]
fn inr_of_three_classes_obeys_its_law_and_leaves_weights_aside() {
    let counts: [&[usize]; 2] = [&[5, 2, 9], &[3, 8, 4]];
    let csv = groups(&counts);
    for variant in [&["--loss", "inr", "--beta", "4"][..], &["--loss", "inr", "--beta", "4", "--detached"]] {
        let record = solved(&csv, variant);
        assert_eq!(record["beta"], 4.0);
        let detached = record["detached"] == true;
        assert_eq!(record.get("smallest_curvature").is_some_and(|floor| number(floor) > 0.0), !detached);
        // The ledger of LGL-INR is in units of class means: its outflow is the shortfall.
        let ledger = record["ledger"].as_array().expect("a list");
        for (entry, shortfall) in ledger.iter().zip(numbers(&record["shortfall"])) {
            if detached {
                assert_close(number(&entry["outflow"]), shortfall);
            }
        }
        let weighted = solved(&csv, &[variant, &["--class-weights", "1,5,9"]].concat());
        assert_eq!(weighted["coefficients"], record["coefficients"]);
        assert_eq!(numbers(&weighted["class_weights"]), [1.0, 5.0, 9.0]);
    }
}

#[test]
fn the_penalty_is_half_the_squared_norm_and_spares_the_intercept() {
    let (l2, csv) = (0.05, groups(&TWO_GROUPS));
    let record = solved(csv, &["--loss", "logistic", "--l2", "0.05"]);
    let (slope, intercept) = (number(&record["coefficients"][0][0]), number(&record["intercepts"][0]));
    let probability = |x: f64| 1.0 / (1.0 + (-(slope * x + intercept)).exp());
    assert_close(15.0 * probability(0.0) + 10.0 * probability(1.0), 9.0);
    assert_close((10.0 * probability(1.0) - 6.0) / 25.0, -l2 * slope);
    assert_close(number(&record["loss"]) - number(&record["data_loss"]), l2 / 2.0 * slope * slope);
}

#[test]
fn chosen_features_only() {
    let csv = "note,y,b,a\n?,0,1,5\n?,1,2,4\n?,0,4,2\n?,1,3,4\n?,0,5,3\n?,1,1,1\n";
    let record = solved(csv, &["--features", "a,b"]);
    assert_eq!(record["features"], serde_json::json!(["a", "b"]));
    let reversed = solved(csv, &["--features", "b,a"]);
    assert_close(number(&record["coefficients"][0][0]), number(&reversed["coefficients"][0][1]));
}

#[test]
fn the_unit_of_a_feature_changes_its_coefficient_only() {
    let file = |unit: f64| {
        let rows = [(0, 1.0), (1, 2.5), (0, 3.0), (1, 2.0), (1, 4.0), (0, 2.2)];
        let lines =
            rows.map(|(class, value)| format!("{class},{:e},{}\n", value * unit, (value * 7.0).sin()));
        format!("y,a,b\n{}", lines.concat())
    };
    let plain = solved(file(1.0), &[]);
    for unit in [1e12, 1e-12] {
        let scaled = solved(file(unit), &[]);
        for class in 0..2 {
            let of =
                |record: &serde_json::Value, feature: usize| number(&record["coefficients"][class][feature]);
            assert_close(of(&scaled, 0) * unit / of(&plain, 0), 1.0);
            assert_close(of(&scaled, 1), of(&plain, 1));
        }
    }
}

#[test]
fn constant_features_and_duplicate_rows_change_nothing() {
    let plain = solved(groups(&TWO_GROUPS), &[]);
    let twice =
        groups(&TWO_GROUPS.map(|group| [group[0] * 2, group[1] * 2]).each_ref().map(|group| &group[..]));
    let doubled = solved(twice, &[]);
    assert_close(number(&doubled["coefficients"][0][0]), number(&plain["coefficients"][0][0]));
    let with_constant = groups(&TWO_GROUPS).replace('\n', ",42\n").replacen("42", "k", 1);
    let constant = solved(with_constant, &[]);
    assert_close(number(&constant["coefficients"][0][0]), number(&plain["coefficients"][0][0]));
    assert_close(number(&constant["coefficients"][0][1]), 0.0);
}

#[test]
fn a_file_without_features_has_intercepts() {
    let record = solved("y\nb\na\nb\nb\n", &["--loss", "logistic"]);
    assert_eq!(record["coefficients"], serde_json::json!([[]]));
    assert_close(number(&record["intercepts"][0]), 3.0_f64.ln());
}
