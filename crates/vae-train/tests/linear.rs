//! The training objective on the one autoencoder whose optimum is known: linear, with Gaussian
//! pixels.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::{DType, Device, Tensor, Var};
use ndarray::Array2;
use vae_models::{ElboTerms, Posterior};
use vae_nn::{Adam, AdamConfig};
use vae_prob::LinearGaussian;
use vae_train::learn::Weighted;
use vae_train::score::{active_units, unit_activity};

/// Pixels.
const N: usize = 6;
/// Latents.
const D: usize = 3;

/// `q(z|x) = N(A x + a, diag e^v)`, `p(x|z) = N(W z + b, σ²)`; each parameter under its name.
struct Linear {
    parameters: Vec<(String, Var)>,
}

impl Linear {
    fn new(log_sigma: f64) -> Self {
        let wave = |from: usize, shape: &[usize]| {
            let values: Vec<f64> = (from..from + shape.iter().product::<usize>())
                .map(|i| 0.3 * (1.7 * i as f64 + 0.4).sin())
                .collect();
            Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
        };
        let parameters = [
            ("A", wave(0, &[D, N])),
            ("W", wave(40, &[N, D])),
            ("a", wave(80, &[D])),
            ("b", wave(90, &[N])),
            ("s", Var::new(&[log_sigma], &Device::Cpu).unwrap()),
            ("v", wave(100, &[D])),
        ];
        Self { parameters: parameters.map(|(name, var)| (name.to_owned(), var)).to_vec() }
    }

    fn get(&self, name: &str) -> &Tensor {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, var)| var.as_tensor()).unwrap()
    }

    fn values(&self, name: &str) -> Vec<f64> {
        self.get(name).flatten_all().unwrap().to_vec1().unwrap()
    }

    /// What a step sees of designs (B, N) and noise (B, D).
    fn terms(&self, xs: &Tensor, eps: &Tensor) -> candle_core::Result<ElboTerms> {
        let batch = xs.dim(0)?;
        let mean = xs.matmul(&self.get("A").t()?)?.broadcast_add(self.get("a"))?;
        let log_var = self.get("v").broadcast_as((batch, D))?.contiguous()?;
        let posterior = Posterior { mean, log_var };
        let z = posterior.reparameterize(eps).map_err(candle_core::Error::from)?;
        let params = z.matmul(&self.get("W").t()?)?.broadcast_add(self.get("b"))?;
        let picture = |t: &Tensor| t.reshape((batch, 1, 1, N));
        let (params, xs) = (picture(&params)?, picture(xs)?);
        let log_likelihood = vae_nn::gaussian_log_prob(&params, self.get("s"), &xs, None)
            .map_err(candle_core::Error::wrap)?;
        let kl = posterior.kl().map_err(candle_core::Error::from)?;
        Ok(ElboTerms { log_likelihood, kl, posterior, params })
    }
}

/// The loss that training minimizes by default, without free bits.
const ELBO: Weighted = Weighted::PER_DESIGN;

fn tensor(rows: Vec<Vec<f64>>) -> Tensor {
    let shape = (rows.len(), rows[0].len());
    Tensor::from_vec(rows.concat(), shape, &Device::Cpu).unwrap()
}

/// Points whose mean and covariance are those of a normal, so that means of anything quadratic are
/// exact.
fn points(center: &[f64], axes: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let radius = (axes.len() as f64).sqrt();
    let signed = axes.iter().flat_map(|axis| [(axis, radius), (axis, -radius)]);
    signed
        .map(|(axis, radius)| center.iter().zip(axis).map(|(c, a)| c + radius * a).collect())
        .collect()
}

/// `√λ_i u_i` for orthonormal directions that are no pixels: reflections of them.
fn axes(eigenvalues: &[f64; N]) -> Vec<Vec<f64>> {
    let normal: Vec<f64> = (0..N).map(|i| 1.0 + 0.3 * i as f64).collect();
    let length = normal.iter().map(|x| x * x).sum::<f64>();
    let entry =
        |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * normal[i] * normal[j] / length;
    let axis = |(i, value): (usize, &f64)| (0..N).map(|j| value.sqrt() * entry(i, j)).collect();
    eigenvalues.iter().enumerate().map(axis).collect()
}

