//! The pixels of a batch of designs, some of them masked out.

use crate::error::Error;
use candle_core::{DType, Result as CandleResult, Tensor};

/// How `(B, ..)` splits into designs, and which of their pixels count.
pub(super) struct Pixels {
    batch: usize,
    /// Values per design.
    per_design: usize,
    mask: Option<Vec<bool>>,
}

/// # Errors
/// If `xs` has another shape or element type than `parameters`, or the mask is neither of their
/// shape nor of that of one design.
pub(super) fn check(
    op: &'static str,
    parameters: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<(), Error> {
    let dims = parameters.dims();
    let Some((&batch, rest)) = dims.split_first() else {
        let expected = "(B, ..)".to_owned();
        return Err(Error::Shape { op, expected, actual: Vec::new() });
    };
    if xs.dims() != dims {
        let expected = format!("designs of the shape of the parameters, {dims:?}");
        return Err(Error::Shape { op, expected, actual: xs.dims().to_vec() });
    }
    if xs.dtype() != parameters.dtype() {
        return Err(Error::DType { op, dtype: xs.dtype() });
    }
    let fits = |mask: &Tensor| {
        mask.dims()
            .split_first()
            .is_some_and(|(&n, mask_rest)| (n == 1 || n == batch) && mask_rest == rest)
    };
    match mask {
        Some(mask) if !fits(mask) => {
            let expected = format!("a mask of shape {dims:?}, its first size 1 or {batch}");
            Err(Error::Shape { op, expected, actual: mask.dims().to_vec() })
        }
        _ => Ok(()),
    }
}

impl Pixels {
    /// Of parameters and a mask that [`check`] let pass.
    pub(super) fn new(parameters: &Tensor, mask: Option<&Tensor>) -> CandleResult<Self> {
        let mask = mask
            .map(|mask| {
                // Exact for every type that 0 and 1 come in.
                let values = mask.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
                Ok::<_, candle_core::Error>(values.iter().map(|&m| m != 0.0).collect())
            })
            .transpose()?;
        let per_design = parameters.dims().iter().skip(1).product();
        Ok(Self { batch: parameters.dim(0)?, per_design, mask })
    }

    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// Values per design, never 0, so that slices can be cut by it.
    pub(super) fn chunk(&self) -> usize {
        self.per_design.max(1)
    }

    /// Which pixels of one design count; all, if there is no mask.
    pub(super) fn active(&self, design: usize) -> Option<&[bool]> {
        let mask = self.mask.as_ref()?;
        let start = if mask.len() == self.per_design { 0 } else { design * self.per_design };
        Some(&mask[start..][..self.per_design])
    }

    /// Number of pixels of one design that count.
    pub(super) fn n_active(&self, design: usize) -> usize {
        match self.active(design) {
            Some(mask) => mask.iter().filter(|&&active| active).count(),
            None => self.per_design,
        }
    }
}
