//! Matrices whose singular values are brought near to 1.

use crate::kernels::element::Element;
use crate::kernels::matmul::{Strided, multiply};

/// Coefficients of the odd polynomial `a σ + b σ³ + c σ⁵` that each iteration applies to every
/// singular value σ.
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];

/// Iterations.
const ITERATIONS: usize = 5;

/// Below this the norm of a matrix counts as 0.
const LEAST_NORM: f64 = 1e-30;

/// Replaces a matrix `U Σ Vᵀ`, row by row, by `U f(Σ) Vᵀ`, where `f` brings singular values that
/// are at least a hundredth of the norm to 0.67 to 1.21, and smaller ones to at most that.
///
/// Five Newton–Schulz iterations with the coefficients of Jordan et al. 2024, "Muon: an optimizer
/// for hidden layers in neural networks". They are not carried out on the matrix `X`, but on the
/// smaller of `X Xᵀ` and `Xᵀ X`: an iteration multiplies `X` by a polynomial in it, and polynomials
/// in one matrix commute, so that only their product has to be applied to `X`.
///
/// # Panics
/// If `matrix` does not have `rows · cols` elements.
pub(crate) fn orthogonalize<T: Element>(matrix: &mut [T], rows: usize, cols: usize) {
    assert_eq!(matrix.len(), rows * cols, "elements of a {rows} x {cols} matrix");
    let norm = matrix.iter().map(|x| x.wide().powi(2)).sum::<f64>().sqrt();
    let scale = T::lit(if norm < LEAST_NORM { 0.0 } else { norm.recip() });
    let xs: Vec<T> = matrix.iter().map(|&x| scale * x).collect();

    // Seen from its longer side, the matrix is wide.
    let stored = Strided::row_major(rows, cols);
    let shape = if rows <= cols { stored } else { stored.transposed() };
    let n = rows.min(cols);
    let square = Strided::row_major(n, n);
    let product = |a: &[T], b: &[T]| {
        let mut product = vec![T::ZERO; n * n];
        multiply((&mut product, square), (a, square), (b, square), false);
        product
    };

    let mut gram = vec![T::ZERO; n * n];
    multiply((&mut gram, square), (&xs, shape), (&xs, shape.transposed()), false);
    let mut applied: Vec<T> =
        (0..n * n).map(|i| if i % (n + 1) == 0 { T::ONE } else { T::ZERO }).collect();
    let [a, b, c] = COEFFICIENTS.map(T::lit);
    for _ in 0..ITERATIONS {
        let mut factor = product(&gram, &gram);
        for (i, (factor, &gram)) in factor.iter_mut().zip(&gram).enumerate() {
            let identity = if i % (n + 1) == 0 { a } else { T::ZERO };
            *factor = identity + b * gram + c * *factor;
        }
        applied = product(&factor, &applied);
        gram = product(&product(&factor, &gram), &factor);
    }
    multiply((matrix, shape), (&applied, square), (&xs, shape), false);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn orthogonalized<T: Element>(matrix: &[T], rows: usize, cols: usize) -> Vec<T> {
        let mut matrix = matrix.to_vec();
        orthogonalize(&mut matrix, rows, cols);
        matrix
    }

    /// What becomes of a singular value of a matrix of norm 1.
    fn mapped(sigma: f64) -> f64 {
        let [a, b, c] = COEFFICIENTS;
        (0..ITERATIONS).fold(sigma, |s, _| a * s + b * s.powi(3) + c * s.powi(5))
    }

    /// `[cos, −sin, sin, cos]`
    fn rotation(angle: f64) -> [f64; 4] {
        let (sin, cos) = angle.sin_cos();
        [cos, -sin, sin, cos]
    }

    fn product(a: &[f64], b: &[f64]) -> Vec<f64> {
        let square = Strided::row_major(2, 2);
        let mut product = vec![0.0; 4];
        multiply((&mut product, square), (a, square), (b, square), false);
        product
    }

    #[test]
    fn singular_values_come_near_to_one() {
        for i in 10..=1000 {
            let value = mapped(f64::from(i) / 1000.0);
            assert!((0.67..1.21).contains(&value), "{i}: {value}");
        }
        for i in 0..10 {
            assert!((0.0..1.21).contains(&mapped(f64::from(i) / 1000.0)));
        }
    }

    #[test]
    fn a_matrix_of_zeros_stays() {
        assert_eq!(orthogonalized(&[0.0_f32; 6], 2, 3), [0.0; 6]);
    }

    /// The gradient of a batch of few designs has a low rank, and rounding must not fill it up.
    #[test]
    fn directions_that_are_missing_stay_missing() {
        let (rows, cols) = (40, 100);
        let wave = |n: usize, phase: f64| (0..n).map(move |i| (phase + 1.3 * i as f64).sin());
        let mut matrix = vec![0.0_f64; rows * cols];
        for (phase, size) in [(0.1, 1.0), (2.0, 0.3), (4.0, 0.1)] {
            let left: Vec<f64> = wave(rows, phase).map(|x| x * x * size).collect();
            let right: Vec<f64> = wave(cols, phase + 1.0).map(|x| x * x * x).collect();
            for (row, x) in matrix.chunks_exact_mut(cols).zip(left) {
                row.iter_mut().zip(&right).for_each(|(m, y)| *m += x * y);
            }
        }
        let narrow: Vec<f32> = matrix.iter().map(|&x| x as f32).collect();
        let exact = orthogonalized(&matrix, rows, cols);
        let single = orthogonalized(&narrow, rows, cols);
        for (single, exact) in single.iter().zip(&exact) {
            assert!((f64::from(*single) - exact).abs() < 1e-3, "{single} and {exact}");
        }
    }

    proptest! {
        /// Two rotations around a diagonal matrix are its decomposition.
        #[test]
        fn a_decomposition_keeps_its_rotations(
            left in 0.0..6.3, right in 0.0..6.3, first in 0.01..1.0, second in 0.01..1.0,
        ) {
            let around = |a: f64, b: f64| {
                product(&product(&rotation(left), &[a, 0.0, 0.0, b]), &rotation(right))
            };
            let norm = f64::hypot(first, second);
            let expected = around(mapped(first / norm), mapped(second / norm));
            for (got, expected) in orthogonalized(&around(first, second), 2, 2).iter().zip(expected)
            {
                prop_assert!((got - expected).abs() < 1e-11);
            }
        }

        #[test]
        fn neither_scale_nor_transposition_matter(
            (rows, cols, values) in (1_usize..7, 1_usize..7).prop_flat_map(|(rows, cols)| {
                let values = prop::collection::vec(-1.0..1.0, rows * cols);
                (Just(rows), Just(cols), values)
            }),
            scale in 0.001..1000.0,
        ) {
            let values: Vec<f64> = values;
            let plain = orthogonalized(&values, rows, cols);
            let transposed: Vec<f64> =
                (0..rows * cols).map(|i| scale * values[i % rows * cols + i / rows]).collect();
            let back = orthogonalized(&transposed, cols, rows);
            for (i, got) in back.iter().enumerate() {
                prop_assert!((got - plain[i % rows * cols + i / rows]).abs() < 1e-9);
            }
        }
    }
}
