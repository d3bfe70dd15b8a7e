//! What happens inside a design under its loads, as pictures and as a VTK file.

use std::path::{Path, PathBuf};

use ndarray::{Array2, Array3, ArrayView2};
use topo_data::Judge;
use topo_export::{Vtk, vtk};
use topo_simp::Problem;
use vae_base::files;
use vae_report::{Field, field};

use super::error::{AnalysisError, Result};
use crate::pictures::marks;

/// A design, and what its figures are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldsOf<'a> {
    /// The design.
    pub(super) design: ArrayView2<'a, f32>,
    /// Which design it is, for the headings.
    pub(super) title: &'a str,
    /// What every file name begins with; may be empty.
    pub(super) prefix: &'a str,
}

/// Writes `displacement.png`, `strain-energy.png`, `von-mises.png` and `fields.vtk` into a folder.
///
/// With several load cases a picture shows the largest displacement and stress, and the sum of the
/// energies; the VTK file has displacement and stress of each.
///
/// # Errors
/// If the design cannot be solved for, or a file cannot be written.
pub(super) fn write_fields(
    judge: &mut Judge,
    problem: &Problem,
    of: &FieldsOf<'_>,
    folder: &Path,
) -> Result<()> {
    let FieldsOf { design, title, prefix } = *of;
    let found = judge.fields(problem, design)?;
    let lengths: Vec<_> = found.displacements.iter().map(lengths).collect();
    let largest = |cases: &[Array2<f64>]| {
        Array2::from_shape_fn(design.dim(), |at| cases.iter().map(|c| c[at]).fold(0.0, f64::max))
    };
    let path = |name: &str| -> PathBuf { folder.join(format!("{prefix}{name}")) };
    let marks = marks(problem).map_err(AnalysisError::NamedProblem)?;
    let marks = Some(&marks);
    let pictures = [
        ("displacement", "Displacement", "length", largest(&lengths)),
        ("strain-energy", "Strain energy density", "force / length²", found.energy_density.clone()),
        ("von-mises", "Von Mises stress", "force / length²", largest(&found.von_mises)),
    ];
    for (file, name, unit, values) in &pictures {
        let (heading, label) = (format!("{name}: {title}"), format!("{name} [{unit}]"));
        let figure = Field { title: &heading, name: &label, values: values.view(), design, marks };
        let path = path(&format!("{file}.png"));
        field(&figure, &path).map_err(|source| AnalysisError::Figure { path, source })?;
    }
    let density = design.mapv(f64::from);
    let name = |quantity: &str, case: usize| match found.displacements.len() {
        1 => quantity.to_owned(),
        _ => format!("{quantity}_{}", case + 1),
    };
    let mut cells = vec![
        ("density".to_owned(), density.view()),
        ("strain_energy_density".to_owned(), found.energy_density.view()),
    ];
    cells.extend(found.von_mises.iter().enumerate().map(|(i, s)| (name("von_mises", i), s.view())));
    let points: Vec<_> = (found.displacements.iter().enumerate())
        .map(|(case, u)| (name("displacement", case), u.view()))
        .collect();
    let fields = Vtk { title, cell_size: problem.cell_size, cells: &cells, points: &points };
    Ok(files::write(&path("fields.vtk"), vtk(&fields)?.as_bytes())?)
}

/// Lengths of the displacements of the corners of each element, averaged.
fn lengths(u: &Array3<f64>) -> Array2<f64> {
    let (rows, columns, _) = u.dim();
    let length = |r: usize, c: usize| u[(r, c, 0)].hypot(u[(r, c, 1)]);
    Array2::from_shape_fn((rows - 1, columns - 1), |(i, j)| {
        0.25 * (length(i, j) + length(i, j + 1) + length(i + 1, j) + length(i + 1, j + 1))
    })
}
