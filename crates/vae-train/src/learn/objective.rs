//! What a training step minimizes, and what it amounts to.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use vae_models::{ElboTerms, Likelihood, ModelConfig, WeightTerms};

use crate::error::Result;
use crate::learn::metrics::{Parts, Validation};

/// Which loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Minus the evidence lower bound, `−ln p(x|z) + β Σ KL` per design, averaged over the designs
    /// of a batch; with free bits λ the second term is `β Σ max(λ, mean KL)`, the mean of each
    /// latent dimension over the batch.
    Elbo,
    /// Minus the importance-weighted bound from several draws per design.
    Iwae,
    /// The smallest KL under which reconstructions keep to a tolerance, in units of density
    /// ([`crate::learn::geco::Geco`]).
    Geco,
    /// Minus the Bernoulli cross-entropy of grey designs plus β · KL: no bound, and called by its
    /// name.
    CrossEntropy,
    /// The lecture's losses, as its PyTorch code reduces them. Of Bernoulli pixels: cross-entropy
    /// plus β · KL, summed over everything, designs included. Of the squared error: `mean (x −
    /// m)² + β · mean KL`, the one mean over designs and pixels, the other over designs and latents.
    Lecture,
}

/// The loss of a run: its objective with the sizes that it is reduced over.
///
/// With `ℓ = ln p(x|z)` and `k = Σ KL`, both averaged over the designs of a batch, every objective
/// but `iwae` and `geco`, which have losses of their own, is `a (−ℓ + w k)`:
///
/// | objective | a | w |
/// |---|---|---|
/// | `elbo`, `cross-entropy` | 1 | β |
/// | `lecture`, Bernoulli | B | β |
/// | `lecture`, squared error (`ℓ = −Σ (x − m)²`) | 1/n | β n / Z |
///
/// for B designs of n pixels and Z latents. The last one is a Gaussian's bound in disguise: `Σ (x −
/// m)² / 2σ² + k` is the same up to its scale if `σ² = w/2`, a noise that the loss implies and
/// never states ([`Loss::implied_sigma`]).
///
/// # Examples
/// ```
/// use vae_models::ModelConfig;
/// use vae_train::objective::{Loss, Objective};
///
/// let loss = Loss::new(Objective::Lecture, &ModelConfig::tutorial(128, 128, Vec::new()));
/// let sigma = loss.implied_sigma(0.01).ok_or("no squared error")?;
/// assert!((sigma.powi(2) - 40.96).abs() < 1e-12, "of densities between 0 and 1");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    objective: Objective,
    likelihood: Likelihood,
    pixels: f64,
    latents: f64,
    free_bits: f64,
}

impl Loss {
    /// The loss of such a network.
    pub fn new(objective: Objective, model: &ModelConfig) -> Self {
        Self {
            objective,
            free_bits: 0.0,
            likelihood: model.likelihood,
            pixels: (model.height * model.width) as f64,
            latents: model.latent_dim as f64,
        }
    }

    /// The same with so many nats per latent dimension that cost nothing.
    ///
    /// # References
    /// Kingma et al. 2016, "Improving variational inference with inverse autoregressive flow", the
    /// bound near eq. 15.
    #[must_use]
    pub fn with_free_bits(self, free_bits: f64) -> Self {
        Self { free_bits, ..self }
    }

    /// The KL that is charged for, from its average over the designs by latent dimension: `Σ max(λ,
    /// KL)`.
    pub fn charged(&self, kl_per_dim: &[f64]) -> f64 {
        kl_per_dim.iter().map(|&kl| kl.max(self.free_bits)).sum()
    }

