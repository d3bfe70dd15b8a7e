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

/// At most `count` of the positions below `n`, evenly spaced.
pub(crate) fn spread(n: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(n);
    (0..count).map(move |i| i * n / count)
}

/// At most `count` of the items, evenly spaced.
pub fn evenly_spaced(items: &[usize], count: usize) -> Vec<usize> {
    spread(items.len(), count).map(|position| items[position]).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_the_first_and_evenly_spaced_ones_after_it() {
        assert_eq!(evenly_spaced(&[5, 6, 7, 8, 9, 10], 3), [5, 7, 9]);
        assert_eq!(evenly_spaced(&[5, 6], 3), [5, 6]);
        assert_eq!(spread(0, 3).count() + spread(3, 0).count(), 0);
    }
}
