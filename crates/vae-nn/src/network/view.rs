//! How a stored result is read: normalized, then through an activation.
//!
//! Neither is computed when a convolution writes its result: normalization needs the statistics of
//! the whole batch. The next convolution applies both to the rows it lays out in the cache, again
//! in the backward pass, so that the normalized image never exists in memory.

use crate::kernels::channels::{Sums, repeated};
use crate::kernels::element::Element;
use crate::kernels::simd::wide;
use crate::layers::batch_norm::Statistics;

/// Number, mean and sum of squared differences from it, per channel, of part of a batch.
pub(crate) struct Moments {
    n: f64,
    /// `[mean, squares]`
    channels: Vec<[f64; 2]>,
}

impl Moments {
    /// Of some rows of whole pixels.
    pub(crate) fn of<T: Element>(rows: &[T], channels: usize) -> Self {
        // Differences from the first pixel: no digits are lost where the mean is large, and a
        // constant channel has variance 0.
        let pivot = &rows[..channels.min(rows.len())];
        let repeated = repeated(pivot.iter().copied());
        let mut sums = Sums::new(channels);
        sums.add_centered(rows, &repeated);
        let n = (rows.len() / channels) as f64;
        let moments = |([first, second], pivot): ([f64; 2], &T)| {
            [pivot.wide() + first / n, (second - first * first / n).max(0.0)]
        };
        Self { n, channels: sums.totals().into_iter().zip(pivot).map(moments).collect() }
    }

    /// The statistics of all parts together, taken in order.
    ///
    /// # References
    /// T. F. Chan, G. H. Golub, R. J. `LeVeque`, Updating Formulae and a Pairwise Algorithm for
    /// Computing Sample Variances, 1979.
    pub(crate) fn merge(parts: &[Self], channels: usize) -> Statistics {
        let (mut n, mut mean, mut squares) = (0.0, vec![0.0; channels], vec![0.0; channels]);
        for part in parts {
            let total = n + part.n;
            for (c, [part_mean, part_squares]) in part.channels.iter().enumerate() {
                let difference = part_mean - mean[c];
                mean[c] += difference * part.n / total;
                squares[c] += part_squares + difference * difference * n * part.n / total;
            }
            n = total;
        }
        Statistics { mean, var: squares.into_iter().map(|squares| squares / n).collect() }
    }
}

/// Gradients by weight and bias of a layer.
pub(crate) type ByParameters<T> = [Vec<T>; 2];

/// An optional normalization and a leaky rectifier; a slope of 1 means no rectifier.
pub(crate) struct View<T> {
    norm: Option<Norm<T>>,
    slope: T,
}

struct Norm<T> {
    statistics: Statistics,
    /// Whether the statistics are those of the batch, so that the gradient goes through them.
    train: bool,
    // What becomes of the values of a channel, `(y − mean) · scale + shift`, as patterns.
    // Not `scale · y + shift`: the two would cancel where the mean is large.
    mean: Vec<T>,
    scale: Vec<T>,
    shift: Vec<T>,
}

/// From the gradient behind a normalization to that in front of it: `(d − offset − (y − mean) ·
/// slope) · scale`, as patterns that are empty where nothing is normalized.
pub(crate) struct NormBackward<T> {
    offset: Vec<T>,
    mean: Vec<T>,
    slope: Vec<T>,
    scale: Vec<T>,
}

impl<T: Element> View<T> {
    pub(crate) fn new(norm: Option<(Statistics, &[T], &[T], bool)>, slope: f64) -> Self {
        let norm = norm.map(|(statistics, weight, bias, train)| {
            let scale = |(c, weight): (usize, &T)| T::lit(weight.wide() * statistics.inv_std(c));
            Norm {
                mean: repeated(statistics.mean.iter().map(|&mean| T::lit(mean))),
                scale: repeated(weight.iter().enumerate().map(scale)),
                shift: repeated(bias.iter().copied()),
                statistics,
                train,
            }
        });
        Self { norm, slope: T::lit(slope) }
    }

    /// Whether the values are read as they are stored.
    pub(crate) fn is_plain(&self) -> bool {
        self.norm.is_none() && self.slope == T::ONE
    }

    /// Reads a row.
    pub(crate) fn read(&self, row: &[T], out: &mut [T]) {
        let slope = self.slope;
        match &self.norm {
            None if slope == T::ONE => out.copy_from_slice(row),
            None if slope == T::ZERO => {
                wide!({
                    for (out, &x) in out.iter_mut().zip(row) {
                        *out = rectified(x);
                    }
                });
            }
            None => {
                wide!({
                    // A copy of its own, here and below, or every store might change it and nothing
                    // vectorizes.
                    let leak = slope;
                    for (out, &x) in out.iter_mut().zip(row) {
                        *out = leaky(x, leak);
                    }
                });
            }
            Some(norm) if slope == T::ONE => norm.read(row, out, |h| h),
            Some(norm) if slope == T::ZERO => norm.read(row, out, rectified),
            Some(norm) => norm.read(row, out, move |h| leaky(h, slope)),
        }
    }

