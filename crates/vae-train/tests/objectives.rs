//! What each objective asks a step to do, against gradients by hand for the same noise.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::{DType, Device, Tensor, Var};
use vae_models::{Context, Likelihood, ModelConfig, Sigma, Vae};
use vae_nn::Parameters;
use vae_prob::{DiagonalNormal, iwae_bound};
use vae_train::data::Batch;
use vae_train::learn::{
    EvidenceBound, ImportanceBound, Loss, Objective, Quantity, Step, Tolerances,
};

const PIXELS: usize = 12;

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn tensor(values: Vec<f64>, dims: &[usize]) -> Tensor {
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
}

/// Numbers between 0 and 1 without a pattern.
fn wave(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|i| 0.5 + 0.5 * (phase + 2.3 * i as f64).sin()).collect()
}

/// A dense network in f64, its batch of two grey designs of 3 × 4, and noise for so many draws.
struct Case {
    vae: Vae,
    parameters: Parameters,
    xs: Tensor,
}

impl Case {
    fn new(likelihood: Likelihood) -> Self {
        let config = ModelConfig { likelihood, ..ModelConfig::tutorial_mlp(3, 4, Vec::new()) };
        let parameters = Parameters::new(7, DType::F64, Device::Cpu);
        let vae = Vae::new(&config, parameters.var_builder()).unwrap();
        Self { vae, parameters, xs: tensor(wave(2 * PIXELS, 0.4), &[2, 1, 3, 4]) }
    }

    fn var(&self, name: &str) -> Var {
        self.parameters.get(name).unwrap()
    }

    /// The decoder forgets z: pixels are what the biases of the last layer say.
    fn blind(&self) {
        let weights = self.var("decoder.4.weight");
        weights.set(&weights.zeros_like().unwrap()).unwrap();
        self.var("decoder.4.bias").set(&tensor(wave(PIXELS, 1.7), &[PIXELS])).unwrap();
    }

    /// The loss of an objective on the batch, with the multipliers of its start.
    fn step(&self, objective: Objective, mask: Option<&Tensor>, eps: &Tensor, beta: f64) -> Step {
        let batch = Batch { xs: self.xs.clone(), cs: None, fields: None, mask: mask.cloned() };
        let loss = Loss::new(objective, self.vae.config());
        loss.step(&self.vae, &batch, eps, beta, loss.balance().as_ref()).unwrap()
    }

    fn eps(draws: usize) -> Tensor {
        tensor(wave(4 * draws, 0.9).iter().map(|x| 3.0 * x - 1.5).collect(), &[draws, 2, 2])
    }
}

fn gradient(loss: &Tensor, of: &Var) -> Vec<f64> {
    values(loss.backward().unwrap().get(of).unwrap())
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        assert!(error < 1e-10 * (1.0 + expected.abs()), "{found} instead of {expected}");
    }
}

/// By the bias of the mean, the KL of a latent dimension has the derivative `m`, averaged over the
/// batch; with free bits only where its average is above them. By a logit the log-likelihood has `x
/// − p`.
#[test]
fn the_bound_its_weight_and_free_bits() {
    let case = Case::new(Likelihood::Bernoulli);
    case.blind();
    let eps = Case::eps(1).squeeze(0).unwrap();
    let terms = case.vae.elbo(&case.xs, &Context::default(), &eps, None, true).unwrap();
    let (means, kl) = (terms.posterior.mean.to_vec2::<f64>().unwrap(), values(&terms.kl));
    let kl_per_dim = [0.5 * (kl[0] + kl[2]), 0.5 * (kl[1] + kl[3])];
    let between = 0.5 * (kl_per_dim[0] + kl_per_dim[1]);
    for (beta, free_bits) in [(1.0, 0.0), (0.3, 0.0), (1.0, between), (2.0, 1e-9), (1.0, 50.0)] {
        let objective = Objective::Elbo(EvidenceBound { free_bits });
        let Step { loss: scalar, parts, .. } = case.step(objective, None, &eps, beta);
        assert_close(&[parts.terms.kl], &[kl_per_dim[0] + kl_per_dim[1]]);
        let charged: f64 = kl_per_dim.iter().map(|kl| kl.max(free_bits)).sum();
        assert_close(&[parts.loss], &[beta * charged - parts.terms.log_likelihood]);
        assert_close(&values(&scalar), &[parts.loss]);
        let by_mean: Vec<f64> = (0..2)
            .map(|dim| {
                let counts = if free_bits < kl_per_dim[dim] { beta } else { 0.0 };
                counts * 0.5 * (means[0][dim] + means[1][dim])
            })
            .collect();
        assert_close(&gradient(&scalar, &case.var("fc_mu.bias")), &by_mean);
        let (logits, xs) = (values(&terms.params), values(&case.xs));
        let by_logit: Vec<f64> = (0..PIXELS)
            .map(|i| {
                let p = 1.0 / (1.0 + (-logits[i]).exp());
                p - 0.5 * (xs[i] + xs[PIXELS + i])
            })
            .collect();
        assert_close(&gradient(&scalar, &case.var("decoder.4.bias")), &by_logit);
    }
}

