//! What a run optimizes and what came of it, in sentences.

use crate::learn::config::Config;
use crate::learn::metrics::EpochMetrics;
use crate::learn::objective::{Loss, Parts};

/// What a run optimizes, in sentences without full stops.
pub fn aims(config: &Config, loss: &Loss) -> Vec<String> {
    let mut sentences = loss.sentences(config.training.beta);
    // A Bernoulli on grey designs was refused if a bound was meant.
    if config.training.objective.is_bound() {
        let likelihood = config.model.likelihood;
        sentences.push(format!("`{likelihood}` is {}", config.measure(true).spoken()));
    }
    sentences
}

/// The scores of the best epoch, in sentences without full stops; `None` if no epoch was the best.
pub fn result(config: &Config, epochs: &[EpochMetrics]) -> Option<Vec<String>> {
    let (last, best) = (epochs.last()?, epochs.iter().rfind(|epoch| epoch.best)?);
    let objective = &config.training.objective;
    let Some(scores) = &best.validation else {
        let Parts { terms, .. } = best.train;
        let mut sentences = vec![format!(
            "there are no validation designs, so the last model is kept: epoch {}, training log-likelihood {:.1}, KL {:.1}",
            best.epoch, terms.log_likelihood, terms.kl
        )];
        sentences.extend(objective.caveat().map(str::to_owned));
        return Some(sentences);
    };
    let mut sentences = vec![format!(
        "best epoch {} of {}: validation {}, reconstruction MSE {:.4}, IoU {:.3}",
        best.epoch,
        last.epoch,
        objective.score(scores),
        scores.mse,
        scores.iou,
    )];
    if let Some(excess) = scores.excess {
        sentences.push(if excess == 0.0 {
            "all tolerances are kept on the validation split".to_owned()
        } else {
            format!(
                "on the validation split a tolerance is exceeded by {:.0} % of itself: train longer, with more latent dimensions, or allow more",
                100.0 * excess
            )
        });
    }
    sentences.extend(objective.caveat().map(str::to_owned));
    Some(sentences)
}
