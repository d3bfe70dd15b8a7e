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

mod architecture;
mod error;
mod network;
mod weights;

pub use architecture::{
    Activation, ConditionStats, ConfigError, Decoder, Dense, Encoder, Fields, Head, Likelihood,
    LikelihoodNameError, ModelConfig, MultiplyAdds, Pooling, Scale, Sigma,
};
pub use error::ModelError;
pub use network::{Context, ElboTerms, LOG_STD_FLOOR, Posterior, Vae, WeightTerms, finite};
pub use weights::{
    FormatError, LoadError, SaveError, from_bytes, load, load_matching, load_pytorch, save,
    to_bytes, to_pytorch_tutorial,
};
