//! `vae train`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use vae_data::{Mirror, SplitRule};
use vae_models::{Likelihood, Vae};
use vae_train::metrics::{EpochMetrics, Validation};
use vae_train::objective::Loss;
use vae_train::{
    Config, Ending, FORMAT, Manifest, Objective, Overrides, Progress, RunFolder, TargetKind,
    Targets, Told,
};

use crate::args::RUNS;
use crate::failure::{INTERRUPTED, UsageError};
use crate::output::page;
use crate::output::{line, note, shown, typed};
use crate::reading::{ReadingArgs, absolute_source, open_data};
use crate::{interrupt, progress, threads, words};
use vae_report::Block;
use vae_study::Run;
use vae_study::checks::check_mirrors;
use vae_study::latent::logged_epochs;
use vae_study::pictures::{draw_pairs, draw_run};
use vae_study::report::Report;
use vae_study::run::evenly_spaced;
use vae_study::words::{latent, optimized, reached, summary};

/// Train a model on designs
///
/// Without arguments: the built-in set of cantilevers, the default preset, a few minutes. A flag
/// outranks the configuration file, the file outranks the preset. Ctrl-C writes a checkpoint and
/// stops. At the end report.html in the folder of the run says what was trained, shows its figures,
/// and how to repeat it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae train
  vae train --data my-designs/ --latent-dim 16 --epochs 60
  vae train --data pictures/ --resize 64x192 --labels '{volume_fraction%}_{iterate}'
  vae train --data densities.npy --layout columns:60x20 --conditions loads.csv
  vae train --data mnist:digits/ --preset burda-1layer
  vae train --targets grey --likelihood discretized-logistic
  vae train --targets dequantized --likelihood gaussian:optimal
  vae train --objective iwae --importance-samples 8
  vae train --objective geco --density-tolerance 2% --volume-tolerance 1%
  vae train --config study.toml --run runs/study
  vae train --resume runs/cantilever-default-1")]
