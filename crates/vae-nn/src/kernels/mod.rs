//! Plain loops over slices: no tensors, no gradients graph. Everything that is worth a faster
//! version lies here.

pub(crate) mod channels;
pub(crate) mod conv;
pub(crate) mod exponential;
pub(crate) mod linear;
pub(crate) mod matmul;
pub(crate) mod micro;
pub(crate) mod parallel;
pub(crate) mod simd;
