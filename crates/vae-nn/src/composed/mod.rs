//! What the kernels compute, in candle's own operations: the code for tensors on another device
//! than the CPU, which no command can select.
//!
//! Values and gradients are those of the kernels, up to rounding. Where candle's shortest form has
//! another gradient than PyTorch (pooling, upsampling, some strides, rectifiers at 0, saturated
//! logits), a form is used whose gradient is right.

pub(crate) mod device;
pub(crate) mod layers;
pub(crate) mod losses;
#[cfg(test)]
mod tests;
