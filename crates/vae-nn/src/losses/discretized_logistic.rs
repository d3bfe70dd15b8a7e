//! Log-likelihood of pixels of 8 bits under discretized logistics of one scale.

use super::pixelwise::{self, Law, Terms};
use crate::kernels::exponential::softplus_and_sigmoid;
use candle_core::{Result, Tensor};

/// Log-probability of each design of 256 grey levels under logistic pixels rounded to these levels,
/// in nats: `(B, ..), scalar, (B, ..) → (B,)`.
///
/// `Σ ln[F((k + ½)/255) − F((k − ½)/255)]` over the active pixels, with `F(x) = sigmoid((x − m) /
/// s)`, the location `m` of each pixel, `log_scale = ln s` for all of them, and the level `k`
/// nearest to `255 x`; level 0 takes all below it, level 255 all above. `mask`, of shape `(1, ..)`
/// or `(B, ..)`, has 0 where a pixel does not count and 1 where it does. It is a mass: at most 0.
///
/// # Errors
/// If the shapes or element types differ, `log_scale` has more than one value, or the type is
/// neither `f32` nor `f64`.
///
/// # Accuracy
/// Everything is f64 but the inputs and the results, and the difference of two sigmoids is never
/// formed. No gradient goes to the designs.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let location = Tensor::new(&[[0.25_f64]], &Device::Cpu)?;
/// let log_scale = Tensor::new(-3.0_f64, &Device::Cpu)?;
/// let xs = Tensor::new(&[[64.0_f64 / 255.0]], &Device::Cpu)?;
/// let log_prob = vae_nn::discretized_logistic_log_prob(&location, &log_scale, &xs, None)?;
/// assert!((log_prob.to_vec1::<f64>()?[0] + 3.9277840506184594).abs() < 1e-13);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # References
/// T. Salimans, A. Karpathy, X. Chen, D. P. Kingma, `PixelCNN++`, 2017, section 2.1.
pub fn discretized_logistic_log_prob(
    location: &Tensor,
    log_scale: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    pixelwise::log_prob(DiscretizedLogistic, location, log_scale, xs, mask)
}

struct DiscretizedLogistic;

impl Law for DiscretizedLogistic {
    const NAME: &'static str = "discretized_logistic_log_prob";

    fn terms(&self, location: f64, log_scale: f64, x: f64) -> Terms {
        let rate = (-log_scale).exp();
        let level = (255.0 * x).round();
        let (below, above) =
            (((level - 0.5) / 255.0 - location) * rate, ((level + 0.5) / 255.0 - location) * rate);
        let (mut log_prob, mut by_location, mut by_log_scale) = (0.0, 0.0, 0.0);
        let (has_below, has_above) = (0.5 < level, level < 254.5);
        if has_below {
            let (softplus, sigmoid) = softplus_and_sigmoid(below);
            log_prob -= softplus;
            by_location += sigmoid * rate;
            by_log_scale += below * sigmoid;
        }
        if has_above {
            let (softplus, sigmoid) = softplus_and_sigmoid(-above);
            log_prob -= softplus;
            by_location -= sigmoid * rate;
            by_log_scale -= above * sigmoid;
        }
        if has_below && has_above {
            let width = rate / 255.0;
            // ln(1 − e^−δ), whichever way keeps its digits.
            log_prob += if width < std::f64::consts::LN_2 {
                (-(-width).exp_m1()).ln()
            } else {
                (-(-width).exp()).ln_1p()
            };
            by_log_scale -= width / width.exp_m1();
        }
        Terms { log_prob, by_parameter: by_location, by_log_scale }
    }
}
