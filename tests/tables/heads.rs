//! What comes out of `solve` beside the head: measures of classification, tests, predictions, saved heads, standard errors.

use super::{refused, run};
use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory of its own for what is written; tables are those of `tests/cases`.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs from here on files of `tests/cases`, which begin with `@`.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let cases = format!("{}/tests/cases/", env!("CARGO_MANIFEST_DIR"));
        let arguments: Vec<String> = arguments.iter().map(|word| word.replace('@', &cases)).collect();
        let mut command = Command::cargo_bin("equipoise").expect("built");
        let output = command.current_dir(self.0.path()).args(arguments).output().expect("started");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn record(&self, arguments: &[&str]) -> Value {
        let (code, printed, said) = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(code, 0, "{said}");
        serde_json::from_str(&printed).expect("JSON")
    }
}

fn rows(file: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(file).expect("a file");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

const SPECIES: [&str; 5] = ["solve", "@c00-plain.csv", "--label", "species", "--l2=0.01"];

#[test]
fn standard_errors_are_those_of_statsmodels() {
    // statsmodels 0.14: Logit and MNLogit, fit(method="newton", tol=1e-15), cov_type "nonrobust" and "HC0".
    let logit = (
        [0.818_327_131_038_347_3, -0.054_129_066_468_238_69, -9.362_448_344_024_589, 30.976_141_927_998_83],
        [0.183_600_439_243_037_37, 0.015_825_368_124_789_324, 17.188_921_105_183_688, 51.575_137_917_164_48],
        [0.182_752_645_474_797_4, 0.015_854_306_635_412_454, 16.622_564_544_004_76, 49.886_790_272_604_3],
    );
    let bee = (
        [0.423_973_523_117_577_4, 0.012_594_908_117_289_614, -15.345_879_701_236_726, 45.561_749_356_270_745],
        [0.230_075_734_341_956_72, 0.019_134_838_066_555_92, 20.994_386_676_592_66, 62.910_771_321_510_79],
        [0.226_222_643_402_801_02, 0.018_262_519_507_673_304, 20.507_536_562_203_367, 61.481_092_544_565_7],
    );
    let cat = (
        [-1.098_180_671_604_194_4, 0.078_464_082_487_013_66, -8.006_176_265_552_204, 20.217_600_470_479_397],
        [0.253_344_101_663_602, 0.020_312_528_158_849_24, 21.511_302_855_437_908, 64.547_272_942_319_41],
        [0.261_532_268_646_115_1, 0.021_752_987_816_236_625, 20.885_147_258_269_235, 62.658_355_897_809_51],
    );
    let folder = Folder::new();
    let table = ["solve", "@r01-statsmodels.csv", "--standard-errors", "--label"];
    let binary = folder.record(&[&table[..], &["y", "--drop", "k", "--loss", "logistic"]].concat());
    let multinomial = folder.record(&[&table[..], &["k", "--drop", "y"]].concat());
    for (record, column, (estimates, classic, robust)) in
        [(&binary, 0, logit), (&multinomial, 0, bee), (&multinomial, 1, cat)]
    {
        let found = record["standard_errors"][column]["estimates"].as_array().expect("a list");
        assert_eq!(found.len(), 4);
        for (place, found) in found.iter().enumerate() {
            for (found, right) in [
                (&found["estimate"], estimates[place]),
                (&found["classic"]["standard_error"], classic[place]),
                (&found["robust"]["standard_error"], robust[place]),
            ] {
                let found = found.as_f64().expect("a number");
                assert!((found / right - 1.0).abs() < 1e-8, "{place}: {found} for {right}");
            }
        }
    }
    // statsmodels' own p value and interval of the first coefficient.
    let first = &binary["standard_errors"][0]["estimates"][0]["classic"];
    assert!((first["p"].as_f64().expect("p") - 8.307_245_153_835e-6).abs() < 1e-14, "{first}");
    let interval = numbers(&first["interval"]);
    let half_width = 1.959_963_984_540_054 * logit.1[0];
    assert!(
        (interval[0] - (logit.0[0] - half_width)).abs() < 1e-9
            && (interval[1] - (logit.0[0] + half_width)).abs() < 1e-9
    );
}

#[test]
fn standard_errors_of_weights_are_those_of_repeated_rows() {
    let folder = Folder::new();
    let mut repeated = "y,x\n".to_owned();
    let mut weighted = "y,x,w\n".to_owned();
    for row in 0..40_u32 {
        let (class, x, weight) = ((row * 7 % 5) % 2, f64::from(row * 13 % 17) / 4.0, 1 + row % 3);
        weighted += &format!("{class},{x},{weight}\n");
        repeated += &format!("{class},{x}\n").repeat(weight as usize);
    }
    std::fs::write(folder.file("w.csv"), weighted).expect("written");
    std::fs::write(folder.file("r.csv"), repeated).expect("written");
    for options in [&["--loss", "logistic"][..], &["--class-weights", "balanced"]] {
        let of = |file: &str, more: &[&str]| {
            let all = [&["solve", file, "--label", "y", "--standard-errors"], options, more].concat();
            let record = folder.record(&all);
            let found = record["standard_errors"][0]["estimates"].as_array().expect("a list").clone();
            found
                .iter()
                .map(|one| (one["robust"]["standard_error"].as_f64(), one["classic"].is_null()))
                .collect::<Vec<_>>()
        };
        let (one, other) = (of("w.csv", &["--sample-weights", "w"]), of("r.csv", &[]));
        for (one, other) in one.iter().zip(&other) {
            let apart = one.0.expect("a number") / other.0.expect("a number") - 1.0;
            assert!(apart.abs() < 1e-10, "{one:?} and {other:?}");
            // Under class weights there is no likelihood.
            assert_eq!((one.1, other.1), (options.contains(&"balanced"), options.contains(&"balanced")));
        }
    }
    refused(
        &["solve", "c00-plain.csv", "--label", "species", "--standard-errors", "--l2", "1"],
        &["--standard-errors", "--l2 0"],
    );
    let dependent = ["solve", "s01-two-dummies.csv", "--label", "y", "--standard-errors"];
    let (code, _, said) = run(&dependent);
    assert!(code == 2 && said.contains("columns depend on each other"), "{said}");
}

#[test]
fn a_share_kept_apart_is_drawn_by_its_seed() {
    let folder = Folder::new();
    let with = |options: &[&str]| {
        let mut record = folder.record(&[&SPECIES[..], options].concat());
        record["seconds"] = Value::Null;
        record
    };
    let (one, same) = (with(&["--test", "0.2", "--seed", "3"]), with(&["--test", "0.2", "--seed", "3"]));
    assert_eq!(one, same);
    assert_ne!(one["coefficients"], with(&["--test", "0.2", "--seed", "4"])["coefficients"]);
    let whole = with(&[]);
    let count = |of: &Value| numbers(&of["class_counts"]);
    for class in 0..3 {
        assert_eq!(count(&one)[class] + count(&one["test"])[class], count(&whole)[class]);
        assert_eq!(count(&one["test"])[class], (0.2 * count(&whole)[class]).round());
    }
    let confusion: f64 = one["test"]["confusion"].as_array().expect("rows").iter().flat_map(numbers).sum();
    assert_eq!(confusion, count(&one["test"]).iter().sum::<f64>());
    refused(&["solve", "c00-plain.csv", "--label", "species", "--test", "1.5"], &["--test 1.5"]);
    refused(
        &["solve", "c00-plain.csv", "--label", "species", "--seed", "1"],
        &["--seed", "nothing is drawn"],
    );
}

#[test]
fn a_test_on_the_same_file_measures_the_same() {
    let folder = Folder::new();
    for options in [&[][..], &["--class-weights", "ant=1,bee=2,cat=5"], &["--loss", "logistic"]] {
        let record = folder.record(&[&SPECIES[..], &["--test", "@c30-table.parquet"], options].concat());
        assert_eq!(record["test"]["confusion"], record["classification"]["confusion"], "{options:?}");
        assert_eq!(record["test"]["accuracy"], record["classification"]["accuracy"]);
        let near = |one: &Value, other: &Value| {
            (one.as_f64().expect("a number") - other.as_f64().expect("a number")).abs() < 1e-12
        };
        let calibration = &record["calibration"];
        assert!(near(&record["test"]["calibration"]["log_loss"], &calibration["as_predicted"]["log_loss"]));
        if options.contains(&"--class-weights") {
            let (test, own) = (&record["test"]["prior_corrected"], &calibration["prior_corrected"]);
            assert!(near(&test["log_loss"], &own["log_loss"]), "{test} and {own}");
        }
    }
    let (code, _, said) = folder.run(&[&SPECIES[..], &["--test", "@t04-latin1.csv"]].concat());
    assert!(code == 2 && said.contains("latin-1"), "{said}");
    let (code, _, said) = folder.run(&[&SPECIES[..], &["--test", "@a00-plain.csv"]].concat());
    assert!(code == 2 && said.contains("no column \"a\""), "{said}");
}

#[test]
fn predictions_are_the_same_from_solve_and_from_a_saved_head() {
    let folder = Folder::new();
    for (options, corrected) in [
        (&[][..], false),
        (&["--class-weights", "ant=1,bee=2,cat=5"], true),
        (&["--loss", "logistic", "--class-weights", "1,2,3"], true),
        (&["--standardize"], false),
        // Class weights leave LGL-INR as it is: there is nothing to correct.
        (&["--loss", "inr", "--class-weights", "balanced"], false),
        (&["--loss", "inr", "--class-weights", "1,2,3"], false),
        (&["--loss", "focal", "--class-weights", "1,2,3"], true),
    ] {
        let more = ["--save", "head.json", "--predict", "@c30-table.parquet", "--out", "first.csv"];
        let record = folder.record(&[&SPECIES[..], options, &more].concat());
        let (code, printed, said) =
            folder.run(&["predict", "head.json", "@c01-pandas-index.csv", "--out", "second.csv"]);
        assert_eq!((code, printed.as_str()), (0, ""), "{said}");
        let (first, second) = (rows(&folder.file("first.csv")), rows(&folder.file("second.csv")));
        assert_eq!(first, second, "{options:?}");
        let headings = ["row", "predicted", "p_ant", "p_bee", "p_cat", "corrected_ant"];
        assert_eq!(first[0][..5 + usize::from(corrected)], headings[..5 + usize::from(corrected)]);
        assert_eq!((first.len(), first[0].len()), (31, if corrected { 8 } else { 5 }));
        // The predicted classes are those that the confusion matrix counts.
        let predicted = |class: &str| first[1..].iter().filter(|row| row[1] == class).count() as f64;
        let counted = |class: usize| {
            let confusion = record["classification"]["confusion"].as_array().expect("rows");
            confusion.iter().map(|row| numbers(row)[class]).sum::<f64>()
        };
        for (class, name) in ["ant", "bee", "cat"].iter().enumerate() {
            assert_eq!(predicted(name), counted(class), "{options:?}");
        }
        if corrected {
            for row in &first[1..] {
                let sum: f64 = row[5..].iter().map(|cell| cell.parse::<f64>().expect("a number")).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{row:?}");
            }
        }
    }
    let (code, _, said) = folder.run(&["predict", "head.json", "@a00-plain.csv", "--out", "third.csv"]);
    assert!(code == 2 && said.contains("no column \"a\"") && !folder.file("third.csv").exists(), "{said}");
    let (code, _, said) = folder.run(&["predict", "@c00-plain.csv", "@c00-plain.csv", "--out", "third.csv"]);
    assert!(code == 2 && said.contains("is no head") && said.lines().count() == 1, "{said}");
}

#[test]
fn encoded_columns_are_encoded_alike_in_new_files() {
    let folder = Folder::new();
    let train = ["solve", "@c12-text-column.csv", "--label", "species", "--l2=0.01", "--one-hot"];
    folder.record(&[&train[..], &["--save", "head.json"]].concat());
    std::fs::write(folder.file("new.csv"), "colour,b,a\nred,1,2\nblue,0.5,1\n").expect("written");
    let (code, _, said) = folder.run(&["predict", "head.json", "new.csv", "--out", "p.csv"]);
    assert_eq!((code, rows(&folder.file("p.csv")).len()), (0, 3), "{said}");
    std::fs::write(folder.file("new.csv"), "colour,b,a\ngreen,1,2\n").expect("written");
    let (code, _, said) = folder.run(&["predict", "head.json", "new.csv", "--out", "q.csv"]);
    assert!(code == 2 && said.contains("line 2, column \"colour\": \"green\" is no level"), "{said}");
}

#[test]
fn heads_are_saved_in_every_format() {
    let folder = Folder::new();
    let record = folder.record(&SPECIES);
    let (weight, bias) = (&record["coefficients"], numbers(&record["intercepts"]));
    let flat: Vec<f64> = weight.as_array().expect("rows").iter().flat_map(numbers).collect();
    for file in ["head.json", "head.csv", "head.npz", "head.safetensors"] {
        folder.record(&[&SPECIES[..], &["--save", file]].concat());
        let first = std::fs::read(folder.file(file)).expect("written");
        folder.record(&[&SPECIES[..], &["--save", file]].concat());
        if file != "head.json" {
            assert_eq!(first, std::fs::read(folder.file(file)).expect("written"), "{file}: the same bytes");
        }
    }
    let table = rows(&folder.file("head.csv"));
    assert_eq!(table[0], ["feature", "ant", "bee", "cat"]);
    assert_eq!((table[1][0].as_str(), table[3][0].as_str()), ("a", "intercept"));
    assert_eq!(table[1][2].parse::<f64>().ok(), weight[1][0].as_f64());
    assert_eq!(table[3][3].parse::<f64>().ok(), Some(bias[2]));
    let bytes = std::fs::read(folder.file("head.safetensors")).expect("a file");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("tensors");
    let doubles = |bytes: &[u8]| -> Vec<f64> {
        bytes.as_chunks::<8>().0.iter().map(|&number| f64::from_le_bytes(number)).collect()
    };
    assert_eq!(doubles(tensors.tensor("weight").expect("weight").data()), flat);
    assert_eq!(doubles(tensors.tensor("bias").expect("bias").data()), bias);
    let archive = std::fs::File::open(folder.file("head.npz")).expect("a file");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let mut found = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("weight.npy").expect("weight"), &mut found)
        .expect("read");
    assert_eq!(doubles(&found[found.len() - 8 * flat.len()..]), flat);
    let (code, _, said) = folder.run(&[&SPECIES[..], &["--save", "head.txt"]].concat());
    assert!(code == 2 && said.contains(".safetensors"), "{said}");
}

