//! Designs as arrays.

use ndarray::{Array2, ArrayView2};

use crate::{error::SimpError, grid::Grid};

/// Checks shape and values of a design.
pub(crate) fn check_density(grid: Grid, density: &ArrayView2<'_, f64>) -> Result<(), SimpError> {
    let (got_rows, got_columns) = density.dim();
    if (got_rows, got_columns) != (grid.nely, grid.nelx) {
        return Err(SimpError::DesignShape { got_rows, got_columns, grid });
    }
    match density.indexed_iter().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
        Some(((row, column), &value)) => Err(SimpError::Density { row, column, value }),
        None => Ok(()),
    }
}

pub(crate) fn to_array(grid: Grid, values: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((grid.nely, grid.nelx), |(i, j)| values[i * grid.nelx + j])
}
