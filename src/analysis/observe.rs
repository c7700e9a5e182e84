//! Measures where a search has ended: from its solution, from logits alone (for trained networks too), and on samples that a
//! head was not solved on (names that begin with `test_`).

use super::descend::{Descended, End, Evaluation, Objective, recorded_iterations};
use super::free_features::feature_gradient;
use super::measure::Measure;
use crate::balance::{
    Calibration, Centroids, FlowPolytope, HeldOutBalance, Ledger, LedgerEntry, MeanProbability, NORMAL_95,
    Neglect, USUAL_STEP, WeightEffects, accuracy, binary_error_ratio, class_log_losses, held_out_balance,
    held_out_bias, hits, neglect, recalls, relative_difference, residual_centroids,
};
use crate::data::Dataset;
use crate::loss::{BuiltLoss, ClassWeighting, ClassWeights, Inr, Link, Loss, LossSpec, Targets};
use crate::numeric::{Sigmoid, softplus};
use crate::solver::{Head, Problem};
use nalgebra::{DMatrix, DVector};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

/// The measures of one problem, or which of them it does not have and why.
pub(super) type Measured = Result<BTreeMap<Measure, Vec<f64>>, String>;

/// Measures a problem at the end of its search; nothing where there is no answer.
pub(super) fn observe(
    wanted: &[Measure],
    problem: &Problem,
    dataset: &Dataset,
    test: Option<&Dataset>,
    descended: &Descended,
) -> Measured {
    let objective = Objective::new(problem, dataset);
    let (head, logits, loss) = match &descended.end {
        End::Stationary(point) => (&point.head, point.logits(), Some((point.loss, point.data_loss))),
        End::Stopped(head) => (head, objective.logits(head), None),
        End::Unsolved(_) => return Ok(BTreeMap::new()),
    };
    let targets = problem.targets();
    let tested = test.map(|test| TestedHead::on(test, head, problem, (dataset, &logits))).transpose()?;
    let means = MeanProbability::of(problem.loss().link(), &logits, targets);
    let seen = SolvedProblem {
        problem,
        dataset,
        head,
        objective: &objective,
        certified: loss,
        measures: LogitMeasures {
            targets,
            ledger: Ledger::at(problem.loss(), &logits, targets),
            neglect: neglect(&means, targets),
            hits: hits(&logits, targets),
            means,
        },
        logits: &logits,
        descended,
        tested,
        effects: OnceCell::new(),
        evaluations: OnceCell::new(),
    };
    let take = |&measure: &Measure| {
        if let Some(why) = unfit(measure, problem, dataset, test.is_some()) {
            return Err(format!("`{}` {why}", measure.name()));
        }
        Ok((measure, seen.take(measure)))
    };
    wanted.iter().map(take).collect()
}

/// Why a measure cannot be taken of a problem, if it cannot.
pub(super) fn unfit(
    measure: Measure,
    problem: &Problem,
    dataset: &Dataset,
    tests: bool,
) -> Option<&'static str> {
    use Measure as M;
    let classes = problem.targets().classes();
    let softmax = problem.spec() == Some(&LossSpec::Softmax);
    let logistic = problem.spec() == Some(&LossSpec::Logistic);
    let binary_logistic = logistic && classes == 2;
    let weighting = problem.spec().map(|spec| spec.row().class_weights);
    match measure {
        M::ErrorRatio
        | M::ExpectedErrorRatio
        | M::ErrorRatioResidual
        | M::PointProbability
        | M::PointLoss
            if classes != 2 =>
        {
            Some("needs two classes; remove it from `measure` or choose a design of two")
        }
        M::PointProbability | M::PointLoss if dataset.fixed_logits().is_some() => {
            Some("needs features; remove it from `measure` or choose a design with features")
        }
        _ if is_of_test(measure) && !tests => {
            Some("needs test samples; remove it from `measure` or add `test`")
        }
        M::TestBalance | M::TestBalanceDeviation | M::TestBalanceCovered if !(softmax || logistic) => {
            Some("is defined for softmax and logistic loss only; remove it from `measure`")
        }
        M::TestBalanceBias if !(softmax || binary_logistic) => {
            Some("is defined for softmax and the binary logistic loss only; remove it from `measure`")
        }
        M::CoefficientCosine if problem.loss().logit_rows() != classes => {
            Some("needs a loss with a logit for every class; remove it from `measure`")
        }
        _ if is_of_training(measure) => {
            Some("needs trained networks; remove it from `measure` or add a `[training]` table")
        }
        M::SumRuleResidual if !(softmax || binary_logistic) => {
            Some("is defined for softmax and the binary logistic loss only; remove it from `measure`")
        }
        M::WeightEffect if weighting == Some(ClassWeighting::Yes) => {
            Some("is not computed for this loss; use `weight_effect_by_differences`")
        }
        M::Centroid | M::CentroidResidual if !binary_logistic => {
            Some("is defined for the binary logistic loss only; remove it from `measure`")
        }
        _ => None,
    }
}

