//! The layers of the two networks that are compared with PyTorch, one by one, against what the
//! machine can do.
//!
//! Rates of layers with products are in floating-point operations per second, of the others in
//! bytes that must be moved at least. "dX" is the backward pass with frozen weights, "dW" that with
//! a constant input. Both include the gradient of the sum that the pass starts from; the benchmark
//! "gradient of a sum" is that alone, at the same size. Then the stacks of the presets, each as the
//! one operation that it is in a model.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Module, ModuleT, Result, Tensor, Var};
use candle_nn::VarBuilder;
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use rayon::prelude::*;
use vae_nn::{
    Adam, AdamConfig, BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig,
    Layer, Linear, Muon, Parameters, Sequential, avg_pool2d, bernoulli_log_prob, leaky_relu,
    max_pool2d, relu, upsample_nearest2d,
};

const BATCH: usize = 32;

/// Values that need no generator: a sine of the position.
fn wave(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| (0.37 * i as f32).sin()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    vae_nn::keep_freed_memory();
    let mut group = c.benchmark_group(name);
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    group
}

/// The ceilings of this machine at this moment: a large matrix product by the `gemm` crate, which
/// candle calls, and the sum of two arrays in memory.
fn machine(c: &mut Criterion) {
    let mut group = group(c, "machine");
    for n in [512_usize, 1024, 2048] {
        let (a, b) = (wave(&[n, n]), wave(&[n, n]));
        group.throughput(Throughput::Elements(2 * (n as u64).pow(3)));
        group.bench_function(format!("matrix product {n}"), |bencher| {
            bencher.iter(|| black_box(a.matmul(&b).unwrap()));
        });
    }
    // 256 MiB each: far beyond every cache.
    let n = 1 << 26;
    let (a, b, mut sum) = (vec![1.0_f32; n], vec![2.0_f32; n], vec![0.0_f32; n]);
    group.throughput(Throughput::Bytes(3 * 4 * n as u64));
    group.bench_function("memory, two reads and a write", |bencher| {
        bencher.iter(|| {
            let parts = sum.par_chunks_mut(1 << 16).zip(a.par_chunks(1 << 16));
            parts.zip(b.par_chunks(1 << 16)).for_each(|((sum, a), b)| {
                sum.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum = a + b);
            });
        });
    });
    group.finish();
}

