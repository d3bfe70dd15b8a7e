//! Probability for variational autoencoders on plain floats: distributions, divergences, evidence
//! bounds.
#![cfg_attr(feature = "alloc", doc = "")]
#![cfg_attr(feature = "alloc", doc = include_str!("../README.md"))]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod arithmetic;
mod bounds;
mod distributions;
mod error;
#[cfg(feature = "alloc")]
mod linear_gaussian;

pub use arithmetic::{
    Real, binary_entropy, exp_m1_minus_x, sigmoid, soft_bound, softplus, x_minus_ln_1p,
};
pub use bounds::{
    Elbo, ImportanceEstimate, bits_per_dim, effective_sample_size, iwae_bound, log_mean_exp,
    log_sum_exp, log_weight,
};
#[cfg(feature = "alloc")]
pub use distributions::MultivariateNormal;
pub use distributions::{
    Bernoulli, ContinuousBernoulli, DiagonalNormal, DiscretizedLogistic, IsotropicNormal, Normal,
    optimal_std_dev,
};
pub use error::ParamError;
#[cfg(feature = "alloc")]
pub use linear_gaussian::{LinearGaussian, LinearGaussianGradient};
