//! The limits of a configuration from which a network can be built.

use std::collections::HashSet;

use crate::architecture::condition::ConditionStats;
use crate::architecture::config::{Activation, Decoder, Encoder, ModelConfig};
use crate::architecture::likelihood::{Likelihood, Scale, Sigma};

/// Largest height, width, number of channels, latents or conditions that a configuration may name.
/// Far above any use: it keeps a damaged file from asking for the machine's memory.
const MAX_EXTENT: usize = 1 << 14;
/// Largest number of halvings or doublings: `2^14` is [`MAX_EXTENT`].
const MAX_BLOCKS: usize = 14;
/// Longest name of a condition or of a map of fields, in bytes: it stands in every message.
const MAX_NAME: usize = 1024;
/// Most maps of fields.
const MAX_FIELDS: usize = 64;
/// Largest number of weights: 4 GiB of f32.
const MAX_PARAMETERS: u128 = 1 << 30;

/// Why no network can be built from a configuration.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A size is zero or beyond any use.
    #[error("{field} is {value}, but must be between 1 and {max}")]
    Extent {
        /// The field of the configuration.
        field: String,
        /// Its value.
        value: usize,
        /// The largest value allowed.
        max: usize,
    },
    /// The kernel of the transposed convolutions is neither 3 nor 4.
    #[error("decoder.kernel is {kernel}, but must be 3 or 4")]
    Kernel {
        /// The value found.
        kernel: usize,
    },
    /// The activation between layers on images is not a rectifier.
    #[error(
        "decoder.activation is tanh, which is for dense layers; transposed convolutions take relu or leaky-relu"
    )]
    Activation,
    /// A fixed standard deviation or scale is not a positive number.
    #[error("likelihood.{field} is {value}, but must be positive and finite")]
    Noise {
        /// The field of the likelihood.
        field: &'static str,
        /// The value found.
        value: f64,
    },
    /// A condition cannot be standardized.
    #[error(
        "condition {name:?} has mean {mean} and std {std}, but both must be finite and std positive"
    )]
    Condition {
        /// The condition.
        name: String,
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// A network on fields has another encoder or decoder than one that they can enter.
    #[error(
        "fields enter a strided encoder and a transposed decoder with as many blocks, and no other network"
    )]
    FieldsIntoOther,
    /// Fields without a map, or with a name twice.
    #[error("fields.names is {names:?}, but must hold at least one name and each name once")]
    FieldNames {
        /// The names found.
        names: Vec<String>,
    },
    /// Two conditions have the same name, or the name of one is empty.
    #[error("condition name {name:?} is {}", if name.is_empty() { "empty" } else { "given twice" })]
    ConditionName {
        /// The name.
        name: String,
    },
    /// A name is longer than any sensible one.
    #[error("the name {begins:?}… has {bytes} bytes, more than {max}")]
    LongName {
        /// The first letters of the name.
        begins: String,
        /// Its length.
        bytes: usize,
        /// The largest length allowed.
        max: usize,
    },
    /// There is an embedding, but nothing to embed.
    #[error("embedding is {width}, but the model has no conditions to embed")]
    EmbeddingWithoutConditions {
        /// The width of the embedding.
        width: usize,
    },
    /// The network would have too many weights.
    #[error("the network would have {parameters} weights, more than {max}")]
    TooLarge {
        /// The number of weights.
        parameters: u128,
        /// The largest number allowed.
        max: u128,
    },
}

