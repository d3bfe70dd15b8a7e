#![doc = include_str!("../README.md")]

mod candidates;
mod codes;
mod error;
mod measure;
mod neighbors;
mod objective;
mod projection;
mod rounds;
mod search;
mod selection;
mod trust;

pub use candidates::{Candidate, Origin, Start, Task, candidates};
pub use codes::{aggregate_draws, decode_exact, encode};
pub use error::{DesignError, Result};
pub use measure::{Measure, Requirement};
pub use neighbors::neighbors;
pub use objective::{Objective, Point};
pub use projection::{Projected, Projection};
pub use rounds::{Settled, settle};
pub use search::{Coded, Found, Search, search, search_with};
pub use selection::{Criteria, Proposal, Yield, diverse, topologies};
pub use trust::TrustRegion;
