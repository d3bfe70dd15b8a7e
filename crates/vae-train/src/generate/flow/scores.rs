//! How well a flow describes codes.

use serde::{Deserialize, Serialize};

/// How well a flow describes the codes of the validation designs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowScores {
    /// Steps that the best weights took.
    pub steps: u64,
    /// Mean squared error of the velocity per latent dimension, of the validation codes.
    pub loss: f64,
    /// The same error of a flow that stays at the prior: what there is to gain on.
    pub prior_loss: f64,
}