#[test]
fn standard_units_change_the_penalty_and_not_the_units_of_the_answer() {
    let folder = Folder::new();
    // Without a penalty, units do not matter; with one, the head is that of scaled columns.
    let plain = folder.record(&["solve", "@c00-plain.csv", "--label", "species"]);
    let standard = folder.record(&["solve", "@c00-plain.csv", "--label", "species", "--standardize"]);
    for (one, other) in [(&plain["coefficients"], &standard["coefficients"])] {
        let flat =
            |value: &Value| value.as_array().expect("rows").iter().flat_map(numbers).collect::<Vec<_>>();
        for (one, other) in flat(one).iter().zip(flat(other)) {
            assert!((one - other).abs() < 1e-9, "{one} and {other}");
        }
    }
    let table = rows(Path::new(&format!("{}/tests/cases/c00-plain.csv", env!("CARGO_MANIFEST_DIR"))));
    let scaled: String = table
        .iter()
        .map(|row| match row[0].parse::<f64>() {
            Ok(a) => format!("{},{},{}\n", 1000.0 * a, row[1], row[2]),
            Err(_) => row.join(",") + "\n",
        })
        .collect();
    std::fs::write(folder.file("scaled.csv"), scaled).expect("written");
    let one = folder.record(&[&SPECIES[..], &["--standardize"]].concat());
    let other = folder.record(&["solve", "scaled.csv", "--label", "species", "--l2=0.01", "--standardize"]);
    let first = |record: &Value| record["coefficients"][0][0].as_f64().expect("a number");
    assert!((first(&one) / first(&other) / 1000.0 - 1.0).abs() < 1e-9);
    let near = |name: &str| {
        (one[name].as_f64().expect("a loss") - other[name].as_f64().expect("a loss")).abs() < 1e-12
    };
    assert!(near("loss") && near("data_loss"));
    assert_eq!(numbers(&one["standardized"]["means"]).len(), 2);
}

