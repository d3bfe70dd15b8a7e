//! The penalty and the sharpness of the projection, which grow during the optimization.

use super::{
    options::Options,
    projection::{ProjectionRule, Step, volume_preserving_eta},
};
use crate::mechanics::Modulus;

/// Where an optimization is on its way to the final penalty and sharpness.
pub(super) struct Continuation<'a> {
    options: &'a Options,
    /// Sharpness and threshold of the projection; unused without one.
    beta: f64,
    eta: f64,
    penalty: f64,
    /// The density below which the modulus is linear.
    linear_below: f64,
    /// Iterations since the penalty or the sharpness changed.
    stage: usize,
}

/// What changed for the next iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// Nothing.
    Nothing,
    /// The penalty, or the sharpness from the next densities on.
    Harder,
    /// The sharpness, and the present densities are to be projected anew.
    Sharper,
}

impl<'a> Continuation<'a> {
    pub(super) fn new(options: &'a Options, linear_below: f64) -> Self {
        Self {
            options,
            beta: options.projection.map_or(1.0, |projection| projection.beta),
            eta: 0.5,
            penalty: options
                .penalty_continuation
                .map_or(options.penalty, |continuation| continuation.first),
            linear_below,
            stage: 0,
        }
    }

    /// The stiffness law of this iteration.
    pub(super) const fn modulus(&self) -> Modulus {
        let Self { linear_below, penalty, .. } = *self;
        Modulus { code: self.options.code, penalty, linear_below }
    }

    /// Moves the threshold of a projection that preserves the volume to where the free densities
    /// have this sum.
    pub(super) fn preserve_volume(&mut self, free: impl Iterator<Item = f64> + Clone, volume: f64) {
        let rule = self.options.projection.map(|projection| projection.rule);
        if rule == Some(ProjectionRule::VolumePreserving) {
            self.eta = volume_preserving_eta(free, self.beta, volume, self.eta);
        }
    }

    /// The projection whose stiffness is optimized.
    pub(super) fn stiffness_step(&self) -> Option<Step> {
        let beta = self.beta;
        Some(match self.options.projection?.rule {
            ProjectionRule::Exponential => Step::Exponential { beta },
            ProjectionRule::Tanh { eta } => Step::Tanh { beta, eta },
            ProjectionRule::VolumePreserving => Step::Tanh { beta, eta: self.eta },
            ProjectionRule::Robust { offset } => Step::Tanh { beta, eta: 0.5 + offset },
        })
    }

    /// The projection whose volume is held, if that is not the volume of the filtered densities.
    pub(super) fn volume_step(&self) -> Option<Step> {
        let beta = self.beta;
        match self.options.projection?.rule {
            ProjectionRule::Exponential => Some(Step::Exponential { beta }),
            ProjectionRule::Tanh { eta } => Some(Step::Tanh { beta, eta }),
            ProjectionRule::VolumePreserving => None,
            ProjectionRule::Robust { .. } => Some(Step::Tanh { beta, eta: 0.5 }),
        }
    }

    /// Goes on to the next penalty or sharpness if it is time; `settled` says that the present one
    /// has nothing more to give.
    pub(super) fn advance(&mut self, settled: bool) -> Advance {
        self.stage += 1;
        if let Some(continuation) = self.options.penalty_continuation
            && self.penalty < self.options.penalty
        {
            if settled || self.stage >= continuation.iterations_per_step {
                self.penalty = (self.penalty + continuation.step).min(self.options.penalty);
                self.stage = 0;
                return Advance::Harder;
            }
            return Advance::Nothing;
        }
        if let Some(projection) = self.options.projection
            && self.beta < projection.max_beta
            && (settled || self.stage >= projection.iterations_per_beta)
        {
            self.beta = (2.0 * self.beta).min(projection.max_beta);
            self.stage = 0;
            // The 110-line code solves once more with the densities of the old sharpness.
            return if projection.rule == ProjectionRule::Exponential {
                Advance::Harder
            } else {
                Advance::Sharper
            };
        }
        Advance::Nothing
    }
}
