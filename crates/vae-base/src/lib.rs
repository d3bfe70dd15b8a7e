#![doc = include_str!("../README.md")]

pub mod files;
mod stream;
pub mod text;

pub use files::FileError;
pub use stream::{keyed, stream};
