//! From designs to codes, and back: passes of a model over many designs, in batches.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3, Axis};
use vae_models::{Vae, finite};

use crate::codes::tensors::values;
use crate::data::{Given, Targets, stack};
use crate::error::Result;

/// Designs per forward pass; no result depends on it.
pub(crate) const BATCH: usize = 64;

/// Posterior means of some designs, `(N, Z)`.
///
/// # Errors
/// When a design cannot be read, or a result is no number.
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
/// When a design cannot be read, or a result is no number.
pub fn posteriors(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<(Array2<f32>, Array2<f32>)> {
    let (mut means, mut log_vars) = (Vec::new(), Vec::new());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, &batch.context(vae, false)?, false)?;
        means.extend(values(&finite(posterior.mean, "codes")?)?);
        log_vars.extend(values(&finite(posterior.log_var, "codes")?)?);
    }
    let shape = (indices.len(), vae.config().latent_dim);
    Ok((table(means, shape), table(log_vars, shape)))
}

/// Reconstructions of some designs from their posterior means, `(N, H, W)`.
///
/// # Errors
/// When a design cannot be read, or a result is no number.
pub fn reconstruct(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Array3<f32>> {
    let mut means = Vec::with_capacity(indices.len() * designs.data().design_len());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let context = batch.context(vae, false)?;
        let posterior = vae.encode(&batch.xs, &context, false)?;
        let designs = vae.mean(&vae.decode(&posterior.mean, &context, false)?)?;
        means.extend(values(&finite(designs, "designs")?)?);
    }
    Ok(stack(means, (vae.config().height, vae.config().width)))
}

/// Mean designs for codes `(N, Z)` and what the model is told beside each, as `(N, H, W)`
/// densities.
///
/// # Errors
/// When the shapes do not fit the model, or a density is no number.
pub fn decode(vae: &Vae, zs: &Array2<f32>, given: &Given, device: &Device) -> Result<Array3<f32>> {
    let mut designs = Vec::new();
    let rows: Vec<usize> = (0..zs.nrows()).collect();
    for rows in rows.chunks(BATCH) {
        let zs = zs.select(Axis(0), rows);
        let zs = Tensor::from_vec(zs.iter().copied().collect::<Vec<_>>(), zs.dim(), device)?;
        let params = vae.decode(&zs, &given.select(rows).context(vae)?, false)?;
        designs.extend(values(&finite(vae.mean(&params)?, "designs")?)?);
    }
    Ok(stack(designs, (vae.config().height, vae.config().width)))
}

fn table(values: Vec<f32>, shape: (usize, usize)) -> Array2<f32> {
    Array2::from_shape_vec(shape, values).expect("one row per design")
}
