//! The settings of a run.

use serde::{Deserialize, Serialize};
use toml::Table;
use vae_data::{Reading, SplitRule};
use vae_models::{Decoder, Encoder, Likelihood};

use crate::data::{Augment, TargetKind, Told};
use crate::learn::objective::Objective;
use crate::score::Measure;

/// Version of the layout of a configuration file.
pub const FORMAT: u32 = 2;

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
    /// `auto`, `standard`, `random`, `interpolate:COLUMN`, `extrapolate:COLUMN` or
    /// `holdout:COLUMN=VALUE,…`; always by group.
    pub split: SplitRule,
    /// Seed of the split alone; `None` takes the seed of the run. Runs of several seeds are compared
    /// on the same test designs with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Share of the groups for validation; if the data state a test side, of the groups outside it.
    pub validation: f64,
    /// Share of the groups for the test, unless the data state a test side.
    pub test: f64,
    /// What training makes of designs: `binary`, `dynamic`, `grey` or `dequantized`.
    pub targets: TargetKind,
    /// The conditions that the model is told: `auto`, `all`, `none`, `first`, or names.
    pub told: Told,
    /// Whether the model is told the problems of the designs.
    #[serde(default)]
    pub problems: ProblemsTold,
    /// Mirrors that are applied to training designs at random: `auto` for those that the data state
    /// rules for, or a list of `mirror-x`, `mirror-y`, `transpose`.
    pub augment: Augment,
}

/// Whether a model is told the problems of its designs, as fields beside each design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemsTold {
    /// As fields of loads, supports and of the strain energy in a solid plate, where the set states
    /// the problem of each design.
    Fields,
    /// As those fields, and fields of the stress in that plate.
    Stresses,
    /// Not at all.
    #[default]
    None,
}

/// The rule by which a step moves the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam, with decoupled weight decay.
    #[default]
    Adam,
    /// Muon for weights of two and more dimensions, Adam for the others.
    Muon,
}

/// Before there were fields, nobody could set these.
fn pooled() -> usize {
    64
}

fn prior() -> usize {
    128
}

/// The network and its likelihood; the sizes of the data are added when they are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSection {
    /// Number of latent dimensions.
    pub latent_dim: usize,
    /// Width of the network that embeds the conditions; 0 appends them as they are.
    pub embedding: usize,
    /// Width of the vector that the fields of a problem are pooled to, with the conditions.
    #[serde(default = "pooled")]
    pub pooled: usize,
    /// Whether fields are averaged over their positions before they are pooled.
    #[serde(default)]
    pub averaged: bool,
    /// Width of the hidden layer between that vector and the prior of the codes.
    #[serde(default = "prior")]
    pub prior: usize,
    /// Residual blocks on the smallest maps of the network that reads the fields of a problem.
    #[serde(default)]
    pub field_blocks: usize,
    /// Residual blocks on the decoder's first maps, of a model that is told fields.
    #[serde(default)]
    pub decoder_blocks: usize,
    /// `bernoulli`, `continuous-bernoulli`, a Gaussian or a discretized logistic with fixed or
    /// learned noise, or `squared-error`, which is not a likelihood.
    pub likelihood: Likelihood,
    /// Layers from a design to its code.
    pub encoder: Encoder,
    /// Layers from a code to a design.
    pub decoder: Decoder,
}

/// Optimization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// What a step minimizes: a table with its `kind` and the fields of that kind.
    pub objective: Objective,
    /// Whether the output starts at the mean density of the data; if not, all weights start as
    /// PyTorch's layers do.
    pub start_at_density: bool,
    /// Run or weight file to start from; empty for random weights.
    pub init: String,
    /// Passes over the training split.
    pub epochs: u64,
    /// Designs per step.
    pub batch_size: usize,
    /// The rule by which a step moves the weights: `adam` or `muon`.
    #[serde(default)]
    pub optimizer: OptimizerKind,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Share of the steps over which the learning rate rises.
    pub learning_rate_warmup: f64,
    /// Learning rate at the end, as a share of the peak.
    pub learning_rate_floor: f64,
    /// Decoupled weight decay; with 0 Adam is plain Adam, else `AdamW`.
    pub weight_decay: f64,
    /// Gradients are clipped to this norm; 0 never clips.
    pub max_gradient_norm: f64,
    /// Final weight of the KL term; 1 is the evidence lower bound.
    pub beta: f64,
    /// Share of the steps of a cycle over which the KL weight rises from 0.
    pub kl_warmup: f64,
    /// Number of equal-length KL warm-up cycles; 1 is the plain warm-up.
    pub kl_cycles: u64,
    /// Epochs without a better validation score before the run ends; 0 never ends it early.
    pub patience: u64,
    /// Seconds between checkpoints inside an epoch.
    pub checkpoint_seconds: u64,
    /// Steps between lines in `metrics.jsonl`.
    pub log_every: u64,
}

impl Config {
    /// The configuration as TOML.
    pub fn to_toml(&self) -> String {
        self.to_table().to_string()
    }

    /// The configuration as a table with every setting.
    pub(crate) fn to_table(&self) -> Table {
        Table::try_from(self)
            .expect("a configuration has only tables, numbers, strings and lists of them")
    }

    /// The first setting, with its section, that another configuration has otherwise, except these;
    /// `None` if there is none.
    pub(crate) fn first_difference(&self, other: &Self, except: &[&str]) -> Option<String> {
        let (own, other) = (self.to_table(), other.to_table());
        let keys = own.iter().flat_map(|(section, value)| {
            let inner = value.as_table().into_iter().flat_map(Table::keys);
            let inner: Vec<String> = inner.map(|key| format!("{section}.{key}")).collect();
            if value.is_table() { inner } else { vec![section.clone()] }
        });
        let at = |table: &Table, key: &str| match key.split_once('.') {
            Some((section, key)) => table.get(section)?.get(key).cloned(),
            None => table.get(key).cloned(),
        };
        keys.filter(|key| !except.contains(&key.as_str()))
            .find(|key| at(&own, key) != at(&other, key))
    }

    /// What the likelihood of a run is a statement about; `binary_data` tells whether all targets
    /// are 0 or 1 whatever their kind.
    pub fn measure(&self, binary_data: bool) -> Measure {
        Measure::of(self.model.likelihood, self.data.targets, binary_data)
    }
}
