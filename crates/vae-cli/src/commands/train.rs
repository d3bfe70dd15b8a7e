//! `vae train`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use vae_base::text::Share;
use vae_data::{Mirror, SplitRule};
use vae_models::{Likelihood, Vae};
use vae_train::learn::{EpochMetrics, Loss, Parts, Validation};
use vae_train::{
    Config, Ending, Layer, Manifest, Objective, Progress, RunFolder, TargetKind, Targets, Told,
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
/// Without arguments it trains the default preset on the built-in set of cantilevers, which takes a
/// few minutes. A flag outranks the configuration file, and the file outranks the preset. Ctrl-C
/// writes a checkpoint and stops. At the end, report.html in the folder of the run states what was
/// trained, shows figures, and tells how to repeat the run.
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
    /// Folder of the new run [default: runs/DATA-PRESET-N]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Continue this run exactly where it stopped; does nothing if the run is finished
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "config", "run"])]
    resume: Option<PathBuf>,
    /// Draw validation designs above their reconstructions every N epochs, as figures/epoch-N.png
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    preview_every: Option<u64>,
    #[command(flatten)]
    settings: Settings,
}

/// The flags of settings, each under the name and in the section that it has in a configuration:
/// together they are a layer over the file and the preset.
#[derive(clap::Args, Serialize)]
struct Settings {
    /// Seed of every random number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    model: ModelFlags,
    #[command(flatten)]
    training: TrainingFlags,
    #[command(flatten)]
    data: DataFlags,
}

#[derive(clap::Args, Serialize)]
#[command(next_help_heading = "Data")]
struct DataFlags {
    /// `builtin`, a folder of pictures, arrays or tables, a data-set folder, a .npy or .npz file,
    /// `mnist:FOLDER` [default: builtin]
    #[arg(long = "data", value_name = "SOURCE")]
    source: Option<String>,
    /// How groups are split: auto, standard (the test side that the data state), random,
    /// interpolate:COLUMN, extrapolate:COLUMN
    #[arg(long, value_name = "RULE")]
    split: Option<SplitRule>,
    /// What the model learns to reproduce
    ///
    /// A likelihood is one of these targets: binary designs have probabilities in nats, those of 8
    /// bits have bits per pixel. A density of dequantized designs bounds the bits of the levels.
    #[arg(long, value_name = "KIND", value_parser = targets())]
    targets: Option<TargetKind>,
    /// Mirror training designs at random: mirror-x (left and right), mirror-y (top and bottom), or
    /// both, separated by a comma
    ///
    /// Masks and conditions are mirrored with them. dataset.json states the rule for each condition.
    #[arg(long, value_name = "MIRRORS", value_delimiter = ',')]
    augment: Option<Vec<Mirror>>,
    /// Conditions that the model is told: all, first, or names, separated by commas
    #[arg(long, value_name = "NAMES", conflicts_with = "unconditional")]
    told: Option<Told>,
    /// Do not tell the model the conditions of a design
    #[arg(long, num_args = 0, default_missing_value = "none")]
    #[serde(rename = "told")]
    unconditional: Option<Told>,
    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(clap::Args, Serialize)]
#[command(next_help_heading = "Model")]
struct ModelFlags {
    /// Number of latent dimensions
    #[arg(long, value_name = "N")]
    latent_dim: Option<usize>,
    /// Distribution of a pixel: bernoulli, continuous-bernoulli, gaussian, gaussian:SIGMA,
    /// gaussian:optimal, discretized-logistic, discretized-logistic:SCALE
    ///
    /// `bernoulli` is for designs of 0 and 1. For grey ones: `gaussian` learns one deviation σ for
    /// all pixels, `gaussian:optimal` takes the best one of each batch, `gaussian:0.05` states it;
    /// `continuous-bernoulli` is a density on [0, 1]; `discretized-logistic` is a probability of 256
    /// levels, with a learned scale or a stated one as in `discretized-logistic:0.02`.
    /// `squared-error` is not a likelihood; use it only with `--objective lecture`.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    likelihood: Option<Likelihood>,
}

