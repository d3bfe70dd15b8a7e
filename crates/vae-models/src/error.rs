//! What can go wrong when a network is built or run.

use crate::architecture::limits::ConfigError;

/// Why a network cannot be built, or refused its input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No network can be built from the configuration.
    #[error("the model's configuration is not valid")]
    Config(#[from] ConfigError),
    /// An input has another shape than the network was built for.
    #[error("{input} has shape {found:?}, but the model takes {expected}")]
    Shape {
        /// Which argument.
        input: &'static str,
        /// What the model takes, in words: `(B, 1, 48, 96)`.
        expected: String,
        /// The shape found.
        found: Vec<usize>,
    },
    /// A conditional model was asked without conditions.
    #[error("the model needs the conditions {names:?}, but none were given")]
    MissingConditions {
        /// The names of its conditions.
        names: Vec<String>,
    },
    /// An unconditional model was given conditions.
    #[error("the model has no conditions, but {count} were given")]
    UnexpectedConditions {
        /// How many were given per design.
        count: usize,
    },
    /// A model that is told the problem was asked without its fields.
    #[error("the model needs the fields of the problem (recipe {recipe}), but none were given")]
    MissingFields {
        /// The recipe of the fields.
        recipe: String,
    },
    /// A model that is not told the problem was given fields.
    #[error("the model takes no fields of a problem, but some were given")]
    UnexpectedFields,
    /// A mean density is not between 0 and 1.
    #[error("the mean density is {value}, but must be between 0 and 1")]
    MeanDensity {
        /// The value found.
        value: f64,
    },
    /// A parameter is missing: the parameters belong to another network.
    #[error("the parameters have no tensor {name:?}: they belong to another network")]
    MissingParameter {
        /// Its name.
        name: String,
    },
    /// Weights that are too large, or codes that are, give results that are no numbers.
    #[error(
        "the model gives {what} that are no numbers; its weights, or the codes it was given, are \
         damaged"
    )]
    NotFinite {
        /// What the model was asked for.
        what: &'static str,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// A layer, a loss or the parameters refused their input.
    #[error(transparent)]
    Layer(#[from] vae_nn::Error),
}

impl ModelError {
    pub(crate) fn shape(input: &'static str, expected: impl Into<String>, found: &[usize]) -> Self {
        Self::Shape { input, expected: expected.into(), found: found.to_vec() }
    }
}

/// So that a model can be called inside functions that return candle's own `Result`.
impl From<ModelError> for candle_core::Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Candle(inner) => inner,
            other => Self::wrap(other),
        }
    }
}
