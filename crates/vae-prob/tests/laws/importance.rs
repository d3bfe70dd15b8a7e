//! Averages of weights in the log domain, and the honesty of the errors that are printed beside
//! them.

use proptest::prelude::*;
use rand::Rng;
use rand_distr::StandardNormal;
use vae_prob::{
    Bernoulli, ImportanceEstimate, Normal, bits_per_dim, effective_sample_size, iwae_bound,
    log_mean_exp, log_sum_exp, log_weight,
};

use crate::statistics::{generator, mean_and_error};

fn log_weights() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-500.0..500.0_f64, 1..40)
}

proptest! {
    /// Jensen's inequality, draw by draw.
    #[test]
    fn log_mean_exp_lies_between_mean_and_maximum(w in log_weights()) {
        let mean = w.iter().sum::<f64>() / w.len() as f64;
        let max = w.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bound = log_mean_exp(&w);
        prop_assert!(mean <= bound + 1e-12 * (1.0 + mean.abs()));
        prop_assert!(bound <= max);
        prop_assert_eq!(iwae_bound(&w), bound);
        prop_assert!(
            (log_sum_exp(&w) - bound - (w.len() as f64).ln()).abs() < 1e-12 * (1.0 + bound.abs())
        );
    }

    #[test]
    fn log_mean_exp_moves_with_its_weights(w in log_weights(), shift in -1e3..1e3_f64) {
        let moved: Vec<f64> = w.iter().map(|w| w + shift).collect();
        prop_assert!((log_mean_exp(&moved) - log_mean_exp(&w) - shift).abs() < 1e-11);
        prop_assert!(
            (effective_sample_size(&moved) / effective_sample_size(&w) - 1.0).abs() < 1e-9
        );
    }

    #[test]
    fn one_weight_is_its_own_mean(w in -1e30..1e30_f64) {
        prop_assert_eq!(log_mean_exp(&[w]), w);
        prop_assert_eq!(log_sum_exp(&[w]), w);
        prop_assert_eq!(effective_sample_size(&[w]), 1.0);
    }

    #[test]
    fn a_draw_without_weight_halves_the_mean(w in -500.0..500.0_f64) {
        let halved = log_mean_exp(&[w, f64::NEG_INFINITY]);
        prop_assert!((halved - (w - std::f64::consts::LN_2)).abs() < 1e-12 * (1.0 + w.abs()));
    }

    #[test]
    fn effective_sample_size_lies_between_one_and_all(w in log_weights()) {
        let size = effective_sample_size(&w);
        prop_assert!(1.0 - 1e-12 <= size && size <= w.len() as f64 * (1.0 + 1e-12));
    }

    /// The estimate is that of all weights at once, in any order and in any chunks.
    #[test]
    fn streaming_changes_nothing(w in log_weights(), cut in 0.0..=1.0_f64) {
        let at = (cut * w.len() as f64) as usize;
        let whole: ImportanceEstimate = w.iter().copied().collect();
        let mut backwards: ImportanceEstimate = w[at..].iter().rev().copied().collect();
        backwards.merge(&w[..at].iter().copied().collect());
        for estimate in [whole, backwards] {
            prop_assert_eq!(estimate.n_draws(), w.len() as u64);
            prop_assert!((estimate.log_likelihood() - log_mean_exp(&w)).abs() < 1e-11);
            prop_assert!(
                (estimate.effective_sample_size() / effective_sample_size(&w) - 1.0).abs() < 1e-11
            );
        }
    }

    #[test]
    fn bits_are_nats_by_another_name(nats in -1e4..1e4_f64, n in 1..100_000_usize) {
        prop_assert!((bits_per_dim(nats, n) * n as f64 * 2.0_f64.ln() - nats).abs() < 1e-9);
    }
}

