#![doc = include_str!("../README.md")]
//!
//! # What it deliberately does not know
//!
//! The crate knows no command line and prints nothing: an observer is told what happens. Every
//! random number comes from a generator keyed by (seed, purpose, step), so a run that is taken up
//! again takes the same steps as one that was never stopped.

pub mod data;
pub mod error;
pub mod generate;
pub mod learn;
pub mod score;

pub use data::{augment, targets, told};
pub use generate::{explore, mixture, sampler};
pub use learn::{
    benchmark, checkpoint, config, geco, learner, metrics, model, objective, run, schedule, train,
};
pub use score::{
    controls, diagnosis, evaluate, evaluation, information, measure, residuals, response, trust,
};

pub use config::{Config, Overrides, PRESETS, TargetKind};
pub use error::{Result, TrainError};
pub use objective::Objective;
pub use run::{Manifest, RunFolder};
pub use targets::Targets;
pub use told::Told;
pub use train::{Ending, Outcome, Progress, train};

/// Version of the layout of a run folder.
pub const FORMAT: u32 = 1;
