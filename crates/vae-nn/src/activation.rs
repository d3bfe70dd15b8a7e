//! Activation functions, one pass forward and one backward.

use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::kernels::parallel::{map, zip_map};
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};

const OP: &str = "leaky_relu";

/// Rectifier, `max(x, 0)`, of any shape.
///
/// The derivative at 0 is 0, as in PyTorch; candle's own takes 1 there, which matters on void
/// areas, where every feature may be exactly 0.
///
/// # Errors
/// If the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
///
/// let xs = Var::new(&[-1.0_f64, 0.0, 2.0], &Device::Cpu)?;
/// let ys = vae_nn::relu(&xs)?;
/// assert_eq!(ys.to_vec1::<f64>()?, [0.0, 0.0, 2.0]);
/// let grads = ys.sum_all()?.backward()?;
/// assert_eq!(grads.get(&xs).unwrap().to_vec1::<f64>()?, [0.0, 0.0, 1.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn relu(xs: &Tensor) -> Result<Tensor> {
    leaky_relu(xs, 0.0)
}

/// Leaky rectifier, `x if x > 0 else slope · x`, of any shape; the derivative at 0 is `slope`, as
/// in PyTorch.
///
/// # Errors
/// If the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let xs = Tensor::new(&[-1.0_f64, 0.0, 2.0], &Device::Cpu)?;
/// assert_eq!(vae_nn::leaky_relu(&xs, 0.25)?.to_vec1::<f64>()?, [-0.25, 0.0, 2.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn leaky_relu(xs: &Tensor, slope: f64) -> Result<Tensor> {
    if composed::takes(xs) {
        return composed::leaky_relu(xs, slope);
    }
    xs.contiguous()?.apply_op1(LeakyRelu { slope })
}

/// Hyperbolic tangent, of any shape: candle's own, whose gradient is right.
///
/// # Errors
/// If the element type is no floating-point type.
pub fn tanh(xs: &Tensor) -> Result<Tensor> {
    xs.tanh()
}

struct LeakyRelu {
    slope: f64,
}

impl LeakyRelu {
    fn backward<T: Element>(&self, xs: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let slope = T::lit(self.slope);
        let (xs, grad) = (reading(OP, xs), reading(OP, grad));
        let (x, g) = (xs.elements::<T>()?, grad.elements::<T>()?);
        let grad_xs = if self.slope == 0.0 {
            zip_map(x, g, |x, g| if x > T::ZERO { g } else { T::ZERO })
        } else {
            zip_map(x, g, move |x, g| {
                let leaked = slope * g;
                if x > T::ZERO { g } else { leaked }
            })
        };
        tensor(grad_xs, xs.shape())
    }
}

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_dtype!(OP, storage.dtype(), T => {
            let slope = T::lit(self.slope);
            let xs = elements::<T>(OP, storage, layout)?;
            let ys = if self.slope == 0.0 {
                // Not `0 * x`: that would be NaN at infinity and -0 below 0.
                map(xs, |x| if x > 0.0 || x.is_nan() { x } else { 0.0 })
            } else {
                map(xs, move |x| {
                    let leaked = slope * x;
                    if x > 0.0 { x } else { leaked }
                })
            };
            Ok((T::to_cpu_storage_owned(ys), layout.shape().clone()))
        })
    }

    fn bwd(&self, xs: &Tensor, _ys: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, &grad).map(Some))
    }
}
