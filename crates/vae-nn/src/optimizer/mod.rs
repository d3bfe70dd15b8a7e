//! The optimizers, and the limit on the gradient before them.

mod adam;
mod clip;
mod muon;
mod orthogonal;
mod variables;

pub use adam::{Adam, AdamConfig};
pub use clip::clip_global_norm;
pub use muon::Muon;
