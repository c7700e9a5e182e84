//! Inputs that are nearly what they should be: files of every kind that is read, and lessons of the lecture page. None may end
//! in a panic.
//!
//! `fuzz KIND INPUTS SEED [DIR]` changes sound inputs of a KIND (`audit`, `analysis`, `table`, `npy`, `images`, `results` or `lesson`)
//! at random. It prints how many were taken and how many refused. Inputs that end in a panic are written into DIR, by
//! default the current directory, and the exit code is 1.
//!
//! `fuzz KIND --seeds DIR` writes the sound inputs into DIR, for the targets in `fuzz/`.

mod drive;
mod inputs;
mod mutation;
mod seeds;

use anyhow::{Context, Result, bail};
use drive::drive;
use inputs::{KINDS, Take};
use seeds::seeds;
use std::path::Path;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [kind, "--seeds", directory] => write(&seeds(kind)?, Path::new(directory)),
        [kind, inputs, seed] => run(kind, inputs, seed, "."),
        [kind, inputs, seed, crashes] => run(kind, inputs, seed, crashes),
        _ => bail!("usage: fuzz KIND INPUTS SEED [DIR], or fuzz KIND --seeds DIR"),
    }
}

fn run(kind: &str, inputs: &str, seed: &str, crashes: &str) -> Result<()> {
    let take = taker(kind)?;
    let place = tempfile::tempdir()?;
    drive(&seeds(kind)?, Path::new(crashes), (inputs.parse()?, seed.parse()?), |bytes, choice| {
        let own = place.path().join(format!("{:?}", std::thread::current().id()));
        std::fs::create_dir_all(&own).is_ok() && take(&own, bytes, choice)
    })
}

fn taker(kind: &str) -> Result<Take> {
    let known = || KINDS.map(|(name, _)| name).join(", ");
    let found = KINDS.into_iter().find(|(name, _)| *name == kind);
    let (_, take) = found.with_context(|| format!("{kind}: no kind of input; there are {}", known()))?;
    Ok(take)
}

fn write(seeds: &[Vec<u8>], directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(directory.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}
