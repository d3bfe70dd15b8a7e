//! The gradient by the weight.

use super::geometry::{Filter, Geometry, signed};
use super::pack::blocks;
use super::staged::Staged;
use crate::kernels::buffer::Buffer;
use crate::kernels::element::Element;
use crate::kernels::micro::level::Level;
use crate::kernels::micro::outer::{Outer, Row, outer};
use crate::kernels::simd::wide;
use rayon::prelude::*;
use std::ops::Range;

/// Rows of sums that are brought into the order of the weight together.
const LANES: usize = 16;

/// Sums in the order of the innermost loop: per block of map channels, a row for every tap and
/// image channel.
pub(crate) struct WeightSums<T: Element> {
    sums: Buffer<T>,
    /// Whether nothing has been added yet; the contents then have no meaning.
    fresh: bool,
}

impl<T: Element> WeightSums<T> {
    /// All 0.
    pub(crate) fn new(g: &Geometry, level: Level) -> Self {
        let width: usize = blocks::<T>(g.out_channels, level).iter().map(|block| block.width).sum();
        Self { sums: Buffer::new(g.taps() * g.in_channels * width), fresh: true }
    }
}

/// Adds the products of the map rows `rows` with what they see of the image, for `images` images.
///
/// # Panics
/// If the rows are not staged.
pub(crate) fn accumulate<T: Element>(
    g: &Geometry,
    level: Level,
    image: &Staged<'_, T>,
    map: &Staged<'_, T>,
    images: usize,
    map_rows: &Range<usize>,
    sums: &mut WeightSums<T>,
) {
    let mut rows = Vec::with_capacity(images * map_rows.len());
    for n in 0..images {
        for y in map_rows.clone() {
            let first = (signed(y * g.stride) - signed(g.padding), -signed(g.padding));
            rows.push(Row { x: image.place(n, first.0, first.1), g: map.place(n, signed(y), 0) });
        }
    }
    let run = g.kernel * g.in_channels;
    let offsets: Vec<usize> = (0..g.kernel)
        .flat_map(|ky| (0..run).map(move |i| (ky, i)))
        .map(|(ky, i)| ky * image.row_len() + i)
        .collect();
    if rows.is_empty() {
        return;
    }
    let fresh = std::mem::replace(&mut sums.fresh, false);
    let mut sums = &mut sums.sums[..];
    for block in blocks::<T>(g.out_channels, level) {
        let (part, others) = sums.split_at_mut(offsets.len() * block.width);
        sums = others;
        outer(
            level,
            Outer {
                xs: image.values,
                offsets: &offsets,
                gs: &map.values[block.first..],
                rows: &rows,
                len: g.out_width,
                x_step: g.stride * g.in_channels,
                g_step: g.out_channels,
                block: block.width,
                fresh,
                sums: part,
            },
        );
    }
}

/// Elements that one task adds up.
const CHUNK: usize = 1 << 15;

/// Adds up the shards, in order, in the layout of the weight.
pub(crate) fn unpack<T: Element>(
    g: &Geometry,
    filter: &Filter,
    level: Level,
    shards: Vec<WeightSums<T>>,
) -> Vec<T> {
    let mut shards = shards.into_iter().filter(|shard| !shard.fresh).map(|shard| shard.sums);
    let Some(mut sums) = shards.next() else { return vec![T::ZERO; g.weight_len()] };
    let others: Vec<Buffer<T>> = shards.collect();
    sums.par_chunks_mut(CHUNK).enumerate().for_each(|(i, sums)| {
        for other in &others {
            wide!({
                for (sum, &x) in sums.iter_mut().zip(&other[i * CHUNK..]) {
                    *sum += x;
                }
            });
        }
    });
    let mut weight = vec![T::ZERO; g.weight_len()];
    let n_rows = g.taps() * g.in_channels;
    // Map channels in groups of a few vectors: those of one row of sums lie together.
    let groups = blocks::<T>(g.out_channels, level).into_iter().flat_map(|block| {
        (0..block.channels).step_by(LANES).map(move |lane| Group {
            first: block.first + lane,
            channels: LANES.min(block.channels - lane),
            start: block.first * n_rows + lane,
            width: block.width,
        })
    });
    if filter.image_stride < filter.map_stride {
        // The weights of a map channel lie together, so every group writes to a part of its own.
        let mut parts = Vec::new();
        let mut rest = &mut weight[..];
        for group in groups {
            let (part, others) = rest.split_at_mut(group.channels * filter.map_stride);
            parts.push((group, part));
            rest = others;
        }
        parts.into_par_iter().for_each(|(group, part)| group.unpack(g, filter, &sums, part));
    } else {
        for group in groups {
            group.unpack(g, filter, &sums, &mut weight[group.first * filter.map_stride..]);
        }
    }
    weight
}

/// A few map channels of some [`WeightSums`].
#[derive(Clone, Copy)]
struct Group {
    first: usize,
    channels: usize,
    /// Place of the first channel in the first row.
    start: usize,
    /// Distance between rows.
    width: usize,
}

impl Group {
    /// Writes the weights of this group, the first of its channels at 0.
    fn unpack<T: Element>(&self, g: &Geometry, filter: &Filter, sums: &[T], out: &mut [T]) {
        wide!({
            for channel in 0..g.in_channels {
                for tap in 0..g.taps() {
                    let at = self.start + (tap * g.in_channels + channel) * self.width;
                    let to = channel * filter.image_stride + filter.tap(g, tap);
                    let places = out[to..].iter_mut().step_by(filter.map_stride);
                    for (place, &sum) in places.zip(&sums[at..at + self.channels]) {
                        *place = sum;
                    }
                }
            }
        });
    }
}
