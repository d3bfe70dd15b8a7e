//! A variational autoencoder that can be solved by hand: probabilistic principal component
//! analysis.
//!
//! Its decoder is linear, so the marginal likelihood and the posterior, which no other decoder
//! yields, are closed formulas. Every estimate and bound of this crate, and of anything built on
//! it, can be held against them.

use alloc::vec::Vec;

use crate::bounds::elbo::Elbo;
use crate::distributions::dense::{Cholesky, dot};
use crate::distributions::diagonal_normal::DiagonalNormal;
use crate::distributions::isotropic_normal::IsotropicNormal;
use crate::distributions::multivariate_normal::MultivariateNormal;
use crate::distributions::normal::Normal;
use crate::error::{ParamError, all_finite, positive};

/// The model `z ~ N(0, I_d)`, `x|z ~ N(W z + b, σ² I_n)`, with its exact marginal likelihood and
/// posterior, in `f64`.
///
/// With `M = Wᵀ W + σ² I`, `r = x − b` and `m = M⁻¹ Wᵀ r`, the posterior is `N(m, σ² M⁻¹)`. It has
/// independent coordinates, as an encoder's has, if the columns of `W` are orthogonal.
///
/// # Examples
///
/// ```
/// use vae_prob::{DiagonalNormal, LinearGaussian};
///
/// // Three pixels, two latents; W row by row.
/// let model = LinearGaussian::new(&[1.0, 0.2, -0.5, 0.7, 0.3, 0.9], &[0.1, 0.0, -0.2], 0.5)?;
/// let x = [0.9, -0.4, 0.3];
/// let q = DiagonalNormal::new(&[0.5, -0.1], &[-1.0, -1.2])?;
/// // The bound misses the marginal likelihood by the divergence of the encoder from the posterior.
/// let gap = model.log_marginal(&x) - model.elbo(&x, &q).value();
/// assert!((gap - model.posterior(&x).kl_from(&q)).abs() < 1e-14);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # References
///
/// M. E. Tipping, C. M. Bishop, *Probabilistic principal component analysis*, 1999; J. Lucas, G.
/// Tucker, R. Grosse, M. Norouzi, *Don't blame the ELBO! A linear VAE perspective on posterior
/// collapse*, 2019.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearGaussian {
    /// `W`, n × d, row-major.
    weights: Vec<f64>,
    bias: Vec<f64>,
    sigma: f64,
    /// The factors of the posterior's covariance `σ² M⁻¹ = (Wᵀ W / σ² + I)⁻¹`, the same for every
    /// observation.
    covariance: Cholesky,
}

