//! Muon against trajectories by singular value decompositions; saving and resuming; refusals.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use common::{tensor, values, var, wave};
use serde::Deserialize;
use std::collections::HashMap;
use vae_nn::{AdamConfig, Error, Muon};

#[derive(Deserialize)]
struct Fixture {
    muons: Vec<Trajectory>,
}

#[derive(Deserialize)]
struct Trajectory {
    shape: Vec<usize>,
    config: Config,
    #[serde(rename = "trajectory")]
    steps: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Config {
    lr: f64,
    weight_decay: f64,
}

const CONFIG: AdamConfig =
    AdamConfig { lr: 0.02, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1 };

/// A matrix, which Muon moves, and a vector, which Adam moves.
fn vars(shape: &[usize], dtype: DType) -> Vec<(String, Var)> {
    let matrix = var(wave(shape.iter().product(), 0.1), shape, dtype);
    vec![("b".to_owned(), var(wave(5, 0.2), &[5], dtype)), ("a".to_owned(), matrix)]
}

/// Gradients of `Σ (θ − wave)⁴ / 4`.
fn grads(vars: &[(String, Var)]) -> GradStore {
    let mut grads = GradStore::default();
    for ((_, var), phase) in vars.iter().zip([1.1, 1.0]) {
        let target = tensor(wave(var.elem_count(), phase), var.dims(), var.dtype());
        grads.insert(var, (var.as_detached_tensor() - target).unwrap().powf(3.0).unwrap());
    }
    grads
}

fn all_values(vars: &[(String, Var)]) -> Vec<f64> {
    [values(&vars[1].1), values(&vars[0].1)].concat()
}

#[test]
fn trajectories_equal_those_by_singular_values() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/optimizers.json")).unwrap();
    for expected in fixture.muons {
        for (dtype, tolerance) in [(DType::F64, 1e-11), (DType::F32, 2e-5)] {
            let vars = vars(&expected.shape, dtype);
            let Config { lr, weight_decay } = expected.config;
            let config = AdamConfig { lr, weight_decay, ..AdamConfig::default() };
            let mut muon = Muon::new(vars.clone(), config).unwrap();
            for (step, theta) in expected.steps.iter().enumerate() {
                muon.step(&grads(&vars)).unwrap();
                for (got, expected_value) in all_values(&vars).iter().zip(theta) {
                    let error = (got - expected_value).abs();
                    assert!(error < tolerance, "{:?} {dtype:?} {step}: {error:e}", expected.shape);
                }
            }
            assert_eq!(muon.n_steps(), 12);
        }
    }
}

fn copies(vars: &[(String, Var)]) -> Vec<(String, Var)> {
    let copy = |var: &Var| Var::from_tensor(&var.copy().unwrap()).unwrap();
    vars.iter().map(|(name, var)| (name.clone(), copy(var))).collect()
}

fn state(muon: &Muon) -> HashMap<String, Tensor> {
    muon.state().unwrap().into_iter().collect()
}

#[test]
fn a_resumed_run_is_bit_equal() {
    let whole = vars(&[3, 4], DType::F32);
    let mut muon = Muon::new(whole.clone(), CONFIG).unwrap();
    for _ in 0..9 {
        muon.step(&grads(&whole)).unwrap();
    }

    let first = vars(&[3, 4], DType::F32);
    let mut before = Muon::new(first.clone(), CONFIG).unwrap();
    for _ in 0..4 {
        before.step(&grads(&first)).unwrap();
    }
    let second = copies(&first);
    let mut after = Muon::new(second.clone(), CONFIG).unwrap();
    after.load_state(&state(&before)).unwrap();
    for _ in 4..9 {
        after.step(&grads(&second)).unwrap();
    }
    assert_eq!(all_values(&second), all_values(&whole));
    assert_eq!(after.n_steps(), 9);
    let names: Vec<String> = after.state().unwrap().into_keys().collect();
    assert_eq!(names, ["a.momentum_buffer", "b.exp_avg", "b.exp_avg_sq", "step"]);
}

/// The rate is that of matrices and vectors, and one of 0 stops both.
#[test]
fn the_learning_rate_is_that_of_all() {
    let vars = vars(&[3, 4], DType::F64);
    let mut muon = Muon::new(vars.clone(), CONFIG).unwrap();
    muon.step(&grads(&vars)).unwrap();
    muon.set_learning_rate(0.0).unwrap();
    let before = all_values(&vars);
    muon.step(&grads(&vars)).unwrap();
    assert_eq!(all_values(&vars), before);
    assert!(matches!(muon.set_learning_rate(-1.0), Err(Error::Setting { name: "lr", .. })));
}

#[test]
fn a_matrix_without_gradient_is_left_alone() {
    let vars = vars(&[3, 4], DType::F64);
    let mut muon = Muon::new(vars.clone(), CONFIG).unwrap();
    let mut grads = GradStore::default();
    grads.insert(&vars[0].1, tensor(wave(5, 0.0), &[5], DType::F64));
    muon.step(&grads).unwrap();
    assert_eq!(values(&vars[1].1), wave(12, 0.1));
    assert_ne!(values(&vars[0].1), wave(5, 0.2));
}

#[test]
fn what_does_not_fit_is_refused_and_moves_nothing() {
    let twice = vec![vars(&[3, 4], DType::F32).remove(1), vars(&[7], DType::F32).remove(1)];
    let refused = Muon::new(twice, CONFIG);
    assert!(matches!(refused, Err(Error::DuplicateName { name }) if name == "a"));

    let named = vars(&[3, 4], DType::F32);
    let mut muon = Muon::new(named.clone(), CONFIG).unwrap();
    muon.step(&grads(&named)).unwrap();
    let (before, good) = (all_values(&named), state(&muon));
    let mut wrong = grads(&named);
    wrong.insert(&named[1].1, tensor(wave(12, 0.0), &[4, 3], DType::F32));
    assert!(matches!(muon.step(&wrong), Err(Error::TensorShape { name, .. }) if name == "a"));
    assert_eq!((all_values(&named), muon.n_steps()), (before, 1));

    let nines = Tensor::full(9.0_f32, (3, 4), &Device::Cpu).unwrap();
    for missing in ["a.momentum_buffer", "b.exp_avg", "step"] {
        let mut broken = good.clone();
        // Another value in front of the fault, which must not be taken over.
        broken.insert("a.momentum_buffer".to_owned(), nines.clone());
        broken.remove(missing);
        let error = muon.load_state(&broken).unwrap_err();
        assert!(matches!(error, Error::MissingTensor { name } if name == missing));
        let kept = values(&state(&muon)["a.momentum_buffer"]);
        assert_eq!(kept, values(&good["a.momentum_buffer"]));
    }
    let mut unknown = good.clone();
    unknown.insert("c.momentum_buffer".to_owned(), nines);
    let error = muon.load_state(&unknown).unwrap_err();
    assert!(matches!(error, Error::UnexpectedTensor { name } if name == "c.momentum_buffer"));
}
