//! The same numbers in every kind of file give the same audit.

use super::files::{Folder, doubles, npy, npz, numbers, sample, stored, whole};
use serde_json::Value;
use zip::CompressionMethod;

/// What must be the same: nothing but the numbers.
fn values(record: &Value) -> Vec<f64> {
    ["loss", "bias_gradient", "mean_probability", "recall"]
        .iter()
        .flat_map(|what| numbers(&record[*what]))
        .collect()
}

fn expected() -> Vec<f64> {
    let (logits, labels) = sample();
    values(&Folder::with("a.npz", &stored(&logits, &labels)).json(&["a.npz"]))
}

#[test]
fn numbers_of_any_kind_order_and_packing() {
    let (logits, labels) = sample();
    let flat: Vec<f64> = logits.iter().flatten().copied().collect();
    let by_columns: Vec<f64> = (0..3).flat_map(|k| logits.iter().map(move |row| row[k])).collect();
    #[expect(clippy::cast_possible_truncation, reason = "sixteenths")]
    let singles = |big: bool| -> Vec<u8> {
        let bytes =
            |value: &f64| if big { (*value as f32).to_be_bytes() } else { (*value as f32).to_le_bytes() };
        flat.iter().flat_map(bytes).collect()
    };
    let of_doubles =
        |values: &[f64]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
    let short: Vec<u8> = labels.iter().map(|&label| u8::try_from(label).expect("small")).collect();
    let one_hot: Vec<Vec<f64>> =
        labels.iter().map(|&label| (0..3).map(|k| f64::from(u8::from(k == label))).collect()).collect();
    let kinds = [
        npy("<f4", &[40, 3], false, &singles(false)),
        npy(">f4", &[40, 3], false, &singles(true)),
        npy(">f8", &[40, 3], false, &of_doubles(&flat)),
        npy(">f8", &[40, 3], true, &of_doubles(&by_columns)),
        npy(
            "<f2",
            &[40, 3],
            false,
            &flat.iter().flat_map(|&value| half(value).to_le_bytes()).collect::<Vec<_>>(),
        ),
    ];
    for logits in kinds {
        for labels in [whole(&labels), npy("|u1", &[40], false, &short), doubles(&one_hot)] {
            for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
                let bytes = npz(&[("labels", labels.clone()), ("logits", logits.clone())], method);
                assert_eq!(values(&Folder::with("a.npz", &bytes).json(&["a.npz"])), expected());
            }
        }
    }
}

/// The half that a multiple of a sixteenth below 16 is.
fn half(value: f64) -> u16 {
    let sign = if value < 0.0 { 0x8000 } else { 0 };
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return sign;
    }
    let exponent = magnitude.log2().floor();
    let fraction = (magnitude / exponent.exp2() - 1.0) * 1024.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
    let bits = ((exponent + 15.0) as u16) << 10 | fraction as u16;
    sign | bits
}

#[test]
fn two_npy_files_a_table_tensors_and_a_pipe() {
    let (logits, labels) = sample();
    let folder = Folder::with("z.npy", &doubles(&logits));
    folder.add("y.npy", &whole(&labels));
    assert_eq!(values(&folder.json(&["z.npy", "y.npy"])), expected());
    let line = |(row, label): (&Vec<f64>, &i64)| {
        format!(
            "{},{},{},{}\n",
            row[0],
            ["ant", "bee", "fly"][usize::try_from(*label).expect("small")],
            row[1],
            row[2]
        )
    };
    let table: String = logits.iter().zip(&labels).map(line).collect();
    folder.add("z.csv", format!("ant,kind,bee,fly\n{table}").as_bytes());
    let named = folder.json(&["z.csv", "--label", "kind"]);
    assert_eq!(values(&named), expected());
    assert_eq!(named["classes"], serde_json::json!(["ant", "bee", "fly"]));
    let bytes = stored(&logits, &labels);
    let piped = folder.command(&["-", "--format", "json"]).write_stdin(bytes).output().expect("run");
    assert_eq!(values(&serde_json::from_slice(&piped.stdout).expect("JSON")), expected());
    folder.add("z.safetensors", &tensors(&logits, &labels));
    assert_eq!(values(&folder.json(&["z.safetensors"])), expected());
}

fn tensors(logits: &[Vec<f64>], labels: &[i64]) -> Vec<u8> {
    let floats: Vec<u8> = logits.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    let labels: Vec<u8> = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    let header = format!(
        "{{\"labels\":{{\"dtype\":\"I64\",\"shape\":[40],\"data_offsets\":[0,320]}},\
         \"logits\":{{\"dtype\":\"F64\",\"shape\":[40,3],\"data_offsets\":[320,{}]}}}}",
        320 + floats.len()
    );
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &labels, &floats].concat()
}

#[test]
fn probabilities_are_as_good_as_logits() {
    let (logits, labels) = sample();
    let softmax = |row: &Vec<f64>| -> Vec<f64> {
        let total: f64 = row.iter().map(|z| z.exp()).sum();
        row.iter().map(|z| z.exp() / total).collect()
    };
    let probabilities: Vec<Vec<f64>> = logits.iter().map(softmax).collect();
    let file = npz(
        &[("probabilities", doubles(&probabilities)), ("labels", whole(&labels))],
        CompressionMethod::Stored,
    );
    let record = Folder::with("a.npz", &file).json(&["a.npz"]);
    for (measured, expected) in values(&record).iter().zip(expected()) {
        assert!((measured - expected).abs() < 1e-14);
    }
}

#[test]
fn rows_to_ignore_are_left_out_and_counted() {
    let (mut logits, mut labels) = sample();
    for (place, ignored) in [(3, -1), (17, -100), (18, -1), (42, -1)] {
        labels.insert(place, ignored);
        logits.insert(place, vec![f64::NAN; 3]);
    }
    let record = Folder::with("a.npz", &stored(&logits, &labels)).json(&["a.npz"]);
    assert_eq!(values(&record), expected());
    assert_eq!(record["ignored"], 4);
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let logits: Vec<Vec<f64>> = (0..3000)
        .map(|row| (0..7).map(|k| (f64::from(row) * 0.37 + f64::from(k)).sin() * 3.0).collect())
        .collect();
    let labels: Vec<i64> = (0..3000).map(|row| i64::from(row % 7)).collect();
    let folder = Folder::with("a.npz", &stored(&logits, &labels));
    let on = |threads: &str| {
        folder.command(&["a.npz", "--format", "json", "--threads", threads]).output().expect("run").stdout
    };
    assert!(on("1") == on("3"));
}
