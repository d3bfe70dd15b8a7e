//! The configuration of a run: its settings, their checks, and the layers that they come from.

mod check;
mod explain;
mod layer;
mod migrate;
mod presets;
mod resolve;
mod settings;
mod sizing;

pub use explain::Origin;
pub use layer::Layer;
pub use presets::PRESETS;
pub use settings::{
    Config, DataConfig, FORMAT, ModelSection, OptimizerKind, ProblemsTold, TrainingConfig,
};
pub(crate) use sizing::steps_per_epoch;
