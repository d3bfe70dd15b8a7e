//! File formats: bytes by position, NumPy arrays, archives, tables, text and pictures. This room
//! knows files, not designs.

pub(crate) mod archive;
pub(crate) mod bytes;
pub(crate) mod dialect;
pub(crate) mod encoding;
pub(crate) mod header;
pub(crate) mod idx;
pub mod npy;
pub mod npz;
pub(crate) mod picture;
pub(crate) mod table;
pub(crate) mod text;
