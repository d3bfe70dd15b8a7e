//! The continuous Bernoulli distribution of one grey pixel in [0, 1].
//!
//! With the logit `l` as the parameter it is the exponential family `f(x) = e^(l x − A(l))` on [0,
//! 1], and everything follows from `A(l) = ln ∫ e^(l x) dx = l/2 + k(l)`, where
//! `k(l) = ln(sinh(l/2) / (l/2))` is even and smooth: mean, variance and entropy are `½ + k'`,
//! `k''` and `k − l k'`. In closed form all of these are differences of nearly equal numbers near
//! `l = 0`; there, up to |l| = 2, the series of `k` serves them all.

use crate::arithmetic::real::Real;
use crate::arithmetic::special::x_minus_ln_1p;
use crate::error::{ParamError, finite};

/// The continuous Bernoulli distribution on [0, 1] with logit `l`.
///
/// Density: `f(x) = C(l) sigmoid(l)^x sigmoid(−l)^(1 − x)` with `C(l) = |l| / tanh(|l|/2)`
///
/// It makes the Bernoulli cross-entropy on grey pixels a likelihood, by dividing out what it
/// integrates to. It is a density: on exact 0 and 1 its log grows like `ln |l|` without bound.
///
/// # Examples
///
/// ```
/// use vae_prob::ContinuousBernoulli;
///
/// let pixel = ContinuousBernoulli::from_logit(0.0_f64)?; // uniform
/// assert_eq!(pixel.log_prob(0.3), 0.0);
/// assert_eq!(pixel.mean(), 0.5);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # References
///
/// G. Loaiza-Ganem, J. P. Cunningham, *The continuous Bernoulli: fixing a pervasive error in
/// variational autoencoders*, 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContinuousBernoulli<F> {
    logit: F,
}