#[test]
fn infinities_and_nan() {
    const NONE: f64 = f64::NEG_INFINITY;
    assert_eq!(log_mean_exp(&[NONE, NONE]), NONE);
    assert_eq!(log_sum_exp(&[NONE, NONE]), NONE);
    assert_eq!(effective_sample_size(&[NONE, NONE]), 0.0);
    assert_eq!(log_mean_exp(&[0.0, f64::INFINITY]), f64::INFINITY);
    for weights in
        [[f64::NAN, 0.0, 1.0], [0.0, f64::NAN, 1.0], [0.0, 1.0, f64::NAN], [NONE, NONE, f64::NAN]]
    {
        assert!(log_mean_exp(&weights).is_nan());
        assert!(log_sum_exp(&weights).is_nan());
        assert!(effective_sample_size(&weights).is_nan());
        let estimate: ImportanceEstimate = weights.into_iter().collect();
        assert!(
            estimate.log_likelihood().is_nan()
                && estimate.standard_error().is_nan()
                && estimate.bias().is_nan()
        );
    }
    assert!(log_mean_exp::<f64>(&[]).is_nan());
    assert_eq!(log_sum_exp::<f64>(&[]), NONE);
    assert_eq!(effective_sample_size::<f64>(&[]), 0.0);

    let nothing: ImportanceEstimate = [NONE, NONE].into_iter().collect();
    assert_eq!((nothing.log_likelihood(), nothing.standard_error()), (NONE, f64::INFINITY));
    let one: ImportanceEstimate = [-3.0].into_iter().collect();
    assert!(one.standard_error().is_nan());
    assert!(ImportanceEstimate::new().log_likelihood().is_nan());
}

/// An impossible draw weighs nothing, and is not undefined.
#[test]
fn log_weight_of_an_impossible_draw() {
    assert_eq!(log_weight(f64::NEG_INFINITY, -1.0, -2.0), f64::NEG_INFINITY);
}

/// Lognormal weights with mean 1: the printed error and bias are those of repeated estimates.
#[test]
fn printed_errors_are_those_of_repetitions() {
    const SIGMA: f64 = 0.5;
    let mut rng = generator(21);
    let estimates: Vec<ImportanceEstimate> = (0..40_000)
        .map(|_| {
            (0..64)
                .map(|_| SIGMA * rng.sample::<f64, _>(StandardNormal) - 0.5 * SIGMA * SIGMA)
                .collect()
        })
        .collect();
    let values: Vec<f64> = estimates.iter().map(ImportanceEstimate::log_likelihood).collect();
    let (mean, error) = mean_and_error(&values);
    let variance = error * error * values.len() as f64;
    let average = |f: fn(&ImportanceEstimate) -> f64| {
        estimates.iter().map(f).sum::<f64>() / estimates.len() as f64
    };
    let printed_variance = average(|estimate| estimate.standard_error().powi(2));
    let printed_bias = average(ImportanceEstimate::bias);
    // The delta method stops at second order; what it leaves out is of relative order 1/K.
    assert!((printed_variance / variance - 1.0).abs() < 0.05, "{printed_variance} {variance}");
    assert!((printed_bias - mean).abs() < 4.3 * error + 0.1 * mean.abs(), "{printed_bias} {mean}");
    assert!(error < 0.2 * mean.abs(), "the bias {mean} ± {error} is not resolved");
}

/// A decoder without closed form and one latent: the integral over z is done by quadrature instead.
#[test]
fn estimate_against_quadrature() {
    let x = [1.0, 0.0, 1.0, 1.0];
    let log_likelihood = |z: f64| -> f64 {
        let logits = [2.0 * z.sin(), z - 1.0, 0.5 * z * z, -1.5 * z];
        logits.iter().zip(x).map(|(&l, x)| Bernoulli::from_logit(l).unwrap().log_prob(x)).sum()
    };
    let prior = Normal::standard();
    let h = 0.01;
    let joint =
        (-1200..=1200).map(|i| h * f64::from(i)).map(|z| log_likelihood(z) + prior.log_prob(z));
    let exact = log_sum_exp(&joint.collect::<Vec<_>>()) + h.ln();

    let q = Normal::from_log_var(-0.2, 0.3).unwrap();
    let mut rng = generator(22);
    let draws: Vec<f64> = (0..200_000)
        .map(|_| {
            let z = q.reparameterize(rng.sample(StandardNormal));
            log_weight(log_likelihood(z), prior.log_prob(z), q.log_prob(z))
        })
        .collect();
    let estimate: ImportanceEstimate = draws.iter().copied().collect();
    let distance = (estimate.log_likelihood() - exact).abs();
    assert!(
        distance < 4.3 * estimate.standard_error(),
        "{} is not {exact}",
        estimate.log_likelihood()
    );
    assert!(estimate.standard_error() < 0.005);

    // More draws per bound, tighter bound; all of them below.
    let bounds = [1, 5, 50]
        .map(|k| mean_and_error(&draws.chunks_exact(k).map(iwae_bound).collect::<Vec<_>>()));
    for ((lower, _), (upper, _)) in bounds.iter().zip(&bounds[1..]) {
        assert!(lower < upper);
    }
    for (bound, error) in bounds {
        assert!(bound < exact + 4.3 * error);
    }
}
