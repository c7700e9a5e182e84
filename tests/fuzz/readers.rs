//! Audits of files that are nearly files: none may end in a panic.
//!
//! `fuzz_readers CORPUS INPUTS SEED` changes the files of a directory at random and audits each result under a loss drawn at
//! random. An input on which the program panics is written to the directory as `crash-NUMBER`, and the run ends with code 1;
//! otherwise it prints how many were taken, that is audited, and how many refused. Files that once made it panic stay in the corpus.

mod drive;
mod mutation;

use anyhow::{Context, Result, ensure};
use drive::drive;
use equipoise::audit::{AuditInput, ReadOptions, Reduction, audit, recalibrate};
use equipoise::loss::{CATALOGUE, Choices, ClassWeights};
use std::path::Path;

/// Larger input takes long and shows nothing new.
const MAX_LOGITS: usize = 4096;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, inputs, seed] = arguments.as_slice() else {
        anyhow::bail!("fuzz_readers CORPUS INPUTS SEED");
    };
    let corpus = Path::new(corpus);
    drive(&seeds_in(corpus)?, corpus, (inputs.parse()?, seed.parse()?), |bytes, choice| {
        is_audited(bytes, choice % CATALOGUE.len())
    })
}

/// All files of a directory, in the order of their names.
fn seeds_in(corpus: &Path) -> Result<Vec<Vec<u8>>> {
    let entries = std::fs::read_dir(corpus).with_context(|| corpus.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let seeds = paths.iter().map(|path| Ok(std::fs::read(path)?)).collect::<Result<Vec<_>>>()?;
    ensure!(!seeds.is_empty(), "{} holds no files", corpus.display());
    Ok(seeds)
}

/// Whether it can be read, and then audited.
fn is_audited(bytes: Vec<u8>, choice: usize) -> bool {
    let Ok(input) = AuditInput::of_bytes(bytes, "input", &ReadOptions::default()) else { return false };
    if input.labels().samples() * input.columns() > MAX_LOGITS {
        return false;
    }
    let entry = &CATALOGUE[choice];
    let plan = entry.plan(&Choices::default());
    let record = audit(&input, entry.name, &plan, &ClassWeights::Balanced, (Reduction::WeightedMean, 0.01));
    record.is_ok_and(|_| recalibrate(&input, &plan, &ClassWeights::None, 0.01).is_ok())
}
