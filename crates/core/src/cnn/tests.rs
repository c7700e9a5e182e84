//! Networks against plain loops in double precision, their gradients against finite differences of those.

use super::*;
use crate::data::random::stream;
use crate::data::{ImageSample, digit_images};
use crate::loss::{ClassWeights, FocalProbability, InrVariant, LossSpec};
use LayerPlan::{AveragePool, Convolution, Dropout, Linear, MaxPool, Relu};
use rand::RngExt;

/// A network computed by the definitions, image by image.
fn plain(layers: &[LayerPlan], shape: ActivationShape, parameters: &[f64], image: &[f64]) -> Vec<f64> {
    let (mut shape, mut values, mut used) = (shape, image.to_vec(), 0);
    let mut take = |count: usize| {
        used += count;
        &parameters[used - count..used]
    };
    for layer in layers {
        let ActivationShape { height, width, channels } = shape;
        let at =
            |row: usize, column: usize, channel: usize| values[(row * width + column) * channels + channel];
        let squares = |side: usize, join: &dyn Fn(&[f64]) -> f64| {
            let mut joined = Vec::new();
            for (row, column) in
                (0..height / side).flat_map(|row| (0..width / side).map(move |column| (row, column)))
            {
                for channel in 0..channels {
                    let places = (0..side * side)
                        .map(|place| at(row * side + place / side, column * side + place % side, channel));
                    joined.push(join(&places.collect::<Vec<_>>()));
                }
            }
            (ActivationShape { height: height / side, width: width / side, channels }, joined)
        };
        (shape, values) = match *layer {
            Convolution { channels: out, kernel } => {
                let weights = take(kernel * kernel * channels * out).to_vec();
                let bias = take(out).to_vec();
                let mut result = Vec::new();
                for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
                    for o in 0..out {
                        let mut sum = bias[o];
                        for (r, c) in (0..kernel).flat_map(|r| (0..kernel).map(move |c| (r, c))) {
                            let from =
                                ((row + r).checked_sub(kernel / 2), (column + c).checked_sub(kernel / 2));
                            let (Some(y), Some(x)) = from else { continue };
                            if y >= height || x >= width {
                                continue;
                            }
                            for i in 0..channels {
                                sum += weights[((r * kernel + c) * channels + i) * out + o] * at(y, x, i);
                            }
                        }
                        result.push(sum);
                    }
                }
                (ActivationShape { height, width, channels: out }, result)
            }
            Linear(out) => {
                let weights = take(values.len() * out).to_vec();
                let bias = take(out).to_vec();
                let sum = |o: usize| {
                    bias[o]
                        + values
                            .iter()
                            .enumerate()
                            .map(|(i, value)| weights[i * out + o] * value)
                            .sum::<f64>()
                };
                (ActivationShape::flat(out), (0..out).map(sum).collect())
            }
            Relu => (shape, values.iter().map(|value| value.max(0.0)).collect()),
            MaxPool(side) => {
                squares(side, &|values| values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
            }
            AveragePool(side) => squares(side, &|values| values.iter().sum::<f64>() / values.len() as f64),
            Dropout(_) => (shape, values),
        };
    }
    values
}

/// Logits and the gradient of `sum_i c_i z_i`, for numbers `c_i` of no meaning.
fn backpropagated(
    network: &Network,
    images: &[f32],
    by_logits: &[f32],
    dropout: bool,
) -> (Vec<f32>, Vec<f32>) {
    let mut pass = Pass::default();
    let count = images.len() / network.image().values();
    pass.images(count, network.image()).copy_from_slice(images);
    network.forward(&mut pass, dropout.then(|| stream(3, 3)).as_mut());
    let logits = pass.logits().to_vec();
    pass.by_logits().copy_from_slice(by_logits);
    let mut gradient = vec![0.0; network.parameters().len()];
    network.backward(&mut pass, &mut gradient);
    (logits, gradient)
}

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut generator = stream(seed, 17);
    (0..count).map(|_| generator.random_range(-1.0..1.0)).collect()
}

