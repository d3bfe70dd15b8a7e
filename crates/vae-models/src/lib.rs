//! Variational autoencoders for two-dimensional designs of any size, on candle.
//!
//! - [`ModelConfig`] says what a network is made of; [`ModelConfig::compact`],
//!   [`ModelConfig::pool`], [`ModelConfig::tutorial`] and [`ModelConfig::tutorial_mlp`] are
//!   architectures with a name.
//! - [`Vae`] is the network: [`Vae::encode`], [`Vae::decode`], [`Vae::log_prob`], and both terms of
//!   the bound in [`Vae::elbo`].
//! - [`save`] and [`load`] move it to and from one `safetensors` file that also says how to rebuild
//!   it, here or in PyTorch; [`to_pytorch_tutorial`] and [`load_pytorch`] exchange weights with the
//!   lecture's own classes.
//!
//! Densities are 1 for material and 0 for void. Log-probabilities are in nats, summed over the
//! active pixels of one design. Randomness is an argument: [`Vae::elbo`] takes the noise.
#![doc = include_str!("../README.md")]

mod conditioning;
mod conditions;
mod config;
mod cost;
mod error;
mod exchange;
mod file;
mod layers;
mod likelihood;
mod likelihood_name;
mod load_error;
mod network;
mod presets;
mod shapes;
mod vae;
mod validate;

pub use conditions::ConditionStats;
pub use config::{
    Activation, Decoder, Encoder, Head, Likelihood, ModelConfig, Pooling, Scale, Sigma,
};
pub use cost::MultiplyAdds;
pub use error::ModelError;
pub use exchange::{load_pytorch, to_pytorch_tutorial};
pub use file::{from_bytes, load, load_matching, save, to_bytes};
pub use likelihood::{LOG_STD_FLOOR, LOGIT_CAP};
pub use likelihood_name::LikelihoodNameError;
pub use load_error::{FormatError, LoadError, SaveError};
pub use vae::{ElboTerms, LOG_VAR_BOUNDS, Posterior, Vae, WeightTerms};
pub use validate::ConfigError;
