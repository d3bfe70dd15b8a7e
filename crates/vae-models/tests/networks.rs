//! Whole networks against PyTorch: the fixtures of `tests/fixtures/make_networks.py`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formula;

use std::collections::BTreeMap;

use candle_core::{DType, Tensor};
use formula::{Case, elements, loss, network, norm};
use serde::Deserialize;
use vae_nn::{Adam, AdamConfig, Parameters};

/// Loss and gradients in f64, relative to their size; reached are 2e-14.
const EXACT: f64 = 1e-10;
/// The losses of ten steps in f64: each step amplifies the rounding of the one before.
const TRAINED: f64 = 1e-6;
/// How much farther than PyTorch our f32 may be from f64.
const F32_FACTOR: f64 = 3.0;

const STEPS: usize = 10;
const LEARNING_RATE: f64 = 1e-3;

#[derive(Deserialize)]
struct Fixture {
    #[serde(flatten)]
    case: Case,
    eval: Evaluation,
    train: Training,
    losses: Vec<f64>,
    after: BTreeMap<String, f64>,
    f32_gap: Gap,
}

type Samples = Vec<(usize, f64)>;

#[derive(Deserialize)]
struct Evaluation {
    loss: f64,
    mean: Samples,
    log_var: Samples,
    params: Samples,
    params_norm: f64,
}

#[derive(Deserialize)]
struct Training {
    loss: f64,
    log_likelihood: Vec<f64>,
    kl: Vec<f64>,
    gradients: BTreeMap<String, Gradient>,
}

#[derive(Deserialize)]
struct Gradient {
    norm: f64,
    samples: Samples,
}

/// How far PyTorch in f32 is from PyTorch in f64, relative.
#[derive(Deserialize)]
struct Gap {
    /// The largest of ten draws of the noise.
    loss: f64,
    /// All gradients as one vector.
    gradient: f64,
    /// The largest of single tensors.
    tensor: f64,
}

fn check(json: &str) {
    let fixture: Fixture = serde_json::from_str(json).unwrap();
    outputs_in_evaluation(&fixture);
    loss_and_gradients(&fixture);
    ten_steps(&fixture);
    f32_gap(&fixture);
}

#[track_caller]
fn close(found: f64, expected: f64, scale: f64, tolerance: f64, what: &str) {
    let gap = (found - expected).abs() / scale;
    assert!(gap <= tolerance, "{what}: {found} instead of {expected}, off by {gap:e} of {scale:e}");
}

#[track_caller]
fn close_samples(found: &[f64], samples: &Samples, scale: f64, what: &str) {
    for &(i, expected) in samples {
        close(found[i], expected, scale, EXACT, &format!("{what}[{i}]"));
    }
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |largest, value| largest.max(value.abs()))
}

fn outputs_in_evaluation(Fixture { case, eval, .. }: &Fixture) {
    let (vae, _) = network(&case.config, DType::F64);
    let terms = case.elbo(&vae, 0, false);
    close(elements(&loss(&terms))[0], eval.loss, eval.loss.abs(), EXACT, "loss in evaluation");
    for (tensor, samples, what) in [
        (&terms.posterior.mean, &eval.mean, "mean"),
        (&terms.posterior.log_var, &eval.log_var, "log_var"),
        (&terms.params, &eval.params, "params"),
    ] {
        close_samples(
            &elements(tensor),
            samples,
            largest(samples.iter().map(|sample| sample.1)),
            what,
        );
    }
    close(
        norm(&elements(&terms.params)),
        eval.params_norm,
        eval.params_norm,
        EXACT,
        "norm of params",
    );
}

fn gradients(case: &Case, dtype: DType) -> BTreeMap<String, Vec<f64>> {
    let (vae, parameters) = network(&case.config, dtype);
    let gradients = loss(&case.elbo(&vae, 0, true)).backward().unwrap();
    let gradient = |variable: &Tensor| elements(gradients.get(variable).unwrap());
    parameters.trainable().into_iter().map(|(name, variable)| (name, gradient(&variable))).collect()
}

fn loss_and_gradients(Fixture { case, train, .. }: &Fixture) {
    let (vae, _) = network(&case.config, DType::F64);
    let terms = case.elbo(&vae, 0, true);
    close(elements(&loss(&terms))[0], train.loss, train.loss.abs(), EXACT, "loss");
    for (tensor, expected, what) in [
        (&terms.log_likelihood, &train.log_likelihood, "log_likelihood"),
        (&terms.kl, &train.kl, "kl"),
    ] {
        let samples: Samples = expected.iter().copied().enumerate().collect();
        close_samples(&elements(tensor), &samples, largest(expected.iter().copied()), what);
    }

    let found = gradients(case, DType::F64);
    assert!(
        found.keys().eq(train.gradients.keys()),
        "{:?} and {:?}",
        found.keys(),
        train.gradients.keys()
    );
    // Biases in front of a batch normalization have gradient zero, up to rounding: they are
    // measured on the scale of the whole gradient.
    let whole = norm(&train.gradients.values().map(|gradient| gradient.norm).collect::<Vec<_>>());
    for (name, expected) in &train.gradients {
        let scale = if expected.norm < 1e-9 * whole { whole } else { expected.norm };
        close(
            norm(&found[name]),
            expected.norm,
            scale,
            EXACT,
            &format!("norm of the gradient of {name}"),
        );
        close_samples(&found[name], &expected.samples, scale, &format!("gradient of {name}"));
    }
}

