//! Mixtures of normals with full covariances, fitted by expectation–maximization, and conditioned
//! on some coordinates.

use faer::linalg::solvers::{DenseSolveCore, Llt};
use faer::{Mat, Side};
use ndarray::{Array2, ArrayView1, Axis};
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vae_prob::{MultivariateNormal, log_sum_exp};

/// Rounds of expectation–maximization, at most.
const ROUNDS: usize = 100;
/// A round that gains less than this per example, in nats, is the last.
const GAIN: f64 = 1e-4;

/// `p(x) = Σ_k π_k N(x; m_k, Σ_k)`.
///
/// Fitted by maximizing the log-likelihood plus a prior worth `d + 2` examples of the spread of the
/// data per component, so that no component shrinks onto a few examples: `Σ_k = (N_k S_k + ν D /
/// K^{2/d}) / (N_k + ν)`, D the diagonal of the covariance of all, `π_k ∝ N_k + 1`.
///
/// # References
/// Dempster, Laird & Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm";
/// Fraley & Raftery 2007, "Bayesian regularization for normal mixture estimation and model-based
/// clustering".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// Weight, mean and covariance of each.
    pub components: Vec<Component>,
}

/// One normal of a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// `π_k`.
    pub weight: f64,
    /// `m_k`.
    pub mean: Vec<f64>,
    /// `Σ_k`, row after row.
    pub covariance: Vec<f64>,
}

impl Mixture {
    /// Fits `count` components to examples, one per row, from means drawn by `rng`; also returns
    /// the objective after each round.
    ///
    /// # Panics
    /// If there is no example.
    pub fn fit(examples: &Array2<f64>, count: usize, rng: &mut impl Rng) -> (Self, Vec<f64>) {
        let (n, dim) = examples.dim();
        let count = count.clamp(1, n);
        let scale = (count as f64).powf(-2.0 / dim as f64);
        let spread: Vec<f64> = examples
            .columns()
            .into_iter()
            .map(|column| scale * column.var(0.0).max(1e-8))
            .collect();
        let prior = Prior { strength: dim as f64 + 2.0, spread };
        let mut mixture = Self { components: prior.start(examples, count, rng) };
        let mut history: Vec<f64> = Vec::new();
        for _ in 0..ROUNDS {
            let (responsibilities, log_likelihood) = mixture.expectation(examples);
            let objective = log_likelihood + prior.log_density(&mixture);
            let gained = history.last().is_none_or(|last| GAIN * n as f64 <= objective - last);
            history.push(objective);
            if !gained {
                break;
            }
            mixture = prior.maximization(examples, &responsibilities);
        }
        (mixture, history)
    }

    /// Log-density at each row, in nats.
    pub fn log_prob(&self, examples: &Array2<f64>) -> Vec<f64> {
        let normals = self.normals();
        let rows: Vec<ArrayView1<'_, f64>> = examples.rows().into_iter().collect();
        rows.into_par_iter()
            .map(|row| log_sum_exp(&terms(&self.components, &normals, &row.to_vec())))
            .collect()
    }

    /// The mixture of the first coordinates, given the others: `p(z | c)` of a `p(z, c)` whose last
    /// coordinates are `c`.
    ///
    /// `π_k' ∝ π_k N(c; m_c, Σ_cc)`, mean `m_z + Σ_zc Σ_cc⁻¹ (c − m_c)`, covariance `Σ_zz − Σ_zc
    /// Σ_cc⁻¹ Σ_cz`.
    ///
    /// # References
    /// Bishop 2006, "Pattern recognition and machine learning", eqs. 2.81 and 2.82.
    #[must_use]
    pub fn conditioned(&self, given: &[f64]) -> Self {
        if given.is_empty() {
            return self.clone();
        }
        let mut logs = Vec::with_capacity(self.components.len());
        let mut components: Vec<Component> = self
            .components
            .iter()
            .map(|component| {
                let (conditioned, log) = component.conditioned(given);
                logs.push(component.weight.ln() + log);
                conditioned
            })
            .collect();
        let total = log_sum_exp(&logs);
        for (component, log) in components.iter_mut().zip(logs) {
            component.weight = (log - total).exp();
        }
        Self { components }
    }

