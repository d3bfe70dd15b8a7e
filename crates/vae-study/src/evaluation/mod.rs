//! Scores of a model on held-out designs, by likelihood, by looks and by mechanics.

mod closing;
mod distance;
mod mechanics;
mod new_designs;
mod scores;
mod topology;
mod verdict;

pub use closing::{Compared, Control};
pub use distance::AtDistance;
pub use mechanics::{Mechanics, Scored};
pub use new_designs::{Best, Drawn, NewDesigns};
pub use scores::{Questions, Scores};
pub use topology::{OnePiece, Topology};
pub use verdict::{Next, Use, Verdict};
