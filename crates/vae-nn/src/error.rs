//! What can go wrong in this crate, with the value, name or shape at fault.

use candle_core::DType;
use thiserror::Error;

/// Why a layer, a loss, an optimizer or a set of parameters refused its input.
///
/// Layers and losses return [`candle_core::Result`], so that they compose with candle's own. They
/// wrap this error in a [`candle_core::Error`] with the same message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor has a shape that the operation cannot take.
    #[error("{op}: expected {expected}, got shape {actual:?}")]
    Shape {
        /// The operation or layer.
        op: &'static str,
        /// The shape it wants, in words.
        expected: String,
        /// The shape it got.
        actual: Vec<usize>,
    },
    /// A tensor has an element type that the operation has no kernel for.
    #[error("{op}: only f32 and f64 tensors of one and the same type are supported, got {dtype:?}")]
    DType {
        /// The operation or layer.
        op: &'static str,
        /// The element type it got.
        dtype: DType,
    },
    /// The tensors of one operation lie on different devices.
    #[error("{op}: all tensors must lie on one device")]
    Device {
        /// The operation or layer.
        op: &'static str,
    },
    /// A setting has a value outside its domain.
    #[error("{name} = {value}: must be {requirement}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The value at fault.
        value: f64,
        /// What it must be, in words.
        requirement: &'static str,
    },
    /// Batch statistics were requested where each channel has a single value.
    #[error(
        "batch normalization in training needs more than one value per channel, got shape {actual:?}"
    )]
    SingleValue {
        /// The shape of the input, `(B, C, H, W)`.
        actual: Vec<usize>,
    },
    /// A tensor that is needed is missing.
    #[error("tensor {name:?} is missing")]
    MissingTensor {
        /// Its full name.
        name: String,
    },
    /// A tensor was given that nothing asks for.
    #[error("tensor {name:?} is not part of this model")]
    UnexpectedTensor {
        /// Its full name.
        name: String,
    },
    /// A tensor has another shape than is needed.
    #[error("tensor {name:?}: expected shape {expected:?}, got {actual:?}")]
    TensorShape {
        /// Its full name.
        name: String,
        /// The shape of the variable.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// Two parameters have the same name.
    #[error("two parameters are named {name:?}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// candle returned an error.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Candle(inner) => inner,
            ours => Self::wrap(ours),
        }
    }
}

/// Refuses a setting that is 0.
///
/// # Errors
/// If `value` is 0.
pub(crate) fn at_least_one(name: &'static str, value: usize) -> Result<(), Error> {
    if value == 0 {
        return Err(Error::Setting { name, value: 0.0, requirement: "at least 1" });
    }
    Ok(())
}
