//! Ways to draw codes of new designs.

use serde::{Deserialize, Serialize};

/// A way to draw codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// The prior: p(z), or p(z|problem) of a model that is told the problem.
    Prior,
    /// The [`Flow`](crate::generate::Flow) that was fitted to the codes of the data.
    #[default]
    Flow,
}
