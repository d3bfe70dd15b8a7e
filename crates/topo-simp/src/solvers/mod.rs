//! What solves the equations of elasticity: a direct solver, and multigrid.

mod direct;
mod equations;
mod multigrid;
mod ordering;
mod solved;
mod solver;

pub(crate) use equations::{Equations, Solvers};
pub use solver::Solver;
