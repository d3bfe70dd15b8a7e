//! The distribution of the pixels given the decoder's output.

use std::f64::consts::{PI, TAU};

use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};

use crate::config::{Likelihood, Sigma};
use crate::layers::LOG_STD;

/// The softly enforced lower bound of a learned ln σ: `ln σ = floor + softplus(log_std − floor)`.
///
/// Without it a decoder that reproduces its data exactly drives the likelihood to infinity (Rybkin, Daniilidis and Levine
/// 2021, arXiv 2006.13202, and its code). σ = exp(−6) = 0.0025 is below half a grey level of 8-bit data.
pub const LOG_STD_FLOOR: f64 = -6.0;

/// Where a learned ln σ starts: σ = 0.37, about the deviation of densities in a half-filled design.
const INITIAL_LOG_STD: f64 = -1.0;

/// The head p(x|z) of a model: what the decoder's output means.
#[derive(Debug)]
pub(crate) enum LikelihoodHead {
    Bernoulli,
    /// ln σ as a scalar: a constant, or the raw parameter that the floor has still to be applied to.
    FixedGaussian(Tensor),
    SharedGaussian(Tensor),
    /// With ln σ of the Gaussian of variance 1/(2π), whose normalization is 1: its logarithm is `−π Σ (x − m)²`.
    SquaredError(Tensor),
}

impl LikelihoodHead {
    pub(crate) fn new(likelihood: Likelihood, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(match likelihood {
            Likelihood::Bernoulli => Self::Bernoulli,
            Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) } => {
                Self::FixedGaussian(scalar(sigma.ln(), vb)?)
            }
            Likelihood::Gaussian { sigma: Sigma::Shared } => Self::SharedGaussian(
                vb.get_with_hints((), LOG_STD, Init::Const(INITIAL_LOG_STD))?,
            ),
            Likelihood::SquaredError => Self::SquaredError(scalar(-0.5 * TAU.ln(), vb)?),
        })
    }

    /// From the decoder's output to the parameters that the likelihood is computed from: logits, or means.
    pub(crate) fn params(&self, output: &Tensor) -> Result<Tensor> {
        match self {
            Self::Bernoulli => Ok(output.clone()),
            _ => candle_nn::ops::sigmoid(output),
        }
    }

    /// The mean density of every pixel.
    pub(crate) fn mean(&self, params: &Tensor) -> Result<Tensor> {
        match self {
            Self::Bernoulli => candle_nn::ops::sigmoid(params),
            _ => Ok(params.clone()),
        }
    }

    /// (B, 1, H, W) twice → (B,): in nats, or minus the squared error.
    pub(crate) fn log_prob(
        &self,
        params: &Tensor,
        xs: &Tensor,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        if let Self::SquaredError(log_std) = self {
            return vae_nn::gaussian_log_prob(params, log_std, xs, mask)? / PI;
        }
        match self.log_std()? {
            None => vae_nn::bernoulli_log_prob(params, xs, mask),
            Some(log_std) => vae_nn::gaussian_log_prob(params, &log_std, xs, mask),
        }
    }

    /// ln σ of the pixels, floored; `None` where the model states none.
    pub(crate) fn log_std(&self) -> Result<Option<Tensor>> {
        match self {
            Self::Bernoulli | Self::SquaredError(_) => Ok(None),
            Self::FixedGaussian(log_std) => Ok(Some(log_std.clone())),
            Self::SharedGaussian(raw) => {
                Ok(Some((softplus(&(raw - LOG_STD_FLOOR)?)? + LOG_STD_FLOOR)?))
            }
        }
    }
}

fn scalar(value: f64, vb: &VarBuilder<'_>) -> Result<Tensor> {
    Tensor::new(value, vb.device())?.to_dtype(vb.dtype())
}

/// `ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|})`, of one scalar: not worth a kernel.
fn softplus(x: &Tensor) -> Result<Tensor> {
    // candle's relu has derivative 1 at 0 and its abs +1: together ½ there, as it should be.
    x.relu()? + ((x.abs()?.neg()?.exp()? + 1.0)?.log()?)
}
