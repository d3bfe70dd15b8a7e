//! Weight files: what is written comes back, and whatever else is found is refused by name.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod formula;

use std::collections::HashMap;
use std::error::Error as _;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use formula::{elements, network, tensor, uniform};
use safetensors::SafeTensors;
use vae_models::{
    Activation, ConditionStats, ConfigError, Decoder, Encoder, Fields, FormatError, Head,
    Likelihood, LoadError, ModelConfig, SaveError, Vae, from_bytes, load, load_matching, save,
    to_bytes,
};
use vae_nn::Parameters;

fn config() -> ModelConfig {
    let conditions = vec![ConditionStats::from_values("volume_fraction", "", &[0.2, 0.7]).unwrap()];
    let base = ModelConfig::tutorial(12, 20, conditions);
    ModelConfig {
        encoder: Encoder::Strided { channels: vec![3, 4], normalized: true },
        decoder: Decoder::Transposed {
            channels: vec![4, 3],
            kernel: 3,
            head: Head::Conv,
            normalized: true,
            activation: Activation::LeakyRelu,
        },
        likelihood: Likelihood::Bernoulli,
        ..base
    }
}

fn model(dtype: DType) -> (ModelConfig, Parameters, Vec<u8>) {
    let config = config();
    let (_, parameters) = network(&config, dtype);
    let bytes = to_bytes(&config, &parameters).unwrap();
    (config, parameters, bytes)
}

/// The file with its tensors or its metadata changed.
fn changed(
    bytes: &[u8],
    tensors: impl FnOnce(&mut HashMap<String, Tensor>),
    metadata: impl FnOnce(String) -> Option<(&'static str, String)>,
) -> Vec<u8> {
    let mut all = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).unwrap();
    tensors(&mut all);
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let json = header.metadata().as_ref().unwrap()["vae"].clone();
    let metadata = metadata(json).map(|(key, value)| HashMap::from([(key.to_owned(), value)]));
    safetensors::serialize(&all, metadata).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8]) -> FormatError {
    from_bytes(bytes, &Device::Cpu).unwrap_err()
}

#[track_caller]
fn with_tensors(change: impl FnOnce(&mut HashMap<String, Tensor>)) -> FormatError {
    refused(&changed(&model(DType::F32).2, change, |json| Some(("vae", json))))
}

#[track_caller]
fn with_metadata(change: impl FnOnce(String) -> Option<(&'static str, String)>) -> FormatError {
    refused(&changed(&model(DType::F32).2, |_| {}, change))
}

#[test]
fn what_is_saved_comes_back() {
    for dtype in [DType::F32, DType::F64] {
        let (config, parameters, bytes) = model(dtype);
        let (vae, loaded) = from_bytes(&bytes, &Device::Cpu).unwrap();
        assert_eq!(vae.config(), &config);
        assert_eq!((vae.dtype(), loaded.dtype()), (dtype, dtype));
        let values = |parameters: &Parameters| -> Vec<_> {
            parameters
                .iter()
                .map(|(name, var)| (name, var.dims().to_vec(), elements(&var)))
                .collect()
        };
        assert_eq!(values(&parameters), values(&loaded));
        assert_eq!(to_bytes(&config, &loaded).unwrap(), bytes);
    }
}

/// With the fields of the problem, that the file states and whose networks it holds.
#[test]
fn a_network_with_fields_comes_back() {
    let fields = Fields {
        recipe: "test-1".to_owned(),
        names: vec!["load".to_owned(), "support".to_owned()],
        pooled: 5,
        averaged: true,
        prior: 6,
        blocks: 1,
        decoder_blocks: 2,
    };
    let config = ModelConfig { fields: Some(fields), ..config() };
    let (vae, parameters) = network(&config, DType::F32);
    let bytes = to_bytes(&config, &parameters).unwrap();
    let (loaded, _) = from_bytes(&bytes, &Device::Cpu).unwrap();
    assert_eq!(loaded.config(), &config);
    let wave = |shape: &[usize]| {
        let values = uniform("values", shape.iter().product());
        tensor(values, shape, DType::F32)
    };
    let (cs, fs, us) = (wave(&[2, 1]), wave(&[2, 2, 12, 20]), wave(&[2, config.latent_dim]));
    let designs = |vae: &Vae| {
        let context = vae.context(Some(&cs), Some(&fs), false).unwrap();
        elements(&vae.decode(&us, &context, false).unwrap())
    };
    assert_eq!(designs(&loaded), designs(&vae));

    let json = |json: String| Some(("vae", json.replace("\"support\"", "\"load\"")));
    assert!(matches!(
        refused(&changed(&bytes, |_| {}, json)),
        FormatError::Config(ConfigError::FieldNames { .. })
    ));
    let without = |tensors: &mut HashMap<String, Tensor>| drop(tensors.remove("prior.2.bias"));
    assert_eq!(
        refused(&changed(&bytes, without, |json| Some(("vae", json)))).to_string(),
        "tensor \"prior.2.bias\" is missing"
    );
    // Another number of maps than the weights have.
    let third = |json: String| Some(("vae", json.replace("\"support\"", "\"support\",\"third\"")));
    assert!(matches!(
        refused(&changed(&bytes, |_| {}, third)),
        FormatError::TensorShape { ref name, .. } if name == "encoder.0.weight"
    ));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&path, &config, &parameters).unwrap();
    let other = ModelConfig { fields: None, ..config };
    let error = load_matching(&path, &other, &Device::Cpu).unwrap_err();
    assert!(
        error.source().unwrap().to_string().starts_with("it holds another architecture: fields")
    );
}

