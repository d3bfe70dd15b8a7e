//! Adam, `AdamW` and clipping against PyTorch; saving and resuming; refusals.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::float_cmp, reason = "exact values are meant")]

mod common;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use common::{tensor, values, var, wave};
use serde::Deserialize;
use std::collections::HashMap;
use vae_nn::{Adam, AdamConfig, Error, clip_global_norm};

#[derive(Deserialize)]
struct Fixture {
    optimizers: Vec<Trajectory>,
    clips: Vec<Clip>,
}

#[derive(Deserialize)]
struct Trajectory {
    name: String,
    config: Config,
    #[serde(rename = "trajectory")]
    steps: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Config {
    lr: f64,
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
}

#[derive(Deserialize)]
struct Clip {
    max_norm: f64,
    norm: f64,
    grads: Vec<f64>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("fixtures/optimizers.json")).unwrap()
}

fn vars(dtype: DType) -> Vec<(String, Var)> {
    // Not in the order of their names.
    vec![
        ("b".to_owned(), var(wave(5, 0.2), &[5], dtype)),
        ("a".to_owned(), var(wave(12, 0.1), &[3, 4], dtype)),
    ]
}

/// Gradients of `Σ (θ − wave)⁴ / 4`.
fn grads(vars: &[(String, Var)]) -> GradStore {
    let mut loss = Tensor::zeros((), vars[0].1.dtype(), &Device::Cpu).unwrap();
    for ((_, var), phase) in vars.iter().zip([1.1, 1.0]) {
        let target = tensor(wave(var.elem_count(), phase), var.dims(), var.dtype());
        let difference = (var.as_tensor() - target).unwrap();
        let term = difference.sqr().unwrap().sqr().unwrap().sum_all().unwrap();
        loss = (loss + (term / 4.0).unwrap()).unwrap();
    }
    loss.backward().unwrap()
}

fn all_values(vars: &[(String, Var)]) -> Vec<f64> {
    [values(&vars[1].1), values(&vars[0].1)].concat()
}

#[test]
fn trajectories_equal_pytorch() {
    for expected in fixture().optimizers {
        for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 2e-6)] {
            let vars = vars(dtype);
            let Config { lr, betas: (beta1, beta2), eps, weight_decay } = expected.config;
            let config = AdamConfig { lr, beta1, beta2, eps, weight_decay };
            let mut adam = Adam::new(vars.clone(), config).unwrap();
            for (step, theta) in expected.steps.iter().enumerate() {
                if step == 6 {
                    adam.set_learning_rate(lr * 0.5).unwrap();
                }
                adam.step(&grads(&vars)).unwrap();
                for (got, expected_value) in all_values(&vars).iter().zip(theta) {
                    let error = (got - expected_value).abs();
                    assert!(error < tolerance, "{} {dtype:?} {step}: {error:e}", expected.name);
                }
            }
            assert_eq!(adam.n_steps(), 12);
        }
    }
}

#[test]
fn clipping_equals_pytorch() {
    for expected in fixture().clips {
        let vars = vars(DType::F64);
        let mut grads = GradStore::default();
        for ((_, var), phase) in vars.iter().zip([1.1, 1.0]) {
            grads.insert(var, tensor(wave(var.elem_count(), phase), var.dims(), DType::F64));
        }
        let norm = clip_global_norm(&mut grads, &vars, expected.max_norm).unwrap();
        assert!((norm - expected.norm).abs() < 1e-14);
        let clipped = [&vars[1].1, &vars[0].1].map(|var| values(grads.get(var).unwrap())).concat();
        for (got, expected) in clipped.iter().zip(&expected.grads) {
            assert!((got - expected).abs() < 1e-14);
        }
    }
}

