//! Log-likelihood of independent continuous Bernoulli pixels, and their means.

use super::pixelwise::{self, Law, Terms};
use crate::kernels::element::Element;
use crate::tensors::operation::{Operation, apply1};
use candle_core::{Result, Tensor};

const OP: &str = "continuous_bernoulli_log_prob";

/// Log-density of each design under independent continuous Bernoulli pixels given by logits, in
/// nats: `(B, ..), (B, ..) → (B,)`.
///
/// `Σ x·l − softplus(l) + ln(|l| / tanh(|l|/2))` over the active pixels, for `x` in [0, 1]. `mask`,
/// of shape `(1, ..)` or `(B, ..)`, has 0 where a pixel does not count and 1 where it does. It is a
/// density: on exact 0 and 1 it grows with `ln |l|` without bound.
///
/// # Errors
/// If the shapes or element types differ, or the type is neither `f32` nor `f64`.
///
/// # Accuracy
/// Everything is f64 but the inputs and the results, near `l = 0` and for large logits too. The
/// gradient by the logits is `x − mean(l)`; none goes to the designs.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let logits = Tensor::new(&[[0.0_f64], [1.0]], &Device::Cpu)?;
/// let xs = Tensor::new(&[[0.3_f64], [1.0]], &Device::Cpu)?;
/// let log_prob = vae_nn::continuous_bernoulli_log_prob(&logits, &xs, None)?.to_vec1::<f64>()?;
/// assert!(log_prob[0].abs() < 1e-15, "uniform");
/// assert!((log_prob[1] - 0.4586751453870819).abs() < 1e-15);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # References
/// G. Loaiza-Ganem, J. P. Cunningham, The continuous Bernoulli, 2019.
pub fn continuous_bernoulli_log_prob(
    logits: &Tensor,
    xs: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    // It has no scale; one that is not tracked gets no gradient.
    let scale = Tensor::zeros((), logits.dtype(), logits.device())?;
    pixelwise::log_prob(ContinuousBernoulli, logits, &scale, xs, mask)
}

/// Mean of a continuous Bernoulli pixel, element by element: the grey value to show, where
/// `sigmoid(l)` is not.
///
/// `mean(l) = −1 / expm1(−l) − 1/l`, ½ at 0
///
/// # Errors
/// If the element type is neither `f32` nor `f64`.
///
/// # Accuracy
/// Computed in f64. The gradient is the variance, `1/l² − 1 / (4 sinh²(l/2))`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let mean = vae_nn::continuous_bernoulli_mean(&Tensor::new(&[0.0_f64, 1.0], &Device::Cpu)?)?.to_vec1::<f64>()?;
/// assert_eq!(mean[0], 0.5);
/// assert!((mean[1] - 0.5819767068693264).abs() < 1e-15);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn continuous_bernoulli_mean(logits: &Tensor) -> Result<Tensor> {
    apply1(logits, Mean)
}

struct ContinuousBernoulli;

impl Law for ContinuousBernoulli {
    const NAME: &'static str = OP;

    fn terms(&self, logit: f64, _log_scale: f64, x: f64) -> Terms {
        let a = logit.abs();
        // The distance from the likelier end, where the log-density is ln(a / (1 − e^−a)).
        let distance = if 0.0 < logit { 1.0 - x } else { x };
        let peak = if a == 0.0 { 0.0 } else { (a / -(-a).exp_m1()).ln() };
        let slope = lesser_mean(a) - distance;
        let by_parameter = if 0.0 < logit { slope } else { -slope };
        Terms { log_prob: peak - a * distance, by_parameter, by_log_scale: 0.0 }
    }
}

/// The mean for the logit −a ≤ 0: `1/a − 1/expm1(a)`, at most ½.
fn lesser_mean(a: f64) -> f64 {
    if a < 0.02 {
        // The next term is below 1e-18.
        let a2 = a * a;
        0.5 - a / 12.0 * (1.0 - a2 / 60.0 * (1.0 - a2 / 42.0))
    } else {
        a.recip() - a.exp_m1().recip()
    }
}

fn mean(logit: f64) -> f64 {
    if 0.0 < logit { 1.0 - lesser_mean(logit) } else { lesser_mean(-logit) }
}

fn variance(logit: f64) -> f64 {
    let l2 = logit * logit;
    if l2 < 0.01 {
        1.0 / 12.0 - l2 * (1.0 / 240.0 - l2 * (1.0 / 6048.0 - l2 / 172_800.0))
    } else {
        let sinh = (0.5 * logit).sinh();
        l2.recip() - (4.0 * sinh * sinh).recip()
    }
}

struct Mean;

impl Operation<1> for Mean {
    const NAME: &'static str = "continuous_bernoulli_mean";

    fn forward<T: Element>(&self, [xs]: [&[T]; 1]) -> Result<Vec<T>> {
        Ok(xs.iter().map(|x| T::lit(mean(x.wide()))).collect())
    }

    fn backward<T: Element>(
        &self,
        [xs]: [&[T]; 1],
        _wanted: [bool; 1],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 1]> {
        let slopes = xs.iter().zip(gradient).map(|(x, g)| T::lit(variance(x.wide()) * g.wide()));
        Ok([Some(slopes.collect())])
    }
}
