//! q(z|x): its draws and its divergence.

use candle_core::Tensor;

use crate::error::ModelError;

/// Bounds of the log-variance of q(z|x), applied softly and once, so that the same value feeds
/// sampling and KL (`e^{20}` and all its products stay finite in f32). Inside ±5 the bounds move a
/// log-variance by less than 4e-7.
pub(super) const LOG_VAR_BOUNDS: (f64, f64) = (-20.0, 20.0);

/// q(z|x) = N(mean, diag exp(`log_var`)), both (B, Z).
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Mean.
    pub mean: Tensor,
    /// Log-variance, already softly bounded to ±20.
    pub log_var: Tensor,
}

impl Posterior {
    /// z = mean + exp(½ `log_var`) ⊙ `eps`: draws from q(z|x) if `eps`, (B, Z) or (K, B, Z), is
    /// drawn from N(0, I).
    ///
    /// # Errors
    /// [`ModelError::Shape`] if `eps` is shaped neither as the mean nor as K of them.
    pub fn reparameterize(&self, eps: &Tensor) -> Result<Tensor, ModelError> {
        let each = self.mean.dims();
        let fits = match eps.dims() {
            [_, rest @ ..] if rest.len() == each.len() => rest == each,
            dims => dims == each,
        };
        if !fits {
            let expected = if eps.rank() == each.len() {
                format!("{each:?}")
            } else {
                format!("(K, {each:?})")
            };
            return Err(ModelError::shape("eps", expected, eps.dims()));
        }
        let deviation = (&self.log_var * 0.5)?.exp()?;
        Ok(self.mean.broadcast_add(&deviation.broadcast_mul(eps)?)?)
    }

    /// ln p(z) − ln q(z|x) per latent, in nats, of the draws `z` that [`Posterior::reparameterize`]
    /// made of `eps`; both (B, Z) or (K, B, Z).
    ///
    /// `½ (ε² + ln σ² − z²)`: the constants of both normal densities cancel.
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn log_ratio(&self, eps: &Tensor, z: &Tensor) -> Result<Tensor, ModelError> {
        let terms = (eps.sqr()?.broadcast_add(&self.log_var)? - z.sqr()?)?;
        Ok(terms.affine(0.5, 0.0)?)
    }

    /// KL(q(z|x) ‖ N(0, I)) per latent, in nats, (B, Z).
    ///
    /// # Errors
    /// That of the tensor operation.
    pub fn kl(&self) -> Result<Tensor, ModelError> {
        Ok(vae_nn::kl_to_standard_normal(&self.mean, &self.log_var)?)
    }
}
