//! The maps of a problem as an input of the network.

use serde::{Deserialize, Serialize};

/// The maps of a problem that a network is told beside each design, such as where loads act and
/// where the design is held.
///
/// They enter the encoder beside the design, and a stack of strided convolutions of the encoder's
/// widths (the field encoder), with residual blocks on the smallest maps, brings them to each scale
/// of the decoder. A linear layer pools the smallest maps, with the conditions, into one vector,
/// which is appended wherever a network without fields appends its conditions. From that vector a
/// small network makes mean and variance of the prior, p(z|problem).
///
/// This crate does not know what the maps mean: it keeps their names, and the recipe by which
/// whoever computes them must do so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// The recipe by which the maps are computed and scaled.
    pub recipe: String,
    /// The name of each map, in order.
    pub names: Vec<String>,
    /// Width of the pooled vector.
    pub pooled: usize,
    /// Whether the smallest maps are averaged over their positions before they are pooled. If not,
    /// each position has weights of its own, which learn the places of the training problems.
    #[serde(default)]
    pub averaged: bool,
    /// Width of the hidden layer of the prior's network.
    pub prior: usize,
    /// Number of residual blocks on the smallest maps of the field encoder. Each lets a place
    /// depend on two more rows and columns of these maps on every side.
    #[serde(default)]
    pub blocks: usize,
    /// Number of residual blocks on the decoder's first maps, once they are mixed with those of the
    /// field encoder.
    #[serde(default)]
    pub decoder_blocks: usize,
}
