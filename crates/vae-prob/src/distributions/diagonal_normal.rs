//! The normal distribution of a latent vector with independent coordinates: what an encoder emits.

use crate::arithmetic::real::{Real, sum};
use crate::distributions::normal::Normal;
use crate::error::{ParamError, all_finite};

/// The normal distribution `N(m, diag e^v)` of a vector, borrowing the mean `m` and the
/// log-variance `v`.
///
/// Sums over the coordinates are taken in `f64`. No coordinate at all is a distribution too: its
/// sums are 0.
///
/// # Examples
///
/// ```
/// use vae_prob::DiagonalNormal;
///
/// // What an encoder said about one design, and the draw it stands for.
/// let posterior = DiagonalNormal::new(&[0.5, -1.0], &[-2.0, 0.1])?;
/// let mut z = [0.0; 2];
/// posterior.reparameterize(&[0.3, -0.7], &mut z);
/// assert!(posterior.kl_to_standard() > 0.0);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiagonalNormal<'a, F> {
    mean: &'a [F],
    log_var: &'a [F],
}

impl<'a, F: Real> DiagonalNormal<'a, F> {
    /// A normal from its means and log-variances.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFiniteAt`] with the first position that is infinite or `NaN`.
    ///
    /// # Panics
    ///
    /// If the two differ in length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{DiagonalNormal, ParamError};
    ///
    /// let error = DiagonalNormal::new(&[0.0, 0.0], &[0.0, f64::INFINITY]).unwrap_err();
    /// let expected = ParamError::NotFiniteAt { name: "log_var", index: 1, value: f64::INFINITY };
    /// assert_eq!(error, expected);
    /// ```
    #[track_caller]
    pub fn new(mean: &'a [F], log_var: &'a [F]) -> Result<Self, ParamError> {
        assert_eq!(mean.len(), log_var.len(), "mean and log_var differ in length");
        Ok(Self { mean: all_finite("mean", mean)?, log_var: all_finite("log_var", log_var)? })
    }

