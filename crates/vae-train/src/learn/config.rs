//! Configuration of a run: presets, a TOML file over them, flags over both.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use vae_data::{Mirror, Reading, SplitRule};
use vae_models::{Decoder, Encoder, Likelihood, ModelConfig, Scale, Sigma};

use crate::data::told::Told;
use crate::error::{Result, TrainError, nearest};
use crate::learn::objective::Objective;

/// Everything that decides the result of a run, fully resolved; `config.toml` of a run folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Version of the file's layout.
    pub format: u32,
    /// The preset it started from.
    pub preset: String,
    /// Seed of every random number of the run.
    pub seed: u64,
    /// Which designs, and how they become targets.
    pub data: DataConfig,
    /// The network and its likelihood.
    pub model: ModelSection,
    /// Optimization.
    pub training: TrainingConfig,
}

/// Which designs, and how they become targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// `builtin`, the path of a folder or file with designs, or `mnist:FOLDER`.
    pub source: String,
    /// How the source is read.
    pub reading: Reading,
    /// `auto`, `standard`, `random`, `interpolate:COLUMN` or `extrapolate:COLUMN`; always by group.
    pub split: SplitRule,
    /// Share of the groups for validation; of those outside the test side that the data state, if
    /// that is used.
    pub validation: f64,
    /// Share of the groups for the test, unless the data state that side.
    pub test: f64,
    /// What training makes of designs: `binary`, `dynamic` or `grey`.
    pub targets: TargetKind,
    /// Which conditions the model is told: `all`, `none`, `first`, or names.
    pub told: Told,
    /// Mirror images that stand in for training designs: `mirror-x`, `mirror-y`.
    pub augment: Vec<Mirror>,
}

/// What the model is trained to reproduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Designs cut to 0/1 so that the number of solid pixels is their volume: bounds are then
    /// likelihoods.
    Binary,
    /// Designs drawn to 0/1 pixel by pixel, with densities as probabilities and anew in each epoch;
    /// one fixed draw of each design where scores are computed. Bounds are likelihoods of such
    /// draws.
    Dynamic,
    /// Densities as they are.
    Grey,
    /// Densities as 256 grey levels k, each spread evenly over its width: `(k + u)/256` with u
    /// uniform on [0, 1), drawn anew in each epoch and fixed where scores are computed. A density
    /// of these is, 8 bits added, a bound on the bits of the levels.
    Dequantized,
}

impl TargetKind {
    /// Whether every target is 0 or 1.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Binary | Self::Dynamic)
    }
}

/// The network and its likelihood; sizes of the data are added when they are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSection {
    /// Number of latent dimensions.
    pub latent_dim: usize,
    /// Width of the network that embeds the conditions; 0 appends them as they are.
    pub embedding: usize,
    /// `bernoulli`, `continuous-bernoulli`, a Gaussian or a discretized logistic with fixed or
    /// learned noise, or `squared-error`, which is none.
    pub likelihood: Likelihood,
    /// Layers in.
    pub encoder: Encoder,
    /// Layers out.
    pub decoder: Decoder,
}

/// Optimization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// `elbo`, `iwae`, `geco`, `cross-entropy` or `lecture`.
    pub objective: Objective,
    /// Draws per design of the objective `iwae`.
    pub importance_samples: usize,
    /// Nats of KL per latent dimension, averaged over a batch, that the objective `elbo` does not
    /// charge for; 0 charges for all.
    pub free_bits: f64,
    /// Density error (root of the mean square) that the objective `geco` allows, as a share: 0.02
    /// is 2 %.
    pub density_tolerance: f64,
    /// Mean error of the volume fraction that the objective `geco` allows, as a share; 0 does not
    /// ask for any.
    pub volume_tolerance: f64,
    /// Whether the output starts at the mean density of the data; if not, everything starts as
    /// PyTorch's layers do.
    pub start_at_density: bool,
    /// Run or weight file whose weights it starts from; empty for random ones.
    pub init: String,
    /// Passes over the training split.
    pub epochs: u64,
    /// Designs per step.
    pub batch_size: usize,
    /// Peak learning rate of Adam.
    pub learning_rate: f64,
    /// Share of the steps over which the learning rate rises.
    pub learning_rate_warmup: f64,
    /// Learning rate at the end, as a share of the peak.
    pub learning_rate_floor: f64,
    /// Decoupled weight decay (`AdamW`); 0 is plain Adam.
    pub weight_decay: f64,
    /// Gradients longer than this are shortened to it; 0 never does.
    pub max_gradient_norm: f64,
    /// Final weight of the KL term; 1 is the evidence lower bound.
    pub beta: f64,
    /// Share of the steps of a cycle over which the KL weight rises from 0.
    pub kl_warmup: f64,
    /// How often it does; 1 is the plain warm-up.
    pub kl_cycles: u64,
    /// Epochs without a better validation bound before the run ends; 0 never does.
    pub patience: u64,
    /// Seconds between checkpoints inside an epoch.
    pub checkpoint_seconds: u64,
    /// Steps between lines in `metrics.jsonl`.
    pub log_every: u64,
}

