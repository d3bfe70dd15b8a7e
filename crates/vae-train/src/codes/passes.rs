//! From designs to codes, and back: passes of a model over many designs, in batches.

use candle_core::Device;
use ndarray::{Array2, Array3, Axis};
use vae_models::Vae;

use crate::codes::tensors::values;
use crate::data::{Targets, stack, tensor};
use crate::error::Result;

/// Designs per forward pass; no result depends on it.
pub(crate) const BATCH: usize = 64;

/// Posterior means of some designs, `(N, Z)`.
///
/// # Errors
/// When a design cannot be read.
pub fn encode(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Array2<f32>> {
    Ok(posteriors(vae, designs, indices, device)?.0)
}

/// Means and log-variances of q(z|x) of some designs, `(N, Z)` each.
///
/// # Errors
/// When a design cannot be read.
pub fn posteriors(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<(Array2<f32>, Array2<f32>)> {
    let (mut means, mut log_vars) = (Vec::new(), Vec::new());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, batch.cs.as_ref(), false)?;
        means.extend(values(&posterior.mean)?);
        log_vars.extend(values(&posterior.log_var)?);
    }
    let shape = (indices.len(), vae.config().latent_dim);
    Ok((table(means, shape), table(log_vars, shape)))
}

/// Reconstructions of some designs from their posterior means, `(N, H, W)`.
///
/// # Errors
/// When a design cannot be read.
pub fn reconstruct(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Array3<f32>> {
    let mut means = Vec::with_capacity(indices.len() * designs.data().design_len());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, batch.cs.as_ref(), false)?;
        means.extend(values(&vae.mean(&vae.decode(
            &posterior.mean,
            batch.cs.as_ref(),
            false,
        )?)?)?);
    }
    Ok(stack(means, (vae.config().height, vae.config().width)))
}

/// Mean designs for latent vectors `(N, Z)` and conditions `(N, C)`, as `(N, H, W)` densities.
///
/// # Errors
/// When the shapes do not fit the model.
pub fn decode(
    vae: &Vae,
    zs: &Array2<f32>,
    cs: &Array2<f32>,
    device: &Device,
) -> Result<Array3<f32>> {
    let mut designs = Vec::new();
    for (zs, cs) in zs.axis_chunks_iter(Axis(0), BATCH).zip(cs.axis_chunks_iter(Axis(0), BATCH)) {
        let Some(zs) = tensor(&zs.to_owned(), device)? else { continue };
        let params = vae.decode(&zs, tensor(&cs.to_owned(), device)?.as_ref(), false)?;
        designs.extend(values(&vae.mean(&params)?)?);
    }
    Ok(stack(designs, (vae.config().height, vae.config().width)))
}

/// A condition vector repeated for `count` designs, `(count, C)`.
pub fn repeated(condition: &[f32], count: usize) -> Array2<f32> {
    Array2::from_shape_fn((count, condition.len()), |(_, column)| condition[column])
}

fn table(values: Vec<f32>, shape: (usize, usize)) -> Array2<f32> {
    Array2::from_shape_vec(shape, values).expect("one row per design")
}
