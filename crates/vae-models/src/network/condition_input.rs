//! The conditions as an input of the network: from raw units to what is concatenated.

use candle_core::{D, DType, Device, Tensor};
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

type Result<T> = std::result::Result<T, ModelError>;

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

    /// The conditions (B, C) in raw units as a network on them takes them: in units of their
    /// deviations, and embedded if the model has an embedding.
    ///
    /// # Errors
    /// If conditions are missing, are not wanted, or have another shape.
    pub(crate) fn read(
        input: Option<&Self>,
        raw: Option<&Tensor>,
        train: bool,
    ) -> Result<Option<Tensor>> {
        match (input, raw) {
            (None, None) => Ok(None),
            (None, Some(raw)) => {
                Err(ModelError::UnexpectedConditions { count: raw.dim(D::Minus1).unwrap_or(1) })
            }
            (Some(input), None) => {
                Err(ModelError::MissingConditions { names: input.names.clone() })
            }
            (Some(input), Some(raw)) => input.forward(raw, train).map(Some),
        }
    }

    fn forward(&self, raw: &Tensor, train: bool) -> Result<Tensor> {
        let count = self.names.len();
        if raw.rank() != 2 || raw.dim(1)? != count {
            let expected = format!("(B, {count})");
            return Err(ModelError::shape("conditions", expected, raw.dims()));
        }
        let standardized = raw.broadcast_sub(&self.mean)?.broadcast_mul(&self.inverse_std)?;
        match &self.embedding {
            Some(embedding) => Ok(embedding.forward(&standardized, train)?),
            None => Ok(standardized),
        }
    }
}

fn row(values: Vec<f64>, dtype: DType, device: &Device) -> Result<Tensor> {
    let count = values.len();
    Ok(Tensor::from_vec(values, (1, count), device)?.to_dtype(dtype)?)
}