/// Values given as flags; each outranks the file and the preset.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of Config under their own names")]
pub struct Overrides {
    pub source: Option<String>,
    pub split: Option<SplitRule>,
    pub targets: Option<TargetKind>,
    pub seed: Option<u64>,
    pub init: Option<String>,
    pub epochs: Option<u64>,
    pub batch_size: Option<usize>,
    pub learning_rate: Option<f64>,
    pub latent_dim: Option<usize>,
    pub beta: Option<f64>,
    pub likelihood: Option<Likelihood>,
    pub told: Option<Told>,
    pub augment: Option<Vec<Mirror>>,
    pub objective: Option<Objective>,
    pub importance_samples: Option<usize>,
    pub free_bits: Option<f64>,
    pub density_tolerance: Option<f64>,
    pub volume_tolerance: Option<f64>,
    pub kl_warmup: Option<f64>,
    pub kl_cycles: Option<u64>,
}

/// Names of the presets.
pub const PRESETS: [&str; 5] = ["burda-1layer", "default", "pool", "tutorial-conv", "tutorial-mlp"];

impl Config {
    /// The preset of this name.
    ///
    /// # Errors
    /// [`TrainError::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self> {
        let network = match name {
            "burda-1layer" => ModelConfig::burda_1layer(0, 0, Vec::new()),
            "default" => ModelConfig::compact(0, 0, Vec::new()),
            "pool" => ModelConfig::pool(0, 0, Vec::new()),
            "tutorial-conv" => ModelConfig::tutorial(0, 0, Vec::new()),
            "tutorial-mlp" => ModelConfig::tutorial_mlp(0, 0, Vec::new()),
            _ => {
                return Err(TrainError::UnknownPreset {
                    name: name.to_owned(),
                    suggestion: nearest(name, PRESETS),
                    known: PRESETS.map(str::to_owned).to_vec(),
                });
            }
        };
        let embedding = if name == "default" { 32 } else { 0 };
        let mut config = Self {
            format: crate::FORMAT,
            preset: name.to_owned(),
            seed: 1,
            data: DataConfig {
                source: "builtin".to_owned(),
                reading: Reading::default(),
                split: SplitRule::Auto,
                validation: 0.1,
                test: 0.1,
                targets: TargetKind::Binary,
                told: Told::All,
                augment: Vec::new(),
            },
            model: ModelSection {
                latent_dim: network.latent_dim,
                embedding,
                likelihood: network.likelihood,
                encoder: network.encoder,
                decoder: network.decoder,
            },
            training: TrainingConfig {
                objective: Objective::Elbo,
                importance_samples: 8,
                free_bits: 0.0,
                density_tolerance: 0.02,
                volume_tolerance: 0.0,
                start_at_density: true,
                init: String::new(),
                epochs: 30,
                batch_size: 32,
                learning_rate: 2e-3,
                learning_rate_warmup: 0.02,
                learning_rate_floor: 0.01,
                weight_decay: 0.0,
                max_gradient_norm: 200.0,
                beta: 1.0,
                kl_warmup: 0.2,
                kl_cycles: 1,
                patience: 0,
                checkpoint_seconds: 30,
                log_every: 10,
            },
        };
        match name {
            "burda-1layer" => config.set_burda(),
            "tutorial-conv" => config.set_lecture(2, 1e-4, 0.01),
            "tutorial-mlp" => config.set_lecture(8, 1e-3, 1.0),
            _ => {}
        }
        Ok(config)
    }

    /// Burda, Grosse & Salakhutdinov 2016 on MNIST, as far as a schedule of ours goes: dynamically
    /// binarized pictures without their labels, batches of 20, plain Adam from a rate of 1e-3 down
    /// to 1e-4, no warm-up.
    fn set_burda(&mut self) {
        self.data.targets = TargetKind::Dynamic;
        self.data.told = Told::None;
        self.data.validation = 0.05;
        self.training = TrainingConfig {
            epochs: 100,
            batch_size: 20,
            learning_rate: 1e-3,
            learning_rate_warmup: 0.0,
            learning_rate_floor: 0.1,
            max_gradient_norm: 0.0,
            kl_warmup: 0.0,
            ..self.training.clone()
        };
    }

    /// The lecture's training: five epochs of plain Adam on grey pictures and their volumes, from
    /// PyTorch's initial values.
    fn set_lecture(&mut self, batch_size: usize, learning_rate: f64, beta: f64) {
        self.data.targets = TargetKind::Grey;
        self.data.told = Told::First;
        self.training = TrainingConfig {
            objective: Objective::Lecture,
            start_at_density: false,
            epochs: 5,
            batch_size,
            learning_rate,
            learning_rate_warmup: 0.0,
            learning_rate_floor: 1.0,
            max_gradient_norm: 0.0,
            beta,
            kl_warmup: 0.0,
            ..self.training.clone()
        };
    }

    /// Makes the lecture's loss a bound: what is compared becomes a likelihood, and β becomes 1.
    /// The cross-entropy is one of designs cut to 0/1; the squared error is one of a Gaussian whose
    /// noise is learned.
    fn set_bound(&mut self) {
        self.training.objective = Objective::Elbo;
        self.training.beta = 1.0;
        if self.model.likelihood == Likelihood::SquaredError {
            self.model.likelihood = Likelihood::Gaussian { sigma: Sigma::Shared };
        } else {
            self.data.targets = TargetKind::Binary;
        }
    }

    /// Resolves a configuration: `overrides` over the file over the preset. Without a preset the
    /// file's own `preset` counts, then `default`.
    ///
    /// # Errors
    /// Unknown preset, unknown key, wrong type, or a setting outside its domain.
    pub fn resolve(
        preset: Option<&str>,
        file: Option<&Path>,
        overrides: &Overrides,
    ) -> Result<Self> {
        let table = match file {
            Some(path) => parse(path)?,
            None => Table::new(),
        };
        let named = table.get("preset").and_then(Value::as_str);
        let mut config = Self::preset(preset.or(named).unwrap_or("default"))?;
        // The objective decides what the other defaults mean, so it comes first; whatever is stated
        // beside it still counts.
        let in_file = table.get("training").and_then(|training| training.get("objective"));
        let objective = overrides
            .objective
            .or(in_file.cloned().and_then(|objective| objective.try_into().ok()));
        if objective.is_some_and(|objective| objective != Objective::Lecture)
            && config.training.objective == Objective::Lecture
        {
            config.set_bound();
        }
        if let Some(path) = file {
            config = config.overlaid(path, table)?;
        }
        if let Some(name) = preset {
            name.clone_into(&mut config.preset);
        }
        overrides.apply(&mut config);
        config.validate()?;
        Ok(config)
    }

    /// Reads the `config.toml` of a run.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    pub fn read(path: &Path) -> Result<Self> {
        Self::resolve(None, Some(path), &Overrides::default())
    }

    /// The configuration as TOML.
    pub fn to_toml(&self) -> String {
        self.to_table().to_string()
    }

    /// Whether the likelihood is a normalized one for these targets, so that bounds on it are
    /// bounds on ln p(x): a Bernoulli on grey values is a cross-entropy instead, and the squared
    /// error no distribution at all.
    pub fn is_normalized(&self, binary_data: bool) -> bool {
        match self.model.likelihood {
            Likelihood::Bernoulli => binary_data || self.data.targets.is_binary(),
            Likelihood::ContinuousBernoulli
            | Likelihood::Gaussian { .. }
            | Likelihood::DiscretizedLogistic { .. } => true,
            Likelihood::SquaredError => false,
        }
    }

    /// Checks every setting against its domain.
    ///
    /// # Errors
    /// [`TrainError::Setting`] naming the first that is outside.
    pub fn validate(&self) -> Result<()> {
        let Self { data, model, training, .. } = self;
        let share = |key, value: f64| {
            in_range(key, value, (0.0..1.0).contains(&value), "it is a share: 0 or more, below 1")
        };
        share("data.validation", data.validation)?;
        share("data.test", data.test)?;
        in_range(
            "data.test",
            data.test,
            data.validation + data.test < 1.0,
            "with data.validation it leaves nothing to train on",
        )?;
        in_range(
            "model.latent_dim",
            model.latent_dim,
            0 < model.latent_dim,
            "a latent space has at least one dimension",
        )?;
        let noise = match model.likelihood {
            Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) } => sigma,
            Likelihood::DiscretizedLogistic { scale: Scale::Fixed(scale) } => scale,
            _ => 1.0,
        };
        in_range(
            "model.likelihood",
            noise,
            0.0 < noise && noise.is_finite(),
            "the deviation or scale of a pixel is positive",
        )?;
        self.validate_objective()?;
        in_range(
            "training.epochs",
            training.epochs,
            0 < training.epochs,
            "there is at least one epoch",
        )?;
        in_range(
            "training.batch_size",
            training.batch_size,
            0 < training.batch_size,
            "a batch holds at least one design",
        )?;
        let rate = training.learning_rate;
        in_range("training.learning_rate", rate, 0.0 < rate && rate.is_finite(), "it is positive")?;
        share("training.learning_rate_warmup", training.learning_rate_warmup)?;
        let floor = training.learning_rate_floor;
        in_range(
            "training.learning_rate_floor",
            floor,
            (0.0..=1.0).contains(&floor),
            "it is a share of the peak: 0 to 1",
        )?;
        let decay = training.weight_decay;
        in_range(
            "training.weight_decay",
            decay,
            0.0 <= decay && decay.is_finite(),
            "it is 0 or more",
        )?;
        let norm = training.max_gradient_norm;
        in_range(
            "training.max_gradient_norm",
            norm,
            0.0 <= norm && norm.is_finite(),
            "it is 0 (off) or more",
        )?;
        let beta = training.beta;
        in_range(
            "training.beta",
            beta,
            0.0 <= beta && beta.is_finite(),
            "a KL weight is 0 or more",
        )?;
        let warmup = training.kl_warmup;
        let reason = "a warm-up as long as the training never reaches beta; it is a share of the steps: 0 or more, below 1";
        in_range("training.kl_warmup", warmup, (0.0..1.0).contains(&warmup), reason)?;
        in_range(
            "training.kl_cycles",
            training.kl_cycles,
            0 < training.kl_cycles,
            "a run has at least one cycle",
        )?;
        in_range(
            "training.log_every",
            training.log_every,
            0 < training.log_every,
            "it counts steps from 1",
        )
    }

    /// What the objective asks of the likelihood, the targets and its own settings.
    fn validate_objective(&self) -> Result<()> {
        let TrainingConfig { objective, beta, free_bits, .. } = self.training;
        let (likelihood, targets) = (self.model.likelihood, self.data.targets);
        let refuse = |reason: &str| Err(setting("model.likelihood", &likelihood, reason));
        match (objective, likelihood) {
            (Objective::Elbo | Objective::Iwae, Likelihood::SquaredError) => {
                return refuse(
                    "the squared error is no likelihood, so there is no bound on it; take `gaussian`, or the objective `lecture`",
                );
            }
            (Objective::Lecture, Likelihood::Bernoulli | Likelihood::SquaredError)
            | (Objective::CrossEntropy, Likelihood::Bernoulli) => {}
            (Objective::Lecture, _) => {
                let reason = format!(
                    "the lecture does not know `{likelihood}`; take `bernoulli`, `squared-error`, or the objective `elbo`"
                );
                return Err(setting("training.objective", &"lecture", reason));
            }
            (Objective::CrossEntropy, _) => {
                return refuse("a cross-entropy is that of a `bernoulli`");
            }
            (
                Objective::Geco,
                Likelihood::Gaussian { sigma: Sigma::Shared }
                | Likelihood::DiscretizedLogistic { scale: Scale::Shared },
            ) => {
                return refuse(
                    "nothing in the objective `geco` teaches it a noise; take `gaussian:optimal`, or state one",
                );
            }
            _ => {}
        }
        match (targets, likelihood) {
            (TargetKind::Dequantized, Likelihood::Bernoulli) => {
                return refuse(
                    "it is a likelihood of 0 and 1, and dequantized targets are grey; take `continuous-bernoulli` or `gaussian`",
                );
            }
            (TargetKind::Dequantized, Likelihood::DiscretizedLogistic { .. }) => {
                return refuse(
                    "it is a mass of the 256 levels themselves; take the targets `grey`",
                );
            }
            _ => {}
        }
        let k = self.training.importance_samples;
        in_range("training.importance_samples", k, 0 < k, "a bound takes at least one draw")?;
        in_range(
            "training.free_bits",
            free_bits,
            0.0 <= free_bits && free_bits.is_finite(),
            "nats that cost nothing are 0 or more",
        )?;
        let charges_less = free_bits == 0.0 || objective == Objective::Elbo;
        in_range(
            "training.free_bits",
            free_bits,
            charges_less,
            "only the objective `elbo` has them",
        )?;
        let (density, volume) = (self.training.density_tolerance, self.training.volume_tolerance);
        let reason = "an error between 0 and 1 that is allowed, such as 0.02 for 2 %";
        in_range("training.density_tolerance", density, 0.0 < density && density < 1.0, reason)?;
        in_range("training.volume_tolerance", volume, (0.0..1.0).contains(&volume), reason)?;
        // The exact value is the one that means "as it is".
        #[expect(clippy::float_cmp, reason = "1 is stated, not computed")]
        let weighs = beta != 1.0;
        let balanced = matches!(objective, Objective::Iwae | Objective::Geco);
        in_range(
            "training.beta",
            beta,
            !(weighs && balanced),
            "the objectives `iwae` and `geco` weigh their terms themselves; leave it at 1",
        )
    }

    fn to_table(&self) -> Table {
        Table::try_from(self)
            .expect("a configuration has only tables, numbers, strings and lists of them")
    }

    /// This configuration with the values of a file over it.
    fn overlaid(self, path: &Path, file: Table) -> Result<Self> {
        let mut table = self.to_table();
        merge(&mut table, file, "", path)?;
        let found = table.get("format").and_then(Value::as_integer);
        if let Some(found) = found.filter(|found| *found != i64::from(crate::FORMAT)) {
            return Err(TrainError::Format {
                path: path.to_owned(),
                found: u32::try_from(found).unwrap_or(u32::MAX),
            });
        }
        table.try_into().map_err(|err: toml::de::Error| syntax(path, err.message()))
    }
}

