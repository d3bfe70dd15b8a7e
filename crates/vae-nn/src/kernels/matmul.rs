//! The matrix product, checked: the one place that calls the `gemm` crate.
#![expect(unsafe_code, reason = "gemm takes raw pointers; the bounds are checked here")]

use crate::kernels::element::Element;
use gemm::Parallelism;

/// A matrix laid over a slice by two strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strided {
    /// Number of rows.
    pub(crate) rows: usize,
    /// Number of columns.
    pub(crate) cols: usize,
    /// Distance between vertical neighbors.
    pub(crate) row_stride: usize,
    /// Distance between horizontal neighbors.
    pub(crate) col_stride: usize,
}

impl Strided {
    /// Rows one after another, without gaps.
    pub(crate) fn row_major(rows: usize, cols: usize) -> Self {
        Self { rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Elements a slice must have.
    fn extent(self) -> usize {
        if self.rows == 0 || self.cols == 0 {
            return 0;
        }
        let last = (self.rows - 1)
            .checked_mul(self.row_stride)
            .zip((self.cols - 1).checked_mul(self.col_stride))
            .and_then(|(a, b)| a.checked_add(b))
            .and_then(|last| last.checked_add(1));
        last.unwrap_or(usize::MAX)
    }
}

/// `dst = lhs * rhs`, or `dst += lhs * rhs` if `accumulate`, on the calling thread.
///
/// # Panics
/// If the shapes do not fit each other or a matrix does not fit its slice.
#[track_caller]
pub(crate) fn multiply<T: Element>(
    (dst, dst_shape): (&mut [T], Strided),
    (lhs, lhs_shape): (&[T], Strided),
    (rhs, rhs_shape): (&[T], Strided),
    accumulate: bool,
) {
    assert!(
        dst_shape.rows == lhs_shape.rows
            && dst_shape.cols == rhs_shape.cols
            && lhs_shape.cols == rhs_shape.rows,
        "matrix shapes {dst_shape:?} = {lhs_shape:?} * {rhs_shape:?}"
    );
    assert!(dst_shape.extent() <= dst.len(), "{dst_shape:?} in {} elements", dst.len());
    assert!(lhs_shape.extent() <= lhs.len(), "{lhs_shape:?} in {} elements", lhs.len());
    assert!(rhs_shape.extent() <= rhs.len(), "{rhs_shape:?} in {} elements", rhs.len());
    // SAFETY: `extent` bounds every element that gemm can address by non-negative strides, and the
    // three asserts above hold it within the slices. A slice is at most `isize::MAX` bytes, so
    // strides of matrices with more than one row or column fit an isize; strides that are never
    // multiplied may wrap without effect. `dst` is borrowed mutably, so it overlaps neither
    // operand. `T` is f32 or f64, two of the types gemm serves.
    unsafe {
        gemm::gemm(
            dst_shape.rows,
            dst_shape.cols,
            lhs_shape.cols,
            dst.as_mut_ptr(),
            dst_shape.col_stride.cast_signed(),
            dst_shape.row_stride.cast_signed(),
            accumulate,
            lhs.as_ptr(),
            lhs_shape.col_stride.cast_signed(),
            lhs_shape.row_stride.cast_signed(),
            rhs.as_ptr(),
            rhs_shape.col_stride.cast_signed(),
            rhs_shape.row_stride.cast_signed(),
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(lhs: &[f64], a: Strided, rhs: &[f64], b: Strided) -> Vec<f64> {
        let mut out = Vec::new();
        for i in 0..a.rows {
            for j in 0..b.cols {
                out.push(
                    (0..a.cols)
                        .map(|k| {
                            lhs[i * a.row_stride + k * a.col_stride]
                                * rhs[k * b.row_stride + j * b.col_stride]
                        })
                        .sum(),
                );
            }
        }
        out
    }

    #[test]
    fn agrees_with_the_definition_for_every_layout() {
        for (m, n, k) in [(1, 1, 1), (3, 5, 7), (17, 2, 33), (40, 41, 1), (2, 3, 0)] {
            let lhs: Vec<f64> = (0..m * k).map(|i| (i as f64).sin()).collect();
            let rhs: Vec<f64> = (0..k * n).map(|i| (i as f64 * 0.7).cos()).collect();
            for a in [Strided::row_major(m, k), Strided::row_major(k, m).transposed()] {
                for b in [Strided::row_major(k, n), Strided::row_major(n, k).transposed()] {
                    let expected = naive(&lhs, a, &rhs, b);
                    let shape = Strided { row_stride: n + 2, ..Strided::row_major(m, n) };
                    let mut dst = vec![2.0; m * (n + 2)];
                    multiply((&mut dst, shape), (&lhs, a), (&rhs, b), true);
                    for i in 0..m {
                        for j in 0..n {
                            let got = dst[i * (n + 2) + j] - 2.0;
                            assert!((got - expected[i * n + j]).abs() < 1e-13);
                        }
                        assert_eq!(
                            dst[i * (n + 2) + n..][..2],
                            [2.0, 2.0],
                            "the gap is left alone"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_matrix_that_does_not_fit_its_slice_panics() {
        let caught = std::panic::catch_unwind(|| {
            let shape = Strided::row_major(2, 2);
            multiply(
                (&mut [0.0_f32; 3][..], shape),
                (&[0.0; 4][..], shape),
                (&[0.0; 4][..], shape),
                false,
            );
        });
        assert!(caught.is_err());
    }
}
