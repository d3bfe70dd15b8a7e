//! What a run optimizes and what came of it, in sentences.

use vae_base::text::significant;

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
    sentences.extend(turned(epochs, best));
    if let Some(excess) = scores.excess {
        sentences.push(if excess == 0.0 {
            "all tolerances are kept on the validation split".to_owned()
        } else {
            format!(
                "on the validation split a tolerance is exceeded by {} % of itself: train longer, with more latent dimensions, or allow more",
                significant(100.0 * excess, 2)
            )
        });
    }
    sentences.extend(objective.caveat().map(str::to_owned));
    Some(sentences)
}

/// What to say of a run whose validation became worse while training went on; `None` of others.
///
/// It must have become worse by more than 1 % over at least a fifth of the epochs, which noise does
/// not do.
fn turned(epochs: &[EpochMetrics], best: &EpochMetrics) -> Option<String> {
    let last = epochs.last()?;
    let (then, now) = (best.validation?.loss, last.validation?.loss);
    let long = last.epoch <= 5 * (last.epoch - best.epoch);
    let worse = 0.01 * then.abs() < now - then;
    let learned = best.train.terms.value() < last.train.terms.value();
    (long && worse && learned).then(|| {
        format!(
            "the model overfits: after epoch {} the loss of the validation rose from {then:.4} to {now:.4} while training went on, and epoch {} is kept; more designs, mirror images or a larger weight decay help",
            best.epoch, best.epoch
        )
    })
}

#[cfg(test)]
mod tests {
    use vae_prob::Elbo;

    use super::*;
    use crate::learn::objective::Validation;

    fn epoch(epoch: u64, train: f64, loss: f64) -> EpochMetrics {
        let terms = |value| Elbo { log_likelihood: value, kl: 0.0 };
        EpochMetrics {
            epoch,
            step: epoch,
            beta: 1.0,
            train: Parts { terms: terms(train), ..Parts::default() },
            validation: Some(Validation {
                elbo: Some(-loss),
                loss,
                terms: terms(-loss),
                mse: 0.1,
                iou: 0.5,
                excess: None,
            }),
            kl_per_dim: Vec::new(),
            best: false,
            seconds: 1.0,
            images_per_s: 1.0,
        }
    }

    #[test]
    fn a_run_whose_validation_turned_is_said_to_overfit_and_no_other() {
        let of = |epochs: &[EpochMetrics]| turned(epochs, &epochs[0]);
        let said = of(&[epoch(40, -100.0, 90.0), epoch(100, -60.0, 120.0)]).unwrap();
        assert!(said.contains("overfits") && said.contains("epoch 40"), "{said}");
        // Noise, a turn in the last epochs, and a training that fell back with its validation.
        assert_eq!(of(&[epoch(40, -100.0, 90.0), epoch(100, -60.0, 90.5)]), None);
        assert_eq!(of(&[epoch(90, -100.0, 90.0), epoch(100, -60.0, 120.0)]), None);
        assert_eq!(of(&[epoch(40, -100.0, 90.0), epoch(100, -130.0, 120.0)]), None);
    }

    #[test]
    fn tolerances_are_said_to_be_kept_or_exceeded_or_not_at_all() {
        let config = Config::preset("default").unwrap();
        let said = |excess| {
            let mut epoch = epoch(40, -100.0, 90.0);
            epoch.best = true;
            epoch.validation = epoch.validation.map(|scores| Validation { excess, ..scores });
            result(&config, &[epoch]).unwrap().join("\n")
        };
        let (kept, exceeded) = ("all tolerances are kept", "a tolerance is exceeded by");
        let text = said(Some(0.0));
        assert!(text.contains(kept) && !text.contains(exceeded), "{text}");
        // What exceeds by little does not exceed by 0 %.
        for (excess, percent) in [(0.25, "25 % of"), (1.5, "150 % of"), (0.001, "0.1 % of")] {
            let text = said(Some(excess));
            assert!(text.contains(&format!("{exceeded} {percent} itself")), "{text}");
            assert!(!text.contains(kept), "{text}");
        }
        assert!(!said(None).contains("toleranc"));
    }

    #[test]
    fn the_best_epoch_is_named_or_the_last_one_kept_or_there_is_none() {
        let config = Config::preset("default").unwrap();
        let (mut best, last) = (epoch(40, -100.0, 90.0), epoch(41, -90.0, 95.0));
        assert_eq!(result(&config, &[best.clone(), last.clone()]), None);
        best.best = true;
        let said = result(&config, &[best.clone(), last]).unwrap().join("\n");
        assert!(said.starts_with("best epoch 40 of 41:"), "{said}");
        best.validation = None;
        let said = result(&config, &[best]).unwrap().join("\n");
        assert!(said.starts_with("there are no validation designs, so the last model is kept"));
    }
}
