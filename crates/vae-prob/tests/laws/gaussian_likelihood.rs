//! The lecture's Gaussian log-likelihood with its one noise level, and the best noise.

use std::f64::consts::PI;

use proptest::prelude::*;
use vae_prob::{DiagonalNormal, IsotropicNormal, optimal_std_dev};

/// Pictures and decoded pictures of one size.
fn pairs() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 1..50)
        .prop_map(|pairs| pairs.into_iter().unzip())
}

proptest! {
    /// `Σ_d [−(x_d − μ_d)² / (2 σ_x²) − ½ log(2π σ_x²)]`, as the lecture writes it.
    #[test]
    fn log_likelihood_is_that_of_the_lecture((x, mean) in pairs(), sigma_x in 0.05..5.0_f64) {
        let lecture: f64 = x
            .iter()
            .zip(&mean)
            .map(|(x, mean)| {
                -(x - mean).powi(2) / (2.0 * sigma_x.powi(2))
                    - 0.5 * (2.0 * PI * sigma_x.powi(2)).ln()
            })
            .sum();
        let log_prob = IsotropicNormal::new(&mean, sigma_x).unwrap().log_prob(&x);
        prop_assert!((log_prob - lecture).abs() < 1e-12 * (1.0 + lecture.abs() + x.len() as f64));
    }

    /// `−½ Σ (1 + log σ² − μ² − σ²)`, as the lecture writes it.
    #[test]
    fn kl_is_that_of_the_lecture(
        parameters in prop::collection::vec((-3.0..3.0_f64, -3.0..3.0_f64), 1..10),
    ) {
        let (mean, log_var): (Vec<_>, Vec<_>) = parameters.into_iter().unzip();
        let lecture: f64 = -0.5
            * mean.iter().zip(&log_var).map(|(m, v)| 1.0 + v - m.powi(2) - v.exp()).sum::<f64>();
        let kl = DiagonalNormal::new(&mean, &log_var).unwrap().kl_to_standard();
        prop_assert!((kl - lecture).abs() < 1e-13 * (1.0 + lecture));
    }

    #[test]
    fn isotropic_is_diagonal_with_one_variance((x, mean) in pairs(), sigma in 0.05..5.0_f64) {
        let log_var = vec![2.0 * sigma.ln(); x.len()];
        let diagonal = DiagonalNormal::new(&mean, &log_var).unwrap();
        let isotropic = IsotropicNormal::new(&mean, sigma).unwrap();
        let scale = 1e-12 * (1.0 + isotropic.log_prob(&x).abs() + x.len() as f64);
        prop_assert!((diagonal.log_prob(&x) - isotropic.log_prob(&x)).abs() < scale);
        prop_assert!((diagonal.entropy() - isotropic.entropy()).abs() < scale);
    }

    #[test]
    fn optimal_noise((x, mean) in pairs(), factor in 0.2..5.0_f64) {
        let best = optimal_std_dev(&x, &mean);
        prop_assume!(best > 1e-3);
        let n = x.len() as f64;
        let at = |sigma| IsotropicNormal::new(&mean, sigma).unwrap();
        prop_assert!(at(best).log_std_dev_gradient(&x).abs() < 1e-12 * n);
        let per_pixel = -0.5 * ((2.0 * PI).ln() + 1.0 + (best * best).ln());
        prop_assert!(
            (at(best).log_prob(&x) / n - per_pixel).abs() < 1e-12 * (1.0 + per_pixel.abs())
        );
        prop_assert!(at(factor * best).log_prob(&x) <= at(best).log_prob(&x) + 1e-12 * n);
    }
}
