//! Divergence of a diagonal normal from the standard normal.

use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::Error;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, WithDType};

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
    if composed::takes(mean) {
        return composed::kl_to_standard_normal(mean, log_var);
    }
    mean.contiguous()?.apply_op2(&log_var.contiguous()?, Kl)
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

impl Kl {
    fn backward<T: Element>(
        mean: &Tensor,
        log_var: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (m_read, v_read, g_read) = (reading(OP, mean), reading(OP, log_var), reading(OP, grad));
        let (ms, vs, gs) =
            (m_read.elements::<T>()?, v_read.elements::<T>()?, g_read.elements::<T>()?);
        let by_mean = || tensor(gs.iter().zip(ms).map(|(&g, &m)| g * m).collect(), mean.shape());
        let by_log_var = || {
            let slope = |v: T| T::lit(0.5 * v.wide().exp_m1());
            tensor(gs.iter().zip(vs).map(|(&g, &v)| g * slope(v)).collect(), mean.shape())
        };
        Ok((
            mean.track_op().then(by_mean).transpose()?,
            log_var.track_op().then(by_log_var).transpose()?,
        ))
    }
}

impl CustomOp2 for Kl {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_dtype!(OP, s1.dtype(), T => {
            let (ms, vs) = (elements::<T>(OP, s1, l1)?, elements::<T>(OP, s2, l2)?);
            let kl = |(m, v): (&T, &T)| {
                T::lit(0.5 * (m.wide() * m.wide() + expm1_minus(v.wide())))
            };
            Ok((T::to_cpu_storage_owned(ms.iter().zip(vs).map(kl).collect()), l1.shape().clone()))
        })
    }

    fn bwd(
        &self,
        mean: &Tensor,
        log_var: &Tensor,
        _kl: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => Self::backward::<T>(mean, log_var, &grad))
    }
}
