//! Designs over a square of latent space.

use std::path::Path;

use ndarray::{Array2, Array3};
use vae_models::Vae;
use vae_report::{Grid, grid};

use super::caption::at_conditions;
use crate::error::{Result, StudyError};

/// Draws the designs of a square grid of codes, which vary in two latent dimensions, across and up,
/// counted from 0.
///
/// # Errors
/// [`StudyError::Draw`].
pub fn draw_square(
    vae: &Vae,
    condition: &[f32],
    zs: &Array2<f32>,
    (across, up): (usize, usize),
    designs: &Array3<f32>,
    out: &Path,
) -> Result<()> {
    let steps = zs.nrows().isqrt();
    let places = |dim: usize, stride: usize| -> Vec<String> {
        (0..steps).map(|i| format!("{:.2}", zs[[i * stride, dim]])).collect()
    };
    let figure = Grid {
        title: &format!(
            "Designs over a square of latent space{}",
            at_conditions(vae, condition, "")
        ),
        columns: Some(steps),
        column_labels: &places(across, 1),
        row_labels: &places(up, steps),
        column_axis: &format!("latent dimension {}", across + 1),
        row_axis: &format!("latent dimension {}", up + 1),
        ..Grid::new(designs.view())
    };
    grid(&figure, out).map_err(StudyError::drawing(out))
}
