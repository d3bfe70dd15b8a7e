//! Codes of given designs.

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3, ArrayView2};
use rand::Rng;
use rand_distr::StandardNormal;
use topo_simp::Grid;
use vae_models::{Vae, finite};
use vae_train::data::Given;

use crate::error::Result;
use crate::projection::Projection;

/// Draws from the aggregate posterior, (N · draws, Z): `draws` from each q(z|x) = N(mean, diag
/// exp(`log_var`)), both (N, Z).
///
/// The means alone would make latents that say nothing look like latents without spread. The draws
/// depend on nothing else.
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn aggregate_draws(
    means: ArrayView2<'_, f32>,
    log_vars: ArrayView2<'_, f32>,
    draws: usize,
) -> Array2<f64> {
    let (n, latent_dim) = means.dim();
    let mut codes = Array2::zeros((n * draws, latent_dim));
    for (row, mut code) in codes.outer_iter_mut().enumerate() {
        let mut rng = vae_base::stream(0, "aggregate posterior", row as u64);
        for ((z, &mean), &log_var) in
            code.iter_mut().zip(means.row(row % n)).zip(log_vars.row(row % n))
        {
            let eps: f64 = rng.sample(StandardNormal);
            *z = f64::from(mean) + (0.5 * f64::from(log_var)).exp() * eps;
        }
    }
    codes
}

/// The posterior mean of one design; `given` is the one row of what the model is told.
///
/// # Errors
///
/// [`crate::DesignError::Told`] for a design, conditions or fields that are not the model's.
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn encode(vae: &Vae, design: ArrayView2<'_, f32>, given: &Given) -> Result<Vec<f64>> {
    let (height, width) = design.dim();
    let pixels: Vec<f32> = design.iter().copied().collect();
    let xs =
        Tensor::from_vec(pixels, (1, 1, height, width), vae.device())?.to_dtype(vae.dtype())?;
    let mean = vae.encode(&xs, &given.context(vae)?, false)?.mean;
    Ok(mean.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// Designs of 0 and 1 at exactly the volume of a projection, (N, H, W), for codes (N, Z); `given` is
/// the one row of what the model is told.
///
/// # Errors
///
/// [`crate::DesignError::Model`] for codes or conditions that are not the model's, or designs that
/// are no numbers.
///
/// # Panics
///
/// If the projection is that of another grid.
#[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
pub fn decode_exact(
    vae: &Vae,
    latents: ArrayView2<'_, f32>,
    given: &Given,
    projection: &Projection,
) -> Result<Array3<f32>> {
    let Grid { nelx, nely } = projection.grid();
    let context = given.context(vae)?;
    let mut designs = Array3::zeros((latents.nrows(), nely, nelx));
    for (latent, mut design) in latents.outer_iter().zip(designs.outer_iter_mut()) {
        let latent = Tensor::from_vec(latent.to_vec(), (1, latent.len()), vae.device())?;
        let logits = vae.decode_logits(&latent.to_dtype(vae.dtype())?, &context, false)?;
        let logits = finite(logits, "designs")?;
        let logits: Vec<f64> = logits.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        design.assign(&projection.project(&logits).cut());
    }
    Ok(designs)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn draws_have_the_moments_of_their_posteriors() {
        let means = array![[1.0_f32, -2.0], [0.0, 5.0]];
        let log_vars = array![[0.0_f32, -4.0], [1.0, 0.5]];
        let draws = 20_000;
        let codes = aggregate_draws(means.view(), log_vars.view(), draws);
        for (design, latent) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let values: Vec<f64> = (0..draws).map(|k| codes[[2 * k + design, latent]]).collect();
            let mean = values.iter().sum::<f64>() / draws as f64;
            let variance = values.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / draws as f64;
            let expected = f64::from(log_vars[[design, latent]]).exp();
            // Five standard errors of a mean and of a variance.
            let n = draws as f64;
            let error = (mean - f64::from(means[[design, latent]])).abs();
            assert!(error < 5.0 * (expected / n).sqrt(), "{error}");
            assert!((variance / expected - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{variance}");
        }
    }
}
