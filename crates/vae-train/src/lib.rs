#![doc = include_str!("../README.md")]
//!
//! # What it deliberately does not know
//!
//! The crate knows no command line and prints nothing: an observer is told what happens. Every
//! random number comes from a generator keyed by (seed, purpose, step), so a run that is taken up
//! again takes the same steps as one that was never stopped.

pub mod augment;
pub mod benchmark;
pub mod checkpoint;
pub mod config;
pub mod controls;
pub mod diagnosis;
pub mod error;
pub mod evaluate;
pub mod evaluation;
pub mod explore;
pub mod geco;
pub mod information;
mod kernel;
pub mod learner;
pub mod measure;
pub mod metrics;
pub mod mixture;
pub mod model;
pub mod objective;
pub mod residuals;
pub mod response;
pub mod run;
pub mod sampler;
pub mod schedule;
pub mod targets;
pub mod told;
pub mod train;
pub mod trust;

pub use config::{Config, Overrides, PRESETS, TargetKind};
pub use error::{Result, TrainError};
pub use objective::Objective;
pub use run::{Manifest, RunFolder};
pub use targets::Targets;
pub use told::Told;
pub use train::{Ending, Outcome, Progress, train};

/// Version of the layout of a run folder.
pub const FORMAT: u32 = 1;
