//! A limit on the length of the whole gradient.

use crate::composed::device;
use crate::error::Error;
use crate::kernels::element::Element;
use crate::kernels::parallel::{map, parallel_sum_of};
use crate::tensors::storage::{by_dtype, reading, tensor};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result as CandleResult, Tensor, Var};

const OP: &str = "clip_global_norm";

/// Scales the gradients of `vars` so that their common Euclidean norm is at most `max_norm`, and
/// returns the norm before.
///
/// `g ← g · max_norm / (norm + 1e-6)` if that factor is below 1, as in PyTorch. Variables without a
/// gradient are skipped. If the norm is infinite or NaN nothing is changed, and the caller sees it
/// in the result.
///
/// # Errors
/// If `max_norm` is not above 0, or a gradient is neither `f32` nor `f64`.
///
/// # Accuracy
/// The norm is summed in f64, in an order that depends on the sizes and on the order of `vars`
/// alone.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
/// use vae_nn::clip_global_norm;
///
/// let vars = vec![("x".to_owned(), Var::new(&[3.0_f64, 4.0], &Device::Cpu)?)];
/// let mut grads = (vars[0].1.sqr()?.sum_all()? / 2.0)?.backward()?;
/// assert_eq!(clip_global_norm(&mut grads, &vars, 1.0)?, 5.0);
/// let norm = clip_global_norm(&mut grads, &vars, 1.0)?;
/// assert!((norm - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clip_global_norm(
    grads: &mut GradStore,
    vars: &[(String, Var)],
    max_norm: f64,
) -> Result<f64, Error> {
    if max_norm.is_nan() || max_norm <= 0.0 {
        let requirement = "above 0";
        return Err(Error::Setting { name: "max_norm", value: max_norm, requirement });
    }
    let mut squares = 0.0;
    for (_, var) in vars {
        if let Some(grad) = grads.get(var) {
            squares += if device::is_elsewhere(grad) {
                let squares = device::wide(grad)?.sqr()?.sum_all()?;
                squares.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar::<f64>()?
            } else {
                by_dtype!(OP, grad.dtype(), T => sum_of_squares::<T>(grad))?
            };
        }
    }
    let norm = squares.sqrt();
    let factor = max_norm / (norm + 1e-6);
    if norm.is_finite() && factor < 1.0 {
        for (_, var) in vars {
            if let Some(grad) = grads.get(var) {
                let scaled = if device::is_elsewhere(grad) {
                    (grad * factor)?
                } else {
                    by_dtype!(OP, grad.dtype(), T => scaled::<T>(grad, factor))?
                };
                grads.insert(var, scaled);
            }
        }
    }
    Ok(norm)
}

fn sum_of_squares<T: Element>(grad: &Tensor) -> CandleResult<f64> {
    let grad = grad.contiguous()?;
    let reading = reading(OP, &grad);
    Ok(parallel_sum_of(reading.elements::<T>()?, |g| g.wide() * g.wide()))
}

fn scaled<T: Element>(grad: &Tensor, factor: f64) -> CandleResult<Tensor> {
    let grad = grad.contiguous()?;
    let reading = reading(OP, &grad);
    let factor = T::lit(factor);
    tensor(map(reading.elements::<T>()?, move |g| g * factor), grad.shape())
}
