//! Designs as a model is given them: targets, conditions, mirror images, batches.

mod augment;
mod kind;
mod pixels;
mod targets;
mod told;

pub use augment::Augmentation;
pub use kind::TargetKind;
pub use pixels::Pixels;
pub use targets::{Batch, Targets};
pub use told::Told;

pub(crate) use pixels::{stack, tensor};