/// The value is that of vae-prob from the same log-weights, and those are log-densities by hand;
/// the gradient is that of `Σ w̃ ln w` with the normalized weights held constant; one draw is the
/// sampled evidence lower bound.
#[test]
fn the_importance_weighted_bound() {
    let case = Case::new(Likelihood::Gaussian { sigma: Sigma::Fixed(0.2) });
    for draws in [1, 3, 7] {
        let eps = Case::eps(draws);
        let terms =
            case.vae.importance_weights(&case.xs, &Context::default(), &eps, None, true).unwrap();
        let (ln_p, ratio) = (
            terms.log_likelihood.to_vec2::<f64>().unwrap(),
            terms.log_ratio.to_vec2::<f64>().unwrap(),
        );
        // Draw after draw, as if each were alone.
        let (means, log_vars) = (
            terms.posterior.mean.to_vec2::<f64>().unwrap(),
            terms.posterior.log_var.to_vec2::<f64>().unwrap(),
        );
        for draw in 0..draws {
            let alone = eps.get(draw).unwrap();
            let elbo = case.vae.elbo(&case.xs, &Context::default(), &alone, None, true).unwrap();
            assert_close(&values(&elbo.log_likelihood), &ln_p[draw]);
            let z = elbo.posterior.reparameterize(&alone).unwrap().to_vec2::<f64>().unwrap();
            for design in 0..2 {
                let q = DiagonalNormal::new(&means[design], &log_vars[design]).unwrap();
                let prior = DiagonalNormal::new(&[0.0; 2], &[0.0; 2]).unwrap();
                let by_hand = prior.log_prob(&z[design]) - q.log_prob(&z[design]);
                assert_close(&[ratio[draw][design]], &[by_hand]);
            }
        }
        let weights = |design: usize| -> Vec<f64> {
            (0..draws).map(|draw| ln_p[draw][design] + ratio[draw][design]).collect()
        };
        let bounds = values(&terms.bound(1.0).unwrap());
        assert_close(&bounds, &[iwae_bound(&weights(0)), iwae_bound(&weights(1))]);
        let objective = Objective::Iwae(ImportanceBound { importance_samples: draws });
        let flat = eps.flatten(0, 1).unwrap();
        let Step { loss, parts, .. } = case.step(objective, None, &flat, 1.0);
        assert_close(&[parts.loss], &[-0.5 * (bounds[0] + bounds[1])]);

        let normalized: Vec<f64> = (0..draws)
            .flat_map(|draw| {
                [0, 1].map(|design| (weights(design)[draw] - bounds[design]).exp() / draws as f64)
            })
            .collect();
        let normalized = tensor(normalized, &[draws, 2]);
        let log_weights = (&terms.log_likelihood + &terms.log_ratio).unwrap();
        let surrogate = (log_weights * normalized).unwrap().sum_all().unwrap() * -0.5;
        let surrogate = surrogate.unwrap();
        for name in ["fc_mu.bias", "fc_var.weight", "decoder.4.bias", "encoder.0.weight"] {
            let var = case.var(name);
            assert_close(&gradient(&loss, &var), &gradient(&surrogate, &var));
        }
    }
}

