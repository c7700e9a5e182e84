//! argmin's own solvers over a cost and gradient in nalgebra: what a careful user of that library would write.

use crate::clock::Clock;
use crate::{Head, Samples};
use anyhow::{Error, Result, bail};
use argmin::core::{CostFunction, Executor, Gradient, Hessian, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::newton::Newton;
use argmin::solver::quasinewton::LBFGS;
use nalgebra::{DMatrix, DVector};
use std::str::FromStr;
use std::sync::Mutex;

const MEMORY: usize = 10;
const MAX_ITERATIONS: u64 = 2_000;
const NEWTON_STEPS: u64 = 12;

pub enum Solver {
    Lbfgs,
    Newton,
}

impl FromStr for Solver {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "lbfgs" => Ok(Self::Lbfgs),
            "newton" => Ok(Self::Newton),
            _ => bail!("{name}: lbfgs or newton"),
        }
    }
}

/// What the problems share.
struct Data {
    /// Features with a row of ones below, `(D + 1) x N`.
    features: DMatrix<f64>,
    /// Balanced weights of the samples; they sum to one.
    weights: DVector<f64>,
    /// The penalty on each parameter.
    penalty: DVector<f64>,
}

impl Data {
    fn new(samples: &Samples, columns: usize, l2: f64) -> Self {
        let (d, n) = (samples.dimension, samples.labels.len());
        let mut counts = vec![0.0; samples.classes];
        samples.labels.iter().for_each(|&label| counts[label as usize] += 1.0);
        let weight = |&label: &u32| 1.0 / (samples.classes as f64 * counts[label as usize]);
        Self {
            features: DMatrix::from_column_slice(d, n, &samples.features).insert_row(d, 1.0),
            weights: DVector::from_iterator(n, samples.labels.iter().map(weight)),
            penalty: DVector::from_fn(
                (d + 1) * columns,
                |entry, _| if entry % (d + 1) < d { l2 } else { 0.0 },
            ),
        }
    }

    fn penalty_of(&self, theta: &DVector<f64>) -> f64 {
        0.5 * theta.component_mul(theta).dot(&self.penalty)
    }
}

/// Remembers where the gradient was smallest: a failed line search loses everything else.
#[derive(Default)]
struct Smallest(Mutex<Option<(f64, DVector<f64>)>>);

impl Smallest {
    fn see(&self, gradient: &DVector<f64>, theta: &DVector<f64>) {
        let mut kept = self.0.lock().expect("one thread");
        if kept.as_ref().is_none_or(|(least, _)| gradient.amax() < *least) {
            *kept = Some((gradient.amax(), theta.clone()));
        }
    }

    fn take(&self) -> Result<DVector<f64>> {
        let kept = self.0.lock().expect("one thread").take();
        Ok(kept.ok_or_else(|| Error::msg("no gradient was ever asked for"))?.1)
    }
}

/// A logistic column: one class against the rest.
struct Column<'a> {
    data: &'a Data,
    signs: DVector<f64>,
    smallest: &'a Smallest,
}

impl Column<'_> {
    /// Logits towards each sample's own side.
    fn margins(&self, theta: &DVector<f64>) -> DVector<f64> {
        self.data.features.tr_mul(theta).component_mul(&self.signs)
    }
}

/// The sigmoid of `-margin`.
fn shortfall(margin: f64) -> f64 {
    if margin > 0.0 { (-margin).exp() / (1.0 + (-margin).exp()) } else { 1.0 / (1.0 + margin.exp()) }
}

impl CostFunction for Column<'_> {
    type Param = DVector<f64>;
    type Output = f64;

    fn cost(&self, theta: &DVector<f64>) -> Result<f64> {
        let loss = self.margins(theta).map(|m| (-m.abs()).exp().ln_1p() + (-m).max(0.0));
        Ok(loss.dot(&self.data.weights) + self.data.penalty_of(theta))
    }
}

impl Gradient for Column<'_> {
    type Param = DVector<f64>;
    type Gradient = DVector<f64>;

    fn gradient(&self, theta: &DVector<f64>) -> Result<DVector<f64>> {
        let slopes = self.margins(theta).map(|m| -shortfall(m)).component_mul(&self.signs);
        let slopes = slopes.component_mul(&self.data.weights);
        let gradient = &self.data.features * slopes + theta.component_mul(&self.data.penalty);
        self.smallest.see(&gradient, theta);
        Ok(gradient)
    }
}

impl Hessian for Column<'_> {
    type Param = DVector<f64>;
    type Hessian = DMatrix<f64>;

    fn hessian(&self, theta: &DVector<f64>) -> Result<DMatrix<f64>> {
        let curvature = self.margins(theta).map(|m| shortfall(m) * shortfall(-m));
        let curvature = curvature.component_mul(&self.data.weights);
        let mut weighted = self.data.features.clone();
        weighted.column_iter_mut().zip(curvature.iter()).for_each(|(mut sample, w)| sample *= *w);
        Ok(weighted * self.data.features.transpose() + DMatrix::from_diagonal(&self.data.penalty))
    }
}

