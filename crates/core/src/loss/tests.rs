//! Every loss against finite differences and closed forms, extreme logits included.

#![expect(clippy::cast_possible_truncation, reason = "a handful of classes")]

use super::*;
use crate::data::Labels;
use crate::numeric::{DoubleDouble, Sigmoid};

fn targets(classes: usize, weights: &[f64]) -> Targets {
    let labels = (0..4 * classes).map(|sample| (sample * 7 % classes) as u32).collect();
    let labels = Labels::numbered(labels, classes).expect("every class occurs");
    Targets::new(&labels, &ClassWeights::Explicit(weights.to_vec())).expect("valid weights")
}

/// The same with a weight for each sample, none of them whole.
fn weighted_targets(classes: usize, weights: &[f64]) -> Targets {
    let labels = targets(classes, weights).labels().clone();
    let each = (0..labels.samples()).map(|sample| 0.3 + (sample * 5 % 7) as f64 / 3.0).collect();
    let labels = labels.with_weights(each).expect("positive weights");
    Targets::new(&labels, &ClassWeights::Explicit(weights.to_vec())).expect("valid weights")
}

/// Fixed, irregular logits of a given scale.
fn logits(rows: usize, samples: usize, scale: f64) -> DMatrix<f64> {
    DMatrix::from_fn(rows, samples, |row, sample| scale * ((1.7 * row as f64 + 0.9 * sample as f64).sin()))
}

fn losses(targets: &Targets) -> Vec<(&'static str, Box<dyn Loss>)> {
    let classes = targets.classes();
    let inr = |beta, variant| Box::new(Inr { classes, beta, variant });
    vec![
        ("softmax", Box::new(Softmax::new(targets))),
        ("one-vs-all", Box::new(Logistic::one_vs_all(targets))),
        ("inr", inr(5.0, InrVariant::Attached)),
        ("inr beta 0", inr(0.0, InrVariant::Attached)),
        ("inr beta 50", inr(50.0, InrVariant::Attached)),
        ("focal", Box::new(Focal::new(targets, 2.0, FocalProbability::Plain))),
        ("focal, mild", Box::new(Focal::new(targets, 0.5, FocalProbability::Plain))),
        ("focal without focus", Box::new(Focal::new(targets, 0.0, FocalProbability::Plain))),
        ("focal of weighted loss", Box::new(Focal::new(targets, 2.0, FocalProbability::OfWeightedLoss))),
        ("sigmoid focal", Box::new(PowerLogistic::sigmoid_focal(targets, 2.0, 0.25))),
        ("sigmoid focal, mild", Box::new(PowerLogistic::sigmoid_focal(targets, 0.5, 0.75))),
        ("soft selection", Box::new(PowerLogistic::soft_selection(targets, 2.0, 1.5))),
        ("label smoothing", Box::new(LabelSmoothing::new(targets, 0.1, SmoothingWeights::Term))),
        ("label smoothing of samples", Box::new(LabelSmoothing::new(targets, 0.3, SmoothingWeights::Sample))),
        ("ldam", Box::new(ShiftedSoftmax::ldam(targets, 0.5, 3.0))),
        ("vector scaling", Box::new(ShiftedSoftmax::vector_scaled(targets, 1.5, 0.3))),
        ("positive weights", Box::new(Logistic::positive_weighted(targets, classes, &[2.0, 0.5, 7.0]))),
        ("equalization", Box::new(Logistic::equalized(targets, classes, 0.5))),
        ("logit-adjusted", Box::new(ShiftedSoftmax::logit_adjusted(targets, 1.0))),
    ]
}

fn gradient_at(loss: &dyn Loss, logits: &DMatrix<f64>, targets: &Targets) -> (f64, DMatrix<f64>) {
    let mut gradient = DMatrix::zeros(logits.nrows(), logits.ncols());
    let value = loss.value_and_gradient(logits, targets, &mut gradient);
    (value, gradient)
}

#[test]
fn gradients_and_curvatures_match_finite_differences() {
    let weights = [1.0, 2.5, 0.3];
    for targets in [targets(3, &weights), weighted_targets(3, &weights)] {
        match_finite_differences(&targets);
    }
}

