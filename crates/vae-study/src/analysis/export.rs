//! One design written for CAD, for a printer, or as numbers.

use std::collections::BTreeSet;
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

/// The files that designs are written to, each given by its source, and by its position if the
/// source holds several.
///
/// The file of one design is `out`, that of several lies in the folder `out`; without it they lie
/// in the working folder. Names come from sources and positions, with a number if two are equal.
///
/// # Errors
/// [`AnalysisError::Overwrites`] if a file is a source.
pub fn export_paths(
    designs: &[(&Path, Option<usize>)],
    format: Format,
    out: Option<&Path>,
) -> Result<Vec<PathBuf>> {
    let (file, folder) = match out {
        Some(out) if designs.len() == 1 => (Some(out), Path::new("")),
        folder => (None, folder.unwrap_or(Path::new(""))),
    };
    let mut taken = BTreeSet::new();
    let path = |&(source, position): &(&Path, Option<usize>)| {
        if let Some(file) = file {
            return file.to_owned();
        }
        let stem = source.file_stem().unwrap_or(source.as_os_str()).display();
        let which = position.map_or_else(String::new, |index| format!("-{index}"));
        let (mut name, mut number) = (format!("{stem}{which}"), 1);
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = format!("{stem}{which}-{number}");
        }
        folder.join(format!("{name}.{}", format.name()))
    };
    let paths: Vec<PathBuf> = designs.iter().map(path).collect();
    for path in &paths {
        let place = path.canonicalize().ok();
        let is_place = |(source, _): &(&Path, _)| source.canonicalize().ok() == place;
        if place.is_some() && designs.iter().any(is_place) {
            return Err(AnalysisError::Overwrites { path: path.clone() });
        }
    }
    Ok(paths)
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
    fn no_two_designs_share_a_file() {
        let designs = [("a/beam.npy", None), ("b/beam.npy", None), ("c/Beam.npy", None)];
        let designs = designs.map(|(source, position)| (Path::new(source), position));
        let names = |out: Option<&str>| {
            let paths = export_paths(&designs, Format::Svg, out.map(Path::new)).unwrap();
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(None), ["beam.svg", "beam-2.svg", "Beam-3.svg"]);
        assert_eq!(names(Some("out"))[1], "out/beam-2.svg");
        let one = export_paths(&designs[..1], Format::Svg, Some(Path::new("x.svg"))).unwrap();
        assert_eq!(one, [Path::new("x.svg")]);
    }

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
