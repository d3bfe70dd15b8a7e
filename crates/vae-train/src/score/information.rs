//! How much the codes say about the designs, and how far their distribution is from the prior.

use ndarray::Array2;
use rand::Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::Serialize;
use vae_base::stream;
use vae_prob::{DiagonalNormal, log_sum_exp};

use crate::score::spread::mean_and_standard_error;

/// The two parts of the mean KL, in nats, estimated on N designs: `E_x KL(q(z|x) ‖ p) = I(x; z) +
/// KL(q(z) ‖ p)`.
///
/// # References
/// Hoffman & Johnson 2016, "ELBO surgery: yet another way to carve up the variational evidence
/// lower bound".
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Information {
    /// `I(x; z) = E ln q(z|x) − ln q(z)`, between a design and its code. The estimate cannot exceed
    /// [`ceiling`](Self::ceiling); close to it, it is a lower bound only.
    pub mutual_information: f64,
    /// `KL(q(z) ‖ p(z)) = E ln q(z) − ln p(z)` of the aggregate posterior; an upper bound only if
    /// the mutual information is close to its ceiling.
    pub aggregate_kl: f64,
    /// Standard error of `mutual_information` over the designs.
    pub mutual_information_standard_error: f64,
    /// Standard error of `aggregate_kl` over the designs.
    pub aggregate_kl_standard_error: f64,
    /// `ln N`.
    pub ceiling: f64,
    /// Number of designs in the mixture, N.
    pub n: usize,
}

/// Estimates both parts from the posteriors of N designs, `(N, Z)` each, with one draw per design.
///
/// `ln q(z_i) = ln Σ_j q(z_i|x_j) − ln N`. Both parts are means of the same draws, so that their
/// sum is that of `ln q(z_i|x_i) − ln p(z_i)`, term by term.
///
/// # Panics
/// If a mean or log-variance is not finite.
pub fn information(means: &Array2<f32>, log_vars: &Array2<f32>, seed: u64) -> Information {
    let (n, latent_dim) = means.dim();
    let rows = |table: &Array2<f32>| -> Vec<f64> { table.iter().map(|&x| f64::from(x)).collect() };
    let (means, log_vars) = (rows(means), rows(log_vars));
    let posterior = |i: usize| {
        let row = i * latent_dim..(i + 1) * latent_dim;
        DiagonalNormal::new(&means[row.clone()], &log_vars[row]).expect("finite posteriors")
    };
    let posteriors: Vec<_> = (0..n).map(posterior).collect();
    let zeros = vec![0.0; latent_dim];
    let prior = DiagonalNormal::new(&zeros, &zeros).expect("finite");
    let parts: Vec<(f64, f64)> = (0..n)
        .into_par_iter()
        .map(|i| {
            let mut rng = stream(seed, "information", i as u64);
            let eps: Vec<f64> = (0..latent_dim).map(|_| rng.sample(StandardNormal)).collect();
            let mut z = vec![0.0; latent_dim];
            posteriors[i].reparameterize(&eps, &mut z);
            let logs: Vec<f64> = posteriors.iter().map(|other| other.log_prob(&z)).collect();
            let aggregate = log_sum_exp(&logs) - (n as f64).ln();
            (logs[i] - aggregate, aggregate - prior.log_prob(&z))
        })
        .collect();
    let column = |part: fn(&(f64, f64)) -> f64| {
        mean_and_standard_error(&parts.iter().map(part).collect::<Vec<_>>())
    };
    let (mutual_information, mutual_information_standard_error) = column(|parts| parts.0);
    let (aggregate_kl, aggregate_kl_standard_error) = column(|parts| parts.1);
    Information {
        mutual_information,
        aggregate_kl,
        mutual_information_standard_error,
        aggregate_kl_standard_error,
        ceiling: (n as f64).ln(),
        n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gaussian data and an exact posterior of variance s: the aggregate is the prior, and the
    /// information is the rate −½ ln s.
    fn exact(n: usize, variance: f32) -> (Array2<f32>, Array2<f32>) {
        let mut rng = stream(3, "test", 0);
        let deviation = (1.0 - variance).sqrt();
        let means =
            Array2::from_shape_fn((n, 2), |_| deviation * rng.sample::<f32, _>(StandardNormal));
        (means, Array2::from_elem((n, 2), variance.ln()))
    }

    #[test]
    fn a_linear_gaussian_model_carries_its_rate() {
        let (means, log_vars) = exact(1500, 0.4);
        let found = information(&means, &log_vars, 1);
        let rate = -(0.4_f64.ln());
        let error = 4.0 * found.mutual_information_standard_error;
        assert!((found.mutual_information - rate).abs() < error, "{found:?}, rate {rate}");
        assert!(found.aggregate_kl.abs() < 0.05, "{found:?}");
        assert!((found.ceiling - 1500_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn equal_posteriors_say_nothing_and_distinct_ones_reach_the_ceiling() {
        let same = information(&Array2::zeros((50, 3)), &Array2::zeros((50, 3)), 1);
        assert!(same.mutual_information.abs() < 1e-12 && same.aggregate_kl.abs() < 1e-12);
        let apart = Array2::from_shape_fn((50, 1), |(i, _)| 100.0 * i as f32);
        let distinct = information(&apart, &Array2::zeros((50, 1)), 1);
        assert!((distinct.mutual_information - 50_f64.ln()).abs() < 1e-12, "{distinct:?}");
    }

    /// The sum of the parts is one draw's `ln q(z|x) − ln p(z)`, whose expectation is the KL.
    #[test]
    fn the_parts_add_up_to_the_divergence() {
        let (means, log_vars) = exact(800, 0.2);
        let means = means + 0.5;
        let found = information(&means, &log_vars, 2);
        let kl = means
            .rows()
            .into_iter()
            .map(|row| {
                row.iter()
                    .map(|&m| 0.5 * (f64::from(m).powi(2) + 0.2 - 1.0 - 0.2_f64.ln()))
                    .sum::<f64>()
            })
            .sum::<f64>()
            / 800.0;
        let sum = found.mutual_information + found.aggregate_kl;
        assert!((sum - kl).abs() < 0.2, "{sum} and {kl}");
        assert!((found.aggregate_kl - 0.25).abs() < 0.1, "KL(N(½, 1)² ‖ N(0, 1)²) is ¼: {found:?}");
    }
}
