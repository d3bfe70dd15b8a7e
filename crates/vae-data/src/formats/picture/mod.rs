//! Picture files.

mod color;
pub(crate) mod decode;
pub(crate) mod pixels;
mod tiff;
