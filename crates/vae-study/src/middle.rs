//! The design in the middle of the data, around which the model is looked at.

use ndarray::{Array1, Array2, Axis};
use vae_base::evenly_spaced;
use vae_train::codes::encode;

use crate::error::Result;
use crate::run::Run;

/// Training designs among which the middle is looked for, at most.
const LOOKED_AT: usize = 1000;

/// The training design nearest to the median code, with its code; `None` without training designs.
pub(crate) fn middle(run: &Run) -> Result<Option<(usize, Array1<f32>)>> {
    let positions = evenly_spaced(&run.split.train, LOOKED_AT);
    if positions.is_empty() {
        return Ok(None);
    }
    let codes = encode(&run.vae, &run.designs(), &positions, &run.device)?;
    let nearest = nearest_to_median(&codes);
    Ok(nearest.map(|index| (positions[index], codes.row(index).to_owned())))
}

/// The row nearest to the median of each column.
fn nearest_to_median(codes: &Array2<f32>) -> Option<usize> {
    let median: Array1<f32> = codes
        .axis_iter(Axis(1))
        .map(|column| {
            let mut values = column.to_vec();
            values.sort_by(f32::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(0.0)
        })
        .collect();
    let distance = |index: usize| (&codes.row(index) - &median).mapv(|d| d * d).sum();
    (0..codes.nrows()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_middle_is_a_row_and_no_mean() {
        let codes = array![[0.0_f32, 0.0], [9.0, 1.0], [1.0, 1.0], [1.0, 2.0], [-50.0, 1.0]];
        assert_eq!(nearest_to_median(&codes), Some(2));
        assert_eq!(nearest_to_median(&Array2::zeros((0, 2))), None);
    }
}
