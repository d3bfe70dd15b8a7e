//! Single layers on images, as stacks of one. In a [`Sequential`](crate::Sequential) they cost
//! less.

use super::layer::Layer;
use super::op::run;
use crate::layers::batch_norm::BatchNorm2d;
use crate::layers::conv_transpose2d::ConvTranspose2d;
use crate::layers::conv2d::Conv2d;
use candle_core::{Module, ModuleT, Result, Tensor};

/// Largest value of each `k × k` window, `(B, C, H, W) → (B, C, ⌊H/k⌋, ⌊W/k⌋)`; windows do not
/// overlap, and rows and columns that do not fill a window are left out.
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
    run(&[Layer::MaxPool2d { k }], xs, false)
}

/// Mean of each `k × k` window, `(B, C, H, W) → (B, C, ⌊H/k⌋, ⌊W/k⌋)`; windows do not overlap, and
/// rows and columns that do not fill a window are left out and get gradient 0.
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
    run(&[Layer::AvgPool2d { k }], xs, false)
}

impl Module for Conv2d {
    /// `(B, in, H, W) → (B, out, H', W')`
    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        run(&[Layer::Conv2d(self.clone())], xs, false)
    }
}

impl Module for ConvTranspose2d {
    /// `(B, in, H, W) → (B, out, H', W')`
    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        run(&[Layer::ConvTranspose2d(self.clone())], xs, false)
    }
}

impl BatchNorm2d {
    /// `(B, C, H, W) → (B, C, H, W)`, with the statistics of the batch if `train`, which also
    /// updates the running ones.
    ///
    /// # Errors
    /// If the shape does not fit, or there is only one value per channel in training (a batch of
    /// one image is fine as long as it has more than one pixel).
    ///
    /// # Accuracy
    /// Sums are taken of differences from a value of the batch, so a large mean costs no digits;
    /// parts of a batch are put together in f64.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{DType, Device, Tensor};
    /// use vae_nn::{BatchNorm2d, Parameters};
    ///
    /// let parameters = Parameters::new(1, DType::F64, Device::Cpu);
    /// let norm = BatchNorm2d::new(1, parameters.var_builder())?;
    /// let xs = Tensor::new(&[[[[1.0_f64, 3.0]]]], &Device::Cpu)?;
    /// let ys = norm.forward_t(&xs, true)?.flatten_all()?.to_vec1::<f64>()?;
    /// assert!((ys[0] + 1.0).abs() < 1e-5 && (ys[1] - 1.0).abs() < 1e-5);
    /// // A tenth of the way from (0, 1) to the mean 2 and the unbiased variance 2.
    /// assert!((norm.running_mean().to_vec1::<f64>()?[0] - 0.2).abs() < 1e-12);
    /// assert!((norm.running_var().to_vec1::<f64>()?[0] - 1.1).abs() < 1e-12);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    ///
    /// # References
    /// S. Ioffe, C. Szegedy, Batch Normalization, 2015, algorithm 1.
    pub fn forward_t(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        run(&[Layer::BatchNorm2d(self.clone())], xs, train)
    }
}

impl ModuleT for BatchNorm2d {
    fn forward_t(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        self.forward_t(xs, train)
    }
}
