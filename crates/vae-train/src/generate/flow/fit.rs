//! Fitting a flow to the codes of the training designs.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor, Var};
use ndarray::{Array2, Axis};
use rand::Rng;
use rand_distr::StandardNormal;
use vae_base::stream;
use vae_models::Vae;
use vae_nn::{Adam, AdamConfig, Parameters};

use crate::codes::scalar;
use crate::data::{Augmentation, Targets};
use crate::error::Result;
use crate::generate::flow::codes::{Codes, standards};
use crate::generate::flow::model::{Flow, WIDTH, to_tensor};
use crate::generate::flow::scores::FlowScores;
use crate::generate::flow::velocity::Velocity;

/// Passes over the codes, and the least and greatest number of steps that they are made of.
const PASSES: usize = 100;
const STEPS: (u64, u64) = (200, 2500);
/// Codes of a step, at most.
const BATCH: usize = 256;
/// Peak learning rate, and the steps over which it rises.
const RATE: f64 = 1e-3;
const WARMUP: u64 = 200;
/// Decoupled weight decay.
const DECAY: f64 = 0.01;
/// What the moving average of the weights keeps each time, and the steps between two times.
const AVERAGE: (f64, u64) = (0.96, 8);
/// Validations in the course of the fit.
const VALIDATIONS: u64 = 12;
/// Draws of noise and time for each validation code.
const VALIDATION_DRAWS: usize = 8;

/// How much is done for a fit.
#[derive(Clone, Copy)]
struct Effort {
    /// Steps, at most.
    steps: u64,
    /// Codes of a step.
    batch: usize,
    /// Width of the network's hidden layers.
    width: usize,
}

impl Effort {
    /// What so many codes need.
    fn for_codes(n: usize) -> Self {
        let batch = BATCH.min(n);
        let steps = ((PASSES * n / batch) as u64).clamp(STEPS.0, STEPS.1);
        Self { steps, batch, width: WIDTH }
    }
}

