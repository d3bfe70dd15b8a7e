//! The optimizer that a configuration names.

use std::collections::{BTreeMap, HashMap};

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use vae_nn::{Adam, AdamConfig, Error, Muon};

use crate::learn::config::{OptimizerKind, TrainingConfig};

/// The optimizer of a model in training, with its moments.
#[derive(Debug)]
pub enum Optimizer {
    /// Adam for all weights.
    Adam(Adam),
    /// Muon for matrices, Adam for the rest.
    Muon(Muon),
}

impl Optimizer {
    /// The optimizer of these settings for named weights, before its first step.
    ///
    /// # Errors
    /// If a setting is out of its domain.
    pub fn new(training: &TrainingConfig, weights: Vec<(String, Var)>) -> Result<Self, Error> {
        let config = AdamConfig {
            lr: training.learning_rate,
            weight_decay: training.weight_decay,
            ..AdamConfig::default()
        };
        match training.optimizer {
            OptimizerKind::Adam => Adam::new(weights, config).map(Self::Adam),
            OptimizerKind::Muon => Muon::new(weights, config).map(Self::Muon),
        }
    }

    /// Moves the weights that have a gradient.
    ///
    /// # Errors
    /// If a gradient does not fit its weight.
    pub fn step(&mut self, gradients: &GradStore) -> Result<(), Error> {
        match self {
            Self::Adam(adam) => adam.step(gradients),
            Self::Muon(muon) => muon.step(gradients),
        }
    }

    /// Sets the learning rate of the steps to come.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<(), Error> {
        match self {
            Self::Adam(adam) => adam.set_learning_rate(rate),
            Self::Muon(muon) => muon.set_learning_rate(rate),
        }
    }

    /// The tensors that [`Optimizer::load_state`] needs to go on.
    ///
    /// # Errors
    /// If candle cannot make a tensor.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>, Error> {
        match self {
            Self::Adam(adam) => adam.state(),
            Self::Muon(muon) => muon.state(),
        }
    }

    /// Restores a state of the same optimizer of the same weights.
    ///
    /// # Errors
    /// If a tensor is missing, unknown, or has another shape; then nothing is changed.
    pub fn load_state(&mut self, state: &HashMap<String, Tensor>) -> Result<(), Error> {
        match self {
            Self::Adam(adam) => adam.load_state(state),
            Self::Muon(muon) => muon.load_state(state),
        }
    }
}
