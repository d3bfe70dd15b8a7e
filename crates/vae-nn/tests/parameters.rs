//! Seeded initial values: by name, equal in law to PyTorch's; loading; and what layers refuse.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use candle_core::{DType, Device, Module, Result, Tensor};
use common::values;
use std::collections::HashMap;
use vae_nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Error, Linear,
    Parameters,
};

fn parameters(seed: u64, dtype: DType) -> Parameters {
    Parameters::new(seed, dtype, Device::Cpu)
}

#[test]
fn initial_values_follow_seed_and_name_alone() {
    let (one, other) = (parameters(1, DType::F32), parameters(1, DType::F32));
    Linear::new(4, 3, one.var_builder().pp("fc")).unwrap();
    Linear::new(9, 9, other.var_builder().pp("another")).unwrap();
    Linear::new(4, 3, other.var_builder().pp("fc")).unwrap();
    let weight = |p: &Parameters, name| values(&p.get(name).unwrap());
    assert_eq!(weight(&one, "fc.weight"), weight(&other, "fc.weight"));
    assert_ne!(weight(&one, "fc.weight")[..3], weight(&one, "fc.bias")[..]);

    let reseeded = parameters(2, DType::F32);
    Linear::new(4, 3, reseeded.var_builder().pp("fc")).unwrap();
    assert_ne!(weight(&one, "fc.weight"), weight(&reseeded, "fc.weight"));

    let doubles = parameters(1, DType::F64);
    Linear::new(4, 3, doubles.var_builder().pp("fc")).unwrap();
    let rounded: Vec<f64> =
        weight(&doubles, "fc.weight").into_iter().map(|x| f64::from(x as f32)).collect();
    assert_eq!(rounded, weight(&one, "fc.weight"));
}

#[test]
fn initial_values_are_frozen() {
    // Another value here is a value-breaking change.
    let parameters = parameters(42, DType::F64);
    Linear::new(2, 1, parameters.var_builder().pp("fc")).unwrap();
    let got = values(&parameters.get("fc.weight").unwrap());
    let error = got.iter().zip(FROZEN).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(error < 1e-15, "{got:?}");
}

const FROZEN: [f64; 2] = [-0.6561392620955749, 0.3879503020130106];

/// Checks that the values fill `U(-bound, bound)`: extremes, mean, variance, and the largest gap to
/// its distribution function.
fn assert_uniform(name: &str, values: &[f64], bound: f64) {
    let n = values.len() as f64;
    let mut sorted: Vec<f64> = values.iter().map(|x| 0.5 + 0.5 * x / bound).collect();
    sorted.sort_by(f64::total_cmp);
    assert!(0.0 <= sorted[0] && sorted[sorted.len() - 1] < 1.0, "{name}");
    let gap = sorted.iter().enumerate().map(|(i, u)| (u - (i as f64 + 0.5) / n).abs());
    // Kolmogorov: above 1.95 / sqrt(n) once in a thousand; the seed is fixed.
    let gap = gap.fold(0.0, f64::max);
    assert!(gap < 1.95 / n.sqrt(), "{name}: {gap}");
}

#[test]
fn initial_values_have_the_law_of_pytorch() {
    let p = parameters(7, DType::F64);
    let vb = p.var_builder();
    Linear::new(50, 400, vb.pp("fc")).unwrap();
    let config = Conv2dConfig { kernel: 5, stride: 1, padding: 0 };
    Conv2d::new(6, 300, config, vb.pp("conv")).unwrap();
    let config = ConvTranspose2dConfig { kernel: 3, stride: 1, padding: 0, output_padding: 0 };
    ConvTranspose2d::new(20, 200, config, vb.pp("up")).unwrap();
    BatchNorm2d::new(3, vb.pp("norm")).unwrap();
    // kaiming_uniform_(a=sqrt(5)) over the fan-in is U(-1/sqrt(fan), 1/sqrt(fan)); the fan-in of a
    // transposed convolution is counted over its second axis, which is the output.
    for (layer, fan) in [("fc", 50), ("conv", 6 * 25), ("up", 200 * 9)] {
        for tensor in ["weight", "bias"] {
            let name = format!("{layer}.{tensor}");
            assert_uniform(&name, &values(&p.get(&name).unwrap()), 1.0 / f64::from(fan).sqrt());
        }
    }
    for (name, value) in
        [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)]
    {
        assert_eq!(values(&p.get(&format!("norm.{name}")).unwrap()), [value; 3]);
    }
}

