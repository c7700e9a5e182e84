//! `[[table]]`: series beside each other, in numbers.

use crate::analysis::measure::Selector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Means and standard deviations over repetitions of every series at every sweep point, and differences between series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablePlan {
    /// Name of the table, such as `T1`; part of the names of its files.
    pub id: String,
    /// Whose means are shown: numbers (`test_accuracy`, `test_recall.9`), or measures with a number for every class
    /// (`test_recall`).
    pub measures: Vec<Selector>,
    /// Differences that are asked about, named before the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub family: Vec<Family>,
}

/// Paired differences of a number at every sweep point, whose tests are adjusted together by Holm's method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// What is asked, in a few words.
    pub name: String,
    /// The number.
    pub measure: Selector,
    /// The series, by name, whose differences are taken; all but those of `against` if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<String>,
    /// The series that each is compared with, by name.
    pub against: Vec<String>,
}

impl TablePlan {
    /// Every number of a measure that the table shows, with its key below that of the table.
    pub(in crate::analysis) fn selectors(&mut self) -> Vec<(String, &mut Selector)> {
        let shown = self.measures.iter_mut().map(|measure| ("measures".to_owned(), measure));
        let families = self.family.iter_mut().enumerate();
        let compared =
            families.map(|(number, family)| (format!("family.{number}.measure"), &mut family.measure));
        shown.chain(compared).collect()
    }
}

impl Family {
    /// The series that are compared, and with which.
    #[must_use]
    pub fn pairs(&self, names: &[String]) -> Vec<(String, String)> {
        let ours: Vec<&String> = if self.series.is_empty() {
            names.iter().filter(|name| !self.against.contains(name)).collect()
        } else {
            self.series.iter().collect()
        };
        let with = |theirs: &String| {
            ours.iter()
                .filter(|name| **name != theirs)
                .map(|name| ((*name).clone(), theirs.clone()))
                .collect::<Vec<_>>()
        };
        self.against.iter().flat_map(with).collect()
    }
}
