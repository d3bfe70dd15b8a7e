//! Designs as a model is given them: targets, the conditions it is told, mirror images, batches.

pub mod augment;
pub mod targets;
pub mod told;
