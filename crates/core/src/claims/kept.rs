//! Set-ups that are checked: none is checked twice, and an interrupted check resumes where it stopped.

use super::claim::CaseReport;
use super::error::ClaimError;
use crate::code::CODE;
#[cfg(feature = "files")]
use crate::files::journal::{self, Journal};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
#[cfg(feature = "files")]
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Everything the report of a set-up depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct SetupName {
    /// Digest of the code that computes it.
    code: String,
    claim: String,
    seed: u64,
    case: usize,
}

impl SetupName {
    /// That of this program.
    pub(super) fn of(claim: &str, seed: u64, case: usize) -> Self {
        Self { code: CODE.to_owned(), claim: claim.to_owned(), seed, case }
    }
}

#[cfg(feature = "files")]
#[derive(Serialize, Deserialize)]
struct CheckedSetup {
    name: SetupName,
    report: CaseReport,
}

/// The set-ups that are checked.
#[derive(Debug, Default)]
pub struct CheckedSetups {
    reports: Mutex<HashMap<SetupName, CaseReport>>,
    #[cfg(feature = "files")]
    journal: Option<Journal>,
    /// How many an earlier check has left.
    pub found: usize,
    /// What was found and could not be used.
    pub remarks: Vec<String>,
}

impl CheckedSetups {
    /// The report of a set-up, if there is one.
    pub(super) fn report(&self, name: &SetupName) -> Option<CaseReport> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Saves a report; one that JSON cannot hold, in memory only.
    pub(super) fn keep(&self, name: SetupName, report: &CaseReport) -> Result<(), ClaimError> {
        #[cfg(feature = "files")]
        self.write(&name, report)?;
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).insert(name, report.clone());
        Ok(())
    }
}

/// Of a build with files.
#[cfg(feature = "files")]
impl CheckedSetups {
    /// Reads the set-ups that an earlier check saved in a file, and saves further ones there; `None` while another
    /// process does the same.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Option<Self>, ClaimError> {
        let Some(journal) = Journal::open(path).map_err(|error| unkept(path, &error))? else {
            return Ok(None);
        };
        let mut remarks = Vec::new();
        let reports = journal::read::<CheckedSetup>(path, &mut remarks)
            .map_err(|error| ClaimError::Unread { path: path.to_owned(), reason: error.to_string() })?;
        let reports: HashMap<_, _> = reports.into_iter().map(|setup| (setup.name, setup.report)).collect();
        let found = reports.len();
        Ok(Some(Self { reports: Mutex::new(reports), journal: Some(journal), found, remarks }))
    }

    fn write(&self, name: &SetupName, report: &CaseReport) -> Result<(), ClaimError> {
        let Some(journal) = self.journal.as_ref().filter(|_| report.can_be_written()) else { return Ok(()) };
        journal
            .keep(&CheckedSetup { name: name.clone(), report: report.clone() })
            .map_err(|error| unkept(journal.path(), &error))
    }

    /// Removes the file: all set-ups are checked, and the next check starts again.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove_file(self) -> Result<(), ClaimError> {
        let Some(journal) = self.journal else { return Ok(()) };
        let path = journal.path().to_owned();
        journal.remove().map_err(|error| unkept(&path, &error))
    }
}

#[cfg(feature = "files")]
fn unkept(path: &Path, error: &std::io::Error) -> ClaimError {
    ClaimError::Unkept { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(all(test, feature = "files"))]
mod tests {
    use super::*;

    #[test]
    fn infinity_is_not_written_and_a_gap_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("setups.jsonl");
        let setups = CheckedSetups::open(&path).expect("opened").expect("free");
        let name = |case| SetupName::of("B1", 1, case);
        for (case, number) in [f64::NAN, f64::INFINITY].into_iter().enumerate() {
            let report = CaseReport { residual: Some(number), ..CaseReport::default() };
            setups.keep(name(case), &report).expect("kept in memory");
            assert!(setups.report(&name(case)).is_some());
        }
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "");
        let report = CaseReport { observed: vec![1.5, f64::NAN], ..CaseReport::default() };
        setups.keep(name(2), &report).expect("kept");
        drop(setups);
        let again =
            CheckedSetups::open(&path).expect("opened").expect("free").report(&name(2)).expect("there");
        assert!(again.observed[0] == 1.5 && again.observed[1].is_nan(), "{again:?}");
    }
}
