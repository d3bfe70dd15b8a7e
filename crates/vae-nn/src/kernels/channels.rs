//! Elementwise loops over pixels whose channels are innermost.
//!
//! Values per channel are repeated to a few hundred elements, a whole number of pixels, so that the
//! loops run over long contiguous pieces whatever the number of channels.

use super::simd::wide;
use crate::kernels::element::Element;

/// Approximate number of elements of a repeated pattern.
const PATTERN: usize = 256;

/// Elements that are treated together, in registers.
const LANES: usize = 16;

/// Values per channel, repeated.
pub(crate) fn repeated<T: Element>(per_channel: impl Iterator<Item = T>) -> Vec<T> {
    let values: Vec<T> = per_channel.collect();
    values.repeat(PATTERN.div_ceil(values.len().max(1)))
}

/// Elements of a pattern for this many channels.
fn pattern_len(channels: usize) -> usize {
    PATTERN.div_ceil(channels) * channels
}

/// Two sums per channel over many pixels: in the element type over a stretch of rows, in f64 over
/// the stretches.
pub(crate) struct Sums<T> {
    first: Vec<T>,
    second: Vec<T>,
    totals: Vec<[f64; 2]>,
}

impl<T: Element> Sums<T> {
    pub(crate) fn new(channels: usize) -> Self {
        let zeros = vec![T::ZERO; pattern_len(channels)];
        Self { first: zeros.clone(), second: zeros, totals: vec![[0.0; 2]; channels] }
    }

    /// Adds `x` of every element to the sum of its channel.
    pub(crate) fn add(&mut self, row: &[T]) {
        wide!({
            for xs in row.chunks(self.first.len()) {
                for (sum, &x) in self.first.iter_mut().zip(xs) {
                    *sum += x;
                }
            }
        });
    }

    /// Adds `x − pivot` and its square.
    pub(crate) fn add_centered(&mut self, row: &[T], pivot: &[T]) {
        wide!({
            for xs in row.chunks(self.first.len()) {
                let sums = self.first.iter_mut().zip(&mut self.second);
                for ((first, second), (&x, &pivot)) in sums.zip(xs.iter().zip(pivot)) {
                    let x = x - pivot;
                    *first += x;
                    *second += x * x;
                }
            }
        });
    }

    /// Adds `d` and `d · (y − mean)`.
    pub(crate) fn add_products(&mut self, ds: &[T], ys: &[T], mean: &[T]) {
        wide!({
            let n = self.first.len();
            for (ds, ys) in ds.chunks(n).zip(ys.chunks(n)) {
                let sums = self.first.iter_mut().zip(&mut self.second);
                for ((first, second), ((&d, &y), &mean)) in sums.zip(ds.iter().zip(ys).zip(mean)) {
                    *first += d;
                    *second += d * (y - mean);
                }
            }
        });
    }

    /// Replaces `d` by `f(h, d)` with `h = (y − mean) · scale + shift`, then adds it and `d · (y −
    /// mean)`.
    pub(crate) fn add_masked(
        &mut self,
        ds: &mut [T],
        ys: &[T],
        [mean, scale, shift]: [&[T]; 3],
        f: impl Fn(T, T) -> T + Copy,
    ) {
        wide!({
            let (f, n) = (f, self.first.len());
            for (ds, ys) in ds.chunks_mut(n).zip(ys.chunks(n)) {
                let n = ds.len();
                // All that is read is read first: the compiler need not ask which of the slices
                // overlap.
                let (groups, ds_rest) = ds.as_chunks_mut::<LANES>();
                let ((ys, ys_rest), (means, means_rest)) = (ys.as_chunks(), mean[..n].as_chunks());
                let (scales, scales_rest) = scale[..n].as_chunks();
                let (shifts, shifts_rest) = shift[..n].as_chunks();
                let (firsts, firsts_rest) = self.first[..n].as_chunks_mut();
                let (seconds, seconds_rest) = self.second[..n].as_chunks_mut();
                let lines = means.iter().zip(scales).zip(shifts);
                let sums = firsts.iter_mut().zip(seconds);
                for (((d, y), ((mean, scale), shift)), (first, second)) in
                    groups.iter_mut().zip(ys).zip(lines).zip(sums)
                {
                    one_group(d, y, [mean, scale, shift], [first, second], f);
                }
                for i in 0..ds_rest.len() {
                    let centered = ys_rest[i] - means_rest[i];
                    ds_rest[i] = f(centered * scales_rest[i] + shifts_rest[i], ds_rest[i]);
                    firsts_rest[i] += ds_rest[i];
                    seconds_rest[i] += ds_rest[i] * centered;
                }
            }
        });
    }

    /// Ends a stretch of rows.
    pub(crate) fn flush(&mut self) {
        let channels = self.totals.len();
        let pixels = self.first.chunks(channels).zip(self.second.chunks(channels));
        for (first, second) in pixels {
            for (total, (first, second)) in self.totals.iter_mut().zip(first.iter().zip(second)) {
                total[0] += first.wide();
                total[1] += second.wide();
            }
        }
        self.first.fill(T::ZERO);
        self.second.fill(T::ZERO);
    }

    /// Both sums of all stretches, per channel.
    pub(crate) fn totals(mut self) -> Vec<[f64; 2]> {
        self.flush();
        self.totals
    }
}

/// [`Sums::add_masked`] of a few elements.
#[inline]
fn one_group<T: Element>(
    ds: &mut [T; LANES],
    ys: &[T; LANES],
    [mean, scale, shift]: [&[T; LANES]; 3],
    [first, second]: [&mut [T; LANES]; 2],
    f: impl Fn(T, T) -> T,
) {
    let (mut d, mut one, mut two) = (*ds, *first, *second);
    for i in 0..LANES {
        let centered = ys[i] - mean[i];
        d[i] = f(centered * scale[i] + shift[i], d[i]);
        one[i] += d[i];
        two[i] += d[i] * centered;
    }
    (*ds, *first, *second) = (d, one, two);
}
