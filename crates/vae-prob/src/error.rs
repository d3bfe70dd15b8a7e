//! What a constructor refuses, with the value it refused.

use core::fmt;

use crate::arithmetic::real::Real;

/// A parameter that no distribution can have.
///
/// Every variant carries the offending value, `f32` widened to `f64` without loss, so that a
/// message can be written and a caller can decide without parsing it.
///
/// # Examples
///
/// ```
/// use vae_prob::{Normal, ParamError};
///
/// let error = Normal::from_std_dev(0.0, -2.0).unwrap_err();
/// assert_eq!(error, ParamError::NotPositive { name: "std_dev", value: -2.0 });
/// assert_eq!(error.to_string(), "std_dev must be positive and finite, got -2");
/// ```
// Written by hand, not derived with thiserror: the crate promises to need num-traits alone.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParamError {
    /// A parameter is infinite or not a number.
    NotFinite {
        /// The parameter's name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// An element of a vector of parameters is infinite or not a number.
    NotFiniteAt {
        /// The vector's name.
        name: &'static str,
        /// The first position at fault.
        index: usize,
        /// The value there.
        value: f64,
    },
    /// A scale is zero, negative, infinite or not a number.
    NotPositive {
        /// The parameter's name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A probability is not strictly between zero and one.
    NotInUnitInterval {
        /// The parameter's name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A matrix that should be a covariance is not positive definite, or overflows.
    NotPositiveDefinite {
        /// The matrix's name.
        name: &'static str,
        /// The column at which the Cholesky factorization stopped.
        column: usize,
        /// The pivot it found there.
        pivot: f64,
    },
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotFinite { name, value } => write!(f, "{name} must be finite, got {value}"),
            Self::NotFiniteAt { name, index, value } => {
                write!(f, "{name}[{index}] must be finite, got {value}")
            }
            Self::NotPositive { name, value } => {
                write!(f, "{name} must be positive and finite, got {value}")
            }
            Self::NotInUnitInterval { name, value } => {
                write!(f, "{name} must lie strictly between 0 and 1, got {value}")
            }
            Self::NotPositiveDefinite { name, column, pivot } => {
                write!(f, "{name} must be positive definite, got pivot {pivot} in column {column}")
            }
        }
    }
}

impl core::error::Error for ParamError {}

/// Hands a finite parameter back.
pub(crate) fn finite<F: Real>(name: &'static str, value: F) -> Result<F, ParamError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(ParamError::NotFinite { name, value: value.widen() })
    }
}

/// Hands a vector of finite parameters back.
pub(crate) fn all_finite<'a, F: Real>(
    name: &'static str,
    values: &'a [F],
) -> Result<&'a [F], ParamError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(values),
        Some(index) => Err(ParamError::NotFiniteAt { name, index, value: values[index].widen() }),
    }
}

/// Hands a positive, finite parameter back.
pub(crate) fn positive<F: Real>(name: &'static str, value: F) -> Result<F, ParamError> {
    if value > F::zero() && value.is_finite() {
        Ok(value)
    } else {
        Err(ParamError::NotPositive { name, value: value.widen() })
    }
}
