//! Picture files.

mod color;
pub(crate) mod decode;
mod palette;
pub(crate) mod pixels;
mod tiff;
