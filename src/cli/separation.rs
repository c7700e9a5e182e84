//! Separable data as text for people: what separates, and the answer for the remaining classes.

use super::output::{MAX_CLASSES_SHOWN, counted, counted_samples, one_line, short_name};
use equipoise::loss::LossSpec;
use equipoise::numeric::significant;
use equipoise::record::{RemainingAnswerRecord, Separation};
use equipoise::solver::SeparationKind;
use std::fmt::Write;

/// The features that separate are printed for the first few classes; JSON has all.
const MAX_REASONS: usize = 4;

/// What separates which classes, in plain words.
pub(super) fn explained(found: &Separation) -> String {
    if let Some(because) = &found.because {
        return format!("{}.", one_line(because));
    }
    let samples = counted_samples(found.separated_samples);
    let classes = listed(&found.classes);
    let mut whose = match &found.column_class {
        Some(class) => format!("a linear head for class {} against the rest", short_name(class)),
        None => "a linear head".to_owned(),
    };
    if let Some(features) = &found.features {
        whose += &format!(" (of {})", listed(features));
    }
    match found.kind {
        SeparationKind::Complete => format!("{whose} separates all {samples} (classes {classes})."),
        SeparationKind::Quasi => format!(
            "{whose} puts {samples} of classes {classes} on the right side, and none on the wrong one."
        ),
    }
}

/// Which classes separate, where there are others, and how solving for those ended.
pub(super) fn classes_apart(found: &Separation, loss: &LossSpec) -> String {
    let rows = match loss {
        LossSpec::VectorScaling { .. } => ", each row divided by its class's factor",
        _ => "",
    };
    let mut text =
        format!("No finite coefficients minimise this loss: it falls without end along that head{rows}.\n");
    add_classes_apart(found, &mut text);
    text
}

fn add_classes_apart(found: &Separation, text: &mut String) {
    let apart: Vec<String> = found.separated_classes.iter().map(|own| own.class.clone()).collect();
    if apart.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "Separated from all others: {} ({}).",
        counted(apart.len() as u64, "class"),
        listed(&apart)
    );
    for own in found.separated_classes.iter().take(MAX_REASONS) {
        if let Some(because) = own.because.as_ref().filter(|_| apart.len() > 1) {
            let _ = writeln!(text, "  {}: {}", short_name(&own.class), one_line(because));
        }
    }
    let Some(left) = &found.remaining else { return };
    let classes = counted(left.classes.len() as u64, "class");
    match &left.answer {
        RemainingAnswerRecord::Stationary { loss, relative_gradient, .. } => {
            let (loss, relative) = (significant(*loss, 8), significant(*relative_gradient, 2));
            let _ = writeln!(
                text,
                "The other {classes} are solved: loss {loss}, largest gradient entry {relative} of its terms; head in --format json."
            );
        }
        RemainingAnswerRecord::Separable { separation } => {
            let _ = writeln!(text, "Some of the other {classes} separate, too: {}", explained(separation));
            add_classes_apart(separation, text);
        }
        RemainingAnswerRecord::NotConverged { why } => {
            let _ = writeln!(text, "The other {classes} are not solved: {}.", one_line(why));
        }
    }
}

/// Names, those of long lists counted.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_CLASSES_SHOWN).map(|name| short_name(name)).collect();
    match names.len().saturating_sub(MAX_CLASSES_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
