//! Stacks of layers on images, computed as one operation.

use super::layer::Layer;
use super::op::run;
use candle_core::{ModuleT, Result, Tensor};

/// Layers on images, one after the other, as one operation: `(B, C, H, W) → (B, C', H', W')`.
///
/// Results and gradients are those of the single layers. Passes over memory are saved:
/// normalization and activation are applied where the next convolution reads, the statistics are
/// taken where a convolution has written, pooling follows a convolution in the cache, and the
/// results of inner layers stay in a layout of our own and are kept for the next step.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, ModuleT, Tensor};
/// use vae_nn::{BatchNorm2d, Conv2d, Conv2dConfig, Layer, Parameters, Sequential, leaky_relu};
///
/// let parameters = Parameters::new(7, DType::F32, Device::Cpu);
/// let vb = parameters.var_builder();
/// let conv = Conv2d::new(1, 8, Conv2dConfig { kernel: 3, stride: 2, padding: 1 }, vb.pp(0))?;
/// let norm = BatchNorm2d::new(8, vb.pp(1))?;
/// let stack = Sequential::new(vec![
///     Layer::Conv2d(conv.clone()),
///     Layer::BatchNorm2d(norm.clone()),
///     Layer::LeakyRelu { slope: 0.01 },
/// ]);
/// let xs = Tensor::ones((2, 1, 21, 60), DType::F32, &Device::Cpu)?;
/// let ys = stack.forward_t(&xs, false)?;
/// let composed = leaky_relu(&norm.forward_t(&candle_core::Module::forward(&conv, &xs)?, false)?, 0.01)?;
/// assert_eq!(ys.dims(), [2, 8, 11, 30]);
/// assert_eq!(ys.flatten_all()?.to_vec1::<f32>()?, composed.flatten_all()?.to_vec1::<f32>()?);
/// # Ok::<(), candle_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequential {
    layers: Vec<Layer>,
}

impl Sequential {
    /// These layers in this order. Without layers it is the identity.
    pub fn new(layers: Vec<Layer>) -> Self {
        Self { layers }
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

impl ModuleT for Sequential {
    /// `train` decides whether batch normalization uses, and records, the statistics of the batch,
    /// and whether inner results are kept for the gradient or computed again.
    ///
    /// # Errors
    /// If the shape does not fit a layer, or the element type is neither `f32` nor `f64`.
    fn forward_t(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        run(&self.layers, xs, train)
    }
}
