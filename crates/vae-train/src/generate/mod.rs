//! Generating: conditions and codes of new designs, and ways through the latent space.

mod conditions;
mod mixture;
mod samplers;
mod walks;

pub use conditions::{condition_column, conditions, set_conditions};
pub use mixture::{Component, Mixture};
pub use samplers::{Sampler, SamplerScores, Samplers};
pub use walks::{Path, by_effect, path, square};
