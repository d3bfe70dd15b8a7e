//! Log-likelihoods that are a sum over pixels, each with a parameter of its own and one scale for
//! all.

use super::pixels::{self, Pixels};
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::Error;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;
use std::sync::OnceLock;

/// The law of one pixel, in f64.
pub(super) trait Law: Send + Sync {
    /// Name of the operation.
    const NAME: &'static str;

    /// Log-probability of `x`, with its derivatives.
    fn terms(&self, parameter: f64, log_scale: f64, x: f64) -> Terms;
}

/// A log-probability and its derivatives.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) log_prob: f64,
    pub(super) by_parameter: f64,
    pub(super) by_log_scale: f64,
}

/// `(B, ..), scalar, (B, ..) → (B,)`. No gradient goes to the designs.
pub(super) fn log_prob<L: Law + 'static>(
    law: L,
    parameters: &Tensor,
    log_scale: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    pixels::check(L::NAME, parameters, xs, mask)?;
    if log_scale.elem_count() != 1 {
        let expected = "a log-scale with one value".to_owned();
        return Err(
            Error::Shape { op: L::NAME, expected, actual: log_scale.dims().to_vec() }.into()
        );
    }
    if log_scale.dtype() != parameters.dtype() {
        return Err(Error::DType { op: L::NAME, dtype: log_scale.dtype() }.into());
    }
    let pixels = Pixels::new(parameters, mask)?;
    let keep = parameters.track_op() || log_scale.track_op();
    let op = Op { law, pixels, keep, slopes: OnceLock::new() };
    parameters.contiguous()?.apply_op3(&log_scale.contiguous()?, &xs.detach().contiguous()?, op)
}

struct Op<L> {
    law: L,
    pixels: Pixels,
    /// Whether a gradient may be asked for.
    keep: bool,
    slopes: OnceLock<Slopes>,
}

/// Derivatives, kept by the forward pass.
struct Slopes {
    /// By the parameter of each pixel, 0 where masked; f32 or f64.
    by_parameter: CpuStorage,
    /// By the log-scale, per design.
    by_log_scale: Vec<f64>,
}

impl<L: Law> Op<L> {
    fn forward<T: Element>(&self, parameters: &[T], log_scale: f64, xs: &[T]) -> Vec<T> {
        let chunk = self.pixels.chunk();
        let mut slopes = vec![T::ZERO; if self.keep { parameters.len() } else { 0 }];
        let design = |i: usize, ps: &[T], xs: &[T], slopes: &mut [T]| {
            let (mut sum, mut by_log_scale) = (0.0, 0.0);
            let active = self.pixels.active(i);
            for (j, (p, x)) in ps.iter().zip(xs).enumerate() {
                // A pixel that does not count may hold anything, infinite or NaN too.
                if active.is_none_or(|active| active[j]) {
                    let terms = self.law.terms(p.wide(), log_scale, x.wide());
                    sum += terms.log_prob;
                    by_log_scale += terms.by_log_scale;
                    if let Some(slope) = slopes.get_mut(j) {
                        *slope = T::lit(terms.by_parameter);
                    }
                }
            }
            (T::lit(sum), by_log_scale)
        };
        let designs = parameters.par_chunks(chunk).zip(xs.par_chunks(chunk)).enumerate();
        if !self.keep {
            return designs.map(|(i, (ps, xs))| design(i, ps, xs, &mut []).0).collect();
        }
        let (sums, by_log_scale) = designs
            .zip(slopes.par_chunks_mut(chunk))
            .map(|((i, (ps, xs)), slopes)| design(i, ps, xs, slopes))
            .unzip();
        // The op is made for one forward pass, so the cell is empty here.
        let by_parameter = T::to_cpu_storage_owned(slopes);
        let _ = self.slopes.set(Slopes { by_parameter, by_log_scale });
        sums
    }

    fn backward<T: Element>(
        &self,
        parameters: &Tensor,
        log_scale: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(slopes) = self.slopes.get() else {
            return Err(candle_core::Error::msg("backward before forward").bt());
        };
        let g_read = reading(L::NAME, grad);
        let gs = g_read.elements::<T>()?;
        let by_parameter = || {
            let kept = T::cpu_storage_as_slice(&slopes.by_parameter)?;
            let mut out = vec![T::ZERO; kept.len()];
            let chunk = self.pixels.chunk();
            out.par_chunks_mut(chunk).zip(kept.par_chunks(chunk)).zip(gs).for_each(
                |((out, kept), &g)| {
                    for (out, &slope) in out.iter_mut().zip(kept) {
                        *out = g * slope;
                    }
                },
            );
            tensor(out, parameters.shape())
        };
        let by_log_scale = || {
            let terms = slopes.by_log_scale.iter().zip(gs).map(|(slope, g)| slope * g.wide());
            tensor(vec![T::lit(terms.sum())], log_scale.shape())
        };
        Ok((
            parameters.track_op().then(by_parameter).transpose()?,
            log_scale.track_op().then(by_log_scale).transpose()?,
            None,
        ))
    }
}

impl<L: Law> CustomOp3 for Op<L> {
    fn name(&self) -> &'static str {
        L::NAME
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
        by_dtype!(L::NAME, s1.dtype(), T => {
            let log_scale = elements::<T>(L::NAME, s2, l2)?[0].wide();
            let (ps, xs) = (elements(L::NAME, s1, l1)?, elements(L::NAME, s3, l3)?);
            let sums = self.forward::<T>(ps, log_scale, xs);
            Ok((T::to_cpu_storage_owned(sums), self.pixels.batch().into()))
        })
    }

    fn bwd(
        &self,
        parameters: &Tensor,
        log_scale: &Tensor,
        _xs: &Tensor,
        _sums: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        by_dtype!(L::NAME, grad.dtype(), T => self.backward::<T>(parameters, log_scale, &grad))
    }
}
