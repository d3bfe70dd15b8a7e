//! Scores of a model on held-out designs, by likelihood, by looks and by mechanics.

mod closing;
mod mechanics;
mod scores;
mod topology;

pub use closing::Compared;
pub use mechanics::{Mechanics, Scored};
pub use scores::{Questions, Scores};
pub use topology::{OnePiece, Topology};
