//! The loss of a run: its objective, for the sizes of a network.

use candle_core::Tensor;
use vae_models::{Likelihood, ModelConfig, Vae};
use vae_prob::Elbo;

use crate::data::Batch;
use crate::error::{Result, TrainError};
use crate::learn::objective::balance::Balance;
use crate::learn::objective::choice::Objective;
use crate::learn::objective::rule::{HeldOut, Question, Sizes, Step};
use crate::learn::objective::terms::Validation;
use crate::score::{Measure, Scores};

/// The loss of a run: its objective with the sizes that it is reduced over.
///
/// With `ℓ = ln p(x|z)` and `k = Σ KL`, both averaged over the designs of a batch, every objective
/// but `iwae` and `geco`, which have losses of their own, is `a (−ℓ + w k)`
/// ([`Weighted`](crate::learn::Weighted)):
///
/// | objective | a | w |
/// |---|---|---|
/// | `elbo`, `cross-entropy` | 1 | β |
/// | `lecture`, Bernoulli | B | β |
/// | `lecture`, squared error (`ℓ = −Σ (x − m)²`) | 1/n | β n / Z |
///
/// for B designs of n pixels and Z latents.
///
/// # Examples
/// ```
/// use vae_models::ModelConfig;
/// use vae_train::learn::{Lecture, Loss, Objective};
///
/// let objective = Objective::Lecture(Lecture {});
/// let loss = Loss::new(objective, &ModelConfig::tutorial(128, 128, Vec::new()));
/// let sigma = loss.implied_sigma(0.01).ok_or("no squared error")?;
/// assert!((sigma.powi(2) - 40.96).abs() < 1e-12, "of densities between 0 and 1");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    objective: Objective,
    sizes: Sizes,
}

impl Loss {
    /// The loss of such a network.
    pub fn new(objective: Objective, model: &ModelConfig) -> Self {
        Self { objective, sizes: model.into() }
    }

    /// Draws of z per design in a step.
    pub fn draws(&self) -> usize {
        self.objective.rule().draws()
    }

    /// The multipliers that training starts with, of the objective `geco`; `None` for others.
    pub fn balance(&self) -> Option<Balance> {
        self.objective.rule().balance(&self.sizes)
    }

    /// The loss of a batch. `eps` ([`draws`](Self::draws) · B, Z) are standard normal draws, `beta`
    /// is the weight of the KL term, `balance` the multipliers before the step.
    ///
    /// # Errors
    /// If the batch does not fit the network.
    pub fn step(
        &self,
        vae: &Vae,
        batch: &Batch,
        eps: &Tensor,
        beta: f64,
        balance: Option<&Balance>,
    ) -> Result<Step> {
        let question = Question { vae, batch, eps, beta, balance };
        self.objective.rule().step(&self.sizes, &question)
    }

    /// Refuses a run whose loss is meant as a bound but is not one, because a Bernoulli meets grey
    /// designs.
    pub(crate) fn check_bound(&self, measure: Measure) -> Result<()> {
        let is_none = measure == Measure::None && self.sizes.likelihood == Likelihood::Bernoulli;
        if self.objective.rule().is_bound() && is_none {
            return Err(TrainError::BinaryLikelihood);
        }
        Ok(())
    }

    /// The scores of held-out designs; a bound is named one only if the measure is a likelihood.
    pub(crate) fn validation(
        &self,
        scores: &Scores,
        (measure, beta): (Measure, f64),
        held_out: &HeldOut<'_>,
    ) -> Result<Validation> {
        let rule = self.objective.rule();
        let weighted = rule.weighted(&self.sizes);
        let charged = Elbo { kl: weighted.charged(&scores.kl_per_dim), ..scores.elbo };
        let mut validation = Validation {
            elbo: (measure != Measure::None).then(|| scores.elbo.value()),
            loss: weighted.per_design(charged, beta),
            terms: scores.elbo,
            mse: scores.reconstruction.mse,
            iou: scores.reconstruction.iou,
            excess: None,
        };
        rule.validate(&mut validation, held_out)?;
        Ok(validation)
    }

    /// Whether the first scores are those of the better model.
    pub(crate) fn is_better(&self, scores: &Validation, than: &Validation) -> bool {
        let rule = self.objective.rule();
        rule.criterion(scores) < rule.criterion(than)
    }

