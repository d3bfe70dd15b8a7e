//! The optimization: options, filter, projection, the optimality criteria, and the loop.

mod continuation;
mod density;
mod filter;
mod mirror;
mod optimize;
mod options;
mod passive;
mod projection;
mod refine;
mod state;
mod update;

pub(crate) use density::{check_density, to_array};
pub use optimize::{Ended, Iteration, Optimizer, Solution, optimize};
pub use options::{Filter, Options, PenaltyContinuation, Stagnation, Start};
pub use projection::{Projection, ProjectionRule};
pub use refine::{Needed, Refined};
#[cfg(test)]
pub(crate) use state::State;
