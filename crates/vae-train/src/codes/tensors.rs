//! Values and sums of tensors, in double precision where they are summed.

use candle_core::{D, DType, Tensor};

use crate::error::Result;

/// All values of a tensor, row after row.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// Adds the sum over the designs of `(B, Z)` terms.
pub(crate) fn add_to(totals: &mut [f64], terms: &Tensor) -> Result<()> {
    totals.iter_mut().zip(terms.sum(0)?.to_vec1::<f64>()?).for_each(|(total, term)| *total += term);
    Ok(())
}

/// Sums over the last dimension of a matrix, one per row.
pub(crate) fn row_sums(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_dtype(DType::F64)?.sum(D::Minus1)?.to_vec1()?)
}

/// Sum of all values.
pub(crate) fn sum(tensor: &Tensor) -> Result<f64> {
    Ok(tensor.to_dtype(DType::F64)?.sum_all()?.to_scalar()?)
}

/// A scalar tensor as a number.
pub(crate) fn scalar(tensor: &Tensor) -> Result<f64> {
    Ok(tensor.to_dtype(DType::F64)?.to_scalar()?)
}