#[test]
fn every_kind_of_initial_value_has_its_moments() {
    use candle_nn::Init;
    use candle_nn::init::{FanInOut, NonLinearity, NormalOrUniform};
    let p = parameters(3, DType::F64);
    let vb = p.var_builder();
    let kaiming =
        |dist| Init::Kaiming { dist, fan: FanInOut::FanIn, non_linearity: NonLinearity::ReLU };
    let root = (2.0 / 50.0_f64).sqrt();
    for (name, init, mean, std_dev) in [
        ("const", Init::Const(0.25), 0.25, 0.0),
        ("randn", Init::Randn { mean: 2.0, stdev: 0.5 }, 2.0, 0.5),
        ("uniform", Init::Uniform { lo: -1.0, up: 3.0 }, 1.0, 4.0 / 12.0_f64.sqrt()),
        ("kaiming_normal", kaiming(NormalOrUniform::Normal), 0.0, root),
        ("kaiming_uniform", kaiming(NormalOrUniform::Uniform), 0.0, root),
    ] {
        let v = values(&vb.get_with_hints((400, 50), name, init).unwrap());
        let n = v.len() as f64;
        let m = v.iter().sum::<f64>() / n;
        let s = (v.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n).sqrt();
        // Four standard errors of the mean of 20,000 draws, and a like bound on the deviation.
        assert!((m - mean).abs() <= 0.03 * std_dev + 1e-12, "{name}: mean {m}");
        assert!((s - std_dev).abs() <= 0.03 * std_dev + 1e-12, "{name}: deviation {s}");
    }
}

#[test]
fn a_second_layer_of_the_same_name_shares_the_tensors() {
    let p = parameters(1, DType::F32);
    let first = Linear::new(4, 3, p.var_builder().pp("fc")).unwrap();
    let second = Linear::new(4, 3, p.clone().var_builder().pp("fc")).unwrap();
    assert_eq!(first.weight().id(), second.weight().id());
    assert_eq!((p.len(), p.elem_count(), p.is_empty()), (2, 15, false));
    assert_eq!(p.dtype(), DType::F32);
    assert!(p.device().is_cpu());
    let refused = Linear::new(5, 3, p.var_builder().pp("fc")).unwrap_err().to_string();
    assert!(
        refused.contains("fc.weight") && refused.contains("[3, 5]") && refused.contains("[3, 4]")
    );
    let vb = p.var_builder();
    assert!(vb.contains_tensor("fc.weight") && !vb.contains_tensor("fc.other"));
    assert_eq!(vb.get_unchecked("fc.bias").unwrap().dims(), [3]);
    assert!(vb.get_unchecked("fc.other").unwrap_err().to_string().contains("fc.other"));
}

