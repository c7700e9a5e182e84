//! Separable data: the proof, the features that separate, and the answer for the remaining classes.

use super::HeadRows;
use crate::numeric::Count;
use crate::solver::{
    FeatureValues, GivenAway, Remaining, RemainingAnswer, Separable, SeparatedClass, SeparationKind,
};
use serde::Serialize;

/// A proof of separability, checkable by multiplication: no margin is negative, in exact arithmetic.
#[derive(Debug, Serialize)]
pub struct Separation {
    /// Complete or quasi-complete.
    pub kind: SeparationKind,
    /// What single features say, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Classes of the samples that are separated.
    pub classes: Vec<String>,
    /// Samples with a positive margin, by their weights.
    pub separated_samples: Count,
    /// The class whose column separates, of one-vs-all losses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_class: Option<String>,
    /// The features that carry the direction, where these are few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Single features that separate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given_away: Vec<GivenAwayRecord>,
    /// The head along which the loss falls for ever.
    pub direction: HeadRows,
    /// Classes set apart from all others, each by a head of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub separated_classes: Vec<SeparatedClassRecord>,
    /// The problem without those classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<RemainingRecord>,
}

/// A single feature that separates: all samples with these values belong to these classes.
#[derive(Debug, Serialize)]
pub struct GivenAwayRecord {
    /// Its name.
    pub feature: String,
    /// The feature that is taken from it, where it is a difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minus: Option<String>,
    /// The values.
    pub values: FeatureValues,
    /// Classes of the samples that have them.
    pub classes: Vec<String>,
    /// Those samples, by their weights.
    pub samples: Count,
}

/// A class that a row of its own sets apart from all others.
#[derive(Debug, Serialize)]
pub struct SeparatedClassRecord {
    /// Its name.
    pub class: String,
    /// Complete or quasi-complete.
    pub kind: SeparationKind,
    /// What single features say, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Samples with a positive margin, by their weights.
    pub separated_samples: Count,
    /// The head.
    pub direction: HeadRows,
}

/// The classes that are left, and how solving for them ended.
#[derive(Debug, Serialize)]
pub struct RemainingRecord {
    /// Their names.
    pub classes: Vec<String>,
    /// The answer.
    #[serde(flatten)]
    pub answer: RemainingAnswerRecord,
}

/// How solving for the remaining classes ended.
#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RemainingAnswerRecord {
    /// At a stationary point.
    Stationary {
        /// The mean loss.
        loss: f64,
        /// Largest entry of the gradient.
        gradient_inf: f64,
        /// The same relative to the magnitude of its terms.
        relative_gradient: f64,
        /// Steps taken.
        iterations: u64,
        /// The head.
        #[serde(flatten)]
        head: HeadRows,
    },
    /// Some separate again.
    Separable {
        /// The proof.
        separation: Box<Separation>,
    },
    /// Without an answer.
    NotConverged {
        /// What happened.
        why: String,
    },
}

fn named(places: &[usize], names: &[String]) -> Vec<String> {
    places.iter().map(|&place| names[place].clone()).collect()
}

impl Separation {
    /// Of a proof, with the names of features and classes.
    #[must_use]
    pub fn new(proof: &Separable, features: &[String], classes: &[String]) -> Self {
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
