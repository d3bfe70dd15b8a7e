//! The exactly solvable model, which exists in double precision: three pixels, two latents.

use vae_prob::{DiagonalNormal, LinearGaussian, ParamError};

use crate::table::check;

#[test]
fn double_precision() {
    assert_eq!(check(evaluate).len(), 4);
}

/// Evaluates a function by its name in the table; `None` for those that are not ours.
fn evaluate(function: &str, arguments: &[f64]) -> Result<Option<f64>, ParamError> {
    if !function.starts_with("linear_gaussian") {
        return Ok(None);
    }
    let model = LinearGaussian::new(&arguments[..6], &arguments[6..9], arguments[9])?;
    let x = &arguments[10..13];
    let index = |i: usize| arguments[13 + i] as usize;
    Ok(Some(match function {
        "linear_gaussian_log_marginal" => model.log_marginal(x),
        "linear_gaussian_posterior_mean" => model.posterior(x).mean()[index(0)],
        "linear_gaussian_posterior_covariance" => {
            model.posterior(x).covariance()[2 * index(0) + index(1)]
        }
        "linear_gaussian_elbo" => {
            model.elbo(x, &DiagonalNormal::new(&arguments[13..15], &arguments[15..17])?).value()
        }
        _ => return Ok(None),
    }))
}