impl Overrides {
    fn apply(&self, config: &mut Config) {
        fn set<T: Clone>(value: Option<&T>, place: &mut T) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        set(self.source.as_ref(), &mut config.data.source);
        set(self.split.as_ref(), &mut config.data.split);
        set(self.targets.as_ref(), &mut config.data.targets);
        set(self.told.as_ref(), &mut config.data.told);
        set(self.augment.as_ref(), &mut config.data.augment);
        set(self.seed.as_ref(), &mut config.seed);
        set(self.init.as_ref(), &mut config.training.init);
        set(self.epochs.as_ref(), &mut config.training.epochs);
        set(self.batch_size.as_ref(), &mut config.training.batch_size);
        set(self.learning_rate.as_ref(), &mut config.training.learning_rate);
        set(self.beta.as_ref(), &mut config.training.beta);
        set(self.latent_dim.as_ref(), &mut config.model.latent_dim);
        set(self.likelihood.as_ref(), &mut config.model.likelihood);
        let training = &mut config.training;
        set(self.objective.as_ref(), &mut training.objective);
        set(self.importance_samples.as_ref(), &mut training.importance_samples);
        set(self.free_bits.as_ref(), &mut training.free_bits);
        set(self.density_tolerance.as_ref(), &mut training.density_tolerance);
        set(self.volume_tolerance.as_ref(), &mut training.volume_tolerance);
        set(self.kl_warmup.as_ref(), &mut training.kl_warmup);
        set(self.kl_cycles.as_ref(), &mut training.kl_cycles);
    }
}

