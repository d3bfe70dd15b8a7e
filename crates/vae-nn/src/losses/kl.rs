//! Divergence of a diagonal normal from the standard normal.

use crate::composed::{device, losses};
use crate::error::Error;
use crate::kernels::element::Element;
use crate::tensors::operation::{Operation, apply2};
use candle_core::{Result, Tensor};

const OP: &str = "kl_to_standard_normal";

/// `KL(N(m, e^v) ‖ N(0, 1))` of each latent, in nats: `(B, d), (B, d) → (B, d)`; sum over `d` for
/// that of the code.
///
/// `½ (m² + expm1(v) − v)` with the mean `m` and the log-variance `v`.
///
/// # Errors
/// If the shapes or element types differ, or the type is neither `f32` nor `f64`.
///
/// # Accuracy
/// Computed in f64 whatever the element type, with a series for small `v`, so a collapsed latent
/// (`v → 0`) keeps all digits: the textbook form `−½ (1 + v − m² − e^v)` loses them all in f32 at
/// `v = 1e-4`. The gradients are `m` and `½ expm1(v)`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let mean = Tensor::new(&[[0.0_f32, 1.0]], &Device::Cpu)?;
/// let log_var = Tensor::new(&[[1e-4_f32, 0.0]], &Device::Cpu)?;
/// let kl = vae_nn::kl_to_standard_normal(&mean, &log_var)?.to_vec2::<f32>()?;
/// assert!((kl[0][0] / 2.500083335e-9 - 1.0).abs() < 1e-6);
/// assert_eq!(kl[0][1], 0.5);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # References
/// D. P. Kingma, M. Welling, Auto-Encoding Variational Bayes, 2014, appendix B.
pub fn kl_to_standard_normal(mean: &Tensor, log_var: &Tensor) -> Result<Tensor> {
    if mean.dims() != log_var.dims() {
        return Err(Error::Shape {
            op: OP,
            expected: format!("a log_var of the shape of the mean, {:?}", mean.dims()),
            actual: log_var.dims().to_vec(),
        }
        .into());
    }
    if mean.dtype() != log_var.dtype() {
        return Err(Error::DType { op: OP, dtype: log_var.dtype() }.into());
    }
    if device::is_elsewhere(mean) {
        return losses::kl_to_standard_normal(mean, log_var);
    }
    apply2([mean, log_var], Kl)
}

struct Kl;

/// `expm1(v) − v`, to full relative precision.
fn expm1_minus(v: f64) -> f64 {
    if v.abs() < 0.25 {
        // v²/2! + v³/3! + ..: the rest after v^15/15! is below 1e-17 of the sum.
        let mut sum = 0.0;
        for n in (2..=15).rev() {
            sum = (sum + 1.0) * v / f64::from(n);
        }
        // The loop ends with v/2 (1 + v/3 (1 + ..)).
        sum * v
    } else {
        v.exp_m1() - v
    }
}

impl Operation<2> for Kl {
    const NAME: &'static str = OP;

    fn forward<T: Element>(&self, [means, log_vars]: [&[T]; 2]) -> Result<Vec<T>> {
        let kl = |(m, v): (&T, &T)| T::lit(0.5 * (m.wide() * m.wide() + expm1_minus(v.wide())));
        Ok(means.iter().zip(log_vars).map(kl).collect())
    }

    fn backward<T: Element>(
        &self,
        [means, log_vars]: [&[T]; 2],
        [wants_mean, wants_log_var]: [bool; 2],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 2]> {
        let by_mean = || gradient.iter().zip(means).map(|(&g, &m)| g * m).collect();
        let by_log_var = || {
            let slope = |v: T| T::lit(0.5 * v.wide().exp_m1());
            gradient.iter().zip(log_vars).map(|(&g, &v)| g * slope(v)).collect()
        };
        Ok([wants_mean.then(by_mean), wants_log_var.then(by_log_var)])
    }
}
