//! The normal distribution of one variable, as a network emits it: mean and log-variance.

use crate::arithmetic::real::Real;
use crate::arithmetic::special::exp_m1_minus_x;
use crate::error::{ParamError, finite, positive};

/// The normal distribution `N(m, e^v)` of one variable, with mean `m` and log-variance `v`.
///
/// Density: `f(x) = exp(−½ ((x − m)² e^(−v) + v + ln 2π))`
///
/// # Examples
///
/// ```
/// use vae_prob::Normal;
///
/// let q = Normal::from_log_var(1.0, 0.0)?;
/// assert_eq!(q.kl_to_standard(), 0.5);
/// assert_eq!(q.kl(&q), 0.0);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # Notes
///
/// Any finite log-variance is a distribution here. Where `e^v` leaves the range of the type,
/// results saturate at 0 or ±∞ and are never `NaN`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal<F> {
    mean: F,
    log_var: F,
}

impl<F: Real> Normal<F> {
    /// A normal from its mean and log-variance.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFinite`] if either is infinite or `NaN`.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// assert_eq!(Normal::from_log_var(2.0, 0.0)?.variance(), 1.0);
    /// assert!(Normal::from_log_var(f32::NAN, 0.0).is_err());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn from_log_var(mean: F, log_var: F) -> Result<Self, ParamError> {
        Ok(Self { mean: finite("mean", mean)?, log_var: finite("log_var", log_var)? })
    }

    /// A normal from its mean and standard deviation `σ > 0`; what is kept is `v = 2 ln σ`.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFinite`] for the mean, [`ParamError::NotPositive`] for the standard
    /// deviation.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// let noise = Normal::from_std_dev(0.0, 0.5_f64)?;
    /// assert!((noise.variance() - 0.25).abs() < 1e-15);
    /// assert!(Normal::from_std_dev(0.0, 0.0).is_err());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn from_std_dev(mean: F, std_dev: F) -> Result<Self, ParamError> {
        let std_dev = positive("std_dev", std_dev)?;
        Self::from_log_var(mean, F::lit(2.0) * std_dev.ln())
    }

    /// The standard normal `N(0, 1)`, the usual prior of one latent.
    pub fn standard() -> Self {
        Self { mean: F::zero(), log_var: F::zero() }
    }

    /// A normal whose parameters are known to be finite.
    pub(crate) fn new_unchecked(mean: F, log_var: F) -> Self {
        Self { mean, log_var }
    }

    /// The mean `m`.
    pub fn mean(&self) -> F {
        self.mean
    }

    /// The log-variance `v`.
    pub fn log_var(&self) -> F {
        self.log_var
    }

    /// The variance `e^v`.
    pub fn variance(&self) -> F {
        self.log_var.exp()
    }

    /// The standard deviation `e^(v/2)`.
    pub fn std_dev(&self) -> F {
        (F::lit(0.5) * self.log_var).exp()
    }

    /// The log-density at `x`, in nats.
    ///
    /// `ln f(x) = −½ ((x − m)² e^(−v) + v + ln 2π)`
    ///
    /// # Accuracy
    ///
    /// Error at most 4 ε of the sum of the three terms' magnitudes, for `|v| ≤ 80`.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// let standard = Normal::standard();
    /// assert!((standard.log_prob(1.0_f64) + 1.418_938_533_204_672_7).abs() < 1e-15);
    /// assert_eq!(standard.log_prob(f64::INFINITY), f64::NEG_INFINITY);
    /// ```
    pub fn log_prob(&self, x: F) -> F {
        let z = standardize(x - self.mean, self.log_var);
        -F::lit(0.5) * (z * z + self.log_var + ln_2pi())
    }

    /// The derivatives of [`log_prob`](Self::log_prob) with respect to mean and log-variance.
    ///
    /// `∂m = (x − m) e^(−v)`, `∂v = ½ ((x − m)² e^(−v) − 1)`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// assert_eq!(Normal::standard().log_prob_gradient(2.0), (2.0, 1.5));
    /// ```
    pub fn log_prob_gradient(&self, x: F) -> (F, F) {
        let z = standardize(x - self.mean, self.log_var);
        (standardize(z, self.log_var), F::lit(0.5) * (z * z - F::one()))
    }

    /// The entropy, in nats; negative for a narrow density.
    ///
    /// `H = ½ (1 + v + ln 2π)`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// // The entropy is the log-density one standard deviation out, with its sign turned.
    /// let p = Normal::from_log_var(3.0, 0.0)?;
    /// assert_eq!(p.entropy(), -p.log_prob(4.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn entropy(&self) -> F {
        F::lit(0.5) * (F::one() + self.log_var + ln_2pi())
    }

    /// The Kullback–Leibler divergence from this distribution `p` to another `q`, `KL(p ‖ q)`, in
    /// nats.
    ///
    /// `½ (expm1(δ) − δ + (m_p − m_q)² e^(−v_q))` with `δ = v_p − v_q`
    ///
    /// # Accuracy
    ///
    /// Never negative, and 0 for equal distributions. Relative error at most 6 ε, plus what the
    /// rounding of `δ` and of `m_p − m_q` implies; no digits are lost where the two are nearly
    /// equal.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// let p = Normal::from_log_var(0.0, 0.0)?;
    /// let q = Normal::from_log_var(0.0, 1e-4_f32)?;
    /// assert!((p.kl(&q) / 2.499_916_7e-9 - 1.0).abs() < 1e-6);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    ///
    /// # References
    ///
    /// D. P. Kingma, M. Welling, *Auto-encoding variational Bayes*, 2014, appendix B, for the
    /// standard normal.
    pub fn kl(&self, q: &Self) -> F {
        let z = standardize(self.mean - q.mean, q.log_var);
        F::lit(0.5) * (exp_m1_minus_x(self.log_var - q.log_var) + z * z)
    }

    /// The Kullback–Leibler divergence to the standard normal, `KL(N(m, e^v) ‖ N(0, 1))`, in nats.
    ///
    /// `½ (m² + expm1(v) − v)`, the lecture's `−½ (1 + ln σ² − μ² − σ²)` without its cancellation
    ///
    /// # Accuracy
    ///
    /// Never negative. Relative error at most 6 ε; overflows to +∞ where `e^v` does.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// let q = Normal::from_log_var(0.5, -2.0_f64)?;
    /// assert!((q.kl_to_standard() - 0.692_667_641_618_306_3).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn kl_to_standard(&self) -> F {
        F::lit(0.5) * (exp_m1_minus_x(self.log_var) + self.mean * self.mean)
    }

    /// The derivatives of [`kl_to_standard`](Self::kl_to_standard) with respect to mean and
    /// log-variance.
    ///
    /// `∂m = m`, `∂v = ½ expm1(v)`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// assert_eq!(Normal::from_log_var(0.3, 0.0)?.kl_to_standard_gradient(), (0.3, 0.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn kl_to_standard_gradient(&self) -> (F, F) {
        (self.mean, F::lit(0.5) * self.log_var.exp_m1())
    }

    /// A draw of this distribution made of a draw `eps` of the standard normal, differentiable in
    /// the parameters.
    ///
    /// `z = m + e^(v/2) ε` with `ε ~ N(0, 1)`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Normal;
    ///
    /// let q = Normal::from_std_dev(10.0, 2.0_f64)?;
    /// assert!((q.reparameterize(-1.5) - 7.0).abs() < 1e-14);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    ///
    /// # References
    ///
    /// D. P. Kingma, M. Welling, *Auto-encoding variational Bayes*, 2014, section 2.4.
    pub fn reparameterize(&self, eps: F) -> F {
        self.mean + self.std_dev() * eps
    }
}

/// `ln 2π`
pub(crate) fn ln_2pi<F: Real>() -> F {
    F::lit(1.837877066409345483560659472811235279723)
}

/// `difference · e^(−v/2)`. The root is taken before the square, so that the square alone can
/// overflow; and no distance is zero standard deviations, however narrow the density.
pub(crate) fn standardize<F: Real>(difference: F, log_var: F) -> F {
    if difference == F::zero() { difference } else { difference * (-F::lit(0.5) * log_var).exp() }
}
