//! The paper's claims as checks: statement, set-ups fixed in advance, measured residuals, verdict. One file per family
//! of docs/theory.md ids; every law is also evaluated at points that are not stationary, where it must be seen to fail.

mod averaging;
mod claim;
mod dimension;
mod engine;
mod error;
mod flows;
mod hard_margin;
mod held_out;
mod kept;
mod laws;
mod measurement;
mod mini_batch;
mod minority_collapse;
#[cfg(feature = "networks")]
mod networks;
mod newton;
mod other_heads;
mod seeds;
mod separable;
mod setup;
mod unexpected_effects;
mod verdict;
mod weight_effects;
mod zoo;

pub use claim::Balance;
pub use engine::{
    Advance, Effort, VerifyOptions, claim_follows_from, claim_ids, claim_statement, claim_title, current_id,
    sample_balances, tolerance, verify, verify_on,
};
pub use error::ClaimError;
pub use kept::CheckedSetups;
pub use seeds::{SeedsVerdict, verify_seeds};
pub use unexpected_effects::{
    EffectSearch, FoundEffect, MORE_WEIGHT, UnexpectedEffect, contrary_weight, contrary_weight_of_three,
    helping_weight, hindering_weight,
};
pub use verdict::{Control, DRAWS_FOR_INTERVAL, Finding, LEAST_RATE, Rate, Verdict};

#[cfg(test)]
mod tests;
