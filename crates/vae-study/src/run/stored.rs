//! Designs of a set as they are stored, and the choice of a few of many.

use std::path::Path;

use ndarray::{Array2, Array3, ArrayView2, Axis};
use topo_data::Silhouette;
use vae_data::DataSet;

use crate::error::{Result, StudyError};

/// The designs of these positions, shape (designs, rows, columns).
///
/// # Errors
/// If a design cannot be read or holds no densities.
pub fn stored(data: &DataSet, indices: &[usize]) -> Result<Array3<f32>> {
    let mut designs = Array3::zeros((indices.len(), data.height(), data.width()));
    if let Some(pixels) = designs.as_slice_mut() {
        data.read_into(indices, pixels)?;
    }
    Ok(designs)
}

/// The design of this position, shape (rows, columns).
///
/// # Errors
/// If the design cannot be read or holds no densities.
pub fn stored_one(data: &DataSet, index: usize) -> Result<Array2<f32>> {
    Ok(stored(data, &[index])?.index_axis_move(Axis(0), 0))
}

/// Makes a folder for results, if it is not there already.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|source| StudyError::Io {
        action: "create",
        path: path.into(),
        source,
    })
}

/// The material of a design, cut at 0.5.
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn silhouette(design: ArrayView2<'_, f32>) -> Silhouette {
    Silhouette::of(&design.iter().copied().collect::<Vec<_>>())
}
