//! Scores from one draw per design: quick enough for every epoch.

use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{DType, Device};
use vae_models::{ElboTerms, Vae};
use vae_prob::Elbo;

use crate::codes::{BATCH, add_to, noise_by_design, row_sums, sum, values};
use crate::data::{Batch, Targets};
use crate::error::Result;
use crate::score::reconstruction::{Reconstruction, Tally};

/// Quick scores, averaged over designs, as printed after every epoch.
pub struct Scores {
    /// Log-likelihood and KL; in place of the log-likelihood of a model without one, minus its
    /// squared error.
    pub elbo: Elbo<f64>,
    /// KL per latent dimension.
    pub kl_per_dim: Vec<f64>,
    /// Of reconstructions from posterior means.
    pub reconstruction: Reconstruction,
}

/// Scores some designs with one draw of fixed noise; `None` if `stop` was set before it was done.
///
/// # Errors
/// When a design cannot be read.
pub fn score(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
    stop: &AtomicBool,
) -> Result<Option<Scores>> {
    let mut log_likelihood = 0.0;
    let mut kl_per_dim = vec![0.0; vae.config().latent_dim];
    let mut reconstruction = Tally::default();
    for chunk in indices.chunks(BATCH) {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let (batch, elbo) = one_draw(vae, designs, chunk, device)?;
        log_likelihood += sum(&elbo.log_likelihood)?;
        add_to(&mut kl_per_dim, &elbo.kl.to_dtype(DType::F64)?)?;
        let mean =
            vae.mean(&vae.decode(&elbo.posterior.mean, &batch.context(vae, false)?, false)?)?;
        reconstruction.add(&designs.read(chunk)?, &values(&mean)?, designs.data().design_len());
    }
    let n = indices.len() as f64;
    for kl in &mut kl_per_dim {
        *kl /= n;
    }
    let log_likelihood = log_likelihood / n;
    let elbo = Elbo { log_likelihood, kl: kl_per_dim.iter().sum() };
    Ok(Some(Scores { elbo, kl_per_dim, reconstruction: reconstruction.mean() }))
}

/// Log-likelihood and KL of each design, with the draw that [`score`] takes.
///
/// In place of the log-likelihood of a model without one stands minus its squared error.
///
/// # Errors
/// When a design cannot be read.
pub fn terms_by_design(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Vec<Elbo<f64>>> {
    let mut all = Vec::with_capacity(indices.len());
    for chunk in indices.chunks(BATCH) {
        let (_, elbo) = one_draw(vae, designs, chunk, device)?;
        let log_likelihoods = elbo.log_likelihood.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        let terms = log_likelihoods.into_iter().zip(row_sums(&elbo.kl)?);
        all.extend(terms.map(|(log_likelihood, kl)| Elbo { log_likelihood, kl }));
    }
    Ok(all)
}

/// A batch, and the terms of its bound with the first draw of each design.
fn one_draw(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<(Batch, ElboTerms)> {
    let batch = designs.batch(indices, device)?;
    let eps = noise_by_design(indices, 0, vae.config().latent_dim, device)?;
    let context = batch.context(vae, false)?;
    let elbo = vae.elbo(&batch.xs, &context, &eps, batch.mask.as_ref(), false)?;
    Ok((batch, elbo))
}
