//! Weights in the order in which the innermost loops read them.

use crate::kernels::element::Element;
use crate::kernels::micro::level::Level;
use crate::kernels::simd::wide;

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

/// Where the rows of a tap start: one row per summed channel follows.
#[derive(Clone, Copy)]
pub(super) struct TapRows {
    /// Place of the tap in a filter.
    pub(super) tap: usize,
    /// First of its rows in a block.
    pub(super) row: usize,
}

/// For each tap and summed channel a row with the weights of a block, zeros behind its last
/// channel.
///
/// Loop order: summed channels, groups of computed channels that fit a cache line, taps. The
/// weights of a few filters are read from the first-level cache once per tap, each row is written
/// in one go.
pub(super) fn pack_block<T: Element>(
    sides: Sides,
    taps: &[TapRows],
    block: Block,
    weight: &[T],
    packed: &mut [T],
) {
    const LINE: usize = 16;
    let stride = sides.computed_stride;
    wide!({
        for channel in 0..sides.summed {
            let first = channel * sides.summed_stride + block.first * stride;
            for lane in (0..block.width).step_by(LINE) {
                let n = LINE.min(block.width - lane);
                let filled = n.min(block.channels.saturating_sub(lane));
                for &TapRows { tap, row } in taps {
                    let to = (row + channel) * block.width + lane;
                    let (values, rest) = packed[to..to + n].split_at_mut(filled);
                    if filled > 0 {
                        let from = weight[first + lane * stride + tap..].iter().step_by(stride);
                        for (value, &weight) in values.iter_mut().zip(from) {
                            *value = weight;
                        }
                    }
                    rest.fill(T::ZERO);
                }
            }
        }
    });
}

/// For each computed channel its weights, tap by tap: `rows` of them per channel.
pub(super) fn pack_rows<T: Element>(
    sides: Sides,
    taps: &[TapRows],
    rows: usize,
    weight: &[T],
    packed: &mut [T],
) {
    for (computed, packed) in packed.chunks_exact_mut(rows.max(1)).enumerate() {
        for &TapRows { tap, row } in taps {
            let first = computed * sides.computed_stride + tap;
            let values = weight[first..].iter().step_by(sides.summed_stride);
            for (value, &weight) in packed[row..row + sides.summed].iter_mut().zip(values) {
                *value = weight;
            }
        }
    }
}
