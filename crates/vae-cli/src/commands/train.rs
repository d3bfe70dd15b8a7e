//! `vae train`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use vae_data::SplitRule;
use vae_models::{Likelihood, Sigma};
use vae_train::metrics::EpochMetrics;
use vae_train::{
    Config, Ending, FORMAT, Manifest, Outcome, Overrides, Progress, RunFolder, TargetKind,
};

use crate::failure::INTERRUPTED;
use crate::figures;
use crate::opened::{OpenedRun, RUNS, open_data};
use crate::output::{line, note, shown};
use crate::{interrupt, progress, threads};

/// Train a model on designs
///
/// Without arguments: the built-in set of cantilevers, the default preset, a few minutes. A flag outranks the configuration
/// file, the file outranks the preset. Ctrl-C writes a checkpoint and stops.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae train
  vae train --data my-designs/ --latent-dim 16 --epochs 60
  vae train --config study.toml --run runs/study
  vae train --resume runs/cantilever-default-1")]
pub(crate) struct Args {
    /// Preset to start from: default, pool, tutorial-conv
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// TOML file with settings over the preset's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `builtin`, a data-set folder, or a .npy/.npz file [default: builtin]
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    /// Folder of the new run [default: runs/DATA-PRESET-N]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    run: Option<PathBuf>,
    /// Go on with this run as if it had never stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "config", "data", "split", "targets", "seed", "epochs", "batch_size", "learning_rate", "latent_dim", "beta", "likelihood", "unconditional"])]
    resume: Option<PathBuf>,
    /// How groups are split: random, interpolate:COLUMN, extrapolate:COLUMN
    #[arg(long, value_name = "RULE")]
    split: Option<SplitRule>,
    /// What is learned: designs cut to 0/1 at their own volume, or densities as they are
    #[arg(long, value_enum)]
    targets: Option<TargetsArg>,
    /// Seed of every random number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Passes over the training designs
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Designs per step
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate of Adam
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// Number of latent dimensions
    #[arg(long, value_name = "N")]
    latent_dim: Option<usize>,
    /// Weight of the KL term after its warm-up; 1 is the evidence lower bound
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    beta: Option<f64>,
    /// Distribution of a pixel
    #[arg(long, value_enum)]
    likelihood: Option<LikelihoodArg>,
    /// Do not tell the model the conditions of a design
    #[arg(long)]
    unconditional: bool,
    /// Threads to use [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TargetsArg {
    Binary,
    Grey,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LikelihoodArg {
    /// For designs of 0 and 1
    Bernoulli,
    /// With one learned deviation for all pixels
    Gaussian,
}

impl Args {
    fn overrides(&self) -> Overrides {
        Overrides {
            source: self.data.clone(),
            split: self.split.clone(),
            targets: self.targets.map(|targets| match targets {
                TargetsArg::Binary => TargetKind::Binary,
                TargetsArg::Grey => TargetKind::Grey,
            }),
            seed: self.seed,
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            latent_dim: self.latent_dim,
            beta: self.beta,
            likelihood: self.likelihood.map(|likelihood| match likelihood {
                LikelihoodArg::Bernoulli => Likelihood::Bernoulli,
                LikelihoodArg::Gaussian => Likelihood::Gaussian { sigma: Sigma::Shared },
            }),
            conditional: self.unconditional.then_some(false),
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // The run: its configuration and folder, new or old.
    let (config, data, folder) = if let Some(path) = &args.resume {
        let folder = RunFolder::open(path)?;
        let config = Config::read(&folder.config())?;
        let data = open_data(&config.data.source)?;
        (config, data, folder)
    } else {
        let mut config =
            Config::resolve(args.preset.as_deref(), args.config.as_deref(), &args.overrides())?;
        let data = open_data(&config.data.source)?;
        config.data.source = absolute(&config.data.source)?;
        let path = args
            .run
            .clone()
            .unwrap_or_else(|| RunFolder::next_name(Path::new(RUNS), data.name(), &config.preset));
        let folder = RunFolder::vacant(&path)?;
        (config, data, folder)
    };
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_fingerprint: data.fingerprint()?,
        seed: config.seed,
        device: "cpu".to_owned(),
        threads: threads::current(),
        command: std::env::args().collect(),
        resumed_at_step: Vec::new(),
    };

    // Training.
    let stop = interrupt::stop_flag()?;
    let mut observer = Observer::new(&folder);
    let outcome = vae_train::train(&config, &data, &folder, &manifest, &stop, &mut |progress| {
        observer.observe(&progress);
    })?;
    observer.finish();
    let root = shown(folder.root());
    match outcome.ending {
        Ending::WasFinished => {
            line(format!(
                "{root} is finished already: {} epochs; nothing to do",
                outcome.position.epoch
            ))?;
            return Ok(ExitCode::SUCCESS);
        }
        Ending::Interrupted => {
            note(format!(
                "stopped at step {}; go on with: vae train --resume {root}",
                outcome.position.step
            ));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        Ending::Finished | Ending::StoppedEarly => {}
    }

    // What there is to see.
    note("drawing figures");
    let split = folder.recorded_split(&data)?;
    let opened = OpenedRun::new(folder.clone(), config, data, split)?;
    figures::draw_run(&opened)?;
    summary(&root, &outcome)?;
    Ok(ExitCode::SUCCESS)
}

fn summary(root: &str, outcome: &Outcome) -> Result<()> {
    let Some(best) = outcome.position.best else { bail!("the run ended without a model") };
    let validation = best.validation;
    line(format!(
        "best epoch {} of {}: validation bound {:.1} nats (log-likelihood {:.1}, KL {:.1}), reconstruction MSE {:.4}, IoU {:.3}",
        best.epoch,
        outcome.position.epoch,
        validation.elbo,
        validation.log_likelihood,
        validation.kl,
        validation.mse,
        validation.iou
    ))?;
    line(format!(
        "results: {root}/figures (pictures), {root}/model.safetensors (weights), {root}/metrics.jsonl"
    ))?;
    line(format!(
        "try next:\n  vae evaluate {root}\n  vae sample {root} --count 16 --out samples\n  vae interpolate {root} --out interpolation"
    ))
}

/// A data path is stored so that the run can be evaluated from any folder.
fn absolute(source: &str) -> Result<String> {
    if source == "builtin" {
        return Ok(source.to_owned());
    }
    let path = std::path::absolute(source).with_context(|| format!("--data {source}"))?;
    path.into_os_string()
        .into_string()
        .map_err(|path| anyhow::anyhow!("the path {} is not Unicode", path.display()))
}

/// Turns what happens in a run into words.
struct Observer<'a> {
    folder: &'a RunFolder,
    bar: Option<progress::Progress>,
    started: Instant,
    epochs: u64,
}

impl<'a> Observer<'a> {
    fn new(folder: &'a RunFolder) -> Self {
        Self { folder, bar: None, started: Instant::now(), epochs: 0 }
    }

