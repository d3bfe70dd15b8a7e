//! The lecture's Gaussian likelihood: a decoded picture, and one noise level for all of its pixels.

use crate::arithmetic::real::{Real, sum};
use crate::distributions::normal::{Normal, ln_2pi};
use crate::error::{ParamError, all_finite, positive};

/// The normal distribution `N(μ, σ² I)` of a vector with one standard deviation `σ`, borrowing the
/// mean `μ`.
///
/// As the likelihood of a decoder, `μ` is the decoded picture and `σ` the lecture's `σ_x`.
///
/// # Examples
///
/// ```
/// use vae_prob::IsotropicNormal;
///
/// let decoded = [0.1, 0.8, 0.9];
/// let likelihood = IsotropicNormal::new(&decoded, 0.2_f64)?;
/// assert!(likelihood.log_prob(&[0.0, 1.0, 1.0]) > likelihood.log_prob(&[1.0, 0.0, 0.0]));
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # References
///
/// O. Rybkin, K. Daniilidis, S. Levine, *Simple and effective VAE training with calibrated
/// decoders*, 2021.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IsotropicNormal<'a, F> {
    mean: &'a [F],
    std_dev: F,
}

impl<'a, F: Real> IsotropicNormal<'a, F> {
    /// A normal from its means and its one standard deviation `σ > 0`.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFiniteAt`] for a mean, [`ParamError::NotPositive`] for the standard
    /// deviation.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{IsotropicNormal, ParamError};
    ///
    /// let error = IsotropicNormal::new(&[0.5], 0.0).unwrap_err();
    /// assert_eq!(error, ParamError::NotPositive { name: "std_dev", value: 0.0 });
    /// ```
    pub fn new(mean: &'a [F], std_dev: F) -> Result<Self, ParamError> {
        Ok(Self { mean: all_finite("mean", mean)?, std_dev: positive("std_dev", std_dev)? })
    }

    /// A normal whose parameters are known to be right.
    #[cfg(feature = "alloc")]
    pub(crate) fn new_unchecked(mean: &'a [F], std_dev: F) -> Self {
        Self { mean, std_dev }
    }

    /// The number of coordinates, `n`.
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// The means.
    pub fn mean(&self) -> &'a [F] {
        self.mean
    }

    /// The standard deviation of every coordinate.
    pub fn std_dev(&self) -> F {
        self.std_dev
    }

    /// The log-density at `x`, in nats, summed over the coordinates: the lecture's Gaussian
    /// log-likelihood.
    ///
    /// `ln f(x) = Σ (−(x − μ)² / (2 σ²) − ½ ln(2π σ²))`
    ///
    /// The constants are kept, or the number would be neither in nats nor comparable with another
    /// `σ`.
    ///
    /// # Panics
    ///
    /// If `x` has another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{IsotropicNormal, Normal};
    ///
    /// let likelihood = IsotropicNormal::new(&[0.0, 0.0], 1.0)?;
    /// assert_eq!(likelihood.log_prob(&[1.0, 1.0]), 2.0 * Normal::standard().log_prob(1.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_prob(&self, x: &[F]) -> F {
        assert_eq!(x.len(), self.dim(), "x differs in length from the distribution");
        let squares = sum(x.iter().zip(self.mean).map(|(&x, &mean)| {
            let z = (x - mean) / self.std_dev;
            z * z
        }));
        let n = F::lit(self.dim() as f64);
        -F::lit(0.5) * (squares + n * (F::lit(2.0) * self.std_dev.ln() + ln_2pi()))
    }

    /// The derivative of [`log_prob`](Self::log_prob) with respect to `ln σ`.
    ///
    /// `∂ ln σ = Σ ((x − μ)² / σ² − 1)`, which is 0 at the [best](optimal_std_dev) `σ`
    ///
    /// # Panics
    ///
    /// If `x` has another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::IsotropicNormal;
    ///
    /// let likelihood = IsotropicNormal::new(&[0.0, 0.0], 1.0)?;
    /// assert_eq!(likelihood.log_std_dev_gradient(&[2.0, 0.0]), 2.0); // wider would be better
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_std_dev_gradient(&self, x: &[F]) -> F {
        assert_eq!(x.len(), self.dim(), "x differs in length from the distribution");
        sum(x.iter().zip(self.mean).map(|(&x, &mean)| {
            let z = (x - mean) / self.std_dev;
            z * z - F::one()
        }))
    }

    /// The entropy, in nats, summed over the coordinates.
    ///
    /// `H = n/2 (1 + ln(2π σ²))`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{IsotropicNormal, Normal};
    ///
    /// let p = IsotropicNormal::new(&[0.0; 3], 1.0)?;
    /// assert_eq!(p.entropy(), 3.0 * Normal::<f64>::standard().entropy());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn entropy(&self) -> F {
        let n = F::lit(self.dim() as f64);
        n * Normal::new_unchecked(F::zero(), F::lit(2.0) * self.std_dev.ln()).entropy()
    }
}

/// The standard deviation under which the pictures `x` are most likely, given the decoded pictures
/// `mean`.
///
/// `σ* = √MSE`, where `−ln f(x) / n = ½ (ln 2πe + ln MSE)`
///
/// Fit it on training data and freeze it: refitted on the data it is judged by, it flatters. It is
/// 0 for a perfect reconstruction, whose likelihood is unbounded, and `NaN` for empty slices.
///
/// # Panics
///
/// If the two differ in length.
///
/// # Examples
///
/// ```
/// use vae_prob::{IsotropicNormal, optimal_std_dev};
///
/// let (x, mean) = ([0.0, 1.0, 1.0], [0.1, 0.8, 0.9]);
/// let best = optimal_std_dev(&x, &mean);
/// let log_prob = |sigma: f64| Ok(IsotropicNormal::new(&mean, sigma)?.log_prob(&x));
/// assert!(log_prob(0.9 * best)? < log_prob(best)? && log_prob(1.1 * best)? < log_prob(best)?);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # References
///
/// O. Rybkin, K. Daniilidis, S. Levine, *Simple and effective VAE training with calibrated
/// decoders*, 2021.
#[track_caller]
pub fn optimal_std_dev<F: Real>(x: &[F], mean: &[F]) -> F {
    assert_eq!(x.len(), mean.len(), "x and mean differ in length");
    let squares = sum(x.iter().zip(mean).map(|(&x, &mean)| (x - mean) * (x - mean)));
    (squares / F::lit(x.len() as f64)).sqrt()
}
