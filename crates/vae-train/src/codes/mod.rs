//! Codes of designs: random draws, and passes of a model from designs to codes and back.

mod draws;
mod passes;
mod tensors;

pub use draws::prior_draws;
pub use passes::{decode, encode, posteriors, reconstruct};

pub(crate) use draws::{noise, noise_by_design};
pub(crate) use passes::BATCH;
pub(crate) use tensors::{add_to, row_sums, scalar, sum, values};
