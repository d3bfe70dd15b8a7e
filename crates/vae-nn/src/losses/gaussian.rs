//! Log-likelihood of Gaussian pixels of one shared deviation.

use super::pixels::{self, Pixels};
use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::Error;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;
use std::f64::consts::TAU;
use std::sync::OnceLock;

const OP: &str = "gaussian_log_prob";

/// Log-density of each design under independent normal pixels, in nats: `(B, ..), scalar, (B, ..) →
/// (B,)`.
///
/// `−½ Σ ((x − m)² e^(−2s) + 2s + ln 2π)` over the active pixels, with the mean `m` and `s =
/// log_std`, one scalar for all pixels. `mask`, of shape `(1, ..)` or `(B, ..)`, has 0 where a
/// pixel does not count and 1 where it does. All constants are kept, so values under different `s`
/// compare.
///
/// # Errors
/// If the shapes or element types differ, `log_std` has more than one value, or the type is neither
/// `f32` nor `f64`.
///
/// # Accuracy
/// Differences have the precision of the element type, everything else is f64. The optimum over `s`
/// is `s = ½ ln(mean of (x − m)²)`, where the derivative by `s` is 0.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let zero = Tensor::new(0.0_f64, &Device::Cpu)?;
/// let mean = Tensor::new(&[[0.0_f64], [0.0]], &Device::Cpu)?;
/// let xs = Tensor::new(&[[0.0_f64], [1.0]], &Device::Cpu)?;
/// let log_prob = vae_nn::gaussian_log_prob(&mean, &zero, &xs, None)?.to_vec1::<f64>()?;
/// assert!((log_prob[0] + 0.91893853320467274).abs() < 1e-15);
/// assert!((log_prob[1] + 1.41893853320467274).abs() < 1e-15);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # References
/// O. Rybkin, K. Daniilidis, S. Levine, Simple and Effective VAE Training with Calibrated
/// Decoders, 2021.
pub fn gaussian_log_prob(
    mean: &Tensor,
    log_std: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    pixels::check(OP, mean, xs, mask)?;
    if log_std.elem_count() != 1 {
        let expected = "a log_std with one value".to_owned();
        return Err(Error::Shape { op: OP, expected, actual: log_std.dims().to_vec() }.into());
    }
    if log_std.dtype() != mean.dtype() {
        return Err(Error::DType { op: OP, dtype: log_std.dtype() }.into());
    }
    if composed::takes(mean) {
        return composed::gaussian_log_prob(mean, log_std, xs, mask);
    }
    let pixels = Pixels::new(mean, mask)?;
    let op = Gaussian { pixels, squares: OnceLock::new() };
    mean.contiguous()?.apply_op3(&log_std.contiguous()?, &xs.contiguous()?, op)
}

struct Gaussian {
    pixels: Pixels,
    /// Sum of squared differences per design.
    squares: OnceLock<Vec<f64>>,
}

impl Gaussian {
    fn forward<T: Element>(&self, means: &[T], log_std: f64, xs: &[T]) -> Vec<T> {
        let chunk = self.pixels.chunk();
        let squares: Vec<f64> = means
            .par_chunks(chunk)
            .zip(xs.par_chunks(chunk))
            .enumerate()
            .map(|(i, (means, xs))| {
                let squares = means.iter().zip(xs).map(|(&m, &x)| {
                    let difference = (x - m).wide();
                    difference * difference
                });
                match self.pixels.active(i) {
                    None => squares.sum(),
                    Some(active) => {
                        squares.zip(active).map(|(square, &on)| if on { square } else { 0.0 }).sum()
                    }
                }
            })
            .collect();
        let log_probs = squares
            .iter()
            .enumerate()
            .map(|(i, square)| {
                let n = self.pixels.n_active(i) as f64;
                T::lit(-0.5 * (square * (-2.0 * log_std).exp() + n * (2.0 * log_std + TAU.ln())))
            })
            .collect();
        // The op is made for one forward pass, so the cell is empty here.
        let _ = self.squares.set(squares);
        log_probs
    }

    fn backward<T: Element>(
        &self,
        mean: &Tensor,
        log_std: &Tensor,
        xs: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let chunk = self.pixels.chunk();
        let (m_read, s_read) = (reading(OP, mean), reading(OP, log_std));
        let (x_read, g_read) = (reading(OP, xs), reading(OP, grad));
        let (means, x, gs) =
            (m_read.elements::<T>()?, x_read.elements::<T>()?, g_read.elements::<T>()?);
        let precision = (-2.0 * s_read.elements::<T>()?[0].wide()).exp();
        // `sign` is 1 for the gradient by the mean and -1 for that by the design.
        let by_pixel = |sign: f64| {
            let mut out = vec![T::ZERO; means.len()];
            out.par_chunks_mut(chunk)
                .zip(means.par_chunks(chunk).zip(x.par_chunks(chunk)))
                .zip(gs)
                .enumerate()
                .for_each(|(i, ((out, (means, xs)), &g))| {
                    let factor = T::lit(sign * precision * g.wide());
                    for ((out, &m), &x) in out.iter_mut().zip(means).zip(xs) {
                        *out = factor * (x - m);
                    }
                    for (out, &active) in out.iter_mut().zip(self.pixels.active(i).unwrap_or(&[])) {
                        if !active {
                            *out = T::ZERO;
                        }
                    }
                });
            tensor(out, mean.shape())
        };
        let Some(squares) = self.squares.get() else {
            return Err(candle_core::Error::msg("gaussian_log_prob: backward before forward").bt());
        };
        let by_log_std = || {
            let terms = squares.iter().zip(gs).enumerate().map(|(i, (square, &g))| {
                g.wide() * (square * precision - self.pixels.n_active(i) as f64)
            });
            tensor(vec![T::lit(terms.sum())], log_std.shape())
        };
        Ok((
            mean.track_op().then(|| by_pixel(1.0)).transpose()?,
            log_std.track_op().then(by_log_std).transpose()?,
            xs.track_op().then(|| by_pixel(-1.0)).transpose()?,
        ))
    }
}

impl CustomOp3 for Gaussian {
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
        by_dtype!(OP, s1.dtype(), T => {
            let log_std = elements::<T>(OP, s2, l2)?[0].wide();
            let sums = self.forward::<T>(elements(OP, s1, l1)?, log_std, elements(OP, s3, l3)?);
            Ok((T::to_cpu_storage_owned(sums), self.pixels.batch().into()))
        })
    }

    fn bwd(
        &self,
        mean: &Tensor,
        log_std: &Tensor,
        xs: &Tensor,
        _sums: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(mean, log_std, xs, &grad))
    }
}
