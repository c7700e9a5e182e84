//! The analyses embedded in the program.

use super::error::AnalysisError;
use super::file::Source;
use crate::nearest::nearest;
use std::path::PathBuf;

/// An analysis file by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its name, without extension.
    pub name: &'static str,
    /// What the file says.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        [$(Shipped { name: $name, text: include_str!(concat!("../../analyses/", $name, ".toml")) }),+]
    };
}

/// All of them, in the order of their figures.
pub const SHIPPED: [Shipped; 28] = shipped![
    "binary-weights",
    "probability-maps",
    "softmax-balance",
    "centroids",
    "decision-regions",
    "averaging",
    "dilution",
    "ledger",
    "beta-sweep",
    "convergence",
    "long-tail",
    "triangle",
    "four-classes",
    "sign-map",
    "circulation",
    "contrary-weight",
    "guarantee",
    "weight-effects",
    "other-classes",
    "training",
    "polish",
    "digits-table",
    "tabular",
    "mini-batches",
    "separable",
    "out-of-sample",
    "minority-collapse",
    "label-noise",
];

impl Shipped {
    /// The one of a name.
    ///
    /// # Errors
    /// No shipped analysis has this name ([`AnalysisError::Unknown`]).
    pub fn named(name: &str) -> Result<Self, AnalysisError> {
        SHIPPED.into_iter().find(|shipped| shipped.name == name).ok_or_else(|| {
            let names: Vec<String> = SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect();
            let near = nearest(name, &names).map(|near| format!("did you mean `{near}`?"));
            let advice = near.unwrap_or_else(|| "`equipoise analyses` lists them".to_owned());
            let problem = format!("is no shipped analysis and no file; {advice}");
            AnalysisError::Unknown { name: name.to_owned(), problem }
        })
    }

    /// Its text as a source.
    #[must_use]
    pub fn source(self) -> Source {
        Source { name: self.name.to_owned(), text: self.text.to_owned(), directory: PathBuf::from(".") }
    }
}
