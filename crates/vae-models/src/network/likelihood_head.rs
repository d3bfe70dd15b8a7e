//! The distribution of the pixels given the decoder's output.

use std::f64::consts::{PI, TAU};

use candle_core::{DType, Result, Tensor};
use candle_nn::{Init, VarBuilder};
use vae_nn::softplus;

use crate::architecture::likelihood::{Likelihood, Scale, Sigma};
use crate::architecture::names::{LOG_SCALE, LOG_STD, PIXEL_VARIANCE};

/// The softly enforced lower bound of a learned ln σ: `ln σ = floor + softplus(log_std − floor)`.
///
/// Without it a decoder that reproduces its data exactly drives the likelihood to infinity (Rybkin,
/// Daniilidis and Levine 2021, arXiv 2006.13202, and its code). σ = exp(−6) = 0.0025 is below half
/// a grey level of 8-bit data.
pub const LOG_STD_FLOOR: f64 = -6.0;

/// The largest logit of a continuous Bernoulli pixel, approached as `C·tanh(a/C)`.
///
/// On exact 0 and 1 its density grows with the logit without bound; at this one it is 1000, four
/// times what a uniform density on one grey level of 8-bit data is.
const LOGIT_CAP: f64 = 1000.0;

/// Change of a logistic's location per unit of the decoder's output: about that of the means of the
/// other heads, `sigmoid′(0)`.
const LOCATION_SLOPE: f64 = 0.25;

/// Where a learned ln s starts: s = 0.14, a deviation of 0.25.
const INITIAL_LOG_SCALE: f64 = -2.0;

/// Share of a batch in the running variance of the optimal σ.
const MOMENTUM: f64 = 0.1;

/// Where a learned ln σ starts: σ = 0.37, about the deviation of densities in a half-filled design.
const INITIAL_LOG_STD: f64 = -1.0;