pub(crate) struct Args {
    /// Preset to start from: default, pool, the lecture's models tutorial-conv, tutorial-mlp, or
    /// burda-1layer for MNIST
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// TOML file with settings over the preset's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `builtin`, a folder of pictures, arrays or tables, a data-set folder, a .npy or .npz file,
    /// `mnist:FOLDER` [default: builtin]
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    /// Folder of the new run [default: runs/DATA-PRESET-N]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    run: Option<PathBuf>,
    /// Go on with this run as if it had never stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "config", "data", "split", "targets", "seed", "epochs", "batch_size", "learning_rate", "latent_dim", "beta", "kl_warmup", "kl_cycles", "likelihood", "objective", "importance_samples", "free_bits", "density_tolerance", "volume_tolerance", "told", "unconditional"])]
    resume: Option<PathBuf>,
    /// How groups are split: auto, standard (the test side that the data state), random,
    /// interpolate:COLUMN, extrapolate:COLUMN
    #[arg(long, value_name = "RULE")]
    split: Option<SplitRule>,
    /// What is learned: designs cut to 0/1 at their own volume, drawn to 0/1 anew in each epoch, or
    /// densities as they are
    ///
    /// A likelihood is one of these targets: binary designs have probabilities in nats, those of 8
    /// bits have bits per pixel. Dequantized designs are grey ones whose 256 levels are spread
    /// evenly, so that a density of them bounds the bits of the levels.
    #[arg(long, value_enum)]
    targets: Option<TargetsArg>,
    /// Mirror training designs at random: mirror-x (left and right), mirror-y (top and bottom), or
    /// both, separated by a comma
    ///
    /// Masks and conditions are mirrored with them. dataset.json says what becomes of each
    /// condition.
    #[arg(long, value_name = "MIRRORS", value_delimiter = ',', conflicts_with = "resume")]
    augment: Option<Vec<Mirror>>,
    /// Start from the weights of this run, or of this weight file, instead of random ones
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    init: Option<String>,
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
    ///
    /// What β does to the codes, it does together with the noise σ of a Gaussian: only β σ² counts.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    beta: Option<f64>,
    /// Share of the steps over which the KL weight rises from 0: 0 or more, below 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    kl_warmup: Option<f64>,
    /// Let it rise anew in each of so many cycles of equal length
    #[arg(long, value_name = "N")]
    kl_cycles: Option<u64>,
    /// Distribution of a pixel: bernoulli, continuous-bernoulli, gaussian, gaussian:SIGMA,
    /// gaussian:optimal, discretized-logistic, discretized-logistic:SCALE
    ///
    /// `bernoulli` is for designs of 0 and 1. For grey ones: `gaussian` learns one deviation σ for
    /// all pixels, `gaussian:optimal` takes the best one of each batch, `gaussian:0.05` is as
    /// stated; `continuous-bernoulli` is a density on [0, 1]; `discretized-logistic` is a
    /// probability of 256 levels and learns its scale, or is given it as in
    /// `discretized-logistic:0.02`. `squared-error` is none, and is for `--objective lecture`.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    likelihood: Option<Likelihood>,
    /// What is minimized; `elbo` makes the lecture's presets honest: a stated likelihood, and β = 1
    #[arg(long, value_enum)]
    objective: Option<ObjectiveArg>,
    /// Draws per design of `--objective iwae` [default: 8]
    #[arg(long, value_name = "K")]
    importance_samples: Option<usize>,
    /// Nats of KL per latent dimension that cost nothing; with `--objective elbo`
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    free_bits: Option<f64>,
    /// Density error (root of the mean square) that `--objective geco` allows, such as 2% [default:
    /// 2%]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    density_tolerance: Option<f64>,
    /// Mean error of the volume fraction that `--objective geco` allows besides, such as 1%
    /// [default: any]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    volume_tolerance: Option<f64>,
    /// Conditions that the model is told: all, first, or names, separated by commas
    #[arg(long, value_name = "NAMES", conflicts_with = "unconditional")]
    told: Option<Told>,
    /// Do not tell the model the conditions of a design
    #[arg(long)]
    unconditional: bool,
    /// Draw validation designs above their reconstructions every N epochs, as figures/epoch-N.png
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    preview_every: Option<u64>,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TargetsArg {
    Binary,
    /// Each pixel 1 with its density as probability: dynamic binarization
    Dynamic,
    Grey,
    Dequantized,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ObjectiveArg {
    /// Minus the evidence lower bound
    Elbo,
    /// Minus the tighter bound from several draws per design
    Iwae,
    /// The smallest KL under which reconstructions keep to a tolerance: the balance sets itself
    Geco,
    /// Cross-entropy of grey designs plus KL: no bound, and called by its name
    CrossEntropy,
    /// The lecture's losses: summed cross-entropy and KL, or mean squared error and mean KL
    Lecture,
}

/// Reads a share, as 0.02 or 2%.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let number: f64 = number.trim().parse().map_err(|_| format!("{text:?} is not a number"))?;
    Ok(number / unit)
}

impl Args {
    fn overrides(&self) -> Overrides {
        Overrides {
            source: self.data.clone(),
            split: self.split.clone(),
            targets: self.targets.map(|targets| match targets {
                TargetsArg::Binary => TargetKind::Binary,
                TargetsArg::Dynamic => TargetKind::Dynamic,
                TargetsArg::Grey => TargetKind::Grey,
                TargetsArg::Dequantized => TargetKind::Dequantized,
            }),
            augment: self.augment.clone(),
            init: self.init.clone(),
            seed: self.seed,
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            latent_dim: self.latent_dim,
            beta: self.beta,
            likelihood: self.likelihood,
            told: if self.unconditional { Some(Told::None) } else { self.told.clone() },
            objective: self.objective.map(|objective| match objective {
                ObjectiveArg::Elbo => Objective::Elbo,
                ObjectiveArg::Iwae => Objective::Iwae,
                ObjectiveArg::Geco => Objective::Geco,
                ObjectiveArg::CrossEntropy => Objective::CrossEntropy,
                ObjectiveArg::Lecture => Objective::Lecture,
            }),
            importance_samples: self.importance_samples,
            free_bits: self.free_bits,
            density_tolerance: self.density_tolerance,
            volume_tolerance: self.volume_tolerance,
            kl_warmup: self.kl_warmup,
            kl_cycles: self.kl_cycles,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // The run: its configuration and folder, new or old.
    let (config, data, folder) = if let Some(path) = &args.resume {
        if args.reading.is_given() {
            let message = "a run is resumed with its own data, read as before";
            return Err(UsageError::with_hint(
                message,
                "leave out the flags that say how data are read",
            )
            .into());
        }
        let folder = RunFolder::open(path)?;
        if folder.model().is_file() && !folder.last_checkpoint().is_file() {
            let message = format!("{} was imported: it has no checkpoint", shown(folder.root()));
            return Err(UsageError::new(message).into());
        }
        let config = Config::read(&folder.config())?;
        let data = open_data(&config.data.source, &config.data.reading)?;
        (config, data, folder)
    } else {
        let mut config =
            Config::resolve(args.preset.as_deref(), args.config.as_deref(), &args.overrides())?;
        args.reading.apply(&mut config.data.reading)?;
        let data = open_data(&config.data.source, &config.data.reading)?;
        config.data.source = absolute_source(&config.data.source)?;
        if !config.training.init.is_empty() {
            config.training.init = absolute_source(&config.training.init)?;
        }
        let path = args
            .run
            .clone()
            .unwrap_or_else(|| RunFolder::next_name(Path::new(RUNS), data.name(), &config.preset));
        let folder = RunFolder::vacant(&path)?;
        check_mirrors(&data, &config.data.augment)?;
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
    let told = config.data.told.columns(&data)?;
    let designs = Targets::new(&data, config.data.targets, told);
    let preview = args.preview_every.map(|every| Preview { every, designs, chosen: Vec::new() });
    let mut observer = Observer::new(&folder, &config, preview);
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
                "stopped at step {}; go on with: vae train --resume {}",
                outcome.position.step,
                typed(folder.root())
            ));
            return Ok(ExitCode::from(INTERRUPTED));
        }
        Ending::Finished | Ending::StoppedEarly => {}
    }

