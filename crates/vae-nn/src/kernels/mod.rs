//! Plain loops over slices, without tensors and without a graph of gradients. Everything that is
//! worth a faster version is in this room.

pub(crate) mod buffer;
pub(crate) mod channels;
pub(crate) mod conv;
pub(crate) mod element;
pub(crate) mod exponential;
pub(crate) mod linear;
pub(crate) mod matmul;
pub(crate) mod micro;
pub(crate) mod number;
pub(crate) mod parallel;
pub(crate) mod simd;
