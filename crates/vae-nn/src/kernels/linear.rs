//! A matrix product on all threads, cut by its shape alone.
//!
//! What the kernels compute for a linear layer:
//!
//! ```text
//! for (row, o) in ys {
//!     ys[row][o] = bias[o]
//!     for i in inputs {
//!         ys[row][o] += xs[row][i] * weight[o][i]
//!     }
//! }
//! ```

use super::matmul::{Strided, multiply};
use super::parallel::sharded_sum;
use super::simd::wide;
use crate::kernels::element::Element;
use rayon::prelude::*;

/// Multiply-adds below which threads do not pay.
const SERIAL: usize = 1 << 17;

/// Results of a product with a vector that one task computes.
const PIECE: usize = 2048;

/// Pieces of one product: enough to keep many threads busy, few enough that each piece is worth a
/// task.
const PIECES: usize = 16;

/// `lhs * rhs`, row-major.
///
/// # Panics
/// If the shapes do not fit each other or a matrix does not fit its slice.
#[track_caller]
pub(crate) fn product<T: Element>(
    (lhs, lhs_shape): (&[T], Strided),
    (rhs, rhs_shape): (&[T], Strided),
) -> Vec<T> {
    let (m, n, k) = (lhs_shape.rows, rhs_shape.cols, lhs_shape.cols);
    let shape = Strided::row_major(m, n);
    if m * n * k < SERIAL {
        let mut out = vec![T::ZERO; m * n];
        multiply((&mut out, shape), (lhs, lhs_shape), (rhs, rhs_shape), false);
        out
    } else if k >= 1024 && m * n < 4 * k {
        // A small result of long sums: the sums are cut.
        sharded_sum(k.div_ceil(64), PIECES / 2, m * n, |blocks, out| {
            let terms = blocks.start * 64..(blocks.end * 64).min(k);
            let lhs = (
                &lhs[terms.start * lhs_shape.col_stride..],
                Strided { cols: terms.len(), ..lhs_shape },
            );
            let rhs = (
                &rhs[terms.start * rhs_shape.row_stride..],
                Strided { rows: terms.len(), ..rhs_shape },
            );
            multiply((out, shape), lhs, rhs, true);
        })
    } else if m >= n {
        let block = m.div_ceil(PIECES).max(8);
        let mut out = vec![T::ZERO; m * n];
        out.par_chunks_mut(block * n).enumerate().for_each(|(i, out)| {
            let rows = out.len() / n;
            let lhs = (&lhs[i * block * lhs_shape.row_stride..], Strided { rows, ..lhs_shape });
            multiply((out, Strided::row_major(rows, n)), lhs, (rhs, rhs_shape), false);
        });
        out
    } else {
        // Wide results are cut by columns into pieces of their own, then put together by rows.
        let cols = n.div_ceil(PIECES).max(64);
        let pieces: Vec<Vec<T>> = (0..n.div_ceil(cols))
            .into_par_iter()
            .map(|i| {
                let width = cols.min(n - i * cols);
                let mut piece = vec![T::ZERO; m * width];
                let rhs =
                    (&rhs[i * cols * rhs_shape.col_stride..], Strided { cols: width, ..rhs_shape });
                multiply((&mut piece, Strided::row_major(m, width)), (lhs, lhs_shape), rhs, false);
                piece
            })
            .collect();
        let mut out = vec![T::ZERO; m * n];
        out.par_chunks_mut(n).enumerate().for_each(|(row, out)| {
            for (out, piece) in out.chunks_mut(cols).zip(&pieces) {
                out.copy_from_slice(&piece[row * out.len()..][..out.len()]);
            }
        });
        out
    }
}

/// `weight · x + bias` for each `x` of a few rows; a row of the weight is as long as one of `xs`,
/// and there is one per bias.
pub(crate) fn few_rows<T: Element>(xs: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
    let (n_in, n_out) = (weight.len() / bias.len(), bias.len());
    let mut ys = vec![T::ZERO; xs.len() / n_in * n_out];
    for (ys, x) in ys.chunks_exact_mut(n_out).zip(xs.chunks_exact(n_in)) {
        let piece = |(i, ys): (usize, &mut [T])| {
            let rows = &weight[i * PIECE * n_in..][..ys.len() * n_in];
            wide!({
                for ((y, row), &b) in
                    ys.iter_mut().zip(rows.chunks_exact(n_in)).zip(&bias[i * PIECE..])
                {
                    let mut lanes = [T::ZERO; 8];
                    let (whole, x_whole) = (row.chunks_exact(8), x.chunks_exact(8));
                    let tail = whole.remainder().iter().zip(x_whole.remainder());
                    let mut sum = b;
                    for (&w, &x) in tail {
                        sum += w * x;
                    }
                    for (w, x) in whole.zip(x_whole) {
                        for i in 0..8 {
                            lanes[i] += w[i] * x[i];
                        }
                    }
                    *y = sum + lanes.into_iter().sum::<T>();
                }
            });
        };
        if weight.len() < SERIAL {
            ys.chunks_mut(PIECE).enumerate().for_each(piece);
        } else {
            ys.par_chunks_mut(PIECE).enumerate().for_each(piece);
        }
    }
    ys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_give_the_same_as_many() {
        for (rows, n_in, n_out) in [(1, 3, 5), (2, 19, 2100), (1, 1000, 7), (2, 8, 1), (0, 2, 3)] {
            let wave =
                |n: usize, s: f64| -> Vec<f64> { (0..n).map(|i| (s * i as f64).sin()).collect() };
            let (xs, weight, bias) =
                (wave(rows * n_in, 1.0), wave(n_in * n_out, 0.7), wave(n_out, 2.0));
            let shape = Strided::row_major(n_out, n_in).transposed();
            let expected = product((&xs, Strided::row_major(rows, n_in)), (&weight, shape));
            let got = few_rows(&xs, &weight, &bias);
            assert_eq!(got.len(), expected.len());
            for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
                assert!((got - expected - bias[i % n_out]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn every_way_of_cutting_gives_the_product() {
        // Serial, cut sums, cut rows, cut columns; sizes that no cut divides.
        for (m, n, k) in [(3, 4, 5), (9, 11, 2051), (1003, 7, 33), (5, 1501, 67), (0, 3, 2)] {
            let lhs: Vec<f64> = (0..m * k).map(|i| (i as f64).sin()).collect();
            let rhs: Vec<f64> = (0..k * n).map(|i| (i as f64 * 0.7).cos()).collect();
            for a in [Strided::row_major(m, k), Strided::row_major(k, m).transposed()] {
                for b in [Strided::row_major(k, n), Strided::row_major(n, k).transposed()] {
                    let mut expected = vec![0.0; m * n];
                    multiply(
                        (&mut expected, Strided::row_major(m, n)),
                        (&lhs, a),
                        (&rhs, b),
                        false,
                    );
                    let got = product((&lhs, a), (&rhs, b));
                    assert_eq!(got.len(), expected.len());
                    for (got, expected) in got.iter().zip(&expected) {
                        assert!((got - expected).abs() < 1e-11, "{m}x{n}x{k}");
                    }
                }
            }
        }
    }
}