/// Softmax over all classes; parameters class by class.
struct Softmax<'a> {
    data: &'a Data,
    labels: &'a [u32],
    classes: usize,
    smallest: &'a Smallest,
}

impl Softmax<'_> {
    fn logits(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        let heads = DMatrix::from_column_slice(self.data.features.nrows(), self.classes, theta.as_slice());
        heads.tr_mul(&self.data.features)
    }
}

impl CostFunction for Softmax<'_> {
    type Param = DVector<f64>;
    type Output = f64;

    fn cost(&self, theta: &DVector<f64>) -> Result<f64> {
        let logits = self.logits(theta);
        let samples = logits.column_iter().zip(self.labels).zip(self.data.weights.iter());
        let loss = |((z, &label), weight): ((nalgebra::DVectorView<f64>, &u32), &f64)| {
            let largest = z.max();
            let sum: f64 = z.iter().map(|z| (z - largest).exp()).sum();
            weight * (sum.ln() + largest - z[label as usize])
        };
        Ok(samples.map(loss).sum::<f64>() + self.data.penalty_of(theta))
    }
}

impl Gradient for Softmax<'_> {
    type Param = DVector<f64>;
    type Gradient = DVector<f64>;

    fn gradient(&self, theta: &DVector<f64>) -> Result<DVector<f64>> {
        let mut residuals = self.logits(theta);
        let samples = residuals.column_iter_mut().zip(self.labels).zip(self.data.weights.iter());
        for ((mut z, &label), weight) in samples {
            let largest = z.max();
            z.apply(|z| *z = (*z - largest).exp());
            z /= z.sum();
            z[label as usize] -= 1.0;
            z *= *weight;
        }
        let gradient = &self.data.features * residuals.transpose();
        let gradient =
            DVector::from_column_slice(gradient.as_slice()) + theta.component_mul(&self.data.penalty);
        self.smallest.see(&gradient, theta);
        Ok(gradient)
    }
}

/// L-BFGS until its line search fails or nothing moves.
fn lbfgs<P>(problem: P, unknowns: usize) -> Result<()>
where
    P: CostFunction<Param = DVector<f64>, Output = f64>
        + Gradient<Param = DVector<f64>, Gradient = DVector<f64>>,
{
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY);
    let solver = solver.with_tolerance_grad(1e-16)?.with_tolerance_cost(0.0)?;
    let start = DVector::zeros(unknowns);
    match Executor::new(problem, solver)
        .configure(|state| state.param(start).max_iters(MAX_ITERATIONS))
        .run()
    {
        Ok(result) => eprintln!("{} iterations", result.state.get_iter()),
        Err(error) => eprintln!("{error}"),
    }
    Ok(())
}

/// Newton's method, which ends after a number of steps only.
fn newton(problem: Column, unknowns: usize) -> Result<()> {
    let start = DVector::zeros(unknowns);
    Executor::new(problem, Newton::<f64>::new())
        .configure(|state| state.param(start).max_iters(NEWTON_STEPS))
        .run()?;
    Ok(())
}

/// One column for a binary problem, else one per class.
pub fn logistic(samples: &Samples, l2: f64, solver: Solver) -> Result<Head> {
    let data = Data::new(samples, 1, l2);
    let unknowns = samples.dimension + 1;
    let targets = if samples.classes == 2 { 1..2 } else { 0..samples.classes };
    let mut head = Head { coefficients: Vec::new(), intercepts: Vec::new() };
    let clock = Clock::start();
    for target in targets {
        let sign = |&label: &u32| if label as usize == target { 1.0 } else { -1.0 };
        let signs = DVector::from_iterator(samples.labels.len(), samples.labels.iter().map(sign));
        let smallest = Smallest::default();
        let column = Column { data: &data, signs, smallest: &smallest };
        match solver {
            Solver::Lbfgs => lbfgs(column, unknowns)?,
            Solver::Newton => newton(column, unknowns)?,
        }
        let theta = smallest.take()?;
        head.coefficients.extend(theta.iter().take(samples.dimension));
        head.intercepts.push(theta[samples.dimension]);
    }
    clock.report();
    Ok(head)
}

pub fn softmax(samples: &Samples, l2: f64) -> Result<Head> {
    let data = Data::new(samples, samples.classes, l2);
    let (rows, smallest) = (samples.dimension + 1, Smallest::default());
    let problem =
        Softmax { data: &data, labels: &samples.labels, classes: samples.classes, smallest: &smallest };
    let clock = Clock::start();
    lbfgs(problem, rows * samples.classes)?;
    clock.report();
    let theta = smallest.take()?;
    let heads = DMatrix::from_column_slice(rows, samples.classes, theta.as_slice());
    Ok(Head {
        coefficients: heads.rows(0, samples.dimension).iter().copied().collect(),
        intercepts: heads.row(samples.dimension).iter().copied().collect(),
    })
}
