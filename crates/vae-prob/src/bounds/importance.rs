//! Averages of importance weights in the log domain: the bound that tightens with every draw.

use num_traits::Float;

use crate::arithmetic::real::Real;

/// The log of one importance weight, in nats.
///
/// `ln w = ln p(x|z) + ln p(z) − ln q(z|x)`, for a `z` drawn from `q(z|x)`
///
/// The mean of `w` is p(x); the mean of `ln w` is the evidence lower bound. With the exact
/// posterior for `q` the weight is p(x) whatever was drawn.
///
/// # Examples
///
/// ```
/// use vae_prob::{Normal, log_weight};
///
/// // A decoder that ignores z, encoded by the prior: the weight is the likelihood.
/// let prior = Normal::standard();
/// let z = 0.3;
/// assert_eq!(log_weight(-7.0, prior.log_prob(z), prior.log_prob(z)), -7.0);
/// ```
///
/// # References
///
/// Y. Burda, R. Grosse, R. Salakhutdinov, *Importance weighted autoencoders*, 2016.
pub fn log_weight<F: Real>(log_likelihood: F, log_prior: F, log_posterior: F) -> F {
    log_likelihood + (log_prior - log_posterior)
}

/// The log of a sum of numbers given by their logs.
///
/// `ln Σ e^(w_k) = M + ln Σ e^(w_k − M)` with `M = max w_k`
///
/// Of no numbers it is −∞; where all are −∞ it is −∞; a `NaN` among them is handed on.
///
/// # Accuracy
///
/// Relative error of the sum itself at most 4 ε beyond what the rounding of the logs implies;
/// summed in `f64`.
///
/// # Examples
///
/// ```
/// use vae_prob::log_sum_exp;
///
/// assert_eq!(log_sum_exp(&[-1000.0, -1000.0]), -1000.0 + std::f64::consts::LN_2);
/// ```
pub fn log_sum_exp<F: Real>(logs: &[F]) -> F {
    F::lit(WeightSums::from_iter(logs).log_sum())
}

/// The log of the mean of numbers given by their logs.
///
/// `ln (1/K Σ e^(w_k)) = M + ln Σ e^(w_k − M) − ln K` with `M = max w_k`
///
/// Of one number it is that number; where all are −∞ it is −∞; a `NaN` among them is handed on; of
/// no numbers there is no mean and the answer is `NaN`.
///
/// # Accuracy
///
/// As [`log_sum_exp`].
///
/// # Examples
///
/// ```
/// use vae_prob::log_mean_exp;
///
/// assert_eq!(log_mean_exp(&[-1000.0, -1000.0]), -1000.0);
/// assert_eq!(log_mean_exp(&[f64::NEG_INFINITY, 0.0]), -std::f64::consts::LN_2);
/// ```
pub fn log_mean_exp<F: Real>(logs: &[F]) -> F {
    F::lit(WeightSums::from_iter(logs).log_mean())
}

/// The importance-weighted bound of one example from the log-weights of `K` draws, in nats.
///
/// `L_K = ln (1/K Σ w_k) ≤ ln p(x)` in expectation
///
/// One draw gives the evidence lower bound, more draws a tighter one. A single value may lie above
/// ln p(x); its expectation does not. This is [`log_mean_exp`] under the name of what it estimates.
///
/// # Examples
///
/// ```
/// use vae_prob::iwae_bound;
///
/// let log_weights = [-90.0, -88.0, -95.0];
/// let mean = -91.0; // of the log-weights: the evidence lower bound from the same draws
/// assert!(mean < iwae_bound(&log_weights) && iwae_bound(&log_weights) < -88.0);
/// ```
///
/// # References
///
/// Y. Burda, R. Grosse, R. Salakhutdinov, *Importance weighted autoencoders*, 2016, theorem 1.
pub fn iwae_bound<F: Real>(log_weights: &[F]) -> F {
    log_mean_exp(log_weights)
}

