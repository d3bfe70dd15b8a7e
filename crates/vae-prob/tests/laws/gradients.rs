//! Every derivative against central differences.

use proptest::prelude::*;
use vae_prob::{
    Bernoulli, ContinuousBernoulli, DiscretizedLogistic, IsotropicNormal, Normal, exp_m1_minus_x,
    sigmoid, soft_bound, softplus, x_minus_ln_1p,
};

/// The central difference with a step that leaves ten digits, and its error allowed.
fn assert_derivative(f: impl Fn(f64) -> f64, x: f64, derivative: f64) -> Result<(), TestCaseError> {
    let h = 1e-5 * (1.0 + x.abs());
    let (below, above) = (f(x - h), f(x + h));
    let difference = (above - below) / (2.0 * h);
    let scale = 1.0 + derivative.abs() + below.abs() + above.abs();
    prop_assert!(
        (difference - derivative).abs() < 1e-8 * scale,
        "{derivative} is not {difference}"
    );
    Ok(())
}

proptest! {
    #[test]
    fn normal_log_prob(m in -2.0..2.0_f64, v in -2.0..2.0_f64, x in -2.0..2.0_f64) {
        let normal = |m, v| Normal::from_log_var(m, v).unwrap();
        let (by_mean, by_log_var) = normal(m, v).log_prob_gradient(x);
        assert_derivative(|m| normal(m, v).log_prob(x), m, by_mean)?;
        assert_derivative(|v| normal(m, v).log_prob(x), v, by_log_var)?;
    }

    #[test]
    fn normal_kl_to_standard(m in -3.0..3.0_f64, v in -5.0..5.0_f64) {
        let normal = |m, v| Normal::from_log_var(m, v).unwrap();
        let (by_mean, by_log_var) = normal(m, v).kl_to_standard_gradient();
        assert_derivative(|m| normal(m, v).kl_to_standard(), m, by_mean)?;
        assert_derivative(|v| normal(m, v).kl_to_standard(), v, by_log_var)?;
    }

    #[test]
    fn isotropic_log_prob(log_sigma in -1.0..1.0_f64, x in prop::array::uniform3(0.0..1.0_f64)) {
        let mean = [0.1, 0.5, 0.9];
        let normal = |log_sigma: f64| IsotropicNormal::new(&mean, log_sigma.exp()).unwrap();
        assert_derivative(
            |s| normal(s).log_prob(&x),
            log_sigma,
            normal(log_sigma).log_std_dev_gradient(&x),
        )?;
    }

    #[test]
    fn bernoulli_log_prob(l in -20.0..20.0_f64, target in 0.0..=1.0_f64) {
        let coin = |l| Bernoulli::from_logit(l).unwrap();
        for x in [0.0, 1.0] {
            assert_derivative(|l| coin(l).log_prob(x), l, coin(l).log_prob_gradient(x))?;
        }
        assert_derivative(
            |l| -coin(l).cross_entropy(target),
            l,
            coin(l).log_prob_gradient(target),
        )?;
    }

    /// Series and closed forms meet at 2, where the differences straddle both.
    #[test]
    fn continuous_log_prob(
        l in prop_oneof![-20.0..20.0_f64, 1.999..2.001_f64, -1e-3..1e-3_f64],
        x in 0.0..=1.0_f64,
    ) {
        let grey = |l| ContinuousBernoulli::from_logit(l).unwrap();
        assert_derivative(|l| grey(l).log_prob(x), l, grey(l).log_prob_gradient(x))?;
        assert_derivative(|l| grey(l).log_normalizer() - softplus(l), l, -grey(l).mean())?;
        assert_derivative(|l| grey(l).mean(), l, grey(l).variance())?;
        // dH/dl = −l var(l)
        assert_derivative(|l| grey(l).entropy(), l, -l * grey(l).variance())?;
    }

    /// Scales for which the third derivative, which a difference leaves out, stays small.
    #[test]
    fn discretized_logistic_log_prob(m in -0.2..1.2_f64, log_scale in -2.5..1.0_f64) {
        let pixel = |m, log_scale| DiscretizedLogistic::new(m, log_scale).unwrap();
        for level in [0, 1, 77, 128, 254, 255] {
            let (by_location, by_log_scale) = pixel(m, log_scale).log_prob_gradient(level);
            assert_derivative(|m| pixel(m, log_scale).log_prob(level), m, by_location)?;
            assert_derivative(|s| pixel(m, s).log_prob(level), log_scale, by_log_scale)?;
        }
    }

    #[test]
    fn special_functions(x in -5.0..5.0_f64, u in -0.9..5.0_f64) {
        assert_derivative(exp_m1_minus_x, x, x.exp_m1())?;
        assert_derivative(x_minus_ln_1p, u, u / (1.0 + u))?;
        let above = -3.0 + softplus(x + 3.0);
        assert_derivative(
            |v| soft_bound(v, -3.0, 2.0),
            x,
            sigmoid(x + 3.0) * sigmoid(2.0 - above),
        )?;
    }

    #[test]
    fn soft_bound_keeps_its_bounds(
        v in -1e6..1e6_f64,
        lo in -50.0..0.0_f64,
        width in 1e-3..100.0_f64,
    ) {
        let hi = lo + width;
        let bounded = soft_bound(v, lo, hi);
        prop_assert!(lo - softplus(-width) - 1e-12 <= bounded && bounded <= hi);
    }

    /// Draws are pushed by the parameters as `m + e^(v/2) ε` is.
    #[test]
    fn normal_draws(m in -2.0..2.0_f64, v in -2.0..2.0_f64, eps in -3.0..3.0_f64) {
        let draw = |m, v| Normal::from_log_var(m, v).unwrap().reparameterize(eps);
        assert_derivative(|m| draw(m, v), m, 1.0)?;
        assert_derivative(|v| draw(m, v), v, 0.5 * (draw(m, v) - m))?;
    }
}
