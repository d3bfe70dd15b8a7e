//! Log-likelihoods that are a sum over pixels, each with a parameter of its own and one scale for
//! all.

use super::pixels::{self, Pixels, scaled};
use crate::kernels::element::Element;
use crate::tensors::operation::{Operation, apply3};
use candle_core::{CpuStorage, Result, Shape, Tensor};
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
    pixels::check_scale(L::NAME, "log-scale", log_scale, parameters)?;
    let pixels = Pixels::new(parameters, mask)?;
    let keep = parameters.track_op() || log_scale.track_op();
    let op = Op { law, pixels, keep, slopes: OnceLock::new() };
    apply3([parameters, log_scale, &xs.detach()], op)
}

struct Op<L> {
    law: L,
    pixels: Pixels,
    /// Whether a gradient may be needed.
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

impl<L: Law + 'static> Operation<3> for Op<L> {
    const NAME: &'static str = L::NAME;

    fn shape(&self, _arguments: [&Shape; 3]) -> Shape {
        self.pixels.batch().into()
    }

    fn forward<T: Element>(&self, [parameters, log_scale, xs]: [&[T]; 3]) -> Result<Vec<T>> {
        let log_scale = log_scale[0].wide();
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
            return Ok(designs.map(|(i, (ps, xs))| design(i, ps, xs, &mut []).0).collect());
        }
        let (sums, by_log_scale) = designs
            .zip(slopes.par_chunks_mut(chunk))
            .map(|((i, (ps, xs)), slopes)| design(i, ps, xs, slopes))
            .unzip();
        // The operation is made for one forward pass, so the cell is empty here.
        let by_parameter = T::to_cpu_storage_owned(slopes);
        let _ = self.slopes.set(Slopes { by_parameter, by_log_scale });
        Ok(sums)
    }

    fn backward<T: Element>(
        &self,
        _arguments: [&[T]; 3],
        [wants_parameter, wants_log_scale, _]: [bool; 3],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 3]> {
        let Some(slopes) = self.slopes.get() else {
            return Err(candle_core::Error::msg("backward before forward").bt());
        };
        let kept = T::cpu_storage_as_slice(&slopes.by_parameter)?;
        let by_log_scale = || {
            let terms = slopes.by_log_scale.iter().zip(gradient).map(|(slope, g)| slope * g.wide());
            vec![T::lit(terms.sum())]
        };
        Ok([
            wants_parameter.then(|| scaled(kept, self.pixels.chunk(), gradient)),
            wants_log_scale.then(by_log_scale),
            None,
        ])
    }
}
