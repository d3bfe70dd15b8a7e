//! Identities of variational inference, executable on the model where both sides are known.

use proptest::prelude::*;
use vae_prob::{
    DiagonalNormal, ImportanceEstimate, LinearGaussian, LinearGaussianGradient, MultivariateNormal,
    effective_sample_size, iwae_bound, log_weight,
};

use crate::statistics::{assert_mean, generator, mean_and_error, normals};

/// A model, something to observe, and what an encoder might say of it.
#[derive(Clone, Debug)]
struct Case {
    model: LinearGaussian,
    x: Vec<f64>,
    mean: Vec<f64>,
    log_var: Vec<f64>,
    z: Vec<f64>,
}

impl Case {
    fn q(&self) -> DiagonalNormal<'_, f64> {
        DiagonalNormal::new(&self.mean, &self.log_var).unwrap()
    }
}

fn vector(bound: f64, n: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-bound..bound, n)
}

/// Models of one to five pixels with none to three latents; more latents than pixels are models
/// too.
fn cases() -> impl Strategy<Value = Case> {
    (1..=5_usize, 0..=3_usize).prop_flat_map(|(n, d)| {
        (
            vector(2.0, n * d),
            vector(1.0, n),
            0.2..2.0_f64,
            vector(3.0, n),
            vector(2.0, d),
            vector(2.0, d),
            vector(2.0, d),
        )
            .prop_map(|(weights, bias, sigma, x, mean, log_var, z)| {
                let model = LinearGaussian::new(&weights, &bias, sigma).unwrap();
                Case { model, x, mean, log_var, z }
            })
    })
}

/// The expectation of something quadratic in z: the mean over 2 d points, exact to rounding.
fn expectation(p: &MultivariateNormal, f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let d = p.dim();
    let points: Vec<Vec<f64>> = if d == 0 {
        vec![vec![]]
    } else {
        let radius = (d as f64).sqrt();
        let signs = (0..2 * d).map(|i| (i / 2, if i % 2 == 0 { radius } else { -radius }));
        signs
            .map(|(i, r)| {
                p.reparameterize(&(0..d).map(|j| if i == j { r } else { 0.0 }).collect::<Vec<_>>())
            })
            .collect()
    };
    let values: Vec<Vec<f64>> = points.iter().map(|z| f(z)).collect();
    (0..values[0].len())
        .map(|i| values.iter().map(|value| value[i]).sum::<f64>() / values.len() as f64)
        .collect()
}

/// A gradient as one list of numbers.
fn flat(gradient: &LinearGaussianGradient) -> Vec<f64> {
    [&gradient.weights[..], &gradient.bias, &[gradient.log_sigma]].concat()
}

/// A model with other parameters, given as such a list.
fn moved(model: &LinearGaussian, by: impl Fn(usize) -> f64) -> LinearGaussian {
    let n_weights = model.weights().len();
    let weights: Vec<f64> = model.weights().iter().enumerate().map(|(i, w)| w + by(i)).collect();
    let bias: Vec<f64> =
        model.bias().iter().enumerate().map(|(i, b)| b + by(n_weights + i)).collect();
    let sigma = model.sigma() * by(n_weights + bias.len()).exp();
    LinearGaussian::new(&weights, &bias, sigma).unwrap()
}

fn assert_close(a: f64, b: f64, tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert!((a - b).abs() <= tolerance * (1.0 + a.abs() + b.abs()), "{a} is not {b}");
    Ok(())
}

