//! Lists of numbers in the cells of Parquet columns: logits and embeddings as polars, pyarrow and `DuckDB` write them.

use super::{check_said, read, refused};

/// What `solve` finds on the plain table, whose features these lists hold.
fn plain_loss() -> f64 {
    let (record, _) = read(&["solve", "c00-plain.csv", "--label", "species", "--l2", "0.01"]);
    record["data_loss"].as_f64().expect("a loss")
}

#[test]
fn lists_of_one_length_are_columns() {
    for (file, words) in [
        ("t44-polars-lists.parquet", "lists of 2 numbers: they are embedding.0 to embedding.1"),
        ("t45-polars-arrays.parquet", "lists of 2 numbers"),
        ("t46-duckdb-lists.parquet", "lists of 2 numbers"),
        ("t47-row-groups.parquet", "lists of 2 numbers"),
    ] {
        let (record, said) = read(&["solve", file, "--label", "species", "--l2", "0.01"]);
        check_said(file, &said, &["features embedding.0, embedding.1; 30 rows", words]);
        let found = record["data_loss"].as_f64().expect("a loss");
        assert!((found - plain_loss()).abs() < 1e-12, "{file}: {found} for {}", plain_loss());
    }
}

#[test]
fn the_name_of_a_list_stands_for_its_columns() {
    let file = "t44-polars-lists.parquet";
    let (_, said) = read(&["solve", file, "--label", "species", "--l2", "0.01", "--features", "embedding"]);
    check_said(file, &said, &["features embedding.0, embedding.1;"]);
    let (_, said) = read(&["solve", file, "--label", "species", "--l2", "0.01", "--features", "embedding.1"]);
    check_said(file, &said, &["features embedding.1;"]);
    let (_, said) = read(&["solve", file, "--label", "species", "--drop", "embedding"]);
    check_said(file, &said, &["no features", "left out: column \"embedding\" (--drop)"]);
    refused(
        &["solve", file, "--label", "embedding"],
        &[
            "column \"embedding\": holds lists of 2 numbers, which are embedding.0 to embedding.1; name one of these",
        ],
    );
    refused(
        &["solve", file, "--label", "species", "--features", "embedding,embedding.0"],
        &["is asked for twice"],
    );
}

#[test]
fn lists_of_logits_are_audited() {
    let plain = read(&["audit", "a00-plain.csv"]).0["loss"].as_f64().expect("a loss");
    let (record, said) = read(&["audit", "b25-list-of-logits.parquet"]);
    check_said("b25-list-of-logits.parquet", &said, &["logits logits.0, logits.1, logits.2; 24 rows"]);
    assert_eq!(record["loss"].as_f64(), Some(plain));
    let named =
        &["audit", "b26-list-of-logits-names.parquet", "--label", "y", "--class-names", "ant,bee,cat"];
    let (record, _) = read(named);
    assert_eq!(record["loss"].as_f64(), Some(plain));
}

/// A list that is missing has no number; lists of several lengths, of texts and of lists are no columns.
#[test]
fn other_lists_are_named() {
    let file = "t48-odd-lists.parquet";
    let of = |column: &str| {
        ["solve", file, "--label", "species", "--l2", "0.01", "--features", column].map(str::to_owned)
    };
    for (column, words) in [
        ("ragged", "column \"ragged\": holds lists of different lengths, which are no numbers"),
        ("words", "column \"words\": holds lists of text"),
        ("nested", "column \"nested\": holds lists of lists"),
        ("empty", "column \"empty\": holds lists of different lengths"),
        (
            "swapped",
            "the list in row 5 (index 4) has 1 number, and others have 2; cut or fill them to one length",
        ),
        ("missing", "row 4 (index 3), column \"missing.0\": the cell is empty"),
        ("hole", "row 4 (index 3), column \"hole.1\": the cell is empty"),
    ] {
        refused(&of(column).each_ref().map(String::as_str), &[words]);
    }
    let missing = of("missing");
    let few = [&missing.each_ref().map(String::as_str)[..], &["--missing", "drop-row"]].concat();
    check_said(file, &read(&few).1, &["29 of 30 rows"]);
    let (_, said) = read(&["audit", "b27-tokens-beside-logits.parquet"]);
    check_said(
        "b27-tokens-beside-logits.parquet",
        &said,
        &["column \"tokens\" (holds lists of different lengths)"],
    );
}
