//! Looking around in a trained model: samples and interpolations.

use candle_core::Device;
use ndarray::{Array2, Array3, Axis};
use rand::Rng;
use rand_distr::StandardNormal;
use vae_models::Vae;
use vae_nn::stream;

use crate::error::{Result, TrainError, nearest};
use crate::evaluate::values;
use crate::targets::{stack, tensor};

/// Designs per forward pass.
const BATCH: usize = 64;

/// Latent vectors from the prior N(0, I), `(count, Z)`; the i-th depends on the seed and i only.
pub fn prior_draws(latent_dim: usize, count: usize, seed: u64) -> Array2<f32> {
    let mut draws = Array2::zeros((count, latent_dim));
    for (i, mut row) in draws.rows_mut().into_iter().enumerate() {
        let mut rng = stream(seed, "prior", i as u64);
        row.iter_mut().for_each(|value| *value = rng.sample(StandardNormal));
    }
    draws
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

/// Which column of the conditions has this name.
///
/// # Errors
/// [`TrainError::UnknownCondition`], with the nearest name.
pub fn condition_column(vae: &Vae, name: &str) -> Result<usize> {
    let stats = &vae.config().conditions;
    stats.iter().position(|condition| condition.name == name).ok_or_else(|| {
        let known: Vec<String> = stats.iter().map(|condition| condition.name.clone()).collect();
        let suggestion = nearest(name, known.iter().map(String::as_str));
        TrainError::UnknownCondition { name: name.to_owned(), suggestion, known }
    })
}

/// The condition vector with some values set by name and the others at their training mean.
///
/// # Errors
/// [`TrainError::UnknownCondition`] or [`TrainError::ConditionRange`].
pub fn conditions(vae: &Vae, set: &[(String, f32)]) -> Result<Vec<f32>> {
    let stats = &vae.config().conditions;
    let mut values: Vec<f32> = stats.iter().map(|condition| condition.mean as f32).collect();
    for (name, value) in set {
        let column = condition_column(vae, name)?;
        let (min, max) = (stats[column].min, stats[column].max);
        // Conditions are stored as f32: allow for the rounding of the ends.
        let slack = 1e-6 * (max - min).abs().max(max.abs());
        if !(min - slack <= *value && *value <= max + slack) {
            return Err(TrainError::ConditionRange { name: name.clone(), value: *value, min, max });
        }
        values[column] = *value;
    }
    Ok(values)
}

/// Points on the straight line from the first row of `ends` to its second, both included, one per row.
///
/// # Panics
/// When `ends` has fewer than two rows.
pub fn line(ends: &Array2<f32>, steps: usize) -> Array2<f32> {
    let share = |step: usize| if steps < 2 { 0.0 } else { step as f32 / (steps - 1) as f32 };
    Array2::from_shape_fn((steps, ends.ncols()), |(step, i)| {
        ends[[0, i]] + share(step) * (ends[[1, i]] - ends[[0, i]])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_line_has_both_ends_and_equal_steps() {
        let line = line(&array![[0.0, 1.0], [1.0, -1.0]], 5);
        assert_eq!(line, array![[0.0, 1.0], [0.25, 0.5], [0.5, 0.0], [0.75, -0.5], [1.0, -1.0]]);
    }

    #[test]
    fn a_prior_draw_does_not_depend_on_how_many_there_are() {
        assert_eq!(prior_draws(3, 2, 7).row(1), prior_draws(3, 5, 7).row(1));
        assert_ne!(prior_draws(3, 2, 7), prior_draws(3, 2, 8));
    }
}
