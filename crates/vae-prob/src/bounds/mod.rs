//! Evidence bounds, and the unit that they are compared in.

pub(crate) mod bits;
pub(crate) mod elbo;
pub(crate) mod importance;

pub use bits::bits_per_dim;
pub use elbo::Elbo;
pub use importance::{
    ImportanceEstimate, effective_sample_size, iwae_bound, log_mean_exp, log_sum_exp, log_weight,
};
