//! Codes of designs in two latent dimensions.

use std::path::Path;

use ndarray::Axis;
use vae_report::{Scatter, Shade, latent_scatter};

use crate::error::{Result, StudyError};
use crate::latent::Codes;
use crate::run::Run;

/// Draws posterior means in two latent dimensions, counted from 0; a condition colors them: the one
/// of this name, or the first.
///
/// # Errors
/// If there is no such condition, or the picture cannot be drawn.
pub fn draw_latent(
    run: &Run,
    codes: &Codes,
    columns: (usize, usize),
    color: Option<&str>,
    title: &str,
    out: &Path,
) -> Result<()> {
    let table = run.data.conditions().select(Axis(0), &codes.indices);
    let infos = run.data.condition_info();
    let column = match color {
        Some(name) => {
            run.data.condition(name)?;
            infos.iter().position(|info| info.name == *name)
        }
        None => (!infos.is_empty()).then_some(0),
    };
    let condition =
        column.map(|column| Shade { name: &infos[column].name, values: table.column(column) });
    let figure = Scatter { title, points: codes.means.view(), columns, names: &[], condition };
    latent_scatter(&figure, out).map_err(StudyError::drawing(out))
}