impl LinearGaussian {
    /// A model from the decoder's weights `W` (n × d, row-major), its bias `b` (n), and the noise
    /// `σ > 0`.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFiniteAt`] for a weight or a bias, [`ParamError::NotPositive`] for `sigma`,
    /// and [`ParamError::NotPositiveDefinite`] where `Wᵀ W / σ² + I` overflows.
    ///
    /// # Panics
    ///
    /// If there is no bias, or the number of weights is not a multiple of the number of biases.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::LinearGaussian;
    ///
    /// let model = LinearGaussian::new(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], &[0.0; 3], 0.5)?;
    /// assert_eq!((model.observed_dim(), model.latent_dim()), (3, 2));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn new(weights: &[f64], bias: &[f64], sigma: f64) -> Result<Self, ParamError> {
        assert!(!bias.is_empty(), "a model of no pixels");
        assert!(weights.len().is_multiple_of(bias.len()), "weights do not fill rows, one per bias");
        let (weights, bias) = (all_finite("weights", weights)?, all_finite("bias", bias)?);
        let sigma = positive("sigma", sigma)?;
        let d = weights.len() / bias.len();
        let mut precision = alloc::vec![0.0; d * d];
        for row in weights.chunks_exact(d.max(1)) {
            for i in 0..d {
                for j in 0..d {
                    precision[i * d + j] += (row[i] / sigma) * (row[j] / sigma);
                }
            }
        }
        for i in 0..d {
            precision[i * d + i] += 1.0;
        }
        let covariance = Cholesky::of_inverse("posterior precision", &precision, d)?;
        Ok(Self { weights: weights.to_vec(), bias: bias.to_vec(), sigma, covariance })
    }

    /// The number of observed variables, `n`.
    pub fn observed_dim(&self) -> usize {
        self.bias.len()
    }

    /// The number of latents, `d`.
    pub fn latent_dim(&self) -> usize {
        self.covariance.dim()
    }

    /// The decoder's weights `W`, row-major.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The decoder's bias `b`.
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// The noise `σ` of every observed variable.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// The decoder: the mean of `p(x|z)`.
    ///
    /// `μ(z) = W z + b`
    ///
    /// # Panics
    ///
    /// If `z` has not `d` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::LinearGaussian;
    /// let model = LinearGaussian::new(&[1.0, 2.0], &[0.0, 10.0], 0.5)?;
    /// assert_eq!(model.decode(&[3.0]), [3.0, 16.0]);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn decode(&self, z: &[f64]) -> Vec<f64> {
        self.check_latent(z);
        (0..self.observed_dim()).map(|i| self.bias[i] + dot(self.row(i), z)).collect()
    }

    /// The log-likelihood `ln p(x|z)`, in nats.
    ///
    /// `ln N(x; W z + b, σ² I)`, the [`IsotropicNormal`] of the decoded picture
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements, or `z` not `d`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::{IsotropicNormal, LinearGaussian};
    /// let model = LinearGaussian::new(&[1.0, 2.0], &[0.0, 10.0], 0.5)?;
    /// let decoded = model.decode(&[3.0]);
    /// let likelihood = IsotropicNormal::new(&decoded, 0.5)?;
    /// assert_eq!(model.log_likelihood(&[2.0, 17.0], &[3.0]), likelihood.log_prob(&[2.0, 17.0]));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_likelihood(&self, x: &[f64], z: &[f64]) -> f64 {
        self.check_observed(x);
        IsotropicNormal::new_unchecked(&self.decode(z), self.sigma).log_prob(x)
    }

    /// The log-density of a latent under the prior, `ln p(z)`, in nats.
    ///
    /// `ln N(z; 0, I)`
    ///
    /// # Panics
    ///
    /// If `z` has not `d` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::{LinearGaussian, Normal};
    /// let model = LinearGaussian::new(&[1.0, 2.0], &[0.0, 10.0], 0.5)?;
    /// assert_eq!(model.log_prior(&[3.0]), Normal::standard().log_prob(3.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_prior(&self, z: &[f64]) -> f64 {
        self.check_latent(z);
        z.iter().map(|&z| Normal::standard().log_prob(z)).sum()
    }

    /// The log of the joint density, `ln p(x, z) = ln p(x|z) + ln p(z)`, in nats.
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements, or `z` not `d`.
    ///
    /// # Examples
    ///
    /// Bayes' rule, at any `z`:
    ///
    /// ```
    /// # use vae_prob::LinearGaussian;
    /// let model = LinearGaussian::new(&[1.0, 2.0], &[0.0, 10.0], 0.5)?;
    /// let (x, z) = ([2.0, 17.0], [2.5]);
    /// let log_posterior = model.log_joint(&x, &z) - model.log_marginal(&x);
    /// assert!((log_posterior - model.posterior(&x).log_prob(&z)).abs() < 1e-13);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_joint(&self, x: &[f64], z: &[f64]) -> f64 {
        self.log_likelihood(x, z) + self.log_prior(z)
    }

    /// The log of the marginal likelihood, `ln p(x) = ln ∫ p(x|z) p(z) dz`, exactly, in nats.
    ///
    /// `−½ (n ln 2π + (n − d) ln σ² + ln det M + (rᵀ r − rᵀ W M⁻¹ Wᵀ r) / σ²)`, evaluated as
    /// `ln p(x, m) − ln p(m|x)`, which replaces the difference in the last term by
    /// `‖r − W m‖² / σ² + ‖m‖²`
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::{LinearGaussian, Normal};
    /// // One pixel: the signal's variance and the noise's add up.
    /// let model = LinearGaussian::new(&[3.0], &[1.0], 4.0)?;
    /// let marginal = Normal::from_std_dev(1.0, 5.0)?;
    /// assert!((model.log_marginal(&[2.0]) - marginal.log_prob(2.0)).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    ///
    /// # References
    ///
    /// M. E. Tipping, C. M. Bishop, *Probabilistic principal component analysis*, 1999, equation 4.
    #[track_caller]
    pub fn log_marginal(&self, x: &[f64]) -> f64 {
        // Bayes' rule at the posterior's mean: the joint density there is the marginal one times
        // the posterior's peak.
        let posterior = self.posterior(x);
        self.log_joint(x, posterior.mean()) - posterior.log_prob(posterior.mean())
    }

    /// The derivatives of [`log_marginal`](Self::log_marginal) with respect to the decoder's
    /// parameters, exactly.
    ///
    /// `∂W = e mᵀ − W M⁻¹`, `∂b = e`, `∂ ln σ = σ² (‖e‖² − tr C⁻¹)` with `C = W Wᵀ + σ² I` and
    /// `e = C⁻¹ r`
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::LinearGaussian;
    /// // At x = b, only more spread is wrong: the bias is right where it is.
    /// let gradient = LinearGaussian::new(&[3.0], &[1.0], 4.0)?.log_marginal_gradient(&[1.0]);
    /// assert!(gradient.bias[0] == 0.0 && gradient.weights[0] < 0.0 && gradient.log_sigma < 0.0);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_marginal_gradient(&self, x: &[f64]) -> LinearGaussianGradient {
        let (n, d) = (self.observed_dim(), self.latent_dim());
        let variance = self.sigma * self.sigma;
        let m = self.posterior_mean(x);
        let decoded = self.decode(&m);
        // C⁻¹ r = (r − W m) / σ² and C⁻¹ W = W M⁻¹, by the matrix inversion lemma.
        let bias: Vec<f64> =
            x.iter().zip(&decoded).map(|(x, decoded)| (x - decoded) / variance).collect();
        let covariance = self.covariance.matrix(); // σ² M⁻¹
        let mut weights = alloc::vec![0.0; n * d];
        for i in 0..n {
            for j in 0..d {
                let shrinkage = dot(self.row(i), &covariance[j * d..(j + 1) * d]) / variance;
                weights[i * d + j] = bias[i] * m[j] - shrinkage;
            }
        }
        // σ² tr C⁻¹ = n − d + tr(σ² M⁻¹)
        let trace: f64 = (0..d).map(|j| covariance[j * d + j] - 1.0).sum();
        let log_sigma = variance * dot(&bias, &bias) - (n as f64 + trace);
        LinearGaussianGradient { weights, bias, log_sigma }
    }

    /// The derivatives of [`log_joint`](Self::log_joint) with respect to the decoder's parameters.
    ///
    /// `∂W = r zᵀ / σ²`, `∂b = r / σ²`, `∂ ln σ = ‖r‖² / σ² − n` with `r = x − W z − b`
    ///
    /// Their expectation under the posterior is
    /// [`log_marginal_gradient`](Self::log_marginal_gradient): Fisher's identity, which is why a
    /// model can be trained on draws of `z` at all.
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements, or `z` not `d`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::LinearGaussian;
    /// let model = LinearGaussian::new(&[3.0], &[1.0], 0.5)?;
    /// let gradient = model.log_joint_gradient(&[4.0], &[0.5]);
    /// assert_eq!((gradient.weights[0], gradient.bias[0], gradient.log_sigma), (3.0, 6.0, 8.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_joint_gradient(&self, x: &[f64], z: &[f64]) -> LinearGaussianGradient {
        self.check_observed(x);
        let variance = self.sigma * self.sigma;
        let bias: Vec<f64> =
            x.iter().zip(self.decode(z)).map(|(x, mean)| (x - mean) / variance).collect();
        let weights = bias.iter().flat_map(|e| z.iter().map(move |z| e * z)).collect();
        let log_sigma = variance * dot(&bias, &bias) - self.observed_dim() as f64;
        LinearGaussianGradient { weights, bias, log_sigma }
    }

    /// The posterior `p(z|x)`, exactly.
    ///
    /// `N(M⁻¹ Wᵀ r, σ² M⁻¹)`
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::LinearGaussian;
    /// // Equal signal and noise: halfway between prior and observation, with half the variance.
    /// let posterior = LinearGaussian::new(&[1.0], &[0.0], 1.0)?.posterior(&[3.0]);
    /// assert!((posterior.mean()[0] - 1.5).abs() < 1e-15);
    /// assert!((posterior.covariance()[0] - 0.5).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn posterior(&self, x: &[f64]) -> MultivariateNormal {
        MultivariateNormal::from_factor(self.posterior_mean(x), self.covariance.clone())
    }

    /// The evidence lower bound of an encoder's `q`, exactly, in its two parts, in nats.
    ///
    /// `E_q[ln p(x|z)] = ln p(x|m_q) − Σ_j e^(v_j) ‖w_j‖² / (2 σ²)`, and `KL(q ‖ N(0, I))`
    ///
    /// # Panics
    ///
    /// If `x` has not `n` elements, or `q` not `d` coordinates.
    ///
    /// # Examples
    ///
    /// ```
    /// # use vae_prob::{DiagonalNormal, LinearGaussian};
    /// let model = LinearGaussian::new(&[1.0], &[0.0], 1.0)?;
    /// let posterior = DiagonalNormal::new(&[1.5], &[-std::f64::consts::LN_2])?;
    /// // With the exact posterior nothing is missed.
    /// let elbo = model.elbo(&[3.0], &posterior);
    /// assert!((elbo.value() - model.log_marginal(&[3.0])).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn elbo(&self, x: &[f64], q: &DiagonalNormal<'_, f64>) -> Elbo<f64> {
        let spread: f64 = (0..self.observed_dim())
            .flat_map(|i| self.row(i).iter().zip(q.coordinates()))
            .map(|(w, q)| (w / self.sigma) * (w / self.sigma) * q.variance())
            .sum();
        Elbo {
            log_likelihood: self.log_likelihood(x, q.mean()) - 0.5 * spread,
            kl: q.kl_to_standard(),
        }
    }

    /// `M⁻¹ Wᵀ r`
    #[track_caller]
    fn posterior_mean(&self, x: &[f64]) -> Vec<f64> {
        self.check_observed(x);
        // Wᵀ r / σ², which the covariance turns into the mean.
        let mut projected = alloc::vec![0.0; self.latent_dim()];
        for (i, (x, bias)) in x.iter().zip(&self.bias).enumerate() {
            for (projected, w) in projected.iter_mut().zip(self.row(i)) {
                *projected += (w / self.sigma) * ((x - bias) / self.sigma);
            }
        }
        self.covariance.times(&self.covariance.transposed_times(&projected))
    }

    fn row(&self, i: usize) -> &[f64] {
        let d = self.latent_dim();
        &self.weights[i * d..(i + 1) * d]
    }

    #[track_caller]
    fn check_observed(&self, x: &[f64]) {
        assert_eq!(
            x.len(),
            self.observed_dim(),
            "x differs in length from what the model observes"
        );
    }

    #[track_caller]
    fn check_latent(&self, z: &[f64]) {
        assert_eq!(z.len(), self.latent_dim(), "z differs in length from the model's latents");
    }
}

/// Derivatives with respect to the parameters of a [`LinearGaussian`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearGaussianGradient {
    /// With respect to the weights `W`, row-major.
    pub weights: Vec<f64>,
    /// With respect to the bias `b`.
    pub bias: Vec<f64>,
    /// With respect to `ln σ`.
    pub log_sigma: f64,
}
