//! From the image to the map, and back.
//!
//! Both ways a pixel of the result sees a few rows of contiguous inputs. On the way to the map
//! these are the rows of the window. On the way back an image pixel is seen through those taps
//! whose remainder under the stride fits its own: with stride `s` the image falls into `s²` phases,
//! each an ordinary convolution of the map with part of the kernel, without a scattered addition.

use super::geometry::{Filter, Geometry, signed};
use super::pack::{Block, Sides, TapRows, blocks, pack_block, pack_rows};
use super::staged::Staged;
use crate::kernels::buffer::Buffer;
use crate::kernels::element::Element;
use crate::kernels::micro::dots::{Dots, dots};
use crate::kernels::micro::level::Level;
use crate::kernels::micro::tiles::{Pixel, Runs, Tiles, tiles};
use crate::kernels::micro::vector::{MAX_LANES, MAX_VECTORS};
use std::ops::Range;

/// Results with no more channels are computed one channel at a time.
const FEW: usize = 4;

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

/// Weights in the order of a [`Pass`]: block by block, and in a block phase by phase.
pub(crate) struct Weights<T: Element> {
    level: Level,
    /// Empty where the channels are few: then there is one row of weights per channel.
    blocks: Vec<Block>,
    packed: Buffer<T>,
    bias: Vec<T>,
}

/// A part of some [`Weights`] that has yet to be filled.
pub(crate) struct Packing<'a, T> {
    pass: &'a Pass,
    weight: &'a [T],
    /// `None` for few channels.
    block: Option<Block>,
    packed: &'a mut [T],
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

    /// Inputs of a pixel, over all phases.
    fn rows(&self) -> usize {
        self.phases.iter().map(|phase| phase.taps.len()).sum::<usize>() * self.sides().summed
    }

    /// Taps of all phases with the rows that their weights go to.
    fn tap_rows(&self) -> Vec<TapRows> {
        let summed = self.sides().summed;
        let taps = self.phases.iter().flat_map(|phase| &phase.taps);
        let place = |(i, &tap)| TapRows { tap: self.filter.tap(&self.g, tap), row: i * summed };
        taps.enumerate().map(place).collect()
    }

    /// Room for the weights of this pass, with the bias if there is one; [`Pass::packings`] fill
    /// it.
    pub(crate) fn weights<T: Element>(&self, level: Level, bias: Option<&[T]>) -> Weights<T> {
        let channels = self.result_channels();
        let blocks = if channels <= FEW { Vec::new() } else { blocks::<T>(channels, level) };
        let mut bias = bias.map_or_else(|| vec![T::ZERO; channels], <[T]>::to_vec);
        let width = if blocks.is_empty() {
            channels
        } else {
            // Whole vectors are read.
            bias.resize(channels + MAX_VECTORS * MAX_LANES, T::ZERO);
            blocks.iter().map(|block| block.width).sum()
        };
        Weights { level, blocks, packed: Buffer::new(self.rows() * width), bias }
    }

    /// The work of bringing `weight` into the order of this pass, in parts.
    pub(crate) fn packings<'a, T: Element>(
        &'a self,
        weight: &'a [T],
        to: &'a mut Weights<T>,
    ) -> Vec<Packing<'a, T>> {
        let mut rest = &mut to.packed[..];
        if to.blocks.is_empty() {
            return vec![Packing { pass: self, weight, block: None, packed: rest }];
        }
        let mut packings = Vec::new();
        for &block in &to.blocks {
            let (packed, others) = rest.split_at_mut(self.rows() * block.width);
            packings.push(Packing { pass: self, weight, block: Some(block), packed });
            rest = others;
        }
        packings
    }

    /// Computes the rows `rows` of the result for `images` images, laid out one after the other in
    /// `out`.
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
        let all_rows = self.rows();
        let mut first_row = 0;
        for phase in &self.phases {
            self.pixels(phase, staged, images, rows, &mut pixels);
            let (n_y, n_x) = phase.size;
            let runs = Runs { count: n_y, stride: staged.row_len(), len: n_x * staged.channels() };
            let row = first_row;
            first_row += runs.total();
            if pixels.is_empty() {
                continue;
            }
            let (xs, pixels, level) = (staged.values, &pixels[..], weights.level);
            if weights.blocks.is_empty() {
                let weights_of = &weights.packed[row..];
                let call = Dots {
                    xs,
                    pixels,
                    runs,
                    weights: weights_of,
                    weights_stride: all_rows,
                    bias: &weights.bias,
                    out,
                };
                dots(level, call);
                continue;
            }
            for block in &weights.blocks {
                let start = all_rows * block.first + row * block.width;
                let call = Tiles {
                    xs,
                    pixels,
                    runs,
                    weights: &weights.packed[start..],
                    bias: &weights.bias[block.first..],
                    block: block.width,
                    channels: block.channels,
                    out: &mut out[block.first..],
                };
                tiles(level, call);
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

impl<T: Element> Packing<'_, T> {
    /// Weights that it moves.
    pub(crate) fn len(&self) -> usize {
        self.packed.len()
    }

    /// Fills its part.
    pub(crate) fn run(self) {
        let (sides, taps) = (self.pass.sides(), self.pass.tap_rows());
        match self.block {
            Some(block) => pack_block(sides, &taps, block, self.weight, self.packed),
            None => pack_rows(sides, &taps, self.pass.rows(), self.weight, self.packed),
        }
    }
}
