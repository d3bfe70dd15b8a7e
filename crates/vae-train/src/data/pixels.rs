//! Pixels and conditions of several designs, as arrays and tensors.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3};

use crate::error::Result;

/// Targets of several designs, design after design, row after row.
pub struct Pixels {
    /// Densities.
    pub values: Vec<f32>,
    /// 1 where a pixel counts, 0 where the problem prescribes void or solid; `None` if all count.
    pub active: Option<Vec<f32>>,
}

/// Designs one after the other, as `(N, H, W)`.
pub(crate) fn stack(values: Vec<f32>, (height, width): (usize, usize)) -> Array3<f32> {
    let shape = (values.len() / (height * width), height, width);
    Array3::from_shape_vec(shape, values).expect("whole designs")
}

/// A table as a tensor, one row per design; `None` if it has no columns.
pub(crate) fn tensor(rows: &Array2<f32>, device: &Device) -> Result<Option<Tensor>> {
    if rows.ncols() == 0 {
        return Ok(None);
    }
    Ok(Some(Tensor::from_vec(rows.iter().copied().collect::<Vec<_>>(), rows.dim(), device)?))
}
