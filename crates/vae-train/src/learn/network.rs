//! From configuration and data to a model, and from a run folder back to one.

use vae_data::Split;
use vae_models::{ConditionStats, Fields, ModelConfig};

use crate::data::Targets;
use crate::error::Result;
use crate::learn::config::{Config, ModelSection};

/// The network for these data: sizes from the designs, condition statistics from the training
/// split, fields if the set carries them.
///
/// # Errors
/// When the architecture does not fit the designs.
pub fn model_config(config: &Config, designs: &Targets<'_>, split: &Split) -> Result<ModelConfig> {
    let data = designs.data();
    let train = designs.conditions(&split.train);
    let conditions: Vec<ConditionStats> = designs
        .condition_info()
        .iter()
        .zip(train.columns())
        .filter_map(|(info, column)| {
            ConditionStats::from_values(&info.name, &info.unit, &column.to_vec())
        })
        .collect();
    let mut network = network(config, (data.height(), data.width()), conditions);
    if let Some(fields) = data.fields() {
        let names = fields.channels().iter().map(|channel| channel.name.clone()).collect();
        let &ModelSection { pooled, averaged, prior, field_blocks: blocks, decoder_blocks, .. } =
            &config.model;
        let recipe = fields.recipe().to_owned();
        network.fields =
            Some(Fields { recipe, names, pooled, averaged, prior, blocks, decoder_blocks });
        network.embedding = None;
    }
    Ok(network)
}

/// The network of a configuration for designs of `(height, width)` with these conditions.
pub fn network(
    config: &Config,
    (height, width): (usize, usize),
    conditions: Vec<ConditionStats>,
) -> ModelConfig {
    ModelConfig {
        height,
        width,
        latent_dim: config.model.latent_dim,
        encoder: config.model.encoder.clone(),
        decoder: config.model.decoder.clone(),
        likelihood: config.model.likelihood,
        embedding: (0 < config.model.embedding && !conditions.is_empty())
            .then_some(config.model.embedding),
        conditions,
        fields: None,
    }
}
