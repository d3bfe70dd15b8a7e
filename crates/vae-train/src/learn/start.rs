//! What a run starts from: its split, its schedules, its first weights, its folder.

use std::path::Path;

use candle_core::Device;
use vae_base::stream;
use vae_data::{DataSet, Shares, Split};
use vae_nn::Parameters;

use crate::data::{Targets, strided};
use crate::error::{Result, TrainError};
use crate::learn::checkpoint::{self, Position};
use crate::learn::config::{Config, TrainingConfig, steps_per_epoch};
use crate::learn::files::{remove_if_there, write, write_json};
use crate::learn::kept::keep;
use crate::learn::learner::Learner;
use crate::learn::manifest::Manifest;
use crate::learn::run_folder::RunFolder;
use crate::learn::schedule::{KlSchedule, learning_rate};

/// The split of a run: a function of the data, the rule and the seed of the split.
///
/// # Errors
/// When the rule does not fit the data.
pub fn split(config: &Config, data: &DataSet) -> Result<Split> {
    let mut rng = stream(config.data.split_seed.unwrap_or(config.seed), "split", 0);
    let shares = Shares { validation: config.data.validation, test: config.data.test };
    Ok(vae_data::split(data, &config.data.split, shares, &mut rng)?)
}

/// Batches and steps of a run, and what is scheduled by the step.
pub(crate) struct Plan {
    /// Designs of a batch.
    pub(crate) batch_size: usize,
    pub(crate) steps_per_epoch: u64,
    kl: KlSchedule,
    /// The step at which the schedules begin.
    leg: u64,
    /// Steps from there to the end.
    total_steps: u64,
    rate_warmup: u64,
    peak: f64,
    floor: f64,
}

impl Plan {
    /// The plan for so many training designs, of a run whose schedules begin at step `leg`: after
    /// it a finished run goes on, with the final KL weight and a new course of the learning rate.
    ///
    /// Every step has a full batch: a short last one would give batch normalization other
    /// statistics. Epochs are reshuffled, so all designs take part.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the KL weight would never reach its final value.
    pub(crate) fn new(training: &TrainingConfig, designs: usize, leg: u64) -> Result<Self> {
        let steps_per_epoch = steps_per_epoch(designs, training.batch_size);
        let total_steps = (training.epochs * steps_per_epoch).saturating_sub(leg);
        let rate_warmup = (training.learning_rate_warmup * total_steps as f64).round() as u64;
        let (cycles, warmup) =
            if leg == 0 { (training.kl_cycles, training.kl_warmup) } else { (1, 0.0) };
        let kl = KlSchedule::new(total_steps, cycles, warmup, training.beta).ok_or_else(|| {
            TrainError::Setting {
                key: "training.kl_cycles",
                value: training.kl_cycles.to_string(),
                reason: format!(
                    "a warm-up over {} of each cycle of these {total_steps} steps never reaches beta; take fewer cycles or more epochs",
                    training.kl_warmup
                ),
            }
        })?;
        Ok(Self {
            batch_size: training.batch_size.min(designs),
            steps_per_epoch,
            kl,
            leg,
            total_steps,
            rate_warmup,
            peak: training.learning_rate,
            floor: training.learning_rate_floor,
        })
    }

    /// The KL weight at a step.
    pub(crate) fn beta(&self, step: u64) -> f64 {
        self.kl.weight(step.saturating_sub(self.leg))
    }

    /// Whether the KL weight is final from this step on.
    pub(crate) fn is_final(&self, step: u64) -> bool {
        self.leg + self.kl.final_from() <= step
    }

    /// The learning rate at a step.
    pub(crate) fn rate(&self, step: u64) -> f64 {
        let step = step.saturating_sub(self.leg);
        learning_rate(step, self.rate_warmup, self.total_steps, self.peak, self.floor)
    }
}

/// Loads the last checkpoint of a run, and adds the step to its manifest. Where the configuration
/// has changed, it is written again with the command that changed it; if a finished run is given
/// more epochs, its schedules begin anew.
///
/// # Errors
/// [`TrainError::DataChanged`] if the data are not those of the run; [`TrainError::Setting`] if the
/// run has more epochs behind it than it is given; if a file cannot be read or written.
pub(crate) fn resume(
    config: &Config,
    run: &RunFolder,
    manifest: &Manifest,
    learner: &mut Learner,
) -> Result<Position> {
    let mut recorded = run.recorded_manifest()?;
    if recorded.data_fingerprint != manifest.data_fingerprint {
        return Err(TrainError::DataChanged {
            expected: recorded.data_fingerprint,
            found: manifest.data_fingerprint.clone(),
        });
    }
    let mut position = checkpoint::load(&run.last_checkpoint(), learner)?;
    if Config::read(&run.config())? != *config {
        let (epochs, done) = (config.training.epochs, position.epoch);
        if epochs < done || (epochs == done && !position.finished) {
            return Err(TrainError::Setting {
                key: "training.epochs",
                value: epochs.to_string(),
                reason: format!("the run has {done} epochs behind it; take more"),
            });
        }
        if position.finished && done < epochs {
            position = Position { finished: false, leg: position.step, ..position };
        }
        recorded.continued_by.push(manifest.command.clone());
        write(&run.config(), config.to_toml().as_bytes())?;
        checkpoint::save(&run.last_checkpoint(), &position, learner)?;
    }
    recorded.resumed_at_step.push(position.step);
    write_json(&run.manifest(), &recorded)?;
    if !position.finished {
        // It describes the run as it was, and its absence says that the run is not complete.
        remove_if_there(&run.report())?;
    }
    Ok(position)
}

/// Gives a new run its first weights, then makes its folder, which appears with its first
/// checkpoint: a run that cannot start leaves no folder behind, and one that is killed can go on.
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
    let position = Position::default();
    run.make(|run| {
        let data = designs.data();
        let size = Some([data.height(), data.width()]);
        write_json(&run.manifest(), &Manifest { size, ..manifest.clone() })?;
        write_json(&run.splits(), &split.groups)?;
        write(&run.config(), config.to_toml().as_bytes())?;
        checkpoint::save(&run.last_checkpoint(), &position, learner)?;
        keep(run, &position, learner)
    })?;
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
    let (mut mean, mut n) = (vec![0.0; designs.data().design_len()], 0.0);
    for index in strided(train, 512) {
        n += 1.0;
        for (mean, value) in mean.iter_mut().zip(designs.read(&[index])?.values) {
            *mean += (f64::from(value) - *mean) / n;
        }
    }
    Ok(mean)
}
