//! Elementwise loops over pixels whose channels are innermost.
//!
//! Values per channel are repeated to a few hundred elements, a whole number of pixels, so that the loops run over long contiguous
//! pieces whatever the number of channels.

use super::simd::wide;
use crate::element::Element;

/// Elements of a repeated pattern, about.
const PATTERN: usize = 256;

/// Values per channel, repeated.
pub(crate) fn repeated<T: Element>(per_channel: impl Iterator<Item = T>) -> Vec<T> {
    let values: Vec<T> = per_channel.collect();
    values.repeat(PATTERN.div_ceil(values.len().max(1)))
}

/// Elements of a pattern for this many channels.
fn pattern_len(channels: usize) -> usize {
    PATTERN.div_ceil(channels) * channels
}

/// Two sums per channel over many pixels: in the element type over a stretch of rows, in f64 over the stretches.
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

    /// Ends a stretch.
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
