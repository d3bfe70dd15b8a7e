//! Single precision keeps what it promises at extremes that no table lists: held against double
//! precision.

use proptest::prelude::*;
use vae_prob::{
    Bernoulli, ContinuousBernoulli, DiagonalNormal, Normal, exp_m1_minus_x, sigmoid, softplus,
    x_minus_ln_1p,
};

/// Fails if `single` is off by more than so many ε of `scale`; what single precision cannot hold
/// must be infinite.
fn assert_close(single: f32, double: f64, scale: f64, epsilons: f64) -> Result<(), TestCaseError> {
    let overflow = f32::INFINITY.copysign(double as f32);
    if f64::from(f32::MAX) < double.abs() {
        prop_assert_eq!(single, overflow);
    } else if single == overflow {
        // The half is taken last: of `e^v / 2`, the upper half of the range is lost.
        prop_assert!(0.5 * f64::from(f32::MAX) < double.abs());
    } else {
        let allowed = epsilons * f64::from(f32::EPSILON) * scale + f64::from(f32::MIN_POSITIVE);
        let error = (f64::from(single) - double).abs();
        prop_assert!(
            error <= allowed,
            "{single} is off {double} by {} ε",
            error / f64::from(f32::EPSILON) / scale
        );
    }
    Ok(())
}

/// Numbers of all magnitudes up to the given one, both signs.
fn magnitudes(largest: f32) -> impl Strategy<Value = f32> {
    let exponents = (-30.0..=0.0_f32).prop_map(move |e| largest * 10.0_f32.powf(e));
    (exponents, any::<bool>()).prop_map(|(x, negative)| if negative { -x } else { x })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn special_functions(v in magnitudes(200.0)) {
        let wide = f64::from(v);
        assert_close(softplus(v), softplus(wide), softplus(wide), 2.0)?;
        assert_close(sigmoid(v), sigmoid(wide), sigmoid(wide), 4.0)?;
        assert_close(exp_m1_minus_x(v), exp_m1_minus_x(wide), exp_m1_minus_x(wide), 6.0)?;
        if v > -1.0 {
            assert_close(x_minus_ln_1p(v), x_minus_ln_1p(wide), x_minus_ln_1p(wide), 6.0)?;
        }
    }

    /// Collapsed, as trained, and blown up: log-variances from 1e-28 to where `e^v` leaves the
    /// range and beyond.
    #[test]
    fn normal_kl_to_standard(m in magnitudes(1e6), v in magnitudes(400.0)) {
        let double = Normal::from_log_var(f64::from(m), f64::from(v)).unwrap().kl_to_standard();
        assert_close(Normal::from_log_var(m, v).unwrap().kl_to_standard(), double, double, 6.0)?;
    }

    #[test]
    fn normal_kl(
        mp in magnitudes(1e3),
        vp in magnitudes(80.0),
        mq in magnitudes(1e3),
        vq in magnitudes(80.0),
    ) {
        let single =
            Normal::from_log_var(mp, vp).unwrap().kl(&Normal::from_log_var(mq, vq).unwrap());
        let wide = |m: f32, v: f32| Normal::from_log_var(f64::from(m), f64::from(v)).unwrap();
        let double = wide(mp, vp).kl(&wide(mq, vq));
        // The rounding of v_p − v_q is amplified by the exponential.
        let amplified = 2.0 + (f64::from(vp) - f64::from(vq)).abs();
        assert_close(single, double, double, 6.0 + amplified)?;
    }

    #[test]
    fn normal_log_prob(m in -3.0..3.0_f32, v in magnitudes(80.0), eps in -6.0..6.0_f32) {
        let single = Normal::from_log_var(m, v).unwrap();
        let x = single.reparameterize(eps);
        let double = Normal::from_log_var(f64::from(m), f64::from(v)).unwrap();
        let log_prob = double.log_prob(f64::from(x));
        let terms = 2.0 * (log_prob + 0.5 * f64::from(v)).abs() + f64::from(v).abs() + 2.0;
        assert_close(single.log_prob(x), log_prob, terms, 4.0)?;
    }

    #[test]
    fn bernoulli(l in magnitudes(500.0), other in magnitudes(500.0), target in 0.0..=1.0_f32) {
        let (p, q) = (Bernoulli::from_logit(l).unwrap(), Bernoulli::from_logit(other).unwrap());
        let wide = |l: f32| Bernoulli::from_logit(f64::from(l)).unwrap();
        let (wide_p, wide_q) = (wide(l), wide(other));
        for x in [0.0, 1.0] {
            assert_close(
                p.log_prob(x),
                wide_p.log_prob(f64::from(x)),
                wide_p.log_prob(f64::from(x)).abs(),
                2.0,
            )?;
        }
        let cross_entropy = wide_p.cross_entropy(f64::from(target));
        assert_close(p.cross_entropy(target), cross_entropy, cross_entropy, 4.0)?;
        assert_close(p.entropy(), wide_p.entropy(), wide_p.entropy(), 4.0)?;
        let kl = wide_p.kl(&wide_q);
        // The rounding of l_q − l_p enters twice, through either value.
        assert_close(p.kl(&q), kl, kl, 8.0 + 4.0)?;
    }

    #[test]
    fn continuous_bernoulli(
        l in magnitudes(500.0),
        other in magnitudes(500.0),
        x in 0.0..=1.0_f32,
    ) {
        let (p, q) = (
            ContinuousBernoulli::from_logit(l).unwrap(),
            ContinuousBernoulli::from_logit(other).unwrap(),
        );
        let wide = |l: f32| ContinuousBernoulli::from_logit(f64::from(l)).unwrap();
        let (wide_p, wide_q) = (wide(l), wide(other));
        assert_close(p.mean(), wide_p.mean(), wide_p.mean(), 4.0)?;
        assert_close(p.variance(), wide_p.variance(), wide_p.variance(), 8.0)?;
        assert_close(p.log_normalizer(), wide_p.log_normalizer(), wide_p.log_normalizer(), 4.0)?;
        assert_close(p.entropy(), wide_p.entropy(), wide_p.entropy().abs(), 8.0)?;
        assert_close(p.reparameterize(x), wide_p.reparameterize(f64::from(x)), 1.0, 4.0)?;
        let kl = wide_p.kl(&wide_q);
        assert_close(p.kl(&q), kl, kl, 32.0 + 4.0)?;
    }

    /// Ten thousand terms are added in double precision.
    #[test]
    fn sums_over_pixels(m in 0.1..1.0_f32, v in -3.0..0.0_f32) {
        let (mean, log_var) = (vec![m; 10_000], vec![v; 10_000]);
        let sum = DiagonalNormal::new(&mean, &log_var).unwrap().kl_to_standard();
        let term = Normal::from_log_var(f64::from(m), f64::from(v)).unwrap().kl_to_standard();
        assert_close(sum, 1e4 * term, 1e4 * term, 6.0)?;
    }
}

/// Where `e^v` leaves the range, results saturate and are not `NaN`.
#[test]
fn extreme_log_variances_saturate() {
    for v in [-1e30_f32, -300.0, 300.0, 1e30] {
        let p = Normal::from_log_var(0.5, v).unwrap();
        for q in
            [-1e30_f32, -300.0, 0.0, 300.0, 1e30].map(|v| Normal::from_log_var(0.5, v).unwrap())
        {
            assert!(p.kl(&q) >= 0.0, "{p:?} {q:?}");
            assert!(!p.log_prob(0.5).is_nan() && !p.log_prob(0.0).is_nan());
        }
        assert!(p.kl_to_standard() >= 0.0);
    }
}
