//! `solve --estimate`: what solving will take.

use super::files::memory_of;
use super::output::{Align, Style, columns, counted};
use super::run::duration;
use equipoise::analysis::Searches;
use equipoise::data::Dataset;
use equipoise::loss::LossSpec;
use equipoise::memory::{FreeMemory, readable};

/// Processor time and memory of searches one after another with penalties of at most `l2`, beside what is there.
pub(super) fn table(
    dataset: &Dataset,
    spec: &LossSpec,
    (l2, searches): (f64, Searches),
    style: Style,
) -> String {
    let labels = dataset.labels();
    let (samples, features, classes) = (labels.samples(), dataset.dimension(), labels.classes());
    let seconds = searches.seconds(spec, (samples, features, classes));
    let free = FreeMemory::now().map_or_else(
        || "the system does not say".to_owned(),
        |free| format!("{} {}", readable(free.bytes), free.limit),
    );
    let rows = [
        ("problems", (searches.alone + searches.swept).to_string()),
        ("processor time", duration(seconds)),
        ("memory beside the samples", format!("at most {}", readable(memory_of(dataset, spec, l2)))),
        ("free memory", free),
    ];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(what, much)| vec![what.to_owned(), much]).collect();
    let sizes = [
        counted(samples as u64, "sample"),
        counted(features as u64, "feature"),
        counted(classes as u64, "class"),
    ];
    format!("{}\n{}", style.strong(&sizes.join(", ")), columns(&rows, &[Align::Left, Align::Left]))
}