fn optimizer(parameters: &Parameters) -> Adam {
    Adam::new(parameters.trainable(), AdamConfig { lr: LEARNING_RATE, ..AdamConfig::default() })
        .unwrap()
}

fn ten_steps(Fixture { case, train, losses, after, .. }: &Fixture) {
    let (vae, parameters) = network(&case.config, DType::F64);
    let mut adam = optimizer(&parameters);
    assert_eq!(losses.len(), STEPS);
    for (step, &expected) in losses.iter().enumerate() {
        let value = loss(&case.elbo(&vae, step, true));
        close(
            elements(&value)[0],
            expected,
            expected.abs(),
            TRAINED,
            &format!("loss of step {step}"),
        );
        adam.step(&value.backward().unwrap()).unwrap();
    }
    let found: BTreeMap<_, _> =
        parameters.iter().map(|(name, variable)| (name, norm(&elements(&variable)))).collect();
    assert!(found.keys().eq(after.keys()));
    // Where the gradient is zero, Adam divides rounding by rounding: such a bias wanders, without
    // any effect.
    let moved =
        |name: &String| train.gradients.get(name).is_none_or(|gradient| 1e-9 < gradient.norm);
    for (name, &expected) in after.iter().filter(|(name, _)| moved(name)) {
        close(found[name], expected, expected, TRAINED, &format!("norm of {name} after ten steps"));
    }
}

fn f32_gap(Fixture { case, losses, f32_gap, .. }: &Fixture) {
    let relative = |found: &[f64], expected: &[f64]| {
        norm(&found.iter().zip(expected).map(|(a, b)| a - b).collect::<Vec<_>>()) / norm(expected)
    };
    let (single, _) = network(&case.config, DType::F32);
    let (double, _) = network(&case.config, DType::F64);
    let losses =
        |vae| (0..losses.len()).map(move |step| elements(&loss(&case.elbo(vae, step, true)))[0]);
    let gap = largest(losses(&single).zip(losses(&double)).map(|(a, b)| (a - b) / b));
    assert!(gap <= F32_FACTOR * f32_gap.loss, "loss in f32: {gap:e}, PyTorch {:e}", f32_gap.loss);

    let (single, double) = (gradients(case, DType::F32), gradients(case, DType::F64));
    let flat = |gradients: &BTreeMap<String, Vec<f64>>| {
        gradients.values().flatten().copied().collect::<Vec<_>>()
    };
    let gap = relative(&flat(&single), &flat(&double));
    assert!(
        gap <= F32_FACTOR * f32_gap.gradient,
        "gradient in f32: {gap:e}, PyTorch {:e}",
        f32_gap.gradient
    );

    let whole = norm(&flat(&double));
    for (name, expected) in double.iter().filter(|(_, gradient)| 1e-9 * whole < norm(gradient)) {
        let gap = relative(&single[name], expected);
        assert!(
            gap <= F32_FACTOR * f32_gap.tensor,
            "gradient of {name} in f32: {gap:e}, PyTorch {:e}",
            f32_gap.tensor
        );
    }
}

#[test]
fn tutorial_network() {
    check(include_str!("fixtures/tutorial.json"));
}

#[test]
fn tutorial_network_on_grey_pictures() {
    check(include_str!("fixtures/tutorial_grey.json"));
}

#[test]
fn tutorial_network_with_squared_error() {
    check(include_str!("fixtures/tutorial_squared_error.json"));
}

#[test]
fn tutorial_fully_connected_network() {
    check(include_str!("fixtures/tutorial_mlp.json"));
}

#[test]
fn published_tanh_network() {
    check(include_str!("fixtures/burda_1layer.json"));
}

#[test]
fn pool_network_with_ties() {
    check(include_str!("fixtures/pool_max.json"));
}

#[test]
fn average_pool_network_with_normalization_and_mask() {
    check(include_str!("fixtures/pool_average.json"));
}

#[test]
fn compact_network_on_20_by_60() {
    check(include_str!("fixtures/compact_20x60.json"));
}

#[test]
fn kernel_3_decoder_on_odd_sizes() {
    check(include_str!("fixtures/kernel3_13x21.json"));
}

#[test]
fn conv_head_on_126_by_349() {
    check(include_str!("fixtures/conv_head_126x349.json"));
}

#[test]
fn network_told_fields_and_a_condition() {
    check(include_str!("fixtures/fields_12x20.json"));
}

#[test]
fn network_told_fields_alone_on_odd_sizes() {
    check(include_str!("fixtures/fields_13x21.json"));
}