proptest! {
    /// The second form of the evidence lower bound: `ELBO = ln p(x) − KL(q ‖ posterior)`.
    #[test]
    fn bound_misses_the_marginal_by_the_divergence_from_the_posterior(case in cases()) {
        let elbo = case.model.elbo(&case.x, &case.q());
        let gap = case.model.posterior(&case.x).kl_from(&case.q());
        assert_close(elbo.value() + gap, case.model.log_marginal(&case.x), 1e-12)?;
        prop_assert!(gap >= -1e-12);
        prop_assert_eq!(elbo.value(), elbo.log_likelihood - elbo.kl);
        prop_assert_eq!(elbo.rate() + elbo.distortion(), -elbo.value());
    }

    /// The first form, its expectation taken point by point.
    #[test]
    fn bound_is_the_expected_log_weight(case in cases()) {
        let q = case.q();
        let d = q.dim();
        let covariance: Vec<f64> = (0..d * d)
            .map(|ij| if ij / d == ij % d { q.log_var()[ij / d].exp() } else { 0.0 })
            .collect();
        let full = MultivariateNormal::new(q.mean(), &covariance).unwrap();
        let expected = expectation(&full, |z| {
            vec![
                case.model.log_likelihood(&case.x, z),
                log_weight(
                    case.model.log_likelihood(&case.x, z),
                    case.model.log_prior(z),
                    q.log_prob(z),
                ),
            ]
        });
        let elbo = case.model.elbo(&case.x, &q);
        assert_close(elbo.log_likelihood, expected[0], 1e-12)?;
        assert_close(elbo.value(), expected[1], 1e-12)?;
        assert_close(full.entropy(), q.entropy(), 1e-12)?;
        assert_close(full.kl_from(&q), 0.0, 1e-12)?;
    }

    /// Bayes' rule at any z.
    #[test]
    fn joint_is_marginal_times_posterior(case in cases()) {
        let posterior = case.model.posterior(&case.x).log_prob(&case.z);
        assert_close(
            case.model.log_joint(&case.x, &case.z),
            case.model.log_marginal(&case.x) + posterior,
            1e-12,
        )?;
    }

    /// The marginal is the normal with covariance `W Wᵀ + σ² I`.
    #[test]
    fn marginal_is_the_dense_normal(case in cases()) {
        let (n, d) = (case.model.observed_dim(), case.model.latent_dim());
        let w = |i: usize, k: usize| case.model.weights()[i * d + k];
        let covariance: Vec<f64> = (0..n * n)
            .map(|ij| {
                let (i, j) = (ij / n, ij % n);
                let noise = if i == j { case.model.sigma().powi(2) } else { 0.0 };
                (0..d).map(|k| w(i, k) * w(j, k)).sum::<f64>() + noise
            })
            .collect();
        let marginal = MultivariateNormal::new(case.model.bias(), &covariance).unwrap();
        assert_close(case.model.log_marginal(&case.x), marginal.log_prob(&case.x), 1e-11)?;
        for (back, there) in marginal.covariance().iter().zip(&covariance) {
            assert_close(*back, *there, 1e-13)?;
        }
    }

    /// Fisher's identity: the gradient of the marginal is the posterior's expectation of the
    /// gradient of the joint.
    #[test]
    fn fisher_identity(case in cases()) {
        let exact = flat(&case.model.log_marginal_gradient(&case.x));
        let expected = expectation(&case.model.posterior(&case.x), |z| {
            flat(&case.model.log_joint_gradient(&case.x, z))
        });
        for (exact, expected) in exact.into_iter().zip(expected) {
            assert_close(exact, expected, 1e-11)?;
        }
    }

    #[test]
    fn gradients_against_central_differences(case in cases()) {
        let marginal = flat(&case.model.log_marginal_gradient(&case.x));
        let joint = flat(&case.model.log_joint_gradient(&case.x, &case.z));
        for i in 0..marginal.len() {
            let h = 1e-5;
            let shifted = |h: f64| moved(&case.model, |j| if i == j { h } else { 0.0 });
            let difference =
                |f: &dyn Fn(&LinearGaussian) -> f64| (f(&shifted(h)) - f(&shifted(-h))) / (2.0 * h);
            assert_close(difference(&|model| model.log_marginal(&case.x)), marginal[i], 1e-6)?;
            assert_close(difference(&|model| model.log_joint(&case.x, &case.z)), joint[i], 1e-6)?;
        }
    }

    /// Under the exact posterior every weight is the marginal likelihood, whatever was drawn.
    #[test]
    fn exact_posterior_leaves_nothing_to_chance(case in cases(), seed in any::<u64>()) {
        let log_marginal = case.model.log_marginal(&case.x);
        let posterior = case.model.posterior(&case.x);
        let mut rng = generator(seed);
        let log_weights: Vec<f64> = (0..8)
            .map(|_| {
                let z = posterior.reparameterize(&normals(&mut rng, posterior.dim()));
                let log_likelihood = case.model.log_likelihood(&case.x, &z);
                log_weight(log_likelihood, case.model.log_prior(&z), posterior.log_prob(&z))
            })
            .collect();
        for &log_weight in &log_weights {
            assert_close(log_weight, log_marginal, 1e-11)?;
        }
        assert_close(iwae_bound(&log_weights), log_marginal, 1e-11)?;
        prop_assert!((effective_sample_size(&log_weights) - 8.0).abs() < 1e-9);
        let estimate: ImportanceEstimate = log_weights.into_iter().collect();
        prop_assert!(estimate.standard_error() < 1e-6);
    }

    /// Orthogonal columns: an encoder with independent coordinates can be the posterior, and then
    /// nothing is missed.
    #[test]
    fn exact_encoder_reaches_the_marginal(
        a in 0.1..2.0_f64,
        b in 0.1..2.0_f64,
        angle in 0.0..6.3_f64,
        sigma in 0.2..2.0_f64,
        x in vector(3.0, 3),
    ) {
        let (sin, cos) = angle.sin_cos();
        let model = LinearGaussian::new(
            &[a * cos, -b * sin, a * sin, b * cos, 0.0, 0.0],
            &[0.1, -0.2, 0.3],
            sigma,
        )
        .unwrap();
        let posterior = model.posterior(&x);
        let covariance = posterior.covariance();
        prop_assert!(covariance[1].abs() < 1e-14);
        let log_var = [covariance[0].ln(), covariance[3].ln()];
        let q = DiagonalNormal::new(posterior.mean(), &log_var).unwrap();
        assert_close(model.elbo(&x, &q).value(), model.log_marginal(&x), 1e-13)?;
        assert_close(posterior.kl_from(&q), 0.0, 1e-13)?;
        // The variances of vae as they should come out: σ² / (‖w‖² + σ²).
        assert_close(covariance[0], sigma * sigma / (a * a + sigma * sigma), 1e-13)?;
        assert_close(covariance[3], sigma * sigma / (b * b + sigma * sigma), 1e-13)?;
    }

    /// A decoder that ignores z: the prior is the posterior, and the latents say nothing.
    #[test]
    fn decoder_that_ignores_its_latents(
        bias in vector(1.0, 3),
        x in vector(2.0, 3),
        sigma in 0.2..2.0_f64,
        z in vector(3.0, 2),
    ) {
        let model = LinearGaussian::new(&[0.0; 6], &bias, sigma).unwrap();
        let prior = DiagonalNormal::new(&[0.0; 2], &[0.0; 2]).unwrap();
        let elbo = model.elbo(&x, &prior);
        prop_assert_eq!(elbo.kl, 0.0);
        assert_close(elbo.value(), model.log_marginal(&x), 1e-14)?;
        let log_weight =
            log_weight(model.log_likelihood(&x, &z), model.log_prior(&z), prior.log_prob(&z));
        assert_close(log_weight, model.log_marginal(&x), 1e-13)?;
    }

    /// Any draws, any encoder: the mean of the log-weights, their log-mean-exp and their maximum
    /// stand in this order.
    #[test]
    fn draws_obey_jensen(case in cases(), seed in any::<u64>()) {
        let log_weights = draw(&case.model, &case.x, &case.q(), seed, 16);
        let mean = log_weights.iter().sum::<f64>() / 16.0;
        let max = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bound = iwae_bound(&log_weights);
        prop_assert!(mean <= bound + 1e-12 * (1.0 + mean.abs()) && bound <= max);
    }
}

