//! A smooth bound on log-variances.

use crate::composed::{device, losses};
use crate::error::Error;
use crate::kernels::element::Element;
use crate::kernels::exponential::softplus_and_sigmoid;
use crate::tensors::operation::{Operation, apply1};
use candle_core::{Result, Tensor};

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
    if device::is_elsewhere(log_var) {
        return losses::soft_bound(log_var, lo, hi);
    }
    apply1(log_var, SoftBound { lo, hi })
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
}

fn softplus(x: f64) -> f64 {
    softplus_and_sigmoid(x).0
}

/// Not that of [`softplus_and_sigmoid`], which rounds negative numbers otherwise: trained weights
/// would change in their last digits.
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Operation<1> for SoftBound {
    const NAME: &'static str = "soft_bound";

    fn forward<T: Element>(&self, [xs]: [&[T]; 1]) -> Result<Vec<T>> {
        Ok(xs.iter().map(|x| T::lit(self.value(x.wide()))).collect())
    }

    fn backward<T: Element>(
        &self,
        [xs]: [&[T]; 1],
        _wanted: [bool; 1],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 1]> {
        let slopes = xs.iter().zip(gradient).map(|(x, g)| T::lit(self.slope(x.wide()) * g.wide()));
        Ok([Some(slopes.collect())])
    }
}
