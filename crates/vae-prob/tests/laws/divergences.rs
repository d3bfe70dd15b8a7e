//! Divergences are never negative, vanish between equals only, and are the expectations they claim
//! to be.

use proptest::prelude::*;
use rand::Rng;
use rand_distr::StandardNormal;
use vae_prob::{
    Bernoulli, ContinuousBernoulli, DiagonalNormal, Normal, binary_entropy, sigmoid, softplus,
};

use crate::statistics::{assert_mean, generator};

/// A change that both precisions resolve.
fn step() -> impl Strategy<Value = f64> {
    prop_oneof![1e-3..1.0_f64, -1.0..-1e-3_f64]
}

proptest! {
    #[test]
    fn normal_kl_is_not_negative(
        mp in -1e3..1e3_f64,
        vp in -80.0..80.0_f64,
        mq in -1e3..1e3_f64,
        vq in -80.0..80.0_f64,
    ) {
        let (p, q) = (Normal::from_log_var(mp, vp).unwrap(), Normal::from_log_var(mq, vq).unwrap());
        prop_assert!(p.kl(&q) >= 0.0);
        prop_assert!(p.kl_to_standard() >= 0.0);
        prop_assert_eq!(p.kl(&p), 0.0);
        prop_assert_eq!(p.kl(&Normal::standard()), p.kl_to_standard());
    }

    #[test]
    fn normal_kl_vanishes_between_equals_only(
        m in -10.0..10.0_f64,
        v in -20.0..20.0_f64,
        step in step(),
    ) {
        let p = Normal::from_log_var(m, v).unwrap();
        prop_assert!(p.kl(&Normal::from_log_var(m + step, v).unwrap()) > 0.0);
        prop_assert!(p.kl(&Normal::from_log_var(m, v + step).unwrap()) > 0.0);
    }

    #[test]
    fn normal_kl_does_not_depend_on_units(
        mp in -3.0..3.0_f64,
        vp in -3.0..3.0_f64,
        mq in -3.0..3.0_f64,
        vq in -3.0..3.0_f64,
        shift in -3.0..3.0_f64,
        log_scale in -3.0..3.0_f64,
    ) {
        let normal = |m: f64, v: f64| Normal::from_log_var(m, v).unwrap();
        let moved = |m: f64, v: f64| normal(log_scale.exp() * (m + shift), v + 2.0 * log_scale);
        let (here, there) = (normal(mp, vp).kl(&normal(mq, vq)), moved(mp, vp).kl(&moved(mq, vq)));
        prop_assert!((here - there).abs() <= 1e-12 * (1.0 + here));
    }

    #[test]
    fn diagonal_kl_adds_up_its_coordinates(
        parameters in prop::collection::vec(prop::array::uniform4(-3.0..3.0_f64), 0..8),
    ) {
        let column = |i: usize| parameters.iter().map(|row| row[i]).collect::<Vec<_>>();
        let (mp, vp, mq, vq) = (column(0), column(1), column(2), column(3));
        let p = DiagonalNormal::new(&mp, &vp).unwrap();
        let q = DiagonalNormal::new(&mq, &vq).unwrap();
        let sum: f64 = p.coordinates().zip(q.coordinates()).map(|(p, q)| p.kl(&q)).sum();
        prop_assert_eq!(p.kl(&q), sum);
        prop_assert_eq!(p.kl_to_standard(), p.kl_to_standard_per_dim().sum::<f64>());
        prop_assert_eq!(p.kl_to_standard_per_dim().len(), p.dim());
        prop_assert_eq!(p.kl(&p), 0.0);
    }

    #[test]
    fn bernoulli_kl_is_not_negative(lp in -300.0..300.0_f64, lq in -300.0..300.0_f64) {
        let (p, q) = (Bernoulli::from_logit(lp).unwrap(), Bernoulli::from_logit(lq).unwrap());
        prop_assert!(p.kl(&q) >= 0.0);
        prop_assert_eq!(p.kl(&p), 0.0);
    }

    #[test]
    fn bernoulli_kl_vanishes_between_equals_only(l in -30.0..30.0_f64, step in step()) {
        let p = Bernoulli::from_logit(l).unwrap();
        prop_assert!(p.kl(&Bernoulli::from_logit(l + step).unwrap()) > 0.0);
    }

    #[test]
    fn bernoulli_kl_is_the_cross_entropy_beyond_the_entropy(
        lp in -10.0..10.0_f64,
        lq in -10.0..10.0_f64,
    ) {
        let (p, q) = (Bernoulli::from_logit(lp).unwrap(), Bernoulli::from_logit(lq).unwrap());
        let beyond = q.cross_entropy(p.mean()) - p.entropy();
        prop_assert!((p.kl(&q) - beyond).abs() <= 1e-13 * (1.0 + beyond));
        prop_assert!((p.entropy() - binary_entropy(p.mean())).abs() < 1e-11);
    }

    #[test]
    fn cross_entropy_is_at_least_that_of_the_target(l in -20.0..20.0_f64, target in 0.0..=1.0_f64) {
        let excess =
            Bernoulli::from_logit(l).unwrap().cross_entropy(target) - binary_entropy(target);
        prop_assert!(excess >= -1e-15);
    }

    #[test]
    fn continuous_kl_is_not_negative(lp in -300.0..300.0_f64, lq in -300.0..300.0_f64) {
        let (p, q) = (
            ContinuousBernoulli::from_logit(lp).unwrap(),
            ContinuousBernoulli::from_logit(lq).unwrap(),
        );
        prop_assert!(p.kl(&q) >= 0.0);
        prop_assert_eq!(p.kl(&p), 0.0);
    }

    #[test]
    fn continuous_kl_vanishes_between_equals_only(l in -30.0..30.0_f64, step in step()) {
        let p = ContinuousBernoulli::from_logit(l).unwrap();
        prop_assert!(p.kl(&ContinuousBernoulli::from_logit(l + step).unwrap()) > 0.0);
    }

    #[test]
    fn continuous_kl_is_that_of_the_mirror_images(lp in -30.0..30.0_f64, lq in -30.0..30.0_f64) {
        let kl = |lp, lq| {
            ContinuousBernoulli::from_logit(lp)
                .unwrap()
                .kl(&ContinuousBernoulli::from_logit(lq).unwrap())
        };
        let (here, there): (f64, f64) = (kl(lp, lq), kl(-lp, -lq));
        prop_assert!((here - there).abs() <= 64.0 * f64::EPSILON * here);
    }

    /// The three ways to evaluate the divergence agree where they meet.
    #[test]
    fn continuous_kl_has_no_seams(
        l in -10.0..10.0_f64,
        sign in prop_oneof![Just(-1.0), Just(1.0)],
    ) {
        let p = ContinuousBernoulli::from_logit(l).unwrap();
        let kl =
            |distance: f64| p.kl(&ContinuousBernoulli::from_logit(l + sign * distance).unwrap());
        let (below, above): (f64, f64) = (kl(1.0 - 1e-9), kl(1.0 + 1e-9));
        prop_assert!((above / below - 1.0).abs() < 1e-8);
    }

    #[test]
    fn softplus_and_sigmoid_are_symmetric(l in -700.0..700.0_f64) {
        let (above, below) = (softplus(l), softplus(-l));
        prop_assert!((above - below - l).abs() <= 2.0 * f64::EPSILON * (above + below));
        prop_assert!((sigmoid(l) + sigmoid(-l) - 1.0).abs() <= f64::EPSILON);
    }
}