fn match_finite_differences(targets: &Targets) {
    for scale in [0.3, 3.0, 12.0] {
        let at = logits(3, targets.samples(), scale);
        let along = logits(3, targets.samples(), 1.0).map(|value| (3.0 * value).cos());
        for (name, loss) in losses(targets) {
            let step = 1e-5;
            let (ahead, gradient_ahead) = gradient_at(&*loss, &(&at + &along * step), targets);
            let (behind, gradient_behind) = gradient_at(&*loss, &(&at - &along * step), targets);
            let (_, gradient) = gradient_at(&*loss, &at, targets);
            let slope = gradient.dot(&along);
            let difference = (ahead - behind) / (2.0 * step);
            assert!(
                (slope - difference).abs() <= 1e-8 * (1.0 + slope.abs()),
                "{name} at {scale}: slope {slope} {difference}"
            );
            let mut product = DMatrix::zeros(3, targets.samples());
            loss.curvature_product(&at, targets, &along, &mut product);
            let change = (gradient_ahead - gradient_behind) / (2.0 * step);
            assert!(
                (&product - &change).amax() <= 1e-7 * (1.0 + product.amax()),
                "{name} at {scale}: curvature"
            );
        }
    }
}

/// Values and gradients of samples with whole weights and of as many equal samples; a weight off by one is noticed.
#[test]
fn a_whole_weight_is_so_many_equal_samples() {
    let class_weights = ClassWeights::Explicit(vec![1.0, 2.5, 0.3]);
    let labels = targets(3, &[1.0; 3]).labels().clone();
    let times: Vec<usize> = (0..labels.samples()).map(|sample| 1 + sample * 5 % 4).collect();
    let repeated: Vec<usize> =
        times.iter().enumerate().flat_map(|(sample, &times)| std::iter::repeat_n(sample, times)).collect();
    let every = labels.subset(&repeated).expect("every class occurs");
    let every = Targets::new(&every, &class_weights).expect("valid");
    let once = |times: &[usize]| {
        let weights = times.iter().map(|&times| times as f64).collect();
        let labels = labels.clone().with_weights(weights).expect("positive");
        Targets::new(&labels, &class_weights).expect("valid")
    };
    let mut off_by_one = times.clone();
    off_by_one[4] += 1;
    let at = logits(3, labels.samples(), 2.0);
    let of_all = at.select_columns(&repeated);
    for (index, (name, loss)) in losses(&every).into_iter().enumerate() {
        let (expected, gradient_of_all) = gradient_at(&*loss, &of_all, &every);
        let apart = |targets: &Targets| {
            let (value, gradient) = gradient_at(&*losses(targets)[index].1, &at, targets);
            let mut sums = DMatrix::zeros(3, labels.samples());
            for (column, &sample) in gradient_of_all.column_iter().zip(&repeated) {
                let sum = sums.column(sample) + column;
                sums.set_column(sample, &sum);
            }
            ((value - expected).abs() / expected).max((gradient - &sums).amax() / sums.amax())
        };
        let (same, control) = (apart(&once(&times)), apart(&once(&off_by_one)));
        assert!(same < 1e-13, "{name}: {same:e}");
        assert!(control > 1e-4, "{name}: a weight that is off by one makes {control:e}");
    }
}

#[test]
fn one_vs_all_keeps_a_weight_per_class_and_none_per_pair() {
    let targets = targets(5, &[1.0, 2.0, 3.0, 4.0, 5.0]);
    let loss = Logistic::one_vs_all(&targets);
    let ColumnWeights::OfClass(weights) = loss.column_weights() else { panic!("a table of pairs") };
    assert_eq!(weights.len(), 5);
    // As a table of pairs it is the same loss.
    let pairs = Logistic::with_pair_weights(
        DMatrix::from_fn(5, 5, |class, _| targets.class_weights()[class]),
        targets.total_mass(),
    );
    assert_eq!(*loss.column_weights().matrix(5), *pairs.column_weights().matrix(5));
    let at = logits(5, targets.samples(), 2.0);
    assert_eq!(gradient_at(&loss, &at, &targets), gradient_at(&pairs, &at, &targets));
}

