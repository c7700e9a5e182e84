//! Measures on samples that a head was not solved on, by names that begin with `test_`.

use super::logit_measures::rows;
use super::measure::Measure;
use crate::balance::{
    Calibration, HeldOutBalance, MeanProbability, NORMAL_95, accuracy, held_out_balance, held_out_bias, hits,
    recalls,
};
use crate::data::Dataset;
use crate::loss::{ClassWeights, Link, Loss, Targets};
use crate::solver::{Head, Problem};
use nalgebra::DMatrix;
use std::cell::OnceCell;

/// A head on samples that it was not solved on.
pub(super) struct Tested<'a> {
    problem: &'a Problem<'a>,
    /// What it was solved on.
    dataset: &'a Dataset,
    training_logits: &'a DMatrix<f64>,
    targets: Targets,
    /// Logits of the test samples.
    logits: DMatrix<f64>,
    means: MeanProbability,
    recalls: Vec<f64>,
    accuracy: f64,
    /// T1, once a measure has asked.
    balance: OnceCell<Vec<HeldOutBalance>>,
}

impl<'a> Tested<'a> {
    /// `test` has the classes of `dataset`.
    pub(super) fn on(
        test: &Dataset,
        head: &Head,
        problem: &'a Problem<'a>,
        (dataset, training_logits): (&'a Dataset, &'a DMatrix<f64>),
    ) -> Result<Self, String> {
        let weights = ClassWeights::Explicit(problem.targets().class_weights().to_vec());
        let targets = Targets::new(test.labels(), &weights).map_err(|error| error.to_string())?;
        let logits = head.logits(&test.features());
        let hits = hits(&logits, &targets);
        Ok(Self {
            problem,
            dataset,
            training_logits,
            means: MeanProbability::of(problem.loss().link(), &logits, &targets),
            recalls: recalls(&hits, &targets),
            accuracy: accuracy(&hits, &targets),
            logits,
            targets,
            balance: OnceCell::new(),
        })
    }

    /// The numbers of a measure, if it is one of these; none where T2's bias is not known.
    pub(super) fn take(&self, measure: Measure) -> Option<Vec<f64>> {
        use Measure as M;
        let of_balance =
            |pick: fn(&HeldOutBalance) -> f64| -> Vec<f64> { self.balance().iter().map(pick).collect() };
        Some(match measure {
            M::TestAccuracy => vec![self.accuracy],
            M::TestBalancedAccuracy => vec![self.recalls.iter().sum::<f64>() / self.recalls.len() as f64],
            M::TestWorstRecall => vec![self.recalls.iter().copied().fold(1.0, f64::min)],
            M::TestRecall => self.recalls.clone(),
            M::TestMeanProbability => rows(&self.means.matrix),
            M::TestCalibrationError => {
                vec![Calibration::of(self.link(), &self.logits, &self.targets).calibration_error.l1]
            }
            M::TestBalance => of_balance(|balance| balance.difference),
            M::TestBalanceDeviation => of_balance(|balance| balance.standard_deviation),
            M::TestBalanceCovered => of_balance(|balance| {
                f64::from(u8::from(balance.difference.abs() <= NORMAL_95 * balance.standard_deviation))
            }),
            M::TestBalanceBias => self.bias(),
            _ => return None,
        })
    }

    fn link(&self) -> Link {
        self.problem.loss().link()
    }

    fn balance(&self) -> &[HeldOutBalance] {
        self.balance.get_or_init(|| {
            held_out_balance(self.link(), self.problem.targets(), &self.logits, &self.targets)
        })
    }

    fn bias(&self) -> Vec<f64> {
        let (targets, l2) = (self.problem.targets(), self.problem.l2());
        held_out_bias(self.link(), self.dataset, targets, self.training_logits, l2).unwrap_or_default()
    }
}
