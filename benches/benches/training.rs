//! Convolutions alone, and a whole training step of the default model. Throughput is in floating-point operations and in designs.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;

use candle_core::{DType, Device, Module, Result, Tensor, Var};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vae_models::{ModelConfig, Vae};
use vae_nn::{Adam, AdamConfig, Conv2d, Conv2dConfig, Parameters};

const BATCH: usize = 32;

/// Values that need no generator: a sine of the position.
fn wave(shape: &[usize]) -> Result<Tensor> {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| (0.37 * i as f32).sin()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}

/// Three passes of `2 · 9 · Cin · Cout` operations per output pixel: forward, input gradient, weight gradient.
fn convolution(c: &mut Criterion) {
    let mut group = c.benchmark_group("conv 3x3 stride 2, forward and backward");
    for (channels, filters, height, width) in [(1, 16, 48, 96), (16, 32, 24, 48), (32, 64, 12, 24)]
    {
        let parameters = Parameters::new(1, DType::F32, Device::Cpu);
        let config = Conv2dConfig { kernel: 3, stride: 2, padding: 1 };
        let layer = Conv2d::new(channels, filters, config, parameters.var_builder()).unwrap();
        let xs = Var::from_tensor(&wave(&[BATCH, channels, height, width]).unwrap()).unwrap();
        let operations = 3 * 2 * 9 * channels * filters * (height / 2) * (width / 2) * BATCH;
        group.throughput(Throughput::Elements(operations as u64));
        group.bench_function(
            BenchmarkId::from_parameter(format!("{channels}->{filters} {height}x{width}")),
            |b| {
                b.iter(|| {
                    black_box(layer.forward(&xs).unwrap().sum_all().unwrap().backward().unwrap())
                });
            },
        );
    }
    group.finish();
}

fn training_step(c: &mut Criterion) {
    let mut group = c.benchmark_group("training step, 48x96");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(20);
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let config = ModelConfig::compact(48, 96, Vec::new());
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    let mut optimizer = Adam::new(parameters.trainable(), AdamConfig::default()).unwrap();
    let xs = wave(&[BATCH, 1, 48, 96]).unwrap().gt(0.0).unwrap().to_dtype(DType::F32).unwrap();
    let eps = wave(&[BATCH, config.latent_dim]).unwrap();
    group.bench_function("compact", |b| {
        b.iter(|| {
            let elbo = vae.elbo(&xs, None, &eps, None, true).unwrap();
            let loss = elbo.value().unwrap().mean_all().unwrap().neg().unwrap();
            optimizer.step(&loss.backward().unwrap()).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, convolution, training_step);
criterion_main!(benches);
