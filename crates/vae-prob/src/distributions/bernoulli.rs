//! The Bernoulli distribution of one black-or-white pixel, from the logit that a decoder emits.

use crate::arithmetic::real::Real;
use crate::arithmetic::special::{sigmoid, softplus, x_minus_ln_1p};
use crate::error::{ParamError, finite};

/// The Bernoulli distribution of a pixel that is 1 with probability `sigmoid(l)`, from its logit
/// `l`.
///
/// Mass: `f(1) = sigmoid(l)`, `f(0) = sigmoid(−l)`
///
/// Nothing here goes through probabilities: `sigmoid(17)` is 1 exactly in `f32`, and the log of
/// what remains would be −∞.
///
/// # Examples
///
/// ```
/// use vae_prob::Bernoulli;
///
/// let pixel = Bernoulli::from_logit(17.0_f32)?;
/// assert!(pixel.log_prob(0.0) > -17.001);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # References
///
/// D. P. Kingma, M. Welling, *Auto-encoding variational Bayes*, 2014, appendix C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bernoulli<F> {
    logit: F,
}

impl<F: Real> Bernoulli<F> {
    /// A Bernoulli from its logit `l = ln(p / (1 − p))`.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFinite`] if it is infinite or `NaN`.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Bernoulli;
    ///
    /// assert_eq!(Bernoulli::from_logit(0.0)?.mean(), 0.5);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn from_logit(logit: F) -> Result<Self, ParamError> {
        Ok(Self { logit: finite("logit", logit)? })
    }

    /// A Bernoulli from its probability of 1, `0 < p < 1`.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotInUnitInterval`], for 0 and 1 too: their logits are infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{Bernoulli, ParamError};
    ///
    /// assert!((Bernoulli::from_probability(0.2_f64)?.mean() - 0.2).abs() < 1e-15);
    /// let error = Bernoulli::from_probability(1.5).unwrap_err();
    /// assert_eq!(error, ParamError::NotInUnitInterval { name: "probability", value: 1.5 });
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn from_probability(probability: F) -> Result<Self, ParamError> {
        if F::zero() < probability && probability < F::one() {
            Ok(Self { logit: probability.ln() - (-probability).ln_1p() })
        } else {
            Err(ParamError::NotInUnitInterval { name: "probability", value: probability.widen() })
        }
    }

    /// The logit `l`.
    pub fn logit(&self) -> F {
        self.logit
    }

    /// The mean, which is the probability of 1: `sigmoid(l)`.
    pub fn mean(&self) -> F {
        sigmoid(self.logit)
    }

    /// The variance `sigmoid(l) · sigmoid(−l)`.
    pub fn variance(&self) -> F {
        sigmoid(self.logit) * sigmoid(-self.logit)
    }

    /// The log-probability of `x`, in nats: −∞ for every `x` but 0 and 1.
    ///
    /// `ln f(x) = x l − softplus(l)`
    ///
    /// For a grey `x` this would be no log-probability of anything; what is wanted then is
    /// [`cross_entropy`](Self::cross_entropy).
    ///
    /// # Accuracy
    ///
    /// Relative error at most 2 ε.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Bernoulli;
    ///
    /// let pixel = Bernoulli::from_logit(-1.0_f64)?;
    /// assert!((pixel.log_prob(1.0) + 1.313_261_687_518_222_8).abs() < 1e-15);
    /// assert_eq!(pixel.log_prob(0.5), f64::NEG_INFINITY);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_prob(&self, x: F) -> F {
        if x == F::one() {
            -softplus(-self.logit)
        } else if x == F::zero() {
            -softplus(self.logit)
        } else if x.is_nan() {
            x
        } else {
            F::neg_infinity()
        }
    }

    /// The derivative of [`log_prob`](Self::log_prob), and of
    /// −[`cross_entropy`](Self::cross_entropy), with respect to the logit.
    ///
    /// `∂l = x − sigmoid(l)`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Bernoulli;
    ///
    /// assert_eq!(Bernoulli::from_logit(0.0)?.log_prob_gradient(1.0), 0.5);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_prob_gradient(&self, x: F) -> F {
        // 1 − sigmoid(l) is sigmoid(−l), with its digits.
        if x == F::one() { sigmoid(-self.logit) } else { x - sigmoid(self.logit) }
    }

    /// The entropy, in nats.
    ///
    /// `H = softplus(l) − l · sigmoid(l)`, evaluated at `−|l|`, because it is even and cancels
    /// nowhere there
    ///
    /// # Accuracy
    ///
    /// Relative error at most 4 ε.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Bernoulli;
    ///
    /// assert_eq!(Bernoulli::from_logit(0.0_f64)?.entropy(), std::f64::consts::LN_2);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn entropy(&self) -> F {
        let a = self.logit.abs();
        softplus(-a) + a * sigmoid(-a)
    }

    /// The cross-entropy of a target in [0, 1] against this distribution, in nats; +∞ for a target
    /// outside.
    ///
    /// `−(t ln f(1) + (1 − t) ln f(0)) = softplus(l) − t l`
    ///
    /// On 0 and 1 it is −[`log_prob`](Self::log_prob). On grey targets it is a loss and no
    /// likelihood, with a floor above 0, [`binary_entropy(t)`](crate::binary_entropy).
    ///
    /// # Accuracy
    ///
    /// Relative error at most 4 ε.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{Bernoulli, binary_entropy};
    ///
    /// let grey = 0.2_f64;
    /// let best = Bernoulli::from_probability(grey)?;
    /// assert!((best.cross_entropy(grey) - binary_entropy(grey)).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn cross_entropy(&self, target: F) -> F {
        if target < F::zero() || F::one() < target {
            return F::infinity();
        }
        // Both terms are positive: the surprise at the likelier value, and what the target holds of
        // the other one.
        let a = self.logit.abs();
        let other = if F::zero() < self.logit { F::one() - target } else { target };
        softplus(-a) + a * other
    }

    /// The Kullback–Leibler divergence from this distribution `p` to another `q`, `KL(p ‖ q)`, in
    /// nats.
    ///
    /// `p (l_p − l_q) + softplus(l_q) − softplus(l_p)`
    ///
    /// # Accuracy
    ///
    /// Never negative, and 0 for equal distributions. Relative error at most 8 ε, plus what the
    /// rounding of `l_q − l_p` implies; no digits are lost where the two are nearly equal.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::Bernoulli;
    ///
    /// let (p, q) = (Bernoulli::from_logit(1.0_f32)?, Bernoulli::from_logit(1.001_f32)?);
    /// // To second order, half the variance times the squared distance.
    /// let expected = 0.5 * p.variance() * (1.001 - 1.0) * (1.001 - 1.0);
    /// assert!((p.kl(&q) / expected - 1.0).abs() < 1e-3);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn kl(&self, q: &Self) -> F {
        let (lp, lq) = (self.logit, q.logit);
        let delta = lq - lp;
        if delta.abs() <= F::one() {
            // With u = q/p − 1 for each of the two values, Σ p u = 0, and the divergence −Σ p ln(1
            // + u) is Σ p (u − ln(1 + u)): two terms that cannot cancel. In logits u is
            // sigmoid(−l_q) expm1(l_q − l_p) for the value 1, and its mirror image for the value 0.
            let one = sigmoid(-lq) * delta.exp_m1();
            let zero = sigmoid(lq) * (-delta).exp_m1();
            sigmoid(lp) * x_minus_ln_1p(one) + sigmoid(-lp) * x_minus_ln_1p(zero)
        } else {
            // A factor e apart in odds, the logs of the two ratios are safe to weigh.
            sigmoid(lp) * (softplus(-lq) - softplus(-lp))
                + sigmoid(-lp) * (softplus(lq) - softplus(lp))
        }
    }
}
