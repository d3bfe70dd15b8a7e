//! The weight and the bias of a layer.

use crate::error::{Error, at_least_one};
use candle_core::{Result, Shape, Tensor};
use candle_nn::{Init, VarBuilder};

/// The tensors `weight` and `bias` of `vb`; new ones are drawn from `U(-1/√f, 1/√f)` with `f =
/// fan_in`, PyTorch's default.
///
/// # Errors
/// If `vb` holds a tensor of another shape.
pub(super) fn weight_and_bias(
    vb: &VarBuilder<'_>,
    weight: impl Into<Shape>,
    bias: usize,
    fan_in: usize,
) -> Result<(Tensor, Tensor)> {
    let bound = 1.0 / (fan_in as f64).sqrt();
    let init = Init::Uniform { lo: -bound, up: bound };
    Ok((vb.get_with_hints(weight.into(), "weight", init)?, vb.get_with_hints(bias, "bias", init)?))
}

/// Checks the sizes of a convolution in either direction: numbers of channels, side and step of the
/// window.
///
/// # Errors
/// If one of them is 0.
pub(super) fn check_window(
    [in_channels, out_channels]: [usize; 2],
    kernel: usize,
    stride: usize,
) -> std::result::Result<(), Error> {
    at_least_one("in_channels", in_channels)?;
    at_least_one("out_channels", out_channels)?;
    at_least_one("kernel", kernel)?;
    at_least_one("stride", stride)
}
