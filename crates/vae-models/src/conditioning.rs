//! Conditions on tensors: from raw units to what is concatenated.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::VarBuilder;

use crate::layers::EMBEDDING;
use crate::network::Sequential;
use crate::{ConditionStats, ModelConfig, ModelError};

/// Standardizes, then embeds if the model has an embedding.
#[derive(Debug)]
pub(crate) struct Conditioning {
    mean: Tensor,
    inverse_std: Tensor,
    embedding: Option<Sequential>,
    names: Vec<String>,
}

impl Conditioning {
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

/// Appends the conditions to `features` (B, F), after checking that they are there exactly if the
/// model wants them.
pub(crate) fn append(
    features: Tensor,
    conditioning: Option<&Conditioning>,
    raw: Option<&Tensor>,
    train: bool,
) -> std::result::Result<Tensor, ModelError> {
    match (conditioning, raw) {
        (None, None) => Ok(features),
        (None, Some(raw)) => {
            Err(ModelError::UnexpectedConditions { count: raw.dim(D::Minus1).unwrap_or(1) })
        }
        (Some(conditioning), None) => {
            Err(ModelError::MissingConditions { names: conditioning.names.clone() })
        }
        (Some(conditioning), Some(raw)) => {
            let (batch, count) = (features.dim(0)?, conditioning.names.len());
            if raw.dims() != [batch, count] {
                let expected = format!("({batch}, {count})");
                return Err(ModelError::Shape {
                    input: "conditions",
                    expected,
                    found: raw.dims().to_vec(),
                });
            }
            Ok(Tensor::cat(&[features, conditioning.forward(raw, train)?], 1)?)
        }
    }
}

fn row(values: Vec<f64>, dtype: DType, device: &Device) -> Result<Tensor> {
    let count = values.len();
    Tensor::from_vec(values, (1, count), device)?.to_dtype(dtype)
}