/// The gradient is that of the KL and of the errors with the multipliers as weights; multipliers
/// follow the moving average.
#[test]
fn the_balance_that_sets_itself() {
    let tolerances = Tolerances { density_tolerance: 0.02, volume_tolerance: 0.01 };
    let case = Case::new(Likelihood::Bernoulli);
    case.blind();
    let eps = Case::eps(1).squeeze(0).unwrap();
    let mask: Vec<f64> = (0..PIXELS).map(|i| f64::from(i != 5)).collect();
    for mask in [None, Some(tensor(mask, &[1, 1, 3, 4]))] {
        let active = |i: usize| if mask.is_some() && i == 5 { 0.0 } else { 1.0 };
        let n = if mask.is_some() { 11.0 } else { 12.0 };
        let batch = Batch { xs: case.xs.clone(), cs: None, fields: None, mask: mask.clone() };
        let terms =
            case.vae.elbo(&case.xs, &Context::default(), &eps, mask.as_ref(), true).unwrap();
        let mean = case.vae.mean(&terms.params).unwrap();
        let geco = Loss::new(Objective::Geco(tolerances), case.vae.config());
        let start = geco.balance().unwrap();
        let Step { loss, parts, balance } =
            geco.step(&case.vae, &batch, &eps, 1.0, Some(&start)).unwrap();
        let next = balance.unwrap();

        let (m, xs) = (values(&mean), values(&case.xs));
        let difference = |design: usize, i: usize| active(i) * (m[i] - xs[design * PIXELS + i]);
        let squares = (0..2 * PIXELS).map(|k| difference(k / PIXELS, k % PIXELS).powi(2));
        let density = (squares.sum::<f64>() / (2.0 * n) + 1e-12).sqrt();
        let volume = |design| (0..PIXELS).map(|i| difference(design, i)).sum::<f64>() / n;
        let errors = [density, 0.5 * (volume(0).abs() + volume(1).abs())];
        let by_bias: Vec<f64> = (0..PIXELS)
            .map(|i| {
                let slope = active(i) * m[i] * (1.0 - m[i]);
                let both = difference(0, i) + difference(1, i);
                let by_density = 12.0 / 0.02 * both / (2.0 * n * density);
                let by_volume = 1.0 / 0.01 * 0.5 * (volume(0).signum() + volume(1).signum()) / n;
                slope * (by_density + by_volume)
            })
            .collect();
        assert_close(&gradient(&loss, &case.var("decoder.4.bias")), &by_bias);
        let means = terms.posterior.mean.to_vec2::<f64>().unwrap();
        let by_mean: Vec<f64> = (0..2).map(|dim| 0.5 * (means[0][dim] + means[1][dim])).collect();
        assert_close(&gradient(&loss, &case.var("fc_mu.bias")), &by_mean);

        let mut value = parts.terms.kl;
        for ((before, after), error) in start.constraints.iter().zip(&next.constraints).zip(errors)
        {
            let exceeded = error / before.tolerance - 1.0;
            assert_close(&[after.average.unwrap()], &[exceeded]);
            let factor = (0.01 * exceeded.clamp(-1.0, 1.0)).exp();
            assert_close(&[after.multiplier], &[before.multiplier * factor]);
            value += before.multiplier * exceeded;
        }
        assert_close(&[parts.loss], &[value]);
        assert_eq!(next.constraints[1].quantity, Quantity::VolumeError);
        // The second step remembers the first.
        let third = geco.step(&case.vae, &batch, &eps, 1.0, Some(&next)).unwrap();
        let third = third.balance.unwrap();
        let averages = third.constraints.iter().map(|c| c.average.unwrap()).collect::<Vec<_>>();
        let same = next.constraints.iter().map(|c| c.average.unwrap()).collect::<Vec<_>>();
        assert_close(&averages, &same);
    }
}
