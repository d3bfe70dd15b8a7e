//! Pooling of rows that have just been computed.
//!
//! What the kernel computes, for each channel of each image, with windows of side `k`:
//!
//! ```text
//! for (y, x) in result {
//!     for (ky, kx) in window {
//!         ys[y][x] = max(ys[y][x], xs[y * k + ky][x * k + kx])  // or += xs[..][..] / k²
//!     }
//! }
//! ```

use crate::error::{Error, at_least_one};
use crate::kernels::element::Element;
use crate::kernels::simd::wide;
use candle_core::Result;

/// Non-overlapping square windows; rows and columns that do not fill a window are left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    pub(super) k: usize,
    channels: usize,
    height: usize,
    width: usize,
}

impl Windows {
    /// # Errors
    /// If `k` is 0 or above 255, or the image is smaller than a window.
    pub(super) fn new(
        op: &'static str,
        [channels, height, width]: [usize; 3],
        k: usize,
    ) -> Result<Self> {
        at_least_one("k", k)?;
        if k > 255 {
            let requirement = "at most 255";
            return Err(Error::Setting { name: "k", value: k as f64, requirement }.into());
        }
        if height < k || width < k {
            let expected = format!("(B, C, H, W) with H and W at least {k}");
            return Err(Error::Shape { op, expected, actual: vec![channels, height, width] }.into());
        }
        Ok(Self { k, channels, height, width })
    }

    pub(super) fn out_height(&self) -> usize {
        self.height / self.k
    }

    pub(super) fn out_width(&self) -> usize {
        self.width / self.k
    }

    /// Elements of a row in front of the pool.
    pub(super) fn row_len(&self) -> usize {
        self.width * self.channels
    }

    /// Elements of an image in front of the pool.
    pub(super) fn len(&self) -> usize {
        self.height * self.row_len()
    }
}

/// A pool, and the activation in front of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pool {
    /// The largest value. A rising activation in front may as well follow.
    Max { windows: Windows, slope: f64 },
    /// The mean.
    Average(Windows),
}

impl Pool {
    pub(super) fn windows(&self) -> &Windows {
        match self {
            Self::Max { windows, .. } | Self::Average(windows) => windows,
        }
    }

    /// Pools `k` rows into one. `argmax` gets the place of each maximum in its window, `ky * k +
    /// kx`: that of the first of several, and of a NaN before any number.
    pub(super) fn row<T: Element>(&self, rows: &[T], out: &mut [T], argmax: &mut [u16]) {
        let w = self.windows();
        let (k, c) = (w.k, w.channels);
        match *self {
            Self::Max { slope, .. } => {
                let slope = T::lit(slope);
                let pixels = out.chunks_exact_mut(c).zip(argmax.chunks_exact_mut(c));
                wide!({
                    for (x, (out, argmax)) in pixels.enumerate() {
                        let pixel = |ky, kx| &rows[ky * w.row_len() + (x * k + kx) * c..][..c];
                        out.copy_from_slice(pixel(0, 0));
                        argmax.fill(0);
                        for at in 1..k * k {
                            let candidates = pixel(at / k, at % k);
                            let at = at as u16;
                            for ((best, place), &x) in
                                out.iter_mut().zip(&mut *argmax).zip(candidates)
                            {
                                // Strictly above: the first of several stays. A NaN differs from
                                // itself, and stays too.
                                #[expect(
                                    clippy::eq_op,
                                    reason = "the test for NaN of a generic type"
                                )]
                                let better = x > *best || (x != x && *best == *best);
                                *best = if better { x } else { *best };
                                *place = if better { at } else { *place };
                            }
                        }
                        for x in out {
                            let leaked = if slope == T::ZERO { T::ZERO } else { slope * *x };
                            #[expect(clippy::eq_op, reason = "the test for NaN of a generic type")]
                            let kept = *x > T::ZERO || *x != *x;
                            *x = if kept { *x } else { leaked };
                        }
                    }
                });
            }
            Self::Average(_) => {
                let share = T::lit(1.0 / (k * k) as f64);
                for (x, out) in out.chunks_exact_mut(c).enumerate() {
                    out.fill(T::ZERO);
                    for ky in 0..k {
                        let window = &rows[ky * w.row_len() + x * k * c..][..k * c];
                        for pixel in window.chunks_exact(c) {
                            for (sum, &x) in out.iter_mut().zip(pixel) {
                                *sum += x;
                            }
                        }
                    }
                    for sum in out {
                        *sum *= share;
                    }
                }
            }
        }
    }

    /// The gradient by row `ky` of the windows, in front of the activation, from that by the pooled
    /// row `ys`.
    pub(super) fn backward_row<T: Element>(
        &self,
        ky: usize,
        ys: &[T],
        argmax: &[u16],
        grad: &[T],
        out: &mut [T],
    ) {
        let w = self.windows();
        let (k, c) = (w.k, w.channels);
        let (out, rest) = out.split_at_mut(w.out_width() * k * c);
        rest.fill(T::ZERO);
        let windows = out.chunks_exact_mut(k * c).zip(grad.chunks_exact(c));
        match *self {
            Self::Max { slope, .. } => {
                let slope = T::lit(slope);
                let pixels = ys.chunks_exact(c).zip(argmax.chunks_exact(c));
                wide!({
                    for ((window, grad), (ys, argmax)) in windows.zip(pixels) {
                        for (kx, out) in window.chunks_exact_mut(c).enumerate() {
                            let here = (ky * k + kx) as u16;
                            let values = grad.iter().zip(ys).zip(argmax);
                            for (out, ((&g, &y), &at)) in out.iter_mut().zip(values) {
                                let leaked = if slope == T::ZERO { T::ZERO } else { slope * g };
                                let through = if y > T::ZERO { g } else { leaked };
                                *out = if at == here { through } else { T::ZERO };
                            }
                        }
                    }
                });
            }
            Self::Average(_) => {
                let share = T::lit(1.0 / (k * k) as f64);
                for (window, grad) in windows {
                    for out in window.chunks_exact_mut(c) {
                        for (out, &g) in out.iter_mut().zip(grad) {
                            *out = g * share;
                        }
                    }
                }
            }
        }
    }
}
