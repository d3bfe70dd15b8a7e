//! The pixels of a batch of designs, some of them masked out.

use crate::error::Error;
use crate::kernels::element::Element;
use candle_core::{DType, Result as CandleResult, Tensor};
use rayon::prelude::*;

/// How `(B, ..)` splits into designs, and which of their pixels count.
pub(super) struct Pixels {
    batch: usize,
    /// Values per design.
    per_design: usize,
    mask: Option<Vec<bool>>,
}

/// Checks the parameters of a likelihood against the designs and their mask.
///
/// # Errors
/// If `xs` has another shape or element type than `parameters`, or the mask has neither their shape
/// nor that of one design.
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
    /// From parameters and a mask that [`check`] has accepted.
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

    /// Values per design, but at least 1, so that slices can be cut by it.
    pub(super) fn chunk(&self) -> usize {
        self.per_design.max(1)
    }

    /// Which pixels of one design count; `None` if all do.
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

/// The kept derivatives of each design, times the gradient by its log-probability. A design has
/// `chunk` of them.
pub(super) fn scaled<T: Element>(kept: &[T], chunk: usize, gradient: &[T]) -> Vec<T> {
    let mut out = vec![T::ZERO; kept.len()];
    out.par_chunks_mut(chunk).zip(kept.par_chunks(chunk)).zip(gradient).for_each(
        |((out, kept), &g)| {
            for (out, &slope) in out.iter_mut().zip(kept) {
                *out = g * slope;
            }
        },
    );
    out
}

/// Checks the one scale of all pixels.
///
/// # Errors
/// If it has more than one value, or another element type than `parameters`.
pub(super) fn check_scale(
    op: &'static str,
    name: &str,
    scale: &Tensor,
    parameters: &Tensor,
) -> Result<(), Error> {
    if scale.elem_count() != 1 {
        let expected = format!("a {name} with one value");
        return Err(Error::Shape { op, expected, actual: scale.dims().to_vec() });
    }
    if scale.dtype() != parameters.dtype() {
        return Err(Error::DType { op, dtype: scale.dtype() });
    }
    Ok(())
}
