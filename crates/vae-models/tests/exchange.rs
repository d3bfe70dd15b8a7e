//! Weights to and from the lecture's classes: the fixtures of `tests/fixtures/make_tutorial.py`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formula;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use formula::{elements, norm, tensor, uniform};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use vae_models::{
    ConditionStats, Fields, FormatError, Likelihood, LoadError, ModelConfig, SaveError, Sigma, Vae,
    from_bytes, load_pytorch, to_pytorch_tutorial,
};
use vae_nn::Parameters;

const BATCH: usize = 3;
/// Of a density in f32.
const TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Reconstruction {
    samples: Vec<(usize, f64)>,
    norm: f64,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The lecture's condition: its classes are told (c − mean) / std.
fn volume() -> ConditionStats {
    ConditionStats {
        name: "volume_percent".into(),
        unit: "%".into(),
        mean: 52.0163,
        std: 27.7679,
        min: 5.0,
        max: 99.0,
    }
}

fn conv() -> ModelConfig {
    ModelConfig::tutorial(32, 48, vec![volume()])
}

fn dense() -> ModelConfig {
    ModelConfig::tutorial_mlp(12, 21, vec![volume()])
}

/// Names, types and shapes: what `load_state_dict(strict=True)` looks at.
fn layout(bytes: &[u8]) -> BTreeMap<String, (Dtype, Vec<usize>)> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    file.iter()
        .map(|(name, view)| (name.to_owned(), (view.dtype(), view.shape().to_vec())))
        .collect()
}

fn check(name: &str, like: &ModelConfig) {
    let path = fixture(&format!("{name}.safetensors"));
    let (vae, parameters) = load_pytorch(&path, like, &Device::Cpu).unwrap();

    // There: the same reconstructions as PyTorch's.
    let all: BTreeMap<String, Reconstruction> =
        serde_json::from_str(include_str!("fixtures/tutorial_classes.json")).unwrap();
    let shape = [BATCH, 1, like.height, like.width];
    let designs =
        uniform("designs", shape.iter().product()).into_iter().map(|v| 0.5 + 0.5 * v).collect();
    let designs = tensor(designs, &shape, DType::F32);
    let raw = uniform("conditions", BATCH).into_iter().map(|c| 52.0163 + 27.7679 * c).collect();
    let conditions = tensor(raw, &[BATCH, 1], DType::F32);
    let reconstruct = |vae: &Vae| {
        let posterior = vae
            .encode(&designs, &vae.context(Some(&conditions), None, false).unwrap(), false)
            .unwrap();
        let params = vae
            .decode(&posterior.mean, &vae.context(Some(&conditions), None, false).unwrap(), false)
            .unwrap();
        elements(&vae.mean(&params).unwrap())
    };
    let found = reconstruct(&vae);
    for &(i, expected) in &all[name].samples {
        let gap = (found[i] - expected).abs();
        assert!(gap < TOLERANCE, "pixel {i}: {} instead of {expected}", found[i]);
    }
    assert!((norm(&found) / all[name].norm - 1.0).abs() < TOLERANCE);

    // And back: the very same tensors, and the file explains itself to us.
    let bytes = to_pytorch_tutorial(&vae, &parameters).unwrap();
    let original = std::fs::read(&path).unwrap();
    assert_eq!(layout(&bytes), layout(&original));
    let (ours, theirs) =
        (SafeTensors::deserialize(&bytes).unwrap(), SafeTensors::deserialize(&original).unwrap());
    for (tensor, view) in theirs.iter().filter(|(_, view)| view.dtype() == Dtype::F32) {
        assert!(ours.tensor(tensor).unwrap().data() == view.data(), "{tensor} has changed");
    }
    assert_eq!(reconstruct(&from_bytes(&bytes, &Device::Cpu).unwrap().0), found);
}

#[test]
fn the_convolutional_class() {
    check("tutorial_conv", &conv());
}

