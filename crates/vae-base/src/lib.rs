#![doc = include_str!("../README.md")]

mod attempt;
mod error;
pub mod files;
mod kill_point;
pub mod layers;
mod lock;
pub mod paths;
mod reading;
mod remedy;
mod spread;
mod stream;
pub mod text;
mod unfinished;

pub use error::FileError;
pub use lock::Lock;
pub use remedy::{Note, Remedy};
pub use spread::{evenly_spaced, spread};
pub use stream::{keyed, stream};
