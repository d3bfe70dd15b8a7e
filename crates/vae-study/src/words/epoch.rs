//! An epoch in one line.

use vae_train::Config;
use vae_train::learn::{EpochMetrics, Loss, Parts, Validation};

/// An epoch in one line, after so many seconds of training; `loss` is that of a run without a bound.
pub fn epoch(config: &Config, loss: Option<&Loss>, metrics: &EpochMetrics, seconds: f64) -> String {
    let EpochMetrics { epoch, validation, train, beta, best, .. } = metrics;
    let has_bound = validation.is_none_or(|scores| scores.elbo.is_some());
    let scores = match loss {
        Some(loss) if !has_bound => {
            let shown = |Parts { loss: value, terms }: Parts| {
                format!(
                    "{} = {} + {beta} · {:.4}",
                    significant(value),
                    significant(loss.error_term(terms.log_likelihood)),
                    loss.kl_term(terms.kl)
                )
            };
            let held_out =
                validation.map(|scores| shown(Parts { loss: scores.loss, terms: scores.terms }));
            let held_out = held_out.map_or_else(String::new, |text| format!("  validation {text}"));
            format!("train {}{held_out}", shown(*train))
        }
        _ => {
            let held_out = validation.map_or_else(String::new, |Validation { terms, .. }| {
                format!("  validation {:.1} (KL {:.1})", terms.value(), terms.kl)
            });
            format!("bound: train {:.1}{held_out}", train.terms.value())
        }
    };
    let errors = validation.map_or_else(String::new, |Validation { mse, iou, excess, .. }| {
        let excess = match excess {
            None => String::new(),
            Some(0.0) => "  tolerances kept".to_owned(),
            Some(excess) => {
                // Two digits: what exceeds by little does not exceed by 0 %.
                format!("  over tolerance by {} %", vae_base::text::significant(100.0 * excess, 2))
            }
        };
        let best = if *best { "  best" } else { "" };
        format!("  MSE {mse:.4}  IoU {iou:.3}{excess}{best}")
    });
    let warmup =
        if *beta < config.training.beta { format!("  β {beta:.2}") } else { String::new() };
    format!(
        "epoch {epoch:3}/{} [{:.0} s]  {scores}{errors}{warmup}",
        config.training.epochs, seconds,
    )
}

/// Five digits, however large the number.
fn significant(value: f64) -> String {
    if 100.0 <= value.abs() { format!("{value:.1}") } else { format!("{value:.5}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An epoch whose validation is over its tolerances by this share; `None` for a run without
    /// tolerances.
    fn said(excess: Option<f64>, best: bool, beta: f64) -> String {
        let mut terms = Parts::default().terms;
        (terms.log_likelihood, terms.kl) = (-8.0, 2.0);
        let metrics = EpochMetrics {
            epoch: 3,
            step: 30,
            beta,
            train: Parts { terms, ..Parts::default() },
            validation: Some(Validation {
                elbo: Some(-10.0),
                loss: 10.0,
                terms,
                mse: 0.1,
                iou: 0.5,
                excess,
            }),
            kl_per_dim: Vec::new(),
            best,
            seconds: 1.0,
            images_per_s: 1.0,
        };
        let config = Config::preset("default").unwrap();
        epoch(&config, None, &metrics, 2.0)
    }

    #[test]
    fn tolerances_are_kept_or_exceeded_or_none() {
        let text = said(Some(0.0), false, 1.0);
        assert!(text.contains("tolerances kept") && !text.contains("over"), "{text}");
        let text = said(Some(0.25), false, 1.0);
        assert!(text.contains("over tolerance by 25 %") && !text.contains("kept"), "{text}");
        let text = said(Some(0.001), false, 1.0);
        assert!(text.contains("over tolerance by 0.1 %"), "{text}");
        assert!(!said(None, false, 1.0).contains("toleranc"));
    }

    #[test]
    fn only_the_best_epoch_is_called_so_and_only_a_ramp_has_a_weight() {
        let (best, other) = (said(None, true, 1.0), said(None, false, 0.25));
        assert!(best.ends_with("IoU 0.500  best"), "{best}");
        assert!(!other.contains("best") && other.ends_with("β 0.25"), "{other}");
    }
}