#[test]
fn loading_is_strict_and_whole() {
    let (from, to) = (parameters(1, DType::F64), parameters(2, DType::F32));
    for p in [&from, &to] {
        Linear::new(4, 3, p.var_builder().pp("a")).unwrap();
        BatchNorm2d::new(2, p.var_builder().pp("b")).unwrap();
    }
    let good: HashMap<String, Tensor> =
        from.iter().map(|(name, var)| (name, var.as_tensor().clone())).collect();
    let before: Vec<f64> = values(&to.get("a.weight").unwrap());

    let mut bad = good.clone();
    bad.remove("b.running_var");
    assert!(matches!(to.load(&bad), Err(Error::MissingTensor { name }) if name == "b.running_var"));
    bad = good.clone();
    bad.insert("b.odd".to_owned(), good["b.bias"].clone());
    assert!(matches!(to.load(&bad), Err(Error::UnexpectedTensor { name }) if name == "b.odd"));
    bad = good.clone();
    bad.insert("b.bias".to_owned(), good["a.bias"].clone());
    let error = to.load(&bad).unwrap_err();
    assert!(matches!(&error, Error::TensorShape { name, .. } if name == "b.bias"));
    assert_eq!(error.to_string(), "tensor \"b.bias\": expected shape [2], got [3]");
    assert_eq!(values(&to.get("a.weight").unwrap()), before);

    to.load(&good).unwrap();
    for (name, var) in to.iter() {
        let expected = good[&name].to_dtype(DType::F32).unwrap();
        assert_eq!(values(&var), values(&expected), "{name}");
    }
}

#[test]
fn running_statistics_reach_the_parameters_but_not_the_optimizer() {
    let p = parameters(1, DType::F32);
    let norm = BatchNorm2d::new(1, p.var_builder().pp("norm")).unwrap();
    let xs = common::tensor(vec![1.0, 2.0, 3.0, 6.0], &[1, 1, 2, 2], DType::F32);
    norm.forward_t(&xs, true).unwrap();
    // A tenth of the mean 3; nine tenths of 1 and a tenth of the unbiased variance 14/3.
    let close =
        |name: &str, expected: f64| (values(&p.get(name).unwrap())[0] - expected).abs() < 1e-7;
    assert!(close("norm.running_mean", 0.3) && close("norm.running_var", 0.9 + 14.0 / 30.0));
    let before = p.get("norm.running_mean").unwrap().to_vec1::<f32>().unwrap();
    norm.forward_t(&xs, false).unwrap();
    assert_eq!(p.get("norm.running_mean").unwrap().to_vec1::<f32>().unwrap(), before);
    assert_eq!(p.trainable().len(), 2);
    assert_eq!(p.len(), 4);
}