    /// The loss per design from the averages of its terms, as far as these decide it.
    pub fn per_design(&self, terms: Elbo<f64>, beta: f64) -> f64 {
        self.objective.rule().weighted(&self.sizes).per_design(terms, beta)
    }

    /// The first term in the unit of the loss: minus a log-likelihood, a cross-entropy, or a mean
    /// squared error.
    pub fn error_term(&self, log_likelihood: f64) -> f64 {
        self.objective.rule().weighted(&self.sizes).error_term(log_likelihood)
    }

    /// The second term, without its β.
    pub fn kl_term(&self, kl: f64) -> f64 {
        self.objective.rule().weighted(&self.sizes).kl_term(kl)
    }

    /// The deviation of a pixel under which the lecture's `mean (x − m)² + β · mean KL` is minus a
    /// Gaussian's bound, up to its scale: `σ = √(β n / 2Z)`; `None` for a loss that states its
    /// noise.
    pub fn implied_sigma(&self, beta: f64) -> Option<f64> {
        self.objective.rule().weighted(&self.sizes).implied_sigma(beta)
    }

    /// The loss under its plain name.
    pub fn name(&self, beta: f64) -> String {
        self.objective.rule().name(&self.sizes, beta)
    }

    /// What is optimized, in sentences without full stops.
    pub fn sentences(&self, beta: f64) -> Vec<String> {
        let rule = self.objective.rule();
        let mut sentences = vec![rule.aim(&self.sizes, beta)];
        sentences.extend(rule.remarks());
        sentences
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use vae_models::Context;
    use vae_nn::Parameters;

    use super::*;
    use crate::codes::scalar;
    use crate::learn::objective::lecture::Lecture;

    /// Loss and gradients of a small network on two grey designs, beside the formulas as PyTorch's
    /// reductions have them.
    fn both(model: &ModelConfig, objective: Objective, beta: f64) -> (f64, f64) {
        let parameters = Parameters::new(3, DType::F64, Device::Cpu);
        let vae = Vae::new(model, parameters.var_builder()).unwrap();
        let n = model.height * model.width;
        let xs: Vec<f64> = (0..2 * n).map(|i| 0.5 + 0.5 * (i as f64).sin()).collect();
        let xs = Tensor::from_vec(xs, (2, 1, model.height, model.width), &Device::Cpu).unwrap();
        let eps = Tensor::new(&[[0.3_f64, -1.2], [0.7, 0.1]], &Device::Cpu).unwrap();
        let terms = vae.elbo(&xs, &Context::default(), &eps, None, true).unwrap();
        let (loss, parts) = {
            let loss = Loss::new(objective, model);
            loss.objective.rule().weighted(&loss.sizes).of_batch(&terms, beta).unwrap()
        };
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
            both(&ModelConfig::tutorial(16, 16, Vec::new()), Objective::Lecture(Lecture {}), 0.01);
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} and {expected}");
        let (found, expected) =
            both(&ModelConfig::tutorial_mlp(5, 7, Vec::new()), Objective::Lecture(Lecture {}), 1.0);
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} and {expected}");
    }

    /// `−ELBO` of a Gaussian of the implied σ is the lecture's loss, times n / 2σ², plus a
    /// constant.
    #[test]
    fn the_implied_noise_makes_it_a_bound() {
        let model = ModelConfig::tutorial(128, 128, Vec::new());
        let lecture = Loss::new(Objective::Lecture(Lecture {}), &model);
        let sigma = lecture.implied_sigma(0.01).unwrap();
        let gaussian = |error: f64, kl: f64| error / (2.0 * sigma * sigma) + kl;
        let scale = 16384.0 / (2.0 * sigma * sigma);
        for (error, kl) in [(600.0, 1.5), (80.0, 0.4), (3.0, 9.0)] {
            let loss = lecture.per_design(Elbo { log_likelihood: -error, kl }, 0.01);
            assert!((scale * loss / gaussian(error, kl) - 1.0).abs() < 1e-12);
            assert!((loss - (error / 16384.0 + 0.01 * kl / 2.0)).abs() < 1e-15);
        }
    }
}