/// One problem and everything that measures are read off.
struct SolvedProblem<'a> {
    problem: &'a Problem<'a>,
    dataset: &'a Dataset,
    head: &'a Head,
    objective: &'a Objective<'a>,
    /// Loss with and without penalty, as the solver says.
    certified: Option<(f64, f64)>,
    logits: &'a DMatrix<f64>,
    measures: LogitMeasures<'a>,
    descended: &'a Descended<'a>,
    /// The head on test samples, if there are any.
    tested: Option<TestedHead<'a>>,
    /// Weight effects, once a measure has asked.
    effects: OnceCell<Option<WeightEffects>>,
    /// The evaluations at the recorded iterates, once a trace has asked.
    evaluations: OnceCell<Vec<Evaluation>>,
}

impl SolvedProblem<'_> {
    fn take(&self, measure: Measure) -> Vec<f64> {
        use Measure as M;
        let tested = self.tested.as_ref().and_then(|tested| tested.take(measure));
        if let Some(numbers) = tested.or_else(|| self.measures.take(measure)) {
            return numbers;
        }
        match measure {
            M::Loss => {
                vec![self.certified.map_or_else(|| self.objective.evaluate(self.head).loss, |loss| loss.0)]
            }
            M::DataLoss => vec![self.data_loss()],
            M::Gradient => vec![self.gradient()],
            M::Iterations => vec![self.iterations()],
            M::WholeSampleResidual => self.whole_sample_residual().into_iter().collect(),
            M::CentroidResidual => vec![self.centroid_residual()],
            M::ClassLoss => class_log_losses(self.problem.loss().link(), self.logits, self.problem.targets()),
            M::WeightEffect => self.weight_effects(),
            M::WeightEffectByDifferences => self.weight_effects_by_differences(),
            M::SumRuleResidual => self
                .effects()
                .map(|effects| effects.sum_rule(&self.measures.means, self.problem.targets()))
                .into_iter()
                .collect(),
            M::GuaranteedProbability => self.guaranteed(),
            M::PointProbability => {
                self.points().into_iter().map(|(odds, _)| Sigmoid::of(odds).probability).collect()
            }
            M::PointLoss => {
                self.points().into_iter().map(|(odds, positives)| positives * softplus(-odds)).collect()
            }
            M::Guarantee => self.guarantee(),
            M::Intercept => self.head.intercepts.clone(),
            M::Contribution => rows(&self.contributions()),
            M::Coefficient => rows(&self.head.coefficients),
            M::CoefficientCosine => rows(&self.coefficient_cosines()),
            M::FeatureGradient => {
                vec![feature_gradient(self.problem, self.dataset, self.head, &self.gradient_by_logits())]
            }
            M::Centroid => rows(&self.centroids()),
            M::Iteration | M::LossTrace | M::LossChangeTrace | M::GradientTrace | M::BalanceTrace => {
                self.trace(measure)
            }
            // Measures of logits are taken already; the rest is of trained networks, which `unfit` refuses.
            _ => Vec::new(),
        }
    }

    fn data_loss(&self) -> f64 {
        self.certified.map_or_else(
            || {
                let penalty = self.problem.l2() / 2.0 * self.head.coefficients.norm_squared();
                self.objective.evaluate(self.head).loss - penalty
            },
            |loss| loss.1,
        )
    }

    fn gradient(&self) -> f64 {
        match &self.descended.end {
            End::Stationary(point) => point.recomputed().gradient_inf,
            _ => self.objective.evaluate(self.head).gradient_inf,
        }
    }

    fn iterations(&self) -> f64 {
        match &self.descended.end {
            End::Stationary(point) => point.certificate.iterations as f64,
            _ => self.descended.iterates.len().saturating_sub(1) as f64,
        }
    }

    /// R1 or R2 at the logits, whatever batches were solved for; nothing for another loss.
    fn whole_sample_residual(&self) -> Option<f64> {
        let targets = self.problem.targets();
        let &LossSpec::Inr { beta, variant } = self.problem.spec()? else { return None };
        let inr = Inr { classes: targets.classes(), beta, variant };
        Some(Ledger::at(&inr, self.logits, targets).worst_residual())
    }

    /// R3: `s_k + log(K - 1) / beta`; nothing is guaranteed for another loss.
    fn guarantee(&self) -> Vec<f64> {
        let slack = match self.problem.loss() {
            BuiltLoss::Inr(inr) => ((inr.classes - 1) as f64).ln() / inr.beta,
            _ => f64::INFINITY,
        };
        self.measures.means.shortfall.iter().map(|shortfall| shortfall + slack).collect()
    }

    /// Sums of the gradient with respect to logits over each class's samples, over the mass of the column's class.
    fn contributions(&self) -> DMatrix<f64> {
        let (loss, targets) = (self.problem.loss(), self.problem.targets());
        let by_logits = self.gradient_by_logits();
        let classes = targets.classes();
        let mut sums = DMatrix::zeros(classes, classes);
        for (column, &label) in by_logits.column_iter().zip(targets.class_indices()) {
            for (row, &entry) in column.iter().enumerate() {
                sums[(label as usize, loss.target_of(row))] += entry * loss.denominator();
            }
        }
        if self.logits.nrows() == 1 {
            // A higher logit of class 1 is a lower one of class 0.
            sums.set_column(0, &-sums.column(1));
        }
        for class in 0..classes {
            // LGL-INR sums class means: its own class has mass one.
            let mass = if matches!(loss, BuiltLoss::Inr(_)) { 1.0 } else { targets.mass()[class] };
            sums.column_mut(class).unscale_mut(mass);
        }
        sums
    }

    fn gradient_by_logits(&self) -> DMatrix<f64> {
        let mut by_logits = DMatrix::zeros(self.logits.nrows(), self.logits.ncols());
        self.problem.loss().value_and_gradient(self.logits, self.problem.targets(), &mut by_logits);
        by_logits
    }

    /// Of rows whose mean over classes is taken off, which no softmax sees.
    fn coefficient_cosines(&self) -> DMatrix<f64> {
        let mut rows = self.head.coefficients.clone();
        let mean = rows.row_mean();
        rows.row_iter_mut().for_each(|mut row| row -= &mean);
        let norms: Vec<f64> = rows.row_iter().map(|row| row.norm()).collect();
        let products = &rows * rows.transpose();
        DMatrix::from_fn(norms.len(), norms.len(), |j, k| products[(j, k)] / (norms[j] * norms[k]))
    }

    /// No effects where the Hessian is singular or the search was stopped short.
    fn effects(&self) -> Option<&WeightEffects> {
        let at = || match &self.descended.end {
            End::Stationary(point) => WeightEffects::at(point).ok(),
            _ => None,
        };
        self.effects.get_or_init(at).as_ref()
    }

    /// `dP[k][k]` by each weight.
    fn weight_effects(&self) -> Vec<f64> {
        let diagonals = self.effects().into_iter().flat_map(|effects| &effects.of_weight);
        diagonals.flat_map(|effect| effect.diagonal().iter().copied().collect::<Vec<_>>()).collect()
    }

    /// The same from problems solved again; no numbers where one of them has no stationary point.
    fn weight_effects_by_differences(&self) -> Vec<f64> {
        let (problem, targets) = (self.problem, self.problem.targets());
        let effect = |class: usize| {
            let weights = targets.class_weights();
            WeightEffects::by_differences(
                self.dataset,
                problem.spec()?,
                weights,
                problem.l2(),
                class,
                USUAL_STEP,
            )
            .map(|effect| effect.diagonal().iter().copied().collect::<Vec<_>>())
        };
        let effects: Option<Vec<Vec<f64>>> = (0..targets.classes()).map(effect).collect();
        effects.unwrap_or_default().concat()
    }

    /// I4, one per class.
    fn guaranteed(&self) -> Vec<f64> {
        let targets = self.problem.targets();
        let polytope = FlowPolytope::new(targets.mass().to_vec());
        (0..targets.classes()).map(|class| polytope.mean_probability(class, class).low).collect()
    }

    /// The log odds of class 1, and its sample count (by weights), at each distinct point.
    fn points(&self) -> Vec<(f64, f64)> {
        let features = self.dataset.features();
        let mut place_of = HashMap::new();
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (sample, &label) in self.problem.targets().class_indices().iter().enumerate() {
            let bits: Vec<u64> = features.column(sample).iter().map(|value| value.to_bits()).collect();
            let place = *place_of.entry(bits).or_insert_with(|| {
                let odds = match self.logits.column(sample).as_slice() {
                    &[odds] => odds,
                    z => z[1] - z[0],
                };
                points.push((odds, 0.0));
                points.len() - 1
            });
            points[place].1 += f64::from(label) * self.problem.targets().sample_weight(sample);
        }
        points
    }

    /// One row per class.
    fn centroids(&self) -> DMatrix<f64> {
        let features = self.dataset.features();
        let centroids = Centroids::at(&features, self.logits, self.problem.targets());
        DMatrix::from_fn(2, features.nrows(), |class, feature| centroids.of_class[class][feature])
    }

    /// B4, the shift by the penalty taken off: `l2 M w / (lambda_1 N_1 s_1)`.
    fn centroid_residual(&self) -> f64 {
        let targets = self.problem.targets();
        let force =
            self.problem.l2() * targets.total_mass() / (targets.mass()[1] * self.measures.means.shortfall[1]);
        let penalty_gap: DVector<f64> = self.head.coefficients.row(0).transpose() * force;
        residual_centroids(&self.dataset.features(), self.logits, targets, &penalty_gap)
    }

    fn trace(&self, measure: Measure) -> Vec<f64> {
        let iterates = &self.descended.iterates;
        let numbers = recorded_iterations(iterates.len());
        let evaluations = || {
            self.evaluations.get_or_init(|| {
                numbers.iter().map(|&number| self.objective.evaluate(&iterates[number])).collect()
            })
        };
        match measure {
            Measure::LossTrace => evaluations().iter().map(|evaluation| evaluation.loss).collect(),
            Measure::GradientTrace => {
                evaluations().iter().map(|evaluation| evaluation.gradient_inf).collect()
            }
            Measure::BalanceTrace => {
                evaluations().iter().map(|evaluation| evaluation.balance_residual).collect()
            }
            Measure::LossChangeTrace => {
                let loss = |number: usize| self.objective.evaluate(&iterates[number]).loss;
                let change = |&number: &usize| {
                    let (before, after) = (loss(number.saturating_sub(1)), loss(number));
                    if number == 0 { f64::INFINITY } else { (before - after).abs() / after.abs() }
                };
                numbers.iter().map(change).collect()
            }
            _ => numbers.iter().map(|&number| number as f64).collect(),
        }
    }
}

