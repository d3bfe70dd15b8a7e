//! From nats per design to bits per pixel.

use crate::arithmetic::real::Real;

/// Nats of a whole example as bits per dimension.
///
/// `bits_per_dim(nats, n) = nats / (n ln 2)`
///
/// The sign is kept: hand in a negative log-likelihood and read a code length. Count the active
/// dimensions only, if some are masked out of the likelihood. For a density of 8-bit data rescaled
/// from [0, 256) to [0, 1) add 8 to compare with numbers for the integers. A density may give a
/// negative value, and is comparable with no mass function.
///
/// # Examples
///
/// ```
/// use vae_prob::bits_per_dim;
///
/// // One fair coin per pixel costs one bit per pixel.
/// let nats = 4608.0 * std::f64::consts::LN_2;
/// assert!((bits_per_dim(nats, 4608) - 1.0).abs() < 1e-15);
/// ```
///
/// # References
///
/// L. Theis, A. van den Oord, M. Bethge, *A note on the evaluation of generative models*, 2016,
/// section 3.1.
pub fn bits_per_dim<F: Real>(nats: F, n_dims: usize) -> F {
    nats / (F::lit(n_dims as f64) * F::LN_2())
}
