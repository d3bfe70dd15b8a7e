//! A run that explodes, and where it can be taken up again.

use vae_prob::Elbo;

use crate::error::Retreat;
use crate::learn::checkpoint::Position;
use crate::learn::config::Config;
use crate::learn::run_folder::RunFolder;

/// A step whose terms are this many times as large as at the beginning is beyond repair.
const BEYOND_REPAIR: f64 = 1e4;
/// Terms this many times as large as at the beginning do not occur in a run that learns.
const LARGE: f64 = 20.0;
/// That many large steps in a row are not a spike that passes.
const STEPS: u64 = 25;
/// The learning rate that is offered in place of one that is far too large.
const MODERATE: f64 = 2e-3;

/// The size of the terms of a step: the larger of log-likelihood and weighted KL, in nats.
pub(crate) fn size(terms: Elbo<f64>, beta: f64) -> f64 {
    terms.log_likelihood.abs().max((beta * terms.kl).abs())
}

/// Watches the size of the loss for an explosion that does not end in values that are not finite.
#[derive(Default)]
pub(crate) struct Watch {
    /// The epoch and the number of large steps in a row.
    large: Option<(u64, u64)>,
}

impl Watch {
    /// Takes the size of a step of an epoch; the epoch in which an explosion began if there was
    /// one.
    pub(crate) fn see(&mut self, epoch: u64, size: f64, scale: f64) -> Option<u64> {
        if size <= LARGE * scale {
            self.large = None;
            return None;
        }
        let (since, steps) = self.large.map_or((epoch, 1), |(since, steps)| (since, steps + 1));
        self.large = Some((since, steps));
        (STEPS <= steps || BEYOND_REPAIR * scale < size).then_some(since)
    }

    /// Whether the last step was of an ordinary size.
    pub(crate) fn is_calm(&self) -> bool {
        self.large.is_none()
    }

    /// The epoch in which the present trouble began: this one, or an earlier one.
    pub(crate) fn since(&self, epoch: u64) -> u64 {
        self.large.map_or(epoch, |(since, _)| since)
    }
}

/// The way back from trouble that began in an epoch.
pub(crate) fn retreat(since: u64, run: &RunFolder, at: &Position, config: &Config) -> Retreat {
    let best = at.best.map(|best| best.epoch);
    let kept = run.kept_epochs().into_iter().chain(best);
    let rate = config.training.learning_rate;
    Retreat {
        run: run.root().to_owned(),
        epoch: kept.filter(|&epoch| epoch < since).max().unwrap_or(0),
        learning_rate: if MODERATE < rate { MODERATE } else { rate / 10.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explosion_is_told_from_a_spike() {
        let mut watch = Watch::default();
        for step in 0..200 {
            let spike = if step % 30 < 20 { 25.0 } else { 0.5 };
            assert_eq!(watch.see(step / 50, spike, 1.0), None, "step {step}");
        }
        assert_eq!(watch.see(6, 0.5, 1.0), None);
        assert_eq!(watch.see(7, 1e5, 1.0), Some(7), "beyond repair at once");
        let mut watch = Watch::default();
        let seen: Vec<_> = (0..30).map(|step| watch.see(1 + step / 10, 30.0, 1.0)).collect();
        assert!(seen[..24].iter().all(Option::is_none) && seen[24] == Some(1), "{seen:?}");
    }
}
