//! Designs over a square of latent space.

use std::path::Path;

use ndarray::{Array2, Array3};
use vae_report::{Grid, Marks, grid};

use crate::error::{Result, StudyError};

/// Draws the designs of a square of codes with their supports and loads, with the coordinates in
/// two latent dimensions, counted from 0, at its sides.
pub(crate) fn draw_square(
    title: &str,
    zs: &Array2<f32>,
    (across, up): (usize, usize),
    (designs, marks): (&Array3<f32>, &[Option<Marks>]),
    out: &Path,
) -> Result<()> {
    let steps = zs.nrows().isqrt();
    let places = |dim: usize, stride: usize| -> Vec<String> {
        (0..steps).map(|i| format!("{:.2}", zs[[i * stride, dim]])).collect()
    };
    let figure = Grid {
        title,
        columns: Some(steps),
        column_labels: &places(across, 1),
        row_labels: &places(up, steps),
        column_axis: &format!("latent dimension {}", across + 1),
        row_axis: &format!("latent dimension {}", up + 1),
        marks,
        ..Grid::new(designs.view())
    };
    grid(&figure, out).map_err(StudyError::drawing(out))
}
