//! What a run starts from: its split, its schedules, its first weights, its folder.

use std::path::Path;

use candle_core::Device;
use vae_base::stream;
use vae_data::{DataSet, Shares, Split};
use vae_nn::Parameters;

use crate::data::Targets;
use crate::error::{Result, TrainError};
use crate::learn::checkpoint::{self, Position};
use crate::learn::config::{Config, TrainingConfig};
use crate::learn::files::{write, write_json};
use crate::learn::learner::Learner;
use crate::learn::manifest::Manifest;
use crate::learn::run_folder::RunFolder;
use crate::learn::schedule::{KlSchedule, learning_rate};

/// The split of a run: a function of the data, the rule and the seed.
///
/// # Errors
/// When the rule does not fit the data.
pub fn split(config: &Config, data: &DataSet) -> Result<Split> {
    let mut rng = stream(config.seed, "split", 0);
    let shares = Shares { validation: config.data.validation, test: config.data.test };
    Ok(vae_data::split(data, &config.data.split, shares, &mut rng)?)
}

/// Batches and steps of a run, and what is scheduled by the step.
pub(crate) struct Plan {
    /// Designs of a batch.
    pub(crate) batch_size: usize,
    pub(crate) steps_per_epoch: u64,
    /// The KL weight.
    pub(crate) beta: KlSchedule,
    total_steps: u64,
    rate_warmup: u64,
    peak: f64,
    floor: f64,
}

impl Plan {
    /// The plan for so many training designs.
    ///
    /// Every step has a full batch: a short last one would give batch normalization other
    /// statistics. Epochs are reshuffled, so all designs take part.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the KL weight would never reach its final value.
    pub(crate) fn new(training: &TrainingConfig, designs: usize) -> Result<Self> {
        let batch_size = training.batch_size.min(designs);
        let steps_per_epoch = (designs / batch_size) as u64;
        let total_steps = training.epochs * steps_per_epoch;
        let rate_warmup = (training.learning_rate_warmup * total_steps as f64).round() as u64;
        let beta =
            KlSchedule::new(total_steps, training.kl_cycles, training.kl_warmup, training.beta)
                .ok_or_else(|| TrainError::Setting {
                    key: "training.kl_cycles",
                    value: training.kl_cycles.to_string(),
                    reason: format!(
                        "a warm-up over {} of each cycle of these {total_steps} steps never reaches beta; take fewer cycles or more epochs",
                        training.kl_warmup
                    ),
                })?;
        Ok(Self {
            batch_size,
            steps_per_epoch,
            beta,
            total_steps,
            rate_warmup,
            peak: training.learning_rate,
            floor: training.learning_rate_floor,
        })
    }

    /// The learning rate at a step.
    pub(crate) fn rate(&self, step: u64) -> f64 {
        learning_rate(step, self.rate_warmup, self.total_steps, self.peak, self.floor)
    }
}

/// Loads the last checkpoint of a run, and adds the step to its manifest.
///
/// # Errors
/// [`TrainError::DataChanged`] if the data are not those of the run; if a file cannot be read or
/// written.
pub(crate) fn resume(
    run: &RunFolder,
    manifest: &Manifest,
    learner: &mut Learner,
) -> Result<Position> {
    let position = checkpoint::load(&run.last_checkpoint(), learner)?;
    let mut recorded = run.recorded_manifest()?;
    if recorded.data_fingerprint != manifest.data_fingerprint {
        return Err(TrainError::DataChanged {
            expected: recorded.data_fingerprint,
            found: manifest.data_fingerprint.clone(),
        });
    }
    recorded.resumed_at_step.push(position.step);
    write_json(&run.manifest(), &recorded)?;
    Ok(position)
}

/// Gives a new run its first weights, then makes its folder: a run that cannot start leaves no
/// folder behind.
///
/// # Errors
/// If the weights to start from do not fit, a design cannot be read, or a file cannot be written.
pub(crate) fn begin(
    config: &Config,
    run: &RunFolder,
    manifest: &Manifest,
    (designs, split): (&Targets<'_>, &Split),
    learner: &Learner,
) -> Result<Position> {
    let training = &config.training;
    if !training.init.is_empty() {
        let path = Path::new(&training.init);
        learner.take_weights(&weights_of(path, &Device::Cpu)?, path)?;
    } else if training.start_at_density {
        // The output starts at the mean of the data, so that no step is spent on learning it.
        let mean = mean_design(designs, &split.train)?;
        learner.vae.start_at_mean(&learner.parameters, &mean)?;
    }
    run.make()?;
    write_json(&run.manifest(), manifest)?;
    write_json(&run.splits(), &split.groups)?;
    write(&run.config(), config.to_toml().as_bytes())?;
    let position = Position::default();
    checkpoint::save(&run.last_checkpoint(), &position, learner)?;
    Ok(position)
}

/// The weights of a run, or in a weight file.
fn weights_of(path: &Path, device: &Device) -> Result<Parameters> {
    let file = if path.is_dir() { RunFolder::open(path)?.model() } else { path.to_owned() };
    if !file.is_file() {
        let missing =
            if path.is_dir() { "model.safetensors yet" } else { "weights: there is no such file" };
        return Err(TrainError::NotARun { path: path.to_owned(), missing });
    }
    Ok(vae_models::load(&file, device)?.1)
}

/// Mean target, pixel by pixel, over at most 512 designs, evenly spaced.
fn mean_design(designs: &Targets<'_>, train: &[usize]) -> Result<Vec<f64>> {
    let stride = train.len().div_ceil(512).max(1);
    let (mut mean, mut n) = (vec![0.0; designs.data().design_len()], 0.0);
    for index in train.iter().step_by(stride) {
        n += 1.0;
        for (mean, value) in mean.iter_mut().zip(designs.read(&[*index])?.values) {
            *mean += (f64::from(value) - *mean) / n;
        }
    }
    Ok(mean)
}
