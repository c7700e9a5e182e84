//! Both sides of the balance over the claims' own set-ups, for a picture of the law.

use super::case::Balance;
use super::engine::checked_law;
use super::error::ClaimError;
use super::kept::CheckedSetups;
use super::law::BALANCE_LAWS;
use crate::numeric::try_map_items;

/// Balances of the first `cases` set-ups of each balance law, at the stationary point and at the control point, each with the
/// id of its law. Set-ups that are checked are not solved again.
///
/// # Errors
/// A newly checked set-up cannot be saved ([`ClaimError::Unkept`]).
pub fn sample_balances(
    seed: u64,
    cases: usize,
    checked: &CheckedSetups,
) -> Result<Vec<(&'static str, Balance)>, ClaimError> {
    let tasks: Vec<(&'static str, usize)> =
        BALANCE_LAWS.iter().flat_map(|&law| (0..cases).map(move |case| (law, case))).collect();
    let of_task = |(law, case): (&'static str, usize)| {
        let report = checked_law(law, seed, case, checked)?;
        Ok(report.balances.into_iter().map(|balance| (law, balance)).collect())
    };
    let balances: Vec<Vec<_>> = try_map_items(tasks, of_task)?;
    Ok(balances.concat())
}
