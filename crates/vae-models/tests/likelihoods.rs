//! The likelihoods of grey pixels: the tensor forms are the float forms of vae-prob, and each head
//! is a law of its data.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::{DType, Device, Tensor, Var};
use vae_models::{Context, Likelihood, ModelConfig, Scale, Sigma, Vae};
use vae_nn::{
    Parameters, continuous_bernoulli_log_prob, continuous_bernoulli_mean,
    discretized_logistic_log_prob,
};

fn tensor(values: Vec<f64>, dims: &[usize], dtype: DType) -> Tensor {
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

fn var(values: Vec<f64>, dims: &[usize], dtype: DType) -> Var {
    Var::from_tensor(&tensor(values, dims, dtype)).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest error relative to the expected value, or to 1 where that is smaller.
#[track_caller]
fn assert_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (got - expected).abs() / expected.abs().max(1.0);
        assert!(error <= tolerance, "{i}: {got} instead of {expected}");
    }
}

/// Sums and means of grey pixels are those of vae-prob, at logits from 0 to where `sigmoid` is 1,
/// and under a mask.
#[test]
fn continuous_bernoulli_is_that_of_vae_prob() {
    let logits = [0.0, 1e-8, -1e-3, 0.019, -0.021, 0.11, 2.0, -7.5, 60.0, -900.0];
    let xs = [0.3, 1.0, 0.0, 0.5, 0.9, 0.25, 0.75, 0.01, 0.999, 0.002];
    let law = |l: f64| vae_prob::ContinuousBernoulli::from_logit(l).unwrap();
    for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
        // What single precision stores is what is compared.
        let stored = |v: &[f64]| values(&tensor(v.to_vec(), &[v.len(), 1], dtype));
        let (ls, ts) = (stored(&logits), stored(&xs));
        let variable = var(logits.to_vec(), &[10, 1], dtype);
        let targets = tensor(xs.to_vec(), &[10, 1], dtype);
        let got = continuous_bernoulli_log_prob(&variable, &targets, None).unwrap();
        let expected: Vec<f64> = ls.iter().zip(&ts).map(|(&l, &x)| law(l).log_prob(x)).collect();
        assert_close(&values(&got), &expected, tolerance);
        let grads = got.sum_all().unwrap().backward().unwrap();
        let slopes: Vec<f64> =
            ls.iter().zip(&ts).map(|(&l, &x)| law(l).log_prob_gradient(x)).collect();
        assert_close(&values(grads.get(&variable).unwrap()), &slopes, tolerance);
        let mean = continuous_bernoulli_mean(&variable).unwrap();
        assert_close(
            &values(&mean),
            &ls.iter().map(|&l| law(l).mean()).collect::<Vec<_>>(),
            tolerance,
        );
        let grads = mean.sum_all().unwrap().backward().unwrap();
        let variances: Vec<f64> = ls.iter().map(|&l| law(l).variance()).collect();
        assert_close(&values(grads.get(&variable).unwrap()), &variances, tolerance);
    }
}

/// Each of the 256 levels, under scales from a fraction of a level to the whole range.
#[test]
fn discretized_logistic_is_that_of_vae_prob() {
    let levels: Vec<f64> = (0..=255).map(|level| f64::from(level) / 255.0).collect();
    for (location, log_scale) in [(0.25, -3.0), (0.75, -7.0), (0.5, 0.0), (1.0, -5.0)] {
        let law = vae_prob::DiscretizedLogistic::new(location, log_scale).unwrap();
        // In single precision a level is off by 3e-8, and that by the scale is what a term is off
        // by.
        for (dtype, tolerance) in
            [(DType::F64, 1e-13), (DType::F32, 1e-6 + 1e-7 * f64::exp(-log_scale))]
        {
            let locations = var(vec![location; 256], &[256, 1], dtype);
            let scale = var(vec![log_scale], &[], dtype);
            let xs = tensor(levels.clone(), &[256, 1], dtype);
            let got = discretized_logistic_log_prob(&locations, &scale, &xs, None).unwrap();
            let expected: Vec<f64> = (0..=255).map(|level| law.log_prob(level)).collect();
            assert_close(&values(&got), &expected, tolerance);
            let grads = got.sum_all().unwrap().backward().unwrap();
            let slopes = (0..=255).map(|level| law.log_prob_gradient(level));
            let (by_location, by_scale): (Vec<f64>, Vec<f64>) = slopes.unzip();
            assert_close(&values(grads.get(&locations).unwrap()), &by_location, tolerance);
            let total = by_scale.iter().sum();
            assert_close(&values(grads.get(&scale).unwrap()), &[total], tolerance);
        }
    }
}

