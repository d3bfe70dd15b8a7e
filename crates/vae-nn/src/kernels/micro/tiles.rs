//! Convolution into many channels: a tile of pixels times a block of channels stays in registers.
//!
//! Loop order: tiles of `P` pixels, then runs of contiguous inputs (a row of the window, all its
//! taps and channels), then the inputs of a run; innermost the `P × N` products of one input per
//! pixel with `N` vectors of weights. Weights are read once per tile, front to back; every input is
//! read once per tile and broadcast.
#![expect(
    unsafe_code,
    reason = "unchecked reads in the innermost loop; the bounds are checked once per call"
)]

use super::level::{Kernel, Level};
use super::vector::{MAX_LANES, MAX_VECTORS, Vector};
use crate::kernels::element::Element;
use crate::kernels::number::Number;

/// Where a pixel's window starts in the input, and where its channels go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pixel {
    /// Place of the first input of the first run.
    pub(crate) from: usize,
    /// Place of the first channel of the result.
    pub(crate) to: usize,
}

/// What a pixel sees: `count` runs of `len` contiguous inputs, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runs {
    pub(crate) count: usize,
    pub(crate) stride: usize,
    pub(crate) len: usize,
}

impl Runs {
    /// Inputs of one pixel.
    pub(crate) fn total(self) -> usize {
        self.count * self.len
    }

    /// Distance from the first input of a pixel to behind its last.
    pub(crate) fn reach(self) -> usize {
        if self.total() == 0 { 0 } else { (self.count - 1) * self.stride + self.len }
    }
}

/// `out[to + c] = bias[c] + Σ_i xs[from + i] · weights[i][c]` for all pixels and `channels`
/// channels.
pub(crate) struct Tiles<'a, T> {
    pub(crate) xs: &'a [T],
    pub(crate) pixels: &'a [Pixel],
    pub(crate) runs: Runs,
    /// A row of `block` weights per input of a pixel.
    pub(crate) weights: &'a [T],
    /// `block` values.
    pub(crate) bias: &'a [T],
    /// A row of weights, filled up to whole vectors.
    pub(crate) block: usize,
    /// How many of them are channels of the result.
    pub(crate) channels: usize,
    pub(crate) out: &'a mut [T],
}

/// Computes a [`Tiles`].
///
/// # Panics
/// If a slice is too short.
pub(crate) fn tiles<T: Element>(level: Level, call: Tiles<'_, T>) {
    let last = |place: fn(&Pixel) -> usize| call.pixels.iter().map(place).max();
    let (Some(from), Some(to)) = (last(|pixel| pixel.from), last(|pixel| pixel.to)) else { return };
    assert!(from.checked_add(call.runs.reach()).is_some_and(|end| end <= call.xs.len()));
    assert!(to.checked_add(call.channels).is_some_and(|end| end <= call.out.len()));
    assert!(call.runs.total() * call.block <= call.weights.len() && call.block <= call.bias.len());
    assert!(call.channels <= call.block && call.block.is_multiple_of(T::lanes(level)));
    assert!(call.block / T::lanes(level) <= T::vectors(level));
    // SAFETY: the lengths were just checked: every pixel reads `runs` within `xs`, all rows of
    // weights and the bias exist, and `channels` results fit behind every place in `out`, which is
    // borrowed mutably and so overlaps nothing that is read.
    unsafe { T::run(level, call) }
}

impl<T: Element> Kernel<T> for Tiles<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(self) {
        // Tiles as large as the registers hold: accumulators, one row of weights, and a broadcast
        // input. SAFETY: passed on to the caller.
        unsafe {
            match (V::VECTORS, self.block / V::LANES) {
                (4, 4) => all::<V, 6, 4>(self),
                (4, 3) => all::<V, 8, 3>(self),
                (4, 2) => all::<V, 8, 2>(self),
                (2, 2) => all::<V, 6, 2>(self),
                (1, 1) => all::<V, 4, 1>(self),
                _ => all::<V, 8, 1>(self),
            }
        }
    }
}

/// All tiles; the last one repeats its last pixel.
#[inline(always)]
unsafe fn all<V: Vector, const P: usize, const N: usize>(call: Tiles<'_, V::Scalar>) {
    let Tiles { xs, pixels, runs, weights, bias, channels, out, .. } = call;
    for tile in pixels.chunks(P) {
        let pixel: [Pixel; P] = std::array::from_fn(|p| tile[p.min(tile.len() - 1)]);
        // SAFETY: all places are inside the slices, as the caller has checked.
        unsafe {
            let mut sums = [[V::splat(V::Scalar::ZERO); N]; P];
            for sums in &mut sums {
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(bias.as_ptr().add(n * V::LANES));
                }
            }
            let mut row = weights.as_ptr();
            for run in 0..runs.count {
                let inputs: [_; P] =
                    std::array::from_fn(|p| xs.as_ptr().add(pixel[p].from + run * runs.stride));
                for i in 0..runs.len {
                    let w: [V; N] = std::array::from_fn(|n| V::load(row.add(n * V::LANES)));
                    for p in 0..P {
                        let x = V::splat(*inputs[p].add(i));
                        for n in 0..N {
                            sums[p][n] = sums[p][n].mul_add(x, w[n]);
                        }
                    }
                    row = row.add(N * V::LANES);
                }
            }
            for (pixel, sums) in pixel.iter().zip(&sums) {
                let to = out.as_mut_ptr().add(pixel.to);
                if channels == N * V::LANES {
                    for (n, sum) in sums.iter().enumerate() {
                        sum.store(to.add(n * V::LANES));
                    }
                } else {
                    let mut block = [V::Scalar::ZERO; MAX_VECTORS * MAX_LANES];
                    for (n, sum) in sums.iter().enumerate() {
                        sum.store(block.as_mut_ptr().add(n * V::LANES));
                    }
                    std::ptr::copy_nonoverlapping(block.as_ptr(), to, channels);
                }
            }
        }
    }
}
