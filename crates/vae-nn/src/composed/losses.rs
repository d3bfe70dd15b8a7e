//! Losses. Shapes have been checked; sums and small differences are wide, as in the kernels.

use super::device::wide;
use super::layers::softplus;
use candle_core::{Result, Tensor};
use std::f64::consts::TAU;

/// Finite for every finite logit, with the right gradient; at 0 the conventions of candle's `relu`
/// and `abs` cancel.
pub(crate) fn bernoulli_log_prob(
    logits: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    let (ls, xs) = (active(logits, mask)?, active(xs, mask)?);
    let log_prob = ((xs * &ls)? - softplus(&ls)?)?;
    sum_of_designs(&active(&log_prob, mask)?)?.to_dtype(logits.dtype())
}

pub(crate) fn gaussian_log_prob(
    mean: &Tensor,
    log_std: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    let difference = (active(xs, mask)? - active(mean, mask)?)?;
    let squares = sum_of_designs(&wide(&difference)?.sqr()?)?;
    let n_active = sum_of_designs(&active(&mean.ones_like()?, mask)?)?;
    let log_var = (wide(&log_std.reshape(())?)? * 2.0)?;
    let terms = squares.broadcast_mul(&log_var.neg()?.exp()?)?
        + n_active.broadcast_mul(&(log_var + TAU.ln())?)?;
    (terms? * -0.5)?.to_dtype(mean.dtype())
}

pub(crate) fn kl_to_standard_normal(mean: &Tensor, log_var: &Tensor) -> Result<Tensor> {
    let kl = (wide(mean)?.sqr()? + expm1_minus(&wide(log_var)?)?)?;
    (kl * 0.5)?.to_dtype(mean.dtype())
}

pub(crate) fn soft_bound(log_var: &Tensor, lo: f64, hi: f64) -> Result<Tensor> {
    let raised = (softplus(&(wide(log_var)? - lo)?)? + lo)?;
    let distance = softplus(&(raised.neg()? + hi)?)?;
    (distance.neg()? + hi)?.to_dtype(log_var.dtype())
}

/// `e^v − 1 − v`, with a series where the terms cancel.
fn expm1_minus(v: &Tensor) -> Result<Tensor> {
    let is_small = v.abs()?.lt(0.25)?;
    let small = is_small.where_cond(v, &v.zeros_like()?)?;
    let mut sum = v.zeros_like()?;
    for n in (2..=15).rev() {
        sum = (((sum + 1.0)? * &small)? / f64::from(n))?;
    }
    is_small.where_cond(&(sum * &small)?, &((v.exp()? - v)? - 1.0)?)
}

/// 0 where the mask is: a pixel that does not count may hold anything.
fn active(xs: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    match mask {
        None => Ok(xs.clone()),
        Some(mask) => {
            let mask = mask.ne(0.0)?.broadcast_as(xs.shape())?.contiguous()?;
            mask.where_cond(xs, &xs.zeros_like()?)
        }
    }
}

/// `(B, ..) → (B,)`, wide.
fn sum_of_designs(xs: &Tensor) -> Result<Tensor> {
    let per_design = xs.dims().iter().skip(1).product::<usize>();
    wide(&xs.reshape((xs.dim(0)?, per_design))?)?.sum(1)
}
