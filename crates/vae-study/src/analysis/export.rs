//! One design written for CAD, for a printer, or as numbers.

use std::path::{Path, PathBuf};

use ndarray::ArrayView2;
use serde::Serialize;
use topo_export::Contours;
use vae_base::files;

use super::cad_file::{Drawn, Format};
use super::error::{AnalysisError, Result};
use super::length::Lengths;

/// What was written; lengths are in millimeters.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// The file.
    pub file: PathBuf,
    /// Rows of the grid.
    pub rows: usize,
    /// Columns of the grid.
    pub columns: usize,
    /// Width of the domain.
    pub width: f64,
    /// Height of the domain.
    pub height: f64,
    /// Thickness of the plate.
    pub thickness: f64,
    /// Area of the material in mm².
    pub area: f64,
    /// Volume of the material in mm³.
    pub volume: f64,
    /// Area of the material over that of the domain.
    pub volume_fraction: f64,
    /// What is known of the contours; `None` if the densities are written as they are.
    #[serde(flatten)]
    pub outline: Option<Outline>,
}

/// What is known of contours.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Outline {
    /// Enclosed area over the sum of the densities, minus 1.
    pub volume_error: f64,
    /// Number of connected pieces.
    pub pieces: usize,
    /// Number of holes.
    pub holes: usize,
}

/// Writes a design of values in `[0, 1]`, row 0 on top, into a file; only some formats have a
/// title.
///
/// # Errors
/// If no closed surface can be made of the design, or the file cannot be written.
pub fn export(
    design: ArrayView2<'_, f32>,
    title: &str,
    (format, lengths): (Format, Lengths),
    file: &Path,
) -> Result<Exported> {
    let Drawn { bytes, contours } = format.draw(design, lengths, title)?;
    files::write(file, &bytes)?;
    let Lengths { cell_size, thickness } = lengths;
    let (rows, columns) = design.dim();
    let cells = contours.as_ref().map_or_else(|| design.mapv(f64::from).sum(), Contours::area);
    let area = cells * cell_size * cell_size;
    Ok(Exported {
        file: file.to_owned(),
        rows,
        columns,
        width: columns as f64 * cell_size,
        height: rows as f64 * cell_size,
        thickness,
        area,
        volume: area * thickness,
        volume_fraction: cells / (rows * columns) as f64,
        outline: contours.as_ref().map(Outline::of),
    })
}

/// The file that a design is written to: `out`, or else a file in the working folder that is named
/// after the source, and after the position of the design if the source holds several.
///
/// # Errors
/// [`AnalysisError::Overwrites`] if that file is the source.
pub fn export_path(
    source: &Path,
    position: Option<usize>,
    format: Format,
    out: Option<&Path>,
) -> Result<PathBuf> {
    let out = out.map_or_else(
        || {
            let stem = source.file_stem().unwrap_or(source.as_os_str()).display();
            let which = position.map_or_else(String::new, |index| format!("-{index}"));
            PathBuf::from(format!("{stem}{which}.{}", format.name()))
        },
        Path::to_owned,
    );
    match (out.canonicalize(), source.canonicalize()) {
        (Ok(same), Ok(source)) if same == source => Err(AnalysisError::Overwrites { path: out }),
        _ => Ok(out),
    }
}

impl Outline {
    fn of(contours: &Contours) -> Self {
        let pieces = contours.pieces();
        let holes = contours.rings().len() - pieces;
        Self { volume_error: contours.area_error(), pieces, holes }
    }
}

#[cfg(test)]
mod tests {
    use topo_export::stl;
    use vae_data::{Source, cut_at_volume};

    use super::*;
    use crate::run::stored_one;

    #[test]
    fn built_in_designs_keep_their_volume_grey_and_cut() {
        let set = vae_data::open(&Source::Builtin).unwrap();
        for index in (0..set.len()).step_by(set.len() / 200) {
            let grey = stored_one(&set, index).unwrap();
            let mut cut = grey.clone();
            let volume_fraction = grey.mean().unwrap();
            cut_at_volume(cut.as_slice_mut().unwrap(), None, volume_fraction);
            for design in [grey, cut] {
                let density = design.mapv(f64::from);
                let contours = Contours::of(density.view()).unwrap();
                assert!(contours.area_error().abs() < 1e-8, "{index}: {}", contours.area_error());
                assert!(stl(&contours, 2.0, 5.0).is_ok(), "{index}");
            }
        }
    }
}
