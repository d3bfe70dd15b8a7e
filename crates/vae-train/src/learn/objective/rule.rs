//! What an objective has to say for itself.

use candle_core::{Device, Tensor};
use vae_models::{Likelihood, ModelConfig, Vae};

use crate::data::{Batch, Targets};
use crate::error::{Result, TrainError};
use crate::learn::objective::balance::Balance;
use crate::learn::objective::terms::{Parts, Validation};
use crate::learn::objective::weighted::Weighted;

/// Likelihood and sizes of the network that a loss is computed for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) likelihood: Likelihood,
    pub(crate) pixels: usize,
    pub(crate) latents: usize,
}

impl From<&ModelConfig> for Sizes {
    fn from(model: &ModelConfig) -> Self {
        Self {
            likelihood: model.likelihood,
            pixels: model.height * model.width,
            latents: model.latent_dim,
        }
    }
}

/// The loss of one batch.
pub struct Step {
    /// The scalar whose gradient is taken.
    pub loss: Tensor,
    /// Its value and terms, per design.
    pub parts: Parts,
    /// The multipliers after the step, of the objective `geco`; `None` for others.
    pub balance: Option<Balance>,
}

/// A batch with everything that its loss depends on.
pub(crate) struct Question<'a> {
    pub(crate) vae: &'a Vae,
    pub(crate) batch: &'a Batch,
    /// Standard normal draws, ([`Rule::draws`] · B, Z).
    pub(crate) eps: &'a Tensor,
    /// Weight of the KL term.
    pub(crate) beta: f64,
    pub(crate) balance: Option<&'a Balance>,
}

/// Held-out designs, with the model that is scored on them.
pub(crate) struct HeldOut<'a> {
    pub(crate) vae: &'a Vae,
    pub(crate) designs: &'a Targets<'a>,
    pub(crate) indices: &'a [usize],
    pub(crate) balance: Option<&'a Balance>,
    pub(crate) device: &'a Device,
}

/// What distinguishes one objective from another; the defaults are those of a weighted bound.
pub(crate) trait Rule {
    /// Refuses a likelihood that the objective makes no sense for, and its own fields outside their
    /// domains.
    fn check(&self, likelihood: Likelihood) -> Result<()>;

    /// Whether the objective weighs its terms itself, so that β must be 1.
    fn weighs_itself(&self) -> bool {
        false
    }

    /// Whether the loss is meant as minus a bound on ln p(x).
    fn is_bound(&self) -> bool {
        false
    }

    /// Draws of z per design in a step.
    fn draws(&self) -> usize {
        1
    }

    /// How log-likelihood and KL are reduced and weighed.
    fn weighted(&self, _sizes: &Sizes) -> Weighted {
        Weighted::PER_DESIGN
    }

    /// The multipliers that training starts with.
    fn balance(&self, _sizes: &Sizes) -> Option<Balance> {
        None
    }

    /// The loss of a batch.
    fn step(&self, sizes: &Sizes, question: &Question<'_>) -> Result<Step> {
        let Question { vae, batch, eps, beta, .. } = question;
        let context = batch.context(vae, true)?;
        let terms = vae.elbo(&batch.xs, &context, eps, batch.mask.as_ref(), true)?;
        let (loss, parts) = self.weighted(sizes).of_batch(&terms, *beta)?;
        Ok(Step { loss, parts, balance: None })
    }

    /// Replaces the loss among the scores of held-out designs, if it is not that of a weighted
    /// bound.
    fn validate(&self, _scores: &mut Validation, _held_out: &HeldOut<'_>) -> Result<()> {
        Ok(())
    }

    /// What the best model has the smallest value of; the second number decides between equal
    /// first ones.
    fn criterion(&self, scores: &Validation) -> (f64, f64) {
        (0.0, scores.loss)
    }

    /// The loss under its plain name.
    fn name(&self, sizes: &Sizes, beta: f64) -> String;

    /// What is optimized, as a clause.
    fn aim(&self, sizes: &Sizes, beta: f64) -> String {
        format!("minimizes {}", self.name(sizes, beta))
    }

    /// Further sentences on what is optimized.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// The score of the best model, as a clause.
    fn score(&self, scores: &Validation) -> String {
        let terms = scores.terms;
        match scores.elbo {
            Some(elbo) => format!(
                "bound {elbo:.1} nats (log-likelihood {:.1}, KL {:.1})",
                terms.log_likelihood, terms.kl
            ),
            None => format!("loss {:.5}, no bound", scores.loss),
        }
    }

    /// A sentence on how results compare with published ones; `None` if nothing has to be said.
    fn caveat(&self) -> Option<&'static str> {
        None
    }
}

/// Refuses a likelihood.
pub(crate) fn refuse(likelihood: Likelihood, reason: &str) -> Result<()> {
    Err(TrainError::Setting {
        key: "model.likelihood",
        value: likelihood.to_string(),
        reason: reason.into(),
    })
}

/// Refuses a value outside its domain.
pub(crate) fn in_range(
    key: &'static str,
    value: impl std::fmt::Display,
    holds: bool,
    reason: &str,
) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(TrainError::Setting { key, value: value.to_string(), reason: reason.into() })
}
