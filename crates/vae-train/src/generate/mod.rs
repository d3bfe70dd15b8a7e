//! Generating: conditions and codes of new designs, and ways through the latent space.

mod chain;
mod conditions;
mod flow;
mod sampler;
mod walks;

pub use chain::{Chain, chain};
pub use conditions::{condition_column, conditions, set_conditions};
pub use flow::{Flow, FlowScores};
pub use sampler::Sampler;
pub use walks::{Path, by_effect, path, square};
