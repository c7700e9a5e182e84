//! What differs between two runs of the same program: when, where, and built from what.

use super::date::date;
use crate::numeric::counted;
use std::env::consts::{ARCH, OS};
use std::time::SystemTime;

/// Versions of everything the program was built from.
const LOCK: &str = include_str!("../../Cargo.lock");
/// Libraries on which numbers and pictures hang.
const LIBRARIES: [&str; 5] = ["argmin", "faer", "nalgebra", "plotters", "statrs"];

/// When, where, and built from what.
pub(super) struct Circumstances {
    pub(super) date: String,
    pub(super) machine: String,
    pub(super) libraries: String,
}

impl Circumstances {
    /// Now and here.
    pub(super) fn of_this_machine() -> Self {
        let threads = std::thread::available_parallelism()
            .map_or_else(|_| "threads unknown".to_owned(), |count| counted(count.get() as u64, "thread"));
        let processor = processor().map_or_else(String::new, |name| format!("{name}, "));
        Self {
            date: date(SystemTime::now()).unwrap_or_else(|| "unknown".to_owned()),
            machine: format!("{processor}{threads}, {OS}, {ARCH}"),
            libraries: libraries(LOCK),
        }
    }
}

/// The processor's name, where the system has it in a file.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Names and versions out of a lock file.
fn libraries(lock: &str) -> String {
    let mut found = Vec::new();
    for package in lock.split("[[package]]") {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start_matches([' ', '=']).trim_matches('"'))
        };
        if let (Some(name), Some(version)) = (value("name"), value("version"))
            && LIBRARIES.contains(&name)
        {
            found.push(format!("{name} {version}"));
        }
    }
    found.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_has_its_version() {
        let text = libraries(LOCK);
        for name in LIBRARIES {
            assert!(
                text.split(", ").any(|part| part.starts_with(name) && part.contains('.')),
                "{name}: {text}"
            );
        }
    }
}