fn parse(path: &Path) -> Result<Table> {
    crate::learn::run::read_to_string(path)?
        .parse()
        .map_err(|err: toml::de::Error| syntax(path, &err.to_string()))
}

/// Lays `over` on `base`; keys that `base` does not have are refused. Tables that name their
/// `kind`, and the likelihood, replace the old one, because their keys depend on it.
fn merge(base: &mut Table, over: Table, prefix: &str, path: &Path) -> Result<()> {
    for (key, value) in over {
        let full = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (base.get_mut(&key), value) {
            (None, _) => {
                let suggestion = nearest(&key, base.keys().map(String::as_str));
                return Err(TrainError::UnknownKey {
                    path: path.to_owned(),
                    key: full,
                    suggestion,
                });
            }
            (Some(Value::Table(_)), value @ Value::Table(_))
                if value.get("kind").is_some() || full == "model.likelihood" =>
            {
                base.insert(key, value);
            }
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value, &full, path)?,
            (Some(place), value) => *place = value,
        }
    }
    Ok(())
}

fn syntax(path: &Path, message: &str) -> TrainError {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    TrainError::ConfigSyntax { path: path.to_owned(), message }
}

fn setting(
    key: &'static str,
    value: &dyn std::fmt::Display,
    reason: impl Into<String>,
) -> TrainError {
    TrainError::Setting { key, value: value.to_string(), reason: reason.into() }
}