#[test]
fn class_weights_go_by_name() {
    let folder = Folder::new();
    let named = folder.record(&[&SPECIES[..], &["--class-weights", "cat=5,ant=1,bee=2"]].concat());
    let ordered = folder.record(&[&SPECIES[..], &["--class-weights", "1,2,5"]].concat());
    assert_eq!(named["coefficients"], ordered["coefficients"]);
    assert_eq!(numbers(&named["class_weights"]), [1.0, 2.0, 5.0]);
    let weights = ["solve", "c00-plain.csv", "--label", "species", "--class-weights"];
    refused(&[&weights[..], &["ant=1,bee=2"]].concat(), &["class \"cat\" has no weight"]);
    refused(
        &[&weights[..], &["ant=1,bee=2,dog=3"]].concat(),
        &["no class is called \"dog\"", "ant, bee, cat"],
    );
    refused(
        &["audit", "a29-prefixed-headings.csv", "--class-weights", "ant=1"],
        &["class \"bee\" has no weight"],
    );
}

#[test]
fn an_offset_is_that_of_a_generalised_linear_model() {
    // statsmodels 0.14: GLM, Binomial, offset=a.
    let estimates = [-0.057_940_007_529_683_896, -7.363_964_828_383_226, 25.187_161_664_377_05];
    let errors = [0.015_750_018_392_271_952, 17.432_715_457_595_06, 52.333_153_983_519_76];
    let folder = Folder::new();
    let table = ["solve", "@r01-statsmodels.csv", "--label", "y", "--drop", "k", "--offset", "a"];
    let record = folder.record(&[&table[..], &["--loss", "logistic", "--standard-errors"]].concat());
    let found = record["standard_errors"][0]["estimates"].as_array().expect("a list");
    for (found, (estimate, error)) in found.iter().zip(estimates.iter().zip(errors)) {
        let near = |found: &Value, right: f64| (found.as_f64().expect("a number") / right - 1.0).abs() < 1e-8;
        assert!(
            near(&found["estimate"], *estimate) && near(&found["classic"]["standard_error"], error),
            "{found}"
        );
    }
    // The intercept is free, so the laws hold: outflow is inflow.
    assert!(record["ledger"][0]["residual"].as_f64().expect("a number") < 1e-12);
    // Softmax over two classes is the same model: half of the coefficients on either side.
    let softmax = folder.record(&table);
    let second = numbers(&softmax["coefficients"][1]);
    for (found, right) in second.iter().zip(estimates) {
        assert!((2.0 * found / right - 1.0).abs() < 1e-8, "{found} for half of {right}");
    }
    for (options, words) in [
        ("--loss focal --offset a", "--offset: goes with --loss softmax and --loss logistic"),
        ("--loss logistic --offset a,b", "two classes have one logit under --loss logistic"),
        ("--offset a,b,c", "--offset: 3 for 2 classes; give one, or one for each"),
        ("--offset y", "--offset: is the column of labels"),
    ] {
        let (code, _, said) = folder.run(&[&table[..6], &crate::tables::typed(options)].concat());
        assert!(code == 2 && said.contains(words) && said.lines().count() == 1, "{options}: {said}");
    }
}

