//! The networks on the fields of a problem.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use crate::architecture::config::ModelConfig;
use crate::architecture::modules::Layer;
use crate::architecture::names::{FIELD_ENCODER, FIELD_POOL, FIELD_RESIDUAL, PRIOR};
use crate::network::context::FieldContext;
use crate::network::residual::ResidualBlocks;
use crate::network::sequential::Sequential;

/// Bounds of the prior's log-variance, applied softly.
const PRIOR_LOG_VAR_BOUNDS: (f64, f64) = (-8.0, 8.0);

/// The field encoder, what pools its maps, and the prior's network.
#[derive(Debug)]
pub(super) struct FieldInput {
    /// One block for each halving, the largest maps first.
    encoder: Vec<Sequential>,
    /// On the smallest maps.
    residual: ResidualBlocks,
    pool: Sequential,
    prior: Sequential,
    /// Whether the smallest maps are averaged over their positions.
    averaged: bool,
    latent_dim: usize,
}

impl FieldInput {
    /// `None` for a model without fields.
    pub(super) fn new(config: &ModelConfig, vb: &VarBuilder<'_>) -> Result<Option<Self>> {
        let Some(fields) = &config.fields else { return Ok(None) };
        let is_convolution = |layer: &Layer| matches!(layer, Layer::Conv { .. });
        let encoder = config.field_encoder_layers();
        let residual = config.field_residual_blocks();
        Ok(Some(Self {
            encoder: Sequential::blocks(FIELD_ENCODER, &encoder, is_convolution, vb)?,
            residual: ResidualBlocks::new(FIELD_RESIDUAL, &residual, vb)?,
            pool: Sequential::new(&[(FIELD_POOL, config.field_pool_layers())], vb)?,
            prior: Sequential::new(&[(PRIOR, config.prior_layers())], vb)?,
            averaged: fields.averaged,
            latent_dim: config.latent_dim,
        }))
    }

    /// From fields (B, F, H, W), padded, and standardized conditions (B, C) to the pooled vector
    /// (B, W) and what goes beside the decoder's maps.
    pub(super) fn forward(
        &self,
        maps: Tensor,
        conditions: Option<Tensor>,
        train: bool,
    ) -> Result<(Tensor, FieldContext)> {
        let mut scales = Vec::with_capacity(self.encoder.len());
        for block in &self.encoder {
            scales.push(block.forward(scales.last().unwrap_or(&maps), train)?);
        }
        if let Some(smallest) = scales.pop() {
            scales.push(self.residual.forward(smallest, train)?);
        }
        scales.reverse();
        let smallest = scales.first().unwrap_or(&maps).flatten_from(2)?;
        let smallest = if self.averaged { smallest.mean(2)? } else { smallest.flatten_from(1)? };
        let features = match conditions {
            Some(conditions) => Tensor::cat(&[smallest, conditions], 1)?,
            None => smallest,
        };
        let pooled = self.pool.forward(&features, train)?;
        let prior = self.prior.forward(&pooled, train)?;
        let mean = prior.narrow(1, 0, self.latent_dim)?.contiguous()?;
        let log_var = prior.narrow(1, self.latent_dim, self.latent_dim)?.contiguous()?;
        let (lo, hi) = PRIOR_LOG_VAR_BOUNDS;
        let prior = (mean, vae_nn::soft_bound(&log_var, lo, hi)?);
        Ok((pooled, FieldContext { maps, scales, prior }))
    }
}
