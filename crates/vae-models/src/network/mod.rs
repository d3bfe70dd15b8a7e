//! The network on tensors.

mod bounds;
mod condition_input;
mod context;
mod field_input;
mod finite;
mod likelihood_head;
mod posterior;
mod residual;
mod sequential;
mod start;
pub(crate) mod vae;

pub use bounds::{ElboTerms, WeightTerms};
pub use context::Context;
pub use finite::finite;
pub use likelihood_head::LOG_STD_FLOOR;
pub use posterior::Posterior;
pub use vae::Vae;