    /// Takes the gradient by a row as read to the gradient by the row in front of the activation,
    /// in place, and adds what the gradients of the normalization are made of.
    pub(crate) fn receive(&self, row: &[T], grad: &mut [T], sums: &mut Sums<T>) {
        let slope = self.slope;
        let through = move |h: T, g: T| {
            // Not `0 * g`: that would be NaN at infinity.
            let leaked = if slope == T::ZERO { T::ZERO } else { slope * g };
            if h > T::ZERO { g } else { leaked }
        };
        match &self.norm {
            None if slope == T::ONE => {}
            None => {
                wide!({
                    let op = through;
                    for (g, &x) in grad.iter_mut().zip(row) {
                        *g = op(x, *g);
                    }
                });
            }
            Some(norm) if slope == T::ONE => sums.add_products(grad, row, &norm.mean),
            Some(norm) => {
                sums.add_masked(grad, row, [&norm.mean, &norm.scale, &norm.shift], through);
            }
        }
    }

    /// The statistics if they were taken from the batch.
    pub(crate) fn measured(&self) -> Option<Statistics> {
        self.norm.as_ref().filter(|norm| norm.train).map(|norm| norm.statistics.clone())
    }

    /// Whether the values are normalized.
    pub(crate) fn is_normalized(&self) -> bool {
        self.norm.is_some()
    }

    /// From the sums over the batch of `n` values per channel: the gradients by weight and bias,
    /// and the way further back.
    pub(crate) fn norm_backward(
        &self,
        sums: &[[f64; 2]],
        n: f64,
    ) -> (Option<ByParameters<T>>, NormBackward<T>) {
        let Some(norm) = &self.norm else { return (None, NormBackward::none()) };
        let inv_std = |c: usize| norm.statistics.inv_std(c);
        // In evaluation the statistics do not depend on the input.
        let through = if norm.train { 1.0 / n } else { 0.0 };
        let channels = || sums.iter().enumerate();
        let back = NormBackward {
            offset: repeated(channels().map(|(_, sums)| T::lit(sums[0] * through))),
            mean: norm.mean.clone(),
            slope: repeated(
                channels().map(|(c, sums)| T::lit(sums[1] * through * inv_std(c) * inv_std(c))),
            ),
            scale: norm.scale.clone(),
        };
        let weight = channels().map(|(c, sums)| T::lit(sums[1] * inv_std(c))).collect();
        let bias = channels().map(|(_, sums)| T::lit(sums[0])).collect();
        (Some([weight, bias]), back)
    }
}

impl<T: Element> Norm<T> {
    /// Normalizes a row, then applies `f`.
    #[inline]
    fn read(&self, row: &[T], out: &mut [T], f: impl Fn(T) -> T + Copy) {
        wide!({
            let (op, n) = (f, self.mean.len());
            for (out, row) in out.chunks_mut(n).zip(row.chunks(n)) {
                let line = self.mean.iter().zip(&self.scale).zip(&self.shift);
                for ((out, &y), ((&mean, &scale), &shift)) in out.iter_mut().zip(row).zip(line) {
                    *out = op((y - mean) * scale + shift);
                }
            }
        });
    }
}

impl<T: Element> NormBackward<T> {
    fn none() -> Self {
        Self { offset: Vec::new(), mean: Vec::new(), slope: Vec::new(), scale: Vec::new() }
    }

    /// The gradient by a row as stored, from the masked one.
    pub(crate) fn apply(&self, row: &[T], grad: &[T], out: &mut [T]) {
        let n = self.mean.len();
        if n == 0 {
            out.copy_from_slice(grad);
            return;
        }
        wide!({
            let rows = grad.chunks(n).zip(row.chunks(n));
            for (out, (grad, row)) in out.chunks_mut(n).zip(rows) {
                let centers = self.offset.iter().zip(&self.mean);
                let slopes = self.slope.iter().zip(&self.scale);
                let values = grad.iter().zip(row);
                for ((out, (&d, &y)), ((&offset, &mean), (&slope, &scale))) in
                    out.iter_mut().zip(values).zip(centers.zip(slopes))
                {
                    *out = (d - offset - (y - mean) * slope) * scale;
                }
            }
        });
    }
}

#[inline]
fn leaky<T: Element>(x: T, slope: T) -> T {
    let leaked = slope * x;
    if x > T::ZERO { x } else { leaked }
}

/// `max(x, 0)`, and NaN of NaN.
#[inline]
#[expect(clippy::eq_op, reason = "the test for NaN of a generic type")]
fn rectified<T: Element>(x: T) -> T {
    if x > T::ZERO || x != x { x } else { T::ZERO }
}
