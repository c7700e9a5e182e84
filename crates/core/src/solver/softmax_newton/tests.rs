//! Many classes: one factor for all of them, and first gradients in single precision, beside a factor for each.

use super::*;
use crate::data::random::stream;
use crate::data::{Dataset, Labels, SharedFeatures};
use crate::loss::{BuiltLoss, ClassWeights, LossSpec};
use crate::solver::problem::Intercept;
use crate::solver::search::scaled;
use crate::solver::softmax_system::SoftmaxCurvature;
use crate::solver::{Outcome, Problem, SolverSettings, solve_with};
use rand::RngExt;
use rand_distr::StandardNormal;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows of norm 1 in single precision whose covariance falls as a power of the rank, as those of a frozen network; classes
/// overlap. One row in a hundred is zero.
fn features_of_a_network(samples: usize, dimension: usize, classes: usize) -> Dataset {
    let mut random = stream(3, 0);
    let mut normal = || random.sample::<f64, _>(StandardNormal);
    let spread: Vec<f64> = (1..=dimension).map(|rank| (rank as f64).powf(-1.1)).collect();
    let draw = |normal: &mut dyn FnMut() -> f64| spread.iter().map(|s| s * normal()).collect::<Vec<f64>>();
    let middle = draw(&mut normal);
    let centres: Vec<Vec<f64>> = (0..classes).map(|_| draw(&mut normal)).collect();
    let (mut values, mut labels) = (Vec::with_capacity(samples * dimension), Vec::with_capacity(samples));
    for sample in 0..samples {
        let class = sample % classes;
        let noise = draw(&mut normal);
        let row: Vec<f64> = (0..dimension).map(|j| middle[j] + 0.3 * centres[class][j] + noise[j]).collect();
        let norm =
            if sample % 100 == 7 { f64::INFINITY } else { row.iter().map(|x| x * x).sum::<f64>().sqrt() };
        values.extend(row.iter().map(|&x| f32::narrowed(x / norm)));
        labels.push(u32::try_from(class).expect("few"));
    }
    let names = (0..dimension).map(|j| format!("x{j}")).collect();
    let labels = Labels::numbered(labels, classes).expect("classes");
    Dataset::shared(SharedFeatures::Single(Arc::new(values)), names, labels).expect("finite")
}

fn problem(dataset: &Dataset, l2: f64) -> Problem<'_> {
    Problem::new(dataset, &LossSpec::Softmax, &ClassWeights::Balanced, l2).expect("a problem")
}

/// Head, value and relative gradient at the end of a search of some form, in the coordinates of the search.
fn end(problem: &Problem, form: Form) -> (DMatrix<f64>, f64, f64) {
    let features = scaled(problem);
    let BuiltLoss::Softmax(loss) = *problem.loss else { panic!("softmax") };
    let pass = SoftmaxPass { features: &features, targets: &problem.targets, loss };
    let theta = DMatrix::zeros(features.dimension(), problem.targets.classes());
    let mut newton = SoftmaxNewton::of_form(form, pass, theta, None);
    newton.run(60, 0.0);
    assert_eq!(newton.progress(), Progress::Converged, "{form:?}");
    (newton.theta().clone(), newton.value(), newton.relative_gradient())
}

#[test]
fn one_factor_for_all_classes_ends_where_a_factor_for_each_does() {
    for (sizes, l2, intercept) in [
        ((3000, 64, 100), 1e-5, Intercept::Free),
        ((900, 12, 30), 1e-3, Intercept::Free),
        ((900, 12, 30), 1e-4, Intercept::None),
    ] {
        let dataset = features_of_a_network(sizes.0, sizes.1, sizes.2);
        let problem = problem(&dataset, l2).with_intercept(intercept).expect("features");
        let ((shared, value, relative), (blocks, expected, _)) =
            (end(&problem, Form::Shared), end(&problem, Form::Blocks));
        assert!(relative <= 1e-12, "{l2}: {relative:e}");
        assert!((value / expected - 1.0).abs() <= 1e-14, "{l2}: {value} for {expected}");
        let apart = (&shared - &blocks).amax() / blocks.amax();
        assert!(apart <= 1e-9, "{l2}: {apart:e}");
    }
}

