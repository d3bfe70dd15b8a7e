//! The coarsest level, solved directly.

/// Cholesky factor of a symmetric positive definite band matrix.
#[derive(Clone, Debug)]
pub(super) struct Banded {
    n: usize,
    /// Entries of a row: from the left end of the band to the diagonal.
    width: usize,
    rows: Vec<f64>,
    solution: Vec<f64>,
}

impl Banded {
    /// Zeros, for n unknowns whose neighbors are less than `width` away.
    pub(super) fn new(n: usize, width: usize) -> Self {
        Self { n, width, rows: vec![0.0; n * width], solution: vec![0.0; n] }
    }

    pub(super) fn clear(&mut self) {
        self.rows.fill(0.0);
    }

    /// The entry in this row and column, `column ≤ row`.
    pub(super) fn entry(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.rows[row * self.width + self.width - 1 - (row - column)]
    }

    /// Replaces the matrix by its factor. An unknown without stiffness (to round-off) is left out:
    /// it stays zero.
    pub(super) fn factorize(&mut self) {
        let width = self.width;
        for i in 0..self.n {
            let (before, row) = self.rows.split_at_mut(i * width);
            let row = &mut row[..width];
            let diagonal = row[width - 1];
            let first = i.saturating_sub(width - 1);
            for j in first..i {
                let other = &before[j * width..][..width];
                // Columns that both rows have: from the later of their first ones to j.
                let shift = i - j;
                let k0 = first.max(j.saturating_sub(width - 1));
                let (a, b) = (
                    &row[k0 + width - 1 - i..j + width - 1 - i],
                    &other[k0 + width - 1 - j..width - 1],
                );
                let sum: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let entry = &mut row[width - 1 - shift];
                *entry = (*entry - sum) * other[width - 1];
            }
            let sum: f64 = row[..width - 1].iter().map(|value| value * value).sum();
            let pivot = diagonal - sum;
            // The inverse of the diagonal of the factor.
            row[width - 1] = if pivot > 1e-13 * diagonal { pivot.sqrt().recip() } else { 0.0 };
        }
    }

    /// Solves in place of a right-hand side that `get` reads and `set` overwrites.
    pub(super) fn solve(&mut self, get: impl Fn(usize) -> f64, mut set: impl FnMut(usize, f64)) {
        let width = self.width;
        for i in 0..self.n {
            let row = &self.rows[i * width..][..width];
            let first = i.saturating_sub(width - 1);
            let known = &self.solution[first..i];
            let sum: f64 =
                row[first + width - 1 - i..width - 1].iter().zip(known).map(|(a, x)| a * x).sum();
            self.solution[i] = (get(i) - sum) * row[width - 1];
        }
        for i in (0..self.n).rev() {
            let row = &self.rows[i * width..][..width];
            let first = i.saturating_sub(width - 1);
            let value = self.solution[i] * row[width - 1];
            self.solution[i] = value;
            for (x, a) in
                self.solution[first..i].iter_mut().zip(&row[first + width - 1 - i..width - 1])
            {
                *x -= a * value;
            }
            set(i, value);
        }
    }
}
