//! The two number types our kernels are written for.

use crate::kernels::exponential;
use candle_core::WithDType;

/// `f32` or `f64`. Sealed: the kernels are tested for these two.
pub(crate) trait Number:
    WithDType + std::ops::Neg<Output = Self> + std::iter::Sum + Default
{
    /// Zero; here to avoid a dependency on `num-traits`.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Nearest value of this type; for literals and for sums kept in f64.
    fn lit(x: f64) -> Self;
    /// The value as f64, exactly.
    fn wide(self) -> f64;
    /// `(e^−x, ln(1 + e^−x))` for `x ≥ 0`: the two parts of a softplus and its derivative.
    fn decay_and_log(x: Self) -> (Self, Self);
    /// Absolute value.
    fn abs(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
}

macro_rules! number {
    ($t:ty, $decay_and_log:path) => {
        impl Number for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[expect(clippy::allow_attributes, reason = "the macro serves both types")]
            #[allow(clippy::cast_lossless, reason = "a no-op for one of the types")]
            #[inline]
            fn lit(x: f64) -> Self {
                x as $t
            }

            #[expect(clippy::allow_attributes, reason = "the macro serves both types")]
            #[allow(clippy::cast_lossless, reason = "a no-op for one of the types")]
            #[inline]
            fn wide(self) -> f64 {
                self as f64
            }

            #[inline]
            fn decay_and_log(x: Self) -> (Self, Self) {
                $decay_and_log(x)
            }

            #[inline]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }

            #[inline]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
        }
    };
}
number!(f32, exponential::decay_and_log_f32);
number!(f64, exponential::decay_and_log_f64);
