//! The discretized logistic distribution of one grey pixel of 8 bits.

use crate::arithmetic::real::Real;
use crate::arithmetic::special::{sigmoid, softplus};
use crate::error::{ParamError, finite};

/// The logistic distribution with location `m` and log-scale `ln s` on [0, 1], rounded to the 256
/// levels `k/255` of an 8-bit pixel.
///
/// Mass: `P(k) = F((k + ½)/255) − F((k − ½)/255)` with `F(x) = sigmoid((x − m) / s)`, where the
/// lowest level takes all that lies below it and the highest all that lies above
///
/// It is a mass, so its logarithm is at most 0, and bits per dimension are code lengths as they
/// stand: neither noise is added to the data nor 8 bits to the result.
///
/// # Examples
///
/// ```
/// use vae_prob::DiscretizedLogistic;
///
/// let pixel = DiscretizedLogistic::new(0.2_f64, -3.0)?;
/// let total: f64 = (0..=255).map(|level| pixel.log_prob(level).exp()).sum();
/// assert!((total - 1.0).abs() < 1e-14);
/// # Ok::<(), vae_prob::ParamError>(())
/// ```
///
/// # References
///
/// T. Salimans, A. Karpathy, X. Chen, D. P. Kingma, `PixelCNN++`, 2017, section 2.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiscretizedLogistic<F> {
    location: F,
    log_scale: F,
}

/// Half the distance of two levels.
const HALF: f64 = 1.0 / 510.0;

impl<F: Real> DiscretizedLogistic<F> {
    /// A discretized logistic from its location and log-scale.
    ///
    /// # Errors
    ///
    /// [`ParamError::NotFinite`] if either is infinite or `NaN`.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiscretizedLogistic;
    ///
    /// assert!(DiscretizedLogistic::new(0.5, -2.0).is_ok());
    /// assert!(DiscretizedLogistic::new(0.5, f32::NAN).is_err());
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn new(location: F, log_scale: F) -> Result<Self, ParamError> {
        Ok(Self {
            location: finite("location", location)?,
            log_scale: finite("log_scale", log_scale)?,
        })
    }

    /// The location `m` of the logistic before it is rounded.
    pub fn location(&self) -> F {
        self.location
    }

    /// The log-scale `ln s`; the standard deviation before rounding is `π s / √3`.
    pub fn log_scale(&self) -> F {
        self.log_scale
    }

    /// The log-probability of a level, in nats.
    ///
    /// `ln P(k) = −softplus(−u₊) − softplus(u₋) + ln(1 − e^(−δ))` with
    /// `u± = ((k ± ½)/255 − m) / s` and `δ = u₊ − u₋`; the first term alone for `k = 0`, the second
    /// alone for `k = 255`
    ///
    /// # Accuracy
    ///
    /// Nothing cancels: the difference of two sigmoids, which is 0 in floating point a few scales
    /// out, is never formed. Error at most 8 ε of the sum of the terms' magnitudes, plus what the
    /// rounding of `m` implies.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiscretizedLogistic;
    ///
    /// // A hundred scales away the log-probability is about −100, and not −∞.
    /// let pixel = DiscretizedLogistic::new(0.0_f32, 0.005_f32.ln())?;
    /// assert!((pixel.log_prob(128) + 100.0).abs() < 1.0);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_prob(&self, level: u8) -> F {
        let (below, above) = self.edges(level);
        match level {
            0 => -softplus(-above),
            255 => -softplus(below),
            _ => -softplus(-above) - softplus(below) + log_one_minus_exp(self.width()),
        }
    }

    /// The derivatives of [`log_prob`](Self::log_prob) with respect to location and log-scale.
    ///
    /// `∂m = (sigmoid(u₋) − sigmoid(−u₊)) / s`, `∂ ln s = u₋ sigmoid(u₋) − u₊ sigmoid(−u₊) − δ /
    /// expm1(δ)`; at the two ends without the terms of the edge that is not there
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiscretizedLogistic;
    ///
    /// // On its own level the location has nowhere better to go.
    /// let pixel = DiscretizedLogistic::new(100.0 / 255.0, -3.0_f64)?;
    /// assert!(pixel.log_prob_gradient(100).0.abs() < 1e-12);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn log_prob_gradient(&self, level: u8) -> (F, F) {
        let (below, above) = self.edges(level);
        let (mut by_location, mut by_log_scale) = (F::zero(), F::zero());
        if 0 < level {
            let slope = sigmoid(below);
            by_location = by_location + slope;
            by_log_scale = by_log_scale + below * slope;
        }
        if level < 255 {
            let slope = sigmoid(-above);
            by_location = by_location - slope;
            by_log_scale = by_log_scale - above * slope;
        }
        if 0 < level && level < 255 {
            let width = self.width();
            by_log_scale = by_log_scale - width / width.exp_m1();
        }
        (by_location / self.log_scale.exp(), by_log_scale)
    }

    /// The mean of the pixel, in [0, 1].
    ///
    /// `E[k/255] = Σ P(k) k/255 = 1 − (1/255) Σ F((k + ½)/255)`, the second sum over `k < 255`
    ///
    /// It is not the location: what would lie beyond black and white is black and white.
    ///
    /// # Examples
    ///
    /// ```
    /// use vae_prob::DiscretizedLogistic;
    ///
    /// assert!(DiscretizedLogistic::new(0.0_f64, -2.0)?.mean() > 0.05);
    /// assert!((DiscretizedLogistic::new(0.5_f64, -2.0)?.mean() - 0.5).abs() < 1e-15);
    /// # Ok::<(), vae_prob::ParamError>(())
    /// ```
    pub fn mean(&self) -> F {
        let below = (0..255).map(|level| sigmoid(self.edges(level).1).widen()).sum::<f64>();
        F::one() - F::lit(below / 255.0)
    }

    /// Lower and upper edge of a level, in scales from the location.
    fn edges(&self, level: u8) -> (F, F) {
        let distance = F::lit(f64::from(level) / 255.0) - self.location;
        let rate = (-self.log_scale).exp();
        ((distance - F::lit(HALF)) * rate, (distance + F::lit(HALF)) * rate)
    }

    /// `δ`, the width of a level in scales.
    fn width(&self) -> F {
        F::lit(2.0 * HALF) * (-self.log_scale).exp()
    }
}

/// `ln(1 − e^(−d))` for `d > 0`.
fn log_one_minus_exp<F: Real>(d: F) -> F {
    if d < F::LN_2() { (-(-d).exp_m1()).ln() } else { (-(-d).exp()).ln_1p() }
}
