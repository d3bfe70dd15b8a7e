//! The network on tensors.

mod bounds;
mod condition_input;
mod likelihood_head;
mod posterior;
mod sequential;
mod start;
pub(crate) mod vae;

pub use bounds::{ElboTerms, WeightTerms};
pub use likelihood_head::{LOG_STD_FLOOR, LOGIT_CAP};
pub use posterior::{LOG_VAR_BOUNDS, Posterior};
pub use vae::Vae;