#[test]
fn clipping_reports_a_broken_gradient_and_leaves_it() {
    let x = var(vec![1.0, 2.0], &[2], DType::F32);
    let vars =
        vec![("x".to_owned(), x.clone()), ("unused".to_owned(), x.copy().unwrap().into_var())];
    for broken in [f64::INFINITY, f64::NAN] {
        let mut grads = GradStore::default();
        grads.insert(&x, tensor(vec![1.0, broken], &[2], DType::F32));
        assert!(!clip_global_norm(&mut grads, &vars, 1.0).unwrap().is_finite());
        assert_eq!(values(grads.get(&x).unwrap())[0], 1.0);
    }
    let refused = clip_global_norm(&mut GradStore::default(), &vars, 0.0);
    assert!(matches!(refused, Err(Error::Setting { name: "max_norm", .. })));
}

trait IntoVar {
    fn into_var(self) -> Var;
}

impl IntoVar for Tensor {
    fn into_var(self) -> Var {
        Var::from_tensor(&self).unwrap()
    }
}

#[test]
fn a_resumed_run_is_bit_equal() {
    let config = AdamConfig { lr: 0.01, weight_decay: 0.02, ..AdamConfig::default() };
    let whole = vars(DType::F32);
    let mut adam = Adam::new(whole.clone(), config).unwrap();
    for _ in 0..9 {
        adam.step(&grads(&whole)).unwrap();
    }

    let first = vars(DType::F32);
    let mut before = Adam::new(first.clone(), config).unwrap();
    for _ in 0..4 {
        before.step(&grads(&first)).unwrap();
    }
    let state: HashMap<String, Tensor> = before.state().unwrap().into_iter().collect();
    let second: Vec<(String, Var)> =
        first.iter().map(|(name, var)| (name.clone(), var.copy().unwrap().into_var())).collect();
    let mut after = Adam::new(second.clone(), config).unwrap();
    after.load_state(&state).unwrap();
    assert_eq!(after.n_steps(), 4);
    for _ in 4..9 {
        after.step(&grads(&second)).unwrap();
    }
    assert_eq!(all_values(&second), all_values(&whole));
    let names: Vec<String> = after.state().unwrap().into_keys().collect();
    assert_eq!(names, ["a.exp_avg", "a.exp_avg_sq", "b.exp_avg", "b.exp_avg_sq", "step"]);
}

#[test]
fn a_variable_without_gradient_is_left_alone() {
    let vars = vars(DType::F64);
    let before = values(&vars[0].1);
    let config = AdamConfig { weight_decay: 0.5, ..AdamConfig::default() };
    let mut adam = Adam::new(vars.clone(), config).unwrap();
    let mut grads = GradStore::default();
    grads.insert(&vars[1].1, tensor(wave(12, 0.0), &[3, 4], DType::F64));
    adam.step(&grads).unwrap();
    assert_eq!(values(&vars[0].1), before);
    assert_ne!(values(&vars[1].1), wave(12, 0.1));
}

#[test]
fn a_transposed_gradient_is_read_right() {
    let x = var(wave(6, 0.0), &[2, 3], DType::F64);
    let y = var(wave(6, 0.0), &[2, 3], DType::F64);
    let strided = tensor(wave(6, 1.0), &[3, 2], DType::F64).t().unwrap();
    for (var, grad) in [(&x, strided.clone()), (&y, strided.contiguous().unwrap())] {
        let named = vec![("x".to_owned(), var.clone())];
        let mut grads = GradStore::default();
        grads.insert(var, grad);
        Adam::new(named, AdamConfig::default()).unwrap().step(&grads).unwrap();
    }
    assert_eq!(values(&x), values(&y));
}

#[test]
fn settings_out_of_their_domain_are_refused() {
    let good = AdamConfig::default();
    for (bad, expected) in [
        (AdamConfig { lr: -1.0, ..good }, "lr"),
        (AdamConfig { lr: f64::NAN, ..good }, "lr"),
        (AdamConfig { beta1: 1.0, ..good }, "beta1"),
        (AdamConfig { beta2: -0.1, ..good }, "beta2"),
        (AdamConfig { eps: f64::INFINITY, ..good }, "eps"),
        (AdamConfig { weight_decay: -1.0, ..good }, "weight_decay"),
    ] {
        match Adam::new(Vec::new(), bad) {
            Err(Error::Setting { name, .. }) => assert_eq!(name, expected),
            other => panic!("{other:?}"),
        }
    }
    let mut adam = Adam::new(Vec::new(), good).unwrap();
    assert!(matches!(adam.set_learning_rate(-1.0), Err(Error::Setting { name: "lr", .. })));
    assert_eq!(*adam.config(), good);
}

