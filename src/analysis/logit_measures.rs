//! Measures from logits alone, for solved heads and trained networks alike.

use super::measure::Measure;
use crate::balance::{
    Ledger, LedgerEntry, MeanProbability, Neglect, accuracy, binary_error_ratio, recalls, relative_difference,
};
use crate::loss::Targets;
use nalgebra::DMatrix;

/// Mean probabilities, balance, neglect and hits at some logits.
pub(super) struct LogitMeasures<'a> {
    pub(super) targets: &'a Targets,
    pub(super) means: MeanProbability,
    pub(super) ledger: Ledger,
    pub(super) neglect: Vec<Neglect>,
    /// Samples of each class correctly classified.
    pub(super) hits: Vec<f64>,
}

impl LogitMeasures<'_> {
    /// The numbers of a measure, if it is one of these.
    pub(super) fn take(&self, measure: Measure) -> Option<Vec<f64>> {
        use Measure as M;
        let targets = self.targets;
        let of_ledger =
            |pick: fn(&LedgerEntry) -> f64| -> Vec<f64> { self.ledger.entries.iter().map(pick).collect() };
        let of_neglect = |pick: fn(&Neglect) -> f64| -> Vec<f64> { self.neglect.iter().map(pick).collect() };
        Some(match measure {
            M::BalanceResidual => vec![self.ledger.worst_residual()],
            M::Accuracy => vec![accuracy(&self.hits, targets)],
            M::BalancedAccuracy => vec![self.recalls().iter().sum::<f64>() / self.hits.len() as f64],
            M::WorstRecall => vec![self.recalls().into_iter().fold(1.0, f64::min)],
            M::ErrorRatio => vec![binary_error_ratio(&self.means, targets).0],
            M::ExpectedErrorRatio => vec![binary_error_ratio(&self.means, targets).1],
            M::ErrorRatioResidual => {
                let (measured, expected) = binary_error_ratio(&self.means, targets);
                vec![relative_difference(measured, expected)]
            }
            M::Asymmetry => {
                let flow = self.means.flow(targets);
                let between = &flow - DMatrix::from_diagonal(&flow.diagonal());
                vec![(&flow - flow.transpose()).amax() / between.amax()]
            }
            M::ClassCount => targets.sizes().to_vec(),
            M::ClassWeight => targets.class_weights().to_vec(),
            M::TargetProbability => self.means.matrix.diagonal().iter().copied().collect(),
            M::Shortfall => self.means.shortfall.clone(),
            M::Outflow => of_ledger(|entry| entry.outflow),
            M::OutflowShare => {
                let outflows = of_ledger(|entry| entry.outflow);
                let total: f64 = outflows.iter().sum();
                outflows.into_iter().map(|outflow| outflow / total).collect()
            }
            M::Inflow => of_ledger(|entry| entry.inflow),
            M::Residual => of_ledger(|entry| entry.residual),
            M::Recall => self.recalls(),
            M::Hardest => of_neglect(|column| column.hardest),
            M::Pooled => of_neglect(|column| column.pooled),
            M::NeglectRatio => of_neglect(|column| column.ratio),
            M::NeglectBound => of_neglect(|column| column.bound),
            M::MeanProbability => rows(&self.means.matrix),
            _ => return None,
        })
    }

    fn recalls(&self) -> Vec<f64> {
        recalls(&self.hits, self.targets)
    }
}

/// A matrix row by row.
pub(super) fn rows(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<_>>()).collect()
}