    /// A draw made of one uniform number, which chooses the component, and a draw `eps` of N(0, I).
    pub fn draw(&self, uniform: f64, eps: &[f64]) -> Vec<f64> {
        let mut left = uniform;
        let chosen = self.components.iter().find(|component| {
            left -= component.weight;
            left < 0.0
        });
        let component = chosen.unwrap_or(&self.components[self.components.len() - 1]);
        component.normal().reparameterize(eps)
    }

    fn normals(&self) -> Vec<MultivariateNormal> {
        self.components.iter().map(Component::normal).collect()
    }

    /// Responsibilities `(N, K)`, and the log-likelihood of all examples.
    fn expectation(&self, examples: &Array2<f64>) -> (Array2<f64>, f64) {
        let normals = self.normals();
        let mut responsibilities = Array2::zeros((examples.nrows(), normals.len()));
        let rows: Vec<_> = responsibilities.rows_mut().into_iter().zip(examples.rows()).collect();
        let log_likelihoods: Vec<f64> = rows
            .into_par_iter()
            .map(|(mut row, example)| {
                let terms = terms(&self.components, &normals, &example.to_vec());
                let total = log_sum_exp(&terms);
                row.iter_mut().zip(terms).for_each(|(share, term)| *share = (term - total).exp());
                total
            })
            .collect();
        (responsibilities, log_likelihoods.iter().sum())
    }
}

impl Component {
    fn normal(&self) -> MultivariateNormal {
        // Every covariance holds a positive multiple of a positive diagonal.
        MultivariateNormal::new(&self.mean, &self.covariance).expect("positive definite")
    }

    /// Of the first coordinates given the last, and the log-density of those.
    fn conditioned(&self, given: &[f64]) -> (Self, f64) {
        let (all, last) = (self.mean.len(), given.len());
        let first = all - last;
        let at = |i: usize, j: usize| self.covariance[i * all + j];
        let cc = Mat::from_fn(last, last, |i, j| at(first + i, first + j));
        let zc = Mat::from_fn(first, last, |i, j| at(i, first + j));
        let inverse = Llt::new(cc.as_ref(), Side::Lower).expect("positive definite").inverse();
        let gain = zc.as_ref() * inverse;
        let offset = Mat::from_fn(last, 1, |i, _| given[i] - self.mean[first + i]);
        let shift = &gain * offset;
        let explained = &gain * zc.transpose();
        let mean = (0..first).map(|i| self.mean[i] + shift[(i, 0)]).collect();
        let covariance = (0..first * first)
            .map(|k| at(k / first, k % first) - explained[(k / first, k % first)])
            .collect();
        let flat: Vec<f64> =
            (0..last * last).map(|k| at(first + k / last, first + k % last)).collect();
        let marginal =
            MultivariateNormal::new(&self.mean[first..], &flat).expect("positive definite");
        (Self { weight: self.weight, mean, covariance }, marginal.log_prob(given))
    }
}

/// `ln π_k + ln N(x; m_k, Σ_k)`.
fn terms(components: &[Component], normals: &[MultivariateNormal], x: &[f64]) -> Vec<f64> {
    let pairs = components.iter().zip(normals);
    pairs.map(|(component, normal)| component.weight.ln() + normal.log_prob(x)).collect()
}

/// What is known of covariances and weights before any example.
struct Prior {
    /// ν.
    strength: f64,
    /// The diagonal that covariances are drawn to.
    spread: Vec<f64>,
}