#[test]
fn wrong_variables_are_refused() {
    let x = var(vec![1.0], &[1], DType::F32);
    let twice = vec![("x".to_owned(), x.clone()), ("x".to_owned(), x.clone())];
    let refused = Adam::new(twice, AdamConfig::default());
    assert!(matches!(refused, Err(Error::DuplicateName { name }) if name == "x"));
    let half = Var::zeros(3, DType::F16, &Device::Cpu).unwrap();
    let refused = Adam::new(vec![("x".to_owned(), half)], AdamConfig::default());
    assert!(refused.unwrap_err().to_string().contains("F16"));

    let mut adam = Adam::new(vec![("x".to_owned(), x.clone())], AdamConfig::default()).unwrap();
    let mut grads = GradStore::default();
    grads.insert(&x, tensor(vec![1.0, 2.0], &[2], DType::F32));
    assert!(matches!(adam.step(&grads), Err(Error::TensorShape { name, .. }) if name == "x"));
    grads.insert(&x, tensor(vec![1.0], &[1], DType::F64));
    assert!(matches!(adam.step(&grads), Err(Error::DType { dtype: DType::F64, .. })));
    assert_eq!((adam.n_steps(), values(&x)), (0, vec![1.0]));
}

#[test]
fn a_state_that_does_not_fit_is_refused_whole() {
    let named = vars(DType::F32);
    let mut adam = Adam::new(named.clone(), AdamConfig::default()).unwrap();
    adam.step(&grads(&named)).unwrap();
    let good: HashMap<String, Tensor> = adam.state().unwrap().into_iter().collect();
    let scalar = |x: i64| Tensor::new(x, &Device::Cpu).unwrap();
    let broken = |name: &str, tensor: Option<Tensor>| {
        let mut state = good.clone();
        match tensor {
            Some(tensor) => state.insert(name.to_owned(), tensor),
            None => state.remove(name),
        };
        // Another value in front of the fault, which must not be taken over.
        state.insert("a.exp_avg".to_owned(), tensor_of_nines());
        state
    };
    let mut refuse = |state: &HashMap<String, Tensor>| {
        let before = adam.state().unwrap()["a.exp_avg"].to_vec2::<f32>().unwrap();
        let error = adam.load_state(state).unwrap_err();
        assert_eq!(adam.state().unwrap()["a.exp_avg"].to_vec2::<f32>().unwrap(), before);
        assert_eq!(adam.n_steps(), 1);
        error
    };
    let error = refuse(&broken("b.exp_avg_sq", None));
    assert!(matches!(error, Error::MissingTensor { name } if name == "b.exp_avg_sq"));
    let error = refuse(&broken("step", None));
    assert!(matches!(error, Error::MissingTensor { name } if name == "step"));
    let error = refuse(&broken("b.exp_avg", Some(scalar(1))));
    assert!(matches!(error, Error::TensorShape { name, .. } if name == "b.exp_avg"));
    let error = refuse(&broken("step", Some(tensor_of_nines())));
    assert!(matches!(error, Error::TensorShape { name, .. } if name == "step"));
    let error = refuse(&broken("step", Some(scalar(-1))));
    assert!(matches!(error, Error::Setting { name: "step", .. }));
    let error = refuse(&broken("c.exp_avg", Some(scalar(1))));
    assert!(matches!(error, Error::UnexpectedTensor { name } if name == "c.exp_avg"));
}

fn tensor_of_nines() -> Tensor {
    tensor(vec![9.0; 12], &[3, 4], DType::F32)
}
