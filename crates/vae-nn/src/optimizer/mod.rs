//! The optimizer, and the limit on the gradient before it.

mod adam;
mod clip;

pub use adam::{Adam, AdamConfig};
pub use clip::clip_global_norm;
