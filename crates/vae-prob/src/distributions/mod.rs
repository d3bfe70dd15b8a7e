//! The distributions of pixels and of latents.

pub(crate) mod bernoulli;
pub(crate) mod continuous_bernoulli;
#[cfg(feature = "alloc")]
pub(crate) mod dense;
pub(crate) mod diagonal_normal;
pub(crate) mod discretized_logistic;
pub(crate) mod isotropic_normal;
#[cfg(feature = "alloc")]
pub(crate) mod multivariate_normal;
pub(crate) mod normal;

pub use bernoulli::Bernoulli;
pub use continuous_bernoulli::ContinuousBernoulli;
pub use diagonal_normal::DiagonalNormal;
pub use discretized_logistic::DiscretizedLogistic;
pub use isotropic_normal::{IsotropicNormal, optimal_std_dev};
#[cfg(feature = "alloc")]
pub use multivariate_normal::MultivariateNormal;
pub use normal::Normal;
