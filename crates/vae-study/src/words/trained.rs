//! What a run optimizes and what came of it, in words.

use vae_train::measure::Measure;
use vae_train::metrics::{EpochMetrics, Validation};
use vae_train::objective::Loss;
use vae_train::{Config, Objective};

/// What a run optimizes, in sentences.
pub fn optimized(config: &Config, loss: &Loss) -> Vec<String> {
    let training = &config.training;
    let (beta, likelihood) = (training.beta, config.model.likelihood);
    let first = match training.objective {
        Objective::Elbo => format!("minimizes {}", loss.name(beta)),
        Objective::Iwae => format!(
            "maximizes the importance-weighted bound of {} draws per design under `{likelihood}`; the best model is that of the best such bound",
            training.importance_samples
        ),
        Objective::Geco => {
            let volume = if 0.0 < training.volume_tolerance {
                format!(", and their volume by {} %", 100.0 * training.volume_tolerance)
            } else {
                String::new()
            };
            format!(
                "minimizes the KL as long as reconstructions are off by {} % of density (root of the mean square){volume}; sets the balance itself",
                100.0 * training.density_tolerance
            )
        }
        Objective::CrossEntropy => {
            format!("minimizes {}: on grey designs that is no bound", loss.name(beta))
        }
        Objective::Lecture => format!("loss: {}", loss.name(beta)),
    };
    let mut sentences = vec![first];
    if let Some(sigma) = loss.implied_sigma(beta) {
        let variance = sigma * sigma;
        sentences[0] = format!(
            "{}; as a Gaussian's bound it would state a pixel noise of σ = {sigma:.1} (variance {variance:.1}) on densities between 0 and 1",
            sentences[0]
        );
    }
    if 0.0 < training.free_bits {
        let free = training.free_bits;
        sentences
            .push(format!("the first {free} nats of KL of each latent dimension cost nothing"));
    }
    // A Bernoulli was refused if its bound were none.
    if matches!(training.objective, Objective::Elbo | Objective::Iwae) {
        sentences.push(format!("`{likelihood}` is {}", Measure::of(config, true).spoken()));
    }
    sentences
}

/// What a run reached, by its best epoch, in sentences; `None` if no epoch was logged.
pub fn reached(config: &Config, epochs: &[EpochMetrics]) -> Option<Vec<String>> {
    let (last, best) = (epochs.last()?, epochs.iter().rfind(|epoch| epoch.best)?);
    let Validation { elbo, loss, log_likelihood, kl, mse, iou, excess } = best.validation;
    let score = match elbo {
        _ if config.training.objective == Objective::Iwae => {
            format!("bound {:.1} nats from {} draws", -loss, config.training.importance_samples)
        }
        Some(elbo) => {
            format!("bound {elbo:.1} nats (log-likelihood {log_likelihood:.1}, KL {kl:.1})")
        }
        None => format!("loss {loss:.5}, no bound"),
    };
    let mut sentences = vec![format!(
        "best epoch {} of {}: validation {score}, reconstruction MSE {mse:.4}, IoU {iou:.3}",
        best.epoch, last.epoch,
    )];
    if let Some(excess) = excess {
        sentences.push(if excess == 0.0 {
            "all tolerances are kept on the validation split".to_owned()
        } else {
            format!(
                "on the validation split a tolerance is exceeded by {:.0} % of itself: train longer, with more latent dimensions, or allow more",
                100.0 * excess
            )
        });
    }
    if config.training.objective == Objective::Lecture {
        sentences.push(
            "the lecture's split is at random over designs; here whole groups are held out"
                .to_owned(),
        );
    }
    Some(sentences)
}
