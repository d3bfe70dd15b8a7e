//! Scores of a model on its test split, by likelihood, by looks and by mechanics.

mod mechanics;
mod scores;
mod topology;

pub use mechanics::{Mechanics, Scored};
pub use scores::{Questions, Scores};
pub use topology::{OnePiece, Topology};
