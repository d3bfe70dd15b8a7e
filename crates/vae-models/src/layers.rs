//! The convolutional stacks as data: one description that is built, named, counted and compared with a file.
//!
//! A stack is a list of [`Layer`]s. The position in the list is the number that `nn.Sequential` of PyTorch gives a module,
//! so the names of the weights agree with PyTorch's by construction.

use crate::config::{Activation, Encoder, Head, ModelConfig, Pooling};

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
    /// Names, relative to the module, and shapes of its floating-point tensors, as PyTorch stores them.
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
        let stack = |prefix: &'static str, layers: Vec<Layer>| {
            layers.into_iter().enumerate().map(move |(i, layer)| (format!("{prefix}.{i}"), layer))
        };
        let linear =
            |name: &str, (inputs, outputs)| (name.to_owned(), Layer::Linear { inputs, outputs });
        let mut modules = Vec::new();
        modules.extend(stack(EMBEDDING, self.embedding_layers()));
        modules.extend(stack(ENCODER, self.encoder_layers()));
        modules.extend([linear(FC_MU, self.head_size()), linear(FC_VAR, self.head_size())]);
        modules.push(linear(DECODER_INPUT, self.decoder_input_size()));
        modules.extend(stack(DECODER, self.decoder_layers()));
        modules.extend(stack(FINAL_LAYER, self.final_layers()));
        modules
    }

    /// The small network on the standardized conditions; empty without one.
    pub(crate) fn embedding_layers(&self) -> Vec<Layer> {
        let Some(width) = self.embedding else { return Vec::new() };
        let relu = Layer::Activation(Activation::Relu);
        let first = Layer::Linear { inputs: self.conditions.len(), outputs: width };
        vec![first, relu, Layer::Linear { inputs: width, outputs: width }, relu]
    }

    /// The convolutional part of the encoder.
    pub(crate) fn encoder_layers(&self) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut inputs = 1;
        for &outputs in self.encoder.channels() {
            match self.encoder {
                Encoder::Strided { normalized, .. } => {
                    layers.push(Layer::Conv { inputs, outputs, stride: 2 });
                    layers.extend(normalized.then_some(Layer::Norm { channels: outputs }));
                    layers.push(Layer::Activation(Activation::LeakyRelu));
                }
                Encoder::Pool { pool, normalized, .. } => {
                    layers.push(Layer::Conv { inputs, outputs, stride: 1 });
                    layers.extend(normalized.then_some(Layer::Norm { channels: outputs }));
                    layers.extend([Layer::Activation(Activation::Relu), Layer::Pool(pool)]);
                }
            }
            inputs = outputs;
        }
        layers
    }

    /// (inputs, outputs) of each of the two heads.
    pub(crate) fn head_size(&self) -> (usize, usize) {
        let (channels, height, width) = self.encoder_grid();
        (channels * height * width + self.condition_width(), self.latent_dim)
    }

    /// (inputs, outputs) of the decoder's linear layer.
    pub(crate) fn decoder_input_size(&self) -> (usize, usize) {
        let (channels, height, width) = self.decoder_grid();
        (self.latent_dim + self.condition_width(), channels * height * width)
    }

    /// Name of the layer that the picture comes out of.
    pub(crate) fn last_layer(&self) -> String {
        match self.decoder.head {
            Head::Conv => format!("{FINAL_LAYER}.{}", self.final_layers().len() - 1),
            Head::Transposed => format!("{DECODER}.{}", self.decoder_layers().len() - 1),
        }
    }

    /// The decoder's transposed convolutions, up to the one that the `conv` head counts as its own.
    pub(crate) fn decoder_layers(&self) -> Vec<Layer> {
        let channels = &self.decoder.channels;
        let mut layers: Vec<_> =
            channels.windows(2).flat_map(|pair| self.decoder_block(pair[0], pair[1])).collect();
        if self.decoder.head == Head::Transposed
            && let Some(&inputs) = channels.last()
        {
            layers.push(Layer::ConvTranspose { inputs, outputs: 1, kernel: self.decoder.kernel });
        }
        layers
    }

    /// The `conv` head: one more block at the last width, then the convolution into one channel.
    pub(crate) fn final_layers(&self) -> Vec<Layer> {
        match (self.decoder.head, self.decoder.channels.last()) {
            (Head::Conv, Some(&channels)) => {
                let mut layers = self.decoder_block(channels, channels);
                layers.push(Layer::Conv { inputs: channels, outputs: 1, stride: 1 });
                layers
            }
            _ => Vec::new(),
        }
    }

    fn decoder_block(&self, inputs: usize, outputs: usize) -> Vec<Layer> {
        let mut layers =
            vec![Layer::ConvTranspose { inputs, outputs, kernel: self.decoder.kernel }];
        layers.extend(self.decoder.normalized.then_some(Layer::Norm { channels: outputs }));
        layers.push(Layer::Activation(self.decoder.activation));
        layers
    }
}

/// Names of the parts, as the tutorial's class calls them.
pub(crate) const EMBEDDING: &str = "condition_embedding";
pub(crate) const ENCODER: &str = "encoder";
pub(crate) const FC_MU: &str = "fc_mu";
pub(crate) const FC_VAR: &str = "fc_var";
pub(crate) const DECODER_INPUT: &str = "decoder_input";
pub(crate) const DECODER: &str = "decoder";
pub(crate) const FINAL_LAYER: &str = "final_layer";
/// ln σ of the shared Gaussian, before its soft floor.
pub(crate) const LOG_STD: &str = "log_std";

fn weight_and_bias(weight: Vec<usize>, outputs: usize) -> Vec<(&'static str, Vec<usize>)> {
    vec![("weight", weight), ("bias", vec![outputs])]
}
