#![doc = include_str!("../README.md")]
//!
//! # What it deliberately does not know
//!
//! The crate knows no command line and prints nothing. What there is to say comes back as
//! sentences, tables or [`vae_report::Block`]s, and errors name settings, not flags.

pub mod analysis;
pub mod checks;
mod distance;
pub mod doctor;
mod error;
mod estimate;
pub mod evaluation;
pub mod latent;
mod middle;
pub mod outliers;
pub mod pictures;
mod progress;
pub mod propose;
pub mod report;
pub mod run;
pub mod sample_rows;
pub mod samples;
pub mod sampling;
pub mod sweep;
pub mod trust;
pub mod walk;
pub mod words;

pub use error::{Result, StudyError};
pub use evaluation::Scores;
pub use progress::Progress;
pub use propose::{Proposals, ProposeSettings};
pub use run::{Model, Part, Run};
