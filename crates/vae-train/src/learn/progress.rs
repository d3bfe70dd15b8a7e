//! What a run reports while it goes on, and how it ends.

use vae_data::Split;
use vae_models::Vae;

use crate::learn::checkpoint::Position;
use crate::learn::metrics::{EpochMetrics, StepMetrics};
use crate::learn::objective::Loss;

/// Reports to an observer in the course of a run.
pub enum Progress<'a> {
    /// Before the first step of this call.
    Started {
        /// Position at the start of this call.
        position: &'a Position,
        /// Designs in training, validation and test.
        split: &'a Split,
        /// Epochs in all.
        epochs: u64,
        /// Steps of one epoch.
        steps_per_epoch: u64,
        /// Multiply-adds of one design, forward.
        multiply_adds: u64,
        /// What a step minimizes.
        loss: Loss,
    },
    /// After a step.
    Step(&'a StepMetrics),
    /// After an epoch and its validation.
    Epoch {
        /// The scores of the epoch.
        metrics: &'a EpochMetrics,
        /// The model after the epoch.
        vae: &'a Vae,
    },
}

/// How a call of [`train`](crate::train) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done.
    Finished,
    /// The validation score had stopped improving.
    StoppedEarly,
    /// It was stopped from outside; a checkpoint is written.
    Interrupted,
    /// The run was finished before this call.
    WasFinished,
}

/// How far a run has come.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// The position that it reached.
    pub position: Position,
}
