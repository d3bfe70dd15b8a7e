//! The principal axes of the codes, which the map begins with.

use faer::{Mat, Side};
use ndarray::{Array2, Axis};

/// Axes that the map offers at most.
const MOST: usize = 6;

/// The directions of largest variance of the codes.
#[derive(Clone, Debug)]
pub(crate) struct Axes {
    /// The mean code.
    pub(crate) mean: Vec<f64>,
    /// Orthonormal directions, the one of largest variance first.
    pub(crate) directions: Vec<Vec<f64>>,
    /// Share of the variance along each.
    pub(crate) shares: Vec<f64>,
    /// Variance of each latent dimension.
    pub(crate) variances: Vec<f64>,
}

impl Axes {
    /// The axes of codes (N, Z).
    pub(crate) fn of(codes: &Array2<f32>) -> Self {
        let (n, dims) = codes.dim();
        let codes = codes.mapv(f64::from);
        let mean = codes.mean_axis(Axis(0)).unwrap_or_else(|| ndarray::Array1::zeros(dims));
        let centered = &codes - &mean;
        let covariance = centered.t().dot(&centered) / (n.max(1) as f64);
        let variances: Vec<f64> = (0..dims).map(|i| covariance[[i, i]]).collect();
        let total: f64 = variances.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let matrix = Mat::from_fn(dims, dims, |i, j| covariance[[i, j]]);
        let count = dims.min(MOST);
        let (directions, shares) = match matrix.self_adjoint_eigen(Side::Lower) {
            Ok(eigen) => (0..count)
                .map(|k| {
                    // Eigenvalues come in ascending order.
                    let column = dims - 1 - k;
                    let mut direction: Vec<f64> =
                        (0..dims).map(|i| eigen.U()[(i, column)]).collect();
                    orient(&mut direction);
                    (direction, eigen.S()[column].max(0.0) / total)
                })
                .unzip(),
            // Codes that are not finite have no axes; the dimensions themselves serve.
            Err(_) => (0..count)
                .map(|k| {
                    (
                        (0..dims).map(|i| if i == k { 1.0 } else { 0.0 }).collect(),
                        variances[k] / total,
                    )
                })
                .unzip(),
        };
        Self { mean: mean.to_vec(), directions, shares, variances }
    }
}

/// An eigenvector has no sign of its own: the largest component becomes positive, so that a map
/// looks the same every time.
fn orient(direction: &mut [f64]) {
    let largest =
        direction.iter().copied().fold(0.0, |a: f64, b| if a.abs() < b.abs() { b } else { a });
    if largest < 0.0 {
        for x in direction {
            *x = -*x;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// By the definition of principal axes: orthonormal, uncorrelated, largest first.
        #[test]
        fn axes_are_orthonormal_and_uncorrelated(
            values in proptest::collection::vec(-3.0_f32..3.0, 60),
        ) {
            let codes = Array2::from_shape_vec((20, 3), values).unwrap();
            let axes = Axes::of(&codes);
            prop_assert_eq!(axes.directions.len(), 3);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
            let along = |axis: &[f64]| -> Vec<f64> {
                codes.outer_iter().map(|code| {
                    let centered: Vec<f64> =
                        code.iter().zip(&axes.mean).map(|(&z, m)| f64::from(z) - m).collect();
                    dot(&centered, axis)
                }).collect()
            };
            let total: f64 = axes.variances.iter().sum();
            for (i, a) in axes.directions.iter().enumerate() {
                for (j, b) in axes.directions.iter().enumerate() {
                    prop_assert!((dot(a, b) - f64::from(u8::from(i == j))).abs() < 1e-9);
                    let covariance = dot(&along(a), &along(b)) / 20.0;
                    let expected = if i == j { axes.shares[i] * total } else { 0.0 };
                    prop_assert!((covariance - expected).abs() < 1e-8);
                }
            }
            prop_assert!(axes.shares.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12));
            prop_assert!((axes.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
