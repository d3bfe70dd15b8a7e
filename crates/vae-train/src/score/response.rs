//! Whether new designs follow their conditions: slopes of realized over requested values.

use candle_core::Device;
use faer::Mat;
use ndarray::{Array2, Array3, ArrayView1, Axis};
use serde::Serialize;
use vae_models::Vae;

use crate::codes::{decode, prior_draws};
use crate::data::{Targets, strided};
use crate::error::Result;
use crate::score::controls::{matrix, nearest_by_condition};
use crate::score::kernel::KernelRidge;

/// The regression that reads conditions off designs is fitted to at most this many training
/// designs, evenly spaced.
const EXAMPLES: usize = 768;
/// The condition that is read as the mean density rather than by regression.
const VOLUME: &str = "volume_fraction";

/// How designs follow one condition over the test split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Response {
    /// Name of the condition.
    pub condition: String,
    /// New designs, one draw from the prior for the conditions of each test design.
    pub model: Follows,
    /// The test designs themselves: how well the condition can be read off a design at all.
    pub test_designs: Follows,
    /// The training designs of the nearest conditions.
    pub nearest_by_condition: Option<Follows>,
}

/// The least-squares line of realized over requested values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Follows {
    /// Its slope: 1 if requests are met, 0 if they are ignored.
    pub slope: f64,
    /// Correlation of the two.
    pub correlation: f64,
    /// Mean absolute difference, in the unit of the condition.
    pub error: f64,
}

/// The response to each condition that the model is told and that varies over the test split; empty
/// for a model without conditions.
///
/// The realized value of `volume_fraction` is the mean density of a design. Any other condition is
/// read off the pixels by Gaussian-kernel regression fitted to training designs; its readings of
/// the test designs themselves are given for comparison.
///
/// # Errors
/// When a design cannot be read.
pub fn responses(
    vae: &Vae,
    designs: &Targets<'_>,
    train: &[usize],
    test: &[usize],
    device: &Device,
) -> Result<Vec<Response>> {
    let requested = designs.conditions(test);
    if requested.ncols() == 0 || test.len() < 2 {
        return Ok(Vec::new());
    }
    let examples = strided(train, EXAMPLES);
    let known = designs.conditions(&examples);
    // In units of the deviation of each, so that all have the same weight in the choice of the
    // kernel.
    let deviations: Vec<f64> = known.columns().into_iter().map(deviation).collect();
    let targets = Mat::from_fn(examples.len(), known.ncols(), |i, j| {
        f64::from(known[(i, j)]) / deviations[j]
    });
    let reader = KernelRidge::fit(matrix(designs, &examples)?, &targets);
    let read = |found: &Array3<f32>| {
        let mut values = reader.predict(columns(found).as_ref());
        for (column, deviation) in values.col_iter_mut().zip(&deviations) {
            column.iter_mut().for_each(|value| *value *= deviation);
        }
        values
    };

    let zs = prior_draws(vae.config().latent_dim, test.len(), 0);
    let new = decode(vae, &zs, &designs.given(test), device)?;
    let (real, near) = (designs.array(test)?, nearest_by_condition(designs, train, test)?);
    let (read_new, read_real) = (read(&new), read(&real));
    let near = near.map(|near| (read(&near), near));
    let follows = |column: usize, weighed: bool, designs: &Array3<f32>, read: &Mat<f64>| {
        let realized: Vec<f64> = if weighed {
            designs.outer_iter().map(|design| f64::from(design.mean().unwrap_or(0.0))).collect()
        } else {
            read.col(column).iter().copied().collect()
        };
        line(&column_of(&requested, column), &realized)
    };
    let mut all = Vec::new();
    for (column, info) in designs.condition_info().into_iter().enumerate() {
        let weighed = info.name == VOLUME;
        let model = follows(column, weighed, &new, &read_new);
        let itself = follows(column, weighed, &real, &read_real);
        if let (Some(model), Some(test_designs)) = (model, itself) {
            all.push(Response {
                condition: info.name.clone(),
                model,
                test_designs,
                nearest_by_condition: near
                    .as_ref()
                    .and_then(|(read, near)| follows(column, weighed, near, read)),
            });
        }
    }
    Ok(all)
}

/// Least squares of realized over requested values; `None` if the requests do not vary.
fn line(requested: &[f64], realized: &[f64]) -> Option<Follows> {
    let n = requested.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(requested), mean(realized));
    let (mut xx, mut xy, mut yy, mut error) = (0.0, 0.0, 0.0, 0.0);
    for (x, y) in requested.iter().zip(realized) {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
        error += (y - x).abs();
    }
    let varies = 1e-12 * n * (1.0 + mean_x * mean_x) < xx;
    let correlation = if 0.0 < yy { xy / (xx * yy).sqrt() } else { 0.0 };
    varies.then(|| Follows { slope: xy / xx, correlation, error: error / n })
}

fn column_of(table: &Array2<f32>, column: usize) -> Vec<f64> {
    table.index_axis(Axis(1), column).iter().map(|&value| f64::from(value)).collect()
}

fn deviation(column: ArrayView1<'_, f32>) -> f64 {
    let deviation = column.mapv(f64::from).std(0.0);
    if 0.0 < deviation { deviation } else { 1.0 }
}

/// Designs as columns.
fn columns(designs: &Array3<f32>) -> Mat<f64> {
    let (n, height, width) = designs.dim();
    Mat::from_fn(height * width, n, |pixel, i| {
        f64::from(designs[(i, pixel / width, pixel % width)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope() {
        let x = [0.0, 1.0, 2.0, 3.0];
        let met = line(&x, &x).unwrap();
        assert_eq!((met.slope, met.correlation, met.error), (1.0, 1.0, 0.0));
        let halved = line(&x, &x.map(|x| 1.0 + 0.5 * x)).unwrap();
        assert_eq!((halved.slope, halved.correlation, halved.error), (0.5, 1.0, 0.5));
        let ignored = line(&x, &[7.0; 4]).unwrap();
        assert_eq!((ignored.slope, ignored.correlation), (0.0, 0.0));
        assert!(line(&[2.0; 4], &x).is_none());
    }
}