/// Forward, dX and dW of a layer that `build` makes.
fn passes<L>(
    c: &mut Criterion,
    name: &str,
    input: &[usize],
    throughput: Throughput,
    build: impl Fn(VarBuilder<'_>) -> Result<L>,
    forward: impl Fn(&L, &Tensor) -> Result<Tensor>,
) {
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let layer = build(parameters.var_builder()).unwrap();
    let frozen: HashMap<String, Tensor> =
        parameters.iter().map(|(name, var)| (name, var.as_detached_tensor())).collect();
    let frozen = build(VarBuilder::from_tensors(frozen, DType::F32, &Device::Cpu)).unwrap();
    let constant = wave(input);
    let variable = Var::from_tensor(&constant).unwrap();

    let mut group = group(c, name);
    group.throughput(throughput);
    group.bench_function("forward", |bencher| {
        bencher.iter(|| black_box(forward(&frozen, &constant).unwrap()));
    });
    let mut backward = |name: &str, layer: &L, xs: &Tensor| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || forward(layer, xs).unwrap().sum_all().unwrap(),
                |sum| black_box(sum.backward().unwrap()),
                BatchSize::PerIteration,
            );
        });
    };
    backward("dX", &frozen, &variable);
    if !parameters.is_empty() {
        backward("dW", &layer, &constant);
    }
    let output = Var::from_tensor(&forward(&frozen, &constant).unwrap()).unwrap();
    group.bench_function("gradient of a sum", |bencher| {
        bencher.iter_batched(
            || output.sum_all().unwrap(),
            |sum| black_box(sum.backward().unwrap()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// `2 · k² · in · out` operations per output pixel of a convolution, per input pixel of a
/// transposed one.
fn operations(kernel: usize, channels: (usize, usize), pixels: usize) -> Throughput {
    Throughput::Elements((2 * kernel * kernel * channels.0 * channels.1 * pixels * BATCH) as u64)
}

fn convolutions(c: &mut Criterion) {
    let layers = [
        // The lecture's network, and its last layer.
        (1, 32, 128, 2),
        (32, 64, 64, 2),
        (64, 128, 32, 2),
        (128, 256, 16, 2),
        (32, 1, 128, 1),
        // The pooling network.
        (1, 32, 64, 1),
        (32, 64, 32, 1),
        (64, 128, 16, 1),
    ];
    for (inputs, outputs, side, stride) in layers {
        let config = Conv2dConfig { kernel: 3, stride, padding: 1 };
        passes(
            c,
            &format!("conv 3x3 s{stride} {inputs}-{outputs} {side}x{side}"),
            &[BATCH, inputs, side, side],
            operations(3, (inputs, outputs), (side / stride).pow(2)),
            |vb| Conv2d::new(inputs, outputs, config, vb),
            Conv2d::forward,
        );
    }
}

fn transposed_convolutions(c: &mut Criterion) {
    let layers = [
        (256, 128, 8, 3),
        (128, 64, 16, 3),
        (64, 32, 32, 3),
        (32, 32, 64, 3),
        (128, 64, 8, 4),
        (64, 32, 16, 4),
        (32, 1, 32, 4),
    ];
    for (inputs, outputs, side, kernel) in layers {
        let output_padding = usize::from(kernel == 3);
        let config = ConvTranspose2dConfig { kernel, stride: 2, padding: 1, output_padding };
        passes(
            c,
            &format!("conv_transpose {kernel}x{kernel} s2 {inputs}-{outputs} {side}x{side}"),
            &[BATCH, inputs, side, side],
            operations(kernel, (inputs, outputs), side * side),
            |vb| ConvTranspose2d::new(inputs, outputs, config, vb),
            ConvTranspose2d::forward,
        );
    }
}

fn linear_layers(c: &mut Criterion) {
    for (inputs, outputs) in [(16_385, 2), (3, 16_384), (8192, 16), (16, 8192)] {
        passes(
            c,
            &format!("linear {inputs}-{outputs}"),
            &[BATCH, inputs],
            operations(1, (inputs, outputs), 1),
            |vb| Linear::new(inputs, outputs, vb),
            Linear::forward,
        );
    }
}

/// A layer without parameters.
type Function = fn(&Tensor) -> Result<Tensor>;

/// What has no products: at least one read of the input and one write of the output.
fn passes_over_memory(c: &mut Criterion) {
    let bytes = |values: usize| Throughput::Bytes(4 * values as u64);
    let shape = [BATCH, 32, 64, 64];
    let n: usize = shape.iter().product();
    passes(
        c,
        "batch norm 32 64x64",
        &shape,
        bytes(2 * n),
        |vb| BatchNorm2d::new(32, vb),
        |layer, xs| layer.forward_t(xs, true),
    );
    passes(
        c,
        "batch norm and leaky relu 32 64x64",
        &shape,
        bytes(2 * n),
        |vb| BatchNorm2d::new(32, vb),
        |layer, xs| leaky_relu(&layer.forward_t(xs, true)?, 0.01),
    );
    let functions: [(&str, Function, usize); 5] = [
        ("relu", relu, 2 * n),
        ("leaky relu", |xs| leaky_relu(xs, 0.01), 2 * n),
        ("max pool 2", |xs| max_pool2d(xs, 2), n + n / 4),
        ("average pool 2", |xs| avg_pool2d(xs, 2), n + n / 4),
        ("upsample 2", |xs| upsample_nearest2d(xs, (2, 2)), n + 4 * n),
    ];
    for (name, function, values) in functions {
        let build = |_: VarBuilder<'_>| Ok(());
        passes(c, &format!("{name} 32 64x64"), &shape, bytes(values), build, |(), xs| function(xs));
    }
    let shape = [BATCH, 1, 128, 128];
    let target = wave(&shape).gt(0.0).unwrap().to_dtype(DType::F32).unwrap();
    passes(
        c,
        "Bernoulli log-likelihood 128x128",
        &shape,
        bytes(2 * BATCH * 128 * 128),
        |_| Ok(()),
        |(), xs| bernoulli_log_prob(xs, &target, None),
    );
}

/// Layers on images under construction, with what one image costs.
struct Stack<'a> {
    vb: VarBuilder<'a>,
    layers: Vec<Layer>,
    /// Of the input, then of the result so far.
    channels: usize,
    height: usize,
    width: usize,
    /// Multiply-adds of each convolution, forward.
    products: Vec<usize>,
}

impl<'a> Stack<'a> {
    fn new(vb: VarBuilder<'a>, [channels, height, width]: [usize; 3]) -> Self {
        Self { vb, layers: Vec::new(), channels, height, width, products: Vec::new() }
    }

    /// 3 × 3.
    fn conv(&mut self, outputs: usize, stride: usize) -> &mut Self {
        let config = Conv2dConfig { kernel: 3, stride, padding: 1 };
        let layer = Conv2d::new(self.channels, outputs, config, self.next()).unwrap();
        self.layers.push(Layer::Conv2d(layer));
        (self.height, self.width) = (self.height / stride, self.width / stride);
        self.products.push(9 * self.channels * outputs * self.height * self.width);
        self.channels = outputs;
        self
    }

    /// Twice the size.
    fn up(&mut self, outputs: usize, kernel: usize) -> &mut Self {
        let output_padding = usize::from(kernel == 3);
        let config = ConvTranspose2dConfig { kernel, stride: 2, padding: 1, output_padding };
        let layer = ConvTranspose2d::new(self.channels, outputs, config, self.next()).unwrap();
        self.layers.push(Layer::ConvTranspose2d(layer));
        self.products.push(kernel * kernel * self.channels * outputs * self.height * self.width);
        (self.height, self.width) = (2 * self.height, 2 * self.width);
        self.channels = outputs;
        self
    }

    fn norm(&mut self) -> &mut Self {
        let layer = BatchNorm2d::new(self.channels, self.next()).unwrap();
        self.layers.push(Layer::BatchNorm2d(layer));
        self
    }

    fn rectify(&mut self, slope: f64) -> &mut Self {
        self.layers.push(Layer::LeakyRelu { slope });
        self
    }

    fn max_pool(&mut self) -> &mut Self {
        self.layers.push(Layer::MaxPool2d { k: 2 });
        (self.height, self.width) = (self.height / 2, self.width / 2);
        self
    }

    fn next(&self) -> VarBuilder<'a> {
        self.vb.pp(self.layers.len())
    }
}

/// How a preset continues a stack.
type Layout = fn(&mut Stack<'_>);

/// The stacks of the presets as they run in a model: forward in evaluation, and forward with
/// backward in training. An encoder reads data, which get no gradient, so its first layer does
/// without; a decoder hands its gradient on.
fn stacks(c: &mut Criterion) {
    let stacks: [(&str, [usize; 3], Layout); 6] = [
        ("default encoder", [1, 48, 96], |stack| {
            for outputs in [16, 32, 64] {
                stack.conv(outputs, 2).rectify(0.01);
            }
        }),
        ("default decoder", [64, 6, 12], |stack| {
            stack.up(32, 4).rectify(0.01).up(16, 4).rectify(0.01).up(1, 4);
        }),
        ("tutorial-conv encoder", [1, 128, 128], |stack| {
            for outputs in [32, 64, 128, 256] {
                stack.conv(outputs, 2).norm().rectify(0.01);
            }
        }),
        ("tutorial-conv decoder", [256, 8, 8], |stack| {
            for outputs in [128, 64, 32, 32] {
                stack.up(outputs, 3).norm().rectify(0.01);
            }
            stack.conv(1, 1);
        }),
        ("pool encoder", [1, 64, 64], |stack| {
            for outputs in [32, 64, 128] {
                stack.conv(outputs, 1).rectify(0.0).max_pool();
            }
        }),
        ("pool decoder", [128, 8, 8], |stack| {
            stack.up(64, 4).rectify(0.0).up(32, 4).rectify(0.0).up(1, 4);
        }),
    ];
    for (name, input, layout) in stacks {
        let parameters = Parameters::new(1, DType::F32, Device::Cpu);
        let mut stack = Stack::new(parameters.var_builder(), input);
        layout(&mut stack);
        let layers = Sequential::new(stack.layers);
        let xs = Var::from_tensor(&wave(&[&[BATCH], &input[..]].concat())).unwrap();
        let constant = xs.as_detached_tensor();
        let is_encoder = input[0] == 1;

        let all = stack.products.iter().sum::<usize>();
        let unneeded = if is_encoder { stack.products[0] } else { 0 };
        let operations = |products: usize| Throughput::Elements((2 * products * BATCH) as u64);
        let mut group = group(c, &format!("stack of {name}"));
        group.throughput(operations(all));
        group.bench_function("forward", |bencher| {
            bencher.iter(|| black_box(layers.forward_t(&constant, false).unwrap()));
        });
        group.throughput(operations(3 * all - unneeded));
        let xs = if is_encoder { &constant } else { xs.as_tensor() };
        group.bench_function("forward and backward", |bencher| {
            bencher.iter(|| {
                let sum = layers.forward_t(xs, true).unwrap().sum_all().unwrap();
                black_box(sum.backward().unwrap())
            });
        });
        group.finish();
    }
}

/// Reads parameter, gradient and two moments, writes all but the gradient.
fn optimizer(c: &mut Criterion) {
    let mut group = group(c, "Adam");
    let n = 917_225;
    let weights = Var::from_tensor(&wave(&[n])).unwrap();
    let gradients = weights.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    let named = vec![("weights".to_owned(), weights)];
    let mut adam = Adam::new(named, AdamConfig::default()).unwrap();
    group.throughput(Throughput::Bytes(7 * 4 * n as u64));
    group.bench_function("917225 weights", |bencher| {
        bencher.iter(|| adam.step(&gradients).unwrap());
    });
    group.finish();
}

/// Orthogonalizes the mean gradients of the matrices of a model that is told the problem, 48 x 96.
fn orthogonalizing_optimizer(c: &mut Criterion) {
    let mut group = group(c, "Muon");
    let mut shapes = vec![(4608, 96), (32, 4672), (32, 4672), (64, 1152), (128, 64), (64, 128)];
    shapes.extend([(64, 576); 10]);
    let n: usize = shapes.iter().map(|(rows, cols)| rows * cols).sum();
    let named: Vec<(String, Var)> = (0..)
        .zip(shapes)
        .map(|(i, (rows, cols))| {
            (format!("matrix {i}"), Var::from_tensor(&wave(&[rows, cols])).unwrap())
        })
        .collect();
    let mut gradients = GradStore::default();
    for (_, matrix) in &named {
        gradients.insert(matrix, matrix.sqr().unwrap());
    }
    let mut muon = Muon::new(named, AdamConfig::default()).unwrap();
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function("16 matrices", |bencher| {
        bencher.iter(|| muon.step(&gradients).unwrap());
    });
    group.finish();
}

criterion_group!(
    benches,
    machine,
    convolutions,
    transposed_convolutions,
    linear_layers,
    passes_over_memory,
    stacks,
    optimizer,
    orthogonalizing_optimizer
);
criterion_main!(benches);
