#![doc = include_str!("../README.md")]

pub mod files;
pub mod layers;
mod remedy;
mod stream;
pub mod text;

pub use files::FileError;
pub use remedy::{Note, Remedy};
pub use stream::{keyed, stream};