#[test]
fn every_layer_does_and_undoes_what_its_definition_says() {
    let networks: [(&[LayerPlan], ActivationShape); 5] = [
        (&[Convolution { channels: 3, kernel: 3 }, Relu, MaxPool(2), Linear(7), Relu], square(6, 2)),
        (
            &[
                Convolution { channels: 18, kernel: 5 },
                AveragePool(2),
                Convolution { channels: 4, kernel: 3 },
                Relu,
            ],
            square(7, 1),
        ),
        (
            &[
                MaxPool(3),
                Relu,
                Convolution { channels: 5, kernel: 3 },
                Convolution { channels: 2, kernel: 1 },
            ],
            square(8, 3),
        ),
        (&[Linear(9), Relu, Linear(300)], square(4, 1)),
        (&[], square(3, 2)),
    ];
    for (number, (layers, shape)) in networks.into_iter().enumerate() {
        let network = Network::new(&Architecture::Layers(layers.to_vec()), shape, 3, 5).expect("possible");
        let (images, by_logits) = (numbers(19 * shape.values(), 1), numbers(19 * 3, 2));
        let (logits, gradient) = backpropagated(&network, &images, &by_logits, false);
        let all: Vec<LayerPlan> = layers.iter().copied().chain([Linear(3)]).collect();
        let wide: Vec<f64> = network.parameters().iter().map(|&value| f64::from(value)).collect();
        let expected = |parameters: &[f64]| -> Vec<f64> {
            let images = images.chunks_exact(shape.values());
            images
                .flat_map(|image| {
                    plain(
                        &all,
                        shape,
                        parameters,
                        &image.iter().map(|&value| f64::from(value)).collect::<Vec<_>>(),
                    )
                })
                .collect()
        };
        for (found, expected) in logits.iter().zip(expected(&wide)) {
            assert!(
                (f64::from(*found) - expected).abs() < 1e-5,
                "network {number}: logit {found} {expected}"
            );
        }
        let value = |parameters: &[f64]| -> f64 {
            expected(parameters)
                .iter()
                .zip(&by_logits)
                .map(|(logit, &by_logits)| logit * f64::from(by_logits))
                .sum()
        };
        for place in (0..wide.len()).step_by(1 + wide.len() / 60) {
            let step = 1e-6;
            let (mut ahead, mut behind) = (wide.clone(), wide.clone());
            ahead[place] += step;
            behind[place] -= step;
            let difference = (value(&ahead) - value(&behind)) / (2.0 * step);
            let found = f64::from(gradient[place]);
            let near = 1e-4 * (1.0 + difference.abs());
            assert!(
                (found - difference).abs() < near,
                "network {number}, parameter {place}: {found} {difference}"
            );
        }
    }
}

fn square(side: usize, channels: usize) -> ActivationShape {
    ActivationShape { height: side, width: side, channels }
}

#[test]
fn dropout_scales_what_it_keeps_and_its_gradient_with_it() {
    let layers = vec![Linear(40), Dropout(0.5), Linear(20)];
    let network = Network::new(&Architecture::Layers(layers), square(3, 1), 2, 5).expect("possible");
    let (images, by_logits) = (numbers(8 * 9, 1), numbers(8 * 2, 2));
    let (kept, _) = backpropagated(&network, &images, &by_logits, false);
    let (dropped, gradient) = backpropagated(&network, &images, &by_logits, true);
    assert_ne!(kept, dropped);
    // Nothing bends: a difference over any step is the slope, whatever was drawn.
    for place in (0..network.parameters().len()).step_by(37) {
        let mut moved = network.clone();
        moved.parameters_mut()[place] += 0.5;
        let (ahead, _) = backpropagated(&moved, &images, &by_logits, true);
        let change = ahead.iter().zip(&dropped).zip(&by_logits).map(|((a, b), c)| (a - b) * c).sum::<f32>();
        assert!((change / 0.5 - gradient[place]).abs() < 2e-4, "parameter {place}");
    }
}

#[test]
fn impossible_networks_name_the_layer() {
    let refused = |layers: Vec<LayerPlan>| {
        Network::new(&Architecture::Layers(layers), square(8, 1), 3, 1).expect_err("impossible").to_string()
    };
    assert!(
        refused(vec![Relu, Convolution { channels: 3, kernel: 4 }])
            .starts_with("network, layer 2: a kernel of 4")
    );
    assert!(refused(vec![Linear(3), MaxPool(2)]).contains("comes after a linear layer"));
    assert!(refused(vec![MaxPool(9)]).contains("squares of 9"));
    assert!(refused(vec![Dropout(1.0)]).contains("a rate of 1"));
    assert!(refused(vec![Linear(0)]).contains("nothing comes out"));
    assert!(refused(vec![Linear(usize::MAX)]).contains("make it smaller"));
}

fn sample() -> ImageSample {
    ImageSample::draw(&digit_images(), &[3, 8, 9], &[60, 30, 9], &[], 1).expect("enough images").0
}

fn plan(loss: LossSpec, recipe: Recipe) -> TrainingPlan {
    TrainingPlan::new(recipe, loss, &ClassWeights::Balanced, &sample(), 4).expect("possible")
}

fn with_everything() -> Recipe {
    let layers =
        vec![Convolution { channels: 5, kernel: 3 }, Relu, MaxPool(2), Dropout(0.2), Linear(12), Relu];
    Recipe {
        network: Architecture::Layers(layers),
        epochs: 3,
        batch: 16,
        flips: true,
        shifts: 1,
        optimizer: Optimizer::Adamw,
        rate: 3e-3,
        ..Recipe::default()
    }
}