#[test]
fn many_classes_give_the_same_bits_on_any_number_of_threads() {
    let dataset = features_of_a_network(2600, 12, 30);
    let problem = problem(&dataset, 1e-5);
    let on = |threads: usize| {
        #[cfg(feature = "parallel")]
        {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| end(&problem, Form::Shared))
        }
        #[cfg(not(feature = "parallel"))]
        {
            let _ = threads;
            end(&problem, Form::Shared)
        }
    };
    assert_eq!(on(1), on(2));
}

/// Where all classes have the same curvature, the factor is that of the Hessian's blocks but for single precision.
#[test]
fn of_equal_classes_the_shared_factor_is_exact() {
    let dataset = features_of_a_network(2000, 16, 5);
    for l2 in [1e-3, 0.0] {
        let problem = problem(&dataset, l2);
        let features = scaled(&problem);
        let BuiltLoss::Softmax(loss) = *problem.loss else { panic!("softmax") };
        let targets = &*problem.targets;
        let theta = DMatrix::zeros(features.dimension(), 5);
        let pass = SoftmaxPass { features: &features, targets, loss };
        let factor = Preconditioner::new(Form::Shared, pass, &theta, &[], &[0.0; 5]);
        let kept = KeptFeatures::<f64>::new(&features, 5);
        let exact = kept_probabilities(&features, targets, &theta);
        let curvature = SoftmaxCurvature::new(&features, targets, loss, &theta, &kept, &exact);
        // Off the gauge the Hessian at zero is K / (K - 1) times its blocks.
        let mut direction = DMatrix::from_fn(features.dimension(), 5, |j, k| ((j * 5 + k) as f64).sin());
        let mean = direction.column_mean();
        direction.column_iter_mut().for_each(|mut column| column -= &mean);
        let mut image = curvature.product(&direction) * (4.0 / 5.0);
        for (j, penalty) in features.penalty().iter().enumerate() {
            image.row_mut(j).zip_apply(&direction.row(j), |sum, entry| *sum += penalty * entry);
        }
        let back = factor.apply(&image);
        let apart = (&back - &direction).amax() / direction.amax();
        assert!(apart <= 1e-3, "{l2}: {apart:e}");
    }
}

#[test]
fn a_tolerance_saves_steps_and_is_met() {
    let dataset = features_of_a_network(1500, 16, 20);
    let problem = problem(&dataset, 1e-5);
    let solved = |tolerance: f64| {
        let settings = SolverSettings { tolerance, ..SolverSettings::default() };
        match solve_with(&problem, &settings, &mut |_| ControlFlow::Continue(())) {
            Ok(Outcome::Stationary(point)) => *point,
            other => panic!("{other:?}"),
        }
    };
    let whole = solved(0.0);
    for tolerance in [1e-4, 1e-6, 1e-8] {
        let early = solved(tolerance);
        assert!(early.recomputed().gradient_inf <= tolerance);
        assert!(early.certificate.iterations < whole.certificate.iterations);
    }
}

/// `R^-1 A^-1 R^-1`, where features, all but the intercept, are multiplied by further powers of two.
#[test]
fn factors_follow_features_to_other_scales_to_the_last_bit() {
    let entry = |i: usize, j: usize| ((i + j) as f64).sin() + if i == j { 4.0 } else { 0.0 };
    let (ratios, all) = ([2.0, 0.25], DVector::from_vec(vec![2.0, 0.25, 1.0]));
    let block = DMatrix::from_fn(3, 3, entry);
    let factors = |block: DMatrix<f64>| {
        Preconditioner::Blocks(vec![nalgebra::Cholesky::new(block).expect("positive definite")])
    };
    let moved = DMatrix::from_fn(3, 3, |i, j| all[i] * block[(i, j)] * all[j]);
    let residual = DMatrix::from_column_slice(3, 1, &[0.3, -1.0, 2.0]);
    assert_eq!(factors(block).rescaled(&ratios).apply(&residual), factors(moved).apply(&residual));
}
