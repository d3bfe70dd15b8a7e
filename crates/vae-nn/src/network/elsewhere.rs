//! Stacks of layers on tensors on another device than the CPU, in candle's operations, which no
//! command can select: the part of [`crate::composed`] that knows layers.

use super::layer::Layer;
use crate::composed::device::wide;
use crate::composed::layers::leaky_relu;
use crate::layers::batch_norm::BatchNorm2d;
use crate::layers::conv_transpose2d::{ConvTranspose2d, ConvTranspose2dConfig};
use crate::layers::conv2d::Conv2d;
use candle_core::{D, DType, Result, Tensor};

/// `layers` one after the other. Shapes have been checked.
pub(crate) fn sequential(layers: &[Layer], xs: &Tensor, train: bool) -> Result<Tensor> {
    layers.iter().try_fold(xs.clone(), |xs, layer| match layer {
        Layer::Conv2d(layer) => conv2d(layer, &xs),
        Layer::ConvTranspose2d(layer) => conv_transpose2d(layer, &xs),
        Layer::BatchNorm2d(norm) => batch_norm2d(norm, &xs, train),
        &Layer::LeakyRelu { slope } => leaky_relu(&xs, slope),
        &Layer::MaxPool2d { k } => max_pool2d(&xs, k),
        &Layer::AvgPool2d { k } => windows(&xs, k)?.mean(D::Minus1),
    })
}

/// Padded before, and cut to the pixels that windows reach: candle's gradient takes the two axes
/// for equally long.
fn conv2d(layer: &Conv2d, xs: &Tensor) -> Result<Tensor> {
    let (stride, padding) = (layer.config().stride, layer.config().padding);
    let reached = |n: usize| {
        let n = n + 2 * padding;
        n - (n - layer.config().kernel) % stride
    };
    let (_, _, height, width) = xs.dims4()?;
    let xs = xs
        .pad_with_zeros(2, padding, padding)?
        .pad_with_zeros(3, padding, padding)?
        .narrow(2, 0, reached(height))?
        .narrow(3, 0, reached(width))?
        .contiguous()?;
    add_channels(&xs.conv2d(layer.weight(), 0, stride, 1, 1)?, layer.bias())
}

fn conv_transpose2d(layer: &ConvTranspose2d, xs: &Tensor) -> Result<Tensor> {
    let ConvTranspose2dConfig { stride, padding, output_padding, .. } = *layer.config();
    let whole = xs.contiguous()?.conv_transpose2d(layer.weight(), 0, output_padding, stride, 1)?;
    let (_, _, height, width) = whole.dims4()?;
    let ys = whole.narrow(2, padding, height - 2 * padding)?;
    add_channels(&ys.narrow(3, padding, width - 2 * padding)?, layer.bias())
}

fn batch_norm2d(norm: &BatchNorm2d, xs: &Tensor, train: bool) -> Result<Tensor> {
    let channels = (1, norm.weight().elem_count(), 1, 1);
    let (mean, var) = if train {
        let mean = xs.mean_keepdim((0, 2, 3))?;
        let var = xs.broadcast_sub(&mean)?.sqr()?.mean_keepdim((0, 2, 3))?;
        let n = xs.elem_count() / norm.weight().elem_count();
        norm.learn(&wide(&mean.flatten_all()?)?, &wide(&var.flatten_all()?)?, n)?;
        (mean, var)
    } else {
        (norm.running_mean().reshape(channels)?, norm.running_var().reshape(channels)?)
    };
    let scale = ((var + BatchNorm2d::EPS)?.sqrt()?.recip()? * norm.weight().reshape(channels)?)?;
    add_channels(&xs.broadcast_sub(&mean)?.broadcast_mul(&scale)?, norm.bias())
}

fn add_channels(xs: &Tensor, bias: &Tensor) -> Result<Tensor> {
    xs.broadcast_add(&bias.reshape((1, bias.elem_count(), 1, 1))?)
}

/// `(B, C, ⌊H/k⌋, ⌊W/k⌋, k²)`: the windows in reading order.
fn windows(xs: &Tensor, k: usize) -> Result<Tensor> {
    let (b, c, h, w) = xs.dims4()?;
    let (h, w) = (h / k, w / k);
    let whole = xs.narrow(2, 0, h * k)?.narrow(3, 0, w * k)?.contiguous()?;
    let parts = whole.reshape(&[b, c, h, k, w, k][..])?.permute(vec![0, 1, 2, 4, 3, 5])?;
    parts.contiguous()?.reshape((b, c, h, w, k * k))
}

/// Picks the first of the largest, so that a tie sends its gradient to one pixel; a NaN ranks above
/// every number.
fn max_pool2d(xs: &Tensor, k: usize) -> Result<Tensor> {
    let windows = windows(xs, k)?;
    let values = windows.detach();
    let is_nan = values.ne(&values)?.to_dtype(DType::F32)?;
    let is_largest = values.broadcast_eq(&values.max_keepdim(D::Minus1)?)?.to_dtype(DType::F32)?;
    let rank = ((is_nan * 2.0)? + is_largest)?;
    let is_first_rank = rank.broadcast_eq(&rank.max_keepdim(D::Minus1)?)?;
    let places = Tensor::arange(0.0, (k * k) as f32, xs.device())?.broadcast_as(rank.shape())?;
    let beyond = (rank.zeros_like()? + (k * k) as f64)?;
    let first = is_first_rank.where_cond(&places, &beyond)?.min_keepdim(D::Minus1)?;
    windows.gather(&first.to_dtype(DType::U32)?, D::Minus1)?.squeeze(D::Minus1)
}
