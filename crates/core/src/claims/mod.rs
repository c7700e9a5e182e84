//! The paper's claims as checks: statement, set-ups fixed in advance, measured residuals, verdict. One file per family
//! of docs/theory.md ids; every law is also evaluated at points that are not stationary, where it must be seen to fail.

#[cfg(feature = "networks")]
mod along_training;
mod averaging;
mod binary;
mod case;
mod comparison;
mod contrary_weight;
mod derived;
mod dimension;
mod engine;
mod error;
mod flows;
mod hard_margin;
mod held_out;
mod inr;
mod kept;
mod label_noise;
mod law;
mod measurement;
mod mini_batch;
mod minority_collapse;
mod mixture;
#[cfg(feature = "networks")]
mod networks;
mod newton;
mod one_vs_all;
mod other_heads;
mod rate;
mod repair;
mod sample;
mod seeds;
mod sentence;
mod separable;
mod setup;
mod softmax;
mod unexpected_effects;
mod verdict;
mod weight_effects;
mod zoo;

pub use case::Balance;
pub use derived::claim_follows_from;
pub use engine::{
    Advance, Effort, VerifyOptions, claim_ids, claim_statement, claim_title, current_id, tolerance, verify,
    verify_on,
};
pub use error::ClaimError;
pub use kept::CheckedSetups;
pub use rate::{DRAWS_FOR_INTERVAL, LEAST_RATE, Rate};
pub use sample::sample_balances;
pub use seeds::{SeedsVerdict, verify_seeds};
pub use unexpected_effects::{
    EffectSearch, FoundEffect, MORE_WEIGHT, UnexpectedEffect, contrary_weight, contrary_weight_of_three,
    helping_weight, hindering_weight,
};
pub use verdict::{Control, Finding, Verdict};

#[cfg(test)]
mod tests;
