//! Data sets as people save them: Titanic, penguins and scikit-learn's, through `solve`, `weights` and `audit` without hand work, and
//! what `PyTorch` writes. Objectives and losses were computed by `tests/cases/make_real.py` and `make_torch.py`.

use super::{check_said, read, refused, run, typed};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn near(found: &Value, right: f64, within: f64) {
    assert!((number(found) - right).abs() < within, "{found} for {right}");
}

/// Text columns as levels, missing values marked, nothing else said.
const AS_IT_IS: &str = "--one-hot --missing indicator --l2 0.05";

#[test]
fn every_data_set_is_solved_as_it_was_saved() {
    for (file, label, objective, words) in [
        (
            "u01-titanic.csv",
            "Survived",
            0.455_340_788_141_8,
            &[
                "left out: column \"\" (it has no heading), column \"Name\" (every row has a text of its own), column \"Ticket\" (78 different texts in 80 rows)",
                "column \"PassengerId\" counts the rows",
                "missing values of column \"Age\"",
                "column \"Sex\" has the levels female, male; female is the reference",
            ][..],
        ),
        (
            "u02-titanic.parquet",
            "Survived",
            0.455_340_788_141_8,
            &["column \"Ticket\" (78 different texts in 80 rows)"],
        ),
        (
            "u05-penguins.csv",
            "species",
            0.046_725_088_739_4,
            &["left out: column \"\" (it has no heading)", "levels female, male, missing"],
        ),
        ("u06-penguins-nullable.parquet", "species", 0.046_725_088_739_4, &["levels female, male, missing"]),
        ("u07-penguins-polars.csv", "species", 0.046_725_088_739_4, &["features island, bill_length_mm"]),
        (
            "u10-iris.csv",
            "target",
            0.391_074_807_906_35,
            &["left out: column \"\" (it has no heading)", "sepal length (cm)"],
        ),
        ("u12-wine.csv", "target", 0.132_855_598_480_2, &["classes class_0, class_1, class_2"]),
        ("u14-breast-cancer.csv", "target", 0.025_823_622_6, &["classes benign, malignant"]),
        ("u16-digits.csv", "target", 0.047_984_443_513_6, &["pixel_0_0 is constant, 0"]),
        (
            "u20-titanic-whole.csv",
            "Survived",
            0.498_914_998_403,
            &["891 rows", "column \"Ticket\" (681 different texts in 891 rows)", "levels A10, A14, "],
        ),
        (
            "u21-penguins-whole.csv",
            "species",
            0.068_058_994_179,
            &["344 rows", "levels female, male, missing"],
        ),
    ] {
        let (record, said) = read(&[&["solve", file, "--label", label], typed(AS_IT_IS).as_slice()].concat());
        near(&record["loss"], objective, if file.contains("cancer") { 2e-7 } else { 1e-9 });
        assert!(number(&record["recomputed"]["relative_gradient"]) < 1e-11, "{file}");
        check_said(file, &said, words);
    }
}

#[test]
fn weights_are_found_on_every_data_set() {
    for (file, label) in [
        ("u01-titanic.csv", "Survived"),
        ("u05-penguins.csv", "species"),
        ("u10-iris.csv", "target"),
        ("u12-wine.csv", "target"),
        ("u14-breast-cancer.csv", "target"),
        ("u16-digits.csv", "target"),
        ("u20-titanic-whole.csv", "Survived"),
        ("u21-penguins-whole.csv", "species"),
    ] {
        let command =
            [&["weights", file, "--label", label, "--target", "equal-shortfall"], typed(AS_IT_IS).as_slice()]
                .concat();
        let (record, said) = read(&command);
        let shortfall = record["shortfall"].as_array().expect("a list");
        assert!(
            shortfall.iter().all(|one| (number(one) - number(&shortfall[0])).abs() < 1e-9),
            "{shortfall:?}"
        );
        check_said(file, &said, &[]);
    }
}

#[test]
fn probabilities_of_scikit_learn_are_audited() {
    for (file, label, loss, rows) in [
        ("u03-titanic-proba.csv", "Survived", 0.360_866_676_523_17, 80),
        ("u08-penguins-proba.csv", "species", 0.088_647_054_698_98, 68),
        ("u11-iris-proba.parquet", "target", 0.129_542_268_866_2, 150),
        ("u13-wine-proba.parquet", "target", 0.044_716_755_522_2, 89),
        ("u15-breast-cancer-proba.parquet", "target", 0.045_763_976_866_05, 72),
        ("u17-digits-proba.parquet", "target", 0.051_197_345_992_24, 100),
    ] {
        let (record, said) = read(&["audit", file, "--label", label, "--probabilities"]);
        near(&record["loss"], loss, 1e-9);
        assert_eq!(
            (&record["stationary"], number(&record["input"]["used_rows"])),
            (&true.into(), f64::from(rows)),
            "{file}: {said}"
        );
    }
    let one = ["audit", "u04-titanic-one.csv", "--label", "Survived", "--probabilities"];
    refused(&one, &["one logit for two classes goes with --loss logistic"]);
    let (record, said) = read(&[&one[..], &["--loss", "logistic"]].concat());
    near(&record["loss"], 0.360_866_676_523_17, 1e-9);
    assert!(
        said.contains("left out: column \"PassengerId\" (whole numbers, each once: an identifier)"),
        "{said}"
    );
    // Beside the probabilities of all classes, measurements are none.
    let (_, said) = read(&["audit", "u08-penguins-proba.csv", "--label", "species", "--probabilities"]);
    assert!(said.contains("probabilities Adelie, Chinstrap, Gentoo;"), "{said}");
    assert!(said.contains("column \"body_mass_g\" (the columns of the labels sum to one)"), "{said}");
}