/// Columns of offsets that are multiples of a feature take as much off its coefficients.
#[test]
fn offsets_of_every_class_are_added_in_their_order() {
    let folder = Folder::new();
    let (mut text, shares) = ("k,x,ant offset,bee offset,cat offset\n".to_owned(), [0.5, -1.0, 2.0]);
    for row in 0..90_u32 {
        let x = f64::from(row.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24);
        let class = ["ant", "bee", "cat"][(row.wrapping_mul(40_503) % 7 % 3) as usize];
        text += &format!("{class},{x},{},{},{}\n", shares[0] * x, shares[1] * x, shares[2] * x);
    }
    std::fs::write(folder.file("k.csv"), text).expect("written");
    let offsets = ["--offset", "ant offset,bee offset,cat offset"];
    let plain = ["solve", "k.csv", "--label", "k", "--features", "x"];
    let with = [&plain[..], &offsets].concat();
    for loss in ["softmax", "logistic"] {
        let loss = ["--loss", loss];
        let (without, record) =
            (folder.record(&[&plain[..], &loss].concat()), folder.record(&[&with[..], &loss].concat()));
        let of = |record: &Value, class: usize| numbers(&record["coefficients"][class])[0];
        let mean = if loss[1] == "softmax" { shares.iter().sum::<f64>() / 3.0 } else { 0.0 };
        for (class, share) in shares.iter().enumerate() {
            let apart = of(&without, class) - of(&record, class) - (share - mean);
            assert!(apart.abs() < 1e-10, "{loss:?}, class {class}: {apart:e}");
        }
        assert_eq!(record["offset"].as_array().map(Vec::len), Some(3));
        let apart = record["loss"].as_f64().expect("a number") - without["loss"].as_f64().expect("a number");
        assert!(apart.abs() < 1e-14, "{loss:?}: {apart:e}");
    }
    let (code, _, said) = folder.run(&[&plain[..], &["--offset", "ant offset"]].concat());
    assert!(code == 2 && said.contains("--offset: 1 for 3 classes; give one for each"), "{said}");
}

