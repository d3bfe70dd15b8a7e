#![doc = include_str!("../README.md")]
//!
//! # What it deliberately does not know
//!
//! The crate knows no command line and prints nothing: an observer receives reports. Every random
//! number comes from a generator keyed by (seed, purpose, step), so a resumed run takes the same
//! steps as one that was never stopped.

pub mod codes;
pub mod data;
mod error;
pub mod generate;
pub mod learn;
mod remedies;
pub mod score;

pub use data::{TargetKind, Targets, Told};
pub use error::{Result, Retreat, TrainError};
pub use learn::{Config, Ending, Layer, Manifest, Objective, Outcome, Progress, RunFolder, train};
