//! Three runs whose latent dimensions fare differently, and what the diagnosis makes of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::atomic::AtomicBool;

use candle_core::Device;
use ndarray::{Array2, Array3};
use rand::Rng;
use rand_distr::StandardNormal;
use support::{bars, manifest};
use vae_data::{Condition, DataSet, Details};
use vae_models::{Likelihood, Sigma};
use vae_nn::stream;
use vae_train::diagnosis::{Diagnosis, State, diagnose};
use vae_train::metrics::{Event, read};
use vae_train::objective::Loss;
use vae_train::{Config, Overrides, RunFolder, TargetKind, Targets, Told, train};

/// Trains with these settings over the default preset, and diagnoses what came of it.
fn diagnosed(data: &DataSet, overrides: Overrides) -> Diagnosis {
    let overrides = Overrides { batch_size: Some(8), latent_dim: Some(2), ..overrides };
    let config = Config::resolve(Some("default"), None, &overrides).unwrap();
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::vacant(&root.path().join("run")).unwrap();
    train(&config, data, &folder, &manifest(data), &AtomicBool::new(false), &mut |_| ()).unwrap();
    let (vae, _) = vae_models::load(&folder.model(), &Device::Cpu).unwrap();
    let told = config.data.told.columns(data).unwrap();
    let targets = Targets::new(data, config.data.targets, told);
    let split = folder.recorded_split(data).unwrap();
    let mut epochs = Vec::new();
    for event in read(&folder.metrics()).unwrap() {
        if let Event::Epoch(metrics) = event {
            epochs.push(metrics);
        }
    }
    let loss = Loss::new(config.training.objective, vae.config());
    let beta = config.training.beta;
    diagnose(&vae, &loss, beta, &targets, &split.train, &epochs, &Device::Cpu).unwrap()
}

/// Nobody tells the model where a bar is and how thick.
#[test]
fn a_healthy_run_has_no_dead_dimension() {
    let overrides = Overrides { epochs: Some(25), told: Some(Told::None), ..Overrides::default() };
    let found = diagnosed(&bars(), overrides);
    assert_eq!(found.count(State::Active), 2, "{found:#?}");
    assert!(found.dimensions.iter().all(|dimension| dimension.silent_since.is_none()));
    assert!(!found.pressed_by_beta() && found.explained_by_conditions < 1e-9);
}

/// The same bars under a β that makes every nat cost fifty.
#[test]
fn a_large_beta_switches_off() {
    let overrides = Overrides {
        epochs: Some(25),
        told: Some(Told::None),
        beta: Some(50.0),
        ..Overrides::default()
    };
    let found = diagnosed(&bars(), overrides);
    assert_eq!(found.count(State::SwitchedOff), 2, "{found:#?}");
    assert!(found.pressed_by_beta());
    assert!(
        found.dimensions.iter().all(|dimension| dimension.silent_since.is_some()),
        "{found:#?}"
    );
}

/// A condition moves a bar; one factor more shades the whole design. The second latent dimension
/// has nothing to say.
#[test]
fn one_factor_needs_one_dimension() {
    let (n, h, w) = (240, 8, 16);
    let mut rng = stream(7, "grain", 0);
    let mut designs = Array3::<f32>::zeros((n, h, w));
    let mut values = Array2::<f32>::zeros((n, 1));
    for (i, mut design) in designs.outer_iter_mut().enumerate() {
        let (height, shade) = (i % 8, ((i * 37) % 101) as f32 / 50.0 - 1.0);
        values[[i, 0]] = height as f32;
        for ((row, column), value) in design.indexed_iter_mut() {
            let bar = if row == height { 0.3 } else { 0.0 };
            let grain = 0.1 * rng.sample::<f32, _>(StandardNormal);
            let slope = column as f32 / 15.0 - 0.5;
            *value = (0.4 + bar + 0.35 * shade * slope + grain).clamp(0.0, 1.0);
        }
    }
    let conditions = vec![Condition::covering("height", "", values.column(0))];
    let details = Details { conditions, values, ..Details::default() };
    let data = DataSet::new("shades", designs, details).unwrap();
    let overrides = Overrides {
        epochs: Some(80),
        targets: Some(TargetKind::Grey),
        likelihood: Some(Likelihood::Gaussian { sigma: Sigma::Fixed(0.1) }),
        learning_rate: Some(3e-3),
        ..Overrides::default()
    };
    let found = diagnosed(&data, overrides);
    assert_eq!(found.count(State::Active), 1, "{found:#?}");
    assert_eq!(found.count(State::NotNeeded), 1, "{found:#?}");
    assert_eq!(found.worth.after_conditions, 1, "{found:#?}");
}
