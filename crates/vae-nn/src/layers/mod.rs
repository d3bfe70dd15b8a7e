//! Layers and activations, one at a time.

pub(crate) mod activation;
pub(crate) mod batch_norm;
pub(crate) mod conv2d;
pub(crate) mod conv_transpose2d;
pub(crate) mod linear;
pub(crate) mod upsample;
mod weights;

pub use activation::{leaky_relu, relu, silu, softplus, tanh};
pub use batch_norm::BatchNorm2d;
pub use conv_transpose2d::{ConvTranspose2d, ConvTranspose2dConfig};
pub use conv2d::{Conv2d, Conv2dConfig};
pub use linear::Linear;
pub use upsample::upsample_nearest2d;
