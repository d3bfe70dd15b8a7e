//! Bounds on ln p(x) from many draws per design.

use candle_core::{DType, Device};
use vae_models::Vae;
use vae_prob::ImportanceEstimate;

use crate::codes::{BATCH, add_to, noise_by_design, row_sums, values};
use crate::data::Targets;
use crate::error::Result;
use crate::score::calibration::{Calibration, Scatter};
use crate::score::importance::Importance;
use crate::score::reconstruction::{Reconstruction, Tally};
use crate::score::spread::mean_and_standard_error;

/// Bounds on ln p(x), in nats per design.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// `expected_log_likelihood − kl`.
    pub elbo: f64,
    /// Importance-weighted bound with the requested number of draws.
    pub iwae: f64,
    /// `E_q ln p(x|z)`.
    pub expected_log_likelihood: f64,
    /// `KL(q(z|x) ‖ p(z))`.
    pub kl: f64,
    /// The KL of each latent dimension.
    pub kl_per_dim: Vec<f64>,
    /// Standard error of `elbo` over the designs.
    pub elbo_standard_error: f64,
    /// Standard error of `iwae` over the designs.
    pub iwae_standard_error: f64,
    /// How far the draws can be trusted.
    pub importance: Importance,
    /// Scores of reconstructions from one draw of q(z|x) per design; the quick scores use its mean
    /// instead.
    pub sampled: Reconstruction,
    /// Calibration of the stated noise of the pixels; `None` for a model that states none.
    pub calibration: Option<Calibration>,
}

/// Bounds from `samples` draws per design; the draws of a design depend only on its position in the
/// data set.
///
/// Designs are encoded once. Weights are summed as they come ([`ImportanceEstimate`]), so memory
/// does not grow with the draws. `progress` receives the number of draws since its last call.
///
/// # Errors
/// When a design cannot be read.
pub fn bounds(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    samples: usize,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Result<Bounds> {
    let n = indices.len();
    let mut log_likelihoods = vec![0.0; n];
    let mut kls = Vec::with_capacity(n);
    let mut estimates = vec![ImportanceEstimate::new(); n];
    let mut kl_per_dim = vec![0.0; vae.config().latent_dim];
    let (mut sampled, mut scatter) = (Tally::default(), Scatter::of(vae)?);
    for (block, chunk) in indices.chunks(BATCH).enumerate() {
        let batch = designs.batch(chunk, device)?;
        let context = batch.context(vae, false)?;
        let posterior = vae.encode(&batch.xs, &context, false)?;
        let kl_terms = posterior.kl()?.to_dtype(DType::F64)?;
        add_to(&mut kl_per_dim, &kl_terms)?;
        kls.extend(row_sums(&kl_terms)?);
        for draw in 0..samples {
            let eps = noise_by_design(chunk, draw as u64, vae.config().latent_dim, device)?;
            let z = posterior.reparameterize(&eps)?;
            let params = vae.decode(&z, &context, false)?;
            let ln_p = vae
                .log_prob(&params, &batch.xs, batch.mask.as_ref())?
                .to_dtype(DType::F64)?
                .to_vec1::<f64>()?;
            // ln p(z) − ln q(z|x) = ½ Σ (ε² + ln σ² − z²): the constants cancel.
            let prior_ratio = row_sums(&((eps.sqr()? + &posterior.log_var)? - z.sqr()?)?)?;
            for (i, ln_p) in ln_p.into_iter().enumerate() {
                log_likelihoods[block * BATCH + i] += ln_p / samples as f64;
                estimates[block * BATCH + i].push(ln_p + 0.5 * prior_ratio[i]);
            }
            if draw == 0 {
                let (targets, means) = (designs.read(chunk)?, values(&vae.mean(&params)?)?);
                if let Some(scatter) = &mut scatter {
                    scatter.add(&targets, &means);
                }
                sampled.add(&targets, &means, designs.data().design_len());
            }
            progress(chunk.len());
        }
    }
    let elbos: Vec<f64> = log_likelihoods.iter().zip(&kls).map(|(ln_p, kl)| ln_p - kl).collect();
    let iwaes: Vec<f64> = estimates.iter().map(ImportanceEstimate::log_likelihood).collect();
    let (elbo, elbo_standard_error) = mean_and_standard_error(&elbos);
    let (iwae, iwae_standard_error) = mean_and_standard_error(&iwaes);
    let n = n as f64;
    Ok(Bounds {
        elbo,
        iwae,
        expected_log_likelihood: log_likelihoods.iter().sum::<f64>() / n,
        kl: kls.iter().sum::<f64>() / n,
        kl_per_dim: kl_per_dim.into_iter().map(|kl| kl / n).collect(),
        elbo_standard_error,
        iwae_standard_error,
        importance: Importance::of(&estimates),
        sampled: sampled.mean(),
        calibration: scatter.map(|scatter| scatter.calibration()),
    })
}
