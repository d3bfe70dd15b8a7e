//! The cross-entropy of grey designs.

use serde::{Deserialize, Serialize};
use vae_models::Likelihood;

use crate::error::Result;
use crate::learn::objective::rule::{Rule, Sizes, refuse};

/// The Bernoulli cross-entropy of grey designs plus β · KL: not a bound, and called by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {}

impl Rule for CrossEntropy {
    fn check(&self, likelihood: Likelihood) -> Result<()> {
        if likelihood == Likelihood::Bernoulli {
            return Ok(());
        }
        refuse(likelihood, "the objective `cross-entropy` needs the likelihood `bernoulli`")
    }

    fn name(&self, _sizes: &Sizes, _beta: f64) -> String {
        "Bernoulli cross-entropy".to_owned()
    }

    fn aim(&self, sizes: &Sizes, beta: f64) -> String {
        format!("minimizes {}: on grey designs that is not a bound", self.name(sizes, beta))
    }
}
