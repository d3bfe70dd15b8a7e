//! From the image to the map, and back.
//!
//! Both ways a pixel of the result sees a few rows of contiguous inputs. On the way to the map these are the rows of the window.
//! On the way back an image pixel is seen through those taps whose remainder under the stride fits its own: with stride `s` the image
//! falls into `s²` phases, each an ordinary convolution of the map with part of the kernel, without a scattered addition.

use super::geometry::{Filter, Geometry, signed};
use super::pack::{Block, Sides, blocks, pack_block, pack_rows};
use super::staged::Staged;
use crate::element::Element;
use crate::kernels::micro::{Dots, Level, MAX_LANES, MAX_VECTORS, Pixel, Runs, Tiles, dots, tiles};
use rayon::prelude::*;
use std::ops::Range;

/// Results with no more channels are computed one channel at a time.
const FEW: usize = 4;

/// Weights below which packing on several threads does not pay.
const SERIAL: usize = 1 << 14;

/// One way through a convolution.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    g: Geometry,
    filter: Filter,
    /// Whether it leads from the image to the map.
    to_map: bool,
    phases: Vec<Phase>,
}

/// The pixels of the result whose coordinates leave one remainder, and what they see.
#[derive(Clone, Debug)]
struct Phase {
    /// Remainders of row and column plus padding under the stride.
    remainder: (usize, usize),
    /// Rows and columns of taps.
    size: (usize, usize),
    /// Taps in the order of the inputs.
    taps: Vec<usize>,
}

/// Weights in the order of a [`Pass`].
pub(crate) struct Weights<T> {
    level: Level,
    blocks: Vec<Block>,
    /// Per phase.
    packed: Vec<Vec<T>>,
    bias: Vec<T>,
}

impl Pass {
    /// The convolution itself.
    pub(crate) fn gather(g: Geometry, filter: Filter) -> Self {
        let k = g.kernel;
        let phase = Phase { remainder: (0, 0), size: (k, k), taps: (0..g.taps()).collect() };
        Self { g, filter, to_map: true, phases: vec![phase] }
    }

    /// Its adjoint.
    pub(crate) fn spread(g: Geometry, filter: Filter) -> Self {
        let (k, s) = (g.kernel, g.stride);
        // Later rows of the map see a pixel through earlier taps.
        let taps = |remainder: usize| (remainder..k).step_by(s).rev();
        let phases = (0..s * s)
            .map(|i| (i / s, i % s))
            .map(|(y, x)| Phase {
                remainder: (y, x),
                size: (taps(y).count(), taps(x).count()),
                taps: taps(y).flat_map(|ky| taps(x).map(move |kx| ky * k + kx)).collect(),
            })
            .collect();
        Self { g, filter, to_map: false, phases }
    }

    /// Rows of the input that the rows `rows` of the result see.
    pub(crate) fn source_rows(&self, rows: &Range<usize>) -> Range<isize> {
        if self.to_map { self.g.image_rows(rows) } else { self.g.map_rows(rows) }
    }

    /// Columns of the input that must be laid out.
    pub(crate) fn source_cols(&self) -> Range<isize> {
        if self.to_map { self.g.image_cols() } else { self.g.map_cols() }
    }

    fn result_width(&self) -> usize {
        if self.to_map { self.g.out_width } else { self.g.in_width }
    }

    fn result_channels(&self) -> usize {
        if self.to_map { self.g.out_channels } else { self.g.in_channels }
    }

    fn sides(&self) -> Sides {
        let (g, f) = (&self.g, &self.filter);
        let (summed, summed_stride, computed_stride) = if self.to_map {
            (g.in_channels, f.image_stride, f.map_stride)
        } else {
            (g.out_channels, f.map_stride, f.image_stride)
        };
        Sides { summed, summed_stride, computed_stride }
    }

