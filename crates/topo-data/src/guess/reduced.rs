//! Designs on a coarse grid, on which many problems are tried.

use ndarray::{Array2, ArrayView2};

/// Elements of the coarse grid, about.
const ELEMENTS: f64 = 1000.0;

/// A design on a grid of at most so many elements that many problems can be tried: each coarse
/// element has the mean of the elements that it covers.
pub(super) fn reduced(design: ArrayView2<'_, f32>) -> Array2<f32> {
    let (rows, columns) = design.dim();
    let factor = ((rows * columns) as f64 / ELEMENTS).sqrt().max(1.0);
    let shrunk = |n: usize| ((n as f64 / factor).round() as usize).clamp(2, n.max(2));
    let shape = (shrunk(rows), shrunk(columns));
    let range =
        |i: usize, of: usize, n: usize| (i * n / of)..((i + 1) * n / of).max(i * n / of + 1);
    Array2::from_shape_fn(shape, |(i, j)| {
        let (mut sum, mut count) = (0.0, 0.0_f32);
        for row in range(i, shape.0, rows) {
            for column in range(j, shape.1, columns) {
                sum += design[(row.min(rows - 1), column.min(columns - 1))];
                count += 1.0;
            }
        }
        sum / count
    })
}
