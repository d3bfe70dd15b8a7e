//! The coarsest level, solved directly.

use pulp::{Arch, Simd, WithSimd};

use super::{
    layout::LANES,
    sweeps::{lanes, lanes_mut},
};

/// Cholesky factor of a symmetric positive definite band matrix.
#[derive(Clone, Debug)]
pub(super) struct Banded {
    n: usize,
    /// Entries of a column: from the diagonal to the lower end of the band.
    width: usize,
    /// Places from one column to the next: behind each column lie zeros, so that the last vector of
    /// a column may be read and written whole.
    stride: usize,
    columns: Vec<f64>,
    /// Diagonal of the matrix.
    diagonal: Vec<f64>,
    solution: Vec<f64>,
}

impl Banded {
    /// Zeros, for n unknowns whose neighbors are less than `width` away.
    pub(super) fn new(n: usize, width: usize) -> Self {
        let stride = width.next_multiple_of(LANES) + LANES;
        Self {
            n,
            width,
            stride,
            columns: vec![0.0; (n + width) * stride],
            diagonal: vec![0.0; n],
            solution: vec![0.0; n + stride],
        }
    }

    pub(super) fn clear(&mut self) {
        self.columns.fill(0.0);
    }

    /// The entry in this row and column, `column ≤ row`.
    pub(super) fn entry(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.columns[column * self.stride + row - column]
    }

    /// Replaces the matrix by its factor. An unknown without stiffness (to round-off) is left out:
    /// it stays zero.
    pub(super) fn factorize(&mut self, arch: Arch) {
        let diagonals = self.columns.chunks_exact(self.stride).map(|column| column[0]);
        self.diagonal.iter_mut().zip(diagonals).for_each(|(kept, entry)| *kept = entry);
        arch.dispatch(Factorize(self));
    }

    /// Solves for a right-hand side of one number for each unknown, in its place.
    pub(super) fn solve(&mut self, arch: Arch, values: impl Fn(usize) -> f64) -> &[f64] {
        for (unknown, value) in self.solution[..self.n].iter_mut().enumerate() {
            *value = values(unknown);
        }
        arch.dispatch(Solve(self));
        &self.solution[..self.n]
    }
}

/// Column after column, each of which is subtracted from those on its right.
struct Factorize<'a>(&'a mut Banded);

impl WithSimd for Factorize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Banded { n, width, stride, columns, diagonal, .. } = self.0;
        for j in 0..*n {
            let (column, right) = columns[j * *stride..].split_at_mut(*stride);
            let pivot = column[0];
            // The inverse of the diagonal of the factor.
            let inverse = if pivot > 1e-13 * diagonal[j] { pivot.sqrt().recip() } else { 0.0 };
            column[0] = inverse;
            column[1..*width].iter_mut().for_each(|value| *value *= inverse);
            for (distance, other) in (1..*width).zip(right.chunks_exact_mut(*stride)) {
                let factor = column[distance];
                if factor != 0.0 {
                    let factor = simd.splat_f64s(-factor);
                    let n = (*width - distance).div_ceil(S::F64_LANES);
                    let column = lanes::<S>(&column[distance..], n);
                    for (other, value) in lanes_mut::<S>(other, n).iter_mut().zip(column) {
                        *other = simd.mul_add_e_f64s(factor, *value, *other);
                    }
                }
            }
        }
    }
}

/// Forward and backward substitution.
struct Solve<'a>(&'a mut Banded);

impl WithSimd for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Banded { n, width, stride, columns, solution, .. } = self.0;
        let vectors = (*width - 1).div_ceil(S::F64_LANES);
        for (j, column) in columns.chunks_exact(*stride).take(*n).enumerate() {
            let value = solution[j] * column[0];
            solution[j] = value;
            let value = simd.splat_f64s(-value);
            let below = lanes_mut::<S>(&mut solution[j + 1..], vectors);
            for (x, entry) in below.iter_mut().zip(lanes::<S>(&column[1..], vectors)) {
                *x = simd.mul_add_e_f64s(value, *entry, *x);
            }
        }
        for (j, column) in columns.chunks_exact(*stride).take(*n).enumerate().rev() {
            let below = lanes::<S>(&solution[j + 1..], vectors);
            let mut sums = [simd.splat_f64s(0.0); 2];
            for (x, entries) in below.chunks(2).zip(lanes::<S>(&column[1..], vectors).chunks(2)) {
                for ((sum, x), entry) in sums.iter_mut().zip(x).zip(entries) {
                    *sum = simd.mul_add_e_f64s(*x, *entry, *sum);
                }
            }
            let sum = simd.reduce_sum_f64s(simd.add_f64s(sums[0], sums[1]));
            solution[j] = (solution[j] - sum) * column[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entry of a band matrix with a heavy diagonal, in which one unknown has no stiffness.
    fn entry(width: usize, without: usize, i: usize, j: usize) -> f64 {
        let (row, column) = (i.max(j), i.min(j));
        if i == without || j == without || width <= row - column {
            0.0
        } else if i == j {
            2.0 * width as f64
        } else {
            ((7 * row + 3 * column) as f64).sin()
        }
    }

    #[test]
    fn solves_bands_of_any_width_and_leaves_out_what_has_no_stiffness() {
        for (n, width, without) in [(1, 1, 9), (2, 2, 9), (9, 4, 3), (40, 18, 0), (33, 33, 32)] {
            let mut banded = Banded::new(n, width);
            let expected = |i: usize| if i == without { 0.0 } else { (i as f64).cos() };
            // The second time everything is overwritten.
            for scale in [3.0, 1.0] {
                let entry = |i, j| scale * entry(width, without, i, j);
                banded.clear();
                for i in 0..n {
                    for j in i.saturating_sub(width - 1)..=i {
                        *banded.entry(i, j) = entry(i, j);
                    }
                }
                banded.factorize(Arch::new());
                let b = |i: usize| match i {
                    _ if i == without => 5.0,
                    _ => (0..n).map(|j| entry(i, j) * expected(j)).sum(),
                };
                for (i, got) in banded.solve(Arch::new(), b).iter().enumerate() {
                    let expected = expected(i);
                    assert!(
                        (got - expected).abs() < 1e-13,
                        "{n} {width}: {got} against {expected}"
                    );
                }
            }
        }
    }
}
