//! One layer of a stack.

use crate::layers::batch_norm::{BatchNorm2d, Statistics};
use crate::layers::conv_transpose2d::ConvTranspose2d;
use crate::layers::conv2d::Conv2d;
use candle_core::{Result, Tensor};

/// One layer of a [`Sequential`](crate::Sequential).
#[derive(Clone, Debug)]
pub enum Layer {
    /// A convolution.
    Conv2d(Conv2d),
    /// A transposed convolution.
    ConvTranspose2d(ConvTranspose2d),
    /// Batch normalization.
    BatchNorm2d(BatchNorm2d),
    /// [`leaky_relu`](crate::leaky_relu).
    LeakyRelu {
        /// Factor on negative values; 0 makes it the rectifier.
        slope: f64,
    },
    /// [`max_pool2d`](crate::max_pool2d).
    MaxPool2d {
        /// Side of the window.
        k: usize,
    },
    /// [`avg_pool2d`](crate::avg_pool2d).
    AvgPool2d {
        /// Side of the window.
        k: usize,
    },
}

impl Layer {
    /// Its name in errors.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "conv2d",
            Self::ConvTranspose2d(_) => "conv_transpose2d",
            Self::BatchNorm2d(_) => "batch_norm2d",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::MaxPool2d { .. } => "max_pool2d",
            Self::AvgPool2d { .. } => "avg_pool2d",
        }
    }

    /// Channels that it takes; `None` if any number fits.
    pub(super) fn in_channels(&self) -> Option<usize> {
        match self {
            Self::Conv2d(layer) => Some(layer.weight().dims()[1]),
            Self::ConvTranspose2d(layer) => Some(layer.weight().dims()[0]),
            Self::BatchNorm2d(layer) => Some(layer.weight().elem_count()),
            _ => None,
        }
    }

    /// Weight and bias.
    pub(super) fn parameters(&self) -> Option<[&Tensor; 2]> {
        match self {
            Self::Conv2d(layer) => Some([layer.weight(), layer.bias()]),
            Self::ConvTranspose2d(layer) => Some([layer.weight(), layer.bias()]),
            Self::BatchNorm2d(layer) => Some([layer.weight(), layer.bias()]),
            Self::LeakyRelu { .. } | Self::MaxPool2d { .. } | Self::AvgPool2d { .. } => None,
        }
    }

    /// The running statistics if they are used, which is in evaluation.
    pub(super) fn fixed_statistics(&self, train: bool) -> Result<Option<Statistics>> {
        match self {
            Self::BatchNorm2d(norm) if !train => norm.running().map(Some),
            _ => Ok(None),
        }
    }
}
