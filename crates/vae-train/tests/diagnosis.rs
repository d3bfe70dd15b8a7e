//! Three runs whose latent dimensions fare differently, and what the diagnosis makes of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::atomic::AtomicBool;

use candle_core::Device;
use ndarray::{Array2, Array3};
use rand::Rng;
use rand_distr::StandardNormal;
use support::{bars, manifest};
use vae_base::stream;
use vae_data::{Condition, DataSet, Details};
use vae_models::{Likelihood, Sigma};
use vae_train::learn::{Loss, OptimizerKind, course, epochs};
use vae_train::score::{Diagnosis, State, diagnose};
use vae_train::{Config, RunFolder, TargetKind, Targets, Told, train};

/// Trains with these changes to the default preset, and diagnoses the result.
fn diagnosed(data: &DataSet, change: impl FnOnce(&mut Config)) -> Diagnosis {
    let mut config = Config::preset("default").unwrap();
    config.training.batch_size = 8;
    config.model.latent_dim = 2;
    change(&mut config);
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::vacant(&root.path().join("run")).unwrap();
    train(&config, data, &folder, &manifest(data), &AtomicBool::new(false), &mut |_| ()).unwrap();
    let (vae, _) = vae_models::load(&folder.model(), &Device::Cpu).unwrap();
    let told = config.data.told.columns(data).unwrap();
    let targets = Targets::new(data, config.data.targets, told);
    let split = folder.recorded_split(data).unwrap();
    let epochs = epochs(&folder.metrics()).unwrap();
    let loss = Loss::new(config.training.objective, vae.config());
    let course = course(&loss, config.training.beta, &epochs);
    diagnose(&vae, &course, &targets, &split.train, &Device::Cpu).unwrap()
}

/// Nobody tells the model where a bar is and how thick.
#[test]
fn a_healthy_run_has_no_dead_dimension() {
    let found = diagnosed(&bars(), |config| {
        config.training.epochs = 25;
        config.data.told = Told::None;
    });
    assert_eq!(found.count(State::Active), 2, "{found:#?}");
    assert!(found.dimensions.iter().all(|dimension| dimension.silent_since.is_none()));
    assert!(!found.pressed_by_beta() && found.explained_by_conditions < 1e-9);
}

/// The same bars under a β that makes every nat cost fifty.
#[test]
fn a_large_beta_switches_off() {
    let found = diagnosed(&bars(), |config| {
        config.training.epochs = 25;
        config.training.beta = 50.0;
        config.data.told = Told::None;
    });
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
    let found = diagnosed(&data, |config| {
        config.training.epochs = 80;
        // Steps of Muon are equally long in all directions of a matrix, so that a dimension with
        // nothing to say would keep a fraction of a nat.
        config.training.optimizer = OptimizerKind::Adam;
        config.training.learning_rate = 3e-3;
        config.data.targets = TargetKind::Grey;
        config.model.likelihood = Likelihood::Gaussian { sigma: Sigma::Fixed(0.1) };
    });
    assert_eq!(found.count(State::Active), 1, "{found:#?}");
    assert_eq!(found.count(State::NotNeeded), 1, "{found:#?}");
    assert_eq!(found.worth.after_conditions, 1, "{found:#?}");
}
