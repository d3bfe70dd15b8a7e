//! Densities integrate to one, and moments and entropies are the integrals they claim to be.

use proptest::prelude::*;
use vae_prob::{
    Bernoulli, ContinuousBernoulli, DiscretizedLogistic, Normal, binary_entropy, exp_m1_minus_x,
    sigmoid, softplus, x_minus_ln_1p,
};

/// The integral of `f` against a normal's density: the trapezoidal rule, which is exact here to
/// rounding.
fn integrate_normal(p: &Normal<f64>, f: impl Fn(f64) -> f64) -> f64 {
    let h = 0.05;
    let points = (-300..=300).map(|i| p.mean() + p.std_dev() * h * f64::from(i));
    points.map(|x| p.log_prob(x).exp() * f(x)).sum::<f64>() * h * p.std_dev()
}

/// The integral of `f` over [0, 1]: Simpson's rule.
fn integrate_unit(f: impl Fn(f64) -> f64) -> f64 {
    let n = 4000;
    let weight = |i| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
    (0..=n).map(|i| weight(i) * f(f64::from(i) / f64::from(n))).sum::<f64>() / f64::from(3 * n)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn normal_density_integrates_to_one(m in -5.0..5.0_f64, v in -10.0..80.0_f64) {
        let p = Normal::from_log_var(m, v).unwrap();
        prop_assert!((integrate_normal(&p, |_| 1.0) - 1.0).abs() < 1e-11);
        prop_assert!((integrate_normal(&p, |x| x) - p.mean()).abs() < 1e-11 * (1.0 + p.std_dev()));
        prop_assert!(
            (integrate_normal(&p, |x| (x - m) * (x - m)) / p.variance() - 1.0).abs() < 1e-11
        );
        prop_assert!((integrate_normal(&p, |x| -p.log_prob(x)) - p.entropy()).abs() < 1e-10);
    }

    #[test]
    fn continuous_density_integrates_to_one(l in -30.0..30.0_f64) {
        let p = ContinuousBernoulli::from_logit(l).unwrap();
        let density = |x: f64| p.log_prob(x).exp();
        prop_assert!((integrate_unit(density) - 1.0).abs() < 1e-10);
        prop_assert!((integrate_unit(|x| x * density(x)) - p.mean()).abs() < 1e-10);
        prop_assert!(
            (integrate_unit(|x| (x - p.mean()).powi(2) * density(x)) - p.variance()).abs() < 1e-10
        );
        prop_assert!((integrate_unit(|x| -p.log_prob(x) * density(x)) - p.entropy()).abs() < 1e-9);
    }

    #[test]
    fn bernoulli_mass_adds_up_to_one(l in -50.0..50.0_f64) {
        let p = Bernoulli::from_logit(l).unwrap();
        let mass = |x: f64| p.log_prob(x).exp();
        prop_assert!((mass(0.0) + mass(1.0) - 1.0).abs() < 1e-15);
        prop_assert!((mass(1.0) - p.mean()).abs() < 1e-15);
        prop_assert!((mass(0.0) * mass(1.0) - p.variance()).abs() < 1e-15);
        prop_assert_eq!(p.log_prob(0.0), -p.cross_entropy(0.0));
        prop_assert_eq!(p.log_prob(1.0), -p.cross_entropy(1.0));
    }

    /// The 256 masses add up to one, and the mean is theirs; locations beyond black and white
    /// included.
    #[test]
    fn discretized_logistic_mass_adds_up_to_one(m in -0.5..1.5_f64, log_scale in -9.0..2.0_f64) {
        let p = DiscretizedLogistic::new(m, log_scale).unwrap();
        let mass = |level: u8| p.log_prob(level).exp();
        prop_assert!(((0..=255).map(mass).sum::<f64>() - 1.0).abs() < 1e-12);
        let mean = (0..=255).map(|level| mass(level) * f64::from(level) / 255.0).sum::<f64>();
        prop_assert!((p.mean() - mean).abs() < 1e-12);
        prop_assert!((0..=255).all(|level| p.log_prob(level) <= 0.0));
    }

    /// Where its two values of the distribution function are far enough apart to be subtracted, the
    /// mass is their difference.
    #[test]
    fn discretized_logistic_is_a_difference(m in 0.0..1.0_f64, log_scale in -4.0..0.0_f64) {
        let p = DiscretizedLogistic::new(m, log_scale).unwrap();
        let cdf = |x: f64| sigmoid((x - m) / log_scale.exp());
        for level in 1..255_u8 {
            let edge = |side: f64| cdf((f64::from(level) + side) / 255.0);
            let difference = edge(0.5) - edge(-0.5);
            if 1e-8 < difference {
                prop_assert!((p.log_prob(level) - difference.ln()).abs() < 1e-7);
            }
        }
        prop_assert!((p.log_prob(0) - cdf(0.5 / 255.0).ln()).abs() < 1e-9);
        // What lies above, without subtracting from 1.
        let above = sigmoid((m - 254.5 / 255.0) / log_scale.exp());
        prop_assert!((p.log_prob(255) - above.ln()).abs() < 1e-9);
    }

    #[test]
    fn probability_and_logit_are_inverse(p in 1e-6..0.999_999_f64) {
        prop_assert!((Bernoulli::from_probability(p).unwrap().mean() / p - 1.0).abs() < 1e-14);
    }

    #[test]
    fn standard_deviation_and_log_variance_are_inverse(log_sigma in -30.0..30.0_f64) {
        let sigma = log_sigma.exp();
        let p = Normal::from_std_dev(0.0, sigma).unwrap();
        prop_assert!((p.std_dev() / sigma - 1.0).abs() < 1e-14);
        prop_assert!((p.variance() / (sigma * sigma) - 1.0).abs() < 2e-14);
    }

    /// The constant is what the Bernoulli cross-entropy lacks.
    #[test]
    fn continuous_is_bernoulli_normalized(l in -30.0..30.0_f64, x in 0.0..=1.0_f64) {
        let (grey, coin) =
            (ContinuousBernoulli::from_logit(l).unwrap(), Bernoulli::from_logit(l).unwrap());
        let log_prob = grey.log_normalizer() - coin.cross_entropy(x);
        prop_assert!((grey.log_prob(x) - log_prob).abs() < 1e-14 * (1.0 + l.abs()));
    }

    /// A draw is the quantile of its uniform number: the density integrates up to it.
    #[test]
    fn continuous_draws_are_quantiles(l in -30.0..30.0_f64, u in 0.0..=1.0_f64) {
        let p = ContinuousBernoulli::from_logit(l).unwrap();
        let x = p.reparameterize(u);
        prop_assert!((0.0..=1.0).contains(&x));
        let below = x * integrate_unit(|t| p.log_prob(t * x).exp());
        prop_assert!((below - u).abs() < 1e-9);
    }

    /// A draw lies `eps` standard deviations from the mean: its log-density is that of `eps`, but
    /// for the width.
    #[test]
    fn normal_draws_carry_their_density(
        m in -5.0..5.0_f64,
        v in -10.0..10.0_f64,
        eps in -6.0..6.0_f64,
    ) {
        let p = Normal::from_log_var(m, v).unwrap();
        let expected = Normal::standard().log_prob(eps) - 0.5 * v;
        prop_assert!((p.log_prob(p.reparameterize(eps)) - expected).abs() < 1e-10);
    }
}

