//! Parallel loops whose results do not depend on how many threads run them, or when.
//!
//! The work is cut by its size alone. Where pieces are summed, each has a buffer of its own and the
//! buffers are added in order.

use super::simd::wide;
use crate::kernels::element::Element;
use rayon::prelude::*;

/// Elements that one task of an elementwise loop handles: 32 Ki elements take tens of microseconds,
/// well above what starting a task costs.
const CHUNK: usize = 1 << 15;

/// `out[i] = f(xs[i])`
pub(crate) fn map<T: Element>(xs: &[T], f: impl Fn(T) -> T + Copy + Sync) -> Vec<T> {
    let mut out = vec![T::ZERO; xs.len()];
    out.par_chunks_mut(CHUNK).zip(xs.par_chunks(CHUNK)).for_each(|(out, xs)| {
        wide!({
            // A copy of its own, or every store might change what it holds and nothing vectorizes.
            let op = f;
            for (out, &x) in out.iter_mut().zip(xs) {
                *out = op(x);
            }
        });
    });
    out
}

/// `out[i] = f(xs[i], ys[i])`
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub(crate) fn zip_map<T: Element>(
    xs: &[T],
    ys: &[T],
    f: impl Fn(T, T) -> T + Copy + Sync,
) -> Vec<T> {
    assert_eq!(xs.len(), ys.len(), "slices of one length");
    let mut out = vec![T::ZERO; xs.len()];
    out.par_chunks_mut(CHUNK).zip(xs.par_chunks(CHUNK)).zip(ys.par_chunks(CHUNK)).for_each(
        |((out, xs), ys)| {
            wide!({
                let op = f;
                for ((out, &x), &y) in out.iter_mut().zip(xs).zip(ys) {
                    *out = op(x, y);
                }
            });
        },
    );
    out
}

/// Sum of `f(x)` in f64, in lanes: a plain loop would wait for each addition.
pub(crate) fn sum_of<T: Element>(xs: &[T], f: impl Fn(T) -> f64 + Copy) -> f64 {
    wide!({
        let mut lanes = [0.0; 16];
        let mut chunks = xs.chunks_exact(16);
        for chunk in &mut chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane += f(x);
            }
        }
        let tail: f64 = chunks.remainder().iter().map(|&x| f(x)).sum();
        lanes.iter().sum::<f64>() + tail
    })
}

/// Sum of `f(x)` in f64 over a long slice, in parallel, in a fixed order.
pub(crate) fn parallel_sum_of<T: Element>(xs: &[T], f: impl Fn(T) -> f64 + Copy + Sync) -> f64 {
    let parts: Vec<f64> = xs.par_chunks(CHUNK).map(|chunk| sum_of(chunk, f)).collect();
    parts.iter().sum()
}

/// Adds up the results of `work(first..last)` over at most `max_shards` fixed ranges of
/// `0..n_items`, in order.
///
/// `work` adds into a zeroed buffer of `len` elements. The number of ranges depends on `n_items`
/// alone.
pub(crate) fn sharded_sum<T: Element>(
    n_items: usize,
    max_shards: usize,
    len: usize,
    work: impl Fn(std::ops::Range<usize>, &mut [T]) + Sync,
) -> Vec<T> {
    let n_shards = max_shards.min(n_items).max(1);
    let bounds = |shard: usize| shard * n_items / n_shards;
    let mut shards: Vec<Vec<T>> = (0..n_shards)
        .into_par_iter()
        .map(|shard| {
            let mut sum = vec![T::ZERO; len];
            work(bounds(shard)..bounds(shard + 1), &mut sum);
            sum
        })
        .collect();
    let mut total = shards.remove(0);
    total.par_chunks_mut(CHUNK).enumerate().for_each(|(i, total)| {
        for shard in &shards {
            for (sum, &x) in total.iter_mut().zip(&shard[i * CHUNK..]) {
                *sum += x;
            }
        }
    });
    total
}