impl Prior {
    /// Equal components around examples far from each other, each drawn with a probability that
    /// grows with its squared distance from those drawn before.
    ///
    /// Arthur & Vassilvitskii 2007, "k-means++: the advantages of careful seeding".
    fn start(&self, examples: &Array2<f64>, count: usize, rng: &mut impl Rng) -> Vec<Component> {
        let (n, dim) = examples.dim();
        let mut distances = vec![f64::INFINITY; n];
        let mut chosen = rng.random_range(0..n);
        let mut components = Vec::with_capacity(count);
        loop {
            let mean = examples.row(chosen).to_vec();
            for (distance, row) in distances.iter_mut().zip(examples.rows()) {
                let parts = row.iter().zip(&mean).zip(&self.spread);
                let own: f64 = parts.map(|((a, b), s)| (a - b).powi(2) / s).sum();
                *distance = distance.min(own);
            }
            let mut covariance = vec![0.0; dim * dim];
            (0..dim).for_each(|i| covariance[i * dim + i] = self.spread[i]);
            components.push(Component { weight: 1.0 / count as f64, mean, covariance });
            if components.len() == count {
                return components;
            }
            let mut left = rng.random::<f64>() * distances.iter().sum::<f64>();
            chosen = distances
                .iter()
                .position(|distance| {
                    left -= distance;
                    left < 0.0
                })
                .unwrap_or(n - 1);
        }
    }

    /// The components that suit the responsibilities best.
    fn maximization(&self, examples: &Array2<f64>, responsibilities: &Array2<f64>) -> Mixture {
        let (n, dim) = examples.dim();
        let count = responsibilities.ncols();
        let component = |k: usize| {
            let shares = responsibilities.column(k);
            let size: f64 = shares.sum();
            let weighted = examples * &shares.insert_axis(Axis(1));
            let mean = weighted.sum_axis(Axis(0)) / size.max(f64::MIN_POSITIVE);
            let centered = examples - &mean;
            let weighted = &centered * &shares.insert_axis(Axis(1));
            let mut covariance = weighted.t().dot(&centered);
            for i in 0..dim {
                covariance[(i, i)] += self.strength * self.spread[i];
            }
            covariance /= size + self.strength;
            Component {
                weight: (size + 1.0) / (n + count) as f64,
                mean: mean.to_vec(),
                covariance: covariance.iter().copied().collect(),
            }
        };
        Mixture { components: (0..count).into_par_iter().map(component).collect() }
    }