#[derive(clap::Args, Serialize)]
#[command(next_help_heading = "Training")]
struct TrainingFlags {
    /// Start from the weights of this run, or of this weight file, instead of random ones
    #[arg(long, value_name = "RUN")]
    init: Option<String>,
    /// Passes over the training designs
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Epochs without a better validation score before the run ends; 0 never ends it early
    #[arg(long, value_name = "N")]
    patience: Option<u64>,
    /// Designs per step
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate of Adam
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// Weight of the KL term after its warm-up; 1 is the evidence lower bound
    ///
    /// With a Gaussian likelihood, only the product β·σ² affects the codes.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    beta: Option<f64>,
    /// Share of the steps over which the KL weight rises from 0: 0 or more, below 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    kl_warmup: Option<f64>,
    /// Number of equal-length KL warm-up cycles
    #[arg(long, value_name = "N")]
    kl_cycles: Option<u64>,
    #[command(flatten)]
    objective: ObjectiveFlags,
}

#[derive(clap::Args, Serialize)]
struct ObjectiveFlags {
    /// What is minimized; `elbo` turns the lecture's presets into bounds: a stated likelihood, and
    /// β = 1
    #[arg(long = "objective", value_name = "KIND", value_parser = objectives())]
    kind: Option<String>,
    /// Draws per design of `--objective iwae` [default: 8]
    #[arg(long, value_name = "K")]
    importance_samples: Option<usize>,
    /// Nats of KL per latent dimension that are not charged, of `--objective elbo` [default: 0]
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    free_bits: Option<f64>,
    /// Density error (root of the mean square) that `--objective geco` allows, such as 2% [default:
    /// 2%]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    density_tolerance: Option<f64>,
    /// Mean error of the volume fraction that `--objective geco` allows as well, such as 1%
    /// [default: any]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    volume_tolerance: Option<f64>,
}

/// The kinds of targets, with their explanations.
fn targets() -> impl TypedValueParser<Value = TargetKind> {
    let kinds = TargetKind::ALL.map(|(kind, about)| PossibleValue::new(kind.name()).help(about));
    PossibleValuesParser::new(kinds).try_map(|kind| kind.parse::<TargetKind>())
}

/// The kinds of objectives, with their explanations.
fn objectives() -> PossibleValuesParser {
    PossibleValuesParser::new(
        Objective::KINDS.map(|(kind, about)| PossibleValue::new(kind).help(about)),
    )
}

/// Reads a share, as 0.02 or 2%.
fn share(text: &str) -> Result<f64, String> {
    text.parse::<Share>().map(Share::get)
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // The run: its configuration and folder, new or old.
    let settings = Layer::new(&args.settings)?;
    let (config, data, folder) = if let Some(path) = &args.resume {
        if !settings.is_empty() {
            let message = "a run is resumed with its own data and settings";
            return Err(UsageError::with_hint(message, "leave out all other settings").into());
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
            Config::resolve(args.preset.as_deref(), args.config.as_deref(), &settings)?;
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
        format: Manifest::FORMAT,
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
                "stopped at step {}; to continue: vae train --resume {}",
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

/// What to do next; with proposals if the mechanics of the designs are known.
fn next(run: &str, judged: bool) -> Result<()> {
    line(format!(
        "try next:\n  vae evaluate {run}\n  vae sample {run} --count 16 --out samples\n  vae interpolate {run} --out interpolation"
    ))?;
    if judged {
        line(format!("  vae propose {run} --out proposals"))?;
    }
    Ok(())
}

/// Prints the reports of a run.
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
                    note(format!("continuing after step {}", position.step));
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
                        &format!("epoch {} loss {:.4}", metrics.epoch, metrics.parts.loss),
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
                let shown = |Parts { loss: value, terms }: Parts| {
                    format!(
                        "{} = {} + {beta} · {:.4}",
                        significant(value),
                        significant(loss.error_term(terms.log_likelihood)),
                        loss.kl_term(terms.kl)
                    )
                };
                format!(
                    "train {}  validation {}",
                    shown(*train),
                    shown(Parts { loss: validation.loss, terms: validation.terms })
                )
            }
            _ => format!(
                "train {:8.1}  validation bound {:8.1} = {:.1} - KL {:.1}",
                train.terms.value(),
                validation.terms.value(),
                validation.terms.log_likelihood,
                validation.terms.kl
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
