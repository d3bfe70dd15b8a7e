//! The training loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candle_core::Device;
use vae_base::stream;
use vae_data::DataSet;

use crate::codes::noise;
use crate::data::{Augmentation, Targets, strided};
use crate::error::{Result, Retreat, TrainError};
use crate::learn::checkpoint::{self, Best, Position};
use crate::learn::config::Config;
use crate::learn::divergence::{Watch, retreat, size};
use crate::learn::kept::keep;
use crate::learn::learner::{Learner, StepTerms};
use crate::learn::manifest::Manifest;
use crate::learn::metrics::{EpochMetrics, Event, MetricsLog, StepMetrics};
use crate::learn::network::model_config;
use crate::learn::objective::{HeldOut, Parts};
use crate::learn::progress::{Ending, Outcome, Progress};
use crate::learn::run_folder::RunFolder;
use crate::learn::start::{Plan, begin, resume, split};
use crate::score::score;

/// Training designs that stand for validation designs where there are none.
const FEW: usize = 256;

/// Starts a run in an empty folder, or continues the one that is there, and trains until the end of
/// its configuration or until `stop` is set. A resumed run takes the same steps as one that was
/// never stopped. A finished run goes on if its configuration now has more epochs: from its last
/// weights, with the learning rate of a new run over the epochs to come, and the final KL weight.
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

    // Data: which designs are in training, validation and test.
    let told = config.data.told.columns(data)?;
    let designs = Targets::new(data, config.data.targets, told);
    let extent = (data.height(), data.width());
    let augmentation =
        Augmentation::new(&config.data.augment.mirrors(data), &designs.condition_info(), extent)?;
    let split = split(config, data)?;
    Plan::new(training, split.train.len(), 0)?;

    // Model, optimizer and loss.
    let model_config = model_config(config, &designs, &split)?;
    let mut learner = Learner::new(config, &model_config, &device)?;
    let loss = learner.loss();
    // Without validation designs the course of the latent dimensions is measured on a few others.
    let validates = !split.validation.is_empty();
    let scored = if validates { split.validation.clone() } else { strided(&split.train, FEW) };
    let binary = config.data.targets.is_binary() || designs.are_binary(&scored)?;
    let measure = config.measure(binary);
    loss.check_bound(measure)?;

    // Start, or continue from the last checkpoint.
    let mut at = if run.last_checkpoint().is_file() {
        resume(config, run, manifest, &mut learner)?
    } else {
        begin(config, run, manifest, (&designs, &split), &learner)?
    };
    if at.finished {
        return Ok(Outcome { ending: Ending::WasFinished, position: at });
    }
    let plan = Plan::new(training, split.train.len(), at.leg)?;
    let mut watch = Watch::default();
    let mut log = MetricsLog::open(&run.metrics(), at.step)?;
    let mut saved = (Instant::now(), at.step);
    observe(Progress::Started {
        position: &at,
        split: &split,
        epochs: training.epochs,
        steps_per_epoch: plan.steps_per_epoch,
        multiply_adds: model_config.multiply_adds().total(),
        loss,
    });

    while !at.finished {
        let epoch = at.epoch + 1;
        let order = vae_data::shuffled(&split.train, &mut stream(*seed, "shuffle", epoch));
        let clock = Instant::now();
        let first = at.batch;

        while at.batch < plan.steps_per_epoch {
            // Schedules.
            let beta = plan.beta(at.step);
            let rate = plan.rate(at.step);
            learner.optimizer.set_learning_rate(rate)?;

            // Forward, backward, update.
            let from = at.batch as usize * plan.batch_size;
            let batch = designs.augmented_batch(
                &order[from..from + plan.batch_size],
                (*seed, epoch),
                &augmentation,
                &mut stream(*seed, "mirror", at.step),
                &device,
            )?;
            let eps = noise(
                &mut stream(*seed, "noise", at.step),
                (loss.draws() * plan.batch_size, model_config.latent_dim),
                &device,
            )?;
            let terms = learner.step(&batch, &eps, beta)?;
            let retreat = |since| retreat(since, run, &at, config);
            all_finite(&terms, &at, saved.1, || retreat(watch.since(epoch)))?;
            let size = size(terms.parts.terms, beta);
            let scale =
                at.scale.unwrap_or(size.max((model_config.height * model_config.width) as f64));
            if let Some(since) = watch.see(epoch, size, scale) {
                let value = terms.parts.terms.value();
                return Err(TrainError::Exploded {
                    value,
                    step: at.step,
                    epoch,
                    retreat: retreat(since),
                });
            }
            at.scale = Some(scale);

            // Observe.
            at.step += 1;
            at.batch += 1;
            at.sums.add(&terms.parts);
            let metrics = StepMetrics {
                step: at.step,
                epoch,
                parts: terms.parts,
                beta,
                learning_rate: rate,
                gradient_norm: terms.gradient_norm,
                geco: learner.balance.clone(),
            };
            observe(Progress::Step(&metrics));
            if at.step.is_multiple_of(training.log_every) {
                log.push(&Event::Step(metrics))?;
            }

            // Checkpoint, stop. After the last batch there is a checkpoint at the end of the epoch,
            // after its validation.
            let stopping = stop.load(Ordering::Relaxed);
            let due = Duration::from_secs(training.checkpoint_seconds) <= saved.0.elapsed();
            if stopping || (due && at.batch < plan.steps_per_epoch) {
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
        let Some(scores) = score(&learner.vae, &designs, &scored, &device, stop)? else {
            checkpoint::save(&run.last_checkpoint(), &at, &learner)?;
            return Ok(Outcome { ending: Ending::Interrupted, position: at });
        };
        let held_out = HeldOut {
            vae: &learner.vae,
            designs: &designs,
            indices: &scored,
            balance: learner.balance.as_ref(),
            device: &device,
        };
        let validation = loss.validation(&scores, (measure, training.beta), &held_out)?;
        let validation = validates.then_some(validation);
        let known = at.best.and_then(|best| best.validation);
        // Without validation designs the last model is the best.
        let better = validation.zip(known).is_none_or(|(now, best)| loss.is_better(&now, &best));
        let is_best = plan.is_final(at.step) && better;
        let metrics = EpochMetrics {
            epoch,
            step: at.step,
            beta: plan.beta(at.step),
            train: at.sums.mean_of(plan.steps_per_epoch as f64),
            validation,
            kl_per_dim: scores.kl_per_dim,
            best: is_best,
            seconds,
            images_per_s: (plan.steps_per_epoch - first) as f64 * plan.batch_size as f64 / seconds,
        };

        // End of the epoch: position, best, last.
        if is_best {
            at.best = Some(Best { epoch, validation });
        }
        let begun = at.leg / plan.steps_per_epoch;
        let stale = at.best.map_or(0, |best| epoch - best.epoch.max(begun));
        let stopped_early = 0 < training.patience && training.patience <= stale;
        at = Position {
            epoch,
            batch: 0,
            sums: Parts::default(),
            finished: stopped_early || epoch == training.epochs,
            ..at
        };
        // Epochs of a small set are short: not each one needs its files.
        let stopping = stop.load(Ordering::Relaxed);
        let pause = Duration::from_secs(training.checkpoint_seconds.min(1));
        let due = at.finished || stopping || pause <= saved.0.elapsed();
        if is_best && (validates || due) {
            checkpoint::save(&run.best_checkpoint(), &at, &learner)?;
            vae_models::save(&run.model(), &model_config, &learner.parameters)?;
        }
        log.push(&Event::Epoch(metrics.clone()))?;
        if epoch.is_power_of_two() && !at.finished && watch.is_calm() {
            keep(run, &at, &learner)?;
        }
        if due {
            checkpoint::save(&run.last_checkpoint(), &at, &learner)?;
            saved = (Instant::now(), at.step);
        }
        observe(Progress::Epoch { metrics: &metrics, vae: &learner.vae });
        if at.finished {
            let ending =
                if epoch < training.epochs { Ending::StoppedEarly } else { Ending::Finished };
            return Ok(Outcome { ending, position: at });
        }
        if stopping {
            return Ok(Outcome { ending: Ending::Interrupted, position: at });
        }
    }
    Ok(Outcome { ending: Ending::Finished, position: at })
}

/// Stops the run at a step that would have poisoned the weights, and therefore was not taken.
fn all_finite(
    terms: &StepTerms,
    at: &Position,
    checkpoint_step: u64,
    retreat: impl FnOnce() -> Retreat,
) -> Result<()> {
    match terms.not_finite() {
        None => Ok(()),
        Some((term, value)) => Err(TrainError::NotFinite {
            term,
            value,
            step: at.step,
            epoch: at.epoch + 1,
            batch: at.batch + 1,
            checkpoint_step,
            retreat: retreat(),
        }),
    }
}
