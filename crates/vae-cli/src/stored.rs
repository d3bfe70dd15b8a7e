//! Designs of a set as they are stored, and the choice of a few of many.

use anyhow::Result;
use ndarray::{Array2, Array3, Axis};
use vae_data::DataSet;

/// The designs of these positions, shape (designs, rows, columns).
pub(crate) fn stored(data: &DataSet, indices: &[usize]) -> Result<Array3<f32>> {
    let mut designs = Array3::zeros((indices.len(), data.height(), data.width()));
    if let Some(pixels) = designs.as_slice_mut() {
        data.read_into(indices, pixels)?;
    }
    Ok(designs)
}

/// The design of this position, shape (rows, columns).
pub(crate) fn stored_one(data: &DataSet, index: usize) -> Result<Array2<f32>> {
    Ok(stored(data, &[index])?.index_axis_move(Axis(0), 0))
}

/// At most `count` of the positions below `n`, evenly spaced.
pub(crate) fn spread(n: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(n);
    (0..count).map(move |i| i * n / count)
}

/// At most `count` of the items, evenly spaced.
pub(crate) fn evenly_spaced(items: &[usize], count: usize) -> Vec<usize> {
    spread(items.len(), count).map(|position| items[position]).collect()
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
