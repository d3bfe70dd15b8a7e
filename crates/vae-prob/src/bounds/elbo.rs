//! The evidence lower bound, in its two parts.

use crate::arithmetic::real::Real;

/// The evidence lower bound of one example, kept as its two parts, both in nats.
///
/// `ELBO = E_q[ln p(x|z)] − KL(q(z|x) ‖ p(z)) ≤ ln p(x)`
///
/// Nothing is lost by training on a weighted sum as long as both parts are kept: the bound itself
/// is always [`value`](Elbo::value).
///
/// # Examples
///
/// ```
/// use vae_prob::Elbo;
///
/// let elbo = Elbo { log_likelihood: -80.0, kl: 6.0 };
/// assert_eq!(elbo.value(), -86.0);
/// assert_eq!(elbo.weighted(0.5), -83.0); // an objective, not a bound of ln p(x) any more
/// assert_eq!(elbo.rate() + elbo.distortion(), -elbo.value());
/// ```
///
/// # References
///
/// D. P. Kingma, M. Welling, *Auto-encoding variational Bayes*, 2014; I. Higgins et al., *β-VAE*,
/// 2017; A. A. Alemi et al., *Fixing a broken ELBO*, 2018.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elbo<F> {
    /// The expected log-likelihood `E_q[ln p(x|z)]`, summed over the pixels.
    pub log_likelihood: F,
    /// The divergence `KL(q(z|x) ‖ p(z))`, summed over the latent dimensions.
    pub kl: F,
}

impl<F: Real> Elbo<F> {
    /// The bound on ln p(x), in nats.
    ///
    /// `E_q[ln p(x|z)] − KL`
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::Elbo;
    /// assert_eq!(Elbo { log_likelihood: -3.0, kl: 1.0 }.value(), -4.0);
    /// ```
    pub fn value(&self) -> F {
        self.weighted(F::one())
    }

    /// The objective of a β-VAE, in nats; a bound on ln p(x) only where `beta ≥ 1`, and the
    /// tightest at 1.
    ///
    /// `E_q[ln p(x|z)] − β KL`
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::Elbo;
    /// let elbo = Elbo { log_likelihood: -3.0, kl: 1.0 };
    /// assert_eq!(elbo.weighted(0.0), elbo.log_likelihood); // an autoencoder
    /// ```
    pub fn weighted(&self, beta: F) -> F {
        self.log_likelihood - beta * self.kl
    }

    /// The rate: nats of the latent code beyond the prior, which is the divergence under its other
    /// name.
    ///
    /// `R = KL(q(z|x) ‖ p(z))`
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::Elbo;
    /// assert_eq!(Elbo { log_likelihood: -3.0, kl: 1.0 }.rate(), 1.0);
    /// ```
    pub fn rate(&self) -> F {
        self.kl
    }

    /// The distortion: nats that the decoder leaves to be said once it has the code.
    ///
    /// `D = −E_q[ln p(x|z)]`
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::Elbo;
    /// assert_eq!(Elbo { log_likelihood: -3.0, kl: 1.0 }.distortion(), 3.0);
    /// ```
    pub fn distortion(&self) -> F {
        -self.log_likelihood
    }
}
