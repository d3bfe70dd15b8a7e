//! Convolutions to a single map or two, as in the last layer of a decoder: nothing to multiply matrices for.
//!
//! Row by row, without unfolding: a matrix product would spend its time on copying each pixel once per tap.

use super::conv::Geometry;
use super::phases::Phases;
use super::simd::wide;
use crate::element::Element;

/// Output pixels summed at a time, in registers.
const BLOCK: usize = 32;

/// Whether these kernels are the better choice.
pub(crate) fn serves(g: &Geometry) -> bool {
    g.out_channels <= 2
}

/// The map of one image, given in the layout of [`Phases`].
pub(crate) fn forward<T: Element>(
    g: &Geometry,
    phases: &[T],
    weight: &[T],
    bias: &[T],
    map: &mut [T],
) {
    let layout = Phases::new(g);
    let taps = layout.taps();
    let filters = weight.chunks_exact(weight.len() / g.out_channels);
    let planes = map.chunks_exact_mut(g.out_height * g.out_width);
    wide!({
        for ((plane, filter), &bias) in planes.zip(filters).zip(bias) {
            for (y, line) in plane.chunks_exact_mut(g.out_width).enumerate() {
                for (i, block) in line.chunks_mut(BLOCK).enumerate() {
                    let mut sums = [bias; BLOCK];
                    let mut weights = filter.iter();
                    for channel in layout.channels(phases) {
                        let channel = &channel[y * layout.row_stride() + i * BLOCK..];
                        for (&tap, &w) in taps.iter().zip(&mut weights) {
                            let source = &channel[tap..];
                            if let Some(source) = source.first_chunk::<BLOCK>() {
                                for (sum, &x) in sums.iter_mut().zip(source) {
                                    *sum += w * x;
                                }
                            } else {
                                for (sum, &x) in sums.iter_mut().zip(source) {
                                    *sum += w * x;
                                }
                            }
                        }
                    }
                    block.copy_from_slice(&sums[..block.len()]);
                }
            }
        }
    });
}

/// Adds the gradient by one image to `phases`.
pub(crate) fn grad_input<T: Element>(g: &Geometry, map: &[T], weight: &[T], phases: &mut [T]) {
    let layout = Phases::new(g);
    let taps = layout.taps();
    let filter_len = weight.len() / g.out_channels;
    wide!({
        for (c, channel) in layout.channels_mut(phases).enumerate() {
            let planes = map.chunks_exact(g.out_height * g.out_width);
            for (plane, filter) in planes.zip(weight.chunks_exact(filter_len)) {
                let filter = &filter[c * g.kernel * g.kernel..];
                for (y, line) in plane.chunks_exact(g.out_width).enumerate() {
                    for (&tap, &w) in taps.iter().zip(filter) {
                        let start = tap + y * layout.row_stride();
                        let target = &mut channel[start..start + g.out_width];
                        for (sum, &x) in target.iter_mut().zip(line) {
                            *sum += w * x;
                        }
                    }
                }
            }
        }
    });
}

/// Adds the gradient by the weight from one image, given in the layout of [`Phases`].
pub(crate) fn grad_weight<T: Element>(g: &Geometry, phases: &[T], map: &[T], sum: &mut [T]) {
    let layout = Phases::new(g);
    let taps = layout.taps();
    let filter_len = sum.len() / g.out_channels;
    let planes = map.chunks_exact(g.out_height * g.out_width);
    wide!({
        for (plane, filter) in planes.zip(sum.chunks_exact_mut(filter_len)) {
            let mut sums = filter.iter_mut();
            for channel in layout.channels(phases) {
                for (&tap, sum) in taps.iter().zip(&mut sums) {
                    // In lanes over the whole plane: a plain sum would wait for each addition.
                    let mut lanes = [T::ZERO; BLOCK];
                    let mut tail = T::ZERO;
                    for (y, line) in plane.chunks_exact(g.out_width).enumerate() {
                        let start = tap + y * layout.row_stride();
                        let source = &channel[start..start + g.out_width];
                        let (gs, xs) = (line.chunks_exact(BLOCK), source.chunks_exact(BLOCK));
                        for (&g, &x) in gs.remainder().iter().zip(xs.remainder()) {
                            tail += g * x;
                        }
                        for (g, x) in gs.zip(xs) {
                            for i in 0..BLOCK {
                                lanes[i] += g[i] * x[i];
                            }
                        }
                    }
                    let total: f64 = lanes.iter().map(|lane| lane.wide()).sum();
                    *sum += T::lit(total + tail.wide());
                }
            }
        }
    });
}