/// A network of one pixel per design, whose decoder's output is a number of our choice.
fn one_pixel(likelihood: Likelihood) -> (Vae, Parameters) {
    let config =
        ModelConfig { likelihood, latent_dim: 1, ..ModelConfig::tutorial_mlp(1, 1, Vec::new()) };
    let parameters = Parameters::new(1, DType::F64, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    let weights = parameters.get("decoder.4.weight").unwrap();
    weights.set(&weights.zeros_like().unwrap()).unwrap();
    (vae, parameters)
}

fn decoded(vae: &Vae, parameters: &Parameters, output: f64) -> Tensor {
    parameters.get("decoder.4.bias").unwrap().set(&tensor(vec![output], &[1], DType::F64)).unwrap();
    vae.decode(&tensor(vec![0.0], &[1, 1], DType::F64), &Context::default(), false).unwrap()
}

/// Through the head as a whole, output to log-probability: masses add up to one, densities
/// integrate to one, and what is called the mean is the mean. Of the rounded logistic that holds to
/// half a level.
#[test]
fn every_likelihood_is_a_law_of_its_data() {
    let gaussian = |sigma| Likelihood::Gaussian { sigma };
    let eight_bit = |scale| Likelihood::DiscretizedLogistic { scale };
    // Points and weights of a quadrature rule, or the values that a mass is on.
    let simpson = |from: f64, to: f64| -> Vec<(f64, f64)> {
        let n = 20_000;
        let h = (to - from) / f64::from(n);
        let weight = |i| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        (0..=n).map(|i| (from + h * f64::from(i), weight(i) * h / 3.0)).collect()
    };
    let levels = (0..=255).map(|level| (f64::from(level) / 255.0, 1.0)).collect::<Vec<_>>();
    let cases = [
        (Likelihood::Bernoulli, vec![(0.0, 1.0), (1.0, 1.0)], 1e-12),
        (Likelihood::ContinuousBernoulli, simpson(0.0, 1.0), 1e-9),
        (gaussian(Sigma::Fixed(0.1)), simpson(-1.0, 2.0), 1e-9),
        (gaussian(Sigma::Shared), simpson(-5.0, 6.0), 1e-9),
        (gaussian(Sigma::Optimal), simpson(-12.0, 13.0), 1e-9),
        (eight_bit(Scale::Fixed(0.001)), levels.clone(), 1.0 / 510.0),
        (eight_bit(Scale::Fixed(0.05)), levels.clone(), 1e-5),
        (eight_bit(Scale::Shared), levels, 1e-5),
    ];
    for (likelihood, points, tolerance) in cases {
        let (vae, parameters) = one_pixel(likelihood);
        for output in [-40.0, -3.0, 0.0, 0.7, 25.0] {
            let params = decoded(&vae, &parameters, output);
            let n = points.len();
            let repeated = params.broadcast_as((n, 1, 1, 1)).unwrap();
            let xs = tensor(points.iter().map(|(x, _)| *x).collect(), &[n, 1, 1, 1], DType::F64);
            let log_probs = values(&vae.log_prob(&repeated, &xs, None).unwrap());
            let (mut total, mut mean) = (0.0, 0.0);
            for ((x, weight), log_prob) in points.iter().zip(log_probs) {
                total += weight * log_prob.exp();
                mean += weight * log_prob.exp() * x;
            }
            assert!((total - 1.0).abs() < 1e-9, "{likelihood:?} at {output}: {total}");
            let found = values(&vae.mean(&params).unwrap())[0];
            assert!((found - mean).abs() < tolerance, "{likelihood:?}: {found} is not {mean}");
        }
    }
}

/// What an 8-bit picture mostly is can be all but certain under any scale, not one half at most:
/// the location is free to leave [0, 1]. The mean stays a density.
#[test]
fn a_logistic_pixel_can_be_sure_of_void_and_solid() {
    for scale in [0.01, 0.05, 0.3] {
        let (vae, parameters) =
            one_pixel(Likelihood::DiscretizedLogistic { scale: Scale::Fixed(scale) });
        for (x, output) in [(1.0, 40.0 * scale), (0.0, -40.0 * scale)] {
            // Ten scales beyond its level: `sigmoid(10 + 1 / 510 s)`.
            let params = decoded(&vae, &parameters, output.signum() * (2.0 + output.abs()));
            let xs = tensor(vec![x], &[1, 1, 1, 1], DType::F64);
            let probability = values(&vae.log_prob(&params, &xs, None).unwrap())[0].exp();
            assert!(0.9999 < probability, "{x} at s = {scale}: {probability}");
            let mean = values(&vae.mean(&params).unwrap())[0];
            assert!((mean - x).abs() < 1e-4, "{mean} is not {x}");
        }
        for output in [-1e6, -4000.0, -33.3, 33.3, 4000.0, 1e6] {
            let params = decoded(&vae, &parameters, output);
            let mean = values(&vae.mean(&params).unwrap())[0];
            assert!((0.0..=1.0).contains(&mean), "{mean} at {output}");
        }
    }
}

/// Whatever the likelihood, a network starts at the mean of its data.
#[test]
fn the_start_is_the_mean_density() {
    for likelihood in [
        Likelihood::Bernoulli,
        Likelihood::ContinuousBernoulli,
        Likelihood::Gaussian { sigma: Sigma::Optimal },
    ] {
        let (vae, parameters) = one_pixel(likelihood);
        for density in [0.02, 0.4, 0.499, 0.5, 0.97] {
            vae.start_at_mean(&parameters, &[density]).unwrap();
            let params = vae
                .decode(&tensor(vec![0.3], &[1, 1], DType::F64), &Context::default(), false)
                .unwrap();
            let found = values(&vae.mean(&params).unwrap())[0];
            assert!((found - density).abs() < 1e-9, "{likelihood:?}: {found} is not {density}");
        }
    }
}

/// In training σ is the best for the batch: the value is `−n/2 (ln 2πe + ln MSE)`, its derivative
/// by the means the exact one, because that by σ is 0; evaluation takes the running σ, which moves
/// a tenth of the way.
#[test]
fn the_optimal_deviation_is_that_of_the_batch_and_then_frozen() {
    let config = ModelConfig {
        likelihood: Likelihood::Gaussian { sigma: Sigma::Optimal },
        ..ModelConfig::tutorial_mlp(3, 4, Vec::new())
    };
    let parameters = Parameters::new(5, DType::F64, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    assert!(parameters.trainable().iter().all(|(name, _)| !name.contains("running")));
    let xs = tensor(
        (0..24).map(|i| 0.5 + 0.5 * f64::from(i).sin()).collect(),
        &[2, 1, 3, 4],
        DType::F64,
    );
    let eps = tensor(vec![0.3, -0.1, 1.2, 0.4], &[2, 2], DType::F64);
    let before = values(&vae.sigma().unwrap().unwrap())[0];
    let terms = vae.elbo(&xs, &Context::default(), &eps, None, true).unwrap();
    let mean = vae.mean(&terms.params).unwrap();
    let mse = |mean: &Tensor| {
        let errors = values(mean).into_iter().zip(values(&xs)).map(|(m, x)| (x - m).powi(2));
        errors.sum::<f64>() / 24.0
    };
    let closed = |mse: f64| -12.0 * ((std::f64::consts::TAU * std::f64::consts::E).ln() + mse.ln());
    let total: f64 = values(&terms.log_likelihood).iter().sum();
    assert!((total - closed(mse(&mean))).abs() < 1e-10, "{total}");
    let after = values(&vae.sigma().unwrap().unwrap())[0];
    assert!((after.powi(2) - (0.9 * before.powi(2) + 0.1 * mse(&mean))).abs() < 1e-12);

    // The gradient by a weight of the decoder, against differences of the closed form.
    let bias = parameters.get("decoder.4.bias").unwrap();
    let start = values(&bias);
    let gradients = terms.log_likelihood.sum_all().unwrap().backward().unwrap();
    let found = values(gradients.get(&bias).unwrap());
    for pixel in [0, 5, 11] {
        let at = |step: f64| {
            let mut moved = start.clone();
            moved[pixel] += step;
            bias.set(&tensor(moved, &[12], DType::F64)).unwrap();
            closed(mse(&vae
                .mean(&vae.elbo(&xs, &Context::default(), &eps, None, true).unwrap().params)
                .unwrap()))
        };
        let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
        bias.set(&tensor(start.clone(), &[12], DType::F64)).unwrap();
        assert!((found[pixel] - difference).abs() < 1e-7 * difference.abs().max(1.0));
    }
}
