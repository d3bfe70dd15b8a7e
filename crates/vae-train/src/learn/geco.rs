//! A tolerance instead of a weight: the smallest KL under which reconstructions are good enough.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use vae_models::{ElboTerms, Vae};

use crate::data::targets::{Batch, Targets};
use crate::error::Result;
use crate::learn::config::TrainingConfig;
use crate::learn::metrics::Parts;
use crate::learn::objective::scalar;
use crate::score::evaluate::{compare, reconstruct};

/// Share of the old value in the moving average of a constraint.
const MEMORY: f64 = 0.99;
/// How fast a multiplier follows its constraint.
const RATE: f64 = 0.01;
/// A constraint pushes its multiplier no harder than if it were exceeded by its own size.
const HARDEST: f64 = 1.0;

/// What may be asked of a reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// `√(mean (x − m)²)` over active pixels and designs, of densities in [0, 1]. Its square has
    /// the mean picture as its optimum, where the difference without its sign has the median, which
    /// of sparse designs is void.
    DensityError,
    /// `|mean (x − m)|` over the active pixels of a design, averaged over designs.
    VolumeError,
}

/// A tolerance and the multiplier that it has led to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// Of what.
    pub quantity: Quantity,
    /// The error that is allowed.
    pub tolerance: f64,
    /// Weight of the constraint `error / tolerance − 1` in the loss.
    pub multiplier: f64,
    /// Its moving average; none before the first step.
    pub average: Option<f64>,
}

/// Minimizes the KL subject to `error ≤ tolerance`: the balance of the two sets itself.
///
/// With `C = error / tolerance − 1`, the loss of a step is `KL + Σ λ (C + stop(Ĉ − C))`. Then `Ĉ ←
/// 0.99 Ĉ + 0.01 C` and `λ ← λ exp(0.01 Ĉ)`, the exponent within ±0.01. A multiplier starts at the
/// number of pixels for the density error, which is the bound of a Gaussian whose deviation is the
/// tolerance, and at 1 for the volume error. The loss is no bound on anything; bounds are printed
/// apart.
///
/// # References
/// Rezende & Viola 2018, "Taming VAEs", algorithm 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geco {
    /// The constraints; the density error is always among them.
    pub constraints: Vec<Constraint>,
}

impl Geco {
    /// The tolerances of a configuration, for designs of so many pixels.
    pub fn new(training: &TrainingConfig, pixels: usize) -> Self {
        let constraint = |quantity, tolerance, multiplier| Constraint {
            quantity,
            tolerance,
            multiplier,
            average: None,
        };
        let mut constraints =
            vec![constraint(Quantity::DensityError, training.density_tolerance, pixels as f64)];
        if 0.0 < training.volume_tolerance {
            constraints.push(constraint(Quantity::VolumeError, training.volume_tolerance, 1.0));
        }
        Self { constraints }
    }

    /// The loss of a batch as a scalar, its value and parts per design, and the state after the
    /// step.
    ///
    /// `mean` is E[x|z] of the same draw as `terms`; `beta` weighs the KL while it warms up.
    ///
    /// # Errors
    /// What the tensor operations say.
    pub fn of_batch(
        &self,
        terms: &ElboTerms,
        mean: &Tensor,
        batch: &Batch,
        beta: f64,
    ) -> Result<(Tensor, Parts, Self)> {
        let kl = terms.kl.sum(1)?.mean_all()?;
        let log_likelihood = scalar(&terms.log_likelihood.mean_all()?)?;
        let mut value = beta * scalar(&kl)?;
        let mut loss = kl.affine(beta, 0.0)?;
        let mut next = self.clone();
        for constraint in &mut next.constraints {
            let error = constraint.quantity.of_batch(mean, &batch.xs, batch.mask.as_ref())?;
            let multiplier = constraint.multiplier;
            let weight = multiplier / constraint.tolerance;
            loss = (loss + error.affine(weight, -multiplier)?)?;
            constraint.learn(scalar(&error)? / constraint.tolerance - 1.0);
            // The moving average is what is shown; it is no part of the gradient.
            value += multiplier * constraint.average.unwrap_or(0.0);
        }
        Ok((loss, Parts { loss: value, log_likelihood, kl: scalar(&kl)? }, next))
    }

    /// By how much of itself the worst tolerance is exceeded by reconstructions from posterior
    /// means; 0 if all are kept.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn excess(
        &self,
        vae: &Vae,
        designs: &Targets<'_>,
        indices: &[usize],
        device: &Device,
    ) -> Result<f64> {
        let errors = compare(designs, indices, &reconstruct(vae, designs, indices, device)?)?;
        let worst = self.constraints.iter().map(|constraint| {
            let error = match constraint.quantity {
                Quantity::DensityError => errors.mse.sqrt(),
                Quantity::VolumeError => errors.volume_error,
            };
            error / constraint.tolerance - 1.0
        });
        Ok(worst.fold(0.0, f64::max))
    }
}

impl Constraint {
    /// Takes the constraint `error / tolerance − 1` of a step into the average, and the average
    /// into the multiplier.
    fn learn(&mut self, exceeded: f64) {
        let average = match self.average {
            None => exceeded,
            Some(average) => MEMORY * average + (1.0 - MEMORY) * exceeded,
        };
        self.average = Some(average);
        // Bounds far outside any use: a multiplier of 0 or infinity would never come back.
        let multiplier = self.multiplier * (RATE * average.clamp(-HARDEST, HARDEST)).exp();
        self.multiplier = multiplier.clamp(1e-6, 1e12);
    }
}

impl Quantity {
    /// Its error on a batch, a scalar.
    fn of_batch(self, mean: &Tensor, xs: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let difference = (mean - xs)?;
        let (difference, active) = match mask {
            None => {
                let pixels = difference.elem_count() / difference.dim(0)?;
                let active = Tensor::full(pixels as f64, difference.dim(0)?, &Device::Cpu)?;
                (difference, active.to_dtype(mean.dtype())?)
            }
            Some(mask) => {
                let mask = mask.to_dtype(mean.dtype())?.broadcast_as(difference.shape())?;
                let active = mask.flatten_from(1)?.sum(1)?.maximum(1.0)?;
                ((difference * mask)?, active)
            }
        };
        let difference = difference.flatten_from(1)?;
        Ok(match self {
            Self::DensityError => {
                let pixels = scalar(&active.to_dtype(DType::F64)?.sum_all()?)?;
                // Never quite 0, where the root has no derivative.
                difference.sqr()?.sum_all()?.affine(pixels.recip(), 1e-12)?.sqrt()?
            }
            Self::VolumeError => (difference.sum(1)?.abs()? / active)?.mean_all()?,
        })
    }
}
