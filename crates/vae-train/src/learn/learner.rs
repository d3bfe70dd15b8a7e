//! A model in training, and the step that it takes. Training runs this code, and the benchmark
//! times it.

use std::path::Path;

use candle_core::{DType, Device, Tensor, Var};
use vae_models::{ModelConfig, Vae};
use vae_nn::{Parameters, clip_global_norm};

use crate::data::Batch;
use crate::error::{Result, TrainError};
use crate::learn::config::Config;
use crate::learn::objective::{Balance, Loss, Parts};
use crate::learn::optimizer::Optimizer;

/// A model in training.
pub struct Learner {
    /// The network.
    pub vae: Vae,
    /// Its tensors by name.
    pub parameters: Parameters,
    /// The optimizer, with its moments.
    pub optimizer: Optimizer,
    /// Constraints and their multipliers, of the objective `geco`; `None` for others.
    pub balance: Option<Balance>,
    loss: Loss,
    weights: Vec<(String, Var)>,
    max_gradient_norm: f64,
}

/// What a step computed on its batch.
#[derive(Clone, Copy, Debug)]
pub struct StepTerms {
    /// The loss and its terms, before the update.
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
        let optimizer = Optimizer::new(training, weights.clone())?;
        let max_gradient_norm = if training.max_gradient_norm == 0.0 {
            f64::INFINITY
        } else {
            training.max_gradient_norm
        };
        let loss = Loss::new(training.objective, model);
        let balance = loss.balance();
        Ok(Self { vae, parameters, optimizer, balance, loss, weights, max_gradient_norm })
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

    /// One step: forward, loss, backward, clip, update. `eps` ([`Loss::draws`] · B, Z) are standard
    /// normal draws, `beta` is the weight of the KL term.
    ///
    /// If a term is not finite, the update is left out, and the caller sees the term in the result.
    ///
    /// # Errors
    /// When the batch does not fit the network.
    pub fn step(&mut self, batch: &Batch, eps: &Tensor, beta: f64) -> Result<StepTerms> {
        let step = self.loss.step(&self.vae, batch, eps, beta, self.balance.as_ref())?;
        let mut gradients = step.loss.backward()?;
        let gradient_norm =
            clip_global_norm(&mut gradients, &self.weights, self.max_gradient_norm)?;
        let terms = StepTerms { parts: step.parts, gradient_norm };
        if terms.not_finite().is_none() {
            self.optimizer.step(&gradients)?;
            self.balance = step.balance;
        }
        Ok(terms)
    }
}

impl StepTerms {
    /// The first term that is infinite or NaN, with its name; `None` if all are finite.
    pub fn not_finite(&self) -> Option<(&'static str, f64)> {
        let terms = [
            ("the expected log-likelihood", self.parts.terms.log_likelihood),
            ("the KL term", self.parts.terms.kl),
            ("the gradient norm", self.gradient_norm),
        ];
        terms.into_iter().find(|(_, value)| !value.is_finite())
    }
}
