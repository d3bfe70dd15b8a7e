#![doc = include_str!("../README.md")]
//!
//! # Map of the crate
//! A [`Problem`] (what is to be designed) and [`Options`] (how) go into [`optimize()`], or into an
//! [`Optimizer`] that keeps the symbolic work of a grid; a [`Solution`] comes out. [`analyze`] and
//! [`compliance`] judge a given design.

mod analysis;
mod element;
mod equations;
mod error;
mod filter;
mod grid;
#[cfg(test)]
mod laws;
mod model;
mod multigrid;
mod nodal;
mod optimizer;
mod options;
mod ordering;
mod problem;
mod projection;
mod region;
mod state;
mod system;
mod update;

pub use analysis::{Analysis, Refined, VOID_STIFFNESS, analyze, compliance};
pub use error::{Motion, ProblemError, SimpError};
pub use grid::Grid;
pub use nodal::Nodal;
pub use optimizer::{Ended, Iteration, Optimizer, Solution, optimize};
pub use options::{
    Code, Filter, Options, PenaltyContinuation, Solver, Stagnation, Start, Symmetry,
};
pub use problem::{
    BracketLoad, Fix, Load, LoadCase, NamedProblem, PassiveKind, PassiveRegion, Place, Problem,
    Shape, Side, Support,
};
pub use projection::{Projection, ProjectionRule};