/// Log-weights of draws from an encoder's q.
fn draw(
    model: &LinearGaussian,
    x: &[f64],
    q: &DiagonalNormal<'_, f64>,
    seed: u64,
    n: usize,
) -> Vec<f64> {
    let mut rng = generator(seed);
    let mut z = vec![0.0; q.dim()];
    (0..n)
        .map(|_| {
            q.reparameterize(&normals(&mut rng, q.dim()), &mut z);
            log_weight(model.log_likelihood(x, &z), model.log_prior(&z), q.log_prob(&z))
        })
        .collect()
}

/// In expectation the bounds stay below ln p(x), and the more draws the tighter; one draw gives the
/// evidence lower bound.
#[test]
fn bounds_tighten_with_draws_and_stay_below() {
    let model = LinearGaussian::new(&[1.0, 0.25, -0.5, 0.75, 0.25, 1.0], &[0.125, 0.0, -0.25], 0.5)
        .unwrap();
    let x = [0.875, -0.5, 0.25];
    let exact = model.log_marginal(&x);
    // Off in mean and too wide, so that the weights stay bounded and their variance finite.
    let q = DiagonalNormal::new(&[0.4, 0.3], &[-1.0, -1.2]).unwrap();
    let log_weights = draw(&model, &x, &q, 31, 400_000);

    assert_mean(&log_weights, model.elbo(&x, &q).value());
    let bounds = [1, 4, 16, 64]
        .map(|k| mean_and_error(&log_weights.chunks_exact(k).map(iwae_bound).collect::<Vec<_>>()));
    for (&(looser, error), &(tighter, _)) in bounds.iter().zip(&bounds[1..]) {
        assert!(looser + 4.3 * error < tighter);
    }
    for (bound, error) in bounds {
        assert!(bound + 4.3 * error < exact, "{bound} ± {error} is not resolved from {exact}");
    }

    let estimate: ImportanceEstimate = log_weights.into_iter().collect();
    let distance = (estimate.log_likelihood() - exact).abs();
    assert!(
        distance < 4.3 * estimate.standard_error(),
        "{} is not {exact}",
        estimate.log_likelihood()
    );
    assert!(estimate.standard_error() < 0.003);
}

