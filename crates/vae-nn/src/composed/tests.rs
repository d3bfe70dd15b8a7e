//! On the CPU, where both can be had: values and gradients equal to those of the kernels.

use super::device::pretense::elsewhere as composed;
use crate::{
    Adam, AdamConfig, BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig,
    Layer, Linear, Muon, Parameters, Sequential, bernoulli_log_prob, clip_global_norm,
    gaussian_log_prob, kl_to_standard_normal, leaky_relu, soft_bound, upsample_nearest2d,
};
use candle_core::{DType, Device, Module, ModuleT, Result, Tensor, Var};
use proptest::prelude::*;

fn wave(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|i| (phase + 1.3 * i as f64).sin()).collect()
}

/// The wave in steps of a half if `ties`, so that equal pixels and exact zeros abound.
fn input(dims: &[usize], phase: f64, ties: bool) -> Var {
    let step = |x: f64| if ties { (2.0 * x + 0.5).floor() / 2.0 } else { x };
    let values: Vec<f64> = wave(dims.iter().product(), phase).into_iter().map(step).collect();
    Var::from_tensor(&Tensor::from_vec(values, dims, &Device::Cpu).unwrap()).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The result of `f`, and the gradients of a weighted sum of it by `vars`.
fn pass(vars: &[Var], f: impl FnOnce() -> Result<Tensor>) -> Vec<Vec<f64>> {
    let ys = f().unwrap();
    let probe = wave(ys.elem_count(), 2.0).into_iter().map(|x| 0.5 + x).collect::<Vec<_>>();
    let probe = Tensor::from_vec(probe, ys.shape(), &Device::Cpu).unwrap();
    let grads = (&ys * probe).unwrap().sum_all().unwrap().backward().unwrap();
    let by = |var: &Var| grads.get(var).map_or(vec![0.0; var.elem_count()], values);
    std::iter::once(values(&ys)).chain(vars.iter().map(by)).collect()
}

/// Norm-wise.
fn compare(
    got: &[Vec<f64>],
    expected: &[Vec<f64>],
    tolerance: f64,
) -> std::result::Result<(), TestCaseError> {
    for (which, (got, expected)) in got.iter().zip(expected).enumerate() {
        prop_assert_eq!(got.len(), expected.len());
        let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
        let error = norm(&mut got.iter().zip(expected).map(|(a, b)| a - b));
        // Some gradients are sums that cancel, as that by a bias in front of a normalization.
        let scale = 1.0 + norm(&mut expected.iter().copied());
        prop_assert!(
            error <= tolerance * scale,
            "result or gradient {which}: {error:e} of {scale:e}"
        );
    }
    Ok(())
}

/// A layer, given the channels that reach it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Conv(usize, Conv2dConfig),
    Transposed(usize, ConvTranspose2dConfig),
    Norm,
    Leaky(f64),
    Max(usize),
    Average(usize),
}

fn kind() -> impl Strategy<Value = Kind> {
    let conv = (1..6_usize, 1..5_usize, 1..4_usize, 0..4_usize).prop_map(
        |(out, kernel, stride, padding)| Kind::Conv(out, Conv2dConfig { kernel, stride, padding }),
    );
    let transposed = (1..6_usize, 1..5_usize, 1..4_usize, 0..3_usize, 0..3_usize).prop_map(
        |(out, kernel, stride, padding, output_padding)| {
            let output_padding = output_padding % stride;
            Kind::Transposed(out, ConvTranspose2dConfig { kernel, stride, padding, output_padding })
        },
    );
    prop_oneof![
        3 => conv,
        2 => transposed,
        1 => Just(Kind::Norm),
        1 => prop_oneof![Just(0.0), Just(0.01), Just(0.3)].prop_map(Kind::Leaky),
        1 => (1..4_usize).prop_map(Kind::Max),
        1 => (1..4_usize).prop_map(Kind::Average),
    ]
}

fn stack(kinds: &[Kind], mut channels: usize, parameters: &Parameters) -> Sequential {
    let layer = |(i, kind): (usize, &Kind)| {
        let vb = parameters.var_builder().pp(i);
        match *kind {
            Kind::Conv(out, config) => {
                let layer = Conv2d::new(channels, out, config, vb).unwrap();
                channels = out;
                Layer::Conv2d(layer)
            }
            Kind::Transposed(out, config) => {
                let layer = ConvTranspose2d::new(channels, out, config, vb).unwrap();
                channels = out;
                Layer::ConvTranspose2d(layer)
            }
            Kind::Norm => Layer::BatchNorm2d(BatchNorm2d::new(channels, vb).unwrap()),
            Kind::Leaky(slope) => Layer::LeakyRelu { slope },
            Kind::Max(k) => Layer::MaxPool2d { k },
            Kind::Average(k) => Layer::AvgPool2d { k },
        }
    };
    Sequential::new(kinds.iter().enumerate().map(layer).collect())
}