fn in_range(
    key: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    reason: &str,
) -> Result<()> {
    if holds { Ok(()) } else { Err(setting(key, &value, reason)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        std::fs::write(&path, text).unwrap();
        Config::resolve(None, Some(&path), &Overrides::default())
    }

    #[test]
    fn every_preset_is_valid_and_reads_back() {
        for name in PRESETS {
            let config = Config::preset(name).unwrap();
            config.validate().unwrap();
            assert_eq!(resolve(&config.to_toml()).unwrap(), config);
        }
    }

    #[test]
    fn flag_over_file_over_preset() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        std::fs::write(&path, "preset = \"pool\"\n[training]\nepochs = 7\nbeta = 0.5\n").unwrap();
        let overrides = Overrides { epochs: Some(9), ..Overrides::default() };
        let config = Config::resolve(None, Some(&path), &overrides).unwrap();
        assert_eq!((config.training.epochs, config.training.beta), (9, 0.5));
        assert!(matches!(config.model.encoder, Encoder::Pool { .. }));
        let config = Config::resolve(Some("default"), Some(&path), &overrides).unwrap();
        assert!(matches!(config.model.encoder, Encoder::Strided { .. }));
        assert_eq!(config.preset, "default");
    }

    #[test]
    fn a_table_with_a_kind_replaces_the_old_one() {
        let config = resolve("[model.encoder]\nkind = \"pool\"\nchannels = [8, 16]\npool = \"average\"\nnormalized = false\n").unwrap();
        assert_eq!(config.model.encoder.halvings(), 2);
        let config = resolve("[model.likelihood.gaussian]\nsigma = { fixed = 0.2 }\n").unwrap();
        assert_eq!(config.model.likelihood, Likelihood::Gaussian { sigma: Sigma::Fixed(0.2) });
        // One likelihood replaces another whole, with what it is made of.
        let logistic = "[model.likelihood.discretized-logistic]\nscale = \"shared\"\n";
        let text =
            format!("preset = \"tutorial-conv\"\n[training]\nobjective = \"elbo\"\n{logistic}");
        let config = resolve(&text).unwrap();
        let expected = Likelihood::DiscretizedLogistic { scale: Scale::Shared };
        assert_eq!(config.model.likelihood, expected);
    }

    /// The lecture's numbers, as reference of what "as in the lecture" means.
    #[test]
    fn the_lectures_presets_and_their_honest_versions() {
        let conv = Config::preset("tutorial-conv").unwrap();
        let TrainingConfig { epochs, batch_size, learning_rate, beta, .. } = conv.training;
        assert_eq!((epochs, batch_size, learning_rate, beta), (5, 2, 1e-4, 0.01));
        assert_eq!(conv.model.likelihood, Likelihood::SquaredError);
        let mlp = Config::preset("tutorial-mlp").unwrap();
        let TrainingConfig { epochs, batch_size, learning_rate, beta, .. } = mlp.training;
        assert_eq!((epochs, batch_size, learning_rate, beta), (5, 8, 1e-3, 1.0));
        assert_eq!((mlp.model.latent_dim, mlp.data.targets), (2, TargetKind::Grey));
        for config in [&conv, &mlp] {
            let TrainingConfig { objective, learning_rate_floor, .. } = config.training;
            assert_eq!((objective, learning_rate_floor), (Objective::Lecture, 1.0));
            assert!(!config.is_normalized(false));
        }

        let overrides = Overrides { objective: Some(Objective::Elbo), ..Overrides::default() };
        let conv = Config::resolve(Some("tutorial-conv"), None, &overrides).unwrap();
        assert_eq!(conv.model.likelihood, Likelihood::Gaussian { sigma: Sigma::Shared });
        assert_eq!((conv.training.beta, conv.data.targets), (1.0, TargetKind::Grey));
        let mlp =
            resolve("preset = \"tutorial-mlp\"\n[training]\nobjective = \"elbo\"\nbeta = 2.0\n")
                .unwrap();
        assert_eq!((mlp.training.beta, mlp.data.targets), (2.0, TargetKind::Binary));
        assert!(conv.is_normalized(false) && mlp.is_normalized(false));
    }

    #[test]
    fn misspelt_keys_get_a_suggestion() {
        let error = resolve("[training]\nlearning_rat = 0.1\n").unwrap_err();
        let TrainError::UnknownKey { key, suggestion, .. } = error else { panic!("{error}") };
        assert_eq!(
            (key.as_str(), suggestion.as_deref()),
            ("training.learning_rat", Some("learning_rate"))
        );
        assert!(matches!(resolve("[trainin]\n").unwrap_err(), TrainError::UnknownKey { .. }));
    }

    #[test]
    fn settings_outside_their_domain_are_named() {
        let cases = [
            ("[training]\nbeta = -0.1\n", "training.beta"),
            ("[training]\nkl_warmup = 1.0\n", "training.kl_warmup"),
            ("[training]\nkl_cycles = 0\n", "training.kl_cycles"),
            ("[training]\nimportance_samples = 0\n", "training.importance_samples"),
            ("[training]\nfree_bits = -0.1\n", "training.free_bits"),
            ("[training]\nfree_bits = 0.1\nobjective = \"iwae\"\n", "training.free_bits"),
            ("[training]\nbeta = 2.0\nobjective = \"iwae\"\n", "training.beta"),
            ("[training]\nbeta = 2.0\nobjective = \"geco\"\n", "training.beta"),
            ("[training]\ndensity_tolerance = 0.0\n", "training.density_tolerance"),
            ("[training]\nvolume_tolerance = -0.01\n", "training.volume_tolerance"),
            ("[data]\ntargets = \"dequantized\"\n", "model.likelihood"),
            (
                "[data]\ntargets = \"dequantized\"\n[model.likelihood.discretized-logistic]\nscale = \"shared\"\n",
                "model.likelihood",
            ),
            (
                "[model.likelihood.discretized-logistic]\nscale = { fixed = -0.1 }\n",
                "model.likelihood",
            ),
            (
                "[training]\nobjective = \"geco\"\n[model.likelihood.gaussian]\nsigma = \"shared\"\n",
                "model.likelihood",
            ),
            (
                "[training]\nobjective = \"cross-entropy\"\n[model]\nlikelihood = \"continuous-bernoulli\"\n",
                "model.likelihood",
            ),
            ("[training]\nlearning_rate = 0.0\n", "training.learning_rate"),
            ("[training]\nbatch_size = 0\n", "training.batch_size"),
            ("[data]\nvalidation = 0.6\ntest = 0.5\n", "data.test"),
            ("[model]\nlatent_dim = 0\n", "model.latent_dim"),
            ("[model.likelihood.gaussian]\nsigma = { fixed = 0.0 }\n", "model.likelihood"),
            ("[model]\nlikelihood = \"squared-error\"\n", "model.likelihood"),
            (
                "preset = \"tutorial-conv\"\n[model.likelihood.gaussian]\nsigma = \"shared\"\n",
                "training.objective",
            ),
        ];
        for (text, expected) in cases {
            let error = resolve(text).unwrap_err();
            let TrainError::Setting { key, .. } = error else { panic!("{text}: {error}") };
            assert_eq!(key, expected);
        }
    }
}