#[test]
fn outside_the_support_the_density_is_zero() {
    let coin = Bernoulli::from_logit(0.5).unwrap();
    let grey = ContinuousBernoulli::from_logit(0.5).unwrap();
    for x in [-1e-9, 1.0 + 1e-9, 2.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(coin.log_prob(x), f64::NEG_INFINITY);
        assert_eq!(grey.log_prob(x), f64::NEG_INFINITY);
        assert_eq!(coin.cross_entropy(x), f64::INFINITY);
    }
    assert_eq!(coin.log_prob(0.5), f64::NEG_INFINITY);
    assert_eq!(Normal::standard().log_prob(f64::NEG_INFINITY), f64::NEG_INFINITY);
}

#[test]
fn data_that_are_not_a_number_are_handed_on() {
    assert!(Normal::standard().log_prob(f64::NAN).is_nan());
    assert!(Bernoulli::from_logit(0.5).unwrap().log_prob(f64::NAN).is_nan());
    assert!(Bernoulli::from_logit(0.5).unwrap().cross_entropy(f64::NAN).is_nan());
    assert!(ContinuousBernoulli::from_logit(0.5).unwrap().log_prob(f64::NAN).is_nan());
    assert!(ContinuousBernoulli::from_logit(5.0).unwrap().log_prob(f64::NAN).is_nan());
    assert!(ContinuousBernoulli::from_logit(5.0).unwrap().reparameterize(f64::NAN).is_nan());
    assert!(
        softplus(f64::NAN).is_nan()
            && sigmoid(f64::NAN).is_nan()
            && binary_entropy(f64::NAN).is_nan()
    );
    assert!(exp_m1_minus_x(f64::NAN).is_nan() && x_minus_ln_1p(f64::NAN).is_nan());
}

#[test]
fn special_functions_at_the_ends_of_the_line() {
    assert_eq!((softplus(f64::NEG_INFINITY), softplus(f64::INFINITY)), (0.0, f64::INFINITY));
    assert_eq!((sigmoid(f64::NEG_INFINITY), sigmoid(f64::INFINITY)), (0.0, 1.0));
    assert_eq!(
        (exp_m1_minus_x(f64::NEG_INFINITY), exp_m1_minus_x(f64::INFINITY)),
        (f64::INFINITY, f64::INFINITY)
    );
    assert_eq!((x_minus_ln_1p(-1.0), x_minus_ln_1p(f64::INFINITY)), (f64::INFINITY, f64::INFINITY));
    assert!(x_minus_ln_1p(-1.5_f64).is_nan());
    assert_eq!((binary_entropy(0.0), binary_entropy(1.0)), (0.0, 0.0));
    assert!(binary_entropy(-0.1_f64).is_nan() && binary_entropy(1.1_f64).is_nan());
}
