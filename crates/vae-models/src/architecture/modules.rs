//! The modules of a network as data: one description that is built, named, counted and compared
//! with a file.
//!
//! A stack is a list of [`Layer`]s. The position in the list is the number that `nn.Sequential` of
//! PyTorch gives a module, so the names of the weights agree with PyTorch's by construction.

use crate::architecture::config::{
    Activation, Decoder, Dense, Encoder, Head, ModelConfig, Pooling,
};
use crate::architecture::names::{
    DECODER, DECODER_INPUT, DECODER_MIX, DECODER_RESIDUAL, EMBEDDING, ENCODER, FC_MU, FC_VAR,
    FIELD_ENCODER, FIELD_POOL, FIELD_RESIDUAL, FINAL_LAYER, PRIOR,
};

/// One module of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `Conv 3×3` with padding 1.
    Conv {
        inputs: usize,
        outputs: usize,
        stride: usize,
    },
    /// Transposed convolution that doubles height and width.
    ConvTranspose {
        inputs: usize,
        outputs: usize,
        kernel: usize,
    },
    /// Batch normalization.
    Norm {
        channels: usize,
    },
    Activation(Activation),
    Pool(Pooling),
    Linear {
        inputs: usize,
        outputs: usize,
    },
}

impl Layer {
    /// Names, relative to the module, and shapes of its floating-point tensors, as PyTorch stores
    /// them.
    pub(crate) fn tensors(self) -> Vec<(&'static str, Vec<usize>)> {
        match self {
            Self::Conv { inputs, outputs, .. } => {
                weight_and_bias(vec![outputs, inputs, 3, 3], outputs)
            }
            Self::ConvTranspose { inputs, outputs, kernel } => {
                weight_and_bias(vec![inputs, outputs, kernel, kernel], outputs)
            }
            Self::Linear { inputs, outputs } => weight_and_bias(vec![outputs, inputs], outputs),
            Self::Norm { channels } => ["weight", "bias", "running_mean", "running_var"]
                .map(|name| (name, vec![channels]))
                .to_vec(),
            Self::Activation(_) | Self::Pool(_) => Vec::new(),
        }
    }
}

impl ModelConfig {
    /// All modules with their names, in the order of computation.
    pub(crate) fn modules(&self) -> Vec<(String, Layer)> {
        let stack = |prefix: &str, layers: Vec<Layer>| -> Vec<(String, Layer)> {
            let numbered = layers.into_iter().enumerate();
            numbered.map(|(i, layer)| (format!("{prefix}.{i}"), layer)).collect()
        };
        let stacks = |prefix: &str, blocks: Vec<Vec<Layer>>| -> Vec<(String, Layer)> {
            let numbered = blocks.into_iter().enumerate();
            numbered.flat_map(|(i, block)| stack(&format!("{prefix}.{i}"), block)).collect()
        };
        let linear =
            |name: &str, (inputs, outputs)| (name.to_owned(), Layer::Linear { inputs, outputs });
        let mut modules = Vec::new();
        modules.extend(stack(EMBEDDING, self.embedding_layers()));
        modules.extend(stack(FIELD_ENCODER, self.field_encoder_layers()));
        modules.extend(stacks(FIELD_RESIDUAL, self.field_residual_blocks()));
        modules.extend(stack(FIELD_POOL, self.field_pool_layers()));
        modules.extend(stack(PRIOR, self.prior_layers()));
        modules.extend(stack(ENCODER, self.encoder_layers()));
        modules.extend([linear(FC_MU, self.head_size()), linear(FC_VAR, self.head_size())]);
        modules.extend(self.decoder_input_size().map(|size| linear(DECODER_INPUT, size)));
        modules.extend(stack(DECODER_MIX, self.decoder_mix_layers()));
        modules.extend(stacks(DECODER_RESIDUAL, self.decoder_residual_blocks()));
        modules.extend(stack(DECODER, self.decoder_layers()));
        modules.extend(stack(FINAL_LAYER, self.final_layers()));
        modules
    }

    /// The small network on the standardized conditions; empty without one.
    pub(crate) fn embedding_layers(&self) -> Vec<Layer> {
        let Some(width) = self.embedding else { return Vec::new() };
        dense(self.conditions.len(), &[width, width], Activation::Relu)
    }

    /// The body of the encoder.
    pub(crate) fn encoder_layers(&self) -> Vec<Layer> {
        match &self.encoder {
            Encoder::Strided { channels, normalized } => {
                let activation = [Layer::Activation(Activation::LeakyRelu)];
                convolutions(1 + self.field_count(), channels, 2, *normalized, &activation)
            }
            Encoder::Pool { channels, pool, normalized } => {
                let activation = [Layer::Activation(Activation::Relu), Layer::Pool(*pool)];
                convolutions(1, channels, 1, *normalized, &activation)
            }
            Encoder::Dense(Dense { widths, activation }) => {
                dense(self.padded_len() + self.condition_width(), widths, *activation)
            }
        }
    }

