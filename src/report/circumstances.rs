//! What differs between two runs of the same program: when (in UTC, from the system's clock), where, and built from what.

use crate::numeric::counted;
use std::env::consts::{ARCH, OS};
use std::time::{SystemTime, UNIX_EPOCH};

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

const SECONDS_PER_DAY: u64 = 86_400;
const FIRST_YEAR: u64 = 1970;
/// The calendar repeats after this many years ..
const YEARS_PER_CYCLE: u64 = 400;
/// .. which have 97 leap days.
const DAYS_PER_CYCLE: u64 = 400 * 365 + 97;

/// `time` as `YYYY-MM-DD HH:MM UTC`; `None` before 1970.
pub(super) fn date(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (year, month, day) = civil_date(seconds / SECONDS_PER_DAY);
    let minutes = seconds % SECONDS_PER_DAY / 60;
    Some(format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60))
}

/// Year, month (from 1) and day (from 1) of the Gregorian calendar, `days` after 1 January 1970.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let mut year = FIRST_YEAR + days / DAYS_PER_CYCLE * YEARS_PER_CYCLE;
    let mut rest = days % DAYS_PER_CYCLE;
    while rest >= days_of_year(year) {
        rest -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_of_month(year, month) {
        rest -= days_of_month(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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

    fn shown(seconds: u64) -> String {
        date(UNIX_EPOCH + Duration::from_secs(seconds)).expect("after 1970")
    }

    #[test]
    fn known_moments() {
        assert_eq!(shown(0), "1970-01-01 00:00 UTC");
        assert_eq!(shown(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(shown(1_000_000_000), "2001-09-09 01:46 UTC");
        assert_eq!(shown(1_709_251_199), "2024-02-29 23:59 UTC");
        assert_eq!(shown(4_107_542_400), "2100-03-01 00:00 UTC");
        assert_eq!(date(UNIX_EPOCH - Duration::from_secs(1)), None);
    }

    #[test]
    fn every_day_of_a_cycle_follows_the_one_before() {
        for days in 1..=DAYS_PER_CYCLE {
            let (yesterday, today) = (civil_date(days - 1), civil_date(days));
            let (year, month, day) = yesterday;
            let follows = [(year, month, day + 1), (year, month + 1, 1), (year + 1, 1, 1)];
            assert!(follows.contains(&today), "{yesterday:?} {today:?}");
            assert!((1..=12).contains(&today.1) && today.2 <= days_of_month(today.0, today.1));
        }
        assert_eq!(civil_date(DAYS_PER_CYCLE), (2370, 1, 1));
    }
}
