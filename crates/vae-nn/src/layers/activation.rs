//! Activation functions, one pass forward and one backward.

use crate::composed::{device, layers};
use crate::kernels::element::Element;
use crate::kernels::parallel::{map, zip_map};
use crate::tensors::operation::{Operation, apply1};
use candle_core::{Result, Tensor};

/// Rectifier, `max(x, 0)`, of any shape.
///
/// The derivative at 0 is 0, as in PyTorch; candle's own takes 1 there, which matters on void
/// areas, where every feature may be exactly 0.
///
/// # Errors
/// If the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Var};
///
/// let xs = Var::new(&[-1.0_f64, 0.0, 2.0], &Device::Cpu)?;
/// let ys = vae_nn::relu(&xs)?;
/// assert_eq!(ys.to_vec1::<f64>()?, [0.0, 0.0, 2.0]);
/// let grads = ys.sum_all()?.backward()?;
/// assert_eq!(grads.get(&xs).unwrap().to_vec1::<f64>()?, [0.0, 0.0, 1.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn relu(xs: &Tensor) -> Result<Tensor> {
    leaky_relu(xs, 0.0)
}

/// Leaky rectifier, `x if x > 0 else slope · x`, of any shape; the derivative at 0 is `slope`, as
/// in PyTorch.
///
/// # Errors
/// If the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let xs = Tensor::new(&[-1.0_f64, 0.0, 2.0], &Device::Cpu)?;
/// assert_eq!(vae_nn::leaky_relu(&xs, 0.25)?.to_vec1::<f64>()?, [-0.25, 0.0, 2.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn leaky_relu(xs: &Tensor, slope: f64) -> Result<Tensor> {
    if device::is_elsewhere(xs) {
        return layers::leaky_relu(xs, slope);
    }
    apply1(xs, LeakyRelu { slope })
}

/// `x · sigmoid(x)`, of any shape, also called swish.
///
/// The derivative is `s (1 + x (1 − s))` with `s = sigmoid(x)`.
///
/// # Errors
/// If the element type is neither `f32` nor `f64`.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let ys = vae_nn::silu(&Tensor::new(&[-1000.0_f64, 0.0, 1000.0], &Device::Cpu)?)?;
/// assert_eq!(ys.to_vec1::<f64>()?, [0.0, 0.0, 1000.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn silu(xs: &Tensor) -> Result<Tensor> {
    if device::is_elsewhere(xs) {
        return xs.silu();
    }
    apply1(xs, Silu)
}

/// Hyperbolic tangent, of any shape: candle's own, whose gradient is right.
///
/// # Errors
/// If the element type is not a floating-point type.
pub fn tanh(xs: &Tensor) -> Result<Tensor> {
    xs.tanh()
}

/// `ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|)`, of any shape, in candle's operations.
///
/// Use it where the tensor is so small that a kernel would not pay. The derivative is the sigmoid.
///
/// # Errors
/// If the element type is not a floating-point type.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let ys = vae_nn::softplus(&Tensor::new(&[-1000.0_f64, 0.0, 1000.0], &Device::Cpu)?)?;
/// assert_eq!(ys.to_vec1::<f64>()?, [0.0, f64::ln(2.0), 1000.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn softplus(xs: &Tensor) -> Result<Tensor> {
    layers::softplus(xs)
}

struct LeakyRelu {
    slope: f64,
}

impl Operation<1> for LeakyRelu {
    const NAME: &'static str = "leaky_relu";

    fn forward<T: Element>(&self, [xs]: [&[T]; 1]) -> Result<Vec<T>> {
        Ok(if self.slope == 0.0 {
            // Not `0 * x`: that would be NaN at infinity and -0 below 0.
            map(xs, |x| if x > T::ZERO || is_nan(x) { x } else { T::ZERO })
        } else {
            let slope = T::lit(self.slope);
            map(xs, move |x| {
                let leaked = slope * x;
                if x > T::ZERO { x } else { leaked }
            })
        })
    }

    fn backward<T: Element>(
        &self,
        [xs]: [&[T]; 1],
        _wanted: [bool; 1],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 1]> {
        let by_xs = if self.slope == 0.0 {
            zip_map(xs, gradient, |x, g| if x > T::ZERO { g } else { T::ZERO })
        } else {
            let slope = T::lit(self.slope);
            zip_map(xs, gradient, move |x, g| {
                let leaked = slope * g;
                if x > T::ZERO { g } else { leaked }
            })
        };
        Ok([Some(by_xs)])
    }
}

struct Silu;

/// `sigmoid(x)`, from one exponential of a number that is not positive.
#[inline]
fn sigmoid<T: Element>(x: T) -> T {
    let one = T::lit(1.0);
    let (decay, _) = T::decay_and_log(x.abs());
    let above = one / (one + decay);
    if x > T::ZERO { above } else { decay * above }
}

impl Operation<1> for Silu {
    const NAME: &'static str = "silu";

    fn forward<T: Element>(&self, [xs]: [&[T]; 1]) -> Result<Vec<T>> {
        Ok(map(xs, |x| x * sigmoid(x)))
    }

    fn backward<T: Element>(
        &self,
        [xs]: [&[T]; 1],
        _wanted: [bool; 1],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 1]> {
        let one = T::lit(1.0);
        let by_xs = zip_map(xs, gradient, move |x, g| {
            let s = sigmoid(x);
            g * s * (one + x * (one - s))
        });
        Ok([Some(by_xs)])
    }
}

#[expect(clippy::eq_op, reason = "the test for NaN of a generic type")]
fn is_nan<T: Element>(x: T) -> bool {
    x != x
}
