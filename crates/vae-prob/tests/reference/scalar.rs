//! The functions that exist in both precisions.

use vae_prob::{
    Bernoulli, ContinuousBernoulli, IsotropicNormal, Normal, ParamError, Real, binary_entropy,
    effective_sample_size, exp_m1_minus_x, log_mean_exp, log_sum_exp, sigmoid, soft_bound,
    softplus, x_minus_ln_1p,
};

use crate::table::check;

#[test]
fn double_precision() {
    assert_eq!(check(evaluate::<f64>).len(), 28);
}

#[test]
fn single_precision() {
    assert_eq!(check(evaluate::<f32>).len(), 28);
}

/// Evaluates a function by its name in the table; `None` for those that are not ours.
fn evaluate<F: Real>(function: &str, arguments: &[F]) -> Result<Option<F>, ParamError> {
    let a = |i: usize| arguments[i];
    let normal = |i: usize| Normal::from_log_var(a(i), a(i + 1));
    let bernoulli = |i: usize| Bernoulli::from_logit(a(i));
    let continuous = |i: usize| ContinuousBernoulli::from_logit(a(i));
    Ok(Some(match function {
        "softplus" => softplus(a(0)),
        "sigmoid" => sigmoid(a(0)),
        "binary_entropy" => binary_entropy(a(0)),
        "exp_m1_minus_x" => exp_m1_minus_x(a(0)),
        "x_minus_ln_1p" => x_minus_ln_1p(a(0)),
        "soft_bound" => soft_bound(a(0), a(1), a(2)),
        "normal_log_prob" => normal(0)?.log_prob(a(2)),
        "normal_entropy" => Normal::from_log_var(F::zero(), a(0))?.entropy(),
        "normal_kl" => normal(0)?.kl(&normal(2)?),
        "normal_kl_to_standard" => normal(0)?.kl_to_standard(),
        "normal_reparameterize" => normal(0)?.reparameterize(a(2)),
        "isotropic_log_prob" => {
            IsotropicNormal::new(&arguments[4..7], a(0))?.log_prob(&arguments[1..4])
        }
        "bernoulli_log_prob" => bernoulli(0)?.log_prob(a(1)),
        "bernoulli_log_prob_gradient" => bernoulli(0)?.log_prob_gradient(a(1)),
        "bernoulli_entropy" => bernoulli(0)?.entropy(),
        "bernoulli_cross_entropy" => bernoulli(0)?.cross_entropy(a(1)),
        "bernoulli_kl" => bernoulli(0)?.kl(&bernoulli(1)?),
        "continuous_log_normalizer" => continuous(0)?.log_normalizer(),
        "continuous_log_prob" => continuous(0)?.log_prob(a(1)),
        "continuous_log_prob_gradient" => continuous(0)?.log_prob_gradient(a(1)),
        "continuous_mean" => continuous(0)?.mean(),
        "continuous_variance" => continuous(0)?.variance(),
        "continuous_entropy" => continuous(0)?.entropy(),
        "continuous_kl" => continuous(0)?.kl(&continuous(1)?),
        "continuous_reparameterize" => continuous(0)?.reparameterize(a(1)),
        "log_mean_exp" => log_mean_exp(arguments),
        "log_sum_exp" => log_sum_exp(arguments),
        "effective_sample_size" => effective_sample_size(arguments),
        _ => return Ok(None),
    }))
}
