//! Plain loops over slices: no tensors, no gradients graph. Everything that is worth a faster version lies here.

pub(crate) mod columns;
pub(crate) mod conv;
pub(crate) mod direct;
pub(crate) mod exponential;
pub(crate) mod linear;
pub(crate) mod matmul;
pub(crate) mod parallel;
pub(crate) mod phases;
pub(crate) mod simd;