    /// The loss of a batch as a scalar, and its value and parts per design; the KL among the parts
    /// is the true one.
    ///
    /// # Errors
    /// What the tensor operations say.
    pub fn of_batch(&self, terms: &ElboTerms, beta: f64) -> Result<(Tensor, Parts)> {
        let log_likelihood = terms.log_likelihood.mean_all()?;
        let true_kl = terms.kl.sum(1)?.mean_all()?;
        let kl = if self.free_bits == 0.0 {
            true_kl.clone()
        } else {
            terms.kl.mean(0)?.maximum(self.free_bits)?.sum_all()?
        };
        let scale = match (self.objective, self.likelihood) {
            (Objective::Lecture, Likelihood::Bernoulli) => terms.log_likelihood.dim(0)? as f64,
            _ => self.scale(),
        };
        let loss = (kl.affine(self.kl_weight(beta), 0.0)? - &log_likelihood)?.affine(scale, 0.0)?;
        let (log_likelihood, charged) = (scalar(&log_likelihood)?, scalar(&kl)?);
        let kl = scalar(&true_kl)?;
        let value = self.per_design(log_likelihood, charged, beta);
        Ok((loss, Parts { loss: value, log_likelihood, kl }))
    }

    /// Minus the importance-weighted bound of a batch as a scalar, and its value and parts per
    /// design: the log-likelihood averaged over the draws, and the KL in closed form.
    ///
    /// # Errors
    /// What the tensor operations say.
    pub fn of_weights(terms: &WeightTerms, beta: f64) -> Result<(Tensor, Parts)> {
        let loss = terms.bound(beta)?.mean_all()?.neg()?;
        let parts = Parts {
            loss: scalar(&loss)?,
            log_likelihood: scalar(&terms.log_likelihood.mean_all()?)?,
            kl: scalar(&terms.posterior.kl()?.sum(1)?.mean_all()?)?,
        };
        Ok((loss, parts))
    }

    /// The loss per design from the averages of its terms.
    pub fn per_design(&self, log_likelihood: f64, kl: f64, beta: f64) -> f64 {
        self.scale() * (self.kl_weight(beta) * kl - log_likelihood)
    }

    /// The first term in the loss's own unit: minus a log-likelihood, a cross-entropy, or a mean
    /// squared error.
    pub fn error_term(&self, log_likelihood: f64) -> f64 {
        -self.scale() * log_likelihood
    }

    /// The second term, without its β.
    pub fn kl_term(&self, kl: f64) -> f64 {
        if self.is_means() { kl / self.latents } else { kl }
    }

    /// What the best model has least of, the second only among equals of the first. For the bound
    /// it is minus the bound at β = 1, whatever β was trained with; for `geco` first by how much
    /// the tolerances are exceeded, then the KL.
    pub fn criterion(&self, scores: &Validation) -> (f64, f64) {
        match self.objective {
            Objective::Elbo => (0.0, scores.kl - scores.log_likelihood),
            Objective::Geco => (scores.excess.unwrap_or(0.0), scores.kl),
            Objective::Iwae | Objective::CrossEntropy | Objective::Lecture => (0.0, scores.loss),
        }
    }

    /// The deviation of a pixel under which `mean (x − m)² + β · mean KL` is minus a Gaussian's
    /// bound, up to its scale: `σ = √(β n / 2Z)`; none for a loss that states what a pixel is.
    pub fn implied_sigma(&self, beta: f64) -> Option<f64> {
        self.is_means().then(|| (0.5 * self.kl_weight(beta)).sqrt())
    }

    /// The loss under its plain name.
    pub fn name(&self, beta: f64) -> String {
        let error = match (self.objective, self.likelihood) {
            (Objective::Iwae, _) => return "minus importance-weighted bound".to_owned(),
            (Objective::Geco, _) => return "KL under tolerances".to_owned(),
            (Objective::CrossEntropy, _) => "Bernoulli cross-entropy".to_owned(),
            (Objective::Elbo, likelihood) => format!("minus {} log-likelihood", spoken(likelihood)),
            (Objective::Lecture, Likelihood::SquaredError) => "mean squared error".to_owned(),
            (Objective::Lecture, _) => "summed cross-entropy".to_owned(),
        };
        let kl = if self.is_means() { "mean KL" } else { "summed KL" };
        format!("{error} + {beta} · {kl}")
    }

    fn is_means(&self) -> bool {
        self.objective == Objective::Lecture && self.likelihood == Likelihood::SquaredError
    }

    fn scale(&self) -> f64 {
        if self.is_means() { self.pixels.recip() } else { 1.0 }
    }

    fn kl_weight(&self, beta: f64) -> f64 {
        if self.is_means() { beta * self.pixels / self.latents } else { beta }
    }
}

