//! A likelihood term plus a weighted KL, and how the two are reduced over a batch.

use candle_core::Tensor;
use vae_models::ElboTerms;
use vae_prob::Elbo;

use crate::codes::scalar;
use crate::error::Result;
use crate::learn::objective::terms::Parts;

/// `a (−ℓ + w k)` for the log-likelihood `ℓ` and the KL `k` of a design, averaged over a batch.
///
/// With free bits λ the KL is `Σ max(λ, mean KL)`, the mean of each latent dimension over the
/// batch.
///
/// # References
/// Kingma et al. 2016, "Improving variational inference with inverse autoregressive flow", the
/// bound near eq. 15, for free bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted {
    /// How the terms are reduced.
    pub reduction: Reduction,
    /// λ, in nats per latent dimension.
    pub free_bits: f64,
}

/// The factors `a` and `w` of a [`Weighted`] loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reduction {
    /// Sums over pixels and latents, averaged over designs: a = 1, w = β.
    PerDesign,
    /// Sums over designs as well: a = B, w = β. The value per design is that of
    /// [`Reduction::PerDesign`].
    OverBatch,
    /// Means over pixels and over latents: a = 1/n, w = β n / Z.
    Means {
        /// n.
        pixels: f64,
        /// Z.
        latents: f64,
    },
}

impl Weighted {
    /// Sums per design, without free bits.
    pub const PER_DESIGN: Self = Self { reduction: Reduction::PerDesign, free_bits: 0.0 };

    /// The loss of a batch as a scalar, and its value and terms per design; the KL among the terms
    /// is the true one, without free bits.
    ///
    /// # Errors
    /// If a tensor operation fails.
    pub fn of_batch(&self, terms: &ElboTerms, beta: f64) -> Result<(Tensor, Parts)> {
        let log_likelihood = terms.log_likelihood.mean_all()?;
        let true_kl = terms.kl.sum(1)?.mean_all()?;
        let kl = if self.free_bits == 0.0 {
            true_kl.clone()
        } else {
            terms.kl.mean(0)?.maximum(self.free_bits)?.sum_all()?
        };
        let scale = match self.reduction {
            Reduction::OverBatch => terms.log_likelihood.dim(0)? as f64,
            _ => self.scale(),
        };
        let loss = (kl.affine(self.kl_weight(beta), 0.0)? - &log_likelihood)?.affine(scale, 0.0)?;
        let log_likelihood = scalar(&log_likelihood)?;
        let charged = Elbo { log_likelihood, kl: scalar(&kl)? };
        let loss_value = self.per_design(charged, beta);
        let terms = Elbo { log_likelihood, kl: scalar(&true_kl)? };
        Ok((loss, Parts { loss: loss_value, terms }))
    }

    /// The loss per design from the averages of its terms.
    pub fn per_design(&self, terms: Elbo<f64>, beta: f64) -> f64 {
        self.scale() * (self.kl_weight(beta) * terms.kl - terms.log_likelihood)
    }

    /// The KL that is charged for, from its average over the designs in each latent dimension:
    /// `Σ max(λ, KL)`.
    pub(crate) fn charged(&self, kl_per_dim: &[f64]) -> f64 {
        kl_per_dim.iter().map(|&kl| kl.max(self.free_bits)).sum()
    }

    /// The first term in the unit of the loss: minus a log-likelihood, a cross-entropy, or a mean
    /// squared error.
    pub(crate) fn error_term(&self, log_likelihood: f64) -> f64 {
        -self.scale() * log_likelihood
    }

    /// The second term, without its β.
    pub(crate) fn kl_term(&self, kl: f64) -> f64 {
        match self.reduction {
            Reduction::Means { latents, .. } => kl / latents,
            Reduction::PerDesign | Reduction::OverBatch => kl,
        }
    }

    /// The deviation of a pixel under which means of `(x − m)²` and KL are minus a Gaussian's
    /// bound, up to its scale: `σ = √(β n / 2Z)`; `None` for sums, which state what a pixel is.
    pub(crate) fn implied_sigma(&self, beta: f64) -> Option<f64> {
        let means = matches!(self.reduction, Reduction::Means { .. });
        means.then(|| (0.5 * self.kl_weight(beta)).sqrt())
    }

    fn scale(&self) -> f64 {
        match self.reduction {
            Reduction::Means { pixels, .. } => pixels.recip(),
            Reduction::PerDesign | Reduction::OverBatch => 1.0,
        }
    }

    fn kl_weight(&self, beta: f64) -> f64 {
        match self.reduction {
            Reduction::Means { pixels, latents } => beta * pixels / latents,
            Reduction::PerDesign | Reduction::OverBatch => beta,
        }
    }
}