#[test]
fn extreme_logits_stay_finite_and_correct() {
    let targets = targets(3, &[1.0; 3]);
    let at = logits(3, targets.samples(), 1e4);
    for (name, loss) in losses(&targets) {
        let (value, gradient) = gradient_at(&*loss, &at, &targets);
        assert!(value.is_finite() && gradient.iter().all(|entry| entry.is_finite()), "{name}");
    }
    // Softmax at such logits: the loss is the mean gap to the largest logit.
    let (value, _) = gradient_at(&Softmax::new(&targets), &at, &targets);
    let gap =
        |sample: usize| at.column(sample).max() - at[(targets.class_indices()[sample] as usize, sample)];
    let expected = (0..targets.samples()).map(gap).sum::<f64>() / targets.samples() as f64;
    assert!((value - expected).abs() <= 1e-12 * expected, "{value} {expected}");
}

#[test]
fn a_well_fitted_target_keeps_its_tiny_residual() {
    let labels = Labels::numbered(vec![0, 1], 2).expect("two classes");
    let targets = Targets::new(&labels, &ClassWeights::None).expect("valid");
    let at = DMatrix::from_column_slice(2, 2, &[50.0, 0.0, 0.0, 50.0]);
    let (value, gradient) = gradient_at(&Softmax::new(&targets), &at, &targets);
    let tail = (-50.0_f64).exp();
    assert!((value / tail - 1.0).abs() < 1e-14);
    assert!((gradient[(0, 0)] / (-0.5 * tail) - 1.0).abs() < 1e-14);
    let row = DMatrix::from_row_slice(1, 2, &[-50.0, 50.0]);
    let (value, gradient) = gradient_at(&Logistic::binary(&targets), &row, &targets);
    assert!((value / tail - 1.0).abs() < 1e-14);
    assert!((gradient[(0, 1)] / (-0.5 * tail) - 1.0).abs() < 1e-14);
}

#[test]
fn detached_inr_is_the_logistic_loss_with_frozen_pair_weights() {
    let targets = targets(4, &[1.0; 4]);
    let at = logits(4, targets.samples(), 2.0);
    let inr = Inr { classes: 4, beta: 3.0, variant: InrVariant::Detached };
    let probability = |c: usize, k: usize| {
        let of_class = (0..targets.samples()).filter(|&sample| targets.class_indices()[sample] as usize == c);
        let sum: f64 = of_class.map(|sample| Sigmoid::of(at[(k, sample)]).probability).sum();
        sum / targets.counts()[c] as f64
    };
    let omega = |k| in_negative_weights(3.0, &(0..4).map(|c| probability(c, k)).collect::<Vec<_>>(), k);
    let pair = DMatrix::from_fn(4, 4, |c, k| {
        let weight = if c == k { 1.0 } else { omega(k)[c] };
        weight / targets.counts()[c] as f64
    });
    let frozen = Logistic::with_pair_weights(pair, 1.0);
    let ((value, gradient), (frozen_value, frozen_gradient)) =
        (gradient_at(&inr, &at, &targets), gradient_at(&frozen, &at, &targets));
    assert!((value - frozen_value).abs() < 1e-14 * value);
    assert!((gradient - frozen_gradient).amax() < 1e-16);
}

#[test]
fn the_derivative_of_the_detached_field_matches_finite_differences() {
    let targets = targets(4, &[1.0; 4]);
    for beta in [0.5, 5.0, 50.0] {
        let inr = Inr { classes: 4, beta, variant: InrVariant::Detached };
        let at = logits(4, targets.samples(), 2.0);
        let along = logits(4, targets.samples(), 1.0).map(|value| (3.0 * value).cos());
        let step = 1e-5;
        let (_, ahead) = gradient_at(&inr, &(&at + &along * step), &targets);
        let (_, behind) = gradient_at(&inr, &(&at - &along * step), &targets);
        let change = (ahead - behind) / (2.0 * step);
        let mut product = DMatrix::zeros(4, targets.samples());
        inr.curvature_product(&at, &targets, &along, &mut product);
        assert!((&product - &change).amax() <= 1e-7 * (1.0 + product.amax()), "beta {beta}");
    }
}