#[test]
fn the_fully_connected_class() {
    check("tutorial_dense", &dense());
}

/// The lecture's names, as its class prints them.
#[test]
fn the_names_are_the_lectures() {
    let shapes = ModelConfig::tutorial(128, 128, vec![volume()]).parameter_shapes();
    let names: Vec<&str> =
        shapes.iter().filter_map(|(name, _)| name.strip_suffix(".weight")).collect();
    let expected = [
        "decoder.0",
        "decoder.1",
        "decoder.3",
        "decoder.4",
        "decoder.6",
        "decoder.7",
        "decoder_input",
        "encoder.0",
        "encoder.1",
        "encoder.10",
        "encoder.3",
        "encoder.4",
        "encoder.6",
        "encoder.7",
        "encoder.9",
        "fc_mu",
        "fc_var",
        "final_layer.0",
        "final_layer.1",
        "final_layer.3",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_learned_deviation_becomes_a_fixed_one() {
    let config =
        ModelConfig { likelihood: Likelihood::Gaussian { sigma: Sigma::Shared }, ..conv() };
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    let bytes = to_pytorch_tutorial(&vae, &parameters).unwrap();
    assert!(!layout(&bytes).contains_key("log_std"));
    let (exported, _) = from_bytes(&bytes, &Device::Cpu).unwrap();
    let Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) } = exported.config().likelihood else {
        panic!("{:?}", exported.config().likelihood)
    };
    let learned = elements(&vae.sigma().unwrap().unwrap())[0];
    assert!((sigma - learned).abs() < 1e-6, "{sigma} and {learned}");
}

