//! Probability for variational autoencoders on plain floats: distributions, divergences, evidence
//! bounds.
#![cfg_attr(feature = "alloc", doc = "")]
#![cfg_attr(feature = "alloc", doc = include_str!("../README.md"))]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod bernoulli;
mod bits;
mod continuous_bernoulli;
#[cfg(feature = "alloc")]
mod dense;
mod diagonal_normal;
mod discretized_logistic;
mod elbo;
mod error;
mod importance;
mod isotropic_normal;
#[cfg(feature = "alloc")]
mod linear_gaussian;
#[cfg(feature = "alloc")]
mod multivariate_normal;
mod normal;
mod real;
mod special;

pub use bernoulli::Bernoulli;
pub use bits::bits_per_dim;
pub use continuous_bernoulli::ContinuousBernoulli;
pub use diagonal_normal::DiagonalNormal;
pub use discretized_logistic::DiscretizedLogistic;
pub use elbo::Elbo;
pub use error::ParamError;
pub use importance::{
    ImportanceEstimate, effective_sample_size, iwae_bound, log_mean_exp, log_sum_exp, log_weight,
};
pub use isotropic_normal::{IsotropicNormal, optimal_std_dev};
#[cfg(feature = "alloc")]
pub use linear_gaussian::{LinearGaussian, LinearGaussianGradient};
#[cfg(feature = "alloc")]
pub use multivariate_normal::MultivariateNormal;
pub use normal::Normal;
pub use real::Real;
pub use special::{binary_entropy, exp_m1_minus_x, sigmoid, soft_bound, softplus, x_minus_ln_1p};
