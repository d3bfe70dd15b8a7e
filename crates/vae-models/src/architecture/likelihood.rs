//! The distribution of a pixel as a description, and its name in one word.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::architecture::names::{LOG_SCALE, LOG_STD, PIXEL_VARIANCE};

/// The distribution of one pixel given the decoder's output `a`, or what stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Likelihood {
    /// Material with probability `sigmoid(a)`. A likelihood for designs of 0 and 1 only; on grey
    /// values its logarithm is a cross-entropy.
    Bernoulli,
    /// The continuous Bernoulli on [0, 1] with logit `C·tanh(a/C)`, C = 1000: a
    /// density for grey designs.
    ContinuousBernoulli,
    /// Normal around `sigmoid(a)`, so that every mean is a density.
    Gaussian {
        /// The standard deviation of every pixel.
        sigma: Sigma,
    },
    /// Logistic around `1/2 + a/4`, rounded to the 256 levels of an 8-bit picture: a mass for grey
    /// designs, whose densities are rounded to `k/255`. Its location may lie outside [0, 1], as it
    /// has to where the lowest or highest level is all but certain.
    DiscretizedLogistic {
        /// The scale of every pixel.
        scale: Scale,
    },
    /// No distribution: `sigmoid(a)` is a density, compared with the design by its squared error.
    /// Without a stated noise there is no likelihood and no bound on one
    /// ([`crate::Vae::log_prob`]).
    SquaredError,
}

/// The standard deviation of a Gaussian pixel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sigma {
    /// This value, positive.
    Fixed(f64),
    /// One value for all pixels, learned (the parameter `log_std`) and softly kept above `exp(−6)`
    /// ([`crate::LOG_STD_FLOOR`]).
    Shared,
    /// One value for all pixels, in closed form: in training the root of the batch's mean squared
    /// error, under which the batch is most likely; in evaluation the running average of those,
    /// frozen. Never below `exp(−6)`.
    Optimal,
}

/// The scale of a logistic pixel, in densities; its standard deviation is `π s / √3`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// This value, positive.
    Fixed(f64),
    /// One value for all pixels, learned (the parameter `log_scale`) and softly kept above
    /// `exp(−6)`.
    Shared,
}

/// Why a word is not the name of a likelihood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LikelihoodNameError {
    /// No likelihood has this name.
    #[error(
        "there is no likelihood `{name}`; the likelihoods are bernoulli, continuous-bernoulli, gaussian, gaussian:optimal, gaussian:SIGMA, discretized-logistic, discretized-logistic:SCALE or squared-error"
    )]
    Unknown {
        /// The name as given.
        name: String,
    },
    /// The text after the colon is not a positive number.
    #[error("`{name}:{value}`: {value} is not a positive number")]
    NotPositive {
        /// The likelihood.
        name: &'static str,
        /// The value as given.
        value: String,
    },
}

/// # Examples
/// ```
/// use vae_models::{Likelihood, Sigma};
///
/// let likelihood: Likelihood = "gaussian:0.05".parse()?;
/// assert_eq!(likelihood, Likelihood::Gaussian { sigma: Sigma::Fixed(0.05) });
/// assert_eq!(likelihood.to_string(), "gaussian:0.05");
/// assert!("gaussian:0".parse::<Likelihood>().is_err());
/// # Ok::<(), vae_models::LikelihoodNameError>(())
/// ```
impl FromStr for Likelihood {
    type Err = LikelihoodNameError;

    fn from_str(text: &str) -> Result<Self, LikelihoodNameError> {
        Ok(match text.split_once(':').unwrap_or((text, "")) {
            ("bernoulli", "") => Self::Bernoulli,
            ("continuous-bernoulli", "") => Self::ContinuousBernoulli,
            ("gaussian", "") => Self::Gaussian { sigma: Sigma::Shared },
            ("gaussian", "optimal") => Self::Gaussian { sigma: Sigma::Optimal },
            ("gaussian", value) => {
                Self::Gaussian { sigma: Sigma::Fixed(positive("gaussian", value)?) }
            }
            ("discretized-logistic", "") => Self::DiscretizedLogistic { scale: Scale::Shared },
            ("discretized-logistic", value) => {
                let scale = Scale::Fixed(positive("discretized-logistic", value)?);
                Self::DiscretizedLogistic { scale }
            }
            ("squared-error", "") => Self::SquaredError,
            _ => return Err(LikelihoodNameError::Unknown { name: text.to_owned() }),
        })
    }
}

impl fmt::Display for Likelihood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bernoulli => f.write_str("bernoulli"),
            Self::ContinuousBernoulli => f.write_str("continuous-bernoulli"),
            Self::Gaussian { sigma: Sigma::Shared } => f.write_str("gaussian"),
            Self::Gaussian { sigma: Sigma::Optimal } => f.write_str("gaussian:optimal"),
            Self::Gaussian { sigma: Sigma::Fixed(sigma) } => write!(f, "gaussian:{sigma}"),
            Self::DiscretizedLogistic { scale: Scale::Shared } => {
                f.write_str("discretized-logistic")
            }
            Self::DiscretizedLogistic { scale: Scale::Fixed(scale) } => {
                write!(f, "discretized-logistic:{scale}")
            }
            Self::SquaredError => f.write_str("squared-error"),
        }
    }
}

impl Likelihood {
    /// Name and shape of the tensor that is learned with the weights; `None` if nothing is.
    pub(crate) fn tensor(&self) -> Option<(&'static str, Vec<usize>)> {
        match self {
            Self::Gaussian { sigma: Sigma::Shared } => Some((LOG_STD, Vec::new())),
            Self::Gaussian { sigma: Sigma::Optimal } => Some((PIXEL_VARIANCE, vec![1])),
            Self::DiscretizedLogistic { scale: Scale::Shared } => Some((LOG_SCALE, Vec::new())),
            _ => None,
        }
    }
}

fn positive(name: &'static str, value: &str) -> Result<f64, LikelihoodNameError> {
    match value.parse() {
        Ok(number) if 0.0 < number && f64::is_finite(number) => Ok(number),
        _ => Err(LikelihoodNameError::NotPositive { name, value: value.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_are_refused() {
        for name in [
            "bernoulli",
            "continuous-bernoulli",
            "gaussian",
            "gaussian:optimal",
            "gaussian:0.05",
            "discretized-logistic",
            "discretized-logistic:0.01",
            "squared-error",
        ] {
            assert_eq!(name.parse::<Likelihood>().unwrap().to_string(), name);
        }
        for name in ["bernouli", "bernoulli:0.1", "Gaussian", "", "squared-error:1"] {
            let error = name.parse::<Likelihood>().unwrap_err();
            assert_eq!(error, LikelihoodNameError::Unknown { name: name.to_owned() });
        }
        for value in ["0", "-0.1", "nan", "inf", "learned"] {
            let error = format!("gaussian:{value}").parse::<Likelihood>().unwrap_err();
            assert!(error.to_string().contains(value), "{error}");
        }
    }
}