    /// The number of coordinates, `d`.
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// The means.
    pub fn mean(&self) -> &'a [F] {
        self.mean
    }

    /// The log-variances.
    pub fn log_var(&self) -> &'a [F] {
        self.log_var
    }

    /// The coordinates, each a [`Normal`] of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiagonalNormal;
    ///
    /// let q = DiagonalNormal::new(&[0.5, 2.0], &[0.0, 0.0])?;
    /// let largest = q.coordinates().map(|coordinate| coordinate.mean()).fold(0.0, f64::max);
    /// assert_eq!(largest, 2.0);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn coordinates(&self) -> impl ExactSizeIterator<Item = Normal<F>> + 'a {
        self.mean
            .iter()
            .zip(self.log_var)
            .map(|(&mean, &log_var)| Normal::new_unchecked(mean, log_var))
    }

    /// The log-density at `x`, in nats, summed over the coordinates.
    ///
    /// `ln f(x) = −½ Σ ((x − m)² e^(−v) + v + ln 2π)`
    ///
    /// # Panics
    ///
    /// If `x` has another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{DiagonalNormal, Normal};
    ///
    /// let q = DiagonalNormal::new(&[0.0, 0.0], &[0.0, 0.0])?;
    /// assert_eq!(q.log_prob(&[1.0, 1.0]), 2.0 * Normal::standard().log_prob(1.0));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn log_prob(&self, x: &[F]) -> F {
        assert_eq!(x.len(), self.dim(), "x differs in length from the distribution");
        sum(self.coordinates().zip(x).map(|(coordinate, &x)| coordinate.log_prob(x)))
    }

    /// The entropy, in nats, summed over the coordinates.
    ///
    /// `H = ½ Σ (1 + v + ln 2π)`
    ///
    /// Its negative is the `E_q ln q(z|x)` that estimates of the mutual information start from.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::{DiagonalNormal, Normal};
    ///
    /// let q = DiagonalNormal::new(&[0.7, -3.0], &[0.0, 0.0])?;
    /// assert_eq!(q.entropy(), 2.0 * Normal::<f64>::standard().entropy());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn entropy(&self) -> F {
        sum(self.coordinates().map(|coordinate| coordinate.entropy()))
    }

    /// The Kullback–Leibler divergence from this distribution `p` to another `q`, `KL(p ‖ q)`, in
    /// nats.
    ///
    /// `½ Σ (expm1(δ) − δ + (m_p − m_q)² e^(−v_q))` with `δ = v_p − v_q`
    ///
    /// # Panics
    ///
    /// If `q` has another number of coordinates.
    ///
    /// # Accuracy
    ///
    /// That of [`Normal::kl`]: all terms have one sign.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiagonalNormal;
    ///
    /// let p = DiagonalNormal::new(&[0.0, 1.0], &[0.0, 0.0])?;
    /// let q = DiagonalNormal::new(&[0.0, 3.0], &[0.0, 0.0])?;
    /// assert_eq!(p.kl(&q), 2.0);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn kl(&self, q: &DiagonalNormal<'_, F>) -> F {
        assert_eq!(self.dim(), q.dim(), "the two distributions differ in dimension");
        sum(self.coordinates().zip(q.coordinates()).map(|(p, q)| p.kl(&q)))
    }

    /// The Kullback–Leibler divergence to the standard normal, `KL(N(m, diag e^v) ‖ N(0, I))`, in
    /// nats.
    ///
    /// `½ Σ (m² + expm1(v) − v)`, the lecture's `−½ Σ (1 + ln σ² − μ² − σ²)`
    ///
    /// # Accuracy
    ///
    /// That of [`Normal::kl_to_standard`].
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiagonalNormal;
    ///
    /// assert_eq!(DiagonalNormal::new(&[1.0; 10], &[0.0; 10])?.kl_to_standard(), 5.0);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    ///
    /// # References
    ///
    /// D. P. Kingma, M. Welling, *Auto-encoding variational Bayes*, 2014, appendix B.
    pub fn kl_to_standard(&self) -> F {
        sum(self.kl_to_standard_per_dim())
    }

    /// The terms of [`kl_to_standard`](Self::kl_to_standard), one per coordinate, in nats.
    ///
    /// `½ (m² + expm1(v) − v)`
    ///
    /// Averaged over the data, they tell the dead latents from the used ones.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiagonalNormal;
    ///
    /// let posterior = DiagonalNormal::new(&[2.0, 0.0], &[0.0, 0.0])?;
    /// // The second latent says nothing.
    /// assert!(posterior.kl_to_standard_per_dim().eq([2.0, 0.0]));
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn kl_to_standard_per_dim(&self) -> impl ExactSizeIterator<Item = F> + 'a {
        self.coordinates().map(|coordinate| coordinate.kl_to_standard())
    }

    /// Writes to `z` a draw of this distribution made of a draw `eps` of N(0, I), differentiable in
    /// the parameters.
    ///
    /// `z = m + e^(v/2) ⊙ ε` with `ε ~ N(0, I)`
    ///
    /// # Panics
    ///
    /// If `eps` or `z` has another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiagonalNormal;
    ///
    /// let posterior = DiagonalNormal::new(&[0.5, -1.0], &[0.0, 0.0])?;
    /// let mut z = [0.0; 2];
    /// posterior.reparameterize(&[1.0, -2.0], &mut z);
    /// assert_eq!(z, [1.5, -3.0]);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    #[track_caller]
    pub fn reparameterize(&self, eps: &[F], z: &mut [F]) {
        assert_eq!(eps.len(), self.dim(), "eps differs in length from the distribution");
        assert_eq!(z.len(), self.dim(), "z differs in length from the distribution");
        for ((z, &eps), coordinate) in z.iter_mut().zip(eps).zip(self.coordinates()) {
            *z = coordinate.reparameterize(eps);
        }
    }
}