/// The number of equally weighted draws that would be worth as much as these.
///
/// `ESS = (Σ w_k)² / Σ w_k²`, between 1 and `K`
///
/// Near 1, one draw decides everything and the bound is loose. Zero for no draws, and where no draw
/// has any weight.
///
/// # Examples
///
/// ```
/// use vae_prob::effective_sample_size;
///
/// assert_eq!(effective_sample_size(&[-5.0, -5.0, -5.0, -5.0]), 4.0);
/// assert_eq!(effective_sample_size(&[0.0, -1000.0]), 1.0);
/// ```
///
/// # References
///
/// A. Kong, *A note on importance sampling using standardized weights*, 1992.
pub fn effective_sample_size<F: Real>(log_weights: &[F]) -> F {
    F::lit(WeightSums::from_iter(log_weights).effective_sample_size())
}

/// The importance-sampled log-likelihood of one example, from a stream of log-weights of any
/// length.
///
/// `ln p(x) ≈ ln (1/K Σ w_k)`
///
/// The weights are not kept: five thousand draws for one example cost four numbers. Everything is
/// summed in `f64`, whatever the weights come in. Chunks may be estimated apart and
/// [merged](ImportanceEstimate::merge).
///
/// # Examples
///
/// ```
/// use vae_prob::{ImportanceEstimate, log_mean_exp};
///
/// let mut estimate = ImportanceEstimate::new();
/// for log_weight in [-90.5_f32, -88.0, -95.0] {
///     estimate.push(log_weight);
/// }
/// let all_at_once = log_mean_exp(&[-90.5_f64, -88.0, -95.0]);
/// assert!((estimate.log_likelihood() - all_at_once).abs() < 1e-12);
/// assert_eq!(estimate.n_draws(), 3);
/// assert!(estimate.effective_sample_size() < 1.3); // one draw in three decides: do not trust it
/// ```
///
/// # References
///
/// D. J. Rezende, S. Mohamed, D. Wierstra, *Stochastic backpropagation and approximate inference in
/// deep generative models*, 2014; Y. Burda, R. Grosse, R. Salakhutdinov, *Importance weighted
/// autoencoders*, 2016.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImportanceEstimate {
    sums: WeightSums,
}

impl ImportanceEstimate {
    /// An estimate from no draws yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one more log-weight, in nats.
    pub fn push<F: Real>(&mut self, log_weight: F) {
        self.sums.push(log_weight.widen());
    }

    /// Takes all draws of another estimate for the same example.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ImportanceEstimate;
    ///
    /// let first: ImportanceEstimate = [-90.0, -88.0].into_iter().collect();
    /// let second: ImportanceEstimate = [-87.0].into_iter().collect();
    /// let mut both = first;
    /// both.merge(&second);
    /// assert_eq!(both.n_draws(), 3);
    /// ```
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// The number of draws, `K`.
    pub fn n_draws(&self) -> u64 {
        self.sums.count
    }

    /// The estimate of ln p(x), in nats: a bound from below in expectation.
    ///
    /// `ln (1/K Σ w_k)`; `NaN` without draws
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ImportanceEstimate;
    ///
    /// let estimate: ImportanceEstimate = [-90.0, -90.0].into_iter().collect();
    /// assert_eq!(estimate.log_likelihood(), -90.0);
    /// ```
    pub fn log_likelihood(&self) -> f64 {
        self.sums.log_mean()
    }

    /// The number of equally weighted draws that would be worth as much, as
    /// [`effective_sample_size`].
    ///
    /// `ESS = (Σ w_k)² / Σ w_k²`
    pub fn effective_sample_size(&self) -> f64 {
        self.sums.effective_sample_size()
    }

    /// The standard error of [`log_likelihood`](Self::log_likelihood) from the draws of `z`, in
    /// nats.
    ///
    /// `√((K/ESS − 1) / (K − 1))`, by the delta method
    ///
    /// It knows nothing of weights that were never drawn: believe it only while the effective
    /// sample size is well above 1. `NaN` for fewer than two draws, +∞ where no draw has any
    /// weight.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ImportanceEstimate;
    ///
    /// // Equal weights: the exact posterior, and no error.
    /// let estimate: ImportanceEstimate = [-90.0, -90.0, -90.0].into_iter().collect();
    /// assert_eq!(estimate.standard_error(), 0.0);
    /// ```
    pub fn standard_error(&self) -> f64 {
        Float::sqrt(self.variance())
    }

