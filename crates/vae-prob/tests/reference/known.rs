//! Values at arguments that are easily quoted, and so not rounded to single precision.

use vae_prob::{
    ContinuousBernoulli, DiagonalNormal, DiscretizedLogistic, Normal, ParamError, softplus,
};

#[test]
fn double_precision() -> Result<(), ParamError> {
    let kl = |mean, log_var| -> Result<f64, ParamError> {
        Ok(DiagonalNormal::new(&[mean; 10], &[log_var; 10])?.kl_to_standard())
    };
    let grey = ContinuousBernoulli::from_logit;
    let rows: [(f64, f64); 13] = [
        (kl(1.0, 0.0)?, 5.0),
        (kl(1.0, 1.0)?, 8.591409142295226176801437),
        (Normal::from_log_var(0.0, 1e-4)?.kl_to_standard(), 2.500083335416708334027788e-9),
        (Normal::from_log_var(0.5, -2.0)?.kl_to_standard(), 0.6926676416183063459469997),
        (Normal::standard().log_prob(1.0), -1.41893853320467274178033),
        (Normal::standard().log_prob(0.0), -0.91893853320467274178033),
        (softplus(-20.0), 2.061153620314380703239e-9),
        (softplus(1.0), 1.313261687518222834049),
        (grey(1.0)?.log_prob(1.0), 0.4586751453870818910216),
        (grey(-2.5)?.log_prob(0.3), 0.2519412156161932463535),
        (grey(0.01)?.log_prob(0.5), -4.166663194449955897955e-6),
        (grey(50.0)?.log_prob(0.0), -46.08797699457185394138),
        (grey(-2.5)?.mean(), 0.3105745101661479866147),
    ];
    for (i, (computed, known)) in rows.into_iter().enumerate() {
        let error = (computed / known - 1.0).abs();
        assert!(error <= 4.0 * f64::EPSILON, "row {i}: {computed} is not {known}");
    }
    Ok(())
}

/// From the definition with 60 digits. In single precision the rounding of the level is divided by
/// the scale.
#[test]
fn discretized_logistic() -> Result<(), ParamError> {
    let rows: [(f64, f64, u8, f64); 6] = [
        (0.25, -3.0, 64, -3.927784050618459439890416),
        (0.25, -3.0, 255, -15.02476958507737221782397),
        (0.25, -3.0, 0, -4.988837722637890946276388),
        (0.75, -6.0, 10, -286.1899244963849426289657),
        (0.5, -8.0, 128, -0.6931639343820369307411463),
        (0.5, 1.0, 17, -7.933904472600310188498235),
    ];
    for (m, log_scale, level, known) in rows {
        let double = DiscretizedLogistic::new(m, log_scale)?.log_prob(level);
        let rounding = (-log_scale).exp() + known.abs();
        assert!((double - known).abs() <= 8.0 * f64::EPSILON * rounding, "{double} is not {known}");
        let single = DiscretizedLogistic::new(m as f32, log_scale as f32)?.log_prob(level);
        let error = (f64::from(single) - known).abs();
        assert!(error <= 8.0 * f64::from(f32::EPSILON) * rounding, "{single} is not {known}");
    }
    Ok(())
}
