//! Multipliers of constraints on reconstructions, which set the balance of the objective `geco`.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::codes::scalar;
use crate::error::Result;
use crate::score::Reconstruction;

/// Share of the old value in the moving average of a constraint.
const MEMORY: f64 = 0.99;
/// How fast a multiplier follows its constraint.
const RATE: f64 = 0.01;
/// A constraint pushes its multiplier no harder than if it were exceeded by its own size.
const HARDEST: f64 = 1.0;

/// A quantity that may be constrained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// `√(mean (x − m)²)` over active pixels and designs, of densities in [0, 1]. The squared
    /// difference is smallest at the mean picture; the absolute difference would be smallest at the
    /// median, which is void for sparse designs.
    DensityError,
    /// `|mean (x − m)|` over the active pixels of a design, averaged over designs.
    VolumeError,
}

/// A tolerance and its multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// The constrained quantity.
    pub quantity: Quantity,
    /// The error that is allowed.
    pub tolerance: f64,
    /// Weight of the constraint `error / tolerance − 1` in the loss.
    pub multiplier: f64,
    /// Moving average of the constraint; `None` before the first step.
    pub average: Option<f64>,
}

/// Constraints with the state of their multipliers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// The constraints; the density error is always among them.
    pub constraints: Vec<Constraint>,
}

impl Balance {
    /// By how much the worst tolerance is exceeded by reconstructions with these errors, as a share
    /// of it; 0 if all are kept.
    pub(crate) fn excess(&self, errors: &Reconstruction) -> f64 {
        let worst = self.constraints.iter().map(|constraint| {
            let error = match constraint.quantity {
                Quantity::DensityError => errors.mse.sqrt(),
                Quantity::VolumeError => errors.volume_error,
            };
            error / constraint.tolerance - 1.0
        });
        worst.fold(0.0, f64::max)
    }
}

impl Constraint {
    /// Updates the average with the constraint `error / tolerance − 1` of a step, and the
    /// multiplier with the average.
    pub(crate) fn learn(&mut self, exceeded: f64) {
        let average = match self.average {
            None => exceeded,
            Some(average) => MEMORY * average + (1.0 - MEMORY) * exceeded,
        };
        self.average = Some(average);
        // Bounds far outside the useful range: a multiplier of 0 or infinity would never recover.
        let multiplier = self.multiplier * (RATE * average.clamp(-HARDEST, HARDEST)).exp();
        self.multiplier = multiplier.clamp(1e-6, 1e12);
    }
}

impl Quantity {
    /// The error on a batch, a scalar.
    pub(crate) fn of_batch(
        self,
        mean: &Tensor,
        xs: &Tensor,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
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