    // What there is to see.
    note("drawing figures");
    let split = folder.recorded_split(&data)?;
    let opened = Run::new(folder.clone(), config, data, split)?;
    draw_run(&opened)?;
    let epochs = logged_epochs(&folder)?;
    let Some(result) = reached(&opened.config, &epochs) else {
        bail!("the run ended without a model")
    };
    let diagnosis = opened.diagnose()?;
    let mut known = vec![Block::Heading("Latent space".into())];
    known.extend(latent(&diagnosis, &words::remedy));
    let page = page(Report::begin(&opened)?, &folder, known, None)?;
    for sentence in result {
        line(sentence)?;
    }
    line(summary(&diagnosis))?;
    line(format!(
        "results: {page} (all in one page), {root}/figures (pictures), {root}/model.safetensors (weights), {root}/metrics.jsonl"
    ))?;
    let judged = matches!(topo_data::problem_of(&opened.data, 0), Ok(Some(_)));
    next(&typed(folder.root()), judged)?;
    Ok(ExitCode::SUCCESS)
}

/// Where to go from here; with proposals where the mechanics of the designs are known.
fn next(run: &str, judged: bool) -> Result<()> {
    line(format!(
        "try next:\n  vae evaluate {run}\n  vae sample {run} --count 16 --out samples\n  vae interpolate {run} --out interpolation"
    ))?;
    if judged {
        line(format!("  vae propose {run} --out proposals"))?;
    }
    Ok(())
}

