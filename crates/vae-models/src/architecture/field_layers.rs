//! The layers that read the maps of a problem.

use crate::architecture::config::{Activation, Decoder, Encoder, ModelConfig};
use crate::architecture::modules::{Layer, convolutions, dense};

impl ModelConfig {
    /// Maps that enter beside the design.
    pub(crate) fn field_count(&self) -> usize {
        self.fields.as_ref().map_or(0, |fields| fields.names.len())
    }

    /// The field encoder; empty without fields.
    pub(crate) fn field_encoder_layers(&self) -> Vec<Layer> {
        let activation = [Layer::Activation(Activation::LeakyRelu)];
        match (&self.encoder, &self.fields) {
            (Encoder::Strided { channels, .. }, Some(fields)) => {
                convolutions(fields.names.len(), channels, 2, false, &activation)
            }
            _ => Vec::new(),
        }
    }

    /// The residual blocks on the smallest maps of the field encoder; empty without fields.
    pub(crate) fn field_residual_blocks(&self) -> Vec<Vec<Layer>> {
        let count = self.fields.as_ref().map_or(0, |fields| fields.blocks);
        residual_blocks(count, self.field_channels_at(0))
    }

    /// The residual blocks on the decoder's first maps; empty without fields.
    pub(crate) fn decoder_residual_blocks(&self) -> Vec<Vec<Layer>> {
        let count = self.fields.as_ref().map_or(0, |fields| fields.decoder_blocks);
        residual_blocks(count, self.decoder_grid().map_or(0, |(channels, _, _)| channels))
    }

    /// From the smallest maps and the conditions to the pooled vector; empty without fields.
    pub(crate) fn field_pool_layers(&self) -> Vec<Layer> {
        let Some(fields) = &self.fields else { return Vec::new() };
        let positions = match self.decoder_grid() {
            Some((_, height, width)) if !fields.averaged => height * width,
            _ => 1,
        };
        let inputs = self.field_channels_at(0) * positions + self.conditions.len();
        dense(inputs, &[fields.pooled], Activation::LeakyRelu)
    }

    /// From the pooled vector to mean and log-variance of the prior; empty without fields.
    pub(crate) fn prior_layers(&self) -> Vec<Layer> {
        let Some(fields) = &self.fields else { return Vec::new() };
        let mut layers = dense(fields.pooled, &[fields.prior], Activation::LeakyRelu);
        layers.push(Layer::Linear { inputs: fields.prior, outputs: 2 * self.latent_dim });
        layers
    }

    /// What mixes the decoder's first maps with the smallest maps of the field encoder; empty
    /// without fields.
    pub(crate) fn decoder_mix_layers(&self) -> Vec<Layer> {
        match (&self.decoder, &self.fields) {
            (Decoder::Transposed { channels, activation, .. }, Some(_)) => {
                let outputs = channels.first().copied().unwrap_or(1);
                let inputs = outputs + self.field_channels_at(0);
                vec![Layer::Conv { inputs, outputs, stride: 1 }, Layer::Activation(*activation)]
            }
            _ => Vec::new(),
        }
    }

    /// Maps of the field encoder that lie beside the input of the decoder's block number `block`; 0
    /// without fields.
    pub(crate) fn field_channels_at(&self, block: usize) -> usize {
        match (&self.encoder, &self.fields) {
            (Encoder::Strided { channels, .. }, Some(_)) => {
                channels.iter().rev().nth(block).copied().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Input channels of the decoder's block number `block`: its own, and those of the maps that
    /// are put beside them. The first block takes what [`ModelConfig::decoder_mix_layers`] made.
    pub(crate) fn decoder_block_inputs(&self, block: usize, own: usize) -> usize {
        own + if block == 0 { 0 } else { self.field_channels_at(block) }
    }
}

/// The layers of each of `count` residual blocks, whose result is added to their input; `channels`
/// is the number of channels of both.
fn residual_blocks(count: usize, channels: usize) -> Vec<Vec<Layer>> {
    let conv = Layer::Conv { inputs: channels, outputs: channels, stride: 1 };
    vec![vec![conv, Layer::Activation(Activation::LeakyRelu), conv]; count]
}