#[test]
fn what_the_lectures_classes_cannot_hold_is_refused() {
    let refused = |config: &ModelConfig, word: &str| {
        let parameters = Parameters::new(1, DType::F32, Device::Cpu);
        let vae = Vae::new(config, parameters.var_builder()).unwrap();
        let error = to_pytorch_tutorial(&vae, &parameters).unwrap_err();
        assert!(matches!(error, SaveError::NotTutorial { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(&ModelConfig::compact(16, 16, vec![volume()]), "embeds");
    refused(&ModelConfig::pool(16, 16, Vec::new()), "layers");
    refused(&ModelConfig::tutorial(20, 32, Vec::new()), "padded to 32 x 32");
    let fields = Some(Fields {
        recipe: "test-1".into(),
        names: vec!["load".into()],
        pooled: 5,
        averaged: false,
        prior: 6,
        blocks: 1,
        decoder_blocks: 2,
    });
    refused(&ModelConfig { fields, ..ModelConfig::tutorial(32, 32, Vec::new()) }, "fields");
}

#[test]
fn weights_of_another_kind_are_refused_by_name() {
    let load = |name: &str, like: &ModelConfig| {
        let error = load_pytorch(&fixture(name), like, &Device::Cpu).unwrap_err();
        let LoadError::Format { source, .. } = error else { panic!("{error}") };
        source
    };
    let error = load("tutorial_dense.safetensors", &conv());
    assert!(
        matches!(&error, FormatError::TensorShape { name, .. } if name.starts_with("decoder.0")),
        "{error}"
    );
    // Two conditions where the file has one; another size.
    let two = ModelConfig {
        conditions: vec![volume(), ConditionStats { name: "load_y".into(), ..volume() }],
        ..conv()
    };
    let error = load("tutorial_conv.safetensors", &two);
    assert!(matches!(error, FormatError::TensorShape { .. }), "{error}");
    let error = load("tutorial_conv.safetensors", &ModelConfig { width: 64, ..conv() });
    assert!(matches!(error, FormatError::TensorShape { .. }), "{error}");
}

/// A file of the same tensors under other names and in another type.
fn rewritten(
    folder: &tempfile::TempDir,
    rename: impl Fn(&str) -> String,
    change: impl Fn(&candle_core::Tensor) -> candle_core::Tensor,
) -> std::path::PathBuf {
    let tensors =
        candle_core::safetensors::load(fixture("tutorial_conv.safetensors"), &Device::Cpu).unwrap();
    let tensors: std::collections::HashMap<String, candle_core::Tensor> =
        tensors.iter().map(|(name, tensor)| (rename(name), change(tensor))).collect();
    let path = folder.path().join("weights.safetensors");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    path
}

#[test]
fn weights_of_any_float_type_and_wrapper_are_the_same_network() {
    let folder = tempfile::tempdir().unwrap();
    let (_, expected) =
        load_pytorch(&fixture("tutorial_conv.safetensors"), &conv(), &Device::Cpu).unwrap();
    let values = |parameters: &Parameters| -> BTreeMap<String, Vec<f32>> {
        let value = |(name, variable): (String, candle_core::Var)| {
            (name, variable.as_tensor().flatten_all().unwrap().to_vec1().unwrap())
        };
        parameters.iter().map(value).collect()
    };
    let expected = values(&expected);
    let types = [(DType::F64, 0.0), (DType::F16, 1e-3), (DType::BF16, 8e-3)];
    for (dtype, tolerance) in types {
        let in_type = |tensor: &candle_core::Tensor| match tensor.dtype() {
            DType::F32 => tensor.to_dtype(dtype).unwrap(),
            _ => tensor.clone(),
        };
        let path = rewritten(&folder, str::to_owned, in_type);
        let found = values(&load_pytorch(&path, &conv(), &Device::Cpu).unwrap().1);
        assert_eq!(found.len(), expected.len());
        for (name, values) in &expected {
            for (a, b) in values.iter().zip(&found[name]) {
                assert!((a - b).abs() <= tolerance * (1.0 + a.abs()), "{name}: {a} and {b}");
            }
        }
    }
    let wrappers: [&dyn Fn(&str) -> String; 5] = [
        &|name| format!("module.{name}"),
        &|name| format!("_orig_mod.{name}"),
        &|name| format!("model.{name}"),
        &|name| format!("lit.net._orig_mod.module.{name}"),
        &|name| name.replacen("encoder.", "encoder._orig_mod.", 1),
    ];
    for wrapper in wrappers {
        let path = rewritten(&folder, wrapper, candle_core::Tensor::clone);
        let (_, parameters) = load_pytorch(&path, &conv(), &Device::Cpu).unwrap();
        assert_eq!(values(&parameters), expected, "{}", wrapper("encoder.0.weight"));
    }
}

#[test]
fn damaged_weights_and_pickles_are_refused_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let advice = |path: &std::path::Path, like: &ModelConfig, words: &str, helps: &str| {
        let error = load_pytorch(path, like, &Device::Cpu).unwrap_err();
        let message = format!("{error}: {}", std::error::Error::source(&error).unwrap());
        assert!(message.contains(words), "{message}");
        let remedies = format!("{:?}", error.remedies());
        assert!(remedies.contains(helps), "{remedies}");
    };
    let nan = |tensor: &candle_core::Tensor| match tensor.dtype() {
        DType::F32 => tensor.affine(f64::NAN, 0.0).unwrap(),
        _ => tensor.clone(),
    };
    let path = rewritten(&folder, str::to_owned, nan);
    advice(&path, &conv(), "holds the value NaN", "earlier checkpoint");
    let path = rewritten(&folder, |name| format!("module.{name}"), candle_core::Tensor::clone);
    advice(&path, &ModelConfig { width: 64, ..conv() }, "has shape", "\"size\"");
    for begin in [&b"PK\x03\x04archive/data.pkl"[..], b"\x80\x02\x8a\x0a"] {
        let path = folder.path().join("cvae.pt");
        std::fs::write(&path, begin).unwrap();
        advice(&path, &conv(), "pickle", "('torch').load(");
    }
}