    /// How far [`log_likelihood`](Self::log_likelihood) lies off ln p(x) in expectation, in nats;
    /// negative: it lies below.
    ///
    /// `−½ (K/ESS − 1) / (K − 1)`, the second order of the delta method
    ///
    /// To be printed beside the estimate, not added to it: the sum would be no bound.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::ImportanceEstimate;
    ///
    /// let estimate: ImportanceEstimate = [-90.0, -91.0, -89.0].into_iter().collect();
    /// assert!((estimate.bias() + 0.5 * estimate.standard_error().powi(2)).abs() < 1e-15);
    /// ```
    pub fn bias(&self) -> f64 {
        -0.5 * self.variance()
    }

    /// The variance of the estimate over repetitions.
    fn variance(&self) -> f64 {
        let k = self.sums.count as f64;
        let variance = (k / self.sums.effective_sample_size() - 1.0) / (k - 1.0);
        // Rounding may leave the effective sample size of equal weights just above K. `NaN` is not
        // less than 0 and stays.
        if variance < 0.0 { 0.0 } else { variance }
    }
}

impl<F: Real> Extend<F> for ImportanceEstimate {
    fn extend<I: IntoIterator<Item = F>>(&mut self, log_weights: I) {
        for log_weight in log_weights {
            self.push(log_weight);
        }
    }
}

impl<F: Real> FromIterator<F> for ImportanceEstimate {
    fn from_iter<I: IntoIterator<Item = F>>(log_weights: I) -> Self {
        let mut estimate = Self::new();
        estimate.extend(log_weights);
        estimate
    }
}

/// Sums of weights and of their squares, relative to the largest weight so far, so that nothing
/// overflows.
#[derive(Clone, Copy, Debug, PartialEq)]
struct WeightSums {
    count: u64,
    /// `M`, the largest log-weight.
    max: f64,
    /// `Σ e^(w − M)`
    sum: f64,
    /// `Σ e^(2(w − M))`
    sum_of_squares: f64,
}

impl Default for WeightSums {
    fn default() -> Self {
        Self { count: 0, max: f64::NEG_INFINITY, sum: 0.0, sum_of_squares: 0.0 }
    }
}

impl WeightSums {
    fn from_iter<F: Real>(logs: &[F]) -> Self {
        let mut sums = Self::default();
        for log in logs {
            sums.push(log.widen());
        }
        sums
    }

    fn push(&mut self, log: f64) {
        self.merge(&Self { count: 1, max: log, sum: 1.0, sum_of_squares: 1.0 });
    }

    fn merge(&mut self, other: &Self) {
        // `NaN` loses no comparison with itself: once it is the maximum, it stays.
        let max = if self.max < other.max || other.max.is_nan() { other.max } else { self.max };
        let (ours, theirs) = (relative(self.max, max), relative(other.max, max));
        self.count += other.count;
        self.sum = self.sum * ours + other.sum * theirs;
        self.sum_of_squares =
            self.sum_of_squares * ours * ours + other.sum_of_squares * theirs * theirs;
        self.max = max;
    }

    fn log_sum(&self) -> f64 {
        // No weights, and weights that are all zero, add up to zero.
        if self.max == f64::NEG_INFINITY { self.max } else { self.max + Float::ln(self.sum) }
    }

    fn log_mean(&self) -> f64 {
        if self.count == 0 {
            return f64::NAN;
        }
        // The logs are subtracted last but one: of one weight the mean is that weight, exactly.
        if self.max == f64::NEG_INFINITY {
            self.max
        } else {
            self.max + Float::ln(self.sum / self.count as f64)
        }
    }

    fn effective_sample_size(&self) -> f64 {
        if self.max.is_nan() {
            self.max
        } else if self.max == f64::NEG_INFINITY {
            0.0
        } else {
            self.sum * self.sum / self.sum_of_squares
        }
    }
}

/// `e^(log − max)`, and 1 where both are the same infinity.
#[expect(clippy::float_cmp, reason = "the difference of two equal infinities is NaN")]
fn relative(log: f64, max: f64) -> f64 {
    if log == max { 1.0 } else { Float::exp(log - max) }
}
