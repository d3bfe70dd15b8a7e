//! Weights from anywhere: damaged files are refused or read, and what is wrong with them is said in
//! one line.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod formula;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use formula::network;
use safetensors::SafeTensors;
use vae_models::{
    ConditionStats, Encoder, Fields, FormatError, Likelihood, ModelConfig, from_bytes, load,
    load_pytorch, to_bytes,
};
use vae_torture::Campaign;

/// A small network that is told a condition and the fields of a problem.
fn with_fields() -> ModelConfig {
    let conditions = vec![ConditionStats::from_values("volume_fraction", "", &[0.2, 0.7]).unwrap()];
    let base = small(ModelConfig::compact(8, 12, conditions));
    let names = vec!["load".to_owned(), "support".to_owned()];
    ModelConfig {
        fields: Some(Fields {
            recipe: "test-1".to_owned(),
            names,
            pooled: 2,
            averaged: false,
            prior: 3,
            blocks: 1,
            decoder_blocks: 2,
        }),
        embedding: None,
        ..base
    }
}

fn volume() -> ConditionStats {
    let name = "volume_percent".to_owned();
    ConditionStats { name, unit: "%".to_owned(), mean: 52.0, std: 27.0, min: 5.0, max: 99.0 }
}

/// The same architecture with two channels and two latents.
fn small(mut config: ModelConfig) -> ModelConfig {
    let narrow = |channels: &mut Vec<usize>| channels.iter_mut().for_each(|n| *n = 2);
    match &mut config.encoder {
        Encoder::Strided { channels, .. } | Encoder::Pool { channels, .. } => narrow(channels),
        Encoder::Dense(dense) => narrow(&mut dense.widths),
    }
    match &mut config.decoder {
        vae_models::Decoder::Transposed { channels, .. } => narrow(channels),
        vae_models::Decoder::Dense(dense) => narrow(&mut dense.widths),
    }
    config.latent_dim = 2;
    config
}

fn bytes_of(config: &ModelConfig, dtype: DType) -> Vec<u8> {
    to_bytes(config, &network(config, dtype).1).unwrap()
}

/// The file with its metadata key changed.
fn with_config(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let bytes = bytes_of(&with_fields(), DType::F32);
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut config = serde_json::from_str(&header.metadata().as_ref().unwrap()["vae"]).unwrap();
    change(&mut config);
    let tensors = SafeTensors::deserialize(&bytes).unwrap().tensors();
    let metadata = HashMap::from([("vae".to_owned(), config.to_string())]);
    safetensors::serialize(tensors, Some(metadata)).unwrap()
}

/// The line that the terminal shows: an error with its sources.
fn line(bytes: &[u8]) -> String {
    let error = from_bytes(bytes, &Device::Cpu).unwrap_err();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    assert!(!text.contains('\n') && text.len() < 1000, "{} bytes: {text:.300}", text.len());
    text
}

/// The file with another header.
fn with_header(bytes: &[u8], change: impl FnOnce(String) -> String) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = change(String::from_utf8(bytes[8..8 + length].to_vec()).unwrap());
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &bytes[8 + header_end(bytes)..]].concat()
}

fn header_end(bytes: &[u8]) -> usize {
    u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
}

#[test]
fn damaged_weights() {
    let conditions = vec![ConditionStats::from_values("load_y", "m", &[0.0, 1.0]).unwrap()];
    let configs = [
        with_fields(),
        small(ModelConfig::compact(8, 12, conditions.clone())),
        small(ModelConfig::pool(8, 8, Vec::new())),
        small(ModelConfig {
            likelihood: Likelihood::Bernoulli,
            ..ModelConfig::tutorial(8, 8, conditions)
        }),
    ];
    let whole = configs.iter().map(|config| bytes_of(config, DType::F32));
    let whole = whole.chain([bytes_of(&configs[2], DType::F64)]);
    Campaign::new("weights", whole).run(|bytes| {
        let Ok((vae, _)) = from_bytes(bytes, &Device::Cpu) else { return false };
        // What was accepted can be used: codes become designs, unless they need a problem.
        let config = vae.config();
        if config.fields.is_none() && config.height * config.width <= 1 << 12 {
            let zeros = |n| Tensor::zeros((1, n), vae.dtype(), &Device::Cpu).unwrap();
            let n = config.conditions.len();
            let conditions = (0 < n).then(|| zeros(n));
            let context = vae.context(conditions.as_ref(), None, false).unwrap();
            vae.decode(&zeros(config.latent_dim), &context, false).unwrap();
        }
        true
    });
}

