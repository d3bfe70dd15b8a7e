//! Ways through the latent space: lines, great circles, squares, single dimensions.

use candle_core::Device;
use ndarray::{Array2, Axis};
use vae_models::Vae;

use crate::codes::decode;
use crate::data::Given;
use crate::error::Result;

/// How one latent vector becomes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// On the straight line.
    Linear,
    /// Along the great circle between the directions, the length changing evenly: `|z(t)|
    /// (sin((1−t)ω) u₀ + sin(tω) u₁) / sin ω` for directions u₀, u₁ at an angle ω. A standard
    /// normal vector of many dimensions has a length of about √Z, and the middle of a straight line
    /// between two of them is too short to be one. Where there is no one great circle (a vector of
    /// length 0, opposite directions) the straight line is taken.
    ///
    /// # References
    /// Shoemake 1985, "Animating rotation with quaternion curves"; White 2016, "Sampling generative
    /// networks".
    Spherical,
}

/// Points from the first row of `ends` to its second, both included, one per row.
///
/// # Panics
/// When `ends` has fewer than two rows.
pub fn path(ends: &Array2<f32>, steps: usize, path: Path) -> Array2<f32> {
    let (from, to) = (ends.row(0).mapv(f64::from), ends.row(1).mapv(f64::from));
    let (from_length, to_length) = (from.dot(&from).sqrt(), to.dot(&to).sqrt());
    let cosine = from.dot(&to) / (from_length * to_length);
    let angle = cosine.clamp(-1.0, 1.0).acos();
    // NaN, for a vector of length 0, does not make a circle either.
    let circle = path == Path::Spherical && 1e-6 < angle.sin();
    let mut points = Array2::zeros((steps, ends.ncols()));
    for (step, mut point) in points.rows_mut().into_iter().enumerate() {
        let t = if steps < 2 { 0.0 } else { step as f64 / (steps - 1) as f64 };
        let z = if circle {
            let length = from_length + t * (to_length - from_length);
            let share = |part: f64, own: f64| length * (part * angle).sin() / (angle.sin() * own);
            &from * share(1.0 - t, from_length) + &to * share(t, to_length)
        } else {
            &from + (&to - &from) * t
        };
        point.assign(&z.mapv(|value| value as f32));
    }
    points
}

/// A square in two latent dimensions, the others 0: `steps²` points over [−reach, reach]², row by
/// row, the second dimension falling from row to row as on an upright axis.
pub fn square(
    latent_dim: usize,
    (across, up): (usize, usize),
    reach: f32,
    steps: usize,
) -> Array2<f32> {
    let place = |i: usize| {
        if steps < 2 { 0.0 } else { reach * (2.0 * i as f32 / (steps - 1) as f32 - 1.0) }
    };
    let mut points = Array2::zeros((steps * steps, latent_dim));
    for (i, mut point) in points.rows_mut().into_iter().enumerate() {
        point[across] = place(i % steps);
        point[up] = -place(i / steps);
    }
    points
}

/// The latent dimensions, in the order of how much the design changes from −2 to 2 in each, with
/// the others at 0, for one row of what the model is told.
///
/// # Errors
/// When conditions or fields do not fit the model.
pub fn by_effect(vae: &Vae, given: &Given, device: &Device) -> Result<Vec<usize>> {
    let latent_dim = vae.config().latent_dim;
    let mut ends = Array2::zeros((2 * latent_dim, latent_dim));
    for dim in 0..latent_dim {
        ends[[2 * dim, dim]] = -2.0;
        ends[[2 * dim + 1, dim]] = 2.0;
    }
    let given = given.select(&vec![0; 2 * latent_dim]);
    let designs = decode(vae, &ends, &given, device)?;
    let effect = |dim: usize| {
        let (a, b) =
            (designs.index_axis(Axis(0), 2 * dim), designs.index_axis(Axis(0), 2 * dim + 1));
        (&a - &b).mapv(f32::abs).sum()
    };
    let mut order: Vec<usize> = (0..latent_dim).collect();
    order.sort_by(|&a, &b| effect(b).total_cmp(&effect(a)));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_line_has_both_ends_and_equal_steps() {
        let line = path(&array![[0.0, 1.0], [1.0, -1.0]], 5, Path::Linear);
        assert_eq!(line, array![[0.0, 1.0], [0.25, 0.5], [0.5, 0.0], [0.75, -0.5], [1.0, -1.0]]);
    }

    #[test]
    fn a_great_circle_keeps_lengths_and_angles_even() {
        let ends = array![[3.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let circle = path(&ends, 4, Path::Spherical);
        let length = |row: usize| circle.row(row).mapv(|v| v * v).sum().sqrt();
        for (row, expected) in [3.0, 7.0 / 3.0, 5.0 / 3.0, 1.0].into_iter().enumerate() {
            assert!((length(row) - expected).abs() < 1e-6, "{}", length(row));
        }
        for row in 0..3 {
            let cosine =
                circle.row(row).dot(&circle.row(row + 1)) / (length(row) * length(row + 1));
            assert!((cosine - 30_f32.to_radians().cos()).abs() < 1e-6, "{cosine}");
        }
        // No great circle: a straight line.
        for ends in [array![[1.0, 2.0], [-2.0, -4.0]], array![[0.0, 0.0], [1.0, 2.0]]] {
            assert_eq!(path(&ends, 5, Path::Spherical), path(&ends, 5, Path::Linear));
        }
    }

    #[test]
    fn a_square_is_upright() {
        let square = square(3, (2, 0), 2.0, 3);
        assert_eq!(square.row(0), array![2.0, 0.0, -2.0]);
        assert_eq!(square.row(1), array![2.0, 0.0, 0.0]);
        assert_eq!(square.row(8), array![-2.0, 0.0, 2.0]);
    }
}