/// All columns of text are named at once, those with numbers among them too.
#[test]
fn columns_of_text_are_refused_in_one_line() {
    refused(
        &["solve", "u01-titanic.csv", "--label", "Survived"],
        &[
            "line 2, column \"Name\"",
            "5 columns hold text",
            "--drop Name,Sex,Ticket,Cabin,Embarked",
            "--one-hot",
        ],
    );
    refused(
        &["solve", "u05-penguins.csv", "--label", "species"],
        &["2 columns hold text", "--drop island,sex"],
    );
    // A column that is named is taken at its word.
    refused(
        &["solve", "u01-titanic.csv", "--label", "Survived", "--one-hot", "--features", "Name,Pclass"],
        &["column \"Name\": every row has a text of its own"],
    );
}

/// Columns in another order than the labels: every loss that balances saturated mistakes would fit.
#[test]
fn no_loss_is_named_where_the_columns_stand_in_another_order() {
    let file = [
        "audit",
        "u18-columns-in-another-order.npz",
        "--label",
        "y_true",
        "--logits",
        "y_proba",
        "--probabilities",
    ];
    let (record, _) = read(&file);
    let nearest = &record["alternatives"][0];
    assert!(number(&nearest["worst_residual"]) < 0.05, "{nearest}");
    let alternatives = record["alternatives"].as_array().expect("a list");
    assert!(alternatives.iter().all(|one| one["stationary"] == false), "{alternatives:?}");
    let (_, printed, _) = run(&file);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("Not the end of training for softmax: classes"), "{printed}");
    assert!(
        lines[2].contains("check the order of the columns; samples of class 0 in that of 1, 1 in that of 0"),
        "{printed}"
    );
    // Names that the file holds put them right.
    let (record, said) =
        read(&["audit", "u19-classes.npz", "--label", "y_true", "--logits", "y_proba", "--probabilities"]);
    near(&record["loss"], 0.045_763_976_866_05, 1e-9);
    assert!(said.contains("classes malignant, benign") && !said.contains("left out"), "{said}");
}

#[test]
fn what_torch_writes_is_read() {
    for (file, loss) in [
        ("v01-torch.safetensors", 0.293_653_826_5),
        ("v02-torch-half.safetensors", 0.293_597_208_2),
        ("v03-torch-bfloat16.safetensors", 0.293_630_944_1),
        ("v04-torch-no-bias.safetensors", 0.523_645_127_1),
        ("v06-torch-masked-half.safetensors", 0.769_899_310_8),
        ("v06-torch-masked-bfloat16.safetensors", 0.770_283_583_5),
        ("v06-torch-masked-single.safetensors", 0.769_943_017),
        ("v06-torch-masked-double.safetensors", 0.769_943_017),
    ] {
        let (record, said) = read(&["audit", file]);
        near(&record["loss"], loss, 1e-9);
        assert_eq!(said.contains("10 logits masked"), file.contains("masked"), "{file}: {said}");
    }
    for files in
        [["v07-torch.npy", "v09-torch-labels.npy"], ["v08-torch-transposed.npy", "v09-torch-labels.npy"]]
    {
        near(&read(&["audit", files[0], files[1]]).0["loss"], 0.293_653_826_5, 1e-9);
    }
    let trainer = ["audit", "v11-trainer.npz"];
    refused(&trainer, &["its arrays are: predictions, label_ids", "--logits"]);
    let named = [&trainer[..], &["--logits", "predictions", "--label", "label_ids"]].concat();
    near(&read(&named).0["loss"], 0.293_653_826_5, 1e-9);
    refused(&["audit", "v10-torch.pt"], &["torch.save", "safetensors.torch.save_file"]);
    refused(&["solve", "v10-torch.pt", "--label", "labels"], &["torch.save", "safetensors.torch.save_file"]);
}

/// A layer without a bias is compared with the exact one without.
#[test]
fn a_layer_without_a_bias_is_judged_by_the_exact_one() {
    let of = |file: &'static str| {
        let command = ["audit", file, "--l2", "0.01"];
        let (record, said) = read(&command);
        assert!(said.contains("there is a weight and no bias"), "{said}");
        (record, run(&command).1)
    };
    let (record, printed) = of("v04-torch-no-bias.safetensors");
    assert_eq!((&record["stationary"], &record["alternatives"]), (&false.into(), &Value::Null), "{record}");
    near(&record["head"]["exact"]["objective"], 0.565_160_334_1, 1e-7);
    assert!(printed.starts_with("Trained to the end: the last layer has no bias"), "{printed}");
    let (_, printed) = of("v05-torch-no-bias-early.safetensors");
    assert!(printed.starts_with("Not the end of training: the last layer has no bias"), "{printed}");
    assert!(
        printed.lines().nth(2).is_some_and(|line| line.contains("train the last layer longer")),
        "{printed}"
    );
    // With its bias the layer balances.
    let (record, said) = read(&["audit", "v01-torch.safetensors", "--l2", "0.01"]);
    assert!(record["stationary"] == true && !said.contains("no bias"), "{said}");
    near(&record["head"]["exact"]["objective"], 0.340_227_395_3, 1e-7);
}
