//! Many inputs on all cores, none of which may end in a panic.

use crate::mutation::mutated;
use anyhow::{Result, ensure};
use equipoise::data::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Hands `inputs` mutations of `seeds` to `take`, each with a number drawn for choices of its own; `take` says whether it could
/// use them. Inputs on which it panics are written into `crashes`.
pub(crate) fn drive(
    seeds: &[Vec<u8>],
    crashes: &Path,
    (inputs, seed): (u64, u64),
    take: impl Fn(&[u8], usize) -> bool + Sync + std::panic::RefUnwindSafe,
) -> Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    let (taken, refused, crashed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    (0..inputs).into_par_iter().for_each(|input| {
        let mut generator = stream(seed, input);
        let bytes = mutated(seeds, &mut generator);
        let choice = generator.random_range(0..usize::from(u16::MAX));
        let outcome = match catch_unwind(|| take(&bytes, choice)) {
            Ok(true) => &taken,
            Ok(false) => &refused,
            Err(_) => {
                let _ = std::fs::write(crashes.join(format!("crash-{seed}-{input}")), &bytes);
                &crashed
            }
        };
        outcome.fetch_add(1, Ordering::Relaxed);
    });
    let [taken, refused, crashed] = [taken, refused, crashed].map(AtomicUsize::into_inner);
    println!(
        "{inputs} inputs from {} files: {taken} taken, {refused} refused, {crashed} panics",
        seeds.len()
    );
    ensure!(crashed == 0, "inputs that end in a panic are in {}", crashes.display());
    Ok(())
}