/// The best model of normal data keeps the directions whose variance exceeds the noise and no
/// others.
#[test]
fn optimum_of_probabilistic_pca() {
    const EIGENVALUES: [f64; 4] = [4.0, 2.5, 0.5, 0.3];
    // As many latents as directions above the noise, whose best variance is the mean of the rest;
    // and one too many, under a noise so strong that only two survive.
    for (d, variance) in [(2, 0.4_f64), (3, 1.0)] {
        let mut weights = vec![0.0; 4 * d];
        for i in 0..2 {
            weights[i * d + i] = (EIGENVALUES[i] - variance).sqrt();
        }
        let model = LinearGaussian::new(&weights, &[0.5, -0.5, 0.0, 1.0], variance.sqrt()).unwrap();
        let diagonal: Vec<f64> =
            (0..16).map(|ij| if ij / 4 == ij % 4 { EIGENVALUES[ij / 4] } else { 0.0 }).collect();
        let data = MultivariateNormal::new(model.bias(), &diagonal).unwrap();

        let gradient = expectation(&data, |x| flat(&model.log_marginal_gradient(x)));
        let (by_sigma, others) = gradient.split_last().unwrap();
        assert!(others.iter().all(|g| g.abs() < 1e-14), "{others:?}");
        assert!(d == 3 || by_sigma.abs() < 1e-14, "{by_sigma}");

        // The exact encoder: rates, and the variances of its means over the data.
        let log_var: Vec<f64> = model
            .posterior(model.bias())
            .covariance()
            .iter()
            .step_by(d + 1)
            .map(|v| v.ln())
            .collect();
        let rates = expectation(&data, |x| {
            DiagonalNormal::new(model.posterior(x).mean(), &log_var)
                .unwrap()
                .kl_to_standard_per_dim()
                .collect()
        });
        let activity =
            expectation(&data, |x| model.posterior(x).mean().iter().map(|m| m * m).collect());
        for i in 0..d {
            let kept = if i < 2 { EIGENVALUES[i] / variance } else { 1.0 };
            assert!((rates[i] - 0.5 * kept.ln()).abs() < 1e-14);
            assert!((activity[i] - (1.0 - 1.0 / kept)).abs() < 1e-14);
        }
    }
}
