//! The conditions as an input of the network: from raw units to what is concatenated.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::VarBuilder;

use crate::architecture::condition::ConditionStats;
use crate::architecture::config::ModelConfig;
use crate::architecture::names::EMBEDDING;
use crate::error::ModelError;
use crate::network::sequential::Sequential;

/// Standardizes, then embeds if the model has an embedding.
#[derive(Debug)]
pub(crate) struct ConditionInput {
    mean: Tensor,
    inverse_std: Tensor,
    embedding: Option<Sequential>,
    names: Vec<String>,
}

impl ConditionInput {
    /// `None` for a model without conditions.
    pub(crate) fn new(config: &ModelConfig, vb: &VarBuilder<'_>) -> Result<Option<Self>> {
        let conditions = &config.conditions;
        if conditions.is_empty() {
            return Ok(None);
        }
        let embedding = match config.embedding {
            Some(_) => Some(Sequential::new(&[(EMBEDDING, config.embedding_layers())], vb)?),
            None => None,
        };
        let row = |value: fn(&ConditionStats) -> f64| {
            row(conditions.iter().map(value).collect(), vb.dtype(), vb.device())
        };
        let names = conditions.iter().map(|condition| condition.name.clone()).collect();
        Ok(Some(Self {
            mean: row(|c| c.mean)?,
            inverse_std: row(|c| c.std.recip())?,
            embedding,
            names,
        }))
    }

    /// (B, C) in raw units → (B, width of the conditions).
    pub(crate) fn forward(&self, raw: &Tensor, train: bool) -> Result<Tensor> {
        let standardized = raw.broadcast_sub(&self.mean)?.broadcast_mul(&self.inverse_std)?;
        match &self.embedding {
            Some(embedding) => embedding.forward(&standardized, train),
            None => Ok(standardized),
        }
    }
}

/// Appends the conditions to `features` (B, F).
///
/// # Errors
/// If conditions are missing, are not wanted, or have another shape.
pub(crate) fn append(
    features: Tensor,
    input: Option<&ConditionInput>,
    raw: Option<&Tensor>,
    train: bool,
) -> std::result::Result<Tensor, ModelError> {
    match (input, raw) {
        (None, None) => Ok(features),
        (None, Some(raw)) => {
            Err(ModelError::UnexpectedConditions { count: raw.dim(D::Minus1).unwrap_or(1) })
        }
        (Some(input), None) => Err(ModelError::MissingConditions { names: input.names.clone() }),
        (Some(input), Some(raw)) => {
            let (batch, count) = (features.dim(0)?, input.names.len());
            if raw.dims() != [batch, count] {
                let expected = format!("({batch}, {count})");
                return Err(ModelError::shape("conditions", expected, raw.dims()));
            }
            Ok(Tensor::cat(&[features, input.forward(raw, train)?], 1)?)
        }
    }
}

fn row(values: Vec<f64>, dtype: DType, device: &Device) -> Result<Tensor> {
    let count = values.len();
    Tensor::from_vec(values, (1, count), device)?.to_dtype(dtype)
}