    /// `Σ_k (ln π_k − ν/2 (ln det Σ_k + tr Σ_k⁻¹ D))`, up to a constant.
    fn log_density(&self, mixture: &Mixture) -> f64 {
        let of = |component: &Component| {
            let dim = component.mean.len();
            let covariance = Mat::from_fn(dim, dim, |i, j| component.covariance[i * dim + j]);
            let factor = Llt::new(covariance.as_ref(), Side::Lower).expect("positive definite");
            let log_det: f64 = (0..dim).map(|i| 2.0 * factor.L()[(i, i)].ln()).sum();
            let inverse = factor.inverse();
            let trace: f64 = (0..dim).map(|i| inverse[(i, i)] * self.spread[i]).sum();
            component.weight.ln() - 0.5 * self.strength * (log_det + trace)
        };
        mixture.components.iter().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::StandardNormal;
    use vae_base::stream;

    use super::*;

    /// Two clusters in the plane, two to one, the second coordinate following the first.
    fn clusters(n: usize) -> Array2<f64> {
        let mut rng = stream(1, "test", 0);
        let mut examples = Array2::zeros((n, 2));
        for (i, mut row) in examples.rows_mut().into_iter().enumerate() {
            let center = if i % 3 == 0 { 4.0 } else { -2.0 };
            let (a, b): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
            row[0] = center + a;
            row[1] = 0.5 * row[0] + 0.3 * b;
        }
        examples
    }

    #[test]
    fn every_round_gains() {
        for count in [1, 2, 5] {
            let (_, history) = Mixture::fit(&clusters(300), count, &mut stream(2, "fit", 0));
            assert!(history.windows(2).all(|pair| pair[0] - 1e-6 <= pair[1]), "{history:?}");
        }
    }

    /// One component has a closed form: the mean, and the covariance drawn to the diagonal by ν
    /// examples.
    #[test]
    fn one_component_is_the_gaussian_of_the_data() {
        let examples = clusters(200);
        let (mixture, _) = Mixture::fit(&examples, 1, &mut stream(2, "fit", 0));
        let mean = examples.mean_axis(Axis(0)).unwrap();
        let centered = &examples - &mean;
        let scatter = centered.t().dot(&centered);
        let found = &mixture.components[0];
        assert!((found.weight - 1.0).abs() < 1e-12);
        for i in 0..2 {
            assert!((found.mean[i] - mean[i]).abs() < 1e-9);
            for j in 0..2 {
                let own = if i == j { 4.0 * scatter[(i, i)] / 200.0 } else { 0.0 };
                let expected = (scatter[(i, j)] + own) / 204.0;
                assert!((found.covariance[2 * i + j] - expected).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn two_clusters_are_found() {
        let (mixture, _) = Mixture::fit(&clusters(600), 2, &mut stream(2, "fit", 0));
        let mut found: Vec<_> = mixture.components.iter().map(|c| (c.mean[0], c.weight)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!((found[0].0 + 2.0).abs() < 0.2 && (found[0].1 - 2.0 / 3.0).abs() < 0.02);
        assert!((found[1].0 - 4.0).abs() < 0.2 && (found[1].1 - 1.0 / 3.0).abs() < 0.02);
    }

    /// `p(z | c) = p(z, c) / p(c)`, the divisor by quadrature, and the conditional integrates to 1.
    #[test]
    fn a_conditional_is_the_joint_over_the_marginal() {
        let (mixture, _) = Mixture::fit(&clusters(300), 3, &mut stream(4, "fit", 0));
        let given = 0.7;
        let grid: Vec<f64> = (-2000..2000).map(|i| 0.01 * f64::from(i)).collect();
        let joint: Vec<f64> = mixture
            .log_prob(&Array2::from_shape_fn(
                (grid.len(), 2),
                |(i, j)| if j == 0 { grid[i] } else { given },
            ))
            .into_iter()
            .map(f64::exp)
            .collect();
        let marginal = 0.01 * joint.iter().sum::<f64>();
        let conditional = mixture.conditioned(&[given]);
        let found = conditional.log_prob(&Array2::from_shape_fn((grid.len(), 1), |(i, _)| grid[i]));
        for (joint, found) in joint.iter().zip(found) {
            assert!((joint / marginal - found.exp()).abs() < 1e-6);
        }
    }

    #[test]
    fn draws_have_the_moments() {
        let (mixture, _) = Mixture::fit(&clusters(600), 2, &mut stream(2, "fit", 0));
        let mut rng = stream(9, "draws", 0);
        let n = 20_000;
        let (mut sum, mut square) = (0.0, 0.0);
        for _ in 0..n {
            let uniform = rng.random::<f64>();
            let eps: Vec<f64> = (0..2).map(|_| rng.sample(StandardNormal)).collect();
            let z = mixture.draw(uniform, &eps)[0];
            sum += z;
            square += z * z;
        }
        let mean: f64 = mixture.components.iter().map(|c| c.weight * c.mean[0]).sum();
        let second: f64 = mixture
            .components
            .iter()
            .map(|c| c.weight * (c.covariance[0] + c.mean[0] * c.mean[0]))
            .sum();
        let deviation = (second - mean * mean).sqrt();
        assert!((sum / f64::from(n) - mean).abs() < 4.0 * deviation / f64::from(n).sqrt());
        assert!((square / f64::from(n) / second - 1.0).abs() < 0.05);
    }
}
