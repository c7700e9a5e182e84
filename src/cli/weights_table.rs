//! Class weights as text for people.

use super::calibration;
use super::output::{MAX_CLASSES_SHOWN, Style, columns, counted, numbers_right, short_name};
use equipoise::balance::DesignStep;
use equipoise::numeric::significant;
use equipoise::record::WeightsRecord;
use std::fmt::Write;

/// Steps of a longer path are left out in the middle.
const MAX_STEPS_SHOWN: usize = 12;
/// Digits of every number but the weights to copy.
const DIGITS: usize = 4;

/// The weights, their effect on every class, the path of the search, and the arguments that libraries take.
pub(super) fn table(record: &WeightsRecord, style: Style) -> String {
    let way = if record.closed_form {
        "from sizes alone (B2): no search was needed".to_owned()
    } else {
        format!("found in {}", counted(record.path.len() as u64 - 1, "step"))
    };
    let mut text = format!("{}: {way}\n\n{}", record.target, effects(record, style));
    let few = record.classes.len() <= MAX_CLASSES_SHOWN;
    if few && record.path.len() > 1 {
        let _ = write!(text, "\npath of the search, from inverse frequency\n{}", path(record, style));
    }
    if let Some(found) = &record.calibration {
        let _ = write!(
            text,
            "\n{}",
            calibration::table(found, record.rows, few.then_some(record.classes.as_slice()), style)
        );
    }
    // Classes that are whole numbers are whole numbers in Python, too.
    let whole = record.classes.iter().all(|name| name.parse::<i64>().is_ok());
    let key = |name: &String| if whole { name.clone() } else { format!("{name:?}") };
    let entry = |(name, weight): (&String, &f64)| format!("{}: {weight:?}", key(name));
    let names: Vec<String> = record.classes.iter().zip(&record.class_weights).map(entry).collect();
    let weights: Vec<String> = record.class_weights.iter().map(|weight| format!("{weight:?}")).collect();
    let (names, weights) = (names.join(", "), weights.join(", "));
    let _ =
        write!(text, "\nscikit-learn: class_weight={{{names}}}\nPyTorch: weight=torch.tensor([{weights}])\n");
    text
}

/// What each class gets and pays.
fn effects(record: &WeightsRecord, style: Style) -> String {
    let heads = ["class", "samples", "weight", "shortfall", "unweighted", "change", "recall", "unweighted"];
    let mut rows = vec![heads.map(|head| style.strong(head)).to_vec()];
    let written =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| significant(value, DIGITS));
    for (class, name) in record.classes.iter().enumerate() {
        let before = record.unweighted.as_ref();
        let (shortfall, recall) = (record.shortfall[class], record.recall[class]);
        let before_shortfall = before.map(|before| before.shortfall[class]);
        rows.push(vec![
            short_name(name),
            record.class_counts[class].to_string(),
            style.strong(&significant(record.class_weights[class], DIGITS)),
            written(Some(shortfall)),
            written(before_shortfall),
            written(before_shortfall.map(|before| shortfall - before)),
            written(Some(recall)),
            written(before.map(|before| before.recall[class])),
        ]);
    }
    columns(&rows, &numbers_right(heads.len()))
}

fn path(record: &WeightsRecord, style: Style) -> String {
    let heads = ["step", "from the target"].into_iter().map(str::to_owned);
    let weights = record.classes.iter().map(|name| format!("weight of {}", short_name(name)));
    let heads: Vec<String> = heads.chain(weights).map(|head| style.strong(&head)).collect();
    let count = heads.len();
    let mut rows = vec![heads];
    let row = |(number, step): (usize, &DesignStep)| {
        let weights = step.class_weights.iter().map(|&weight| significant(weight, DIGITS));
        [number.to_string(), significant(step.residual, 2)].into_iter().chain(weights).collect::<Vec<_>>()
    };
    let last = record.path.len();
    let hidden = if last > MAX_STEPS_SHOWN { MAX_STEPS_SHOWN / 2..last - MAX_STEPS_SHOWN / 2 } else { 0..0 };
    for (number, step) in record.path.iter().enumerate() {
        if number == hidden.start && !hidden.is_empty() {
            rows.push(vec!["…".to_owned()]);
        }
        if !hidden.contains(&number) {
            rows.push(row((number, step)));
        }
    }
    columns(&rows, &numbers_right(count))
}
