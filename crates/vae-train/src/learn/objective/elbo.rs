//! The evidence lower bound.

use serde::{Deserialize, Serialize};
use vae_models::Likelihood;

use crate::error::Result;
use crate::learn::objective::rule::{Rule, Sizes, in_range, refuse};
use crate::learn::objective::terms::Validation;
use crate::learn::objective::weighted::{Reduction, Weighted};

/// Minus the evidence lower bound, `−ln p(x|z) + β Σ KL` per design, averaged over the designs of a
/// batch; with free bits λ the second term is `β Σ max(λ, mean KL)`, the mean of each latent
/// dimension over the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceBound {
    /// Nats of KL per latent dimension, averaged over a batch, that are not charged; 0 charges all.
    pub free_bits: f64,
}

impl Rule for EvidenceBound {
    fn check(&self, likelihood: Likelihood) -> Result<()> {
        if likelihood == Likelihood::SquaredError {
            return refuse(
                likelihood,
                "the squared error is not a likelihood, so there is no bound on it; take `gaussian`, or the objective `lecture`",
            );
        }
        in_range(
            "training.objective.free_bits",
            self.free_bits,
            0.0 <= self.free_bits && self.free_bits.is_finite(),
            "free_bits must be 0 or more nats",
        )
    }

    fn is_bound(&self) -> bool {
        true
    }

    fn weighted(&self, _sizes: &Sizes) -> Weighted {
        Weighted { reduction: Reduction::PerDesign, free_bits: self.free_bits }
    }

    /// Minus the bound at β = 1, whatever β was trained with.
    fn criterion(&self, scores: &Validation) -> (f64, f64) {
        (0.0, scores.terms.kl - scores.terms.log_likelihood)
    }

    fn name(&self, sizes: &Sizes, beta: f64) -> String {
        let likelihood = match sizes.likelihood {
            Likelihood::Bernoulli => "Bernoulli",
            Likelihood::ContinuousBernoulli => "continuous Bernoulli",
            Likelihood::Gaussian { .. } => "Gaussian",
            Likelihood::DiscretizedLogistic { .. } => "discretized logistic",
            Likelihood::SquaredError => "(unnormalized)",
        };
        format!("minus {likelihood} log-likelihood + {beta} · summed KL")
    }

    fn remarks(&self) -> Vec<String> {
        let free = self.free_bits;
        let remark =
            || format!("the first {free} nats of KL of each latent dimension are not charged");
        (0.0 < free).then(remark).into_iter().collect()
    }
}