#[test]
fn header_says_everything_and_nothing_else() {
    let (config, _, bytes) = model(DType::F32);
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["vae"]);
    assert_eq!(serde_json::from_str::<ModelConfig>(&metadata["vae"]).unwrap(), config);

    // Names and shapes as in the `state_dict` of the equal PyTorch module.
    let mut names: Vec<_> =
        header.tensors().into_iter().map(|(name, info)| (name, info.shape.clone())).collect();
    names.sort();
    let counters = ["decoder.1", "encoder.1", "encoder.4", "final_layer.1"]
        .map(|norm| (format!("{norm}.num_batches_tracked"), vec![]));
    let mut expected = config.parameter_shapes();
    expected.extend(counters);
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn saving_replaces_the_file_and_leaves_nothing_beside_it() {
    let (config, parameters, bytes) = model(DType::F32);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, "what was there before").unwrap();
    save(&path, &config, &parameters).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(load(&path, &Device::Cpu).unwrap().0.config(), &config);
}

#[cfg(unix)]
#[test]
fn a_saved_file_is_as_readable_as_any_other() {
    use std::os::unix::fs::PermissionsExt;

    let (config, parameters, _) = model(DType::F32);
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    let (path, ordinary) =
        (folder.path().join("model.safetensors"), folder.path().join("ordinary"));
    std::fs::write(&ordinary, "made by open(2) with 0666 less the umask").unwrap();
    save(&path, &config, &parameters).unwrap();
    assert_eq!(mode(&path), mode(&ordinary));
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let (config, parameters, bytes) = model(DType::F32);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&path, &config, &parameters).unwrap();

    let (_, other) = network(&ModelConfig::pool(8, 8, Vec::new()), DType::F32);
    let error = save(&path, &config, &other).unwrap_err();
    assert!(
        matches!(
            error,
            SaveError::Mismatch(
                FormatError::MissingTensor { .. } | FormatError::TensorShape { .. }
            )
        ),
        "{error:?}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    let nowhere = folder.path().join("no such folder").join("model.safetensors");
    let error = save(&nowhere, &config, &parameters).unwrap_err();
    assert_eq!(error.to_string(), format!("writing {} failed", nowhere.display()));
    // The name of a folder cannot be taken by a file; the temporary file must not survive the
    // attempt.
    assert!(matches!(save(folder.path(), &config, &parameters), Err(SaveError::Write(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_truncation_is_an_error() {
    let (_, _, bytes) = model(DType::F32);
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for length in (0..header).step_by(97).chain([
        header - 1,
        header,
        header + 1,
        bytes.len() / 2,
        bytes.len() - 1,
    ]) {
        match refused(&bytes[..length]) {
            FormatError::Truncated { expected, found } => {
                assert_eq!(found, length as u64);
                // Before the whole header is there, its own end is all that is known.
                let known = if length < 8 {
                    8
                } else if length < header {
                    header
                } else {
                    bytes.len()
                };
                assert_eq!(expected, known as u64);
            }
            FormatError::NotSafetensors(_) if length == 8 => {}
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    let longer = [&bytes[..], b"more"].concat();
    assert!(matches!(refused(&longer), FormatError::NotSafetensors(_)));
}

#[test]
fn other_files_are_refused() {
    for bytes in [
        &b"PK\x03\x04 a zip archive, for instance a pickled checkpoint"[..],
        &[0; 64],
        &[0xff; 64],
        b"{\"epoch\": 12}",
    ] {
        assert!(matches!(refused(bytes), FormatError::NotSafetensors(_)), "{bytes:?}");
    }
    assert!(matches!(with_metadata(|_| None), FormatError::NoModel));
    assert!(matches!(with_metadata(|json| Some(("format", json))), FormatError::NoModel));
    assert!(matches!(with_metadata(|_| Some(("vae", "{}".to_owned()))), FormatError::Metadata(_)));
    assert!(matches!(
        with_metadata(|json| Some(("vae", json.replace("\"kernel\":3", "\"kernel\":7")))),
        FormatError::Config(vae_models::ConfigError::Kernel { kernel: 7 })
    ));
}

#[test]
fn tensors_must_be_exactly_the_networks() {
    let tensor = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
    let error = with_tensors(|tensors| drop(tensors.remove("fc_mu.weight")));
    assert_eq!(error.to_string(), "tensor \"fc_mu.weight\" is missing");
    let error = with_tensors(|tensors| {
        drop(tensors.insert("fc_extra.weight".to_owned(), tensor(&[2], DType::F32)));
    });
    assert_eq!(
        error.to_string(),
        "tensor \"fc_extra.weight\" does not belong to the network it describes"
    );
    let error = with_tensors(|tensors| {
        drop(tensors.insert("encoder.0.weight".to_owned(), tensor(&[3, 1, 5, 5], DType::F32)));
    });
    assert_eq!(
        error.to_string(),
        "tensor \"encoder.0.weight\" has shape [3, 1, 5, 5], but the network it describes needs [3, 1, 3, 3]"
    );
    for dtype in [DType::F64, DType::U8, DType::BF16] {
        let error = with_tensors(|tensors| {
            drop(tensors.insert("fc_mu.bias".to_owned(), tensor(&[2], dtype)));
        });
        assert!(
            matches!(error, FormatError::TensorType { ref name, .. } if name == "fc_mu.bias"),
            "{error:?}"
        );
    }
    // The weights of another architecture under this one's description.
    let (_, _, other) = {
        let config = ModelConfig::pool(12, 20, Vec::new());
        let (_, parameters) = network(&config, DType::F32);
        let bytes = to_bytes(&config, &parameters).unwrap();
        (config, parameters, bytes)
    };
    let json = serde_json::to_string(&config()).unwrap();
    let error = refused(&changed(&other, |_| {}, |_| Some(("vae", json))));
    assert!(
        matches!(error, FormatError::MissingTensor { .. } | FormatError::TensorShape { .. }),
        "{error:?}"
    );
}

/// One weight that is not a number would make every design one that is not.
#[test]
fn weights_that_are_not_finite_are_refused() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for dtype in [DType::F32, DType::F64] {
            let (_, _, bytes) = model(dtype);
            let spoiled = changed(
                &bytes,
                |tensors| {
                    let bias = Tensor::new(&[0.5, value], &Device::Cpu).unwrap();
                    tensors.insert("fc_mu.bias".to_owned(), bias.to_dtype(dtype).unwrap());
                },
                |json| Some(("vae", json)),
            );
            let error = refused(&spoiled);
            assert!(
                matches!(error, FormatError::NotFinite { ref name, .. } if name == "fc_mu.bias"),
                "{error:?}"
            );
        }
    }
}

#[test]
fn counters_of_batch_normalization_are_optional() {
    let (_, _, bytes) = model(DType::F32);
    let without = changed(
        &bytes,
        |tensors| tensors.retain(|name, _| !name.ends_with("num_batches_tracked")),
        |json| Some(("vae", json)),
    );
    assert!(from_bytes(&without, &Device::Cpu).is_ok());
}

#[test]
fn another_architecture_is_named() {
    let (config, parameters, _) = model(DType::F32);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&path, &config, &parameters).unwrap();
    assert!(load_matching(&path, &config, &Device::Cpu).is_ok());

    let error =
        load_matching(&path, &ModelConfig { latent_dim: 7, ..config }, &Device::Cpu).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is not a usable model", path.display()));
    assert_eq!(
        error.source().unwrap().to_string(),
        "it holds another architecture: latent_dim is 2, not 7"
    );
}

#[test]
fn missing_file_names_its_path() {
    let error = load(Path::new("no/such/model.safetensors"), &Device::Cpu).unwrap_err();
    assert!(matches!(error, LoadError::Read { .. }));
    assert_eq!(error.to_string(), "cannot read no/such/model.safetensors");
}
