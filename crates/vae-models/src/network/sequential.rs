//! A stack of layers, built from its description.

use candle_core::{ModuleT, Result, Tensor};
use candle_nn::{Module, VarBuilder};
use vae_nn::{BatchNorm2d, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear};

use crate::architecture::config::{Activation, Pooling};
use crate::architecture::modules::Layer;

/// Slope of LeakyReLU on the negative side, PyTorch's default.
const NEGATIVE_SLOPE: f64 = 0.01;

/// Side of a pooling window.
const POOL: usize = 2;

/// Layers applied one after the other, named by their position as in `nn.Sequential`.
#[derive(Debug)]
pub(crate) struct Sequential {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// Layers on images, as one operation.
    Images(vae_nn::Sequential),
    Linear(Linear),
    Activation(Activation),
}

impl Sequential {
    /// Makes the layers of one or several stacks, each with its name, with weights from `vb`.
    pub(crate) fn new(stacks: &[(&str, Vec<Layer>)], vb: &VarBuilder<'_>) -> Result<Self> {
        let numbered = stacks.iter().flat_map(|(name, layers)| {
            layers.iter().enumerate().map(move |(i, &layer)| (*name, i, layer))
        });
        Self::of(numbered, vb)
    }

    /// Makes the layers of one stack in several parts, each of which begins with a layer that
    /// `starts`, so that something can be done between them.
    pub(crate) fn blocks(
        name: &str,
        layers: &[Layer],
        starts: impl Fn(&Layer) -> bool,
        vb: &VarBuilder<'_>,
    ) -> Result<Vec<Self>> {
        let mut blocks: Vec<Vec<(&str, usize, Layer)>> = Vec::new();
        for (i, &layer) in layers.iter().enumerate() {
            match blocks.last_mut() {
                Some(block) if !starts(&layer) => block.push((name, i, layer)),
                _ => blocks.push(vec![(name, i, layer)]),
            }
        }
        blocks.into_iter().map(|block| Self::of(block.into_iter(), vb)).collect()
    }

    fn of<'a>(
        numbered: impl Iterator<Item = (&'a str, usize, Layer)>,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (mut parts, mut images) = (Vec::new(), Vec::new());
        for (name, i, layer) in numbered {
            let vb = vb.pp(name).pp(i);
            match layer {
                Layer::Linear { inputs, outputs } => {
                    parts.push(Part::Linear(Linear::new(inputs, outputs, vb)?));
                }
                Layer::Activation(activation) if images.is_empty() => {
                    parts.push(Part::Activation(activation));
                }
                layer => images.push(on_images(layer, vb)?),
            }
        }
        // Linear layers come in stacks of their own.
        if !images.is_empty() {
            parts.push(Part::Images(vae_nn::Sequential::new(images)));
        }
        Ok(Self { parts })
    }

    /// `train` decides whether batch normalization uses, and records, the statistics of the batch.
    pub(crate) fn forward(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        self.parts.iter().try_fold(xs.clone(), |xs, part| match part {
            Part::Images(layers) => layers.forward_t(&xs, train),
            Part::Linear(layer) => layer.forward(&xs),
            Part::Activation(Activation::Tanh) => vae_nn::tanh(&xs),
            Part::Activation(activation) => vae_nn::leaky_relu(&xs, slope(*activation)?),
        })
    }
}

fn slope(activation: Activation) -> Result<f64> {
    match activation {
        Activation::Relu => Ok(0.0),
        Activation::LeakyRelu => Ok(NEGATIVE_SLOPE),
        Activation::Tanh => {
            candle_core::bail!("tanh is not a rectifier, and layers on images take nothing else")
        }
    }
}

fn on_images(layer: Layer, vb: VarBuilder<'_>) -> Result<vae_nn::Layer> {
    Ok(match layer {
        Layer::Conv { inputs, outputs, stride } => {
            let config = Conv2dConfig { kernel: 3, stride, padding: 1 };
            vae_nn::Layer::Conv2d(Conv2d::new(inputs, outputs, config, vb)?)
        }
        Layer::ConvTranspose { inputs, outputs, kernel } => {
            // Both kernels double the size: (n − 1)·2 − 2 + 3 + 1 = (n − 1)·2 − 2 + 4 = 2n.
            let output_padding = usize::from(kernel == 3);
            let config = ConvTranspose2dConfig { kernel, stride: 2, padding: 1, output_padding };
            vae_nn::Layer::ConvTranspose2d(ConvTranspose2d::new(inputs, outputs, config, vb)?)
        }
        Layer::Norm { channels } => vae_nn::Layer::BatchNorm2d(BatchNorm2d::new(channels, vb)?),
        Layer::Activation(activation) => vae_nn::Layer::LeakyRelu { slope: slope(activation)? },
        Layer::Pool(Pooling::Max) => vae_nn::Layer::MaxPool2d { k: POOL },
        Layer::Pool(Pooling::Average) => vae_nn::Layer::AvgPool2d { k: POOL },
        Layer::Linear { inputs, outputs } => {
            candle_core::bail!("a linear layer, {inputs} -> {outputs}, is among layers on images")
        }
    })
}
