//! Times of single layers, forward and backward.
//!
//! `cargo run --release -p vae-nn --example layer_times [batch [height width]]`
#![expect(clippy::print_stdout, reason = "an example prints")]

use candle_core::{DType, Device, Module, ModuleT, Result, Tensor, Var};
use std::time::Instant;
use vae_nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Layer, Linear,
    Parameters, Sequential, bernoulli_log_prob, keep_freed_memory, leaky_relu,
};

/// Best of several runs, in milliseconds: the machine may be busy, never faster than it is.
fn best_ms(n: usize, mut f: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..n {
        let start = Instant::now();
        f()?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

fn noise(dims: &[usize]) -> Result<Tensor> {
    let n: usize = dims.iter().product();
    let values: Vec<f32> = (0..n).map(|i| (1.3 * i as f64).sin() as f32).collect();
    Tensor::from_vec(values, dims, &Device::Cpu)
}

/// Prints the times of one layer; `flops` is that of the forward pass.
fn time_layer(
    name: &str,
    xs: &Var,
    flops: f64,
    f: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<()> {
    let forward = best_ms(8, || f(xs).map(|_| ()))?;
    let untracked = xs.as_tensor().detach();
    let both = best_ms(8, || f(xs)?.backward().map(|_| ()))?;
    let weights_only = best_ms(8, || f(&untracked)?.backward().map(|_| ()))?;
    let rate = |flops: f64, ms: f64| flops / ms * 1e-6;
    println!(
        "{name:40} forward {forward:7.2} ms {:6.1} GF/s   backward {:7.2} ms {:6.1} GF/s   without dX {:7.2} ms",
        rate(flops, forward),
        both - forward,
        rate(2.0 * flops, both - forward),
        weights_only - forward,
    );
    Ok(())
}

fn main() -> Result<()> {
    keep_freed_memory();
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let batch = arguments.first().copied().unwrap_or(64);
    let (h, w) = (arguments.get(1).copied().unwrap_or(48), arguments.get(2).copied().unwrap_or(96));
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let vb = parameters.var_builder();
    for (ci, co, shrink, stride) in [
        (1, 32, 1, 2),
        (32, 64, 2, 2),
        (64, 128, 4, 2),
        (128, 256, 8, 2),
        (32, 64, 2, 1),
        (64, 64, 2, 1),
    ] {
        let (h, w) = (h / shrink, w / shrink);
        let config = Conv2dConfig { kernel: 3, stride, padding: 1 };
        let name = format!("conv {ci}->{co} s{stride} {h}x{w}");
        let layer = Conv2d::new(ci, co, config, vb.pp(&name))?;
        let xs = Var::from_tensor(&noise(&[batch, ci, h, w])?)?;
        let outputs = batch * co * h.div_ceil(stride) * w.div_ceil(stride);
        time_layer(&name, &xs, (2 * outputs * ci * 9) as f64, |xs| layer.forward(xs))?;
    }
    for (ci, co, shrink) in [(256, 128, 16), (128, 64, 8), (64, 32, 4), (32, 32, 2)] {
        let (h, w) = (h / shrink, w / shrink);
        let name = format!("conv_transpose {ci}->{co} s2 {h}x{w}");
        let layer = ConvTranspose2d::new(ci, co, ConvTranspose2dConfig::default(), vb.pp(&name))?;
        let xs = Var::from_tensor(&noise(&[batch, ci, h, w])?)?;
        let flops = (2 * batch * ci * h * w * co * 9) as f64;
        time_layer(&name, &xs, flops, |xs| layer.forward(xs))?;
    }
    let xs = Var::from_tensor(&noise(&[batch, 32, h / 2, w / 2])?)?;
    let norm = BatchNorm2d::new(32, vb.pp("norm"))?;
    time_layer("batch_norm 32", &xs, 0.0, |xs| norm.forward_t(xs, true))?;
    let both =
        Sequential::new(vec![Layer::BatchNorm2d(norm.clone()), Layer::LeakyRelu { slope: 0.01 }]);
    time_layer("batch_norm 32 + leaky_relu", &xs, 0.0, |xs| both.forward_t(xs, true))?;
    time_layer("leaky_relu", &xs, 0.0, |xs| leaky_relu(xs, 0.01))?;
    time_layer("max_pool 2", &xs, 0.0, |xs| vae_nn::max_pool2d(xs, 2))?;
    time_layer("avg_pool 2", &xs, 0.0, |xs| vae_nn::avg_pool2d(xs, 2))?;
    time_layer("upsample 2x2", &xs, 0.0, |xs| vae_nn::upsample_nearest2d(xs, (2, 2)))?;
    let logits = Var::from_tensor(&noise(&[batch, 1, h, w])?)?;
    let target = logits.as_tensor().detach();
    time_layer("bernoulli_log_prob", &logits, 0.0, |xs| bernoulli_log_prob(xs, &target, None))?;
    let xs = Var::from_tensor(&noise(&[batch, 4608])?)?;
    let fc = Linear::new(4608, 32, vb.pp("fc"))?;
    time_layer("linear 4608->32", &xs, (2 * batch * 4608 * 32) as f64, |xs| fc.forward(xs))?;

    Ok(())
}
