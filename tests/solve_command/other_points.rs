//! LGL-INR is not convex: which stationary point is reported, and which others there are.

use super::run::{Folder, solved};

/// Three classes in the plane, the last of three samples, whose column has two local minima at `beta = 30`.
const TWO_MINIMA: &str = "a,b,y
-0.02,1.81,0\n0.88,1.53,0\n0.55,1.78,0\n-0.22,1.07,0\n0.04,1.83,0\n0.56,0.94,0\n-0.26,0.98,0\n0.53,0.96,0
1.81,2.24,0\n-2.19,-0.66,0\n0.34,0.81,0\n0.73,1.45,0\n2.64,0.12,0\n0.14,3.28,0\n1.17,1.90,0\n0.00,-0.42,0
0.69,1.34,0\n-0.71,0.55,0\n0.45,0.29,0\n0.42,1.33,0\n0.55,0.73,0\n1.11,2.12,0\n0.84,0.41,0\n1.25,0.73,0
1.40,0.16,0\n1.43,1.21,0\n-0.73,0.92,0\n0.57,1.51,0\n-0.46,0.13,0\n0.72,0.77,0\n0.75,1.99,0\n-1.13,1.49,0
1.74,0.93,0\n-0.29,1.98,0\n0.77,2.13,0\n0.17,-0.25,0\n0.41,0.79,0\n1.29,1.43,0\n-1.11,0.04,0\n1.40,1.91,0
-0.14,-1.96,1\n0.94,-1.49,1\n1.37,-1.70,1\n0.40,-2.21,1\n1.55,-4.21,1\n0.36,-1.92,1
-0.07,1.00,2\n0.71,1.53,2\n1.23,1.34,2\n";

const SHARP: [&str; 6] = ["--loss", "inr", "--beta", "30", "--l2", "1e-3"];

#[test]
fn another_minimum_is_found_and_said_to_be_higher() {
    let answer = solved(TWO_MINIMA, &[&SHARP[..], &["--starts", "40"]].concat());
    assert_eq!(answer["status"], "stationary");
    assert_eq!(answer["continues"], "the unique minimiser for beta 0");
    let others = &answer["other_points"];
    assert_eq!((&others["starts"], &others["seed"]), (&40.into(), &1.into()));
    let found = others["found"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{others}");
    assert_eq!(found[0]["class"], "2");
    let higher = found[0]["loss_difference"].as_f64().expect("a number");
    assert!((1e-3..0.1).contains(&higher), "{others}");
    assert!((1..40).contains(&found[0]["starts"].as_u64().expect("a count")));
}

#[test]
fn where_the_loss_is_convex_random_starts_find_nothing() {
    let convex = ["--loss", "inr", "--beta", "0", "--l2", "1e-3", "--starts", "20"];
    let answer = solved(TWO_MINIMA, &convex);
    assert_eq!(answer["other_points"]["found"], serde_json::json!([]));
}

#[test]
fn the_table_says_which_point_it_is() {
    let run = Folder::with(TWO_MINIMA).solve(&[&SHARP[..], &["--starts", "40"]].concat());
    let said = [
        "which one: the stationary point that continues the unique minimiser for beta 0",
        "others: some of 40 random starts ended elsewhere in these columns\n  2: loss higher by 0.00",
    ];
    for text in said {
        assert!(run.printed.contains(text), "{}", run.printed);
    }
}

#[test]
fn the_time_limit_ends_random_starts_too() {
    let endless = ["--starts", "1000000", "--time-limit", "1"];
    let run = Folder::with(TWO_MINIMA).solve(&[&SHARP[..], &endless].concat());
    assert_eq!(run.code, 0, "{}", run.complained);
    assert!(
        run.complained.contains("of 1000000 random starts were tried within --time-limit"),
        "{}",
        run.complained
    );
    assert!(run.printed.contains("random starts ended elsewhere"), "{}", run.printed);
}

#[test]
fn starts_belong_to_the_loss_that_is_not_convex() {
    let run = Folder::with(TWO_MINIMA).solve(&["--starts", "3"]);
    assert_eq!(run.code, 2);
    assert!(run.complained.contains("--starts: goes with --loss inr only"), "{}", run.complained);
}
