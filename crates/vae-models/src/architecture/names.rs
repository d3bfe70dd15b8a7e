//! Names of the parts of a network in its weight file.

/// The network on the conditions. This name and the next ones are those of the lecture's class.
pub(crate) const EMBEDDING: &str = "condition_embedding";
pub(crate) const ENCODER: &str = "encoder";
/// The strided convolutions on the maps of the problem.
pub(crate) const FIELD_ENCODER: &str = "field_encoder";
/// Residual blocks on the smallest of their maps.
pub(crate) const FIELD_RESIDUAL: &str = "field_residual";
/// From these maps and the conditions to one vector.
pub(crate) const FIELD_POOL: &str = "field_pool";
/// From that vector to mean and log-variance of the prior.
pub(crate) const PRIOR: &str = "prior";
/// What mixes the decoder's first maps with those of the field encoder.
pub(crate) const DECODER_MIX: &str = "decoder_mix";
/// Residual blocks on that mixture.
pub(crate) const DECODER_RESIDUAL: &str = "decoder_residual";
pub(crate) const FC_MU: &str = "fc_mu";
pub(crate) const FC_VAR: &str = "fc_var";
pub(crate) const DECODER_INPUT: &str = "decoder_input";
pub(crate) const DECODER: &str = "decoder";
pub(crate) const FINAL_LAYER: &str = "final_layer";
/// ln σ of the shared Gaussian, before its soft floor.
pub(crate) const LOG_STD: &str = "log_std";
/// ln s of the shared logistic, before its soft floor.
pub(crate) const LOG_SCALE: &str = "log_scale";
/// σ² of the optimal Gaussian, a running statistic and named as one.
pub(crate) const PIXEL_VARIANCE: &str = "pixels.running_var";
