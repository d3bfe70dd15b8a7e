//! Generating: codes of new designs, and ways through the latent space.

pub mod explore;
pub mod mixture;
pub mod sampler;
