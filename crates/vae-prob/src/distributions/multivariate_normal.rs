//! The normal distribution with a full covariance: what an exact posterior is, and an encoder's is
//! not.

use alloc::vec::Vec;

use crate::distributions::dense::{Cholesky, dot};
use crate::distributions::diagonal_normal::DiagonalNormal;
use crate::distributions::normal::ln_2pi;
use crate::error::{ParamError, all_finite};

/// The normal distribution `N(m, Σ)` of a vector with a full covariance, in `f64`.
///
/// Density: `f(x) = exp(−½ ((x − m)ᵀ Σ⁻¹ (x − m) + ln det Σ + d ln 2π))`
///
/// It stands here as an oracle for small dimensions, not for speed.
///
/// # Examples
///
/// ```
/// use vae_prob::{DiagonalNormal, MultivariateNormal};
///
/// let posterior = MultivariateNormal::new(&[0.0, 0.0], &[1.0, 0.6, 0.6, 1.0])?;
/// // What the best encoder with independent coordinates misses: ½ ln(1 / (1 − 0.6²)).
/// let log_var = [0.64_f64.ln(); 2];
/// let encoder = DiagonalNormal::new(&[0.0, 0.0], &log_var)?;
/// assert!((posterior.kl_from(&encoder) - -0.5 * 0.64_f64.ln()).abs() < 1e-15);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultivariateNormal {
    mean: Vec<f64>,
    factor: Cholesky,
}

impl MultivariateNormal {
    /// A normal from its means and its covariance, row-major, of which the lower triangle is read.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFiniteAt`] for a mean, [`ParamError::NotPositiveDefinite`] for the
    /// covariance.
    ///
    /// # Panics
    ///
    /// If the covariance has not `d²` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{MultivariateNormal, ParamError};
    ///
    /// let error = MultivariateNormal::new(&[0.0, 0.0], &[1.0, 2.0, 2.0, 1.0]).unwrap_err();
    /// let name = "covariance";
    /// assert_eq!(error, ParamError::NotPositiveDefinite { name, column: 1, pivot: -3.0 });
    /// ```
    #[track_caller]
    pub fn new(mean: &[f64], covariance: &[f64]) -> Result<Self, ParamError> {
        assert_eq!(
            covariance.len(),
            mean.len() * mean.len(),
            "covariance is not square, or not of the mean's size"
        );
        let mean = all_finite("mean", mean)?.to_vec();
        let factor = Cholesky::new("covariance", covariance, mean.len())?;
        Ok(Self { mean, factor })
    }

    /// A normal from its means and the factors of its covariance.
    pub(crate) fn from_factor(mean: Vec<f64>, factor: Cholesky) -> Self {
        Self { mean, factor }
    }

    /// The number of coordinates, `d`.
    pub fn dim(&self) -> usize {
        self.factor.dim()
    }

    /// The means.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariance, row-major, as its factorization gives it back.
    pub fn covariance(&self) -> Vec<f64> {
        self.factor.matrix()
    }

    /// The log-density at `x`, in nats.
    ///
    /// `ln f(x) = −½ ((x − m)ᵀ Σ⁻¹ (x − m) + ln det Σ + d ln 2π)`
    ///
    /// # Panics
    ///
    /// If `x` has another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{MultivariateNormal, Normal};
    ///
    /// let p = MultivariateNormal::new(&[0.0, 0.0], &[1.0, 0.0, 0.0, 1.0])?;
    /// assert_eq!(p.log_prob(&[1.0, 1.0]), 2.0 * Normal::standard().log_prob(1.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_prob(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.dim(), "x differs in length from the distribution");
        let mut y: Vec<f64> = x.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        self.factor.solve(&mut y);
        -0.5 * (dot(&y, &y) + self.factor.log_det() + self.dim() as f64 * ln_2pi::<f64>())
    }

    /// The entropy, in nats.
    ///
    /// `H = ½ (d + ln det Σ + d ln 2π)`
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{DiagonalNormal, MultivariateNormal};
    ///
    /// let full = MultivariateNormal::new(&[1.0, 2.0], &[1.0, 0.0, 0.0, 1.0])?;
    /// assert_eq!(full.entropy(), DiagonalNormal::new(&[0.0, 0.0], &[0.0, 0.0])?.entropy());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn entropy(&self) -> f64 {
        0.5 * (self.factor.log_det() + self.dim() as f64 * (1.0 + ln_2pi::<f64>()))
    }

    /// The Kullback–Leibler divergence from an encoder's `q` to this distribution, `KL(q ‖ self)`,
    /// in nats.
    ///
    /// `½ (Σ_i (Σ⁻¹)_ii e^(v_i) − d + (m_q − m)ᵀ Σ⁻¹ (m_q − m) + ln det Σ − Σ_i v_i)`
    ///
    /// # Accuracy
    ///
    /// Absolute error of a few ε times `d` times the condition number of Σ: between equal
    /// distributions it may come out at −1e-16.
    ///
    /// # Panics
    ///
    /// If `q` has another number of coordinates.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{DiagonalNormal, MultivariateNormal};
    ///
    /// let standard = MultivariateNormal::new(&[0.0, 0.0], &[1.0, 0.0, 0.0, 1.0])?;
    /// let q = DiagonalNormal::new(&[1.0, 0.0], &[0.0, 0.0])?;
    /// assert_eq!(standard.kl_from(&q), q.kl_to_standard());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn kl_from(&self, q: &DiagonalNormal<'_, f64>) -> f64 {
        assert_eq!(q.dim(), self.dim(), "the two distributions differ in dimension");
        let mut y: Vec<f64> =
            q.mean().iter().zip(&self.mean).map(|(ours, theirs)| ours - theirs).collect();
        self.factor.solve(&mut y);
        let per_coordinate: f64 = q
            .coordinates()
            .enumerate()
            .map(|(i, q)| {
                let column = self.factor.solve_unit(i);
                let precision = dot(&column, &column); // (Σ⁻¹)_ii = ‖L⁻¹ e_i‖²
                precision * q.variance() - 1.0 - q.log_var()
            })
            .sum();
        0.5 * (per_coordinate + dot(&y, &y) + self.factor.log_det())
    }

    /// A draw of this distribution made of a draw `eps` of the standard normal, N(0, I).
    ///
    /// `z = m + L ε` with `L Lᵀ = Σ`
    ///
    /// # Panics
    ///
    /// If `eps` has another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::MultivariateNormal;
    ///
    /// let p = MultivariateNormal::new(&[5.0, 5.0], &[4.0, 2.0, 2.0, 2.0])?;
    /// assert_eq!(p.reparameterize(&[1.0, 1.0]), [7.0, 7.0]);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn reparameterize(&self, eps: &[f64]) -> Vec<f64> {
        assert_eq!(eps.len(), self.dim(), "eps differs in length from the distribution");
        self.mean.iter().zip(self.factor.times(eps)).map(|(mean, offset)| mean + offset).collect()
    }
}
