//! Layers on tensors of any shape.

use candle_core::{Result, Tensor};

pub(crate) fn linear(xs: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let (out_features, in_features) = weight.dims2()?;
    let mut dims = xs.dims().to_vec();
    let rows = dims.iter().rev().skip(1).product::<usize>();
    if let Some(last) = dims.last_mut() {
        *last = out_features;
    }
    let ys = xs.reshape((rows, in_features))?.matmul(&weight.t()?)?;
    ys.broadcast_add(bias)?.reshape(dims)
}

/// Not `0 · x` below 0, which would be NaN at −∞. The derivative at 0 is `slope`; candle's own
/// rectifier takes 1.
pub(crate) fn leaky_relu(xs: &Tensor, slope: f64) -> Result<Tensor> {
    let below = if slope == 0.0 { xs.zeros_like()? } else { (xs * slope)? };
    xs.le(0.0)?.where_cond(&below, xs)
}

/// candle's own gradient assigns where it should add.
pub(crate) fn upsample_nearest2d(xs: &Tensor, (sh, sw): (usize, usize)) -> Result<Tensor> {
    let (b, c, h, w) = xs.dims4()?;
    let copies = xs.unsqueeze(3)?.unsqueeze(5)?.broadcast_as(&[b, c, h, sh, w, sw][..])?;
    copies.reshape((b, c, h * sh, w * sw))
}

/// `max(x, 0) + ln(1 + e^−|x|)`. The derivative at 0 is ½, as it should be: candle's rectifier and
/// its absolute value both have derivative 1 there.
pub(crate) fn softplus(xs: &Tensor) -> Result<Tensor> {
    xs.relu()? + (xs.abs()?.neg()?.exp()? + 1.0)?.log()?
}
