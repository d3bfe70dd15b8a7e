//! The arithmetic of one design, counted from the description of the network.

use crate::architecture::config::ModelConfig;
use crate::architecture::modules::Layer;

/// Multiply-adds of one design, forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiplyAdds {
    /// From the design to mean and log-variance, the embedding of the conditions and the networks
    /// on the fields included.
    pub encode: u64,
    /// From the latent vector to the likelihood's parameters; what reads conditions and fields is
    /// counted in `encode`.
    pub decode: u64,
}

impl MultiplyAdds {
    /// Both together.
    pub fn total(self) -> u64 {
        self.encode + self.decode
    }
}

impl ModelConfig {
    /// Multiply-adds of one design, forward, of convolutions and linear layers.
    ///
    /// A convolution counts `outputs · inputs · k²` per output position, a transposed one as much
    /// per input position, taps that fall on the border included; biases, normalization,
    /// activations and pooling are not counted. A training step costs about three times as much
    /// (forward, gradient of the inputs, gradient of the weights).
    ///
    /// # Examples
    /// ```
    /// use vae_models::{ConditionStats, ModelConfig};
    ///
    /// let volume = ConditionStats::from_values("volume_fraction", "", &[0.2, 0.8]).ok_or("empty")?;
    /// let cost = ModelConfig::tutorial(128, 128, vec![volume]).multiply_adds();
    /// assert_eq!(cost.total(), 157_007_876);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn multiply_adds(&self) -> MultiplyAdds {
        let (height, width) = self.padded_size();
        let base = self.decoder_grid().map_or(1, |(_, height, width)| height * width);
        let linear = |(inputs, outputs): (usize, usize)| (inputs * outputs) as u64;
        let mut decoder = self.decoder_layers();
        decoder.extend(self.final_layers());
        MultiplyAdds {
            encode: count(&self.embedding_layers(), 1)
                + count(&self.field_encoder_layers(), height * width)
                + count(&self.field_residual_blocks().concat(), base)
                + count(&self.field_pool_layers(), 1)
                + count(&self.prior_layers(), 1)
                + count(&self.encoder_layers(), height * width)
                + 2 * linear(self.head_size()),
            decode: self.decoder_input_size().map_or(0, linear)
                + count(&self.decoder_mix_layers(), base)
                + count(&self.decoder_residual_blocks().concat(), base)
                + count(&decoder, base),
        }
    }
}

impl ModelConfig {
    /// Numbers that the layers of the network put out for one design, the picture included:
    /// results of convolutions, linear layers and pools. A training step stores each of them once
    /// for its backward pass.
    ///
    /// # Examples
    /// ```
    /// use vae_models::ModelConfig;
    ///
    /// // Three blocks of 16, 32 and 64 channels, and back, at 48 × 96 pixels.
    /// let outputs = ModelConfig::compact(48, 96, Vec::new()).layer_outputs();
    /// assert_eq!(outputs, 2 * (16 * 24 * 48 + 32 * 12 * 24 + 64 * 6 * 12) + 48 * 96 + 2 * 32);
    /// ```
    pub fn layer_outputs(&self) -> u64 {
        let (height, width) = self.padded_size();
        let (maps, base) = self
            .decoder_grid()
            .map_or((0, 1), |(channels, height, width)| (channels, height * width));
        let mut decoder = self.decoder_layers();
        decoder.extend(self.final_layers());
        outputs(&self.embedding_layers(), 1)
            + outputs(&self.field_encoder_layers(), height * width)
            + outputs(&self.field_residual_blocks().concat(), base)
            + outputs(&self.field_pool_layers(), 1)
            + outputs(&self.prior_layers(), 1)
            + outputs(&self.encoder_layers(), height * width)
            + 2 * self.latent_dim as u64
            + (maps * base) as u64
            + outputs(&self.decoder_mix_layers(), base)
            + outputs(&self.decoder_residual_blocks().concat(), base)
            + outputs(&decoder, base)
    }
}

/// Numbers that a stack puts out, layer by layer, whose input has `positions` pixels.
fn outputs(layers: &[Layer], mut positions: usize) -> u64 {
    let (mut total, mut channels) = (0, 0);
    for &layer in layers {
        match layer {
            Layer::Conv { outputs, stride, .. } => {
                positions /= stride * stride;
                channels = outputs;
            }
            Layer::ConvTranspose { outputs, .. } => {
                positions *= 4;
                channels = outputs;
            }
            Layer::Pool(_) => positions /= 4,
            Layer::Linear { outputs, .. } => (positions, channels) = (1, outputs),
            Layer::Norm { .. } | Layer::Activation(_) => continue,
        }
        total += (positions * channels) as u64;
    }
    total
}

/// Multiply-adds of a stack whose input has `positions` pixels (even in both directions wherever a
/// layer halves them).
fn count(layers: &[Layer], mut positions: usize) -> u64 {
    let mut total = 0;
    for &layer in layers {
        total += match layer {
            Layer::Conv { inputs, outputs, stride } => {
                positions /= stride * stride;
                positions * inputs * outputs * 9
            }
            Layer::ConvTranspose { inputs, outputs, kernel } => {
                let here = positions;
                positions *= 4;
                here * inputs * outputs * kernel * kernel
            }
            Layer::Pool(_) => {
                positions /= 4;
                0
            }
            Layer::Linear { inputs, outputs } => inputs * outputs,
            Layer::Norm { .. } | Layer::Activation(_) => 0,
        } as u64;
    }
    total
}
