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
            Some(excess) => format!("  over tolerance by {:.0} %", 100.0 * excess),
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
