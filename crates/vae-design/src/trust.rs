//! Where a decoder can be trusted: near the codes of what it learned from.

use faer::{Mat, Side};
use ndarray::ArrayView2;

use crate::error::{DesignError, Result};

/// A ball of the aggregate posterior: the codes within some Mahalanobis distance of their mean.
///
/// `(z − m)ᵀ Σ⁻¹ (z − m) ≤ r²` with mean and covariance of given codes, `Σ = L Lᵀ`, and r such that
/// a stated share of these codes lies inside. In the coordinates `u = L⁻¹ (z − m)`, in which the
/// search moves, it is a plain ball of radius r.
///
/// # Examples
///
/// ```
/// use vae_design::TrustRegion;
/// let codes = ndarray::array![[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]];
/// let region = TrustRegion::fit(codes.view(), 1.0)?;
/// assert!(region.contains(&[0.0, -1.99]) && !region.contains(&[1.0, 1.0]));
/// let nearest = region.project(&[0.0, 7.0]);
/// assert!((nearest[1] - 2.0).abs() < 1e-12);
/// # Ok::<(), vae_design::DesignError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustRegion {
    mean: Vec<f64>,
    /// `L`, row by row, zero above the diagonal.
    lower: Vec<Vec<f64>>,
    radius: f64,
    /// Distances of the codes, ascending.
    distances: Vec<f64>,
}

/// Rounding that a code on the boundary may be outside by, relative to the radius.
const SLACK: f64 = 1e-9;

impl TrustRegion {
    /// The region that holds a share `quantile` of codes (N, Z): draws from q(z|x) of the training
    /// designs, so that the spread of each posterior counts.
    ///
    /// # Errors
    ///
    /// [`DesignError::OutOfRange`] for a quantile outside (0, 1], and [`DesignError::Codes`] for
    /// codes that are too few, or lie on a plane.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn fit(codes: ArrayView2<'_, f64>, quantile: f64) -> Result<Self> {
        if !(quantile > 0.0 && quantile <= 1.0) {
            let (what, range) = ("the quantile of the trust region", "above 0 and at most 1");
            return Err(DesignError::OutOfRange { what, value: quantile, range });
        }
        let (n, latent_dim) = codes.dim();
        let flat = || DesignError::Codes { codes: n, latent_dim };
        let mean = codes.mean_axis(ndarray::Axis(0)).ok_or_else(flat)?;
        let centered = &codes - &mean;
        let covariance = centered.t().dot(&centered) / n as f64;
        let covariance = Mat::from_fn(latent_dim, latent_dim, |i, j| covariance[[i, j]]);
        let factor = covariance.llt(Side::Lower).map_err(|_| flat())?;
        let lower: Vec<Vec<f64>> =
            (0..latent_dim).map(|i| (0..=i).map(|j| factor.L()[(i, j)]).collect()).collect();
        // A direction without spread leaves a pivot of rounding.
        let pivots = lower.iter().filter_map(|row| row.last());
        let largest = pivots.clone().copied().fold(0.0, f64::max);
        if pivots.clone().any(|&pivot| pivot <= 1e-7 * largest) {
            return Err(flat());
        }
        let mut region = Self { mean: mean.to_vec(), lower, radius: 0.0, distances: Vec::new() };
        let distance = |code: ndarray::ArrayView1<'_, f64>| region.distance(&code.to_vec());
        let mut distances: Vec<f64> = codes.outer_iter().map(distance).collect();
        distances.sort_by(f64::total_cmp);
        let rank = ((quantile * n as f64).ceil() as usize).clamp(1, n);
        region.radius = distances[rank - 1];
        region.distances = distances;
        Ok(region)
    }

    /// Dimensions of the latent space.
    pub fn latent_dim(&self) -> usize {
        self.mean.len()
    }

    /// The radius r, as a Mahalanobis distance.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// The Mahalanobis distance of a code from the mean.
    pub fn distance(&self, code: &[f64]) -> f64 {
        norm(&self.whiten(code))
    }

    /// Whether a code lies inside, but for rounding.
    pub fn contains(&self, code: &[f64]) -> bool {
        self.distance(code) <= self.radius * (1.0 + SLACK)
    }

    /// Share of the codes that lie at least as far out as this one: 1 at the center, 0 beyond them
    /// all.
    pub fn trust(&self, code: &[f64]) -> f64 {
        let distance = self.distance(code);
        let nearer = self.distances.partition_point(|&other| other < distance);
        (self.distances.len() - nearer) as f64 / self.distances.len() as f64
    }

    /// The code itself, or the nearest one of the region in the Mahalanobis metric.
    pub fn project(&self, code: &[f64]) -> Vec<f64> {
        if self.contains(code) {
            return code.to_vec();
        }
        let mut u = self.whiten(code);
        self.clip(&mut u);
        self.color(&u)
    }

    /// `u = L⁻¹ (z − m)`.
    pub fn whiten(&self, code: &[f64]) -> Vec<f64> {
        let mut u: Vec<f64> = Vec::with_capacity(code.len());
        for (i, row) in self.lower.iter().enumerate() {
            let known: f64 = row.iter().zip(&u).map(|(l, u)| l * u).sum();
            u.push((code[i] - self.mean[i] - known) / row[i]);
        }
        u
    }

    /// `z = m + L u`.
    pub fn color(&self, u: &[f64]) -> Vec<f64> {
        let row = |(row, mean): (&Vec<f64>, &f64)| {
            mean + row.iter().zip(u).map(|(l, u)| l * u).sum::<f64>()
        };
        self.lower.iter().zip(&self.mean).map(row).collect()
    }

    /// A gradient by u from one by z: `Lᵀ g`.
    pub(crate) fn gradient(&self, by_code: &[f64]) -> Vec<f64> {
        let column = |j: usize| (j..self.lower.len()).map(|i| self.lower[i][j] * by_code[i]).sum();
        (0..self.lower.len()).map(column).collect()
    }

    /// Moves a point u outside the ball onto it.
    pub(crate) fn clip(&self, u: &mut [f64]) {
        let length = norm(u);
        if length > self.radius {
            for u in u {
                *u *= self.radius / length;
            }
        }
    }
}

