//! A run whose files are damaged, or were written by a newer version, is refused or opened.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use candle_core::{DType, Device};
use ndarray::{Array2, Array3};
use topo_data::Family;
use vae_data::{Condition, Details, Element, Source, open, write_data_set};
use vae_models::{Decoder, Encoder, Fields, Head, ModelConfig, Vae};
use vae_nn::Parameters;
use vae_study::run::told;
use vae_study::{Model, Run, StudyError};
use vae_torture::Campaign;
use vae_train::{Config, Manifest, RunFolder, train};

/// A run of one epoch on bars in a folder, and the folder.
fn run(root: &Path) -> PathBuf {
    let (set, place) = (root.join("bars"), root.join("run"));
    let designs = Array3::from_shape_fn((40, 8, 8), |(i, row, _)| f32::from(row == i % 8));
    let values = Array2::from_shape_fn((40, 1), |(i, _)| (i % 8) as f32);
    let conditions = vec![Condition::covering("height", "", values.column(0))];
    let details = Details { conditions, values, ..Details::default() };
    write_data_set(&set, designs.view(), Element::U8, details).unwrap();
    let data = open(&Source::Path(set.clone())).unwrap();
    let mut config = Config::preset("default").unwrap();
    config.data.source = set.display().to_string();
    config.training.epochs = 1;
    config.training.batch_size = 8;
    config.model.latent_dim = 2;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        version: "test".into(),
        data_fingerprint: data.fingerprint().unwrap(),
        seed: 1,
        device: "cpu".into(),
        threads: 1,
        command: Vec::new(),
        size: None,
        resumed_at_step: Vec::new(),
        continued_by: Vec::new(),
    };
    let folder = RunFolder::vacant(&place).unwrap();
    train(&config, &data, &folder, &manifest, &AtomicBool::new(false), &mut |_| {}).unwrap();
    place
}

#[test]
fn damaged_runs() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path());
    for name in ["config.toml", "splits.json", "manifest.json", "model.safetensors"] {
        let path = run.join(name);
        let whole = fs::read(&path).unwrap();
        Campaign::new(name, [whole.clone()]).one_in(10).run(|bytes| {
            fs::write(&path, bytes).unwrap();
            let model = Model::open(&run).is_ok();
            Run::open(&run).is_ok() && model
        });
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn fields_of_a_newer_version_are_named() {
    let problem = Family::cantilever().problem(0, 8, 16).unwrap();
    let names = vec!["load".to_owned()];
    let fields = Fields {
        recipe: "fields-99".to_owned(),
        names,
        pooled: 2,
        averaged: false,
        prior: 3,
        blocks: 0,
        decoder_blocks: 0,
    };
    let mut config = ModelConfig::compact(8, 16, Vec::new());
    config.encoder = Encoder::Strided { channels: vec![2, 2], normalized: false };
    if let Decoder::Transposed { channels, head, .. } = &mut config.decoder {
        *channels = vec![2, 2];
        *head = Head::Transposed;
    }
    config.fields = Some(fields);
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    let error = told(&vae, &[], &problem).unwrap_err();
    assert!(matches!(error, StudyError::Recipe { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("`fields-99`"), "{text}");
    assert!(!error.remedies().is_empty());
}
