//! What a network is made of: everything needed to rebuild it, and nothing else.

use serde::{Deserialize, Serialize};

use crate::architecture::condition::ConditionStats;
use crate::architecture::fields::Fields;
use crate::architecture::likelihood::Likelihood;

/// Everything needed to rebuild a network.
///
/// It is written as JSON into every weight file ([`crate::save`]), reads and writes as TOML or
/// JSON, and refuses unknown keys. [`ModelConfig::validate`] says whether a network can be built
/// from it.
///
/// # Examples
/// ```
/// use vae_models::ModelConfig;
///
/// let config = ModelConfig::tutorial(128, 128, Vec::new());
/// let json = serde_json::to_string(&config)?;
/// assert_eq!(serde_json::from_str::<ModelConfig>(&json)?, config);
/// assert!(serde_json::from_str::<ModelConfig>(&json.replace("latent_dim", "latent")).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Rows of a design. Any number: see [`ModelConfig::padded_size`].
    pub height: usize,
    /// Columns of a design.
    pub width: usize,
    /// Number of latent variables, Z.
    pub latent_dim: usize,
    /// From a design to the parameters of q(z|x).
    pub encoder: Encoder,
    /// From a latent vector to the parameters of p(x|z).
    pub decoder: Decoder,
    /// The distribution of a pixel given the decoder's output.
    pub likelihood: Likelihood,
    /// The conditions c of q(z|x, c) and p(x|z, c), in the order of their columns; empty for an
    /// unconditional model.
    #[serde(default)]
    pub conditions: Vec<ConditionStats>,
    /// Width of a small network (two linear layers with ReLU) on the standardized conditions.
    /// Without it they are concatenated as they are, as in the tutorial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// The maps of the problem that the network is told beside the conditions; `None` for a network
    /// that is told conditions alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Fields>,
}

/// The body of q(z|x); two linear heads on its result give mean and log-variance. Each
/// convolutional block halves height and width, and the conditions are appended to the flattened
/// maps; a dense body takes them beside the pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Encoder {
    /// Blocks of `Conv 3×3 stride 2 padding 1 → [BatchNorm] → LeakyReLU(0.01)`.
    Strided {
        /// Output channels of each block.
        channels: Vec<usize>,
        /// Whether each convolution is followed by batch normalization.
        normalized: bool,
    },
    /// Blocks of `Conv 3×3 padding 1 → [BatchNorm] → ReLU → Pool 2`.
    Pool {
        /// Output channels of each block.
        channels: Vec<usize>,
        /// How four pixels become one.
        pool: Pooling,
        /// Whether each convolution is followed by batch normalization.
        normalized: bool,
    },
    /// The pixels, row after row, and the conditions through these layers.
    Dense(Dense),
}

/// How a 2×2 window becomes one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Its largest value; of equal ones the first, row by row, receives the gradient.
    Max,
    /// Its mean.
    Average,
}

/// The body of p(x|z), from latents and conditions to one number per pixel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decoder {
    /// A linear layer to `channels[0]` small maps, then transposed convolutions that double height
    /// and width once per entry of `channels`.
    Transposed {
        /// Input channels of each transposed convolution.
        channels: Vec<usize>,
        /// Kernel of the transposed convolutions: 3 (padding 1, output padding 1) or 4 (padding 1).
        /// With 4 every output pixel sees the same number of taps; with 3 they differ in a
        /// checkerboard.
        kernel: usize,
        /// How the last maps become one picture.
        head: Head,
        /// Whether the transposed convolutions are followed by batch normalization.
        normalized: bool,
        /// The nonlinearity between the layers; not [`Activation::Tanh`].
        activation: Activation,
    },
    /// These layers, then a linear layer to the pixels, row after row.
    Dense(Dense),
}

/// Layers of `Linear → activation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Outputs of each layer.
    pub widths: Vec<usize>,
    /// The nonlinearity after each layer.
    #[serde(default)]
    pub activation: Activation,
}

/// The end of the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// The last transposed convolution keeps its width and `Conv 3×3` makes one channel of it (the
    /// tutorial's `final_layer`).
    Conv,
    /// The last transposed convolution ends in one channel.
    Transposed,
}

/// A nonlinearity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `x` where positive, else `0.01·x`.
    LeakyRelu,
    /// `tanh(x)`; between linear layers only.
    Tanh,
}

impl Encoder {
    /// How often height and width are halved.
    pub fn halvings(&self) -> usize {
        match self {
            Self::Strided { channels, .. } | Self::Pool { channels, .. } => channels.len(),
            Self::Dense(_) => 0,
        }
    }
}

impl Decoder {
    /// How often height and width are doubled.
    pub(crate) fn doublings(&self) -> usize {
        match self {
            Self::Transposed { channels, .. } => channels.len(),
            Self::Dense(_) => 0,
        }
    }
}

impl ModelConfig {
    /// Height and width inside the network: the next multiples of `2^blocks`, where `blocks` is the
    /// larger number of halvings in the encoder and doublings in the decoder.
    ///
    /// Designs are extended by void (zeros) below and on the right, and the decoder's output is
    /// cropped to the design before anything is computed from it, so the extension never enters the
    /// likelihood. Zeros, because 0 is void, which is what lies outside a design, and because it is
    /// what the convolutions assume beyond any border already: a replicated edge would claim
    /// material where there is only void.
    ///
    /// # Examples
    /// ```
    /// let config = vae_models::ModelConfig::tutorial(126, 349, Vec::new());
    /// assert_eq!(config.padded_size(), (128, 352));
    /// ```
    pub fn padded_size(&self) -> (usize, usize) {
        let blocks = self.encoder.halvings().max(self.decoder.doublings());
        let multiple = 1 << blocks;
        (self.height.next_multiple_of(multiple), self.width.next_multiple_of(multiple))
    }

    /// Width of what is concatenated for conditions and fields, which is that of
    /// [`Context::vector`](crate::Context::vector): 0 without either, else one per condition, the
    /// width of the embedding, or that of the pooled fields.
    pub fn condition_width(&self) -> usize {
        match (&self.fields, self.embedding) {
            (Some(fields), _) => fields.pooled,
            (None, Some(width)) if !self.conditions.is_empty() => width,
            (None, _) => self.conditions.len(),
        }
    }
}
