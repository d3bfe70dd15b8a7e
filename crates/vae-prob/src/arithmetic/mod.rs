//! Numbers, and functions that keep their digits.

pub(crate) mod real;
pub(crate) mod special;

pub use real::Real;
pub use special::{binary_entropy, exp_m1_minus_x, sigmoid, soft_bound, softplus, x_minus_ln_1p};