/// Samples to test on and to predict for have offsets of their own, in the columns of the same names.
#[test]
fn offsets_are_added_for_other_samples_too() {
    let folder = Folder::new();
    let head = folder.file("head.json");
    let (head, out) = (head.to_str().expect("UTF-8"), folder.file("out.csv"));
    let out = out.to_str().expect("UTF-8");
    let table = ["solve", "@r01-statsmodels.csv", "--label", "y", "--drop", "k", "--offset", "a"];
    let predict = ["--predict", "@r01-statsmodels.csv", "--out", out, "--test", "@r01-statsmodels.csv"];
    for loss in ["logistic", "softmax"] {
        let record = folder.record(&[&table[..], &predict, &["--loss", loss, "--save", head]].concat());
        let by_solve = std::fs::read_to_string(out).expect("written");
        let log_loss = |value: &Value| value["log_loss"].as_f64().expect("a number");
        let apart =
            log_loss(&record["test"]["calibration"]) - log_loss(&record["calibration"]["as_predicted"]);
        assert!(apart.abs() < 1e-14, "{loss}: {apart:e}");
        let (code, _, said) = folder.run(&["predict", head, "@r01-statsmodels.csv", "--out", out]);
        assert_eq!((code, std::fs::read_to_string(out).expect("written")), (0, by_solve), "{said}");
    }
    std::fs::write(folder.file("bare.csv"), "b,c\n1,2\n").expect("written");
    let (code, _, said) = folder.run(&["predict", head, "bare.csv", "--out", out]);
    assert!(code == 2 && said.contains("there is no column \"a\""), "{said}");
}