#[test]
fn seesaw_is_softmax_of_logits_whose_shifts_are_frozen() {
    let labels: Vec<u32> = vec![0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2];
    let labels = Labels::numbered(labels, 3).expect("every class occurs");
    let targets = Targets::new(&labels, &ClassWeights::Explicit(vec![1.0, 2.5, 0.3])).expect("valid");
    let seesaw = Seesaw::new(&targets, 0.8, 2.0, 0.01);
    let at = logits(3, targets.samples(), 3.0);
    let along = logits(3, targets.samples(), 1.0).map(|value| (3.0 * value).cos());
    let shift = seesaw.adjusted_logits(&at, &targets).into_owned() - &at;
    assert!(shift.amax() > 1.0 && shift.min() < 0.0, "both factors are at work: {shift}");
    let softmax = Softmax::new(&targets);
    let ((value, gradient), (frozen_value, frozen_gradient)) =
        (gradient_at(&seesaw, &at, &targets), gradient_at(&softmax, &(&at + &shift), &targets));
    assert!((value - frozen_value).abs() < 1e-14 * value);
    assert!((gradient - frozen_gradient).amax() < 1e-15);
    for floor in [0.0, 0.01, 0.3] {
        let seesaw = Seesaw::new(&targets, 0.8, 2.0, floor);
        let step = 1e-6;
        let (_, ahead) = gradient_at(&seesaw, &(&at + &along * step), &targets);
        let (_, behind) = gradient_at(&seesaw, &(&at - &along * step), &targets);
        let change = (ahead - behind) / (2.0 * step);
        let mut product = DMatrix::zeros(3, at.ncols());
        seesaw.curvature_product(&at, &targets, &along, &mut product);
        assert!((&product - &change).amax() <= 1e-8 * (1.0 + product.amax()), "floor {floor}");
    }
    // A frequent class's sample pushes the rare class down by its size, unless it is misclassified.
    let calm = DMatrix::from_fn(3, targets.samples(), |row, sample| {
        if row == targets.class_indices()[sample] as usize { 2.0 } else { 0.0 }
    });
    let shift = seesaw.adjusted_logits(&calm, &targets).into_owned() - &calm;
    assert!((shift[(2, 0)] - 0.8 * (1.0_f64 / 7.0).ln()).abs() < 1e-14 && shift[(0, 11)] == 0.0);
}

#[test]
fn binary_logistic_is_softmax_of_the_difference() {
    let targets = targets(2, &[1.0, 7.0]);
    let at = logits(2, targets.samples(), 3.0);
    let margin = DMatrix::from_fn(1, targets.samples(), |_, sample| at[(1, sample)] - at[(0, sample)]);
    let (softmax, gradient) = gradient_at(&Softmax::new(&targets), &at, &targets);
    let (binary, binary_gradient) = gradient_at(&Logistic::binary(&targets), &margin, &targets);
    assert!((softmax - binary).abs() < 1e-14);
    assert!((gradient.row(1) - binary_gradient.row(0)).amax() < 1e-16);
}

/// Losses that are sums over samples, as the table has them and with other parameters.
fn sample_losses(targets: &Targets) -> Vec<(LossSpec, std::sync::Arc<dyn SampleLoss>)> {
    let others = [
        LossSpec::Focal { gamma: 0.5, probability: FocalProbability::OfWeightedLoss },
        LossSpec::Focal { gamma: 0.0, probability: FocalProbability::Plain },
        LossSpec::SigmoidFocal { gamma: 0.5, alpha: 0.75 },
        LossSpec::LabelSmoothing { smoothing: 0.3, weights: SmoothingWeights::Sample },
        LossSpec::VectorScaling { strength: 1.5, gamma: 0.3 },
        LossSpec::Ldam { margin: 0.5, scale: 3.0 },
        LossSpec::Seesaw { mitigation: 0.8, compensation: 1.5, floor: 0.3 },
        LossSpec::Seesaw { mitigation: 0.8, compensation: 2.0, floor: 0.0 },
        LossSpec::SoftSelection { alpha: 2.0, gamma: 1.5 },
    ];
    let specs = LOSS_TABLE.iter().map(|row| row.default.clone()).chain(others);
    let built = specs.map(|spec| (spec.build(targets), spec));
    built
        .filter_map(|(loss, spec)| match loss {
            BuiltLoss::PerSample(loss) => Some((spec, loss)),
            _ => None,
        })
        .collect()
}

/// `dL/dlogits` of all samples from double-double arithmetic, rounded.
fn precise_gradient(loss: &dyn SampleLoss, logits: &DMatrix<f64>, targets: &Targets) -> DMatrix<f64> {
    let mut gradient = logits.clone();
    for (sample, mut column) in gradient.column_iter_mut().enumerate() {
        let mut entries: Vec<DoubleDouble> = column.iter().map(|&z| z.into()).collect();
        loss.precise_gradient(targets.class_indices()[sample] as usize, targets, &mut entries);
        let weight = targets.sample_weight(sample);
        column.iter_mut().zip(entries).for_each(|(into, entry)| *into = weight * entry.value());
    }
    gradient
}