/// Turns what happens in a run into words.
struct Observer<'a> {
    folder: &'a RunFolder,
    config: &'a Config,
    preview: Option<Preview<'a>>,
    loss: Option<Loss>,
    bar: Option<progress::Progress>,
    started: Instant,
}

/// Reconstructions of a few validation designs in the course of a run.
struct Preview<'a> {
    every: u64,
    designs: Targets<'a>,
    chosen: Vec<usize>,
}

impl<'a> Observer<'a> {
    fn new(folder: &'a RunFolder, config: &'a Config, preview: Option<Preview<'a>>) -> Self {
        Self { folder, config, preview, loss: None, bar: None, started: Instant::now() }
    }

    fn observe(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Started { position, split, epochs, steps_per_epoch, multiply_adds, loss } => {
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
                for sentence in optimized(self.config, loss) {
                    note(sentence);
                }
                self.loss = Some(*loss);
                if let Some(preview) = &mut self.preview {
                    preview.chosen = evenly_spaced(&split.validation, 8);
                }
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
                        &format!("epoch {} loss {:.4}", metrics.epoch, metrics.loss),
                    );
                }
            }
            Progress::Epoch { metrics, vae } => {
                let Some(bar) = &self.bar else { return };
                bar.say(&self.epoch_line(metrics));
                if let Some(preview) = &self.preview
                    && metrics.epoch.is_multiple_of(preview.every)
                {
                    let name = format!("epoch-{}.png", metrics.epoch);
                    let out = self.folder.figures().join(name);
                    // A picture that cannot be drawn is no reason to lose a run.
                    if let Err(error) = preview.draw(vae, metrics.epoch, &out) {
                        bar.say(&format!("no preview: {error:#}"));
                    }
                }
            }
        }
    }

    fn epoch_line(&self, metrics: &EpochMetrics) -> String {
        let EpochMetrics { epoch, validation, train, beta, best, images_per_s, .. } = metrics;
        let Validation { mse, iou, .. } = validation;
        let scores = match (validation.elbo, &self.loss) {
            (None, Some(loss)) => {
                let terms = |loss_value: f64, log_likelihood: f64, kl: f64| {
                    format!(
                        "{} = {} + {beta} · {:.4}",
                        significant(loss_value),
                        significant(loss.error_term(log_likelihood)),
                        loss.kl_term(kl)
                    )
                };
                format!(
                    "train {}  validation {}",
                    terms(train.loss, train.log_likelihood, train.kl),
                    terms(validation.loss, validation.log_likelihood, validation.kl)
                )
            }
            _ => format!(
                "train {:8.1}  validation bound {:8.1} = {:.1} - KL {:.1}",
                train.log_likelihood - train.kl,
                validation.log_likelihood - validation.kl,
                validation.log_likelihood,
                validation.kl
            ),
        };
        format!(
            "epoch {epoch:3}/{} [{:4.0} s] {scores}  MSE {mse:.4}  IoU {iou:.3}  β {beta:.2}  {images_per_s:.0}/s{}{}",
            self.config.training.epochs,
            self.started.elapsed().as_secs_f64(),
            match validation.excess {
                None => String::new(),
                Some(0.0) => "  tolerances kept".to_owned(),
                Some(excess) => format!("  over tolerance by {:.0} %", 100.0 * excess),
            },
            if *best { "  best" } else { "" },
        )
    }

    fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish();
        }
    }
}

impl Preview<'_> {
    fn draw(&self, vae: &Vae, epoch: u64, out: &Path) -> Result<()> {
        let title = format!("Validation designs above, reconstructions after epoch {epoch} below");
        Ok(draw_pairs(vae, &self.designs, &self.chosen, vae.device(), &title, out)?)
    }
}

/// Five digits, however large the number.
fn significant(value: f64) -> String {
    if 100.0 <= value.abs() { format!("{value:.1}") } else { format!("{value:.5}") }
}
