//! What a network is made of, as data: nothing here knows a tensor.

pub(crate) mod condition;
pub(crate) mod config;
mod cost;
mod field_layers;
pub(crate) mod fields;
pub(crate) mod likelihood;
pub(crate) mod limits;
pub(crate) mod modules;
pub(crate) mod names;
mod presets;
mod shapes;

pub use condition::ConditionStats;
pub use config::{Activation, Decoder, Dense, Encoder, Head, ModelConfig, Pooling};
pub use cost::MultiplyAdds;
pub use fields::Fields;
pub use likelihood::{Likelihood, LikelihoodNameError, Scale, Sigma};
pub use limits::ConfigError;
