//! Every layer and loss against PyTorch: values and all gradients, in f64 and in f32.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::{DType, Device, Module, Result, Tensor, Var};
use common::{distance, probed, steps, tensor, values, wave};
use serde::Deserialize;
use std::collections::BTreeMap;
use vae_nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear, Parameters,
};

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    op: String,
    config: Vec<usize>,
    results: BTreeMap<String, Digest>,
}

#[derive(Deserialize)]
struct Digest {
    shape: Vec<usize>,
    norm: f64,
    probes: Vec<f64>,
    samples: Vec<f64>,
}

/// Distance of a tensor from the one that was digested, relative to the norm of that.
fn distance_to(digest: &Digest, t: &Tensor) -> f64 {
    assert_eq!(t.dims(), digest.shape);
    let v = values(t);
    let n = v.len();
    let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut error = (norm - digest.norm).abs();
    for (k, expected) in digest.probes.iter().enumerate() {
        let probe = wave(n, 0.5 + k as f64);
        let got: f64 = v.iter().zip(&probe).map(|(a, b)| a * b).sum();
        // By Cauchy and Schwarz this is at most the norm of the difference.
        error = error.max((got - expected).abs() / (n as f64).sqrt());
    }
    for (j, expected) in digest.samples.iter().enumerate() {
        error = error.max((v[j * n / digest.samples.len()] - expected).abs());
    }
    error / digest.norm.max(f64::MIN_POSITIVE)
}

/// Makes a variable of the given size and phase, or sets the one that a layer made.
struct Leaves {
    dtype: DType,
    parameters: Parameters,
    vars: Vec<(String, Var)>,
}

impl Leaves {
    fn add(&mut self, name: &str, dims: &[usize], values: Vec<f64>) -> Tensor {
        let var = common::var(values, dims, self.dtype);
        self.vars.push((name.to_owned(), var.clone()));
        var.as_tensor().clone()
    }

    fn wave(&mut self, name: &str, dims: &[usize], phase: f64) -> Tensor {
        self.add(name, dims, wave(dims.iter().product(), phase))
    }

    fn set(&mut self, name: &str, f: impl Fn(f64) -> f64, phase: f64) {
        let var = self.parameters.get(name).unwrap();
        let new = wave(var.elem_count(), phase).into_iter().map(f).collect();
        var.set(&tensor(new, var.dims(), self.dtype)).unwrap();
        if !name.starts_with("running") {
            self.vars.push((name.to_owned(), var));
        }
    }
}

/// The result of one case; its variables land in `leaves`.
fn run(case: &Case, leaves: &mut Leaves) -> Result<Tensor> {
    let vb = leaves.parameters.var_builder();
    let c = &case.config;
    match case.op.as_str() {
        "linear" => {
            let (batch, io) = c.split_at(c.len() - 2);
            let layer = Linear::new(io[0], io[1], vb)?;
            leaves.set("weight", |x| x, 0.2);
            leaves.set("bias", |x| x, 0.3);
            layer.forward(&leaves.wave("x", &[batch, &io[..1]].concat(), 0.1))
        }
        "conv2d" => {
            let config = Conv2dConfig { kernel: c[5], stride: c[6], padding: c[7] };
            let layer = Conv2d::new(c[1], c[2], config, vb)?;
            leaves.set("weight", |x| x, 0.2);
            leaves.set("bias", |x| x, 0.3);
            layer.forward(&leaves.wave("x", &[c[0], c[1], c[3], c[4]], 0.1))
        }
        "conv_transpose2d" => {
            let [kernel, stride, padding, output_padding] = c[5..] else { panic!("{c:?}") };
            let config = ConvTranspose2dConfig { kernel, stride, padding, output_padding };
            let layer = ConvTranspose2d::new(c[1], c[2], config, vb)?;
            leaves.set("weight", |x| x, 0.2);
            leaves.set("bias", |x| x, 0.3);
            layer.forward(&leaves.wave("x", &[c[0], c[1], c[3], c[4]], 0.1))
        }
        "batch_norm2d" => {
            let layer = BatchNorm2d::new(c[1], vb)?;
            leaves.set("weight", |x| 1.0 + 0.5 * x, 0.2);
            leaves.set("bias", |x| x, 0.3);
            leaves.set("running_mean", |x| 0.1 * x, 0.4);
            leaves.set("running_var", |x| 1.0 + 0.5 * x, 0.5);
            let xs = wave(c[..4].iter().product(), 0.1).into_iter().map(|x| 3.0 + x).collect();
            layer.forward_t(&leaves.add("x", &c[..4], xs), c[4] == 1)
        }
        "relu" => vae_nn::relu(&leaves.add("x", c, steps(c.iter().product(), 0.1))),
        "leaky_relu" => {
            vae_nn::leaky_relu(&leaves.add("x", c, steps(c.iter().product(), 0.1)), 0.01)
        }
        "tanh" => vae_nn::tanh(&leaves.wave("x", c, 0.1)),
        "max_pool2d" => {
            let xs = steps(c[..4].iter().product(), 0.1);
            vae_nn::max_pool2d(&leaves.add("x", &c[..4], xs), c[4])
        }
        "avg_pool2d" => vae_nn::avg_pool2d(&leaves.wave("x", &c[..4], 0.1), c[4]),
        "upsample_nearest2d" => {
            vae_nn::upsample_nearest2d(&leaves.wave("x", &c[..4], 0.1), (c[4], c[5]))
        }
        "bernoulli_log_prob" => {
            let (dims, n) = ([c[0], 1, c[1], c[2]], c.iter().product());
            let logits = wave(n, 0.1).into_iter().map(|x| 60.0 * x.powi(3)).collect();
            let logits = leaves.add("logits", &dims, logits);
            let xs = steps(n, 0.2).into_iter().map(|x| 0.5 + 0.5 * x).collect();
            vae_nn::bernoulli_log_prob(&logits, &leaves.add("x", &dims, xs), None)
        }
        "gaussian_log_prob" => {
            let dims = [c[0], 1, c[1], c[2]];
            let mean = leaves.wave("mean", &dims, 0.1);
            let log_std = leaves.add("log_std", &[], vec![-1.5]);
            vae_nn::gaussian_log_prob(&mean, &log_std, &leaves.wave("x", &dims, 0.2), None)
        }
        "kl_to_standard_normal" => {
            let mean = leaves.wave("mean", c, 0.1);
            let log_var = wave(c.iter().product(), 0.2).into_iter().map(|x| 4.0 * x).collect();
            vae_nn::kl_to_standard_normal(&mean, &leaves.add("log_var", c, log_var))
        }
        "soft_bound" => {
            let v = wave(c.iter().product(), 0.2).into_iter().map(|x| 9.0 * x).collect();
            vae_nn::soft_bound(&leaves.add("v", c, v), -3.0, 2.0)
        }
        op => panic!("unknown operation {op}"),
    }
}

