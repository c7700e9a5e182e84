//! Four small tables of measurements embedded in the program: real data of another kind than images, with classes of unequal
//! sizes.
//!
//! Source: UCI Machine Learning Repository, licence CC BY 4.0. *Glass Identification* (B. German, 1987), *Ecoli* (K. Nakai,
//! 1996; its three classes of two and five samples are left out), the thyroid gland data of D. Coomans in *Thyroid Disease*
//! (R. Quinlan, 1987), *Wine* (S. Aeberhard, M. Forina, 1992).

use super::{DataError, Dataset, Labels};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TabularSet {
    /// Nine chemical measurements of 214 pieces of glass, six kinds: 76, 70, 29, 17, 13 and 9 pieces.
    Glass,
    /// Seven scores of 327 proteins of E. coli, five places in the cell: 143, 77, 52, 35 and 20 proteins.
    Ecoli,
    /// Five laboratory tests of 215 patients, three states of the thyroid gland: 150, 35 and 30 patients.
    Thyroid,
    /// Thirteen chemical measurements of 178 wines, three cultivars: 71, 59 and 48 wines.
    Wine,
}

impl TabularSet {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Glass, Self::Ecoli, Self::Thyroid, Self::Wine];

    fn text(self) -> &'static str {
        match self {
            Self::Glass => include_str!("../../assets/tabular/glass.csv"),
            Self::Ecoli => include_str!("../../assets/tabular/ecoli.csv"),
            Self::Thyroid => include_str!("../../assets/tabular/thyroid.csv"),
            Self::Wine => include_str!("../../assets/tabular/wine.csv"),
        }
    }

    /// Its samples in file order, features in their own units; classes in order of their names.
    ///
    /// # Panics
    ///
    /// Never in a build whose tests pass: the tables are part of the program.
    #[must_use]
    pub fn dataset(self) -> Dataset {
        parse(self.text()).expect("the embedded tables are well formed")
    }
}

/// A line of names, of which the last is the class, and a line for each sample.
fn parse(text: &str) -> Result<Dataset, DataError> {
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = lines.collect();
    let dimension = names.len().saturating_sub(1);
    let (mut values, mut class_names) = (Vec::with_capacity(rows.len() * dimension), Vec::new());
    for (line, row) in (2..).zip(&rows) {
        let wrong = |problem: String| DataError::invalid(format!("embedded table, line {line}"), problem);
        let (Some((class, measured)), true) = (row.split_last(), row.len() == names.len()) else {
            return Err(wrong(format!("{} cells for {} names", row.len(), names.len())));
        };
        for cell in measured {
            values.push(cell.parse::<f64>().map_err(|_| wrong(format!("`{cell}` is no number")))?);
        }
        class_names.push((*class).to_owned());
    }
    let mut classes = class_names.clone();
    classes.sort_unstable();
    classes.dedup();
    let index =
        |name: &String| (0..).zip(&classes).find(|(_, class)| *class == name).map_or(0, |(index, _)| index);
    let labels = Labels::new(class_names.iter().map(index).collect(), classes.clone())?;
    let names = names.iter().take(dimension).map(|&name| name.to_owned()).collect();
    Dataset::new(DMatrix::from_vec(dimension, rows.len(), values), names, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_the_sizes_that_are_documented() {
        let sizes = |set: TabularSet| {
            let dataset = set.dataset();
            let mut counts = dataset.labels().counts().to_vec();
            counts.sort_unstable_by(|one, other| other.cmp(one));
            (dataset.dimension(), counts)
        };
        assert_eq!(sizes(TabularSet::Glass), (9, vec![76, 70, 29, 17, 13, 9]));
        assert_eq!(sizes(TabularSet::Ecoli), (7, vec![143, 77, 52, 35, 20]));
        assert_eq!(sizes(TabularSet::Thyroid), (5, vec![150, 35, 30]));
        assert_eq!(sizes(TabularSet::Wine), (13, vec![71, 59, 48]));
    }

    #[test]
    fn features_and_classes_keep_their_places() {
        let glass = TabularSet::Glass.dataset();
        assert_eq!(glass.feature_names()[..2], ["refractive_index", "sodium"]);
        assert_eq!(glass.features().column(0).as_slice()[..3], [1.52101, 13.64, 4.49]);
        assert_eq!(glass.labels().class_names()[glass.labels().class_indices()[0] as usize], "float");
        assert_eq!(glass.labels().class_names().len(), 6);
    }

    #[test]
    fn a_broken_table_is_refused_by_its_line() {
        for (text, expected) in
            [("a,class\n1,x\n2", "line 3: 1 cells"), ("a,class\nb,x", "line 2: `b` is no number")]
        {
            let error = parse(text).expect_err("broken").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