#[test]
fn without_an_intercept_standard_errors_are_those_of_statsmodels() {
    // statsmodels 0.15: Logit and MNLogit without a constant, bse with and without cov_type="HC0".
    let logit = (
        [0.832_844_371_961_97, -0.054_108_525_264_059_8, 0.961_699_182_727_855_4],
        [0.182_177_661_947_594_97, 0.015_764_609_089_980_598, 0.267_668_850_414_568_06],
    );
    let robust = [0.180_955_730_303_004_46, 0.015_741_678_616_667_47, 0.264_033_155_286_430_23];
    let bee = (
        [0.453_087_909_239_545_95, 0.011_561_581_836_146_216, -0.142_926_872_311_954_6],
        [0.226_105_510_027_762_25, 0.019_085_186_511_789_413, 0.305_539_568_237_214_7],
    );
    let cat = (
        [-1.083_747_585_880_718_6, 0.078_141_559_015_214_35, -1.263_005_888_036_325_7],
        [0.250_553_497_215_680_15, 0.020_299_774_179_848_1, 0.344_281_703_373_270_35],
    );
    let folder = Folder::new();
    let table = ["solve", "@r01-statsmodels.csv", "--standard-errors", "--no-intercept", "--label"];
    let binary = folder.record(&[&table[..], &["y", "--drop", "k", "--loss", "logistic"]].concat());
    let multinomial = folder.record(&[&table[..], &["k", "--drop", "y"]].concat());
    for (record, column, (estimates, classic)) in
        [(&binary, 0, logit), (&multinomial, 0, bee), (&multinomial, 1, cat)]
    {
        let found = record["standard_errors"][column]["estimates"].as_array().expect("a list");
        assert_eq!(found.len(), 3, "no intercept");
        for (place, found) in found.iter().enumerate() {
            let near = |found: &Value, right: f64| {
                let found = found.as_f64().expect("a number");
                assert!((found / right - 1.0).abs() < 1e-8, "{place}: {found} for {right}");
            };
            near(&found["estimate"], estimates[place]);
            near(&found["classic"]["standard_error"], classic[place]);
        }
    }
    for (place, right) in robust.iter().enumerate() {
        let found = &binary["standard_errors"][0]["estimates"][place]["robust"]["standard_error"];
        assert!((found.as_f64().expect("a number") / right - 1.0).abs() < 1e-8, "{place}: {found}");
    }
}

