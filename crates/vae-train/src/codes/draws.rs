//! Standard normal draws: noise of a step, fixed noise of a design, codes from the prior.

use candle_core::{Device, Tensor};
use ndarray::Array2;
use rand::Rng;
use rand_distr::StandardNormal;
use vae_base::stream;

use crate::error::Result;

/// The seed of evaluation noise is fixed, so that models and epochs are compared on the same draws.
const SEED: u64 = 0;

/// Latent vectors from the prior N(0, I), `(count, Z)`; the i-th depends on the seed and i only.
pub fn prior_draws(latent_dim: usize, count: usize, seed: u64) -> Array2<f32> {
    let mut draws = Array2::zeros((count, latent_dim));
    for (i, mut row) in draws.rows_mut().into_iter().enumerate() {
        let mut rng = stream(seed, "prior", i as u64);
        row.iter_mut().for_each(|value| *value = rng.sample(StandardNormal));
    }
    draws
}

/// Standard normal draws of a shape.
pub(crate) fn noise(rng: &mut impl Rng, shape: (usize, usize), device: &Device) -> Result<Tensor> {
    let values: Vec<f32> = (0..shape.0 * shape.1).map(|_| rng.sample(StandardNormal)).collect();
    Ok(Tensor::from_vec(values, shape, device)?)
}

/// One row of noise per design, keyed by its position and the number of the draw.
pub(crate) fn noise_by_design(
    indices: &[usize],
    draw: u64,
    latent_dim: usize,
    device: &Device,
) -> Result<Tensor> {
    let rows = indices.iter().flat_map(|&index| {
        let mut rng = stream(SEED, &format!("evaluate/{draw}"), index as u64);
        (0..latent_dim).map(move |_| rng.sample::<f32, _>(StandardNormal)).collect::<Vec<_>>()
    });
    Ok(Tensor::from_vec(rows.collect::<Vec<f32>>(), (indices.len(), latent_dim), device)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prior_draw_does_not_depend_on_how_many_there_are() {
        assert_eq!(prior_draws(3, 2, 7).row(1), prior_draws(3, 5, 7).row(1));
        assert_ne!(prior_draws(3, 2, 7), prior_draws(3, 2, 8));
    }
}
