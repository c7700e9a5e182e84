//! Output for separable data: the proof, the features that separate, and the answer for the remaining classes.

use super::output::{MAX_CLASSES_SHOWN, counted, counted_samples, one_line, short_name};
use super::solve_record::HeadRows;
use equipoise::numeric::{Count, significant};
use equipoise::solver::{
    FeatureValues, GivenAway, Remaining, RemainingAnswer, Separable, SeparatedClass, SeparationKind,
};
use serde::Serialize;
use std::fmt::Write;

/// A proof of separability, checkable by multiplication: no margin is negative, in exact arithmetic.
#[derive(Debug, Serialize)]
pub(super) struct Separation {
    kind: SeparationKind,
    /// What single features say, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    classes: Vec<String>,
    separated_samples: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column_class: Option<String>,
    /// The features that carry the direction, where these are few.
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    given_away: Vec<GivenAwayRecord>,
    pub(super) direction: HeadRows,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    separated_classes: Vec<SeparatedClassRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<RemainingRecord>,
}

/// A single feature that separates: all samples with these values belong to these classes.
#[derive(Debug, Serialize)]
struct GivenAwayRecord {
    feature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    minus: Option<String>,
    values: FeatureValues,
    classes: Vec<String>,
    samples: Count,
}

/// A class that a row of its own sets apart from all others.
#[derive(Debug, Serialize)]
struct SeparatedClassRecord {
    class: String,
    kind: SeparationKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    separated_samples: Count,
    direction: HeadRows,
}

/// The classes that are left, and how solving for them ended.
#[derive(Debug, Serialize)]
struct RemainingRecord {
    classes: Vec<String>,
    #[serde(flatten)]
    answer: RemainingAnswerRecord,
}

#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum RemainingAnswerRecord {
    Stationary {
        loss: f64,
        gradient_inf: f64,
        relative_gradient: f64,
        iterations: u64,
        #[serde(flatten)]
        head: HeadRows,
    },
    Separable {
        separation: Box<Separation>,
    },
    NotConverged {
        why: String,
    },
}

/// The features that separate are printed for the first few classes; JSON has all.
const MAX_REASONS: usize = 4;

fn named(places: &[usize], names: &[String]) -> Vec<String> {
    places.iter().map(|&place| names[place].clone()).collect()
}

impl Separation {
    pub(super) fn new(proof: &Separable, features: &[String], classes: &[String]) -> Self {
        let apart = |own: &SeparatedClass| SeparatedClassRecord {
            class: classes[own.class].clone(),
            kind: own.kind,
            because: own.sentence(features, classes),
            separated_samples: Count(own.separated_size),
            direction: HeadRows::of(&own.direction),
        };
        Self {
            kind: proof.kind,
            because: proof.sentence(features, classes),
            classes: named(&proof.classes, classes),
            separated_samples: Count(proof.separated_size),
            column_class: proof.column_class.map(|class| classes[class].clone()),
            features: proof.features().map(|few| named(&few, features)),
            given_away: proof
                .given_away
                .iter()
                .map(|proof| GivenAwayRecord::new(proof, features, classes))
                .collect(),
            direction: HeadRows::of(&proof.direction),
            separated_classes: proof.separated_classes.iter().map(apart).collect(),
            remaining: proof.remaining.as_ref().map(|left| RemainingRecord::new(left, features, classes)),
        }
    }

    /// What separates which classes, in plain words.
    pub(super) fn explained(&self) -> String {
        if let Some(because) = &self.because {
            return format!("{}.", one_line(because));
        }
        let samples = counted_samples(self.separated_samples);
        let classes = listed(&self.classes);
        let mut whose = match &self.column_class {
            Some(class) => format!("a linear head for class {} against the rest", short_name(class)),
            None => "a linear head".to_owned(),
        };
        if let Some(features) = &self.features {
            whose += &format!(" (of {})", listed(features));
        }
        match self.kind {
            SeparationKind::Complete => format!("{whose} separates all {samples} (classes {classes})."),
            SeparationKind::Quasi => format!(
                "{whose} puts {samples} of classes {classes} on the right side, and none on the wrong one."
            ),
        }
    }

    /// Which classes separate, where there are others, and how solving for those ended.
    pub(super) fn classes_apart(&self) -> String {
        let mut text =
            "No finite coefficients minimise this loss: it falls without end along that head.\n".to_owned();
        self.add_classes_apart(&mut text);
        text
    }

    fn add_classes_apart(&self, text: &mut String) {
        let apart: Vec<String> = self.separated_classes.iter().map(|own| own.class.clone()).collect();
        if apart.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "Separated from all others: {} ({}).",
            counted(apart.len() as u64, "class"),
            listed(&apart)
        );
        for own in self.separated_classes.iter().take(MAX_REASONS) {
            if let Some(because) = own.because.as_ref().filter(|_| apart.len() > 1) {
                let _ = writeln!(text, "  {}: {}", short_name(&own.class), one_line(because));
            }
        }
        let Some(left) = &self.remaining else { return };
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
                let _ =
                    writeln!(text, "Some of the other {classes} separate, too: {}", separation.explained());
                separation.add_classes_apart(text);
            }
            RemainingAnswerRecord::NotConverged { why } => {
                let _ = writeln!(text, "The other {classes} are not solved: {}.", one_line(why));
            }
        }
    }
}

impl GivenAwayRecord {
    fn new(proof: &GivenAway, features: &[String], classes: &[String]) -> Self {
        Self {
            feature: features[proof.feature].clone(),
            minus: proof.minus.map(|minus| features[minus].clone()),
            values: proof.values,
            classes: named(&proof.classes, classes),
            samples: Count(proof.samples),
        }
    }
}

impl RemainingRecord {
    fn new(left: &Remaining, features: &[String], classes: &[String]) -> Self {
        let classes = named(&left.classes, classes);
        let answer = match &left.answer {
            RemainingAnswer::Stationary { head, loss, certificate, recomputed } => {
                RemainingAnswerRecord::Stationary {
                    loss: *loss,
                    gradient_inf: recomputed.gradient_inf,
                    relative_gradient: recomputed.relative_gradient,
                    iterations: certificate.iterations,
                    head: HeadRows::of(head),
                }
            }
            RemainingAnswer::Separable(proof) => RemainingAnswerRecord::Separable {
                separation: Box::new(Separation::new(proof, features, &classes)),
            },
            RemainingAnswer::NotConverged { why } => RemainingAnswerRecord::NotConverged { why: why.clone() },
        };
        Self { classes, answer }
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
