//! NumPy's `.npy` files: one array of numbers each.
//!
//! [`read`] takes any rank, any plain number type, both byte orders and both memory orders;
//! [`write()`] makes the bytes that `numpy.save` makes. Designs in large files are not read in one
//! piece but by position, through [`DataSet`](crate::DataSet).

mod array;
mod element;
mod header;

pub(crate) use array::{data, read_bytes, to_little_endian};
pub use array::{read, to_bytes, write};
pub use element::{Element, Scalar};
pub(crate) use header::Header;