#[test]
fn layers_refuse_what_does_not_fit() {
    let p = parameters(1, DType::F32);
    let vb = p.var_builder();
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F32, &Device::Cpu).unwrap();
    let refused = |result: Result<Tensor>, words: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    };
    let fc = Linear::new(4, 3, vb.pp("fc")).unwrap();
    refused(fc.forward(&zeros(&[2, 5])), "linear: expected (.., 4), got shape [2, 5]");
    refused(fc.forward(&zeros(&[])), "got shape []");
    refused(fc.forward(&zeros(&[2, 4]).to_dtype(DType::F64).unwrap()), "");
    let conv = Conv2d::new(2, 3, Conv2dConfig { kernel: 5, stride: 1, padding: 1 }, vb.pp("conv"))
        .unwrap();
    refused(conv.forward(&zeros(&[1, 3, 9, 9])), "(B, 2, H, W)");
    refused(conv.forward(&zeros(&[1, 2, 2, 9])), "at least 3");
    refused(conv.forward(&zeros(&[2, 9, 9])), "[2, 9, 9]");
    refused(conv.forward(&zeros(&[1, 2, 9, 0])), "[1, 2, 9, 0]");
    assert_eq!(conv.forward(&zeros(&[0, 2, 5, 5])).unwrap().dims(), [0, 3, 3, 3]);
    let config = ConvTranspose2dConfig { kernel: 2, stride: 1, padding: 1, output_padding: 0 };
    let up = ConvTranspose2d::new(2, 3, config, vb.pp("up")).unwrap();
    refused(up.forward(&zeros(&[1, 2, 1, 5])), "at least one pixel");
    refused(up.forward(&zeros(&[1, 3, 5, 5])), "(B, 2, H, W)");
    refused(up.forward(&zeros(&[1, 2, 0, 5])), "[1, 2, 0, 5]");
    let norm = BatchNorm2d::new(2, vb.pp("norm")).unwrap();
    refused(norm.forward_t(&zeros(&[1, 3, 2, 2]), true), "(B, 2, H, W)");
    refused(norm.forward_t(&zeros(&[1, 2]), false), "(B, 2, H, W)");
    refused(norm.forward_t(&zeros(&[1, 2, 3, 0]), false), "(B, 2, H, W)");
    refused(norm.forward_t(&zeros(&[1, 2, 1, 1]), true), "more than one value per channel");
    assert!(norm.forward_t(&zeros(&[1, 2, 1, 1]), false).is_ok());
    assert!(norm.forward_t(&zeros(&[1, 2, 1, 2]), true).is_ok());
    let image = zeros(&[1, 1, 3, 300]);
    refused(vae_nn::max_pool2d(&image, 4), "H and W at least 4");
    refused(vae_nn::avg_pool2d(&image, 0), "k = 0: must be at least 1");
    refused(vae_nn::max_pool2d(&zeros(&[1, 1, 300, 300]), 256), "at most 255");
    refused(vae_nn::upsample_nearest2d(&image, (0, 1)), "scale.0 = 0");
    refused(vae_nn::upsample_nearest2d(&image, (1, 0)), "scale.1 = 0");
    refused(vae_nn::upsample_nearest2d(&zeros(&[3, 3]), (1, 1)), "[3, 3]");
    let half = image.to_dtype(DType::F16).unwrap();
    for result in [
        vae_nn::relu(&half),
        vae_nn::max_pool2d(&half, 2),
        vae_nn::avg_pool2d(&half, 2),
        vae_nn::upsample_nearest2d(&half, (2, 2)),
    ] {
        refused(result, "F16");
    }

    for (name, result) in [
        ("in_features", Linear::new(0, 1, vb.pp("z")).map(|_| ())),
        ("out_features", Linear::new(1, 0, vb.pp("z")).map(|_| ())),
        ("in_channels", Conv2d::new(0, 1, Conv2dConfig::default(), vb.pp("z")).map(|_| ())),
        ("out_channels", Conv2d::new(1, 0, Conv2dConfig::default(), vb.pp("z")).map(|_| ())),
        (
            "kernel",
            Conv2d::new(1, 1, Conv2dConfig { kernel: 0, ..Conv2dConfig::default() }, vb.pp("z"))
                .map(|_| ()),
        ),
        (
            "stride",
            Conv2d::new(1, 1, Conv2dConfig { stride: 0, ..Conv2dConfig::default() }, vb.pp("z"))
                .map(|_| ()),
        ),
        (
            "output_padding",
            ConvTranspose2d::new(
                1,
                1,
                ConvTranspose2dConfig { output_padding: 2, ..ConvTranspose2dConfig::default() },
                vb.pp("z"),
            )
            .map(|_| ()),
        ),
        ("channels", BatchNorm2d::new(0, vb.pp("z")).map(|_| ())),
    ] {
        assert!(result.unwrap_err().to_string().starts_with(name));
    }
}

#[test]
fn special_values_pass_through() {
    let xs = common::tensor(
        vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0],
        &[1, 1, 2, 2],
        DType::F32,
    );
    let ys = values(&vae_nn::relu(&xs).unwrap());
    assert!(ys[0].is_nan());
    assert_eq!(ys[1..], [f64::INFINITY, 0.0, 0.0]);
    assert!(values(&vae_nn::max_pool2d(&xs, 2).unwrap())[0].is_nan());
    let below = common::tensor(vec![f64::NEG_INFINITY; 4], &[1, 1, 2, 2], DType::F32);
    assert_eq!(values(&vae_nn::max_pool2d(&below, 2).unwrap()), [f64::NEG_INFINITY]);
}
