//! Everything that is special to the lecture: its losses, its remark on splits, and how its presets
//! become bounds. Its numbers are in `presets/tutorial-*.toml`.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use vae_models::{Likelihood, Sigma};

use crate::data::TargetKind;
use crate::error::{Result, TrainError};
use crate::learn::objective::rule::{Rule, Sizes};
use crate::learn::objective::weighted::{Reduction, Weighted};

/// The lecture's losses, as its PyTorch code reduces them.
///
/// For Bernoulli pixels: cross-entropy plus β · KL, summed over everything, designs included. For
/// the squared error: `mean (x − m)² + β · mean KL`, the first mean over designs and pixels, the
/// second over designs and latents.
///
/// The second loss is a Gaussian's bound in disguise: with `w = β n / Z` for n pixels and Z
/// latents, `Σ (x − m)² / 2σ² + Σ KL` is the same up to its scale if `σ² = w/2`, a noise that the
/// loss implies and never states ([`Loss::implied_sigma`](crate::learn::Loss::implied_sigma)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lecture {}

impl Rule for Lecture {
    fn check(&self, likelihood: Likelihood) -> Result<()> {
        if matches!(likelihood, Likelihood::Bernoulli | Likelihood::SquaredError) {
            return Ok(());
        }
        Err(TrainError::Setting {
            key: "training.objective",
            value: "lecture".into(),
            reason: format!(
                "the lecture has no `{likelihood}`; take `bernoulli`, `squared-error`, or the objective `elbo`"
            ),
        })
    }

    fn weighted(&self, sizes: &Sizes) -> Weighted {
        let reduction = match sizes.likelihood {
            Likelihood::SquaredError => {
                Reduction::Means { pixels: sizes.pixels as f64, latents: sizes.latents as f64 }
            }
            Likelihood::Bernoulli => Reduction::OverBatch,
            _ => Reduction::PerDesign,
        };
        Weighted { reduction, free_bits: 0.0 }
    }

    fn name(&self, sizes: &Sizes, beta: f64) -> String {
        match self.weighted(sizes).reduction {
            Reduction::Means { .. } => format!("mean squared error + {beta} · mean KL"),
            _ => format!("summed cross-entropy + {beta} · summed KL"),
        }
    }

    fn aim(&self, sizes: &Sizes, beta: f64) -> String {
        let name = self.name(sizes, beta);
        let Some(sigma) = self.weighted(sizes).implied_sigma(beta) else {
            return format!("loss: {name}");
        };
        let variance = sigma * sigma;
        format!(
            "loss: {name}; as a Gaussian's bound it would state a pixel noise of σ = {sigma:.1} (variance {variance:.1}) on densities between 0 and 1"
        )
    }

    fn caveat(&self) -> Option<&'static str> {
        Some("the lecture splits designs at random; here whole groups are held out")
    }
}

/// The settings that turn a preset of the lecture with this likelihood into one with a bound: what
/// is compared becomes a likelihood, and β becomes 1.
///
/// The cross-entropy is a likelihood of designs thresholded to 0 and 1; the squared error is that
/// of a Gaussian whose noise is learned.
pub(crate) fn as_bound(likelihood: Likelihood) -> Table {
    let mut settings = toml::toml! {
        [training]
        beta = 1.0
        objective = { kind = "elbo" }
    };
    let (section, key, value) = if likelihood == Likelihood::SquaredError {
        ("model", "likelihood", Value::try_from(Likelihood::Gaussian { sigma: Sigma::Shared }))
    } else {
        ("data", "targets", Value::try_from(TargetKind::Binary))
    };
    let value = value.expect("a likelihood and a kind of targets can be written as TOML");
    settings.insert(section.to_owned(), Value::Table(Table::from_iter([(key.to_owned(), value)])));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_squared_error_states_its_noise_and_a_cross_entropy_has_none() {
        let sizes = |likelihood| Sizes { likelihood, pixels: 200, latents: 4 };
        let said = Lecture {}.aim(&sizes(Likelihood::SquaredError), 1.0);
        // σ² = β n / 2 Z.
        assert!(said.contains("a pixel noise of σ = 5.0 (variance 25.0)"), "{said}");
        let said = Lecture {}.aim(&sizes(Likelihood::Bernoulli), 1.0);
        assert_eq!(said, "loss: summed cross-entropy + 1 · summed KL");
    }
}
