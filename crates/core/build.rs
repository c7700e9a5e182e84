//! Gives the crate a digest of its code and data, which distinguishes checkpoints and finished checks of earlier builds.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What results depend on. The versions of other crates are those of the workspace, or of the package.
const COMPUTING: [&str; 4] = ["src", "assets", "../../Cargo.lock", "Cargo.lock"];

fn main() {
    println!("cargo::rustc-env=EQUIPOISE_CORE_CODE={:016x}", digest_of(&COMPUTING));
}

/// A digest of the files at and below these places. Another compiler may compute other last digits, and another digest too.
fn digest_of(places: &[&str]) -> u64 {
    let mut digest = DefaultHasher::new();
    // One of the places of versions is there. A file that is missing would count as changed in every build.
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
