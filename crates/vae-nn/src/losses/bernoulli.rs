//! Log-likelihood of independent Bernoulli pixels.

use super::pixels::{self, Pixels, scaled};
use crate::composed::{device, losses};
use crate::kernels::element::Element;
use crate::kernels::simd::wide;
use crate::tensors::operation::{Operation, apply2};
use candle_core::{CpuStorage, Result, Shape, Tensor};
use rayon::prelude::*;
use std::sync::OnceLock;

const OP: &str = "bernoulli_log_prob";

/// Log-probability of each design under independent Bernoulli pixels given by logits, in nats: `(B,
/// ..), (B, ..) → (B,)`.
///
/// `Σ x·l − softplus(l)` over the active pixels. `mask`, of shape `(1, ..)` or `(B, ..)`, has 0
/// where a pixel does not count and 1 where it does. For grey `x` in `(0, 1)` the value is minus a
/// cross-entropy, not a normalized likelihood.
///
/// # Errors
/// If the shapes or element types differ, or the type is neither `f32` nor `f64`.
///
/// # Accuracy
/// Finite for every finite logit: `softplus(l) = max(l, 0) + ln_1p(e^−|l|)`, and no probability is
/// ever formed. Terms have the precision of the element type, the sum is kept in f64. The gradients
/// are `x − sigmoid(l)` and `l`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let logits = Tensor::new(&[[0.0_f64, 1000.0], [0.0, 1000.0]], &Device::Cpu)?;
/// let xs = Tensor::new(&[[1.0_f64, 1.0], [1.0, 0.0]], &Device::Cpu)?;
/// let log_prob = vae_nn::bernoulli_log_prob(&logits, &xs, None)?.to_vec1::<f64>()?;
/// assert_eq!(log_prob, [-f64::ln(2.0), -f64::ln(2.0) - 1000.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # References
/// D. P. Kingma, M. Welling, Auto-Encoding Variational Bayes, 2014, appendix C.1.
pub fn bernoulli_log_prob(logits: &Tensor, xs: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    pixels::check(OP, logits, xs, mask)?;
    if device::is_elsewhere(logits) {
        return losses::bernoulli_log_prob(logits, xs, mask);
    }
    let pixels = Pixels::new(logits, mask)?;
    let op = Bernoulli { pixels, keep: logits.track_op(), residuals: OnceLock::new() };
    apply2([logits, xs], op)
}

struct Bernoulli {
    pixels: Pixels,
    /// Whether a gradient by the logits may be needed.
    keep: bool,
    /// `x − sigmoid(l)`, 0 where masked, kept as f32 or f64.
    residuals: OnceLock<CpuStorage>,
}

impl Operation<2> for Bernoulli {
    const NAME: &'static str = OP;

    fn shape(&self, _arguments: [&Shape; 2]) -> Shape {
        self.pixels.batch().into()
    }

    fn forward<T: Element>(&self, [logits, xs]: [&[T]; 2]) -> Result<Vec<T>> {
        let chunk = self.pixels.chunk();
        let designs = logits.par_chunks(chunk).zip(xs.par_chunks(chunk)).enumerate();
        if !self.keep {
            return Ok(designs
                .map(|(i, (ls, xs))| T::lit(log_prob(ls, xs, self.pixels.active(i), |_, _| ())))
                .collect());
        }
        let mut residuals = vec![T::ZERO; logits.len()];
        let sums = designs
            .zip(residuals.par_chunks_mut(chunk))
            .map(|((i, (ls, xs)), residuals)| {
                let keep = |block: usize, slopes: &[T]| {
                    residuals[block * BLOCK..][..slopes.len()].copy_from_slice(slopes);
                };
                T::lit(log_prob(ls, xs, self.pixels.active(i), keep))
            })
            .collect();
        // The operation is made for one forward pass, so the cell is empty here.
        let _ = self.residuals.set(T::to_cpu_storage_owned(residuals));
        Ok(sums)
    }

    fn backward<T: Element>(
        &self,
        [logits, _]: [&[T]; 2],
        [_, wants_xs]: [bool; 2],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 2]> {
        let chunk = self.pixels.chunk();
        let by_logits = match self.residuals.get() {
            Some(residuals) => Some(scaled(T::cpu_storage_as_slice(residuals)?, chunk, gradient)),
            None => None,
        };
        let by_xs = wants_xs.then(|| {
            let mut out = vec![T::ZERO; logits.len()];
            for (i, (out, (ls, &g))) in
                out.chunks_mut(chunk).zip(logits.chunks(chunk).zip(gradient)).enumerate()
            {
                let active = self.pixels.active(i);
                for (j, (out, &l)) in out.iter_mut().zip(ls).enumerate() {
                    if active.is_none_or(|active| active[j]) {
                        *out = g * l;
                    }
                }
            }
            out
        });
        Ok([by_logits, by_xs])
    }
}

/// Pixels that are treated together.
const BLOCK: usize = 32;

/// Log-probability of one design, summed in f64; `keep(i, slopes)` gets `x − sigmoid(l)` of the
/// i-th block.
///
/// A pixel that does not count may hold anything, infinite or NaN too, and has slope 0.
fn log_prob<T: Element>(
    logits: &[T],
    xs: &[T],
    active: Option<&[bool]>,
    mut keep: impl FnMut(usize, &[T]),
) -> f64 {
    let mut lanes = [0.0; BLOCK];
    for (i, (ls, xs)) in logits.chunks(BLOCK).zip(xs.chunks(BLOCK)).enumerate() {
        // Whole blocks of fixed size vectorize; the last one is filled up with zeros, whose terms
        // are not read.
        let (mut l, mut x) = ([T::ZERO; BLOCK], [T::ZERO; BLOCK]);
        l[..ls.len()].copy_from_slice(ls);
        x[..xs.len()].copy_from_slice(xs);
        let (terms, mut slopes) = wide!({ block(&l, &x) });
        match active.map(|active| &active[i * BLOCK..][..ls.len()]) {
            None => {
                for (lane, term) in lanes.iter_mut().zip(&terms[..ls.len()]) {
                    *lane += term.wide();
                }
            }
            Some(active) => {
                let seen = active.iter().zip(terms.iter().zip(&mut slopes));
                for (lane, (&active, (term, slope))) in lanes.iter_mut().zip(seen) {
                    if active {
                        *lane += term.wide();
                    } else {
                        *slope = T::ZERO;
                    }
                }
            }
        }
        keep(i, &slopes[..ls.len()]);
    }
    lanes.iter().sum()
}

/// `x l − softplus(l)` and `x − sigmoid(l)` of each pixel, with one exponential for both.
#[inline]
fn block<T: Element>(l: &[T; BLOCK], x: &[T; BLOCK]) -> ([T; BLOCK], [T; BLOCK]) {
    let (mut terms, mut slopes) = ([T::ZERO; BLOCK], [T::ZERO; BLOCK]);
    for i in 0..BLOCK {
        let (decay, log) = T::decay_and_log(l[i].abs());
        let positive = l[i] > T::ZERO;
        let softplus = if positive { l[i] + log } else { log };
        let sigmoid = if positive { T::ONE } else { decay } / (T::ONE + decay);
        terms[i] = x[i] * l[i] - softplus;
        slopes[i] = x[i] - sigmoid;
    }
    (terms, slopes)
}
