//! Families of problems: files of axes and templates, scattered supports and loads, and what
//! mirroring does to their problems.

mod axis;
mod family;
mod mirror_rules;
mod numbering;
mod scatter;
mod symmetry;
mod template;

pub use axis::{Axis, Companion};
pub use family::Family;
pub(crate) use family::SIDE;
pub use scatter::{ClippedNormal, Scatter};
pub use symmetry::symmetry_key;
