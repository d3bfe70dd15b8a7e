//! A model in training, and the step it takes: the code that `vae train` runs and `vae bench train`
//! times.

use std::path::Path;

use candle_core::{DType, Device, Tensor, Var};
use vae_models::{ModelConfig, Vae};
use vae_nn::{Adam, AdamConfig, Parameters, clip_global_norm};

use crate::data::targets::Batch;
use crate::error::{Result, TrainError};
use crate::learn::config::Config;
use crate::learn::geco::Geco;
use crate::learn::metrics::Parts;
use crate::learn::objective::{Loss, Objective};

/// A model in training.
pub struct Learner {
    /// The network.
    pub vae: Vae,
    /// Its tensors by name.
    pub parameters: Parameters,
    /// Adam, with its moments.
    pub optimizer: Adam,
    /// Tolerances and their multipliers, of the objective `geco`.
    pub geco: Option<Geco>,
    loss: Loss,
    /// Draws per design of the objective `iwae`.
    importance_samples: Option<usize>,
    weights: Vec<(String, Var)>,
    max_gradient_norm: f64,
}

/// What a step saw on its batch.
#[derive(Clone, Copy, Debug)]
pub struct StepTerms {
    /// The loss and its parts, before the update.
    pub parts: Parts,
    /// Global gradient norm before clipping.
    pub gradient_norm: f64,
}

impl Learner {
    /// A network with initial weights from the seed of the configuration, and an optimizer that has
    /// not moved yet.
    ///
    /// # Errors
    /// When no network can be built from `model`, or a setting of the optimizer is out of its
    /// domain.
    pub fn new(config: &Config, model: &ModelConfig, device: &Device) -> Result<Self> {
        let training = &config.training;
        let parameters = Parameters::new(config.seed, DType::F32, device.clone());
        let vae = Vae::new(model, parameters.var_builder())?;
        let weights = parameters.trainable();
        let adam = AdamConfig {
            lr: training.learning_rate,
            weight_decay: training.weight_decay,
            ..AdamConfig::default()
        };
        let optimizer = Adam::new(weights.clone(), adam)?;
        let max_gradient_norm = if training.max_gradient_norm == 0.0 {
            f64::INFINITY
        } else {
            training.max_gradient_norm
        };
        let loss = Loss::new(training.objective, model).with_free_bits(training.free_bits);
        let geco = (training.objective == Objective::Geco)
            .then(|| Geco::new(training, model.height * model.width));
        let importance_samples =
            (training.objective == Objective::Iwae).then_some(training.importance_samples);
        Ok(Self {
            vae,
            parameters,
            optimizer,
            geco,
            loss,
            importance_samples,
            weights,
            max_gradient_norm,
        })
    }

    /// Draws of z per design that a step takes.
    pub fn draws(&self) -> usize {
        self.importance_samples.unwrap_or(1)
    }

    /// What a step minimizes.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Takes the weights of another network of the same architecture, which came from `path`.
    ///
    /// # Errors
    /// [`TrainError::OtherArchitecture`] if a tensor has another name or shape.
    pub fn take_weights(&self, from: &Parameters, path: &Path) -> Result<()> {
        let tensors =
            from.iter().map(|(name, variable)| (name, variable.as_tensor().clone())).collect();
        self.parameters.load(&tensors).map_err(|error| TrainError::OtherArchitecture {
            path: path.to_owned(),
            message: error.to_string(),
        })
    }

    /// One step: forward, loss, backward, clip, update. `eps` ([`draws`](Self::draws) · B, Z) are
    /// standard normal draws, `beta` the weight of the KL term.
    ///
    /// If a term is not finite the update is left out, and the caller sees the term in the result.
    ///
    /// # Errors
    /// When the batch does not fit the network.
    pub fn step(&mut self, batch: &Batch, eps: &Tensor, beta: f64) -> Result<StepTerms> {
        let Batch { xs, cs, mask } = batch;
        let (cs, mask) = (cs.as_ref(), mask.as_ref());
        let mut balance = None;
        let (loss, parts) = if let Some(draws) = self.importance_samples {
            let eps = eps.reshape((draws, xs.dim(0)?, eps.dim(1)?))?;
            Loss::of_weights(&self.vae.importance_weights(xs, cs, &eps, mask, true)?, beta)?
        } else {
            let elbo = self.vae.elbo(xs, cs, eps, mask, true)?;
            if let Some(geco) = &self.geco {
                let mean = self.vae.mean(&elbo.params)?;
                let (loss, parts, next) = geco.of_batch(&elbo, &mean, batch, beta)?;
                balance = Some(next);
                (loss, parts)
            } else {
                self.loss.of_batch(&elbo, beta)?
            }
        };
        let mut gradients = loss.backward()?;
        let gradient_norm =
            clip_global_norm(&mut gradients, &self.weights, self.max_gradient_norm)?;
        let terms = StepTerms { parts, gradient_norm };
        if terms.not_finite().is_none() {
            self.optimizer.step(&gradients)?;
            self.geco = balance;
        }
        Ok(terms)
    }
}

impl StepTerms {
    /// The first term that is infinite or NaN, by name.
    pub fn not_finite(&self) -> Option<(&'static str, f64)> {
        let terms = [
            ("the expected log-likelihood", self.parts.log_likelihood),
            ("the KL term", self.parts.kl),
            ("the gradient norm", self.gradient_norm),
        ];
        terms.into_iter().find(|(_, value)| !value.is_finite())
    }
}