/// What training came to: activity and rate of each latent, from the largest on, σ², the bound, and
/// ln p(x) of the decoder.
struct Trained {
    activity: Vec<f64>,
    rates: Vec<f64>,
    active: usize,
    variance: f64,
    elbo: f64,
    log_marginal: f64,
}

/// Trains by Adam on exact expectations; with a fixed noise the deviation is left as it starts.
fn train(eigenvalues: &[f64; N], log_sigma: f64, learned: bool, beta: f64) -> Trained {
    let center = [0.5, -0.5, 0.0, 1.0, 0.25, -0.25];
    let unit = |i: usize| (0..D).map(|j| f64::from(u8::from(i == j))).collect();
    let noise = points(&[0.0; D], &(0..D).map(unit).collect::<Vec<_>>());
    let designs = points(&center, &axes(eigenvalues));
    let (xs, eps): (Vec<_>, Vec<_>) =
        designs.iter().flat_map(|x| noise.iter().map(|eps| (x.clone(), eps.clone()))).unzip();
    let (xs, eps) = (tensor(xs), tensor(eps));

    let network = Linear::new(log_sigma);
    let moved = network.parameters.iter().filter(|(name, _)| learned || name != "s");
    let mut adam = Adam::new(moved.cloned().collect(), AdamConfig::default()).unwrap();
    for step in 0..6000 {
        adam.set_learning_rate(0.03 * 0.999_f64.powi(step)).unwrap();
        let terms = network.terms(&xs, &eps).unwrap();
        let (loss, _) = ELBO.of_batch(&terms, beta).unwrap();
        adam.step(&loss.backward().unwrap()).unwrap();
    }

    let terms = network.terms(&xs, &eps).unwrap();
    let (_, parts) = ELBO.of_batch(&terms, beta).unwrap();
    let means = terms.posterior.mean.to_dtype(DType::F32).unwrap();
    let means = Array2::from_shape_vec(
        means.dims2().unwrap(),
        means.flatten_all().unwrap().to_vec1().unwrap(),
    )
    .unwrap();
    let mut activity = unit_activity(&means);
    let active = active_units(&activity);
    let mut rates: Vec<f64> = terms.kl.mean(0).unwrap().to_vec1().unwrap();
    activity.sort_by(|a, b| b.total_cmp(a));
    rates.sort_by(|a, b| b.total_cmp(a));
    let sigma = network.values("s")[0].exp();
    let model = LinearGaussian::new(&network.values("W"), &network.values("b"), sigma).unwrap();
    let log_marginal =
        designs.iter().map(|x| model.log_marginal(x)).sum::<f64>() / designs.len() as f64;
    let elbo = parts.terms.value();
    Trained { activity, rates, active, variance: sigma * sigma, elbo, log_marginal }
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-3, "{found} where {expected} is expected");
}

/// Tipping & Bishop 1999: `σ²` is the mean of the eigenvalues that are left out, `A_i = 1 −
/// σ²/λ_i`, `KL_i = ½ ln (λ_i/σ²)`, and nothing is missing between the bound and `ln p(x)`.
#[test]
fn a_trained_linear_autoencoder_reaches_the_optimum_of_pca() {
    let eigenvalues = [4.0, 2.5, 1.5, 0.5, 0.3, 0.4];
    let trained = train(&eigenvalues, 0.0, true, 1.0);
    let variance = 0.4;
    close(trained.variance, variance);
    assert_eq!(trained.active, 3);
    for (i, value) in eigenvalues[..D].iter().enumerate() {
        close(trained.rates[i], 0.5 * (value / variance).ln());
        close(trained.activity[i], 1.0 - variance / value);
    }
    close(trained.elbo, trained.log_marginal);
    // ln det of the covariance that is fitted, and a trace that is N at the optimum.
    let log_det = eigenvalues[..D].iter().map(|l| l.ln()).sum::<f64>() + 3.0 * variance.ln();
    let n = N as f64;
    close(trained.log_marginal, -0.5 * (n * std::f64::consts::TAU.ln() + log_det + n));
}

