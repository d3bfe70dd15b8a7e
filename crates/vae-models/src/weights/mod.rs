//! Networks as files.

mod error;
mod file;
mod lecture;
mod state;

pub use error::{FormatError, LoadError, SaveError};
pub use file::{from_bytes, load, load_matching, save, to_bytes};
pub use lecture::{load_pytorch, to_pytorch_tutorial};
