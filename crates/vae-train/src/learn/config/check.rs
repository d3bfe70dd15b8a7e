//! Checks of the settings against their domains.

use vae_models::{Likelihood, Scale, Sigma};

use crate::data::TargetKind;
use crate::error::Result;
use crate::learn::config::settings::{Config, DataConfig, ModelSection, TrainingConfig};
use crate::learn::objective::{in_range, refuse};

/// Checks every setting against its domain.
///
/// # Errors
/// [`TrainError::Setting`](crate::TrainError::Setting) for the first that is outside.
pub(crate) fn check(config: &Config) -> Result<()> {
    let Config { data, model, training, .. } = config;
    check_data(data)?;
    check_model(model, data.targets, training)?;
    check_training(training)
}

fn check_data(data: &DataConfig) -> Result<()> {
    share("data.validation", data.validation)?;
    share("data.test", data.test)?;
    let holds = data.validation + data.test < 1.0;
    in_range("data.test", data.test, holds, "with data.validation it leaves nothing to train on")
}

fn check_model(model: &ModelSection, targets: TargetKind, training: &TrainingConfig) -> Result<()> {
    let (dim, likelihood) = (model.latent_dim, model.likelihood);
    in_range("model.latent_dim", dim, 0 < dim, "a latent space has at least one dimension")?;
    let noise = match likelihood {
        Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) } => sigma,
        Likelihood::DiscretizedLogistic { scale: Scale::Fixed(scale) } => scale,
        _ => 1.0,
    };
    let holds = 0.0 < noise && noise.is_finite();
    in_range("model.likelihood", noise, holds, "the deviation or scale of a pixel is positive")?;
    training.objective.check(likelihood)?;
    match (targets, likelihood) {
        (TargetKind::Dequantized, Likelihood::Bernoulli) => refuse(
            likelihood,
            "it is a likelihood of 0 and 1, and dequantized targets are grey; take `continuous-bernoulli` or `gaussian`",
        ),
        (TargetKind::Dequantized, Likelihood::DiscretizedLogistic { .. }) => {
            refuse(likelihood, "it is a mass of the 256 levels themselves; take the targets `grey`")
        }
        _ => Ok(()),
    }
}

/// Largest number of epochs: so many steps can be counted, and it is years for the smallest set.
const MOST_EPOCHS: u64 = 1_000_000;

fn check_training(training: &TrainingConfig) -> Result<()> {
    let positive = |key, n: u64, reason| in_range(key, n, 0 < n, reason);
    let (epochs, reason) =
        (training.epochs, "a run has 1 to 1,000,000 epochs; it goes on when it is resumed");
    in_range("training.epochs", epochs, (1..=MOST_EPOCHS).contains(&epochs), reason)?;
    let batch = training.batch_size as u64;
    positive("training.batch_size", batch, "a batch holds at least one design")?;
    positive("training.kl_cycles", training.kl_cycles, "a run has at least one cycle")?;
    positive("training.log_every", training.log_every, "it counts steps from 1")?;

    let rate = training.learning_rate;
    in_range("training.learning_rate", rate, 0.0 < rate && rate.is_finite(), "it is positive")?;
    share("training.learning_rate_warmup", training.learning_rate_warmup)?;
    let (floor, reason) = (training.learning_rate_floor, "it is a share of the peak: 0 to 1");
    in_range("training.learning_rate_floor", floor, (0.0..=1.0).contains(&floor), reason)?;

    let not_negative = |key, x: f64, reason| in_range(key, x, 0.0 <= x && x.is_finite(), reason);
    not_negative("training.weight_decay", training.weight_decay, "it is 0 or more")?;
    not_negative(
        "training.max_gradient_norm",
        training.max_gradient_norm,
        "it is 0 (off) or more",
    )?;
    not_negative("training.beta", training.beta, "a KL weight is 0 or more")?;
    // The exact value is the one that means "as it is".
    #[expect(clippy::float_cmp, reason = "1 is stated, not computed")]
    let weighs = training.beta != 1.0;
    in_range(
        "training.beta",
        training.beta,
        !(weighs && training.objective.weighs_itself()),
        "the objectives `iwae` and `geco` weigh their terms themselves; leave it at 1",
    )?;
    let warmup = training.kl_warmup;
    let reason = "a warm-up as long as the training never reaches beta; it is a share of the steps: 0 or more, below 1";
    in_range("training.kl_warmup", warmup, (0.0..1.0).contains(&warmup), reason)
}

fn share(key: &'static str, value: f64) -> Result<()> {
    in_range(key, value, (0.0..1.0).contains(&value), "it is a share: 0 or more, below 1")
}