#[test]
fn without_an_intercept_output_says_what_is_left_of_the_balance() {
    let folder = Folder::new();
    let none = ["--no-intercept", "--label"];
    let dummies = [&["solve", "@s01-two-dummies.csv", "--loss", "logistic"][..], &none, &["y"]].concat();
    let record = folder.record(&dummies);
    assert_eq!((&record["intercept"], numbers(&record["intercepts"])), (&Value::Bool(false), vec![0.0]));
    // Log odds of both groups, as with an intercept.
    for (found, right) in numbers(&record["coefficients"][0]).iter().zip([-1.098_612_288_668_109_8, 0.0]) {
        assert!((found - right).abs() < 1e-12, "{found}");
    }
    let left = &record["remaining_balance"];
    assert_eq!(
        (&left["relation"], numbers(&left["direction"])),
        (&"male + female = 1".into(), vec![1.0, 1.0])
    );
    assert!(left["residual"].as_f64().expect("a number") < 1e-12);
    let (_, printed, _) = folder.run(&dummies);
    let words = "features make up for the missing intercept (docs/theory.md#h1): male + female = 1";
    assert!(printed.contains(words) && !printed.contains("\nintercept "), "{printed}");
    // The penalty pulls by l2 M (w . a).
    let penalised = [&dummies[..], &["--l2", "0.1"]].concat();
    let record = folder.record(&penalised);
    let sum: f64 = numbers(&record["coefficients"][0]).iter().sum();
    let penalty_term = numbers(&record["remaining_balance"]["penalty_term"]);
    assert!(
        (penalty_term[1] - 0.1 * 8.0 * sum).abs() < 1e-12 && penalty_term[0] == -penalty_term[1],
        "{penalty_term:?}"
    );
    let difference = record["ledger"][1]["difference"].as_f64().expect("a number");
    assert!((difference - penalty_term[1]).abs() < 1e-12, "{difference} {penalty_term:?}");
    // Nothing is constant here, with units and without.
    let plain = [&["solve", "@r01-statsmodels.csv", "--drop", "y"][..], &none, &["k"]].concat();
    let record = folder.record(&plain);
    assert_eq!(record["remaining_balance"], Value::Null);
    assert!(record["ledger"][0]["residual"].as_f64().expect("a number") > 1e-4);
    let (_, printed, _) = folder.run(&plain);
    assert!(
        printed.contains("no combination of features is constant, so nothing makes them equal"),
        "{printed}"
    );
    let standard = folder.record(&[&plain[..], &["--standardize"]].concat());
    let (own, standard) = (numbers(&record["coefficients"][1]), numbers(&standard["coefficients"][1]));
    assert!(own.iter().zip(&standard).all(|(a, b)| (a - b).abs() < 1e-9 * a.abs()), "{own:?} {standard:?}");
    // What is saved predicts without an intercept.
    let (head, out) = (folder.file("head.json"), folder.file("out.csv"));
    let (head, out) = (head.to_str().expect("UTF-8"), out.to_str().expect("UTF-8"));
    let table = "@r01-statsmodels.csv";
    let saved = [&plain[..], &["--predict", table, "--out", out, "--save", head]].concat();
    folder.record(&saved);
    let by_solve = std::fs::read_to_string(out).expect("written");
    let (code, _, said) = folder.run(&["predict", head, table, "--out", out]);
    assert_eq!((code, std::fs::read_to_string(out).expect("written")), (0, by_solve), "{said}");
    std::fs::write(folder.file("bare.csv"), "y\na\nb\n").expect("written");
    let (code, _, said) = folder.run(&["solve", "bare.csv", "--label", "y", "--no-intercept"]);
    assert!(code == 2 && said.contains("--no-intercept: there are no features"), "{said}");
    let (code, _, said) =
        folder.run(&["weights", table, "--label", "k", "--target", "equal-recall", "--no-intercept"]);
    assert!(code == 2 && said.contains("--no-intercept"), "{said}");
}