/// All results of one case by the fixture's names.
fn results(case: &Case, dtype: DType) -> BTreeMap<String, Tensor> {
    let parameters = Parameters::new(0, dtype, Device::Cpu);
    let mut leaves = Leaves { dtype, parameters, vars: Vec::new() };
    let y = run(case, &mut leaves).unwrap();
    let grads = probed(&y).unwrap().backward().unwrap();
    let mut results = BTreeMap::from([("y".to_owned(), y)]);
    for (name, var) in &leaves.vars {
        results.insert(format!("grad_{name}"), grads.get(var).unwrap().clone());
    }
    for name in ["running_mean", "running_var"] {
        if let Some(var) = leaves.parameters.get(name) {
            results.insert(name.to_owned(), var.as_tensor().clone());
        }
    }
    results
}

#[test]
fn layers_and_losses_equal_pytorch() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/layers.json")).unwrap();
    assert!(fixture.cases.len() > 50);
    let mut worst = (0.0_f64, 0.0_f64);
    for case in &fixture.cases {
        let name = format!("{} {:?}", case.op, case.config);
        let (double, single) = (results(case, DType::F64), results(case, DType::F32));
        assert_eq!(double.len(), case.results.len(), "{name}");
        for (key, digest) in &case.results {
            let error = distance_to(digest, &double[key]);
            assert!(error < 1e-12, "{name}: {key} is off by {error:e} in f64");
            worst.0 = worst.0.max(error);
            let error = distance_to(digest, &single[key])
                .max(distance(&values(&single[key]), &values(&double[key])));
            assert!(error < 1e-5, "{name}: {key} is off by {error:e} in f32");
            worst.1 = worst.1.max(error);
        }
    }
    println!("largest norm-wise difference: {:e} in f64, {:e} in f32", worst.0, worst.1);
}

#[test]
fn an_input_that_tracks_nothing_gets_no_gradient() {
    let parameters = Parameters::new(0, DType::F64, Device::Cpu);
    let vb = parameters.var_builder();
    let xs = tensor(wave(2 * 3 * 4 * 5, 0.0), &[2, 3, 4, 5], DType::F64);
    let conv = Conv2d::new(3, 2, Conv2dConfig::default(), vb.pp("conv")).unwrap();
    let up = ConvTranspose2d::new(3, 2, ConvTranspose2dConfig::default(), vb.pp("up")).unwrap();
    let fc = Linear::new(5, 2, vb.pp("fc")).unwrap();
    let norm = BatchNorm2d::new(3, vb.pp("norm")).unwrap();
    let results = [conv.forward(&xs), up.forward(&xs), fc.forward(&xs), norm.forward_t(&xs, true)];
    for y in results {
        let grads = probed(&y.unwrap()).unwrap().backward().unwrap();
        assert!(grads.get(&xs).is_none());
        assert!(grads.get_ids().count() > 2, "the parameters get theirs");
    }
}
