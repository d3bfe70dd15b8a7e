//! The loss and its terms, in a batch and on held-out designs.

use serde::{Deserialize, Serialize};
use vae_prob::Elbo;

use crate::learn::numbers::number;

type Terms = Elbo<f64>;

/// How [`Elbo`] is written, as two fields of the object that holds it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Terms")]
struct TermFields {
    #[serde(deserialize_with = "number")]
    log_likelihood: f64,
    #[serde(deserialize_with = "number")]
    kl: f64,
}

/// The loss and its terms, per design.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// The value that is minimized.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Expected log-likelihood `E_q ln p(x|z)`, from one draw, and `KL(q(z|x) ‖ p(z))`. A model
    /// without likelihood has minus its squared error in place of the first.
    #[serde(flatten, with = "TermFields")]
    pub terms: Elbo<f64>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { loss: 0.0, terms: Elbo { log_likelihood: 0.0, kl: 0.0 } }
    }
}

impl Parts {
    /// Adds the parts of another batch.
    pub(crate) fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.terms.log_likelihood += other.terms.log_likelihood;
        self.terms.kl += other.terms.kl;
    }

    /// The mean, if these are sums over so many batches.
    pub(crate) fn mean_of(&self, batches: f64) -> Self {
        let Elbo { log_likelihood, kl } = self.terms;
        Self {
            loss: self.loss / batches,
            terms: Elbo { log_likelihood: log_likelihood / batches, kl: kl / batches },
        }
    }
}

/// Scores on held-out designs, whatever the objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// The evidence lower bound at β = 1; `None` if the likelihood is not normalized for these
    /// data.
    pub elbo: Option<f64>,
    /// What is minimized, per design, at the final β.
    #[serde(default, deserialize_with = "number")]
    pub loss: f64,
    /// Expected log-likelihood, from one draw with fixed noise, and KL of posterior to prior.
    #[serde(flatten, with = "TermFields")]
    pub terms: Elbo<f64>,
    /// Mean squared error of the reconstruction from the posterior mean, per active pixel.
    #[serde(deserialize_with = "number")]
    pub mse: f64,
    /// Mean intersection over union of that reconstruction at 0.5.
    #[serde(deserialize_with = "number")]
    pub iou: f64,
    /// By how much the worst tolerance of the objective `geco` is exceeded, as a share of it; 0 if
    /// all are kept. `None` for other objectives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excess: Option<f64>,
}
