//! The training loop.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candle_core::Device;
use vae_data::{DataSet, Shares, Split};
use vae_models::{Likelihood, Vae};
use vae_nn::{Parameters, stream};

use crate::data::augment::Augmentation;
use crate::data::targets::Targets;
use crate::error::{Result, TrainError};
use crate::learn::checkpoint::{self, Best, Position};
use crate::learn::config::Config;
use crate::learn::learner::{Learner, StepTerms};
use crate::learn::metrics::{EpochMetrics, Event, MetricsLog, Parts, StepMetrics, Validation};
use crate::learn::model::model_config;
use crate::learn::objective::{Loss, Objective};
use crate::learn::run::{Manifest, RunFolder, write, write_json};
use crate::learn::schedule::{KlSchedule, learning_rate};
use crate::score::evaluate::{Reconstruction, Scores, bounds, noise, score};

/// What an observer is told while a run goes on.
pub enum Progress<'a> {
    /// Before the first step of this call.
    Started {
        /// Where it starts.
        position: &'a Position,
        /// Designs in training, validation and test.
        split: &'a Split,
        /// Epochs in all.
        epochs: u64,
        /// Steps of one epoch.
        steps_per_epoch: u64,
        /// Multiply-adds of one design, forward.
        multiply_adds: u64,
        /// What a step minimizes.
        loss: Loss,
    },
    /// After a step.
    Step(&'a StepMetrics),
    /// After an epoch and its validation.
    Epoch {
        /// What it came to.
        metrics: &'a EpochMetrics,
        /// The model as it is now.
        vae: &'a Vae,
    },
}

/// How a call of [`train`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done.
    Finished,
    /// The validation bound had stopped improving.
    StoppedEarly,
    /// It was asked to stop; a checkpoint is written.
    Interrupted,
    /// There was nothing left to do.
    WasFinished,
}

/// How far a run has come.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Where it stands.
    pub position: Position,
}