/// A likelihood in words.
pub(crate) fn spoken(likelihood: Likelihood) -> &'static str {
    match likelihood {
        Likelihood::Bernoulli => "Bernoulli",
        Likelihood::ContinuousBernoulli => "continuous Bernoulli",
        Likelihood::Gaussian { .. } => "Gaussian",
        Likelihood::DiscretizedLogistic { .. } => "discretized logistic",
        Likelihood::SquaredError => "(unnormalized)",
    }
}

pub(crate) fn scalar(tensor: &Tensor) -> Result<f64> {
    Ok(tensor.to_dtype(candle_core::DType::F64)?.to_scalar()?)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use vae_models::Vae;
    use vae_nn::Parameters;

    use super::*;

    /// Loss and gradients of a small network on two grey designs, beside the formulas as PyTorch's
    /// reductions have them.
    fn both(model: &ModelConfig, objective: Objective, beta: f64) -> (f64, f64) {
        let parameters = Parameters::new(3, DType::F64, Device::Cpu);
        let vae = Vae::new(model, parameters.var_builder()).unwrap();
        let n = model.height * model.width;
        let xs: Vec<f64> = (0..2 * n).map(|i| 0.5 + 0.5 * (i as f64).sin()).collect();
        let xs = Tensor::from_vec(xs, (2, 1, model.height, model.width), &Device::Cpu).unwrap();
        let eps = Tensor::new(&[[0.3_f64, -1.2], [0.7, 0.1]], &Device::Cpu).unwrap();
        let terms = vae.elbo(&xs, None, &eps, None, true).unwrap();
        let (loss, parts) = Loss::new(objective, model).of_batch(&terms, beta).unwrap();
        let mean = vae.mean(&terms.params).unwrap();
        let expected = if model.likelihood == Likelihood::SquaredError {
            let error = (&mean - &xs).unwrap().sqr().unwrap().mean_all().unwrap();
            let kl = terms.kl.mean_all().unwrap();
            assert!((parts.loss - scalar(&loss).unwrap()).abs() < 1e-12);
            scalar(&error).unwrap() + beta * scalar(&kl).unwrap()
        } else {
            // −Σ x ln m + (1 − x) ln (1 − m), over designs too.
            let inside = (&xs * mean.log().unwrap()).unwrap();
            let outside =
                xs.affine(-1.0, 1.0).unwrap() * mean.affine(-1.0, 1.0).unwrap().log().unwrap();
            let entropy = (inside + outside.unwrap()).unwrap().sum_all().unwrap();
            assert!((2.0 * parts.loss - scalar(&loss).unwrap()).abs() < 1e-9);
            beta * scalar(&terms.kl.sum_all().unwrap()).unwrap() - scalar(&entropy).unwrap()
        };
        (scalar(&loss).unwrap(), expected)
    }

    #[test]
    fn the_lectures_losses_are_its_own() {
        let (found, expected) =
            both(&ModelConfig::tutorial(16, 16, Vec::new()), Objective::Lecture, 0.01);
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} and {expected}");
        let (found, expected) =
            both(&ModelConfig::tutorial_mlp(5, 7, Vec::new()), Objective::Lecture, 1.0);
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} and {expected}");
    }

    /// `−ELBO` of a Gaussian of the implied σ is the lecture's loss, times n / 2σ², plus a
    /// constant.
    #[test]
    fn the_implied_noise_makes_it_a_bound() {
        let model = ModelConfig::tutorial(128, 128, Vec::new());
        let lecture = Loss::new(Objective::Lecture, &model);
        let sigma = lecture.implied_sigma(0.01).unwrap();
        let gaussian = |error: f64, kl: f64| error / (2.0 * sigma * sigma) + kl;
        let scale = 16384.0 / (2.0 * sigma * sigma);
        for (error, kl) in [(600.0, 1.5), (80.0, 0.4), (3.0, 9.0)] {
            let loss = lecture.per_design(-error, kl, 0.01);
            assert!((scale * loss / gaussian(error, kl) - 1.0).abs() < 1e-12);
            assert!((loss - (error / 16384.0 + 0.01 * kl / 2.0)).abs() < 1e-15);
        }
    }
}
