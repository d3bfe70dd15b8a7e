//! The flags of `vae train` that are settings of a run.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use vae_base::text::Share;
use vae_data::SplitRule;
use vae_models::Likelihood;
use vae_train::data::Augment;
use vae_train::learn::ProblemsTold;
use vae_train::{Objective, TargetKind, Told};

use crate::reading::ReadingArgs;

/// The flags of settings, each under the name and in the section that it has in a configuration:
/// together they are a layer over the file and the preset.
#[derive(clap::Args, Serialize)]
pub(crate) struct Settings {
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
    /// interpolate:COLUMN, extrapolate:COLUMN, holdout:COLUMN=VALUE,VALUE (these values only in the
    /// test)
    #[arg(long, value_name = "RULE")]
    split: Option<SplitRule>,
    /// Seed of the split alone, to compare runs of several seeds on the same designs
    /// [default: the seed of the run]
    #[arg(long, value_name = "N", hide_short_help = true)]
    split_seed: Option<u64>,
    /// What the model learns to reproduce
    ///
    /// A likelihood is one of these targets: binary designs have probabilities in nats, those of 8
    /// bits have bits per pixel. A density of dequantized designs bounds the bits of the levels.
    #[arg(long, value_name = "KIND", value_parser = targets())]
    targets: Option<TargetKind>,
    /// Mirror training designs at random: auto (what the data state rules for), none, or some of
    /// mirror-x (left and right), mirror-y (top and bottom) and transpose (rows and columns, of
    /// square designs), separated by commas [default: auto]
    ///
    /// Masks, conditions and problems are mirrored with them. dataset.json states the rule for each
    /// condition; with --told none, none is needed.
    #[arg(long, value_name = "MIRRORS", hide_short_help = true)]
    augment: Option<Augment>,
    /// Conditions that the model is told: auto (all but identifiers, run times and flags), all,
    /// first, or names, separated by commas
    #[arg(long, value_name = "NAMES", conflicts_with = "unconditional", hide_short_help = true)]
    told: Option<Told>,
    /// Do not tell the model the conditions of a design
    #[arg(long, num_args = 0, default_missing_value = "none", hide_short_help = true)]
    #[serde(rename = "told")]
    unconditional: Option<Told>,
    /// Whether the model is told the problem of each design
    ///
    /// Maps of loads, supports and of how a solid plate carries the loads lie beside the design,
    /// where the set states its problems. Such a model designs for problems that it never saw, but
    /// has to be told one.
    #[arg(long, value_name = "HOW", value_parser = problems(), hide_short_help = true)]
    problems: Option<ProblemsTold>,
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
    /// `continuous-bernoulli` is a density on [0, 1]; `discretized-logistic` is a probability of
    /// 256 levels, with a learned scale or a stated one as in `discretized-logistic:0.02`.
    /// `squared-error` is not a likelihood; use it only with `--objective lecture`.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    likelihood: Option<Likelihood>,
}

#[derive(clap::Args, Serialize)]
#[command(next_help_heading = "Training")]
struct TrainingFlags {
    /// Start from the weights of this run, or of this weight file, instead of random ones
    #[arg(long, value_name = "RUN", hide_short_help = true)]
    init: Option<String>,
    /// Passes over the training designs
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Epochs without a better validation score before the run ends, a third of the epochs unless
    /// stated; 0 never ends it early
    #[arg(long, value_name = "N")]
    patience: Option<u64>,
    /// Designs per step
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate
    #[arg(long, value_name = "X")]
    learning_rate: Option<f64>,
    /// Weight of the KL term after its warm-up; 1 is the evidence lower bound
    ///
    /// With a Gaussian likelihood, only the product β·σ² affects the codes.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    beta: Option<f64>,
    /// Share of the steps over which the KL weight rises from 0: 0 or more, below 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, hide_short_help = true)]
    kl_warmup: Option<f64>,
    /// Number of equal-length KL warm-up cycles
    #[arg(long, value_name = "N", hide_short_help = true)]
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
    #[arg(long, value_name = "K", hide_short_help = true)]
    importance_samples: Option<usize>,
    /// Nats of KL per latent dimension that are not charged, of `--objective elbo` [default: 0]
    #[arg(long, value_name = "NATS", allow_negative_numbers = true, hide_short_help = true)]
    free_bits: Option<f64>,
    /// Density error (root of the mean square) that `--objective geco` allows, such as 2% [default:
    /// 2%]
    #[arg(long, value_name = "SHARE", value_parser = share, hide_short_help = true)]
    density_tolerance: Option<f64>,
    /// Mean error of the volume fraction that `--objective geco` allows as well, such as 1%
    /// [default: any]
    #[arg(long, value_name = "SHARE", value_parser = share, hide_short_help = true)]
    volume_tolerance: Option<f64>,
}

/// The kinds of targets, with their explanations.
fn problems() -> impl TypedValueParser<Value = ProblemsTold> {
    PossibleValuesParser::new([
        PossibleValue::new("stresses").help("With strain energy and stress of that plate"),
        PossibleValue::new("fields").help("With its strain energy alone"),
        PossibleValue::new("none").help("Not at all"),
    ])
    .map(|name| match name.as_str() {
        "stresses" => ProblemsTold::Stresses,
        "fields" => ProblemsTold::Fields,
        _ => ProblemsTold::None,
    })
}

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