/// Starts a run in an empty folder, or goes on with the one that is there, and trains until the end
/// of its configuration or until `stop` is set. A resumed run takes the same steps as one that was
/// never stopped.
///
/// # Errors
/// Everything in [`TrainError`]; the last checkpoint stays whole.
#[expect(clippy::too_many_lines, reason = "the loop is read from top to bottom in one place")]
pub fn train(
    config: &Config,
    data: &DataSet,
    run: &RunFolder,
    manifest: &Manifest,
    stop: &AtomicBool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome> {
    let device = Device::Cpu;
    let Config { seed, training, .. } = config;

    // Data: who is in training, validation and test.
    let told = config.data.told.columns(data)?;
    let designs = Targets::new(data, config.data.targets, told);
    let augmentation = Augmentation::new(&config.data.augment, &designs.condition_info())?;
    let split = split(config, data)?;
    let batch_size = training.batch_size.min(split.train.len());
    // Every step has a full batch: a last short one would give BatchNorm other statistics. Epochs
    // are reshuffled, so all take part.
    let steps_per_epoch = (split.train.len() / batch_size) as u64;
    let total_steps = training.epochs * steps_per_epoch;
    let rate_warmup = (training.learning_rate_warmup * total_steps as f64).round() as u64;
    let schedule =
        KlSchedule::new(total_steps, training.kl_cycles, training.kl_warmup, training.beta)
            .ok_or_else(|| TrainError::Setting {
                key: "training.kl_cycles",
                value: training.kl_cycles.to_string(),
                reason: format!(
                    "a warm-up over {} of each cycle of these {total_steps} steps never reaches beta; take fewer cycles or more epochs",
                    training.kl_warmup
                ),
            })?;

    // Model and optimizer.
    let model_config = model_config(config, &designs, &split)?;
    let mut learner = Learner::new(config, &model_config, &device)?;
    let loss = learner.loss();
    let binary = config.data.targets.is_binary() || designs.are_binary(&split.validation)?;
    let normalized = config.is_normalized(binary);
    let claims_bound = matches!(training.objective, Objective::Elbo | Objective::Iwae);
    if claims_bound && !normalized && config.model.likelihood == Likelihood::Bernoulli {
        return Err(TrainError::BinaryLikelihood);
    }

    // Start, or go on from the last checkpoint.
    let mut at = if run.last_checkpoint().is_file() {
        let position = checkpoint::load(&run.last_checkpoint(), &mut learner)?;
        note_resumption(run, manifest, position.step)?;
        position
    } else {
        // Weights first: a run that cannot start leaves no folder behind.
        if !training.init.is_empty() {
            let path = Path::new(&training.init);
            learner.take_weights(&weights_of(path, &device)?, path)?;
        } else if training.start_at_density {
            // The output starts at the mean of the data, so that no step is spent on learning it.
            let mean = mean_design(&designs, &split.train)?;
            learner.vae.start_at_mean(&learner.parameters, &mean)?;
        }
        run.make()?;
        write_json(&run.manifest(), manifest)?;
        write_json(&run.splits(), &split.groups)?;
        write(&run.config(), config.to_toml().as_bytes())?;
        let position = Position::default();
        checkpoint::save(&run.last_checkpoint(), &position, &learner)?;
        position
    };
    if at.finished {
        return Ok(Outcome { ending: Ending::WasFinished, position: at });
    }
    let mut log = MetricsLog::open(&run.metrics(), at.step)?;
    let mut saved = (Instant::now(), at.step);
    observe(Progress::Started {
        position: &at,
        split: &split,
        epochs: training.epochs,
        steps_per_epoch,
        multiply_adds: model_config.multiply_adds().total(),
        loss,
    });

    while !at.finished {
        let epoch = at.epoch + 1;
        let order = vae_data::shuffled(&split.train, &mut stream(*seed, "shuffle", epoch));
        let clock = Instant::now();
        let first = at.batch;

        while at.batch < steps_per_epoch {
            // Schedules.
            let beta = schedule.weight(at.step);
            let rate = learning_rate(
                at.step,
                rate_warmup,
                total_steps,
                training.learning_rate,
                training.learning_rate_floor,
            );
            learner.optimizer.set_learning_rate(rate)?;

            // Forward, backward, update.
            let from = at.batch as usize * batch_size;
            let batch = designs.augmented_batch(
                &order[from..from + batch_size],
                (*seed, epoch),
                &augmentation,
                &mut stream(*seed, "mirror", at.step),
                &device,
            )?;
            let eps = noise(
                &mut stream(*seed, "noise", at.step),
                (learner.draws() * batch_size, model_config.latent_dim),
                &device,
            )?;
            let terms = learner.step(&batch, &eps, beta)?;
            all_finite(&terms, &at, saved.1)?;
            let StepTerms { parts: Parts { loss, log_likelihood, kl }, gradient_norm } = terms;
            let metrics = StepMetrics {
                step: at.step + 1,
                epoch,
                loss,
                log_likelihood,
                kl,
                beta,
                learning_rate: rate,
                gradient_norm,
                geco: learner.geco.clone(),
            };

            // Observe.
            at.step += 1;
            at.batch += 1;
            at.sums.loss += metrics.loss;
            at.sums.log_likelihood += metrics.log_likelihood;
            at.sums.kl += metrics.kl;
            observe(Progress::Step(&metrics));
            if at.step.is_multiple_of(training.log_every) {
                log.push(&Event::Step(metrics))?;
            }

            // Checkpoint, stop. Not after the last batch: the end of the epoch does both, after its
            // validation.
            let stopping = stop.load(Ordering::Relaxed);
            let due = Duration::from_secs(training.checkpoint_seconds) <= saved.0.elapsed();
            if at.batch < steps_per_epoch && (due || stopping) {
                checkpoint::save(&run.last_checkpoint(), &at, &learner)?;
                saved = (Instant::now(), at.step);
                if stopping {
                    return Ok(Outcome { ending: Ending::Interrupted, position: at });
                }
            }
        }

        // Validation. The bound is the one at β = 1, whatever is optimized; no model is the best
        // before β is final.
        let seconds = clock.elapsed().as_secs_f64();
        let scores = score(&learner.vae, &designs, &split.validation, &device)?;
        let mut validation = validation(&scores, &loss, normalized, training.beta);
        match training.objective {
            // What was optimized, on held-out designs: as tight as in training.
            Objective::Iwae => {
                let draws = learner.draws();
                let bounds =
                    bounds(&learner.vae, &designs, &split.validation, draws, &device, &mut |_| ())?;
                validation.loss = -bounds.iwae;
            }
            Objective::Geco => {
                let excess = learner
                    .geco
                    .as_ref()
                    .map(|geco| geco.excess(&learner.vae, &designs, &split.validation, &device));
                validation.excess = excess.transpose()?;
                validation.loss = validation.kl;
            }
            Objective::Elbo | Objective::CrossEntropy | Objective::Lecture => {}
        }
        let better = at
            .best
            .is_none_or(|best| loss.criterion(&validation) < loss.criterion(&best.validation));
        let is_best = schedule.final_from() <= at.step && better;
        let mean = |sum: f64| sum / steps_per_epoch as f64;
        let metrics = EpochMetrics {
            epoch,
            step: at.step,
            beta: schedule.weight(at.step),
            train: Parts {
                loss: mean(at.sums.loss),
                log_likelihood: mean(at.sums.log_likelihood),
                kl: mean(at.sums.kl),
            },
            validation,
            kl_per_dim: scores.kl_per_dim,
            best: is_best,
            seconds,
            images_per_s: (steps_per_epoch - first) as f64 * batch_size as f64 / seconds,
        };

        // End of the epoch: position, best, last.
        if is_best {
            at.best = Some(Best { epoch, validation });
        }
        let stale = at.best.map_or(0, |best| epoch - best.epoch);
        let stopped_early = 0 < training.patience && training.patience <= stale;
        at = Position {
            epoch,
            batch: 0,
            sums: Parts::default(),
            finished: stopped_early || epoch == training.epochs,
            ..at
        };
        if is_best {
            checkpoint::save(&run.best_checkpoint(), &at, &learner)?;
            vae_models::save(&run.model(), &model_config, &learner.parameters)?;
        }
        log.push(&Event::Epoch(metrics.clone()))?;
        checkpoint::save(&run.last_checkpoint(), &at, &learner)?;
        saved = (Instant::now(), at.step);
        observe(Progress::Epoch { metrics: &metrics, vae: &learner.vae });
        if at.finished {
            let ending =
                if epoch < training.epochs { Ending::StoppedEarly } else { Ending::Finished };
            return Ok(Outcome { ending, position: at });
        }
        if stop.load(Ordering::Relaxed) {
            return Ok(Outcome { ending: Ending::Interrupted, position: at });
        }
    }
    Ok(Outcome { ending: Ending::Finished, position: at })
}

/// The scores of an epoch under their names: a bound is one only for a normalized likelihood.
fn validation(scores: &Scores, loss: &Loss, normalized: bool, beta: f64) -> Validation {
    let Scores { log_likelihood, ref kl_per_dim, reconstruction } = *scores;
    let Reconstruction { mse, iou, .. } = reconstruction;
    let kl = kl_per_dim.iter().sum::<f64>();
    Validation {
        elbo: normalized.then_some(log_likelihood - kl),
        loss: loss.per_design(log_likelihood, loss.charged(kl_per_dim), beta),
        log_likelihood,
        kl,
        mse,
        iou,
        excess: None,
    }
}

/// The split of a run: a function of the data, the rule and the seed.
///
/// # Errors
/// When the rule does not fit the data.
pub fn split(config: &Config, data: &DataSet) -> Result<Split> {
    let mut rng = stream(config.seed, "split", 0);
    let shares = Shares { validation: config.data.validation, test: config.data.test };
    Ok(vae_data::split(data, &config.data.split, shares, &mut rng)?)
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

/// Adds the step to the manifest of a run that is taken up again, and refuses other data.
fn note_resumption(run: &RunFolder, now: &Manifest, step: u64) -> Result<()> {
    let mut manifest = run.recorded_manifest()?;
    if manifest.data_fingerprint != now.data_fingerprint {
        return Err(TrainError::DataChanged {
            expected: manifest.data_fingerprint,
            found: now.data_fingerprint.clone(),
        });
    }
    manifest.resumed_at_step.push(step);
    write_json(&run.manifest(), &manifest)
}

/// Stops the run at a step that would have poisoned the weights, and therefore was not taken.
fn all_finite(terms: &StepTerms, at: &Position, checkpoint_step: u64) -> Result<()> {
    match terms.not_finite() {
        None => Ok(()),
        Some((term, value)) => Err(TrainError::NotFinite {
            term,
            value,
            step: at.step,
            epoch: at.epoch + 1,
            batch: at.batch + 1,
            checkpoint_step,
        }),
    }
}
