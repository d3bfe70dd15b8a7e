//! A smooth bound on log-variances.

use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::Error;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};

const OP: &str = "soft_bound";

/// Values held above `lo` and below `hi` without a kink: `a = lo + softplus(v − lo)`, then `hi −
/// softplus(hi − a)`.
///
/// It is the identity, to `e^−distance`, well inside the bounds; the lower one holds up to `e^(lo −
/// hi)`. Apply it once to a log-variance and use the result both for sampling and in the
/// divergence: a variance then neither overflows nor vanishes, and the gradient is never cut to 0.
///
/// # Errors
/// If the bounds are not `lo < hi`, both finite, or the element type is neither `f32` nor `f64`.
///
/// # Accuracy
/// Computed in f64 whatever the element type. The gradient is `sigmoid(v − lo) · sigmoid(hi − a)`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let v = Tensor::new(&[-1000.0_f64, 0.5, 1000.0], &Device::Cpu)?;
/// let bounded = vae_nn::soft_bound(&v, -30.0, 20.0)?.to_vec1::<f64>()?;
/// assert_eq!((bounded[0], bounded[2]), (-30.0, 20.0));
/// assert!((bounded[1] - 0.5).abs() < 1e-8);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn soft_bound(log_var: &Tensor, lo: f64, hi: f64) -> Result<Tensor> {
    if !lo.is_finite() {
        return Err(Error::Setting { name: "lo", value: lo, requirement: "finite" }.into());
    }
    if !(hi.is_finite() && lo < hi) {
        let requirement = "finite and above the lower bound";
        return Err(Error::Setting { name: "hi", value: hi, requirement }.into());
    }
    if composed::takes(log_var) {
        return composed::soft_bound(log_var, lo, hi);
    }
    log_var.contiguous()?.apply_op1(SoftBound { lo, hi })
}

struct SoftBound {
    lo: f64,
    hi: f64,
}

impl SoftBound {
    fn raised(&self, v: f64) -> f64 {
        self.lo + softplus(v - self.lo)
    }

    fn value(&self, v: f64) -> f64 {
        self.hi - softplus(self.hi - self.raised(v))
    }

    fn slope(&self, v: f64) -> f64 {
        sigmoid(v - self.lo) * sigmoid(self.hi - self.raised(v))
    }

    fn backward<T: Element>(&self, xs: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let (x_read, g_read) = (reading(OP, xs), reading(OP, grad));
        let (x, g) = (x_read.elements::<T>()?, g_read.elements::<T>()?);
        let out = x.iter().zip(g).map(|(x, g)| T::lit(self.slope(x.wide()) * g.wide())).collect();
        tensor(out, xs.shape())
    }
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl CustomOp1 for SoftBound {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_dtype!(OP, storage.dtype(), T => {
            let xs = elements::<T>(OP, storage, layout)?;
            let ys = xs.iter().map(|x| T::lit(self.value(x.wide()))).collect();
            Ok((T::to_cpu_storage_owned(ys), layout.shape().clone()))
        })
    }

    fn bwd(&self, xs: &Tensor, _ys: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, &grad).map(Some))
    }
}
