//! Where a tensor lies, and what its device can do.

use candle_core::{DType, Result, Tensor};

/// Whether a tensor lies on another device than the CPU. Nothing else asks for the device.
pub(crate) fn is_elsewhere(tensor: &Tensor) -> bool {
    #[cfg(test)]
    if pretense::is_on() {
        return true;
    }
    !tensor.device().is_cpu()
}

/// In f64 if the device has it: Metal has not.
pub(crate) fn wide(tensor: &Tensor) -> Result<Tensor> {
    tensor.to_dtype(if tensor.device().is_metal() { DType::F32 } else { DType::F64 })
}

/// Tests compare both ways on the CPU, so they pretend that every tensor lies elsewhere.
#[cfg(test)]
pub(super) mod pretense {
    use std::cell::Cell;

    thread_local! {
        static ON: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn is_on() -> bool {
        ON.get()
    }

    /// What `f` gives on this thread if all tensors count as lying elsewhere.
    pub(in crate::composed) fn elsewhere<R>(f: impl FnOnce() -> R) -> R {
        ON.set(true);
        let result = f();
        ON.set(false);
        result
    }
}
