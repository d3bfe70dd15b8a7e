//! Log-likelihood of Gaussian pixels of one shared deviation.

use super::pixels::{self, Pixels};
use crate::composed::{device, losses};
use crate::kernels::element::Element;
use crate::tensors::operation::{Operation, apply3};
use candle_core::{Result, Shape, Tensor};
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
    pixels::check_scale(OP, "log_std", log_std, mean)?;
    if device::is_elsewhere(mean) {
        return losses::gaussian_log_prob(mean, log_std, xs, mask);
    }
    let pixels = Pixels::new(mean, mask)?;
    let op = Gaussian { pixels, squares: OnceLock::new() };
    apply3([mean, log_std, xs], op)
}

struct Gaussian {
    pixels: Pixels,
    /// Sum of squared differences per design.
    squares: OnceLock<Vec<f64>>,
}

impl Operation<3> for Gaussian {
    const NAME: &'static str = OP;

    fn shape(&self, _arguments: [&Shape; 3]) -> Shape {
        self.pixels.batch().into()
    }

    fn forward<T: Element>(&self, [means, log_std, xs]: [&[T]; 3]) -> Result<Vec<T>> {
        let log_std = log_std[0].wide();
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
        // The operation is made for one forward pass, so the cell is empty here.
        let _ = self.squares.set(squares);
        Ok(log_probs)
    }

    fn backward<T: Element>(
        &self,
        [means, log_std, xs]: [&[T]; 3],
        [wants_mean, wants_log_std, wants_xs]: [bool; 3],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 3]> {
        let chunk = self.pixels.chunk();
        let precision = (-2.0 * log_std[0].wide()).exp();
        // `sign` is 1 for the gradient by the mean and -1 for that by the design.
        let by_pixel = |sign: f64| {
            let mut out = vec![T::ZERO; means.len()];
            out.par_chunks_mut(chunk)
                .zip(means.par_chunks(chunk).zip(xs.par_chunks(chunk)))
                .zip(gradient)
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
            out
        };
        let Some(squares) = self.squares.get() else {
            return Err(candle_core::Error::msg("gaussian_log_prob: backward before forward").bt());
        };
        let by_log_std = || {
            let terms = squares.iter().zip(gradient).enumerate().map(|(i, (square, &g))| {
                g.wide() * (square * precision - self.pixels.n_active(i) as f64)
            });
            vec![T::lit(terms.sum())]
        };
        Ok([
            wants_mean.then(|| by_pixel(1.0)),
            wants_log_std.then(by_log_std),
            wants_xs.then(|| by_pixel(-1.0)),
        ])
    }
}
