//! Tolerances in place of a weight: the smallest KL under which reconstructions are good enough.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use vae_models::{Likelihood, Scale, Sigma};
use vae_prob::Elbo;

use crate::codes::{reconstruct, scalar};
use crate::data::Batch;
use crate::error::Result;
use crate::learn::objective::balance::{Balance, Constraint, Quantity};
use crate::learn::objective::rule::{HeldOut, Question, Rule, Sizes, Step, in_range, refuse};
use crate::learn::objective::terms::{Parts, Validation};
use crate::score::compare;

/// Minimizes the KL subject to `error ≤ tolerance`; the balance of the two sets itself.
///
/// With `C = error / tolerance − 1`, the loss of a step is `KL + Σ λ (C + stop(Ĉ − C))`. Then `Ĉ ←
/// 0.99 Ĉ + 0.01 C` and `λ ← λ exp(0.01 Ĉ)`, the exponent within ±0.01. A multiplier starts at the
/// number of pixels for the density error, which is the bound of a Gaussian whose deviation is the
/// tolerance, and at 1 for the volume error. The loss is not a bound on anything; bounds are scored
/// apart.
///
/// # References
/// Rezende & Viola 2018, "Taming VAEs", algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tolerances {
    /// Allowed density error (root of the mean square), as a share: 0.02 is 2 %.
    pub density_tolerance: f64,
    /// Allowed mean error of the volume fraction, as a share; 0 does not constrain the volume.
    pub volume_tolerance: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self { density_tolerance: 0.02, volume_tolerance: 0.0 }
    }
}

impl Rule for Tolerances {
    fn check(&self, likelihood: Likelihood) -> Result<()> {
        if matches!(
            likelihood,
            Likelihood::Gaussian { sigma: Sigma::Shared }
                | Likelihood::DiscretizedLogistic { scale: Scale::Shared }
        ) {
            return refuse(
                likelihood,
                "the objective `geco` cannot train a noise; take `gaussian:optimal`, or state a noise",
            );
        }
        let (density, volume) = (self.density_tolerance, self.volume_tolerance);
        let reason = "a tolerance is an error between 0 and 1, such as 0.02 for 2 %";
        let holds = 0.0 < density && density < 1.0;
        in_range("training.objective.density_tolerance", density, holds, reason)?;
        let holds = (0.0..1.0).contains(&volume);
        in_range("training.objective.volume_tolerance", volume, holds, reason)
    }

    fn weighs_itself(&self) -> bool {
        true
    }

    fn balance(&self, sizes: &Sizes) -> Option<Balance> {
        let constraint = |quantity, tolerance, multiplier| Constraint {
            quantity,
            tolerance,
            multiplier,
            average: None,
        };
        let pixels = sizes.pixels as f64;
        let mut constraints =
            vec![constraint(Quantity::DensityError, self.density_tolerance, pixels)];
        if 0.0 < self.volume_tolerance {
            constraints.push(constraint(Quantity::VolumeError, self.volume_tolerance, 1.0));
        }
        Some(Balance { constraints })
    }

    /// Errors are those of E[x|z] for the z of the KL's draw; β weighs the KL while it warms up.
    fn step(&self, sizes: &Sizes, question: &Question<'_>) -> Result<Step> {
        let Question { vae, batch, eps, beta, balance } = *question;
        let Batch { xs, mask, .. } = batch;
        let terms = vae.elbo(xs, &batch.context(vae, true)?, eps, mask.as_ref(), true)?;
        let mean = vae.mean(&terms.params)?;
        let kl = terms.kl.sum(1)?.mean_all()?;
        let log_likelihood = scalar(&terms.log_likelihood.mean_all()?)?;
        let mut value = beta * scalar(&kl)?;
        let mut loss = kl.affine(beta, 0.0)?;
        let mut next = balance.cloned().or_else(|| self.balance(sizes));
        for constraint in next.iter_mut().flat_map(|balance| &mut balance.constraints) {
            let error = constraint.quantity.of_batch(&mean, xs, mask.as_ref())?;
            let multiplier = constraint.multiplier;
            let weight = multiplier / constraint.tolerance;
            loss = (loss + error.affine(weight, -multiplier)?)?;
            constraint.learn(scalar(&error)? / constraint.tolerance - 1.0);
            // The moving average is what is shown; it is no part of the gradient.
            value += multiplier * constraint.average.unwrap_or(0.0);
        }
        let terms = Elbo { log_likelihood, kl: scalar(&kl)? };
        Ok(Step { loss, parts: Parts { loss: value, terms }, balance: next })
    }

    /// The loss on held-out designs is the KL; errors are those of reconstructions from posterior
    /// means.
    fn validate(&self, scores: &mut Validation, held_out: &HeldOut<'_>) -> Result<()> {
        let HeldOut { vae, designs, indices, balance, device } = held_out;
        if let Some(balance) = balance {
            let reconstructions = reconstruct(vae, designs, indices, device)?;
            scores.excess = Some(balance.excess(&compare(designs, indices, &reconstructions)?));
        }
        scores.loss = scores.terms.kl;
        Ok(())
    }

    /// First the excess over the tolerances, then the KL.
    fn criterion(&self, scores: &Validation) -> (f64, f64) {
        (scores.excess.unwrap_or(0.0), scores.terms.kl)
    }

    fn name(&self, _sizes: &Sizes, _beta: f64) -> String {
        "KL under tolerances".to_owned()
    }

    fn aim(&self, _sizes: &Sizes, _beta: f64) -> String {
        let mut text = format!(
            "minimizes the KL while reconstructions keep to a density error of {} % (root of the mean square)",
            100.0 * self.density_tolerance
        );
        if 0.0 < self.volume_tolerance {
            let _ = write!(text, " and a volume error of {} %", 100.0 * self.volume_tolerance);
        }
        text + "; the balance sets itself"
    }
}
