//! Designs as a model is given them: targets, conditions, mirror images, batches.

mod augment;
mod augment_choice;
mod given;
mod kind;
mod pixels;
mod strided;
mod targets;
mod told;
mod untold;

pub use augment::Augmentation;
pub use augment_choice::{Augment, AugmentRule};
pub use given::Given;
pub use kind::TargetKind;
pub use pixels::Pixels;
pub use targets::{Batch, Targets};
pub use told::Told;

pub(crate) use pixels::stack;
pub(crate) use strided::strided;