/// The head p(x|z) of a model: what the decoder's output means.
#[derive(Debug)]
pub(crate) enum LikelihoodHead {
    Bernoulli,
    /// ln σ as a scalar: a constant, or the raw parameter, to which the floor has yet to be
    /// applied.
    FixedGaussian(Tensor),
    SharedGaussian(Tensor),
    /// σ² as evaluation takes it, a running statistic.
    OptimalGaussian(Tensor),
    ContinuousBernoulli,
    /// ln s as a scalar: a constant, or raw.
    FixedLogistic(Tensor),
    SharedLogistic(Tensor),
    /// With ln σ of the Gaussian of variance 1/(2π), whose normalization is 1: its logarithm is `−π
    /// Σ (x − m)²`.
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
            Likelihood::Gaussian { sigma: Sigma::Optimal } => Self::OptimalGaussian(
                vb.get_with_hints(1, PIXEL_VARIANCE, Init::Const((2.0 * INITIAL_LOG_STD).exp()))?,
            ),
            Likelihood::ContinuousBernoulli => Self::ContinuousBernoulli,
            Likelihood::DiscretizedLogistic { scale: Scale::Fixed(scale) } => {
                Self::FixedLogistic(scalar(scale.ln(), vb)?)
            }
            Likelihood::DiscretizedLogistic { scale: Scale::Shared } => Self::SharedLogistic(
                vb.get_with_hints((), LOG_SCALE, Init::Const(INITIAL_LOG_SCALE))?,
            ),
            Likelihood::SquaredError => Self::SquaredError(scalar(-0.5 * TAU.ln(), vb)?),
        })
    }

    /// From the decoder's output to the parameters that the likelihood is computed from: logits,
    /// means or locations.
    pub(crate) fn params(&self, output: &Tensor) -> Result<Tensor> {
        match self {
            Self::Bernoulli => Ok(output.clone()),
            Self::ContinuousBernoulli => {
                vae_nn::tanh(&output.affine(LOGIT_CAP.recip(), 0.0)?)?.affine(LOGIT_CAP, 0.0)
            }
            // Not confined to [0, 1]: a location of 1 gives level 255 at most one half at any
            // scale.
            Self::FixedLogistic(_) | Self::SharedLogistic(_) => output.affine(LOCATION_SLOPE, 0.5),
            Self::FixedGaussian(_)
            | Self::SharedGaussian(_)
            | Self::OptimalGaussian(_)
            | Self::SquaredError(_) => candle_nn::ops::sigmoid(output),
        }
    }

    /// The output that [`params`](Self::params) and [`mean`](Self::mean) make a density of, with 0
    /// < `density` < 1; of a logistic the one whose location it is.
    pub(crate) fn output_of(&self, density: f64) -> f64 {
        match self {
            Self::ContinuousBernoulli => {}
            Self::FixedLogistic(_) | Self::SharedLogistic(_) => {
                return (density - 0.5) / LOCATION_SLOPE;
            }
            _ => return (density / (1.0 - density)).ln(),
        }
        // The mean rises with the logit and has no inverse in closed form.
        let mean = |l: f64| {
            if l.abs() < 1e-2 {
                0.5 + l / 12.0 - l.powi(3) / 720.0
            } else {
                -(-l).exp_m1().recip() - l.recip()
            }
        };
        let (mut lo, mut hi) = (-LOGIT_CAP, LOGIT_CAP);
        for _ in 0..80 {
            let middle = 0.5 * (lo + hi);
            if mean(middle) < density { lo = middle } else { hi = middle }
        }
        LOGIT_CAP * (0.5 * (lo + hi) / LOGIT_CAP).atanh()
    }

    /// The mean density of every pixel.
    pub(crate) fn mean(&self, params: &Tensor) -> Result<Tensor> {
        match self {
            Self::Bernoulli => candle_nn::ops::sigmoid(params),
            Self::ContinuousBernoulli => vae_nn::continuous_bernoulli_mean(params),
            Self::FixedLogistic(_) | Self::SharedLogistic(_) => self.logistic_mean(params),
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
        match self {
            Self::Bernoulli => vae_nn::bernoulli_log_prob(params, xs, mask),
            Self::ContinuousBernoulli => vae_nn::continuous_bernoulli_log_prob(params, xs, mask),
            Self::FixedLogistic(raw) | Self::SharedLogistic(raw) => {
                vae_nn::discretized_logistic_log_prob(params, &self.floored(raw)?, xs, mask)
            }
            Self::FixedGaussian(raw) | Self::SharedGaussian(raw) => {
                vae_nn::gaussian_log_prob(params, &self.floored(raw)?, xs, mask)
            }
            Self::OptimalGaussian(variance) => {
                vae_nn::gaussian_log_prob(params, &half_log(variance)?, xs, mask)
            }
            Self::SquaredError(log_std) => {
                vae_nn::gaussian_log_prob(params, log_std, xs, mask)? / PI
            }
        }
    }

    /// [`log_prob`](Self::log_prob) of a batch to train on. The optimal σ is then that of the
    /// batch, and the running one moves towards it. It is a constant of the step, which costs the
    /// gradient nothing: at the optimum the derivative by σ is 0.
    pub(crate) fn log_prob_in_training(
        &self,
        params: &Tensor,
        xs: &Tensor,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let Self::OptimalGaussian(running) = self else {
            return self.log_prob(params, xs, mask);
        };
        // The constant whose normalization is 1 gives the summed squares, masked as they are: see
        // `SquaredError`.
        let unit = Tensor::new(-0.5 * TAU.ln(), params.device())?.to_dtype(params.dtype())?;
        let squares = vae_nn::gaussian_log_prob(&params.detach(), &unit, xs, mask)?;
        let squares = -squares.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()? / PI;
        let pixels = match mask {
            None => params.elem_count() as f64,
            Some(mask) => {
                let active = mask.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
                active * (params.dim(0)? / mask.dim(0)?) as f64
            }
        };
        // A batch without active pixels has no error.
        let mse = (squares / pixels.max(1.0)).max((2.0 * LOG_STD_FLOOR).exp());
        let moved = (running.detach() * (1.0 - MOMENTUM))? + MOMENTUM * mse;
        running.slice_set(&moved?, 0, 0)?;
        let log_std = Tensor::new(0.5 * mse.ln(), params.device())?.to_dtype(params.dtype())?;
        vae_nn::gaussian_log_prob(params, &log_std, xs, mask)
    }

    /// ln σ of the pixels, floored; `None` if the pixels are not Gaussian.
    pub(crate) fn log_std(&self) -> Result<Option<Tensor>> {
        match self {
            Self::FixedGaussian(raw) | Self::SharedGaussian(raw) => self.floored(raw).map(Some),
            Self::OptimalGaussian(variance) => half_log(variance).map(Some),
            _ => Ok(None),
        }
    }

    /// ln s of the pixels, floored; `None` if the pixels are not logistic.
    pub(crate) fn log_scale(&self) -> Result<Option<Tensor>> {
        match self {
            Self::FixedLogistic(raw) | Self::SharedLogistic(raw) => self.floored(raw).map(Some),
            _ => Ok(None),
        }
    }

    /// A learned value is kept above the floor; a fixed one was chosen by the caller.
    fn floored(&self, raw: &Tensor) -> Result<Tensor> {
        match self {
            Self::SharedGaussian(_) | Self::SharedLogistic(_) => {
                softplus(&(raw - LOG_STD_FLOOR)?)? + LOG_STD_FLOOR
            }
            _ => Ok(raw.clone()),
        }
    }

    /// `E = 1 − s [softplus((1 − m)/s) − softplus(−m/s)]`, the mean of the logistic with its tails
    /// moved to 0 and 1.
    ///
    /// That of its 256 levels is the midpoint rule for the same integral: equal to 1e-5 for scales
    /// of a level and more, and to half a level for any.
    fn logistic_mean(&self, location: &Tensor) -> Result<Tensor> {
        let Some(log_scale) = self.log_scale()? else { return Ok(location.clone()) };
        let scale = log_scale.exp()?;
        let scaled = |xs: Tensor| softplus(&xs.broadcast_div(&scale)?)?.broadcast_mul(&scale);
        let mean = ((scaled(location.neg()?)? - scaled(location.affine(-1.0, 1.0)?)?)? + 1.0)?;
        // Far outside, two large terms cancel, and rounding must not leave [0, 1].
        mean.clamp(0.0, 1.0)
    }
}

/// `ln σ = ½ ln σ²`
fn half_log(variance: &Tensor) -> Result<Tensor> {
    variance.squeeze(0)?.log()?.affine(0.5, 0.0)
}

fn scalar(value: f64, vb: &VarBuilder<'_>) -> Result<Tensor> {
    Tensor::new(value, vb.device())?.to_dtype(vb.dtype())
}
