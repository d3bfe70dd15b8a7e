//! Transposed convolution in two dimensions: the adjoint of a convolution, used to enlarge.

use crate::error::Error;
use crate::kernels::conv::geometry::Geometry;
use crate::layers::weights::{check_window, weight_and_bias};
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

const OP: &str = "conv_transpose2d";

/// Shape of the window of a [`ConvTranspose2d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2dConfig {
    /// Side of the square window, at least 1.
    pub kernel: usize,
    /// Step of the window over the result, at least 1.
    pub stride: usize,
    /// Rows and columns cut from each side of the result.
    pub padding: usize,
    /// Rows and columns added at the bottom and at the right of the result, less than `stride`.
    pub output_padding: usize,
}

impl Default for ConvTranspose2dConfig {
    /// A 3 × 3 window that doubles the size exactly.
    fn default() -> Self {
        Self { kernel: 3, stride: 2, padding: 1, output_padding: 1 }
    }
}

/// Two-dimensional transposed convolution with bias.
///
/// `(B, in, H, W) → (B, out, H', W')` with `H' = (H − 1)·stride − 2·padding + kernel +
/// output_padding`, and `W'` alike.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d {
    weight: Tensor,
    bias: Tensor,
    config: ConvTranspose2dConfig,
}

impl ConvTranspose2d {
    /// Layer with the parameters `weight` (`in × out × kernel × kernel`) and `bias`.
    ///
    /// New ones are drawn from `U(-1/√f, 1/√f)` with `f = out · kernel²`, PyTorch's default.
    ///
    /// # Errors
    /// If a size is 0, `output_padding` is not less than `stride`, or `vb` holds a tensor of
    /// another shape.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{DType, Device, Module, Tensor};
    /// use vae_nn::{ConvTranspose2d, ConvTranspose2dConfig, Parameters};
    ///
    /// let parameters = Parameters::new(7, DType::F32, Device::Cpu);
    /// let layer = ConvTranspose2d::new(4, 2, ConvTranspose2dConfig::default(), parameters.var_builder())?;
    /// let ys = layer.forward(&Tensor::zeros((1, 4, 5, 15), DType::F32, &Device::Cpu)?)?;
    /// assert_eq!(ys.dims(), [1, 2, 10, 30]);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "candle's layers take the builder by value")]
    pub fn new(
        in_channels: usize,
        out_channels: usize,
        config: ConvTranspose2dConfig,
        vb: VarBuilder,
    ) -> Result<Self> {
        let ConvTranspose2dConfig { kernel, stride, output_padding, .. } = config;
        check_window([in_channels, out_channels], kernel, stride)?;
        if output_padding >= stride {
            return Err(Error::Setting {
                name: "output_padding",
                value: output_padding as f64,
                requirement: "less than the stride",
            }
            .into());
        }
        let shape = (in_channels, out_channels, kernel, kernel);
        let fan_in = out_channels * kernel * kernel;
        let (weight, bias) = weight_and_bias(&vb, shape, out_channels, fan_in)?;
        Ok(Self { weight, bias, config })
    }

    /// The weight, `(in, out, kernel, kernel)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `(out,)`.
    pub fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// The window.
    pub fn config(&self) -> &ConvTranspose2dConfig {
        &self.config
    }

    /// The convolution that this layer is the adjoint of: it leads from our result to our argument.
    pub(crate) fn geometry(&self, dims: &[usize; 4]) -> Result<Geometry> {
        let ConvTranspose2dConfig { kernel, stride, padding, output_padding } = self.config;
        let (in_channels, out_channels) = (self.weight.dims()[0], self.weight.dims()[1]);
        let enlarged = |n: usize| {
            ((n.checked_sub(1)?) * stride + kernel + output_padding)
                .checked_sub(2 * padding)
                .filter(|&n| n > 0)
        };
        let [_, channels, height, width] = *dims;
        if channels == in_channels
            && let (Some(in_height), Some(in_width)) = (enlarged(height), enlarged(width))
        {
            return Ok(Geometry {
                in_channels: out_channels,
                in_height,
                in_width,
                out_channels: in_channels,
                out_height: height,
                out_width: width,
                kernel,
                stride,
                padding,
            });
        }
        let expected = format!("(B, {in_channels}, H, W) with a result of at least one pixel");
        Err(Error::Shape { op: OP, expected, actual: dims.to_vec() }.into())
    }
}