impl<F: Real> ContinuousBernoulli<F> {
    /// A continuous Bernoulli from its logit `l`.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFinite`] if it is infinite or `NaN`.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// assert!(ContinuousBernoulli::from_logit(3.0)?.mean() > 0.5);
    /// assert!(ContinuousBernoulli::from_logit(f64::INFINITY).is_err());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn from_logit(logit: F) -> Result<Self, ParamError> {
        Ok(Self { logit: finite("logit", logit)? })
    }

    /// The logit `l`.
    pub fn logit(&self) -> F {
        self.logit
    }

    /// The mean, which is the picture to show; not `sigmoid(l)`.
    ///
    /// `mean(l) = −1 / expm1(−l) − 1/l`, ½ at 0
    ///
    /// # Accuracy
    ///
    /// Relative error at most 4 ε, small means included.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// let pixel = ContinuousBernoulli::from_logit(1.0_f64)?;
    /// assert!((pixel.mean() - 0.581_976_706_869_326_4).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn mean(&self) -> F {
        if F::zero() < self.logit {
            F::one() - lesser_mean(self.logit)
        } else {
            lesser_mean(-self.logit)
        }
    }

    /// The variance, 1/12 at `l = 0` and smaller everywhere else.
    ///
    /// `var(l) = 1/l² − 1 / (4 sinh²(l/2))`
    ///
    /// # Accuracy
    ///
    /// Relative error at most 8 ε.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// assert_eq!(ContinuousBernoulli::from_logit(0.0)?.variance(), 1.0 / 12.0);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn variance(&self) -> F {
        variance(self.logit)
    }

    /// The log of the constant that turns the Bernoulli cross-entropy into a density.
    ///
    /// `ln C(l) = ln(|l| / tanh(|l|/2))`, ln 2 at 0
    ///
    /// # Accuracy
    ///
    /// Relative error at most 4 ε.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{Bernoulli, ContinuousBernoulli};
    ///
    /// let (l, x) = (0.7_f64, 0.3);
    /// let grey = ContinuousBernoulli::from_logit(l)?;
    /// let log_prob = -Bernoulli::from_logit(l)?.cross_entropy(x) + grey.log_normalizer();
    /// assert!((grey.log_prob(x) - log_prob).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_normalizer(&self) -> F {
        let a = self.logit.abs();
        if a <= F::lit(1e-3) {
            // 0/0 at 0, and half of the smallest number would round to 0.
            let a2 = a * a;
            F::LN_2() + a2 * (F::lit(1.0 / 12.0) - a2 * F::lit(7.0 / 1440.0))
        } else {
            (a / (F::lit(0.5) * a).tanh()).ln()
        }
    }

    /// The log-density at `x`, in nats: −∞ outside [0, 1].
    ///
    /// `ln f(x) = x l − softplus(l) + ln C(l)`, evaluated as `l (x − ½) − k(l)` near `l = 0` and
    /// from the likelier end of the interval far from it
    ///
    /// # Accuracy
    ///
    /// Error at most 4 ε of the sum of the two terms' magnitudes, near `l = 0` too, where it is
    /// almost 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// let pixel = ContinuousBernoulli::from_logit(-2.5_f64)?;
    /// assert!((pixel.log_prob(0.3) - 0.251_941_215_616_193_25).abs() < 1e-15);
    /// assert_eq!(pixel.log_prob(1.1), f64::NEG_INFINITY);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_prob(&self, x: F) -> F {
        if x < F::zero() || F::one() < x {
            return F::neg_infinity();
        }
        let a = self.logit.abs();
        if a <= F::lit(SERIES_END) {
            self.logit * (x - F::lit(0.5)) - log_sinhc(self.logit)
        } else {
            let distance = if F::zero() < self.logit { F::one() - x } else { x };
            log_rate(a) - a * distance
        }
    }

    /// The derivative of [`log_prob`](Self::log_prob) with respect to the logit.
    ///
    /// `∂l = x − mean(l)`
    ///
    /// Differentiating `ln C` term by term instead evaluates `1/l − 1/sinh l`, which is wrong by a
    /// quarter at `l = 1e-3` in `f32`.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// let pixel = ContinuousBernoulli::from_logit(4.0_f64)?;
    /// assert!(pixel.log_prob_gradient(pixel.mean()).abs() < 1e-16);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_prob_gradient(&self, x: F) -> F {
        if F::zero() < self.logit {
            lesser_mean(self.logit) - (F::one() - x)
        } else {
            x - lesser_mean(-self.logit)
        }
    }

    /// The entropy, in nats: 0 at `l = 0`, where the density is uniform, and negative everywhere
    /// else.
    ///
    /// `H = softplus(l) − ln C(l) − l · mean(l)`
    ///
    /// # Accuracy
    ///
    /// Relative error at most 8 ε, near `l = 0` too.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// let p = ContinuousBernoulli::from_logit(0.5_f64)?;
    /// let uniform = ContinuousBernoulli::from_logit(0.0)?;
    /// assert!((p.entropy() + p.kl(&uniform)).abs() < 1e-16);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn entropy(&self) -> F {
        let a = self.logit.abs();
        if a <= F::lit(SERIES_END) {
            a * a * series(a, |n| 1.0 - 2.0 * n)
        } else {
            F::one() - a / a.exp_m1() - log_rate(a)
        }
    }

    /// The Kullback–Leibler divergence from this distribution `p` to another `q`, `KL(p ‖ q)`, in
    /// nats.
    ///
    /// `A(l_q) − A(l_p) − mean_p · (l_q − l_p)` with `A(l) = softplus(l) − ln C(l)`
    ///
    /// # Accuracy
    ///
    /// Never negative within one logit of each other, and 0 for equal distributions. Relative error
    /// at most 32 ε, plus what the rounding of `l_q − l_p` implies; no digits are lost where the
    /// two are nearly equal.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// let p = ContinuousBernoulli::from_logit(1.0_f32)?;
    /// let q = ContinuousBernoulli::from_logit(1.001_f32)?;
    /// // To second order, half the variance times the squared distance.
    /// let expected = 0.5 * p.variance() * (1.001 - 1.0) * (1.001 - 1.0);
    /// assert!((p.kl(&q) / expected - 1.0).abs() < 1e-3);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn kl(&self, q: &Self) -> F {
        let (lp, lq) = (self.logit, q.logit);
        let delta = lq - lp;
        if delta.abs() <= F::one() {
            // The remainder of Taylor's formula, δ² ∫ (1 − s) var(l_p + s δ) ds over [0, 1], has no
            // difference in it. The variance is analytic as far as 2π from the real axis, so that
            // six Gauss–Legendre nodes give 16 digits.
            let integral = GAUSS_LEGENDRE.iter().fold(F::zero(), |sum, &(s, weight)| {
                sum + F::lit(weight) * variance(lp + F::lit(s) * delta)
            });
            return delta * delta * integral;
        }
        let end = F::lit(SERIES_END);
        if (end < lp && end < lq) || (lp < -end && lq < -end) {
            // Two exponential distributions but for their cut tails: the rates compare as rates do.
            let (ap, aq) = (lp.abs(), lq.abs());
            let u = (aq - ap) / ap;
            let tails = (-(-aq).exp()).ln_1p() - (-(-ap).exp()).ln_1p() - (aq - ap) / ap.exp_m1();
            x_minus_ln_1p(u) + tails
        } else {
            // −H(p) − E_p[ln q], in the mirror image in which p has the lesser mean: so a mean near
            // 1 is never multiplied by a large logit.
            let (a, b) = if F::zero() < lp { (lp, -lq) } else { (-lp, lq) };
            log_partition(b) - b * lesser_mean(a) - self.entropy()
        }
    }

    /// A draw of this distribution made of a draw `u` of the uniform distribution on [0, 1],
    /// differentiable in the logit.
    ///
    /// `x = ln(1 + u expm1(l)) / l`, the inverse of the distribution function; `u` itself at
    /// `l = 0`
    ///
    /// # Accuracy
    ///
    /// Absolute error at most 4 ε; always inside [0, 1].
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ContinuousBernoulli;
    ///
    /// let pixel = ContinuousBernoulli::from_logit(1.0_f64)?;
    /// let median = pixel.reparameterize(0.5);
    /// assert!((median - (0.5 + 0.5 * 1.0_f64.exp()).ln()).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn reparameterize(&self, u: F) -> F {
        let l = self.logit;
        let (end, u_left) = (F::lit(SERIES_END), F::one() - u);
        let x = if l == F::zero() {
            u
        } else if end < l {
            // e^l, which overflows, is taken out of the logarithm.
            F::one() + (u + u_left * (-l).exp()).ln() / l
        } else if l < -end && F::lit(0.5) < u {
            // The argument of ln_1p would be a rounded −1.
            (u_left + u * l.exp()).ln() / l
        } else {
            (u * l.exp_m1()).ln_1p() / l
        };
        num_traits::clamp(x, F::zero(), F::one())
    }
}

