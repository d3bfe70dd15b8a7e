//! Log-likelihoods, the Kullback–Leibler divergence, and the bound on log-variances. Everything is in nats.

mod bernoulli;
mod gaussian;
mod kl;
mod pixels;
mod soft_bound;

pub use bernoulli::bernoulli_log_prob;
pub use gaussian::gaussian_log_prob;
pub use kl::kl_to_standard_normal;
pub use soft_bound::soft_bound;