/// A message without the backtrace behind it.
fn words(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Stacks of one to five layers, in training and evaluation; errors are equal too.
    #[test]
    fn stacks(
        kinds in prop::collection::vec(kind(), 1..6),
        dims in [1..4_usize, 1..4_usize, 1..14_usize, 1..14_usize],
        train: bool,
        ties: bool,
    ) {
        // Several normalizations, or one of few values, would magnify rounding beyond comparison.
        let norms = kinds.iter().filter(|kind| matches!(kind, Kind::Norm)).count();
        prop_assume!(norms == 0 || (norms == 1 && 20 < dims[0] * dims[2] * dims[3]));
        let both = [false, true].map(|other| {
            let parameters = Parameters::new(4, DType::F64, Device::Cpu);
            let stack = stack(&kinds, dims[1], &parameters);
            let xs = input(&dims, 0.3, ties);
            let vars: Vec<Var> =
                std::iter::once(xs.clone()).chain(parameters.trainable().into_iter().map(|(_, var)| var)).collect();
            let run = || stack.forward_t(&xs, train).map(|_| pass(&vars, || stack.forward_t(&xs, train)));
            let result = if other { composed(run) } else { run() };
            // The running statistics too.
            let state: Vec<Vec<f64>> = parameters.iter().map(|(_, var)| values(&var)).collect();
            result.map(|result| [result, state].concat()).map_err(|error| words(&error))
        });
        match both {
            // A normalization magnifies rounding, by 1/√ε where values hardly differ.
            [Ok(kernels), Ok(other)] => compare(&other, &kernels, if norms == 0 { 1e-12 } else { 1e-9 })?,
            [kernels, other] => prop_assert_eq!(kernels.err(), other.err()),
        }
    }

    #[test]
    fn single_operations(
        dims in [1..4_usize, 1..4_usize, 1..7_usize, 1..7_usize],
        scale in (1..4_usize, 1..4_usize),
        out in 1..5_usize,
        ties: bool,
    ) {
        let parameters = Parameters::new(4, DType::F64, Device::Cpu);
        let linear = Linear::new(dims[3], out, parameters.var_builder()).unwrap();
        let xs = input(&dims, 0.3, ties);
        let mut vars = vec![xs.clone()];
        vars.extend(parameters.trainable().into_iter().map(|(_, var)| var));
        let operations: [&dyn Fn() -> Result<Tensor>; 5] = [
            // Twice used, so that gradients must add up.
            &|| upsample_nearest2d(&xs, scale)?.sum_keepdim((2, 3))?.broadcast_add(&xs),
            &|| linear.forward(&xs),
            &|| leaky_relu(&xs, 0.0),
            &|| leaky_relu(&xs, 0.3),
            &|| soft_bound(&(&*xs * 40.0)?, -5.0, 8.0),
        ];
        for operation in operations {
            compare(&composed(|| pass(&vars, operation)), &pass(&vars, operation), 1e-12)?;
        }
    }

    #[test]
    fn losses(
        dims in [1..4_usize, 1..3_usize, 1..7_usize, 1..7_usize],
        large in prop_oneof![Just(1e-4), Just(0.2), Just(1.0), Just(60.0)],
        mask in 0..3_usize,
        ties: bool,
    ) {
        let (parameters, xs) = (input(&dims, 0.1, ties), input(&dims, 0.7, ties));
        let log_std = input(&[1], -0.3, false);
        let counts = if mask == 1 { vec![1, dims[1], dims[2], dims[3]] } else { dims.to_vec() };
        let active = (mask > 0).then(|| input(&counts, 0.2, true).ne(0.0).unwrap());
        let mask = active.as_ref();
        let vars = [parameters.clone(), xs.clone(), log_std.clone()];
        let scaled = || &*parameters * large;
        let losses: [&dyn Fn() -> Result<Tensor>; 3] = [
            &|| bernoulli_log_prob(&scaled()?, &xs, mask),
            &|| gaussian_log_prob(&scaled()?, &log_std, &xs, mask),
            &|| kl_to_standard_normal(&xs, &scaled()?),
        ];
        for loss in losses {
            compare(&composed(|| pass(&vars, loss)), &pass(&vars, loss), 1e-12)?;
        }
    }
}

