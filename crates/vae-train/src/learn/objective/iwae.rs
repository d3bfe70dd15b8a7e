//! The importance-weighted bound.

use serde::{Deserialize, Serialize};
use vae_models::Likelihood;
use vae_prob::Elbo;

use crate::codes::scalar;
use crate::data::Batch;
use crate::error::Result;
use crate::learn::objective::rule::{HeldOut, Question, Rule, Sizes, Step, in_range, refuse};
use crate::learn::objective::terms::{Parts, Validation};
use crate::score::bounds;

/// Minus the importance-weighted bound from several draws per design.
///
/// # References
/// Burda, Grosse & Salakhutdinov 2016, "Importance weighted autoencoders", eq. 8.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportanceBound {
    /// Draws per design.
    pub importance_samples: usize,
}

/// Largest number of draws: beyond, the bound gains nothing, and a step takes minutes.
const MOST_DRAWS: usize = 1024;

impl Default for ImportanceBound {
    fn default() -> Self {
        Self { importance_samples: 8 }
    }
}

impl Rule for ImportanceBound {
    fn check(&self, likelihood: Likelihood) -> Result<()> {
        if likelihood == Likelihood::SquaredError {
            return refuse(
                likelihood,
                "the squared error is not a likelihood, so there is no bound on it; take `gaussian`, or the objective `lecture`",
            );
        }
        in_range(
            "training.objective.importance_samples",
            self.importance_samples,
            (1..=MOST_DRAWS).contains(&self.importance_samples),
            "a bound needs 1 to 1024 draws: each takes the time and memory of a design more in the batch",
        )
    }

    fn weighs_itself(&self) -> bool {
        true
    }

    fn is_bound(&self) -> bool {
        true
    }

    fn draws(&self) -> usize {
        self.importance_samples
    }

    /// The value among the parts is that of the bound; the log-likelihood is averaged over the
    /// draws, the KL in closed form.
    fn step(&self, _sizes: &Sizes, question: &Question<'_>) -> Result<Step> {
        let Question { vae, batch, eps, beta, .. } = question;
        let Batch { xs, mask, .. } = batch;
        let eps = eps.reshape((self.importance_samples, xs.dim(0)?, eps.dim(1)?))?;
        let terms =
            vae.importance_weights(xs, &batch.context(vae, true)?, &eps, mask.as_ref(), true)?;
        let loss = terms.bound(*beta)?.mean_all()?.neg()?;
        let parts = Parts {
            loss: scalar(&loss)?,
            terms: Elbo {
                log_likelihood: scalar(&terms.log_likelihood.mean_all()?)?,
                kl: scalar(&terms.posterior.kl()?.sum(1)?.mean_all()?)?,
            },
        };
        Ok(Step { loss, parts, balance: None })
    }

    /// The same bound on held-out designs, as tight as in training.
    fn validate(&self, scores: &mut Validation, held_out: &HeldOut<'_>) -> Result<()> {
        let HeldOut { vae, designs, indices, device, .. } = held_out;
        let draws = self.importance_samples;
        scores.loss = -bounds(vae, designs, indices, draws, device, &mut |_| ())?.iwae;
        Ok(())
    }

    fn name(&self, _sizes: &Sizes, _beta: f64) -> String {
        "minus importance-weighted bound".to_owned()
    }

    fn aim(&self, sizes: &Sizes, _beta: f64) -> String {
        format!(
            "maximizes the importance-weighted bound of {} draws per design under `{}`; the best model is the one with the best such bound",
            self.importance_samples, sizes.likelihood
        )
    }

    fn score(&self, scores: &Validation) -> String {
        format!("bound {:.1} nats from {} draws", -scores.loss, self.importance_samples)
    }
}
