//! The little dense algebra that a full covariance needs, written out: row-major square matrices of
//! a few latents.

use alloc::vec::Vec;
use num_traits::Float;

use crate::error::ParamError;

/// The Cholesky factorization `L Lᵀ` of a symmetric positive definite matrix.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cholesky {
    dim: usize,
    /// `L`, row-major, zero above the diagonal.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a matrix, of which only the lower triangle is read.
    pub(crate) fn new(name: &'static str, matrix: &[f64], dim: usize) -> Result<Self, ParamError> {
        let mut lower = alloc::vec![0.0; dim * dim];
        for j in 0..dim {
            let pivot = matrix[j * dim + j]
                - dot(&lower[j * dim..j * dim + j], &lower[j * dim..j * dim + j]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(ParamError::NotPositiveDefinite { name, column: j, pivot });
            }
            let diagonal = Float::sqrt(pivot);
            lower[j * dim + j] = diagonal;
            for i in j + 1..dim {
                let inner = dot(&lower[i * dim..i * dim + j], &lower[j * dim..j * dim + j]);
                lower[i * dim + j] = (matrix[i * dim + j] - inner) / diagonal;
            }
        }
        Ok(Self { dim, lower })
    }

    /// Factors the inverse of a symmetric matrix without forming it, so that no positive definite
    /// matrix is refused.
    pub(crate) fn of_inverse(
        name: &'static str,
        matrix: &[f64],
        dim: usize,
    ) -> Result<Self, ParamError> {
        // Turned around by J, the order of rows and columns reversed, the matrix is J A J = R Rᵀ.
        // Then A⁻¹ is (J R⁻ᵀ J)(J R⁻ᵀ J)ᵀ, and J R⁻ᵀ J is lower triangular.
        let turned: Vec<f64> = matrix.iter().rev().copied().collect();
        let factor = Self::new(name, &turned, dim)?;
        let mut lower = alloc::vec![0.0; dim * dim];
        for j in 0..dim {
            // Column j of R⁻¹ is row j of R⁻ᵀ, and row d − 1 − j of the result, read backwards.
            for (k, entry) in factor.solve_unit(j).into_iter().enumerate() {
                lower[(dim - 1 - j) * dim + (dim - 1 - k)] = entry;
            }
        }
        Ok(Self { dim, lower })
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// Row `i` of `L`, up to its diagonal.
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.lower[i * self.dim..=i * self.dim + i]
    }

    /// `ln det(L Lᵀ)`
    pub(crate) fn log_det(&self) -> f64 {
        (0..self.dim).map(|i| 2.0 * Float::ln(self.row(i)[i])).sum()
    }

    /// `L v`
    pub(crate) fn times(&self, v: &[f64]) -> Vec<f64> {
        (0..self.dim).map(|i| dot(self.row(i), v)).collect()
    }

    /// `Lᵀ v`
    pub(crate) fn transposed_times(&self, v: &[f64]) -> Vec<f64> {
        (0..self.dim).map(|j| (j..self.dim).map(|i| self.row(i)[j] * v[i]).sum()).collect()
    }

    /// `L⁻¹ b`, in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        for i in 0..self.dim {
            let inner = dot(&self.row(i)[..i], b);
            b[i] = (b[i] - inner) / self.row(i)[i];
        }
    }

    /// Column `j` of `L⁻¹`.
    pub(crate) fn solve_unit(&self, j: usize) -> Vec<f64> {
        let mut column = alloc::vec![0.0; self.dim];
        column[j] = 1.0;
        self.solve(&mut column);
        column
    }

    /// `L Lᵀ`, row-major.
    pub(crate) fn matrix(&self) -> Vec<f64> {
        (0..self.dim * self.dim)
            .map(|ij| dot(self.row(ij / self.dim), self.row(ij % self.dim)))
            .collect()
    }
}

/// The inner product of two vectors, as far as the shorter one goes.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