/// An offset that is the same everywhere moves the intercept alone, over so many rows too that a search begins on some of them.
#[test]
fn a_constant_offset_moves_the_intercept() {
    let folder = Folder::new();
    let row = |row: u32| {
        let x = f64::from(row.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24);
        let class = u32::from(f64::from(row.wrapping_mul(40_503) % 65_536) / 65_536.0 < 0.3 + 0.4 * x);
        format!("{class},{x},2\n")
    };
    let text: String = std::iter::once("y,x,o\n".to_owned()).chain((0..40_000).map(row)).collect();
    std::fs::write(folder.file("many.csv"), text).expect("written");
    let of = |options: &[&str]| {
        let record =
            folder.record(&[&["solve", "many.csv", "--label", "y", "--loss", "logistic"], options].concat());
        (record["coefficients"][0][0].as_f64().expect("a number"), numbers(&record["intercepts"])[0])
    };
    let (plain, offset) = (of(&["--drop", "o"]), of(&["--offset", "o"]));
    assert!(
        (plain.0 - offset.0).abs() < 1e-10 && (plain.1 - offset.1 - 2.0).abs() < 1e-10,
        "{plain:?} {offset:?}"
    );
    // So do the samples that are kept apart.
    let tested = |options: &[&str]| {
        let table = ["solve", "many.csv", "--label", "y", "--loss", "logistic", "--test", "0.25"];
        folder.record(&[&table, options].concat())["test"]["calibration"]["log_loss"]
            .as_f64()
            .expect("a loss")
    };
    let apart = tested(&["--drop", "o"]) - tested(&["--offset", "o"]);
    assert!(apart.abs() < 1e-12, "{apart:e}");
    let standard = of(&["--offset", "o", "--standardize"]);
    assert!((standard.1 - offset.1).abs() < 1e-10, "{standard:?} {offset:?}");
}