    /// (inputs, outputs) of each of the two heads.
    pub(crate) fn head_size(&self) -> (usize, usize) {
        let features = match &self.encoder {
            Encoder::Strided { channels, .. } | Encoder::Pool { channels, .. } => {
                let pixels = self.padded_len() >> (2 * channels.len());
                last(channels) * pixels + self.condition_width()
            }
            Encoder::Dense(dense) => last(&dense.widths),
        };
        (features, self.latent_dim)
    }

    /// The maps that the decoder's linear layer makes, (channels, height, width); `None` without
    /// such a layer.
    pub(crate) fn decoder_grid(&self) -> Option<(usize, usize, usize)> {
        let Decoder::Transposed { channels, .. } = &self.decoder else { return None };
        let (height, width) = self.padded_size();
        Some((channels.first().copied()?, height >> channels.len(), width >> channels.len()))
    }

    /// (inputs, outputs) of the decoder's linear layer before its transposed convolutions.
    pub(crate) fn decoder_input_size(&self) -> Option<(usize, usize)> {
        let (channels, height, width) = self.decoder_grid()?;
        Some((self.latent_dim + self.condition_width(), channels * height * width))
    }

    /// Name of the layer that the picture comes out of.
    pub(crate) fn last_layer(&self) -> String {
        match self.final_layers().len() {
            0 => format!("{DECODER}.{}", self.decoder_layers().len() - 1),
            n => format!("{FINAL_LAYER}.{}", n - 1),
        }
    }

    /// The decoder's transposed convolutions, up to the one that the `conv` head counts as its own;
    /// or its linear layers.
    pub(crate) fn decoder_layers(&self) -> Vec<Layer> {
        match &self.decoder {
            Decoder::Transposed { channels, kernel, head, normalized, activation } => {
                let mut layers: Vec<_> = channels
                    .windows(2)
                    .enumerate()
                    .flat_map(|(block, pair)| {
                        let inputs = self.decoder_block_inputs(block, pair[0]);
                        transposed_block(inputs, pair[1], *kernel, *normalized, *activation)
                    })
                    .collect();
                if *head == Head::Transposed {
                    let inputs = self.decoder_block_inputs(channels.len() - 1, last(channels));
                    layers.push(Layer::ConvTranspose { inputs, outputs: 1, kernel: *kernel });
                }
                layers
            }
            Decoder::Dense(Dense { widths, activation }) => {
                let inputs = self.latent_dim + self.condition_width();
                let mut layers = dense(inputs, widths, *activation);
                layers.push(Layer::Linear { inputs: last(widths), outputs: self.padded_len() });
                layers
            }
        }
    }

    /// The `conv` head: one more block at the last width, then the convolution into one channel.
    pub(crate) fn final_layers(&self) -> Vec<Layer> {
        match &self.decoder {
            Decoder::Transposed { channels, kernel, head: Head::Conv, normalized, activation } => {
                let outputs = last(channels);
                let inputs = self.decoder_block_inputs(channels.len() - 1, outputs);
                let mut layers =
                    transposed_block(inputs, outputs, *kernel, *normalized, *activation);
                layers.push(Layer::Conv { inputs: outputs, outputs: 1, stride: 1 });
                layers
            }
            _ => Vec::new(),
        }
    }

    /// Pixels inside the network.
    fn padded_len(&self) -> usize {
        let (height, width) = self.padded_size();
        height * width
    }
}

/// `Linear → activation` for each width.
pub(crate) fn dense(mut inputs: usize, widths: &[usize], activation: Activation) -> Vec<Layer> {
    let mut layers = Vec::new();
    for &outputs in widths {
        let linear = Layer::Linear { inputs, outputs };
        layers.extend([linear, Layer::Activation(activation)]);
        inputs = outputs;
    }
    layers
}

/// Convolutions, each with its normalization and what follows it.
pub(crate) fn convolutions(
    mut inputs: usize,
    channels: &[usize],
    stride: usize,
    normalized: bool,
    activation: &[Layer],
) -> Vec<Layer> {
    let mut layers = Vec::new();
    for &outputs in channels {
        layers.push(Layer::Conv { inputs, outputs, stride });
        layers.extend(normalized.then_some(Layer::Norm { channels: outputs }));
        layers.extend(activation);
        inputs = outputs;
    }
    layers
}

fn transposed_block(
    inputs: usize,
    outputs: usize,
    kernel: usize,
    normalized: bool,
    activation: Activation,
) -> Vec<Layer> {
    let mut layers = vec![Layer::ConvTranspose { inputs, outputs, kernel }];
    layers.extend(normalized.then_some(Layer::Norm { channels: outputs }));
    layers.push(Layer::Activation(activation));
    layers
}

/// The last width, which a valid configuration has.
fn last(widths: &[usize]) -> usize {
    widths.last().copied().unwrap_or(1)
}

fn weight_and_bias(weight: Vec<usize>, outputs: usize) -> Vec<(&'static str, Vec<usize>)> {
    vec![("weight", weight), ("bias", vec![outputs])]
}
