//! Writes a small model and what it computes, for `python/load_model.py` to open and to compare
//! with:
//!
//! ```text
//! cargo run -p vae-models --example export_for_pytorch -- FOLDER
//! python crates/vae-models/python/load_model.py FOLDER/tutorial.safetensors FOLDER/tutorial.npz
//! ```

use std::error::Error;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use rand::Rng;
use vae_base::stream;
use vae_models::{ConditionStats, Fields, Likelihood, ModelConfig, Sigma, Vae, save};
use vae_nn::{Adam, AdamConfig, Parameters};

const BATCH: usize = 4;
const SEED: u64 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: export_for_pytorch FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let conditions = |names: &[&str]| -> Vec<ConditionStats> {
        names
            .iter()
            .filter_map(|name| ConditionStats::from_values(name, "", &[0.2, 0.4, 0.7]))
            .collect()
    };
    let grey = Likelihood::Gaussian { sigma: Sigma::Shared };
    export(folder, "tutorial", &ModelConfig::tutorial(126, 349, conditions(&["volume_fraction"])))?;
    export(folder, "pool", &ModelConfig::pool(64, 64, Vec::new()))?;
    let compact = ModelConfig::compact(20, 60, conditions(&["a", "b"]));
    export(folder, "compact", &ModelConfig { likelihood: grey, ..compact.clone() })?;
    let names = ["load", "support", "energy"].map(str::to_owned).to_vec();
    let fields = Fields {
        recipe: "example".to_owned(),
        names,
        pooled: 16,
        averaged: false,
        prior: 16,
        blocks: 2,
        decoder_blocks: 1,
    };
    let told = ModelConfig { embedding: None, fields: Some(fields), ..compact };
    export(folder, "fields", &told)
}

/// A few steps of training, so that weights and statistics are not the initial ones; then the file
/// and the arrays.
fn export(folder: &Path, name: &str, config: &ModelConfig) -> Result<(), Box<dyn Error>> {
    let parameters = Parameters::new(SEED, DType::F32, Device::Cpu);
    let vae = Vae::new(config, parameters.var_builder())?;
    let designs = random("designs", &[BATCH, 1, config.height, config.width])?
        .ge(0.5)?
        .to_dtype(DType::F32)?;
    let raw = match config.conditions.len() {
        0 => None,
        count => Some(random("conditions", &[BATCH, count])?),
    };
    let fields = match &config.fields {
        None => None,
        Some(Fields { names, .. }) => {
            Some(random("fields", &[BATCH, names.len(), config.height, config.width])?)
        }
    };
    let context = |train| vae.context(raw.as_ref(), fields.as_ref(), train);
    let eps = random("eps", &[BATCH, config.latent_dim])?;
    let mut adam = Adam::new(parameters.trainable(), AdamConfig::default())?;
    for _ in 0..3 {
        let terms = vae.elbo(&designs, &context(true)?, &eps, None, true)?;
        adam.step(&terms.value()?.mean_all()?.neg()?.backward()?)?;
    }
    save(&folder.join(format!("{name}.safetensors")), config, &parameters)?;

    let terms = vae.elbo(&designs, &context(false)?, &eps, None, false)?;
    let mean = vae.decode(&terms.posterior.mean, &context(false)?, false)?;
    let reconstruction = vae.mean(&mean)?;
    let mut arrays = vec![
        ("designs", designs),
        ("eps", eps),
        ("mean", terms.posterior.mean),
        ("log_var", terms.posterior.log_var),
        ("params", terms.params),
        ("reconstruction", reconstruction),
    ];
    arrays.extend(raw.map(|raw| ("conditions", raw)));
    arrays.extend(fields.map(|fields| ("fields", fields)));
    Ok(Tensor::write_npz(&arrays, folder.join(format!("{name}.npz")))?)
}

/// Numbers in [0, 1).
fn random(purpose: &str, shape: &[usize]) -> candle_core::Result<Tensor> {
    let mut rng = stream(SEED, purpose, 0);
    let values = (0..shape.iter().product()).map(|_| rng.random::<f32>()).collect::<Vec<_>>();
    Tensor::from_vec(values, shape, &Device::Cpu)
}
