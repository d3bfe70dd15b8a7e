//! Damaged files of a run (configuration, split, manifest, log, flow) are refused or read.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use candle_core::Device;
use ndarray::Array2;
use support::{bars, manifest};
use vae_torture::Campaign;
use vae_train::codes::decode;
use vae_train::data::Given;
use vae_train::learn::{epochs, read};
use vae_train::{Config, RunFolder, train};

/// A finished run of one epoch.
fn run(root: &Path) -> RunFolder {
    let data = bars();
    let mut config = Config::preset("default").unwrap();
    config.training.epochs = 1;
    config.training.batch_size = 32;
    config.model.latent_dim = 2;
    let run = RunFolder::vacant(&root.join("run")).unwrap();
    train(&config, &data, &run, &manifest(&data), &AtomicBool::new(false), &mut |_| {}).unwrap();
    run
}

/// Gives damaged copies of a file of a run to its reader, which reads them in its place.
fn torture(name: &str, path: PathBuf, mut accepts: impl FnMut() -> bool) {
    let whole = fs::read(&path).unwrap();
    Campaign::new(name, [whole]).run(|bytes| {
        fs::write(&path, bytes).unwrap();
        accepts()
    });
}

#[test]
fn damaged_configurations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let whole = vae_train::learn::PRESETS
        .iter()
        .map(|(name, _)| Config::preset(name).unwrap().to_toml().into_bytes());
    Campaign::new("configurations", whole).run(|bytes| {
        fs::write(&path, bytes).unwrap();
        let Ok(config) = Config::read(&path) else { return false };
        // What is read is what is written.
        fs::write(&path, config.to_toml()).unwrap();
        assert_eq!(Config::read(&path).unwrap(), config);
        true
    });
}

#[test]
fn damaged_files_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = bars();
    let run = run(folder.path());
    torture("split", run.splits(), || run.recorded_split(&data).is_ok());
    torture("manifest", run.manifest(), || run.recorded_manifest().is_ok());
    torture("log", run.metrics(), || {
        read(&run.metrics()).is_ok() && epochs(&run.metrics()).is_ok()
    });

    // A code that is no number gives no design.
    let (vae, _) = vae_models::load(&run.model(), &Device::Cpu).unwrap();
    let (code, given) =
        (Array2::from_elem((1, 2), f32::NAN), Given::repeated(&[3.0, 2.0], None, 1));
    let error = decode(&vae, &code, &given, &Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("the model gives designs that are no numbers"), "{error}");
}
