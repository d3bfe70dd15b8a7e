//! The floating-point types that the formulas are written for: `f32` and `f64`.

use num_traits::{Float, FloatConst};

/// A real number: `f32` or `f64`.
///
/// The trait is sealed, because every accuracy statement of this crate was measured on these two
/// types. The elementary functions come from [`num_traits::Float`]; what is added here is one way
/// in, [`lit`](Real::lit), and one way out, [`widen`](Real::widen).
///
/// # Examples
///
/// ```
/// use vae_prob::Real;
///
/// fn half<F: Real>(x: F) -> F {
///     F::lit(0.5) * x
/// }
/// assert_eq!(half(3.0_f32), 1.5);
/// assert_eq!(half(3.0_f64), 1.5);
/// ```
pub trait Real:
    sealed::Sealed
    + Float
    + FloatConst
    + core::fmt::Debug
    + core::fmt::Display
    + Default
    + Send
    + Sync
    + 'static
{
    /// The number nearest to a literal.
    fn lit(literal: f64) -> Self;

    /// The same number in double precision, exactly.
    fn widen(self) -> f64;
}

impl Real for f32 {
    fn lit(literal: f64) -> Self {
        literal as Self
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn lit(literal: f64) -> Self {
        literal
    }

    fn widen(self) -> f64 {
        self
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// Adds many terms in double precision: ten thousand pixels added in `f32` would lose three of its
/// seven digits.
pub(crate) fn sum<F: Real>(terms: impl Iterator<Item = F>) -> F {
    F::lit(terms.map(Real::widen).sum())
}