/// The mean of ln p − ln q over draws of p, for pairs from near to far.
#[test]
fn normal_kl_against_draws() {
    let pairs = [
        ((0.0, 0.0), (0.0, 0.0)),
        ((1.0, 0.5), (0.0, 0.0)),
        ((0.0, -2.0), (0.5, -1.0)),
        ((-1.0, 1.0), (2.0, 3.0)),
    ];
    for (seed, ((mp, vp), (mq, vq))) in (1..).zip(pairs) {
        let (p, q) = (Normal::from_log_var(mp, vp).unwrap(), Normal::from_log_var(mq, vq).unwrap());
        let mut rng = generator(seed);
        let log_ratios: Vec<f64> = (0..200_000)
            .map(|_| {
                let x = p.reparameterize(rng.sample(StandardNormal));
                p.log_prob(x) - q.log_prob(x)
            })
            .collect();
        assert_mean(&log_ratios, p.kl(&q));
    }
}

#[test]
fn continuous_kl_against_draws() {
    for (seed, (lp, lq)) in
        (11..).zip([(0.0, 1.0), (1.0, -3.0), (-8.0, -2.5), (4.0, 20.0), (0.5, 0.6)])
    {
        let (p, q) = (
            ContinuousBernoulli::from_logit(lp).unwrap(),
            ContinuousBernoulli::from_logit(lq).unwrap(),
        );
        let mut rng = generator(seed);
        let log_ratios: Vec<f64> = (0..200_000)
            .map(|_| {
                let x = p.reparameterize(rng.random());
                p.log_prob(x) - q.log_prob(x)
            })
            .collect();
        assert_mean(&log_ratios, p.kl(&q));
    }
}

/// A distribution with two values needs no draws.
#[test]
fn bernoulli_kl_against_its_definition() {
    for (lp, lq) in [(0.0_f64, 1.0), (1.0, -3.0), (-8.0, -2.5), (4.0, 20.0)] {
        let (p, q) = (Bernoulli::from_logit(lp).unwrap(), Bernoulli::from_logit(lq).unwrap());
        let kl: f64 =
            [0.0, 1.0].map(|x| p.log_prob(x).exp() * (p.log_prob(x) - q.log_prob(x))).iter().sum();
        assert!((p.kl(&q) - kl).abs() < 1e-14 * (1.0 + kl));
    }
}