fn trained(threads: usize) -> Vec<u32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| {
        let sample = sample();
        let mut training =
            Training::new(plan(LossSpec::Softmax, with_everything()), &sample).expect("possible");
        while !training.is_done() {
            training.finish_epoch(&mut |_| Ok(())).expect("finite");
        }
        training.network().parameters().iter().map(|value| value.to_bits()).collect()
    })
}

#[test]
fn the_same_bits_on_one_thread_and_on_many() {
    assert_eq!(trained(1), trained(3));
}

#[test]
fn a_training_broken_off_anywhere_goes_on_to_the_same_bits() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("kept.safetensors");
    let sample = sample();
    for stop in [1, 4, 7, 9, 20] {
        let mut first = Training::new(plan(LossSpec::Softmax, with_everything()), &sample).expect("possible");
        let mut steps = 0;
        let broken = loop {
            let ended = first.finish_epoch(&mut |training| {
                steps += 1;
                if steps == stop {
                    training.save(&path, &"beside")?;
                    return Err(NetworkError::Setting { setting: "test", problem: "broken off".to_owned() });
                }
                Ok(())
            });
            if ended.is_err() || first.is_done() {
                break ended;
            }
        };
        assert!(broken.is_err(), "stopped at step {stop}");
        let mut second =
            Training::new(plan(LossSpec::Softmax, with_everything()), &sample).expect("possible");
        assert_eq!(second.resume::<String>(&path).expect("readable"), "beside");
        while !second.is_done() {
            second.finish_epoch(&mut |_| Ok(())).expect("finite");
        }
        let bits: Vec<u32> = second.network().parameters().iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, trained(2), "stopped at step {stop}");
    }
}

#[test]
fn a_checkpoint_of_something_else_is_refused_and_nothing_is_lost() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("kept.safetensors");
    let sample = sample();
    let training = Training::new(plan(LossSpec::Softmax, with_everything()), &sample).expect("possible");
    training.save(&path, &()).expect("writable");
    let refused = |loss: LossSpec, recipe: Recipe| {
        let mut other = Training::new(plan(loss, recipe), &sample).expect("possible");
        let before = other.network().clone();
        let message = other.resume::<()>(&path).expect_err("refused").to_string();
        assert_eq!(*other.network(), before);
        message
    };
    assert!(refused(LossSpec::Logistic, with_everything()).contains("another loss"));
    let small = Recipe { network: Architecture::Small, ..with_everything() };
    assert!(refused(LossSpec::Softmax, small).contains("another architecture"));
    let faster = Recipe { rate: 1.0, ..with_everything() };
    assert!(refused(LossSpec::Softmax, faster).contains("another learning rate"));
    let whole = std::fs::read(&path).expect("readable");
    for length in [0, 5, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).expect("writable");
        assert!(refused(LossSpec::Softmax, with_everything()).contains("damaged"), "{length} bytes");
    }
}

#[test]
fn a_rate_too_high_is_said_with_its_step() {
    let sample = sample();
    let recipe = Recipe { rate: 1e30, ..Recipe::default() };
    let mut training = Training::new(plan(LossSpec::Logistic, recipe), &sample).expect("possible");
    let message = training.finish_epoch(&mut |_| Ok(())).expect_err("diverges").to_string();
    assert!(message.contains("epoch 1, step") && message.contains("lower the learning rate"), "{message}");
}

#[test]
fn the_last_layers_gradient_is_the_networks() {
    // One batch of all images: the gradient of the step is that of the evaluation.
    let sample = sample();
    for loss in [
        LossSpec::Softmax,
        LossSpec::Logistic,
        LossSpec::Inr { beta: 5.0, variant: InrVariant::Attached },
        LossSpec::Focal { gamma: 2.0, probability: FocalProbability::Plain },
        LossSpec::LogitAdjusted { strength: 1.0 },
    ] {
        let recipe = Recipe {
            batch: 99,
            decay: 0.0,
            optimizer: Optimizer::Sgd { momentum: 0.0 },
            ..Recipe::default()
        };
        let rate = recipe.rate;
        let mut training = Training::new(plan(loss.clone(), recipe), &sample).expect("possible");
        let evaluation = training.evaluate_last_layer();
        let before = training.network().clone();
        let batch: Vec<usize> = (0..99).collect();
        let value = training.step(&batch).expect("finite");
        assert!((value - evaluation.loss).abs() < 1e-6 * value, "{loss:?}: {value} {}", evaluation.loss);
        let (weights, bias) = before.head_parameters();
        let (moved_weights, moved_bias) = training.network().head_parameters();
        let moved = weights.iter().chain(bias).zip(moved_weights.iter().chain(moved_bias));
        let largest =
            moved.map(|(before, after)| f64::from((before - after).abs()) / rate).fold(0.0, f64::max);
        assert!(
            (largest / evaluation.gradient_inf - 1.0).abs() < 1e-3,
            "{loss:?}: {largest} {}",
            evaluation.gradient_inf
        );
    }
}
