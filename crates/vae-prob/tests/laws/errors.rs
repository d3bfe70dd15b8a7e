//! Every constructor refuses what is no parameter, and says which value it refused.

use std::panic::{AssertUnwindSafe, catch_unwind};

use vae_prob::{
    Bernoulli, ContinuousBernoulli, DiagonalNormal, DiscretizedLogistic, IsotropicNormal, Normal,
    ParamError, optimal_std_dev,
};

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// Fails unless the error's message is the one expected.
#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, ParamError>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}

#[test]
fn parameters_that_are_not_finite() {
    for bad in BAD {
        check(Normal::from_log_var(bad, 0.0), &format!("mean must be finite, got {bad}"));
        check(Normal::from_log_var(0.0, bad), &format!("log_var must be finite, got {bad}"));
        check(Normal::from_std_dev(bad, 1.0), &format!("mean must be finite, got {bad}"));
        check(Bernoulli::from_logit(bad), &format!("logit must be finite, got {bad}"));
        check(ContinuousBernoulli::from_logit(bad), &format!("logit must be finite, got {bad}"));
        check(DiscretizedLogistic::new(bad, 0.0), &format!("location must be finite, got {bad}"));
        check(DiscretizedLogistic::new(0.0, bad), &format!("log_scale must be finite, got {bad}"));
        check(
            DiagonalNormal::new(&[0.0, bad], &[0.0, bad]),
            &format!("mean[1] must be finite, got {bad}"),
        );
        check(
            DiagonalNormal::new(&[0.0, 0.0], &[bad, 0.0]),
            &format!("log_var[0] must be finite, got {bad}"),
        );
        check(
            IsotropicNormal::new(&[0.0, 0.0, bad], 1.0),
            &format!("mean[2] must be finite, got {bad}"),
        );
    }
}

#[test]
fn scales_that_are_not_positive() {
    for bad in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY] {
        check(
            Normal::from_std_dev(0.0, bad),
            &format!("std_dev must be positive and finite, got {bad}"),
        );
        check(
            IsotropicNormal::new(&[0.0], bad),
            &format!("std_dev must be positive and finite, got {bad}"),
        );
    }
}

#[test]
fn probabilities_outside_the_open_interval() {
    for bad in [0.0, 1.0, -0.25, 1.5, f64::NAN] {
        check(
            Bernoulli::from_probability(bad),
            &format!("probability must lie strictly between 0 and 1, got {bad}"),
        );
    }
}

/// Single precision keeps its value in the message.
#[test]
fn single_precision_values_are_kept() {
    let error = Normal::from_std_dev(0.0, -0.5_f32).unwrap_err();
    assert_eq!(error, ParamError::NotPositive { name: "std_dev", value: -0.5 });
}

#[cfg(feature = "alloc")]
#[test]
fn oracle_parameters() {
    use vae_prob::{LinearGaussian, MultivariateNormal};

    check(LinearGaussian::new(&[f64::NAN], &[0.0], 1.0), "weights[0] must be finite, got NaN");
    check(
        LinearGaussian::new(&[1.0, 1.0], &[0.0, f64::INFINITY], 1.0),
        "bias[1] must be finite, got inf",
    );
    check(LinearGaussian::new(&[1.0], &[0.0], -1.0), "sigma must be positive and finite, got -1");
    check(
        LinearGaussian::new(&[1e200], &[0.0], 1.0),
        "posterior precision must be positive definite, got pivot inf in column 0",
    );
    check(MultivariateNormal::new(&[f64::NAN], &[1.0]), "mean[0] must be finite, got NaN");
    check(
        MultivariateNormal::new(&[0.0, 0.0], &[1.0, 1.0, 1.0, 1.0]),
        "covariance must be positive definite, got pivot 0 in column 1",
    );
    check(
        MultivariateNormal::new(&[0.0], &[f64::NAN]),
        "covariance must be positive definite, got pivot NaN in column 0",
    );

    let model = LinearGaussian::new(&[1.0, 2.0], &[0.0, 0.0], 1.0).unwrap();
    assert!(catch_unwind(|| LinearGaussian::new(&[1.0, 2.0, 3.0], &[0.0, 0.0], 1.0)).is_err());
    assert!(catch_unwind(|| LinearGaussian::new(&[], &[], 1.0)).is_err());
    assert!(catch_unwind(|| model.log_marginal(&[0.0])).is_err());
    assert!(catch_unwind(|| model.posterior(&[0.0; 3])).is_err());
    assert!(catch_unwind(|| model.decode(&[0.0, 0.0])).is_err());
    assert!(catch_unwind(|| model.log_joint(&[0.0, 0.0], &[])).is_err());
    assert!(catch_unwind(|| MultivariateNormal::new(&[0.0, 0.0], &[1.0])).is_err());
    let posterior = model.posterior(&[0.0, 0.0]);
    assert!(catch_unwind(|| posterior.log_prob(&[0.0, 0.0])).is_err());
    assert!(catch_unwind(|| posterior.reparameterize(&[])).is_err());
    let two = DiagonalNormal::new(&[0.0; 2], &[0.0; 2]).unwrap();
    assert!(catch_unwind(|| posterior.kl_from(&two)).is_err());
    assert!(catch_unwind(|| model.elbo(&[0.0, 0.0], &two)).is_err());
}

/// Slices of two lengths are a mistake of the program, not of the data.
#[test]
fn lengths_that_differ_panic() {
    let two = DiagonalNormal::new(&[0.0; 2], &[0.0; 2]).unwrap();
    let three = DiagonalNormal::new(&[0.0; 3], &[0.0; 3]).unwrap();
    let picture = IsotropicNormal::new(&[0.0; 2], 1.0).unwrap();
    let mut z = [0.0; 2];
    assert!(catch_unwind(|| DiagonalNormal::new(&[0.0; 2], &[0.0; 3])).is_err());
    assert!(catch_unwind(|| two.log_prob(&[0.0; 3])).is_err());
    assert!(catch_unwind(|| two.kl(&three)).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| two.reparameterize(&[0.0; 3], &mut z))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| three.reparameterize(&[0.0; 3], &mut z))).is_err());
    assert!(catch_unwind(|| picture.log_prob(&[0.0; 3])).is_err());
    assert!(catch_unwind(|| picture.log_std_dev_gradient(&[0.0])).is_err());
    assert!(catch_unwind(|| optimal_std_dev(&[0.0; 2], &[0.0; 3])).is_err());
}
