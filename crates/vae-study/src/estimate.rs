//! How long work with a model will take.

use std::time::Instant;

use candle_core::Device;
use vae_models::Vae;
use vae_train::codes::{decode, prior_draws};
use vae_train::data::Given;

use crate::error::Result;

/// Designs of a trial.
pub(crate) const FEW: usize = 16;
/// Multiply-adds that no machine takes an hour for.
const QUICK: f64 = 1e11;

/// Seconds for so many passes of single designs through the decoder, by the time of a few that are
/// given; 0 for few enough passes.
///
/// # Errors
/// If a code cannot be decoded.
pub(crate) fn seconds_of(vae: &Vae, few: &Given, passes: f64, device: &Device) -> Result<f64> {
    let of_pass = vae.config().multiply_adds().total() as f64;
    let n = few.len();
    if passes * of_pass < QUICK || n == 0 {
        return Ok(0.0);
    }
    let zs = prior_draws(vae.config().latent_dim, n, 0);
    // The first pass is slower than all others.
    decode(vae, &zs, few, device)?;
    let started = Instant::now();
    decode(vae, &zs, few, device)?;
    Ok(started.elapsed().as_secs_f64() / n as f64 * passes)
}