/// A direction whose variance the noise exceeds is not coded: two of three latents are active.
#[test]
fn a_trained_linear_autoencoder_codes_what_exceeds_the_noise() {
    let eigenvalues = [4.0, 2.5, 0.8, 0.5, 0.3, 0.2];
    let strong = train(&eigenvalues, 0.0, false, 1.0);
    assert_eq!(strong.active, 2, "{:?}", strong.activity);
    for (i, value) in [4.0, 2.5, 1.0_f64].into_iter().enumerate() {
        close(strong.rates[i], 0.5 * value.ln());
        close(strong.activity[i], 1.0 - value.recip());
    }

    // With a weight β the noise counts as βσ².
    let weighted = train(&eigenvalues, 0.5 * 0.25_f64.ln(), false, 4.0);
    assert_eq!(weighted.active, 2, "{:?}", weighted.activity);
    for i in 0..D {
        close(weighted.activity[i], strong.activity[i]);
        close(weighted.rates[i], strong.rates[i]);
    }
}

/// With `r = x − W z − b` and `g = Wᵀ r / σ²`, for the same draws: `∂W = r zᵀ / σ²`, `∂b = r / σ²`,
/// `∂s = |r|² / σ² − n`, `∂A = (g − β m) xᵀ`, `∂a = g − β m`, `∂v = ½ (g ε e^{v/2} − β (e^v − 1))`;
/// the loss is minus their mean.
#[test]
fn the_gradient_of_the_objective_is_the_one_derived_by_hand() {
    let (network, beta, batch) = (Linear::new(-0.4), 0.7, 4);
    let rows = |width: usize, from: usize| -> Vec<Vec<f64>> {
        let row = |i: usize| (0..width).map(move |j| (1.3 * (from + i * width + j) as f64).sin());
        (0..batch).map(|i| row(i).collect()).collect()
    };
    let (xs, eps) = (rows(N, 3), rows(D, 70));
    let terms = network.terms(&tensor(xs.clone()), &tensor(eps.clone())).unwrap();
    let (loss, _) = ELBO.of_batch(&terms, beta).unwrap();
    let gradients = loss.backward().unwrap();

    let values = |name: &str| network.values(name);
    let (encoder, shift, weights, bias) = (values("A"), values("a"), values("W"), values("b"));
    let (log_var, log_sigma) = (values("v"), values("s")[0]);
    let precision = (-2.0 * log_sigma).exp();
    let mut expected: Vec<Vec<f64>> = ["A", "W", "a", "b", "s", "v"]
        .map(|name| vec![0.0; network.get(name).elem_count()])
        .to_vec();
    for (x, eps) in xs.iter().zip(&eps) {
        let m: Vec<f64> = (0..D)
            .map(|k| shift[k] + (0..N).map(|j| encoder[k * N + j] * x[j]).sum::<f64>())
            .collect();
        let z: Vec<f64> = (0..D).map(|k| m[k] + (0.5 * log_var[k]).exp() * eps[k]).collect();
        let r: Vec<f64> = (0..N)
            .map(|j| x[j] - bias[j] - (0..D).map(|k| weights[j * D + k] * z[k]).sum::<f64>())
            .collect();
        for j in 0..N {
            expected[3][j] += precision * r[j];
            for k in 0..D {
                expected[1][j * D + k] += precision * r[j] * z[k];
            }
        }
        expected[4][0] += precision * r.iter().map(|r| r * r).sum::<f64>() - N as f64;
        for k in 0..D {
            let g = precision * (0..N).map(|j| weights[j * D + k] * r[j]).sum::<f64>();
            let by_mean = g - beta * m[k];
            expected[2][k] += by_mean;
            for j in 0..N {
                expected[0][k * N + j] += by_mean * x[j];
            }
            let v = log_var[k];
            expected[5][k] += 0.5 * (g * eps[k] * (0.5 * v).exp() - beta * v.exp_m1());
        }
    }
    for ((name, var), expected) in network.parameters.iter().zip(expected) {
        let found: Vec<f64> = gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (found, expected) in found.into_iter().zip(expected) {
            let expected = -expected / batch as f64;
            assert!((found - expected).abs() < 1e-12, "{name}: {found} and {expected}");
        }
    }
}
