//! Images padded and sorted by the remainder of their coordinates under the stride.
//!
//! With padding added, output pixel `o` sees through tap `t` the coordinate `o * s + t`: place `o + t / s` among the coordinates of
//! remainder `t % s`. In planes per remainder all taps are therefore contiguous, without borders to mind: patches are copied
//! and added in whole rows, whatever the stride.

use super::conv::Geometry;
use super::simd::wide;
use crate::element::Element;
use std::ops::Range;

/// The layout of one image, `(channels, s, s, height, width)`.
#[derive(Clone, Copy)]
pub(crate) struct Phases<'a> {
    g: &'a Geometry,
    height: usize,
    width: usize,
}

impl<'a> Phases<'a> {
    pub(crate) fn new(g: &'a Geometry) -> Self {
        let reach = (g.kernel - 1) / g.stride;
        Self { g, height: g.out_height + reach, width: g.out_width + reach }
    }

    /// Elements of one image.
    pub(crate) fn len(&self) -> usize {
        self.g.in_channels * self.channel_len()
    }

    fn channel_len(&self) -> usize {
        self.g.stride * self.g.stride * self.height * self.width
    }

    /// Distance between rows of a channel.
    pub(crate) fn row_stride(&self) -> usize {
        self.width
    }

    /// Where, within a channel, the row starts that output row 0 sees through each tap, in reading order; the next output row
    /// sees the next row.
    pub(crate) fn taps(&self) -> Vec<usize> {
        let (k, s) = (self.g.kernel, self.g.stride);
        let start = |ky: usize, kx: usize| {
            (((ky % s) * s + kx % s) * self.height + ky / s) * self.width + kx / s
        };
        (0..k).flat_map(|ky| (0..k).map(move |kx| (ky, kx))).map(|(ky, kx)| start(ky, kx)).collect()
    }

    /// The channels of an image in this layout.
    pub(crate) fn channels<'b, T>(&self, phases: &'b [T]) -> std::slice::ChunksExact<'b, T> {
        phases.chunks_exact(self.channel_len())
    }

    /// The channels of an image in this layout, to write to.
    pub(crate) fn channels_mut<'b, T>(
        &self,
        phases: &'b mut [T],
    ) -> std::slice::ChunksExactMut<'b, T> {
        phases.chunks_exact_mut(self.channel_len())
    }

    /// Brings an image into this layout.
    pub(crate) fn sort<T: Element>(&self, image: &[T], phases: &mut [T]) {
        let (g, s) = (self.g, self.g.stride);
        let planes = image.chunks_exact(g.in_height * g.in_width);
        wide!({
            for (channel, plane) in phases.chunks_exact_mut(self.channel_len()).zip(planes) {
                for y in 0..s * self.height {
                    let source = y.checked_sub(g.padding).filter(|&y| y < g.in_height);
                    let source = source.map(|y| &plane[y * g.in_width..][..g.in_width]);
                    for b in 0..s {
                        let start = ((y % s * s + b) * self.height + y / s) * self.width;
                        let target = &mut channel[start..][..self.width];
                        let Some(source) = source else {
                            target.fill(T::ZERO);
                            continue;
                        };
                        let inside = self.inside(b);
                        target[..inside.start].fill(T::ZERO);
                        target[inside.end..].fill(T::ZERO);
                        if !inside.is_empty() {
                            let first = inside.start * s + b - g.padding;
                            every(s, &source[first..], &mut target[inside]);
                        }
                    }
                }
            }
        });
    }

    /// Brings an image back from this layout, plus a bias per channel; pixels that no tap sees get the bias alone.
    pub(crate) fn unsort<T: Element>(&self, phases: &[T], bias: Option<&[T]>, image: &mut [T]) {
        let (g, s) = (self.g, self.g.stride);
        let planes = image.chunks_exact_mut(g.in_height * g.in_width);
        wide!({
            for (c, (plane, channel)) in
                planes.zip(phases.chunks_exact(self.channel_len())).enumerate()
            {
                let bias = bias.map_or(T::ZERO, |bias| bias[c]);
                for (y, line) in plane.chunks_exact_mut(g.in_width).enumerate() {
                    let y = y + g.padding;
                    if s * self.height <= y {
                        line.fill(bias);
                        continue;
                    }
                    let row = |b| {
                        let start = ((y % s * s + b) * self.height + y / s) * self.width;
                        &channel[start..][..self.width]
                    };
                    if s == 1 {
                        let n = g.in_width.min(self.width.saturating_sub(g.padding));
                        for (out, &x) in line.iter_mut().zip(&row(0)[self.width.min(g.padding)..]) {
                            *out = x + bias;
                        }
                        line[n..].fill(bias);
                    } else if s == 2 {
                        let p = g.padding;
                        let skip = |n: usize| &row(n % 2)[(n / 2).min(self.width)..];
                        let (even, odd) = (skip(p), skip(p + 1));
                        let n = even.len().min(odd.len()).min(line.len() / 2);
                        let pairs = line.chunks_exact_mut(2).zip(even.iter().zip(odd));
                        for (pair, (&even, &odd)) in pairs {
                            pair[0] = even + bias;
                            pair[1] = odd + bias;
                        }
                        for (i, out) in line.iter_mut().enumerate().skip(2 * n) {
                            let rest = if i % 2 == 0 { even } else { odd };
                            *out = rest.get(i / 2).map_or(bias, |&x| x + bias);
                        }
                    } else {
                        for (x, out) in line.iter_mut().enumerate() {
                            let x = x + g.padding;
                            *out = row(x % s).get(x / s).map_or(bias, |&x| x + bias);
                        }
                    }
                }
            }
        });
    }

    /// Places of a row of remainder `b` that lie in the image.
    fn inside(&self, b: usize) -> Range<usize> {
        let (g, s) = (self.g, self.g.stride);
        let start = g.padding.saturating_sub(b).div_ceil(s).min(self.width);
        let end = (g.in_width + g.padding).saturating_sub(b).div_ceil(s).min(self.width);
        start..end.max(start)
    }
}

/// `target[i] = source[i * s]`
#[inline]
fn every<T: Element>(s: usize, source: &[T], target: &mut [T]) {
    if s == 1 {
        target.copy_from_slice(&source[..target.len()]);
    } else if s == 2 {
        // Pairs vectorize, a general step does not; the last value may have no neighbor.
        let n = target.len();
        if let Some(last) = target.last_mut() {
            *last = source[2 * (n - 1)];
        }
        for (out, pair) in target.iter_mut().zip(source.chunks_exact(2)) {
            *out = pair[0];
        }
    } else {
        for (out, &x) in target.iter_mut().zip(source.iter().step_by(s)) {
            *out = x;
        }
    }
}
