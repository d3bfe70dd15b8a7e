//! Pooling of whole images; in a [`Sequential`](crate::Sequential) it costs less.

use crate::network::{self, Layer};
use candle_core::{Result, Tensor};

/// Largest value of each `k × k` window, `(B, C, H, W) → (B, C, ⌊H/k⌋, ⌊W/k⌋)`; windows do not
/// overlap, and rows and columns that fill no window are left out.
///
/// The gradient goes to the first largest value of a window in reading order, as in PyTorch. That
/// matters on designs: in flat void or solid areas nearly every window is a tie. A window with a
/// NaN gives NaN.
///
/// # Errors
/// If `k` is 0 or above 255, the image is smaller than a window, or the element type is neither
/// `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
///
/// let xs = Var::new(&[[[[1.0_f64, 1.0, 9.0], [0.0, 1.0, 9.0]]]], &Device::Cpu)?;
/// let ys = vae_nn::max_pool2d(&xs, 2)?;
/// assert_eq!(ys.flatten_all()?.to_vec1::<f64>()?, [1.0]);
/// let grads = ys.sum_all()?.backward()?;
/// let grad = grads.get(&xs).unwrap().flatten_all()?.to_vec1::<f64>()?;
/// assert_eq!(grad, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn max_pool2d(xs: &Tensor, k: usize) -> Result<Tensor> {
    network::run(&[Layer::MaxPool2d { k }], xs, false)
}

/// Mean of each `k × k` window, `(B, C, H, W) → (B, C, ⌊H/k⌋, ⌊W/k⌋)`; windows do not overlap, and
/// rows and columns that fill no window are left out: they get gradient 0.
///
/// # Errors
/// If `k` is 0 or above 255, the image is smaller than a window, or the element type is neither
/// `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let xs = Tensor::new(&[[[[1.0_f64, 2.0, 9.0], [3.0, 4.0, 9.0]]]], &Device::Cpu)?;
/// assert_eq!(vae_nn::avg_pool2d(&xs, 2)?.flatten_all()?.to_vec1::<f64>()?, [2.5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn avg_pool2d(xs: &Tensor, k: usize) -> Result<Tensor> {
    network::run(&[Layer::AvgPool2d { k }], xs, false)
}