    fn observe(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Started { position, split, epochs, steps_per_epoch, multiply_adds } => {
                note(format!(
                    "{}: {} designs to train, {} to validate, {} to test; {:.1} M multiply-adds a design; {} threads",
                    shown(self.folder.root()),
                    split.train.len(),
                    split.validation.len(),
                    split.test.len(),
                    *multiply_adds as f64 / 1e6,
                    threads::current(),
                ));
                if 0 < position.step {
                    note(format!("going on after step {}", position.step));
                }
                self.epochs = *epochs;
                self.bar = Some(progress::Progress::new(
                    "train",
                    "steps",
                    epochs * steps_per_epoch,
                    position.step,
                ));
            }
            Progress::Step(metrics) => {
                if let Some(bar) = &mut self.bar {
                    bar.set(
                        metrics.step,
                        &format!("epoch {} loss {:.1}", metrics.epoch, metrics.loss),
                    );
                }
            }
            Progress::Epoch(metrics) => {
                let text = self.epoch_line(metrics);
                if let Some(bar) = &self.bar {
                    bar.say(&text);
                }
            }
        }
    }

    fn epoch_line(&self, metrics: &EpochMetrics) -> String {
        let EpochMetrics { epoch, validation, train, beta, best, images_per_s, .. } = metrics;
        format!(
            "epoch {epoch:3}/{} [{:4.0} s] train {:8.1}  validation bound {:8.1} = {:.1} - KL {:.1}  MSE {:.4}  IoU {:.3}  β {beta:.2}  {images_per_s:.0}/s{}",
            self.epochs,
            self.started.elapsed().as_secs_f64(),
            train.log_likelihood - train.kl,
            validation.elbo,
            validation.log_likelihood,
            validation.kl,
            validation.mse,
            validation.iou,
            if *best { "  best" } else { "" },
        )
    }

    fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish();
        }
    }
}