    /// Brings the weight into the order of this pass; without a bias it is 0.
    pub(crate) fn pack<T: Element>(
        &self,
        level: Level,
        weight: &[T],
        bias: Option<&[T]>,
    ) -> Weights<T> {
        let (channels, sides) = (self.result_channels(), self.sides());
        let view = (&self.g, &self.filter, sides);
        let few = channels <= FEW;
        let blocks = if few { Vec::new() } else { blocks::<T>(channels, level) };
        let packed = self
            .phases
            .iter()
            .map(|Phase { taps, .. }| {
                if few {
                    return pack_rows(view, taps, channels, weight);
                }
                let rows = taps.len() * sides.summed;
                let width: usize = blocks.iter().map(|block| block.width).sum();
                let mut packed = vec![T::ZERO; rows * width];
                let mut rest = &mut packed[..];
                let mut parts = Vec::new();
                for &block in &blocks {
                    let (part, others) = rest.split_at_mut(rows * block.width);
                    parts.push((block, part));
                    rest = others;
                }
                let pack = |(block, part): (Block, &mut [T])| {
                    pack_block(view, taps, block, weight, part);
                };
                if weight.len() < SERIAL {
                    parts.into_iter().for_each(pack);
                } else {
                    parts.into_par_iter().with_max_len(1).for_each(pack);
                }
                packed
            })
            .collect();
        let mut bias = bias.map_or_else(|| vec![T::ZERO; channels], <[T]>::to_vec);
        if !few {
            bias.resize(channels + MAX_VECTORS * MAX_LANES, T::ZERO);
        }
        Weights { level, blocks, packed, bias }
    }

    /// Computes the rows `rows` of the result for `images` images, laid out one after the other in `out`.
    ///
    /// # Panics
    /// If the rows that are seen are not staged, or `out` is too short.
    pub(crate) fn run<T: Element>(
        &self,
        weights: &Weights<T>,
        staged: &Staged<'_, T>,
        images: usize,
        rows: &Range<usize>,
        out: &mut [T],
    ) {
        let mut pixels = Vec::new();
        for (phase, packed) in self.phases.iter().zip(&weights.packed) {
            self.pixels(phase, staged, images, rows, &mut pixels);
            if pixels.is_empty() {
                continue;
            }
            let (n_y, n_x) = phase.size;
            let runs = Runs { count: n_y, stride: staged.row_len(), len: n_x * staged.channels() };
            let (xs, pixels, level) = (staged.values, &pixels[..], weights.level);
            if weights.blocks.is_empty() {
                let bias = &weights.bias;
                dots(level, Dots { xs, pixels, runs, weights: packed, bias, out });
                continue;
            }
            let mut packed = &packed[..];
            for block in &weights.blocks {
                let (weight, others) = packed.split_at(runs.total() * block.width);
                packed = others;
                tiles(
                    level,
                    Tiles {
                        xs,
                        pixels,
                        runs,
                        weights: weight,
                        bias: &weights.bias[block.first..],
                        block: block.width,
                        channels: block.channels,
                        out: &mut out[block.first..],
                    },
                );
            }
        }
    }

    /// Where the pixels of a phase read and write.
    fn pixels<T: Element>(
        &self,
        phase: &Phase,
        staged: &Staged<'_, T>,
        images: usize,
        rows: &Range<usize>,
        pixels: &mut Vec<Pixel>,
    ) {
        pixels.clear();
        let (g, s) = (&self.g, self.g.stride);
        let (width, channels) = (self.result_width(), self.result_channels());
        // First pixel and step of this phase among the results.
        let start = |remainder: usize, at_least: usize| {
            at_least + (remainder + s * (g.padding + at_least + 1) - g.padding - at_least) % s
        };
        let (step, first_y, first_x) = if self.to_map {
            (1, rows.start, 0)
        } else {
            (s, start(phase.remainder.0, rows.start), start(phase.remainder.1, 0))
        };
        if rows.end <= first_y || width <= first_x {
            return;
        }
        // Coordinates of the first input: that of the first tap.
        let source = |n: usize, taps: usize| {
            if self.to_map {
                signed(n * s) - signed(g.padding)
            } else {
                signed((n + g.padding) / s) - signed(taps.max(1) - 1)
            }
        };
        let (n_y, n_x) = phase.size;
        let x_step = if self.to_map { s } else { 1 } * staged.channels();
        let n_cols = (width - first_x).div_ceil(step);
        for image in 0..images {
            for y in (first_y..rows.end).step_by(step) {
                let from = staged.place(image, source(y, n_y), source(first_x, n_x));
                let to = ((image * rows.len() + y - rows.start) * width + first_x) * channels;
                pixels.extend(
                    (0..n_cols)
                        .map(|i| Pixel { from: from + i * x_step, to: to + i * step * channels }),
                );
            }
        }
    }
}
