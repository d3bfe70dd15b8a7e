//! What densities and lengths have to be.

use ndarray::ArrayView2;

use crate::error::ExportError;

/// Refuses a density that is not from 0 to 1.
pub(crate) fn check_densities(density: ArrayView2<'_, f64>) -> Result<(), ExportError> {
    for ((row, column), &value) in density.indexed_iter() {
        if !(0.0..=1.0).contains(&value) {
            return Err(ExportError::Density { row, column, value });
        }
    }
    Ok(())
}

/// Refuses a length that is not positive.
pub(crate) fn check_length(what: &'static str, value: f64) -> Result<(), ExportError> {
    // A length that single precision, which STL has, rounds to 0 is not positive.
    let positive = value.is_finite() && (value as f32).is_normal() && 0.0 < value;
    if positive { Ok(()) } else { Err(ExportError::Length { what, value }) }
}
