//! Time of a whole training step of a convolutional VAE, in the small shape that the project trains by default and in the lecture's.
//!
//! `cargo run --release -p vae-nn --example train_step [steps]`
#![expect(clippy::print_stdout, reason = "an example prints")]

use candle_core::{DType, Device, Module, Result, Tensor};
use std::time::Instant;
use vae_nn::{
    Adam, AdamConfig, BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig,
    Linear, Parameters, bernoulli_log_prob, keep_freed_memory, kl_to_standard_normal, soft_bound,
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

/// Encoder of strided convolutions, decoder of transposed ones, each with batch normalization and leaky rectifier.
struct Vae {
    encoder: Vec<(Conv2d, BatchNorm2d)>,
    mean: Linear,
    log_var: Linear,
    input: Linear,
    decoder: Vec<(ConvTranspose2d, BatchNorm2d)>,
    last: Conv2d,
    small: [usize; 3],
}

impl Vae {
    fn new(channels: &[usize], latent: usize, image: [usize; 2], p: &Parameters) -> Result<Self> {
        let vb = p.var_builder();
        let mut encoder = Vec::new();
        let mut decoder = Vec::new();
        let (mut n_in, [mut h, mut w]) = (1, image);
        for (i, &n_out) in channels.iter().enumerate() {
            let vb = vb.pp("encoder").pp(i);
            let config = Conv2dConfig { kernel: 3, stride: 2, padding: 1 };
            encoder.push((
                Conv2d::new(n_in, n_out, config, vb.pp(0))?,
                BatchNorm2d::new(n_out, vb.pp(1))?,
            ));
            (n_in, h, w) = (n_out, h.div_ceil(2), w.div_ceil(2));
        }
        let small = [n_in, h, w];
        for i in (0..channels.len()).rev() {
            let n_out = channels[i.saturating_sub(1)];
            let vb = vb.pp("decoder").pp(i);
            let config = ConvTranspose2dConfig::default();
            decoder.push((
                ConvTranspose2d::new(n_in, n_out, config, vb.pp(0))?,
                BatchNorm2d::new(n_out, vb.pp(1))?,
            ));
            n_in = n_out;
        }
        let n = small.iter().product();
        Ok(Self {
            encoder,
            mean: Linear::new(n, latent, vb.pp("mean"))?,
            log_var: Linear::new(n, latent, vb.pp("log_var"))?,
            input: Linear::new(latent, n, vb.pp("input"))?,
            decoder,
            last: Conv2d::new(n_in, 1, Conv2dConfig::default(), vb.pp("last"))?,
            small,
        })
    }

    fn loss(&self, xs: &Tensor, noise: &Tensor) -> Result<Tensor> {
        let batch = xs.dim(0)?;
        let mut hs = xs.clone();
        for (conv, norm) in &self.encoder {
            hs = norm.forward_leaky_relu(&conv.forward(&hs)?, true, 0.01)?;
        }
        let hs = hs.flatten_from(1)?;
        let mean = self.mean.forward(&hs)?;
        let log_var = soft_bound(&self.log_var.forward(&hs)?, -30.0, 20.0)?;
        let zs = (&mean + ((&log_var / 2.0)?.exp()? * noise)?)?;
        let [c, h, w] = self.small;
        let mut hs = self.input.forward(&zs)?.reshape((batch, c, h, w))?;
        for (conv, norm) in &self.decoder {
            hs = norm.forward_leaky_relu(&conv.forward(&hs)?, true, 0.01)?;
        }
        let logits = self.last.forward(&hs)?;
        let kl = kl_to_standard_normal(&mean, &log_var)?.sum_all()?;
        (kl - bernoulli_log_prob(&logits, xs, None)?.sum_all()?)? / batch as f64
    }
}

fn time_step(
    name: &str,
    channels: &[usize],
    batch: usize,
    image: [usize; 2],
    steps: usize,
) -> Result<()> {
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let vae = Vae::new(channels, 16, image, &parameters)?;
    let xs = noise(&[batch, 1, image[0], image[1]])?.ge(0.0)?.to_dtype(DType::F32)?;
    let eps = noise(&[batch, 16])?;
    let mut adam = Adam::new(parameters.trainable(), AdamConfig::default())?;
    let forward = best_ms(steps, || vae.loss(&xs, &eps).map(|_| ()))?;
    let step = best_ms(steps, || {
        let grads = vae.loss(&xs, &eps)?.backward()?;
        Ok(adam.step(&grads)?)
    })?;
    println!(
        "{name}: {} parameters, batch {batch}, {}x{}: forward {forward:.1} ms, step {step:.1} ms, {:.0} designs/s",
        parameters.elem_count(),
        image[0],
        image[1],
        batch as f64 / step * 1e3
    );
    Ok(())
}

fn main() -> Result<()> {
    keep_freed_memory();
    let steps = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(8);
    time_step("small", &[16, 32, 64, 64], 64, [48, 96], steps)?;
    time_step("lecture's", &[32, 64, 128, 256], 16, [128, 128], steps)?;
    time_step("lecture's", &[32, 64, 128, 256], 2, [128, 128], steps)
}