impl ModelConfig {
    /// Checks that a network can be built.
    ///
    /// # Errors
    /// [`ConfigError`] for the first field at fault.
    ///
    /// # Examples
    /// ```
    /// use vae_models::{ConfigError, ModelConfig};
    ///
    /// let mut config = ModelConfig::pool(20, 60, Vec::new());
    /// config.validate()?;
    /// config.latent_dim = 0;
    /// assert!(matches!(config.validate(), Err(ConfigError::Extent { value: 0, .. })));
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn validate(&self) -> Result<(), ConfigError> {
        extent("height", self.height, MAX_EXTENT)?;
        extent("width", self.width, MAX_EXTENT)?;
        extent("latent_dim", self.latent_dim, MAX_EXTENT)?;
        match &self.encoder {
            Encoder::Strided { channels, .. } | Encoder::Pool { channels, .. } => {
                extents("encoder.channels", channels)?;
            }
            Encoder::Dense(dense) => extents("encoder.widths", &dense.widths)?,
        }
        match self.decoder {
            Decoder::Transposed { ref channels, kernel, activation, .. } => {
                extents("decoder.channels", channels)?;
                if !matches!(kernel, 3 | 4) {
                    return Err(ConfigError::Kernel { kernel });
                }
                if activation == Activation::Tanh {
                    return Err(ConfigError::Activation);
                }
            }
            Decoder::Dense(ref dense) => extents("decoder.widths", &dense.widths)?,
        }
        let noise = match self.likelihood {
            Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) } => Some(("gaussian.sigma", sigma)),
            Likelihood::DiscretizedLogistic { scale: Scale::Fixed(scale) } => {
                Some(("discretized-logistic.scale", scale))
            }
            _ => None,
        };
        if let Some((field, value)) = noise
            && !(value.is_finite() && 0.0 < value)
        {
            return Err(ConfigError::Noise { field, value });
        }
        self.validate_conditions()?;
        self.validate_fields()?;
        let parameters = self.parameter_shapes().iter().map(|(_, shape)| count(shape)).sum();
        if MAX_PARAMETERS < parameters {
            return Err(ConfigError::TooLarge { parameters, max: MAX_PARAMETERS });
        }
        Ok(())
    }

    fn validate_fields(&self) -> Result<(), ConfigError> {
        let Some(fields) = &self.fields else { return Ok(()) };
        extent("fields.pooled", fields.pooled, MAX_EXTENT)?;
        extent("fields.prior", fields.prior, MAX_EXTENT)?;
        for (name, blocks) in
            [("fields.blocks", fields.blocks), ("fields.decoder_blocks", fields.decoder_blocks)]
        {
            extent(name, blocks.max(1), MAX_BLOCKS)?;
        }
        extent("the number of fields.names", fields.names.len().max(1), MAX_FIELDS)?;
        fields.names.iter().chain([&fields.recipe]).try_for_each(|name| short(name))?;
        let once = |(i, name): (usize, &String)| !fields.names[..i].contains(name);
        if fields.names.is_empty() || !fields.names.iter().enumerate().all(once) {
            return Err(ConfigError::FieldNames { names: fields.names.clone() });
        }
        let fits = matches!(self.encoder, Encoder::Strided { .. })
            && matches!(self.decoder, Decoder::Transposed { .. })
            && self.encoder.halvings() == self.decoder.doublings()
            && self.embedding.is_none();
        if fits { Ok(()) } else { Err(ConfigError::FieldsIntoOther) }
    }

    fn validate_conditions(&self) -> Result<(), ConfigError> {
        if let Some(width) = self.embedding {
            extent("embedding", width, MAX_EXTENT)?;
            if self.conditions.is_empty() {
                return Err(ConfigError::EmbeddingWithoutConditions { width });
            }
        }
        if !self.conditions.is_empty() {
            extent("the number of conditions", self.conditions.len(), MAX_EXTENT)?;
        }
        let mut names = HashSet::new();
        for condition in &self.conditions {
            let &ConditionStats { ref name, ref unit, mean, std, .. } = condition;
            short(name)?;
            short(unit)?;
            if !(mean.is_finite() && std.is_finite() && 0.0 < std) {
                return Err(ConfigError::Condition { name: name.clone(), mean, std });
            }
            if name.is_empty() || !names.insert(name) {
                return Err(ConfigError::ConditionName { name: name.clone() });
            }
        }
        Ok(())
    }
}

fn extent(field: &str, value: usize, max: usize) -> Result<(), ConfigError> {
    if 0 < value && value <= max {
        Ok(())
    } else {
        Err(ConfigError::Extent { field: field.to_owned(), value, max })
    }
}

fn short(name: &str) -> Result<(), ConfigError> {
    if name.len() <= MAX_NAME {
        return Ok(());
    }
    let begins = name.chars().take(20).collect();
    Err(ConfigError::LongName { begins, bytes: name.len(), max: MAX_NAME })
}

fn extents(field: &str, values: &[usize]) -> Result<(), ConfigError> {
    extent(&format!("the number of {field}"), values.len(), MAX_BLOCKS)?;
    values
        .iter()
        .enumerate()
        .try_for_each(|(i, &value)| extent(&format!("{field}[{i}]"), value, MAX_EXTENT))
}

/// In u128, because this runs before sizes are known to be reasonable.
fn count(shape: &[usize]) -> u128 {
    shape.iter().map(|&n| n as u128).product()
}
