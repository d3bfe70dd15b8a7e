//! What the kernels compute, in candle's own operations: for tensors on another device than the
//! CPU.
//!
//! Values and gradients are those of the kernels, up to rounding. Where candle's shortest form has
//! another gradient than PyTorch (pooling, upsampling, some strides, rectifiers at 0, saturated
//! logits), a form is taken whose gradient is right.

mod layers;
mod losses;
#[cfg(test)]
mod tests;

pub(crate) use layers::{leaky_relu, linear, sequential, upsample_nearest2d};
pub(crate) use losses::{bernoulli_log_prob, gaussian_log_prob, kl_to_standard_normal, soft_bound};

use candle_core::{DType, Result, Tensor};

/// Whether an operation on this tensor is one for this module. Nothing else asks for the device.
pub(crate) fn takes(tensor: &Tensor) -> bool {
    #[cfg(test)]
    if tests::takes_everything() {
        return true;
    }
    !tensor.device().is_cpu()
}

/// In f64, if the device has it: Metal has not.
pub(crate) fn wide(tensor: &Tensor) -> Result<Tensor> {
    tensor.to_dtype(if tensor.device().is_metal() { DType::F32 } else { DType::F64 })
}