impl Flow {
    /// Fits a flow to the codes of the training designs and their mirror images; the weights are the
    /// moving average with the smallest error on the codes of the validation designs.
    ///
    /// A code is a draw from the posterior of a design, a new one at each step, so that the flow
    /// learns the aggregate posterior under each condition. `progress` receives the number of steps
    /// done and of all steps.
    ///
    /// # Errors
    /// When a design cannot be read.
    ///
    /// # References
    /// As [`Flow`]; the loss is `‖v(t u + (1 − t) ε, t, c) − (u − ε)‖²` over codes u, noise ε and
    /// times t.
    pub fn fit(
        vae: &Vae,
        designs: &Targets<'_>,
        (train, validation): (&[usize], &[usize]),
        augmentation: &Augmentation,
        seed: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self> {
        let codes = Codes::of(vae, designs, train, augmentation)?;
        let held_out = if validation.is_empty() { train } else { validation };
        let none = Augmentation::new(&[], &[], (1, 1))?;
        let held_out = Codes::of(vae, designs, held_out, &none)?;
        Self::fit_to(&codes, &held_out, Effort::for_codes(codes.len()), seed, progress)
    }

    /// Fits a flow to codes; `held_out` choose the best weights.
    fn fit_to(
        codes: &Codes,
        held_out: &Codes,
        Effort { steps, batch, width }: Effort,
        seed: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self> {
        let standards = standards(&codes.contexts);
        let contexts = standardized(&codes.contexts, &standards);
        let held_contexts = standardized(&held_out.contexts, &standards);

        let parameters = Parameters::new(seed, DType::F32, Device::Cpu);
        let sizes = (codes.means.ncols(), contexts.ncols());
        let velocity = Velocity::new(sizes, width, &parameters)?;
        let weights = parameters.trainable();
        let config = AdamConfig { lr: RATE, weight_decay: DECAY, ..AdamConfig::default() };
        let mut adam = Adam::new(weights.clone(), config)?;
        let validate = || validation_loss(&velocity, held_out, &held_contexts);
        // New weights make the velocity 0.
        let prior_loss = validate()?;
        let mut average = detached(&parameters)?;
        let mut best = (FlowScores { steps: 0, loss: prior_loss, prior_loss }, average.clone());
        for step in 0..steps {
            adam.set_learning_rate(rate(step, steps))?;
            let rng = &mut stream(seed, "flow", step);
            let rows: Vec<usize> = (0..batch).map(|_| rng.random_range(0..codes.len())).collect();
            let us = codes.draws(&rows, rng);
            let context = to_tensor(&contexts.select(Axis(0), &rows))?;
            let loss = loss(&velocity, &us, &context, rng)?;
            adam.step(&loss.backward()?)?;
            let done = step + 1;
            if done.is_multiple_of(AVERAGE.1) {
                for (name, variable) in &weights {
                    let kept = average[name].affine(AVERAGE.0, 0.0)?;
                    let new = variable.as_detached_tensor().affine(1.0 - AVERAGE.0, 0.0)?;
                    average.insert(name.clone(), (kept + new)?.detach());
                }
            }
            if done.is_multiple_of(steps / VALIDATIONS) || done == steps {
                let current = detached(&parameters)?;
                set(&parameters, &average)?;
                let loss = validate()?;
                if loss < best.0.loss {
                    best = (FlowScores { steps: done, loss, prior_loss }, average.clone());
                }
                set(&parameters, &current)?;
            }
            progress(done, steps);
        }
        let (scores, weights) = best;
        set(&parameters, &weights)?;
        Ok(Self { velocity, parameters, standards, scores })
    }
}

/// A linear rise, then a cosine down to 0 at the last of all steps.
fn rate(step: u64, steps: u64) -> f64 {
    let rise = ((step + 1) as f64 / WARMUP.min(steps) as f64).min(1.0);
    RATE * rise * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos())
}

/// The error of the velocity on codes, with noise and times from `rng`, per latent dimension.
fn loss(
    velocity: &Velocity,
    codes: &Array2<f32>,
    context: &Tensor,
    rng: &mut impl Rng,
) -> Result<Tensor> {
    let noise = Array2::from_shape_simple_fn(codes.dim(), || rng.sample::<f32, _>(StandardNormal));
    let times = Array2::from_shape_simple_fn((codes.nrows(), 1), || rng.random::<f32>());
    let between = &noise + &(&times * &(codes - &noise));
    let wanted = to_tensor(&(codes - &noise))?;
    let found = velocity.at(&to_tensor(&between)?, &to_tensor(&times)?, context)?;
    Ok((found - wanted)?.sqr()?.mean_all()?)
}

/// The same on all codes of some designs, with fixed draws.
fn validation_loss(velocity: &Velocity, codes: &Codes, contexts: &Array2<f32>) -> Result<f64> {
    let rows: Vec<usize> = (0..codes.len()).collect();
    let context = to_tensor(contexts)?;
    let mut sum = 0.0;
    for draw in 0..VALIDATION_DRAWS {
        let rng = &mut stream(0, "flow/validation", draw as u64);
        sum += scalar(&loss(velocity, &codes.draws(&rows, rng), &context, rng)?)?;
    }
    Ok(sum / VALIDATION_DRAWS as f64)
}

fn standardized(table: &Array2<f32>, standards: &Array2<f32>) -> Array2<f32> {
    (table - &standards.row(0)) * standards.row(1)
}

/// Copies of the weights.
fn detached(parameters: &Parameters) -> Result<BTreeMap<String, Tensor>> {
    let copy = |(name, variable): (String, Var)| Ok((name, variable.as_detached_tensor().copy()?));
    parameters.iter().map(copy).collect()
}

fn set(parameters: &Parameters, weights: &BTreeMap<String, Tensor>) -> Result<()> {
    for (name, variable) in parameters.iter() {
        variable.set(&weights[&name])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::{prior_draws, values};
    use crate::generate::flow::model::STEPS as EULER_STEPS;

    /// Enough for a small problem: more than two validations.
    const ENOUGH: Effort = Effort { steps: 1000, batch: 64, width: 32 };
    const LATENTS: usize = 2;

    /// Where codes lie under a context c between −1 and 1, and their deviation.
    fn target(c: f32) -> ([f32; LATENTS], f32) {
        ([1.5 * c, -1.0 + 0.5 * c], 0.4)
    }

    /// Codes N(m(c), s²), of which half of the variance is that of their posteriors.
    fn gaussian(n: usize, purpose: &str) -> Codes {
        let mut rng = stream(3, purpose, 0);
        let half = 0.5_f32.sqrt();
        let contexts = Array2::from_shape_simple_fn((n, 1), || rng.random_range(-1.0..1.0));
        let means = Array2::from_shape_fn((n, LATENTS), |(row, latent)| {
            let (mean, deviation) = target(contexts[[row, 0]]);
            mean[latent] + half * deviation * rng.sample::<f32, _>(StandardNormal)
        });
        let deviations = contexts.map(|&c| half * target(c).1);
        let deviations = deviations.broadcast((n, LATENTS)).unwrap().to_owned();
        Codes { means, deviations, contexts }
    }

    fn quietly(codes: &Codes, held_out: &Codes, effort: Effort, seed: u64) -> Flow {
        Flow::fit_to(codes, held_out, effort, seed, &mut |_, _| ()).unwrap()
    }

    /// Draws of a flow under one context, in its own units.
    fn draws(flow: &Flow, context: f32, n: usize) -> Array2<f32> {
        let contexts = standardized(&Array2::from_elem((n, 1), context), &flow.standards);
        let noise = prior_draws(LATENTS, n, 5);
        let codes = flow.moved(&noise, &to_tensor(&contexts).unwrap()).unwrap();
        Array2::from_shape_vec((n, LATENTS), values(&codes).unwrap()).unwrap()
    }

    /// Along the exact velocity of N(m, s²),
    /// `m + (t s² − (1 − t)) / (t² s² + (1 − t)²) (x − t m)`, the steps of the flow lead to
    /// the mean m, and to this deviation.
    fn deviation_by_steps(s: f64) -> f64 {
        let steps = EULER_STEPS as f64;
        let growth = |step: usize| {
            let t = step as f64 / steps;
            1.0 + (t * s * s - (1.0 - t)) / (t * t * s * s + (1.0 - t).powi(2)) / steps
        };
        (0..EULER_STEPS).map(growth).product()
    }

    #[test]
    fn a_flow_recovers_means_and_spreads_under_each_context() {
        let (codes, held_out) = (gaussian(4000, "train"), gaussian(1000, "validation"));
        let mut reported = Vec::new();
        let flow = Flow::fit_to(&codes, &held_out, ENOUGH, 1, &mut |done, of| {
            reported.push((done, of));
        })
        .unwrap();
        assert!(reported.into_iter().eq((1..=ENOUGH.steps).map(|done| (done, ENOUGH.steps))));

        // E (u − ε)² is m² + s² + 1; no velocity is better than E[u − ε | x, t], whose error is
        // ∫ s² / (t² s² + (1 − t)²) dt = s π/2 over all times.
        let FlowScores { steps, loss, prior_loss } = flow.scores;
        assert!(0 < steps && steps <= ENOUGH.steps);
        let s = f64::from(target(0.0).1);
        let mean_square = 0.5 * (1.5 * 1.5 / 3.0 + 1.0 + 0.25 / 3.0);
        let (exact, best) = (mean_square + s * s + 1.0, s * std::f64::consts::FRAC_PI_2);
        // 8,000 draws, whose squares spread about as much as their mean.
        assert!((prior_loss / exact - 1.0).abs() < 5.0 / 8000_f64.sqrt(), "{prior_loss}, {exact}");
        assert!(0.9 * best < loss && loss < 1.06 * best, "{loss}, {best}");

        // Of the mean of n draws, and of their deviation; what is left is the fit.
        let n = 2000;
        let spread = deviation_by_steps(s);
        for context in [-0.8, 0.0, 0.6] {
            let drawn = draws(&flow, context, n);
            for (latent, mean) in target(context).0.into_iter().enumerate() {
                let column = drawn.column(latent).mapv(f64::from);
                let found = column.mean().unwrap();
                let sampling = 4.0 * spread / (n as f64).sqrt();
                assert!((found - f64::from(mean)).abs() < sampling + 0.1, "{found} and {mean}");
                let found = column.std(0.0);
                let sampling = 4.0 * spread / (2.0 * n as f64).sqrt();
                assert!((found - spread).abs() < sampling + 0.06, "{found} and {spread}");
            }
        }
    }

    /// Two groups of codes far from each other; the context says how large the first is.
    #[test]
    fn a_flow_tells_groups_of_codes_apart() {
        let groups = |n: usize, purpose: &str| {
            let mut rng = stream(4, purpose, 0);
            let contexts = Array2::from_shape_simple_fn((n, 1), || rng.random_range(0.1..0.9));
            let means = Array2::from_shape_fn((n, LATENTS), |(row, latent)| {
                // Both latents of a code are of one group.
                let first = (row as f32 * 0.618_034).fract() < contexts[[row, 0]];
                let place = if first { -1.5 } else { 1.5 };
                if latent == 0 { place } else { -place }
            });
            Codes { deviations: means.mapv(|_| 0.2), means, contexts }
        };
        let flow = quietly(&groups(4000, "train"), &groups(1000, "validation"), ENOUGH, 1);
        assert!(flow.scores.loss < 0.7 * flow.scores.prior_loss, "{:?}", flow.scores);
        let n = 1000;
        for share in [0.25, 0.75] {
            let drawn = draws(&flow, share, n);
            let first = drawn.rows().into_iter().filter(|code| code[0] < 0.0 && 0.0 < code[1]);
            let second = drawn.rows().into_iter().filter(|code| 0.0 < code[0] && code[1] < 0.0);
            let (first, second) = (first.count() as f64, second.count() as f64);
            let total = n as f64;
            assert!(0.97 * total <= first + second, "{first} and {second} of {n}");
            let sampling = 4.0 * f64::from((share * (1.0 - share)).sqrt()) / total.sqrt();
            let found = first / total;
            assert!((found - f64::from(share)).abs() < sampling + 0.03, "{found} and {share}");
        }
    }

    /// Nothing to gain: codes that are spread like the prior.
    #[test]
    fn a_flow_of_codes_like_the_prior_is_hardly_better_than_the_prior() {
        let prior = |n: usize, seed| Codes {
            means: prior_draws(LATENTS, n, seed),
            deviations: Array2::zeros((n, LATENTS)),
            contexts: Array2::zeros((n, 0)),
        };
        let effort = Effort { steps: 250, batch: 32, width: 16 };
        let flow = quietly(&prior(2000, 1), &prior(1000, 2), effort, 1);
        // The best velocity has an error of π/2, where none has 2.
        let FlowScores { loss, prior_loss, .. } = flow.scores;
        assert!((prior_loss / 2.0 - 1.0).abs() < 0.05, "{prior_loss}");
        assert!(0.95 * std::f64::consts::FRAC_PI_2 < loss && loss <= prior_loss, "{loss}");
    }

    #[test]
    fn a_fit_depends_on_its_seed_alone_and_without_steps_it_is_the_prior() {
        let (codes, held_out) = (gaussian(50, "train"), gaussian(20, "validation"));
        let fitted = |steps, seed| {
            let flow = quietly(&codes, &held_out, Effort { steps, batch: 4, width: 8 }, seed);
            (draws(&flow, 0.3, 5), flow.scores)
        };
        assert_eq!(fitted(240, 1), fitted(240, 1));
        assert_ne!(fitted(240, 1).0, fitted(240, 2).0);
        let (drawn, scores) = fitted(0, 1);
        assert_eq!(drawn, prior_draws(LATENTS, 5, 5));
        assert_eq!((scores.steps, scores.loss), (0, scores.prior_loss));
    }

    #[test]
    fn many_codes_take_more_steps_up_to_a_limit() {
        let effort = |n| {
            let Effort { steps, batch, .. } = Effort::for_codes(n);
            (steps, batch)
        };
        assert_eq!(effort(1), (200, 1));
        assert_eq!(effort(100), (200, 100));
        assert_eq!(effort(1024), (400, 256));
        assert_eq!(effort(100_000), (2500, 256));
    }

    #[test]
    fn the_rate_rises_and_falls_to_nothing() {
        let rates: Vec<f64> = (0..1000).map(|step| rate(step, 1000)).collect();
        assert!(rates[..150].is_sorted() && rates[200..].is_sorted_by(|a, b| a >= b));
        assert!(rates.iter().all(|&rate| 0.0 < rate && rate <= RATE));
        assert!(rates[999] < 1e-5 * RATE && rates[0] < 0.01 * RATE);
    }
}
