//! Gives the program a digest of the code that computes its numbers, which distinguishes records of earlier builds; the solver for
//! browsers, if there is one; and what `--version` says: commit and features.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What records depend on: the computing crate, sweeps over it, versions of other crates (where this is a package, of the
/// computing crate too).
const COMPUTING: [&str; 4] = ["crates/core/src", "crates/core/assets", "src/analysis", "Cargo.lock"];

fn main() {
    println!("cargo::rustc-env=EQUIPOISE_CODE={:016x}", digest_of(&COMPUTING));
    embed_solver();
    println!("cargo::rustc-env=EQUIPOISE_COMMIT={}", commit());
    println!("cargo::rustc-env=EQUIPOISE_FEATURES={}", features());
}

/// The variable that names the file which `scripts/site` compiles.
const SOLVER: &str = "EQUIPOISE_SOLVER";

/// Puts the solver for browsers where the program embeds it: an empty file where none is named.
fn embed_solver() {
    println!("cargo::rerun-if-env-changed={SOLVER}");
    let solver = env::var_os(SOLVER).map_or_else(Vec::new, |file| {
        println!("cargo::rerun-if-changed={}", file.to_string_lossy());
        fs::read(&file).unwrap_or_else(|error| panic!("{SOLVER}: {}: {error}", file.to_string_lossy()))
    });
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it"));
    fs::write(out.join("solver"), solver).expect("cargo's own directory can be written");
}

/// The commit that an optimised build was made from. Others are made after every change of a file, which would then be a change of
/// this text too, and compile the library anew.
fn commit() -> String {
    if std::env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return "not recorded in debug builds".to_owned();
    }
    for place in
        ["src", "crates", "analyses", "Cargo.toml"].into_iter().filter(|place| Path::new(place).exists())
    {
        println!("cargo::rerun-if-changed={place}");
    }
    of_package().or_else(of_checkout).unwrap_or_else(|| "unknown".to_owned())
}

/// What `cargo package` wrote down.
fn of_package() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, after) = text.split_once("\"sha1\"")?;
    after.split('"').nth(1).map(|commit| commit.chars().take(DIGITS).collect())
}

/// Digits of a commit that are shown.
const DIGITS: usize = 12;

/// What git says of a checkout of this package alone; a copy within another repository has no commit.
fn of_checkout() -> Option<String> {
    fs::symlink_metadata(".git").ok()?;
    let digits = format!("--abbrev={DIGITS}");
    let describe = ["describe", "--always", "--exclude=*", "--dirty= with changes", &digits];
    let output = Command::new("git").args(describe).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The features of the build, by name.
fn features() -> String {
    let names = std::env::vars().filter_map(|(name, _)| {
        name.strip_prefix("CARGO_FEATURE_").map(|feature| feature.to_lowercase().replace('_', "-"))
    });
    let names: BTreeSet<String> = names.filter(|name| name != "default").collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// A digest of the files at and below these places. Another compiler may compute other last digits, and another digest too.
fn digest_of(places: &[&str]) -> u64 {
    let mut digest = DefaultHasher::new();
    // A package holds some of the places. A file that is missing would count as changed in every build.
    for place in places.iter().filter(|place| Path::new(place).exists()) {
        println!("cargo::rerun-if-changed={place}");
        for file in files(Path::new(place)) {
            file.to_string_lossy().replace('\\', "/").hash(&mut digest);
            // A file that cannot be read fails the build elsewhere, if it is needed.
            fs::read(&file).unwrap_or_default().hash(&mut digest);
        }
    }
    digest.finish()
}

/// All files at and below a path, in a fixed order.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}