pub(crate) fn norm(u: &[f64]) -> f64 {
    u.iter().map(|u| u * u).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::*;

    fn codes(values: &[f64]) -> Array2<f64> {
        // A skewed cloud: three directions of different spread.
        Array2::from_shape_fn((40, 3), |(n, j)| {
            let [a, b, c] = [values[3 * n], values[3 * n + 1], values[3 * n + 2]];
            [a + 0.3, 4.0 * a + 0.5 * b, 0.1 * c - b][j]
        })
    }

    proptest! {
        #[test]
        fn the_ball_holds_the_share_and_its_projection_is_the_nearest_point(
            values in proptest::collection::vec(-1.0_f64..1.0, 120),
            quantile in 0.05_f64..1.0,
            far in proptest::collection::vec(-20.0_f64..20.0, 3),
            other in proptest::collection::vec(-1.0_f64..1.0, 3),
        ) {
            let codes = codes(&values);
            let region = TrustRegion::fit(codes.view(), quantile).unwrap();
            let inside = codes.outer_iter().filter(|code| region.contains(&code.to_vec())).count();
            prop_assert_eq!(inside, (quantile * 40.0).ceil() as usize);
            let nearest = region.project(&far);
            prop_assert!(region.contains(&nearest));
            let back = region.color(&region.whiten(&far));
            prop_assert!(back.iter().zip(&far).all(|(a, b)| (a - b).abs() < 1e-9));
            // No other point of the ball is nearer, in the metric of the codes.
            let mut u: Vec<f64> = other.iter().map(|u| u * region.radius()).collect();
            region.clip(&mut u);
            let far = region.whiten(&far);
            let to = |point: &[f64]| {
                norm(&point.iter().zip(&far).map(|(a, b)| a - b).collect::<Vec<_>>())
            };
            prop_assert!(to(&region.whiten(&nearest)) <= to(&u) + 1e-9);
        }
    }

    #[test]
    fn whitened_codes_have_unit_covariance() {
        let values: Vec<f64> = (0..120).map(|i| f64::from((i * 37) % 101) / 50.0 - 1.0).collect();
        let codes = codes(&values);
        let region = TrustRegion::fit(codes.view(), 0.9).unwrap();
        let white: Vec<Vec<f64>> =
            codes.outer_iter().map(|code| region.whiten(&code.to_vec())).collect();
        for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
            let moment = white.iter().map(|u| u[i] * u[j]).sum::<f64>() / 40.0;
            let expected = if i == j { 1.0 } else { 0.0 };
            assert!((moment - expected).abs() < 1e-10, "{i} {j}: {moment}");
        }
        assert!((region.trust(&region.color(&[0.0; 3])) - 1.0).abs() < 1e-12);
        assert!(region.trust(&region.color(&[50.0, 0.0, 0.0])).abs() < 1e-12);
    }

    #[test]
    fn codes_without_spread_and_odd_quantiles_are_refused() {
        let flat = Array2::from_shape_fn((10, 2), |(n, _)| n as f64);
        let message = |codes: &Array2<f64>, quantile| {
            TrustRegion::fit(codes.view(), quantile).unwrap_err().to_string()
        };
        assert!(message(&flat, 0.9).contains("10 codes of 2 latents"));
        assert!(message(&Array2::zeros((0, 2)), 0.9).contains("0 codes"));
        assert!(message(&flat, 0.0).contains("quantile"));
    }
}
