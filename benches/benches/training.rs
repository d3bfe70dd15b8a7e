//! A whole training step of the default model. Throughput is in designs.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use candle_core::{DType, Device, Result, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vae_models::{Context, ModelConfig, Vae};
use vae_nn::{Adam, AdamConfig, Parameters};

const BATCH: usize = 32;

/// Values that need no generator: a sine of the position.
fn wave(shape: &[usize]) -> Result<Tensor> {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| (0.37 * i as f32).sin()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
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
            let elbo = vae.elbo(&xs, &Context::default(), &eps, None, true).unwrap();
            let loss = elbo.value().unwrap().mean_all().unwrap().neg().unwrap();
            optimizer.step(&loss.backward().unwrap()).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, training_step);
criterion_main!(benches);
