//! Convolution in two dimensions.

use crate::error::Error;
use crate::kernels::conv::geometry::Geometry;
use crate::layers::weights::{check_window, weight_and_bias};
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

const OP: &str = "conv2d";

/// Shape of the window of a [`Conv2d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dConfig {
    /// Side of the square window, at least 1.
    pub kernel: usize,
    /// Step of the window, at least 1.
    pub stride: usize,
    /// Rows and columns of zeros around the image.
    pub padding: usize,
}

impl Default for Conv2dConfig {
    /// A 3 × 3 window that keeps the size of the image.
    fn default() -> Self {
        Self { kernel: 3, stride: 1, padding: 1 }
    }
}

/// Two-dimensional convolution (cross-correlation) with bias.
///
/// `(B, in, H, W) → (B, out, H', W')` with `H' = ⌊(H + 2·padding − kernel) / stride⌋ + 1`, and `W'`
/// alike. Every height and width is handled exactly, in the gradients too.
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Tensor,
    config: Conv2dConfig,
}

impl Conv2d {
    /// Layer with the parameters `weight` (`out × in × kernel × kernel`) and `bias`.
    ///
    /// New ones are drawn from `U(-1/√f, 1/√f)` with `f = in · kernel²`, PyTorch's default.
    ///
    /// # Errors
    /// If a size is 0, or `vb` holds a tensor of another shape.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{DType, Device, Module, Tensor};
    /// use vae_nn::{Conv2d, Conv2dConfig, Parameters};
    ///
    /// let parameters = Parameters::new(7, DType::F32, Device::Cpu);
    /// let config = Conv2dConfig { kernel: 3, stride: 2, padding: 1 };
    /// let layer = Conv2d::new(1, 8, config, parameters.var_builder())?;
    /// let ys = layer.forward(&Tensor::zeros((2, 1, 21, 60), DType::F32, &Device::Cpu)?)?;
    /// assert_eq!(ys.dims(), [2, 8, 11, 30]);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "candle's layers take the builder by value")]
    pub fn new(
        in_channels: usize,
        out_channels: usize,
        config: Conv2dConfig,
        vb: VarBuilder,
    ) -> Result<Self> {
        let Conv2dConfig { kernel, stride, .. } = config;
        check_window([in_channels, out_channels], kernel, stride)?;
        let shape = (out_channels, in_channels, kernel, kernel);
        let fan_in = in_channels * kernel * kernel;
        let (weight, bias) = weight_and_bias(&vb, shape, out_channels, fan_in)?;
        Ok(Self { weight, bias, config })
    }

    /// The weight, `(out, in, kernel, kernel)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `(out,)`.
    pub fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// The window.
    pub fn config(&self) -> &Conv2dConfig {
        &self.config
    }

    pub(crate) fn geometry(&self, dims: &[usize; 4]) -> Result<Geometry> {
        let Conv2dConfig { kernel, stride, padding } = self.config;
        let (out_channels, in_channels) = (self.weight.dims()[0], self.weight.dims()[1]);
        let [_, channels, in_height, in_width] = *dims;
        let smallest = kernel.saturating_sub(2 * padding).max(1);
        if channels != in_channels || in_height.min(in_width) < smallest {
            let expected = format!("(B, {in_channels}, H, W) with H and W at least {smallest}");
            return Err(Error::Shape { op: OP, expected, actual: dims.to_vec() }.into());
        }
        Ok(Geometry {
            in_channels,
            in_height,
            in_width,
            out_channels,
            out_height: (in_height + 2 * padding - kernel) / stride + 1,
            out_width: (in_width + 2 * padding - kernel) / stride + 1,
            kernel,
            stride,
            padding,
        })
    }
}
