//! Weights in the order in which the innermost loops read them.

use super::geometry::{Filter, Geometry};
use crate::element::Element;
use crate::kernels::micro::Level;

/// Channels that are computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first of them.
    pub(crate) first: usize,
    /// How many.
    pub(crate) channels: usize,
    /// Filled up to whole vectors.
    pub(crate) width: usize,
}

/// Cuts channels into blocks, all of the same width but the last.
pub(crate) fn blocks<T: Element>(channels: usize, level: Level) -> Vec<Block> {
    let lanes = T::lanes(level);
    let most = T::vectors(level) * lanes;
    (0..channels)
        .step_by(most)
        .map(|first| {
            let channels = most.min(channels - first);
            Block { first, channels, width: channels.next_multiple_of(lanes) }
        })
        .collect()
}

/// How the weight is seen by one pass: over which channels it sums, and which it computes.
#[derive(Clone, Copy)]
pub(super) struct Sides {
    pub(super) summed: usize,
    pub(super) summed_stride: usize,
    pub(super) computed_stride: usize,
}

/// For each tap and summed channel a row with the weights of a block, zeros behind its last channel.
pub(super) fn pack_block<T: Element>(
    (g, filter, sides): (&Geometry, &Filter, Sides),
    taps: &[usize],
    block: Block,
    weight: &[T],
    packed: &mut [T],
) {
    let taps: Vec<usize> = taps.iter().map(|&tap| filter.tap(g, tap)).collect();
    for channel in 0..sides.summed {
        for (t, tap) in taps.iter().enumerate() {
            let row = &mut packed[(t * sides.summed + channel) * block.width..][..block.width];
            let first = channel * sides.summed_stride + block.first * sides.computed_stride + tap;
            let values = weight[first..].iter().step_by(sides.computed_stride);
            let (row, rest) = row.split_at_mut(block.channels);
            for (packed, &value) in row.iter_mut().zip(values) {
                *packed = value;
            }
            rest.fill(T::ZERO);
        }
    }
}

/// For each computed channel its weights, tap by tap.
pub(super) fn pack_rows<T: Element>(
    (g, filter, sides): (&Geometry, &Filter, Sides),
    taps: &[usize],
    computed: usize,
    weight: &[T],
) -> Vec<T> {
    let mut rows = Vec::with_capacity(computed * taps.len() * sides.summed);
    for row in 0..computed {
        for &tap in taps {
            let first = row * sides.computed_stride + filter.tap(g, tap);
            rows.extend((0..sides.summed).map(|c| weight[first + c * sides.summed_stride]));
        }
    }
    rows
}
