//! Log-likelihoods, the Kullback–Leibler divergence, and the bound on log-variances. Everything is
//! in nats.

mod bernoulli;
mod continuous_bernoulli;
mod discretized_logistic;
mod gaussian;
mod kl;
mod pixels;
mod pixelwise;
mod soft_bound;

pub use bernoulli::bernoulli_log_prob;
pub use continuous_bernoulli::{continuous_bernoulli_log_prob, continuous_bernoulli_mean};
pub use discretized_logistic::discretized_logistic_log_prob;
pub use gaussian::gaussian_log_prob;
pub use kl::kl_to_standard_normal;
pub use soft_bound::soft_bound;
