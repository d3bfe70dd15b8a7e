//! Learning: the configuration of a run, its objective, its loop, and the folder that it writes.

mod benchmark;
mod checkpoint;
mod config;
mod divergence;
mod estimate;
mod files;
mod kept;
mod learner;
mod manifest;
mod metrics;
mod network;
mod numbers;
mod objective;
mod optimizer;
mod progress;
mod run_folder;
mod schedule;
mod start;
mod train;
mod words;

pub use benchmark::{Times, TrainingSpeed, Workload};
pub use checkpoint::{Best, Position};
pub use config::{
    Config, DataConfig, FORMAT, Layer, ModelSection, OptimizerKind, Origin, PRESETS, ProblemsTold,
    TrainingConfig,
};
pub use estimate::{Estimate, Memory};
pub use kept::go_back;
pub use learner::{Learner, StepTerms};
pub use manifest::Manifest;
pub use metrics::{EpochMetrics, Event, MetricsLog, StepMetrics, course, epochs, read};
pub use network::{model_config, network};
pub use objective::{
    Balance, Constraint, CrossEntropy, EvidenceBound, ImportanceBound, Lecture, Loss, Objective,
    Parts, Quantity, Reduction, Step, Tolerances, Validation, Weighted,
};
pub use optimizer::Optimizer;
pub use progress::{Ending, Outcome, Progress};
pub use run_folder::RunFolder;
pub use schedule::{KlSchedule, learning_rate};
pub use start::split;
pub use train::train;
/// The type of the terms of a bound, in [`Parts`] and [`Validation`].
pub use vae_prob::Elbo;
pub use words::{aims, result};

pub(crate) use files::write;