#[test]
fn damaged_weights_of_pytorch() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let read = |name: &str| fs::read(fixtures.join(name)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let conv = ModelConfig::tutorial(32, 48, vec![volume()]);
    let dense = ModelConfig::tutorial_mlp(12, 21, vec![volume()]);
    for (name, like) in [("tutorial_conv", conv), ("tutorial_dense", dense)] {
        let whole = read(&format!("{name}.safetensors"));
        Campaign::new(name, [whole]).one_in(4).run(|bytes| {
            fs::write(&path, bytes).unwrap();
            load_pytorch(&path, &like, &Device::Cpu).is_ok()
        });
    }
}

#[test]
fn tensors_that_overlap_or_leave_the_file_are_refused() {
    let bytes = bytes_of(&small(ModelConfig::pool(8, 8, Vec::new())), DType::F32);
    let length = (bytes.len() - 8 - header_end(&bytes)) as u64;
    // The first tensor in the place of the second, both as long as before.
    let header = String::from_utf8(bytes[8..8 + header_end(&bytes)].to_vec()).unwrap();
    let offsets: Vec<&str> = header
        .split("\"data_offsets\":")
        .skip(1)
        .map(|rest| &rest[..=rest.find(']').unwrap()])
        .collect();
    let twice = with_header(&bytes, |header| header.replacen(offsets[1], offsets[0], 1));
    assert!(line(&twice).starts_with("it is not a safetensors file: "), "{}", line(&twice));
    let far = with_header(&bytes, |header| {
        header.replace(&format!(",{length}]"), &format!(",{}]", u64::MAX))
    });
    assert!(matches!(
        from_bytes(&far, &Device::Cpu),
        Err(FormatError::Truncated { .. } | FormatError::NotSafetensors(_))
    ));
    line(&far);
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let bytes = bytes_of(&small(ModelConfig::pool(8, 8, Vec::new())), DType::F32);
    let huge = with_header(&bytes, |header| {
        header.replacen("\"shape\":[2", "\"shape\":[18446744073709551615", 1)
    });
    assert!(line(&huge).starts_with("it is not a safetensors file: "), "{}", line(&huge));
    let tall = with_config(|config| config["height"] = 1_000_000_000.into());
    assert_eq!(
        line(&tall),
        "the network it describes cannot be built: height is 1000000000, but must be between 1 and 16384"
    );
    let wide = with_config(|config| config["latent_dim"] = 16_384.into());
    assert!(line(&wide).contains("but the network it describes needs ["), "{}", line(&wide));
}

/// A header of megabytes, in blanks, in a name, and in many conditions.
#[test]
fn metadata_of_megabytes_are_refused() {
    let name = with_config(|config| config["conditions"][0]["name"] = "n".repeat(4 << 20).into());
    let text = line(&name);
    assert!(
        text.ends_with("the name \"nnnnnnnnnnnnnnnnnnnn\"… has 4194304 bytes, more than 1024"),
        "{text}"
    );
    let many = with_config(|config| {
        let one = config["conditions"][0].clone();
        let named = |i: usize| {
            let mut condition = one.clone();
            condition["name"] = i.to_string().into();
            condition
        };
        config["conditions"] = (0..50_000).map(named).collect();
    });
    let text = line(&many);
    assert!(
        text.ends_with("the number of conditions is 50000, but must be between 1 and 16384"),
        "{text}"
    );
    let fields = with_config(|config| {
        config["fields"]["names"] = (0..10_000).map(|i| i.to_string()).collect();
    });
    let text = line(&fields);
    assert!(
        text.ends_with("the number of fields.names is 10000, but must be between 1 and 64"),
        "{text}"
    );
    let bytes = bytes_of(&with_fields(), DType::F32);
    let blanks = with_header(&bytes, |header| header + &" ".repeat(64 << 20));
    let text = line(&blanks);
    assert!(text.contains("bytes of metadata, more than the 33554432 of any model"), "{text}");
}

#[test]
fn a_likelihood_of_a_newer_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let newer = with_config(|config| config["likelihood"] = "student-t".into());
    let text = line(&newer);
    assert!(text.contains("unknown variant `student-t`, expected one of `bernoulli`"), "{text}");
    fs::write(&path, newer).unwrap();
    let remedies = load(&path, &Device::Cpu).unwrap_err().remedies();
    assert!(
        format!("{remedies:?}").contains("a newer version may have written it"),
        "{remedies:?}"
    );
}

/// What its fields mean is for a higher crate to say; here the name only has to come through.
#[test]
fn a_recipe_of_a_newer_version_is_kept_for_who_knows_recipes() {
    let newer = with_config(|config| config["fields"]["recipe"] = "test-2".into());
    let (vae, _) = from_bytes(&newer, &Device::Cpu).unwrap();
    assert_eq!(vae.config().fields.as_ref().unwrap().recipe, "test-2");
}