/// Losses of a few steps of training with everything in it, and the parameters and moments at the
/// end.
fn trained(dtype: DType) -> (Vec<f64>, Vec<Vec<f64>>) {
    let parameters = Parameters::new(9, dtype, Device::Cpu);
    let kinds = [
        Kind::Conv(4, Conv2dConfig { kernel: 3, stride: 2, padding: 1 }),
        Kind::Norm,
        Kind::Leaky(0.01),
        Kind::Conv(3, Conv2dConfig::default()),
        Kind::Leaky(0.0),
        Kind::Max(2),
        Kind::Transposed(2, ConvTranspose2dConfig::default()),
    ];
    let stack = stack(&kinds, 1, &parameters);
    let heads = ["mean", "log_var"]
        .map(|name| Linear::new(2 * 6 * 4, 5, parameters.var_builder().pp(name)).unwrap());
    let back = Linear::new(5, 13 * 9, parameters.var_builder().pp("back")).unwrap();
    let xs = input(&[6, 1, 13, 9], 0.3, true).gt(0.0).unwrap().to_dtype(dtype).unwrap();
    let config = AdamConfig { lr: 0.01, weight_decay: 0.1, ..AdamConfig::default() };
    let vars = parameters.trainable();
    let mut adam = Adam::new(vars.clone(), config).unwrap();
    let mut muon = Muon::new(vars.clone(), config).unwrap();
    let mut losses = Vec::new();
    for _ in 0..5 {
        let features = stack.forward_t(&xs, true).unwrap().flatten_from(1).unwrap();
        let [mean, log_var] = [0, 1].map(|i| heads[i].forward(&features).unwrap());
        let log_var = soft_bound(&log_var, -8.0, 4.0).unwrap();
        let kl = kl_to_standard_normal(&mean, &log_var).unwrap().sum(1).unwrap();
        let code = (mean + (log_var * 0.5).unwrap().exp()).unwrap();
        let logits = back.forward(&code).unwrap().reshape(xs.shape()).unwrap();
        let loss = (kl - bernoulli_log_prob(&logits, &xs, None)).unwrap().mean_all().unwrap();
        losses.extend(values(&loss.to_dtype(DType::F64).unwrap()));
        let mut grads = loss.backward().unwrap();
        clip_global_norm(&mut grads, &vars, 1.0).unwrap();
        adam.step(&grads).unwrap();
        muon.step(&grads).unwrap();
    }
    let mut state = adam.state().unwrap();
    state.extend(muon.state().unwrap());
    let all = parameters.iter().map(|(_, var)| var.as_tensor().clone()).chain(state.into_values());
    let all = all.map(|tensor| values(&tensor.to_dtype(DType::F64).unwrap())).collect();
    (losses, all)
}

#[test]
fn training_makes_the_same_parameters_and_moments() {
    let (kernels, other) = (trained(DType::F64), composed(|| trained(DType::F64)));
    let state = other.1.iter().zip(&kernels.1);
    for (other, kernels) in state.chain([(&other.0, &kernels.0)]) {
        assert_eq!(other.len(), kernels.len());
        for (a, b) in other.iter().zip(kernels) {
            assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} and {b}");
        }
    }
    // In f32 Adam makes steps of full length of a gradient that is nothing but rounding, as that by
    // a bias in front of a normalization.
    let (kernels, other) = (trained(DType::F32), composed(|| trained(DType::F32)));
    for (a, b) in other.0.iter().zip(&kernels.0) {
        assert!((a - b).abs() < 1e-5 * b.abs(), "{a} and {b}");
    }
}

#[test]
fn a_nan_or_an_infinity_goes_where_it_goes_in_the_kernels() {
    let values = vec![
        f64::INFINITY,
        f64::NAN,
        2.0,
        f64::NEG_INFINITY, //
        f64::NAN,
        1.0,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    let xs = Tensor::from_vec(values, (1, 1, 2, 4), &Device::Cpu).unwrap();
    for kind in [Kind::Max(2), Kind::Leaky(0.0), Kind::Leaky(0.1)] {
        let stack = stack(&[kind], 1, &Parameters::new(1, DType::F64, Device::Cpu));
        let run = || self::values(&stack.forward_t(&xs, false).unwrap());
        assert_eq!(format!("{:?}", composed(run)), format!("{:?}", run()));
    }
    // Masked pixels may hold anything.
    let mask = xs.abs().unwrap().lt(f64::INFINITY).unwrap();
    let designs = xs.zeros_like().unwrap();
    let run = || self::values(&bernoulli_log_prob(&xs, &designs, Some(&mask)).unwrap());
    let sum = composed(run);
    assert!(sum[0].is_finite() && (sum[0] - run()[0]).abs() < 1e-12);
}
