//! The terms of the evidence lower bound and of the importance-weighted one.

use candle_core::Tensor;

use crate::error::ModelError;
use crate::network::posterior::Posterior;

/// The evidence lower bound of every design of a batch, in its two terms.
#[derive(Clone, Debug)]
pub struct ElboTerms {
    /// ln p(x|z) of the drawn z, summed over the active pixels, in nats; (B,).
    pub log_likelihood: Tensor,
    /// KL(q(z|x) ‖ p(z)) per latent, in nats; (B, Z).
    pub kl: Tensor,
    /// q(z|x).
    pub posterior: Posterior,
    /// The parameters of p(x|z): logits, means or locations; (B, 1, H, W).
    pub params: Tensor,
}

/// The parts of the log importance weights of every design of a batch, for K draws each.
///
/// `ln w = ln p(x|z) + ln p(z) − ln q(z|x)`, whose mean of exponentials estimates p(x).
#[derive(Clone, Debug)]
pub struct WeightTerms {
    /// ln p(x|z), summed over the active pixels, in nats; (K, B).
    pub log_likelihood: Tensor,
    /// ln p(z) − ln q(z|x), in nats; (K, B).
    pub log_ratio: Tensor,
    /// q(z|x).
    pub posterior: Posterior,
}

impl WeightTerms {
    /// The importance-weighted bound of every design, in nats, (B,), with the ratio of prior and
    /// posterior to the power `beta` (1 is the bound).
    ///
    /// `L_K = ln (1/K) Σ w_k`, whose gradient is `Σ w̃_k ∇ ln w_k` with the normalized weights
    /// `w̃`.
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn bound(&self, beta: f64) -> Result<Tensor, ModelError> {
        let log_weights = (&self.log_likelihood + self.log_ratio.affine(beta, 0.0)?)?;
        // The largest is taken out as a constant: value and gradient are the same for any.
        let largest = log_weights.max_keepdim(0)?.detach();
        let sum = log_weights.broadcast_sub(&largest)?.exp()?.sum(0)?;
        let draws = log_weights.dim(0)? as f64;
        Ok((sum.log()? + largest.squeeze(0)?)?.affine(1.0, -draws.ln())?)
    }
}

impl ElboTerms {
    /// ELBO = ln p(x|z) − Σ KL of every design, in nats, (B,).
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn value(&self) -> Result<Tensor, ModelError> {
        self.weighted(1.0)
    }

    /// ln p(x|z) − β·Σ KL of every design, (B,); a bound for β ≥ 1 only.
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn weighted(&self, beta: f64) -> Result<Tensor, ModelError> {
        Ok((&self.log_likelihood - (self.kl.sum(1)? * beta)?)?)
    }
}
