//! A stack of layers, built from its description.

use candle_core::{Result, Tensor};
use candle_nn::{Module, VarBuilder};
use vae_nn::{BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear};

use crate::config::{Activation, Pooling};
use crate::layers::Layer;

/// Slope of LeakyReLU on the negative side, PyTorch's default.
const NEGATIVE_SLOPE: f64 = 0.01;

/// Layers applied one after the other, named by their position as in `nn.Sequential`.
#[derive(Debug)]
pub(crate) struct Sequential {
    layers: Vec<Built>,
}

#[derive(Debug)]
enum Built {
    Conv(Conv2d),
    ConvTranspose(ConvTranspose2d),
    Norm(BatchNorm2d),
    Activation(Activation),
    Pool(Pooling),
    Linear(Linear),
}

impl Sequential {
    /// Makes the layers with weights from `vb`, whose prefix is the stack's name.
    pub(crate) fn new(layers: &[Layer], vb: &VarBuilder<'_>) -> Result<Self> {
        let layers = layers
            .iter()
            .enumerate()
            .map(|(i, &layer)| Built::new(layer, vb.pp(i)))
            .collect::<Result<_>>()?;
        Ok(Self { layers })
    }

    /// `train` decides whether batch normalization uses, and records, the statistics of the batch.
    pub(crate) fn forward(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        self.layers.iter().try_fold(xs.clone(), |xs, layer| layer.forward(&xs, train))
    }
}

impl Built {
    fn new(layer: Layer, vb: VarBuilder<'_>) -> Result<Self> {
        Ok(match layer {
            Layer::Conv { inputs, outputs, stride } => {
                let config = Conv2dConfig { kernel: 3, stride, padding: 1 };
                Self::Conv(Conv2d::new(inputs, outputs, config, vb)?)
            }
            Layer::ConvTranspose { inputs, outputs, kernel } => {
                // Both kernels double the size: (n − 1)·2 − 2 + 3 + 1 = (n − 1)·2 − 2 + 4 = 2n.
                let output_padding = usize::from(kernel == 3);
                let config =
                    ConvTranspose2dConfig { kernel, stride: 2, padding: 1, output_padding };
                Self::ConvTranspose(ConvTranspose2d::new(inputs, outputs, config, vb)?)
            }
            Layer::Norm { channels } => Self::Norm(BatchNorm2d::new(channels, vb)?),
            Layer::Activation(activation) => Self::Activation(activation),
            Layer::Pool(pooling) => Self::Pool(pooling),
            Layer::Linear { inputs, outputs } => Self::Linear(Linear::new(inputs, outputs, vb)?),
        })
    }

    fn forward(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        match self {
            Self::Conv(layer) => layer.forward(xs),
            Self::ConvTranspose(layer) => layer.forward(xs),
            Self::Norm(layer) => layer.forward_t(xs, train),
            Self::Activation(Activation::Relu) => vae_nn::relu(xs),
            Self::Activation(Activation::LeakyRelu) => vae_nn::leaky_relu(xs, NEGATIVE_SLOPE),
            Self::Pool(Pooling::Max) => vae_nn::max_pool2d(xs, 2),
            Self::Pool(Pooling::Average) => vae_nn::avg_pool2d(xs, 2),
            Self::Linear(layer) => layer.forward(xs),
        }
    }
}
