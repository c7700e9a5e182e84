//! Predicts the memory of an audit before any of it is allocated: a vocabulary as a set of classes has tables of billions of
//! numbers.

use super::AuditInput;
use super::pass::part_count;
use crate::data::DataError;
use crate::loss::LossSpec;
use crate::memory::check_memory;

/// What to do about an audit that is too large.
const FEWER: &str = "audit fewer classes, such as the most frequent ones and one for all others";

/// Fails when the audit of so many classes takes more memory than is free.
pub(super) fn check_audit(input: &AuditInput, plan: &LossSpec) -> Result<(), DataError> {
    let (samples, classes) = (input.labels().samples(), input.labels().classes());
    let parts = part_count(samples, input.columns(), classes) as u128;
    let entries = wide(classes) * wide(classes.max(input.columns()));
    // Compensated sums of every part and of the whole; then what is made of them, the record and its text.
    let sums = 2 * DOUBLE * tables(plan) * (parts + 1) * entries;
    let record = RECORD * tables(plan) * entries;
    check(sums + record + DOUBLE * factors(plan) * entries, &format!("an audit of {classes} classes takes"))
}

/// The same of solving for the intercepts, beside the audit: logits in doubles, and second derivatives.
pub(super) fn check_recalibration(input: &AuditInput) -> Result<(), DataError> {
    let (samples, columns) = (wide(input.labels().samples()), wide(input.columns()));
    check(DOUBLE * (4 * samples * columns + 3 * columns * columns), "recalibration takes")
}

/// The same of batches that are drawn: logits in doubles.
pub(super) fn check_batches(input: &AuditInput) -> Result<(), DataError> {
    let entries = wide(input.labels().samples()) * wide(input.columns());
    check(2 * DOUBLE * entries, "drawing batches takes")
}

/// The same of held-out samples: logits of both in doubles.
pub(super) fn check_held_out(input: &AuditInput, held_out: &AuditInput) -> Result<(), DataError> {
    let samples = wide(input.labels().samples()) + wide(held_out.labels().samples());
    check(2 * DOUBLE * samples * wide(input.columns()), "held-out samples take")
}

/// The same of a last layer that is compared: features and logits in doubles. Solving for the exact one asks for itself.
pub(super) fn check_layer(input: &AuditInput, features: usize) -> Result<(), DataError> {
    let (samples, columns) = (wide(input.labels().samples()), wide(input.columns()));
    check(DOUBLE * samples * (2 * wide(features) + 3 * columns), "the last layer takes")
}

/// Bytes of a double.
const DOUBLE: u128 = size_of::<f64>() as u128;
/// Bytes of an entry of a table at the end: as it is measured, in the record, and as text.
const RECORD: u128 = 2 * DOUBLE + 25;

/// Tables with an entry for every pair of classes.
fn tables(plan: &LossSpec) -> u128 {
    match plan {
        LossSpec::Inr { .. } => 3,
        LossSpec::LogitAdjusted { .. }
        | LossSpec::BalancedSoftmax
        | LossSpec::Ldam { .. }
        | LossSpec::VectorScaling { .. }
        | LossSpec::Seesaw { .. } => 2,
        _ => 1,
    }
}

/// Tables of weights of pairs, with their copies.
fn factors(plan: &LossSpec) -> u128 {
    match plan {
        LossSpec::PosWeight { .. } | LossSpec::Equalization { .. } | LossSpec::Seesaw { .. } => 4,
        _ => 0,
    }
}

fn check(needed: u128, what: &str) -> Result<(), DataError> {
    check_memory(needed, what, FEWER).map_err(|error| DataError::invalid("audit", error.to_string()))
}

fn wide(size: usize) -> u128 {
    size as u128
}