/// Where the series of `k` hands over to the closed forms: beyond, these lose less than three bits.
const SERIES_END: f64 = 2.0;

/// The coefficients `B_2n / (2n (2n)!)`, n = 1, 2, …, of
/// `k(l) = ln(sinh(l/2) / (l/2)) = Σ c_n l^(2n)`.
///
/// Printed by `tests/reference/make_tables.py --constants`, like the nodes below. The series
/// converges up to |l| = 2π; at |l| = 2 the first term left out is below 1e-16 of `k`
/// and of its first two derivatives.
const LOG_SINHC: [f64; 18] = [
    4.166666666666666666666667e-2,
    -3.472222222222222222222222e-4,
    5.511463844797178130511464e-6,
    -1.033399470899470899470899e-7,
    2.087675698786809897921009e-9,
    -4.403491782239577654039735e-11,
    9.558954664774770594876415e-13,
    -2.118550185201614291768872e-14,
    4.77003447570991364674217e-16,
    -1.087434349279030936520758e-17,
    2.504092194709195234183024e-19,
    -5.814360285755218058628203e-21,
    1.359502707549795181420473e-22,
    -3.197684795370552446572361e-24,
    7.559841507792276867703169e-26,
    -1.795247084022563264144963e-27,
    4.279919045926073240783132e-29,
    -1.023887483518141716161606e-30,
];

/// Nodes `s` in [0, 1] of the six-point Gauss–Legendre rule, with its weights times `1 − s`.
const GAUSS_LEGENDRE: [(f64, f64); 6] = [
    (0.03376524289842398609384922, 0.08276983963976923461099376),
    (0.1693953067668677431693002, 0.1498251278559757010322475),
    (0.3806904069584015456847491, 0.1448917941993532089522778),
    (0.6193095930415984543152509, 0.08906517308699231474265733),
    (0.8306046932331322568306998, 0.03055565866809360275266928),
    (0.9662347571015760139061508, 0.002892406549815937909154307),
];

/// `Σ factor(n) c_n l^(2n − 2)`: `k`, one of its derivatives, or a combination of them, but for a
/// power of `l`.
fn series<F: Real>(l: F, factor: impl Fn(f64) -> f64) -> F {
    let l2 = l * l;
    (0..LOG_SINHC.len())
        .rev()
        .fold(F::zero(), |sum, i| sum * l2 + F::lit(LOG_SINHC[i] * factor((i + 1) as f64)))
}

/// `k(l) = ln(sinh(l/2) / (l/2))` for |l| ≤ 2.
fn log_sinhc<F: Real>(l: F) -> F {
    l * l * series(l, |_| 1.0)
}

/// `ln(a / (1 − e^(−a)))`, the log-density at the likelier end, for a = |l| > 2.
fn log_rate<F: Real>(a: F) -> F {
    a.ln() - (-(-a).exp()).ln_1p()
}

/// `A(l) = ln ∫ e^(l x) dx`
fn log_partition<F: Real>(l: F) -> F {
    if l.abs() <= F::lit(SERIES_END) {
        F::lit(0.5) * l + log_sinhc(l)
    } else {
        l.max(F::zero()) - log_rate(l.abs())
    }
}

/// The mean for the logit −a ≤ 0, `½ − k'(a) = 1/a − 1/expm1(a)`; no larger than ½.
fn lesser_mean<F: Real>(a: F) -> F {
    if a <= F::lit(SERIES_END) {
        F::lit(0.5) - a * series(a, |n| 2.0 * n)
    } else {
        a.recip() - a.exp_m1().recip()
    }
}

/// `k''(l)`
fn variance<F: Real>(l: F) -> F {
    if l.abs() <= F::lit(SERIES_END) {
        series(l, |n| 2.0 * n * (2.0 * n - 1.0))
    } else {
        let sinh = (F::lit(0.5) * l).sinh();
        (l * l).recip() - (F::lit(4.0) * sinh * sinh).recip()
    }
}