/// Whether a measure is of samples that were not solved on.
fn is_of_test(measure: Measure) -> bool {
    use Measure as M;
    matches!(
        measure,
        M::TestAccuracy
            | M::TestBalancedAccuracy
            | M::TestWorstRecall
            | M::TestRecall
            | M::TestMeanProbability
            | M::TestCalibrationError
            | M::TestBalanceResidual
            | M::TestBalance
            | M::TestBalanceDeviation
            | M::TestBalanceCovered
            | M::TestBalanceBias
    )
}

/// Whether a measure is of trained networks alone.
fn is_of_training(measure: Measure) -> bool {
    use Measure as M;
    matches!(
        measure,
        M::LearningRate
            | M::Flattened
            | M::LargestClassTrace
            | M::SmallestClassTrace
            | M::TriedRate
            | M::HeldOutRecall
    )
}

/// Whether a measure is of iterates.
pub(super) fn is_trace(measure: Measure) -> bool {
    measure.shape() == super::measure::Shape::Iterations
}

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
            M::PredictedMass => self.means.flow(targets).row_sum().iter().copied().collect(),
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

/// A head on samples that it was not solved on.
pub(super) struct TestedHead<'a> {
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

impl<'a> TestedHead<'a> {
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
            M::TestBalanceResidual => {
                vec![Ledger::at(self.problem.loss(), &self.logits, &self.targets).worst_residual()]
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
