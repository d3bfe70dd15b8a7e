//! Convolution into very few channels, as in the last layer of a decoder: vectors run over the
//! inputs.
//!
//! Loop order: channels of the result, tiles of `P` pixels, runs, vectors of inputs; each product
//! of vectors is added to one vector per pixel, whose lanes are summed at the end. A block of
//! result channels, as in `tiles`, would be nearly all padding.
#![expect(
    unsafe_code,
    reason = "unchecked reads in the innermost loop; the bounds are checked once per call"
)]

use super::level::{Kernel, Level};
use super::tiles::{Pixel, Runs};
use super::vector::Vector;
use crate::kernels::element::Element;

/// `out[to + c] = bias[c] + Σ_i xs[from + i] · weights[c][i]` for all pixels and channels.
pub(crate) struct Dots<'a, T> {
    pub(crate) xs: &'a [T],
    pub(crate) pixels: &'a [Pixel],
    pub(crate) runs: Runs,
    /// For each channel one weight per input of a pixel.
    pub(crate) weights: &'a [T],
    /// Distance between the weights of two channels.
    pub(crate) weights_stride: usize,
    /// One value per channel.
    pub(crate) bias: &'a [T],
    pub(crate) out: &'a mut [T],
}

/// Computes a [`Dots`].
///
/// # Panics
/// If a slice is too short.
pub(crate) fn dots<T: Element>(level: Level, call: Dots<'_, T>) {
    let last = |place: fn(&Pixel) -> usize| call.pixels.iter().map(place).max();
    let (Some(from), Some(to)) = (last(|pixel| pixel.from), last(|pixel| pixel.to)) else { return };
    assert!(from.checked_add(call.runs.reach()).is_some_and(|end| end <= call.xs.len()));
    assert!(to.checked_add(call.bias.len()).is_some_and(|end| end <= call.out.len()));
    let Some(channel) = call.bias.len().checked_sub(1) else { return };
    assert!(channel * call.weights_stride + call.runs.total() <= call.weights.len());
    // SAFETY: the lengths were just checked: every pixel reads `runs` within `xs`, every channel
    // has its weights, and the channels fit behind every place in `out`.
    unsafe { T::run(level, call) }
}

const P: usize = 8;

impl<T: Element> Kernel<T> for Dots<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(self) {
        let Self { xs, pixels, runs, weights, weights_stride, bias, out } = self;
        let whole = runs.len / V::LANES * V::LANES;
        for (channel, &bias) in bias.iter().enumerate() {
            for tile in pixels.chunks(P) {
                let pixel: [Pixel; P] = std::array::from_fn(|p| tile[p.min(tile.len() - 1)]);
                // SAFETY: all places are inside the slices, as the caller has checked.
                unsafe {
                    let mut sums = [V::splat(T::ZERO); P];
                    let mut tails = [bias; P];
                    let mut row = weights.as_ptr().add(channel * weights_stride);
                    for run in 0..runs.count {
                        let inputs: [_; P] = std::array::from_fn(|p| {
                            xs.as_ptr().add(pixel[p].from + run * runs.stride)
                        });
                        for i in (0..whole).step_by(V::LANES) {
                            let w = V::load(row.add(i));
                            for p in 0..P {
                                sums[p] = sums[p].mul_add(V::load(inputs[p].add(i)), w);
                            }
                        }
                        for i in whole..runs.len {
                            let w = *row.add(i);
                            for p in 0..P {
                                tails[p] += *inputs[p].add(i) * w;
                            }
                        }
                        row = row.add(runs.len);
                    }
                    for p in 0..P {
                        *out.as_mut_ptr().add(pixel[p].to + channel) = sums[p].sum() + tails[p];
                    }
                }
            }
        }
    }
}
