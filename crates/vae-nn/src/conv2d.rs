//! Convolution in two dimensions.

use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::{Error, at_least_one};
use crate::kernels::conv::{self, Geometry};
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Module, Result, Shape, Tensor, WithDType};
use candle_nn::{Init, VarBuilder};

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
/// `(B, in, H, W) → (B, out, H', W')` with `H' = ⌊(H + 2·padding − kernel) / stride⌋ + 1`, and `W'` alike. Every height
/// and width is handled exactly, in the gradients too.
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
        at_least_one("in_channels", in_channels)?;
        at_least_one("out_channels", out_channels)?;
        at_least_one("kernel", kernel)?;
        at_least_one("stride", stride)?;
        let bound = 1.0 / ((in_channels * kernel * kernel) as f64).sqrt();
        let init = Init::Uniform { lo: -bound, up: bound };
        Ok(Self {
            weight: vb.get_with_hints(
                (out_channels, in_channels, kernel, kernel),
                "weight",
                init,
            )?,
            bias: vb.get_with_hints(out_channels, "bias", init)?,
            config,
        })
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

    fn geometry(&self, xs: &Tensor) -> Result<Geometry> {
        let Conv2dConfig { kernel, stride, padding } = self.config;
        let (out_channels, in_channels) = (self.weight.dims()[0], self.weight.dims()[1]);
        match *xs.dims() {
            [_, channels, in_height, in_width]
                if channels == in_channels
                    && 0 < in_height.min(in_width)
                    && kernel <= in_height + 2 * padding
                    && kernel <= in_width + 2 * padding =>
            {
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
            _ => Err(Error::Shape {
                op: OP,
                expected: format!(
                    "(B, {in_channels}, H, W) with H and W at least {}",
                    kernel.saturating_sub(2 * padding).max(1)
                ),
                actual: xs.dims().to_vec(),
            }
            .into()),
        }
    }
}

impl Module for Conv2d {
    /// `(B, in, H, W) → (B, out, H', W')`
    fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        let op = Conv2dOp { geometry: self.geometry(xs)? };
        xs.contiguous()?.apply_op3(&self.weight, &self.bias, op)
    }
}

struct Conv2dOp {
    geometry: Geometry,
}

impl Conv2dOp {
    fn backward<T: Element>(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let g = &self.geometry;
        let (x_read, w_read, g_read) = (reading(OP, xs), reading(OP, weight), reading(OP, grad));
        let (x, w, grad) = (x_read.elements::<T>()?, w_read.elements()?, g_read.elements()?);
        // An image that tracks no gradients, as the data do, is spared the most expensive of the three.
        let grad_xs = xs
            .track_op()
            .then(|| {
                let mut grad_xs = vec![T::ZERO; x.len()];
                conv::grad_input(g, grad, w, None, &mut grad_xs);
                tensor(grad_xs, xs.shape())
            })
            .transpose()?;
        let grad_weight = weight
            .track_op()
            .then(|| tensor(conv::grad_weight(g, x, grad), weight.shape()))
            .transpose()?;
        let grad_bias = bias
            .track_op()
            .then(|| {
                let sums = conv::grad_bias(g.out_channels, g.out_height * g.out_width, grad);
                tensor(sums, bias.shape())
            })
            .transpose()?;
        Ok((grad_xs, grad_weight, grad_bias))
    }
}

impl CustomOp3 for Conv2dOp {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.geometry;
        let batch = l1.dims()[0];
        by_dtype!(OP, s1.dtype(), T => {
            let (x, w, b) = (elements(OP, s1, l1)?, elements(OP, s2, l2)?, elements(OP, s3, l3)?);
            let mut ys = vec![T::ZERO; batch * g.map_len()];
            conv::forward(g, x, w, b, &mut ys);
            let shape = (batch, g.out_channels, g.out_height, g.out_width);
            Ok((T::to_cpu_storage_owned(ys), shape.into()))
        })
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _ys: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, weight, bias, &grad))
    }
}
