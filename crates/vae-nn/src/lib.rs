//! Neural-network parts for candle on a CPU: layers with exact gradients, losses, resumable
//! optimizers, seeded initialization.
//!
//! Everything here works on candle tensors of `f32` or `f64`, and takes part in candle's
//! `backward`. On the CPU each layer and loss is one operation with a hand-written gradient, tested
//! against PyTorch and against finite differences; so is a whole [`Sequential`] of layers on
//! images. Results do not depend on the number of threads. On another device the same is computed
//! by candle's own operations.
//!
//! - Layers: [`Linear`], [`Conv2d`], [`ConvTranspose2d`], [`BatchNorm2d`], [`relu`],
//!   [`leaky_relu`], [`silu`], [`tanh`], [`softplus`], [`max_pool2d`], [`avg_pool2d`],
//!   [`upsample_nearest2d`]; [`Sequential`], several of them as one operation.
//! - Losses, in nats: [`bernoulli_log_prob`], [`gaussian_log_prob`],
//!   [`continuous_bernoulli_log_prob`] with its [`continuous_bernoulli_mean`],
//!   [`discretized_logistic_log_prob`], [`kl_to_standard_normal`], with [`soft_bound`] for
//!   log-variances.
//! - Training: [`Parameters`] with seeded initial values, [`Adam`], [`Muon`],
//!   [`clip_global_norm`].
#![doc = include_str!("../README.md")]

mod composed;
mod error;
mod kernels;
mod layers;
mod losses;
mod memory;
mod network;
mod optimizer;
mod parameters;
mod tensors;

pub use error::Error;
pub use kernels::micro::level::instruction_set;
pub use layers::{
    BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear, leaky_relu,
    relu, silu, softplus, tanh, upsample_nearest2d,
};
pub use losses::{
    bernoulli_log_prob, continuous_bernoulli_log_prob, continuous_bernoulli_mean,
    discretized_logistic_log_prob, gaussian_log_prob, kl_to_standard_normal, soft_bound,
};
pub use memory::keep_freed_memory;
pub use network::{Layer, Sequential, avg_pool2d, max_pool2d};
pub use optimizer::{Adam, AdamConfig, Muon, clip_global_norm};
pub use parameters::Parameters;