#[test]
fn double_double_gradients_are_the_gradients_and_the_slopes_of_values() {
    let weights = [1.0, 2.5, 0.3];
    for targets in [targets(3, &weights), weighted_targets(3, &weights)] {
        for (spec, loss) in sample_losses(&targets) {
            for scale in [0.3, 3.0, 12.0, 300.0] {
                let at = logits(3, targets.samples(), scale);
                let (_, gradient) = gradient_at(&*loss, &at, &targets);
                let precise = precise_gradient(&*loss, &at, &targets);
                let apart = |gradient: &DMatrix<f64>| (gradient - &precise).amax() / precise.amax();
                assert!(apart(&gradient) < 1e-12, "{spec:?} at {scale}: {:e}", apart(&gradient));
                let (_, elsewhere) = gradient_at(&*loss, &at.map(|z| z * (1.0 + 1e-6)), &targets);
                // Saturated probabilities do not notice it.
                assert!(
                    scale > 1.0 || apart(&elsewhere) > 1e-9,
                    "{spec:?} at {scale}: logits a millionth off"
                );
            }
            if loss.has_objective() {
                let at = logits(3, targets.samples(), 1.0);
                let along = at.map(|value| (3.0 * value).cos());
                let value = |step: f64| gradient_at(&*loss, &(&at + &along * step), &targets).0;
                let difference = (value(1e-6) - value(-1e-6)) / 2e-6;
                let slope = precise_gradient(&*loss, &at, &targets).dot(&along);
                assert!(
                    (slope - difference).abs() <= 1e-7 * (1.0 + slope.abs()),
                    "{spec:?}: {slope} {difference}"
                );
            }
        }
    }
}

/// Along the direction that leaves a loss unchanged the gradient is zero: to twice the digits of a double.
#[test]
fn double_double_gradients_cancel_along_the_free_shift() {
    let targets = targets(3, &[1.0, 2.5, 0.3]);
    let at = logits(3, targets.samples(), 3.0);
    for (spec, loss) in sample_losses(&targets) {
        let Some(free) = loss.free_shift() else { continue };
        for (z, &label) in at.column_iter().zip(targets.class_indices()) {
            let mut entries: Vec<DoubleDouble> = z.iter().map(|&z| z.into()).collect();
            loss.precise_gradient(label as usize, &targets, &mut entries);
            let terms = entries.iter().zip(&free).map(|(&entry, &free)| entry * free.into());
            let (sum, size) = terms.fold((DoubleDouble::default(), 0.0), |(sum, size), term| {
                (sum + term, size + term.value().abs())
            });
            // A free direction of unequal entries is itself rounded.
            let rounded = if free.iter().all(|entry| *entry == 1.0) { 1e-27 } else { 1e-15 };
            assert!(sum.value().abs() <= rounded * size, "{spec:?}: {:e} of {size:e}", sum.value());
        }
    }
}

/// Of a sample far on its side, `exp(-t)` of it is left: a product with a direction keeps the digits of that.
#[test]
fn curvatures_of_saturated_samples_keep_their_digits() {
    let labels = Labels::numbered(vec![0, 1], 2).expect("two classes");
    let targets = Targets::new(&labels, &ClassWeights::None).expect("no weights");
    let losses: [(f64, Box<dyn Loss>); 3] = [
        (1.0, Box::new(Softmax::new(&targets))),
        (1.0, Box::new(LabelSmoothing::new(&targets, 0.0, SmoothingWeights::Term))),
        (1.5, Box::new(Focal::new(&targets, 0.5, FocalProbability::Plain))),
    ];
    for (power, loss) in losses {
        for ahead in [30.0, 100.0, 300.0, 460.0] {
            let logits = DMatrix::from_row_slice(2, 2, &[ahead, 0.0, 0.0, ahead]);
            let along = DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 1.0]);
            let mut product = DMatrix::zeros(2, 2);
            loss.curvature_product(&logits, &targets, &along, &mut product);
            let expected = 0.5 * power * power * (-power * ahead).exp();
            let apart = (product[(0, 0)] / expected - 1.0).abs();
            assert!(apart < 1e-10, "power {power}, ahead by {ahead}: {:e} {expected:e}", product[(0, 0)]);
        }
    }
}
